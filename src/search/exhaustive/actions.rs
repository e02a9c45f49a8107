//! Everything that can happen next, one step at a time.

use super::server_state::Prompt;
use super::state::{Cause, ClusterState, Model};
use crate::raft::{NodeId, Property};

/// What happens next in the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Action {
    pub at: NodeId,
    pub cause: Cause,
}

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Another state.
    New,
    /// The same state, or one beyond the bounds.
    Nothing,
    /// A property fell.
    Fell(Property),
}

impl Model<'_> {
    /// Everything that may happen next: any message that was sent arrives, any timer ends, a
    /// client speaks to a leader, a node crashes. Restarting what never did anything is left out,
    /// as is whatever the bounds forbid.
    pub(super) fn actions(&self, state: &ClusterState, next: &mut Vec<Action>) {
        let eager = self.bounds.merge.free_sends;
        next.clear();
        next.extend(state.in_flight.iter().map(|&message_id| Action {
            at: self.interned(message_id).envelope.to,
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

    /// Makes `next` what `state` becomes.
    pub fn apply(&mut self, state: &ClusterState, it: Action, next: &mut ClusterState) -> Effect {
        next.become_like(state);
        let nth = match self.take(next, it.at, it.cause) {
            Ok(Some(nth)) => nth,
            Ok(None) => return Effect::Nothing,
            Err(property) => return Effect::Fell(property),
        };
        let changed = next.servers[it.at.index()] != state.servers[it.at.index()];
        if changed && it.cause == Cause::Prompt(Prompt::Restart) {
            next.crashes += 1;
        }
        let sent = self.post(next, nth);
        if !changed && !sent {
            return Effect::Nothing;
        }
        self.collect(next, it.at);
        if self.bounds.merge.free_sends {
            self.send_freely(next, it.at, nth);
        }
        Effect::New
    }

    /// Lets everything happen at once that changes no server and only adds messages: a leader's
    /// heartbeat, an answer that its sender gives without being changed by the question.
    ///
    /// What is on its way never hinders anything, since it need not arrive. So a state with such a
    /// message can do all that the state without it can; and the state without it gets there in one
    /// step that nobody notices. To look at the first is to look at both.
    fn send_freely(&mut self, state: &mut ClusterState, at: NodeId, nth: u32) {
        // What the others were sent before, they have echoed in the state before.
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.extend(state.in_flight.iter().filter(|&&message_id| self.ends(message_id).1 == at));
        fresh.extend(&self.transition(nth).sent);
        if self.bounds.heartbeats && self.node(state, at).is_leader() {
            self.send_freely_from(state, at, Cause::Prompt(Prompt::Heartbeat), &mut fresh);
        }
        while let Some(message_id) = fresh.pop() {
            if self.find(&state.in_flight, message_id).is_ok() {
                let to = self.ends(message_id).1;
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

    /// Adds what a step sent to all that was ever sent. Says whether anything was new.
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

    /// Where a message is, or where its order wants it.
    fn find(&self, in_flight: &[u32], message_id: u32) -> Result<usize, usize> {
        let order = self.interned(message_id).order;
        in_flight.binary_search_by_key(&order, |&other| self.interned(other).order)
    }

    /// Inserts a message where its order wants it. Says whether it is new.
    fn insert(&self, in_flight: &mut Vec<u32>, message_id: u32) -> bool {
        match self.find(in_flight, message_id) {
            Ok(_) => false,
            Err(place) => {
                in_flight.insert(place, message_id);
                true
            }
        }
    }

    /// Takes out what died because the server at `at` changed: only messages to it or from it can.
    fn collect(&mut self, state: &mut ClusterState, at: NodeId) {
        let mut left = std::mem::take(&mut self.spare);
        left.clear();
        let all = std::mem::take(&mut state.in_flight);
        let lives = |&message_id: &u32| {
            let envelope = &self.interned(message_id).envelope;
            let touched = envelope.to == at || envelope.from == at;
            !(touched && self.is_dead(state, message_id, &all))
        };
        left.extend(all.iter().copied().filter(lives));
        state.in_flight = left;
        self.spare = all;
    }
}
