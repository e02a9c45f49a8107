//! Everything that can happen next in a state, one step at a time.

use super::server_state::{MessageBrief, Prompt};
use super::state::{Cause, ClusterState, Model};
use crate::raft::{NodeId, Property};

/// What happens next in the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Action {
    pub at: NodeId,
    pub cause: Cause,
}

impl Model<'_> {
    /// Puts into `next` everything that may happen next within the bounds: any message that was sent
    /// arrives, any timer ends, a client sends a leader a command, a node crashes and restarts.
    pub(super) fn actions(&self, state: &ClusterState, next: &mut Vec<Action>) {
        let eager = self.bounds.merge.free_sends;
        next.clear();
        next.extend(state.in_flight.iter().map(|&message_id| Action {
            at: self.brief(message_id).to,
            cause: Cause::Message(message_id),
        }));
        for at in NodeId::all(self.settings.nodes) {
            let node = self.node(state, at);
            for prompt in Prompt::ALL {
                let may = match prompt {
                    Prompt::Timeout => !node.is_leader(),
                    Prompt::Heartbeat => node.is_leader() && self.bounds.heartbeats && !eager,
                    Prompt::Propose => {
                        node.is_leader() && node.last().index.get() < self.bounds.log
                    }
                    Prompt::Restart => state.crashes < self.bounds.crashes,
                };
                if may {
                    next.push(Action { at, cause: Cause::Prompt(prompt) });
                }
            }
        }
    }

    /// Makes `next` the state that `state` becomes by an action. Returns whether that is another state, and
    /// within the bounds.
    ///
    /// # Errors
    /// The property that is violated.
    pub fn apply(
        &mut self,
        state: &ClusterState,
        it: Action,
        next: &mut ClusterState,
    ) -> Result<bool, Property> {
        next.become_like(state);
        let Some(nth) = self.take(next, it.at, it.cause)? else { return Ok(false) };
        let changed = next.servers[it.at.index()] != state.servers[it.at.index()];
        if changed && it.cause == Cause::Prompt(Prompt::Restart) {
            next.crashes += 1;
        }
        let sent = self.post(next, nth);
        if !changed && !sent {
            return Ok(false);
        }
        self.collect(next, it.at);
        if self.bounds.merge.free_sends {
            self.send_freely(next, it.at, nth);
        }
        Ok(true)
    }

    /// Makes all steps at once that change no server and only add messages: a leader's heartbeat, or a reply
    /// that leaves the server that sends it unchanged.
    ///
    /// A message in flight never prevents anything, since it need not arrive. So a state with such a message
    /// can do all that the state without it can; and the state without it becomes the one with it by a step
    /// that changes no server. So the search has to look only at the state with the message.
    fn send_freely(&mut self, state: &mut ClusterState, at: NodeId, nth: u32) {
        // The other servers' free replies to older messages are in the state already.
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.extend(state.in_flight.iter().filter(|&&message_id| self.brief(message_id).to == at));
        fresh.extend(&self.transition(nth).sent);
        if self.bounds.heartbeats && self.node(state, at).is_leader() {
            self.send_freely_from(state, at, Cause::Prompt(Prompt::Heartbeat), &mut fresh);
        }
        while let Some(message_id) = fresh.pop() {
            if self.find(&state.in_flight, message_id).is_ok() {
                let to = self.brief(message_id).to;
                self.send_freely_from(state, to, Cause::Message(message_id), &mut fresh);
            }
        }
        self.fresh = fresh;
    }

    fn send_freely_from(
        &mut self,
        state: &mut ClusterState,
        at: NodeId,
        cause: Cause,
        fresh: &mut Vec<u32>,
    ) {
        let server = state.servers[at.index()];
        let nth = self.look_up(server, cause);
        if self.transition(nth).after == server && self.post(state, nth) {
            fresh.extend(&self.transition(nth).sent);
        }
    }

    /// Adds the messages that a step sent to those in flight, unless they are dead. Returns whether any was new.
    fn post(&self, state: &mut ClusterState, nth: u32) -> bool {
        let mut new = false;
        for &message_id in &self.transition(nth).sent {
            if !self.is_dead(state, message_id, &state.in_flight)
                && self.insert(&mut state.in_flight, message_id)
            {
                new = true;
            }
        }
        new
    }

    /// Returns where a message is, or the place that its order gives it, as an error.
    fn find(&self, in_flight: &[u32], message_id: u32) -> Result<usize, usize> {
        let order = self.brief(message_id).order;
        in_flight.binary_search_by_key(&order, |&other| self.brief(other).order)
    }

    /// Inserts a message at the place that its order gives it. Returns whether it is new.
    fn insert(&self, in_flight: &mut Vec<u32>, message_id: u32) -> bool {
        match self.find(in_flight, message_id) {
            Ok(_) => false,
            Err(place) => {
                in_flight.insert(place, message_id);
                true
            }
        }
    }

    /// Takes out messages that died because the server of `at` changed: only messages to it or from it can.
    fn collect(&mut self, state: &mut ClusterState, at: NodeId) {
        let mut left = std::mem::take(&mut self.spare);
        left.clear();
        let all = std::mem::take(&mut state.in_flight);
        let lives = |&message_id: &u32| {
            let MessageBrief { from, to, .. } = self.brief(message_id);
            let touched = to == at || from == at;
            !(touched && self.is_dead(state, message_id, &all))
        };
        left.extend(all.iter().copied().filter(lives));
        state.in_flight = left;
        self.spare = all;
    }
}
