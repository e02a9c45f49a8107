//! The tier of exchanges: a request and its answer, with several nodes at once, as one action.
//!
//! Between two exchanges nothing is on its way but what leaders have sent last and nobody received
//! yet, and a bounded number of strays: messages that will arrive late, or once more. That is far
//! less than a network can do, so this tier proves little. But it is quick, what falls here falls in
//! the other tier too, and its ways are short enough to tell.

use std::ops::ControlFlow;

use super::converse::{Talk, Unplayed};
use super::deed::{Deed, Exchange, Stray};
use super::state::{Cause, Model, State};
use crate::raft::{NodeId, NodeSet, Property};

/// What a successor looks like to whoever asked for the successors of a state.
pub(super) struct Successor<'a> {
    pub(super) state: &'a State,
    pub(super) fell: Option<Property>,
    pub(super) exchange: Option<&'a Exchange>,
}

impl<'a> Successor<'a> {
    const fn reached(state: &'a State, exchange: &'a Exchange) -> Self {
        Self { state, fell: None, exchange: Some(exchange) }
    }

    const fn fell(state: &'a State, exchange: &'a Exchange, property: Property) -> Self {
        Self { state, fell: Some(property), exchange: Some(exchange) }
    }
}

/// Memory that is used again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    next: State,
    strayed: State,
    talk: Talk,
}

impl Model<'_> {
    /// Calls `visit` with every state that one exchange leads to.
    pub(super) fn exchanges(
        &mut self,
        state: &State,
        scratch: &mut Scratch,
        visit: &mut dyn FnMut(&Self, &Successor<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for deed in self.deeds(state) {
            let mut exchange = Exchange { deed, stray: None };
            match self.play(state, &exchange.deed, None, scratch) {
                Ok(()) if scratch.next == *state => {}
                Ok(()) => visit(self, &Successor::reached(&scratch.next, &exchange))?,
                Err(Unplayed::Impossible) => continue,
                Err(Unplayed::Fell(property)) => {
                    visit(self, &Successor::fell(&scratch.next, &exchange, property))?;
                    continue;
                }
            }
            if state.strays >= self.bounds.delayed {
                continue;
            }
            let Scratch { next, strayed, talk } = scratch;
            let sent = std::mem::take(&mut talk.sent);
            let answers = std::mem::take(&mut talk.answers);
            let doubled = if self.bounds.tight { &[][..] } else { &sent };
            for &letter in doubled {
                let message = self.letter(letter).envelope.clone();
                let copied = answers.contains(&letter) || self.arrived(letter);
                exchange.stray = Some(Stray { message, copied });
                next.clone_into(strayed);
                if self.stray(strayed, letter) {
                    visit(self, &Successor::reached(strayed, &exchange))?;
                }
            }
            for &letter in &answers {
                let played = self.play(state, &exchange.deed, Some(letter), scratch);
                let message = self.letter(letter).envelope.clone();
                exchange.stray = Some(Stray { message, copied: false });
                match played {
                    Ok(()) if !self.stray(&mut scratch.next, letter) => {}
                    Ok(()) => visit(self, &Successor::reached(&scratch.next, &exchange))?,
                    Err(Unplayed::Impossible) => {}
                    Err(Unplayed::Fell(property)) => {
                        visit(self, &Successor::fell(&scratch.next, &exchange, property))?;
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Whether a letter was delivered in the last exchange.
    fn arrived(&self, letter: u32) -> bool {
        self.trail.iter().any(|&(_, cause)| cause == Cause::Letter(letter))
    }

    /// Lets a copy of a letter go astray. Says whether it can matter.
    fn stray(&self, state: &mut State, letter: u32) -> bool {
        state.strays += 1;
        !self.is_dead(state, letter, &state.late) && {
            let mut late = std::mem::take(&mut state.late);
            let new = self.insert(&mut late, letter);
            state.late = late;
            new
        }
    }

    /// Everything that the nodes may do next.
    fn deeds(&self, state: &State) -> Vec<Deed> {
        let mut deeds = Vec::new();
        for id in NodeId::all(self.settings.nodes) {
            let node = self.node(state, id);
            if node.is_leader() {
                if node.last().index.get() < self.bounds.log {
                    deeds.push(Deed::Append { leader: id });
                }
                let some = self.groups(id).filter(|reached| {
                    !reached.is_empty() && (!self.bounds.tight || reached.len() == 1)
                });
                deeds.extend(some.map(|reached| Deed::Replicate { leader: id, reached }));
            } else if node.current_term().get() < self.bounds.terms
                || !node.settings().rules.keeps(crate::raft::Rule::NewTermPerElection)
            {
                let enough = self.settings.majority() - 1;
                let any =
                    self.groups(id).filter(|reached| !self.bounds.tight || reached.len() == enough);
                deeds.extend(any.map(|reached| Deed::Campaign { node: id, reached }));
            }
            if state.crashes < self.bounds.crashes {
                deeds.push(Deed::Restart { node: id });
            }
        }
        for &letter in &state.late {
            for answered in [true, false] {
                let message = self.letter(letter).envelope.clone();
                deeds.push(Deed::Arrive { message, answered });
            }
        }
        deeds
    }

    /// Every set of nodes without `node`.
    fn groups(&self, node: NodeId) -> impl Iterator<Item = NodeSet> + use<> {
        let peers: Vec<_> = NodeId::all(self.settings.nodes).filter(|&peer| peer != node).collect();
        (0_u32..1 << peers.len()).map(move |bits| {
            let chosen = peers.iter().enumerate().filter(|(nth, _)| bits >> nth & 1 == 1);
            chosen.map(|(_, &peer)| peer).collect()
        })
    }

    /// Makes `scratch.next` what an exchange makes of `state`; the answer `held` does not come
    /// back.
    fn play(
        &mut self,
        state: &State,
        deed: &Deed,
        held: Option<u32>,
        scratch: &mut Scratch,
    ) -> Result<(), Unplayed> {
        let Scratch { next, talk, .. } = scratch;
        next.clone_from(state);
        talk.sent.clear();
        talk.answers.clear();
        self.trail.clear();
        self.converse(next, deed, held, talk)?;
        self.tidy(next);
        Ok(())
    }
}
