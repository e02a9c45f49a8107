//! Everything that can happen next, one step at a time.

use super::server::Prompt;
use super::state::{Cause, Model, State};
use crate::raft::{NodeId, Property};

/// What happens next in the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Happening {
    pub(super) at: NodeId,
    pub(super) cause: Cause,
}

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Came {
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
    pub(super) fn happenings(&self, state: &State, next: &mut Vec<Happening>) {
        let eager = self.bounds.merge.echoes;
        next.clear();
        next.extend(state.letters.iter().map(|&letter| Happening {
            at: self.letter(letter).envelope.to,
            cause: Cause::Letter(letter),
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
                    next.push(Happening { at, cause: Cause::Prompt(prompt) });
                }
            }
        }
    }

    /// Makes `next` what `state` becomes.
    pub(super) fn happen(&mut self, state: &State, it: Happening, next: &mut State) -> Came {
        next.clone_from(state);
        let nth = match self.take(next, it.at, it.cause) {
            Ok(Some(nth)) => nth,
            Ok(None) => return Came::Nothing,
            Err(property) => return Came::Fell(property),
        };
        let changed = next.servers[it.at.index()] != state.servers[it.at.index()];
        if changed && it.cause == Cause::Prompt(Prompt::Restart) {
            next.crashes += 1;
        }
        let sent = self.post(next, nth);
        if !changed && !sent {
            return Came::Nothing;
        }
        self.collect(next, it.at);
        if self.bounds.merge.echoes {
            self.echo(next, it.at, nth);
        }
        Came::New
    }

    /// Lets everything happen at once that changes no server and only adds messages: a leader's
    /// heartbeat, an answer that its sender gives without being changed by the question.
    ///
    /// What is on its way never hinders anything, since it need not arrive. So a state with such a
    /// message can do all that the state without it can; and the state without it gets there in one
    /// step that nobody notices. To look at the first is to look at both.
    fn echo(&mut self, state: &mut State, at: NodeId, nth: u32) {
        // What the others were sent before, they have echoed in the state before.
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.extend(state.letters.iter().filter(|&&letter| self.ends(letter).1 == at));
        fresh.extend(&self.taken(nth).sent);
        if self.bounds.heartbeats && self.node(state, at).is_leader() {
            self.echo_of(state, at, Cause::Prompt(Prompt::Heartbeat), &mut fresh);
        }
        while let Some(letter) = fresh.pop() {
            if self.find(&state.letters, letter).is_ok() {
                let to = self.ends(letter).1;
                self.echo_of(state, to, Cause::Letter(letter), &mut fresh);
            }
        }
        self.fresh = fresh;
    }

    fn echo_of(&mut self, state: &mut State, at: NodeId, cause: Cause, fresh: &mut Vec<u32>) {
        let server = state.servers[at.index()];
        let nth = self.look_up(server, cause);
        if self.taken(nth).after == server && self.post(state, nth) {
            fresh.extend(&self.taken(nth).sent);
        }
    }

    /// Adds what a step sent to all that was ever sent. Says whether anything was new.
    fn post(&self, state: &mut State, nth: u32) -> bool {
        let mut new = false;
        for &letter in &self.taken(nth).sent {
            if !self.is_dead(state, letter, &state.letters)
                && self.insert(&mut state.letters, letter)
            {
                new = true;
            }
        }
        new
    }

    /// Where a letter is, or where its order wants it.
    fn find(&self, letters: &[u32], letter: u32) -> Result<usize, usize> {
        let order = self.letter(letter).order;
        letters.binary_search_by_key(&order, |&other| self.letter(other).order)
    }

    /// Inserts a letter where its order wants it. Says whether it is new.
    fn insert(&self, letters: &mut Vec<u32>, letter: u32) -> bool {
        match self.find(letters, letter) {
            Ok(_) => false,
            Err(place) => {
                letters.insert(place, letter);
                true
            }
        }
    }

    /// Takes out what died because the server at `at` changed: only messages to it or from it can.
    fn collect(&self, state: &mut State, at: NodeId) {
        let all = std::mem::take(&mut state.letters);
        let lives = |&letter: &u32| {
            let envelope = &self.letter(letter).envelope;
            let touched = envelope.to == at || envelope.from == at;
            !(touched && self.is_dead(state, letter, &all))
        };
        state.letters = all.iter().copied().filter(lives).collect();
    }
}
