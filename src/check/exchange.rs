//! The tier of exchanges: a request and its answer, with several nodes at once, as one action.
//!
//! Between two exchanges nothing is on its way but what leaders have sent last and nobody received
//! yet, and a bounded number of strays: messages that will arrive late, or once more. That is far
//! less than a network can do, so this tier proves little. But it is quick, what falls here falls in
//! the other tier too, and its ways are short enough to tell.

use std::ops::ControlFlow;

use super::server::Prompt;
use super::state::{Cause, Model, State};
use crate::raft::{
    AppendEntriesResponse, AppendOutcome, Envelope, Message, NodeId, NodeSet, Property,
};

/// What the nodes do in one exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Deed {
    /// A node stands for election; these hear of it and answer.
    Campaign {
        /// The candidate.
        node: NodeId,
        /// Who hears of it.
        reached: NodeSet,
    },
    /// A leader takes a command in.
    Append {
        /// The leader.
        leader: NodeId,
    },
    /// A leader sends what it has to these, and they answer.
    Replicate {
        /// The leader.
        leader: NodeId,
        /// Who hears it.
        reached: NodeSet,
    },
    /// A node crashes and starts again.
    Restart {
        /// Which.
        node: NodeId,
    },
    /// A stray arrives.
    Arrive {
        /// The stray.
        message: Envelope,
        /// Whether its receiver's answer arrives too.
        answered: bool,
    },
}

/// A message that goes astray in an exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stray {
    /// Which.
    pub message: Envelope,
    /// Whether it arrives in time all the same, so that the stray is a second copy.
    pub copied: bool,
}

/// One action of the tier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// What the nodes do.
    pub deed: Deed,
    /// What goes astray, if anything does.
    pub stray: Option<Stray>,
}

/// Whether a follower says that it lacks the entry before.
const fn is_refusal(message: &Message) -> bool {
    matches!(
        message,
        Message::AppendEntriesResponse(AppendEntriesResponse {
            outcome: AppendOutcome::Rejected { .. },
            ..
        })
    )
}

/// What a successor looks like to whoever asked for the successors of a state.
pub(super) struct Successor<'a> {
    pub(super) state: &'a State,
    pub(super) fell: Option<Property>,
    pub(super) exchange: Option<&'a Exchange>,
}

/// Memory that is used again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    next: State,
    strayed: State,
    talk: Talk,
}

/// What was said in an exchange.
#[derive(Debug, Default)]
struct Talk {
    /// Everything that was sent, in order.
    sent: Vec<u32>,
    /// Answers, to be brought back.
    answers: Vec<u32>,
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
            if !self.play(state, &deed, None, scratch) {
                let property = self.fallen.take();
                if property.is_some() {
                    let exchange = Exchange { deed, stray: None };
                    let fell = Successor {
                        state: &scratch.next,
                        fell: property,
                        exchange: Some(&exchange),
                    };
                    visit(self, &fell)?;
                }
                continue;
            }
            let Scratch { next, strayed, talk } = scratch;
            let mut exchange = Exchange { deed, stray: None };
            if next != state {
                visit(self, &Successor { state: next, fell: None, exchange: Some(&exchange) })?;
            }
            if state.strays >= self.bounds.delayed {
                continue;
            }
            let sent = std::mem::take(&mut talk.sent);
            let answers = std::mem::take(&mut talk.answers);
            for &letter in &sent {
                if self.bounds.tight {
                    break;
                }
                let message = self.letter(letter).envelope.clone();
                let copied = answers.contains(&letter) || self.arrived(letter);
                exchange.stray = Some(Stray { message, copied });
                next.clone_into(strayed);
                if self.stray(strayed, letter) {
                    let it = Successor { state: strayed, fell: None, exchange: Some(&exchange) };
                    visit(self, &it)?;
                }
            }
            for &letter in &answers {
                if !self.play(state, &exchange.deed, Some(letter), scratch) {
                    self.fallen = None;
                    continue;
                }
                let message = self.letter(letter).envelope.clone();
                exchange.stray = Some(Stray { message, copied: false });
                if self.stray(&mut scratch.next, letter) {
                    let next = &scratch.next;
                    visit(self, &Successor { state: next, fell: None, exchange: Some(&exchange) })?;
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
    /// back. Says whether that was possible; if not, a property may have fallen.
    fn play(
        &mut self,
        state: &State,
        deed: &Deed,
        held: Option<u32>,
        scratch: &mut Scratch,
    ) -> bool {
        let Scratch { next, talk, .. } = scratch;
        next.clone_from(state);
        talk.sent.clear();
        talk.answers.clear();
        self.trail.clear();
        self.fallen = None;
        match self.converse(next, deed, held, talk) {
            Ok(Some(())) => {
                self.tidy(next);
                true
            }
            Ok(None) => false,
            Err(property) => {
                self.fallen = Some(property);
                false
            }
        }
    }

    fn converse(
        &mut self,
        next: &mut State,
        deed: &Deed,
        held: Option<u32>,
        talk: &mut Talk,
    ) -> Result<Option<()>, Property> {
        match deed {
            Deed::Append { leader } => {
                return self.act(next, *leader, Cause::Prompt(Prompt::Propose), talk);
            }
            Deed::Restart { node } => {
                next.crashes += 1;
                return self.act(next, *node, Cause::Prompt(Prompt::Restart), talk);
            }
            Deed::Campaign { node, reached } => {
                let Some(()) = self.act(next, *node, Cause::Prompt(Prompt::Timeout), talk)? else {
                    return Ok(None);
                };
                let requests = talk.sent.clone();
                for letter in requests {
                    let to = self.letter(letter).envelope.to;
                    let asks =
                        matches!(self.letter(letter).envelope.message, Message::VoteRequest(_));
                    if asks && reached.contains(to) {
                        let Some(()) = self.hear(next, letter, talk)? else { return Ok(None) };
                    }
                }
            }
            Deed::Replicate { leader, reached } => {
                let Some(letters) = self.letters_for(next, *leader, *reached, talk)? else {
                    return Ok(None);
                };
                for letter in letters {
                    let Some(()) = self.hear(next, letter, talk)? else { return Ok(None) };
                }
            }
            Deed::Arrive { message, answered } => {
                let late = next.late.iter().copied();
                let letter = late.into_iter().find(|&l| self.letter(l).envelope == *message);
                let Some(letter) = letter else { return Ok(None) };
                let Some(()) = self.hear(next, letter, talk)? else { return Ok(None) };
                if talk.answers.is_empty() == *answered {
                    return Ok(None);
                }
                if !answered {
                    talk.answers.clear();
                }
            }
        }
        self.bring_back(next, held, talk)
    }

    /// A server acts, and what a leader sends waits to be received.
    fn act(
        &mut self,
        next: &mut State,
        at: NodeId,
        cause: Cause,
        talk: &mut Talk,
    ) -> Result<Option<()>, Property> {
        let Some(nth) = self.take(next, at, cause)? else { return Ok(None) };
        for nth_sent in 0..self.taken(nth).sent.len() {
            let letter = self.taken(nth).sent[nth_sent];
            if !talk.sent.contains(&letter) {
                talk.sent.push(letter);
            }
            if matches!(self.letter(letter).envelope.message, Message::AppendEntriesRequest(_)) {
                self.lay_out(next, letter);
            }
        }
        Ok(Some(()))
    }

    /// Lays a leader's message out for its receiver, in the place of an older one.
    fn lay_out(&self, state: &mut State, letter: u32) {
        let (from, to) = self.ends(letter);
        let mut letters = std::mem::take(&mut state.letters);
        letters.retain(|&other| self.ends(other) != (from, to));
        self.insert(&mut letters, letter);
        state.letters = letters;
    }

    pub(super) fn ends(&self, letter: u32) -> (NodeId, NodeId) {
        let Envelope { from, to, .. } = self.letter(letter).envelope;
        (from, to)
    }

    /// A message arrives; what its receiver answers is to be brought back.
    fn hear(
        &mut self,
        next: &mut State,
        letter: u32,
        talk: &mut Talk,
    ) -> Result<Option<()>, Property> {
        let (from, to) = self.ends(letter);
        next.letters.retain(|&other| other != letter);
        let before = talk.sent.len();
        let Some(()) = self.act(next, to, Cause::Letter(letter), talk)? else { return Ok(None) };
        for at in before..talk.sent.len() {
            let sent = talk.sent[at];
            let answer = matches!(
                self.letter(sent).envelope.message,
                Message::VoteResponse(_) | Message::AppendEntriesResponse(_)
            );
            if answer && self.ends(sent) == (to, from) {
                talk.answers.push(sent);
            }
        }
        Ok(Some(()))
    }

    /// What a leader's message to each of these is: what it sent last, or, if none of them has
    /// anything to receive, a heartbeat.
    fn letters_for(
        &mut self,
        next: &mut State,
        leader: NodeId,
        reached: NodeSet,
        talk: &mut Talk,
    ) -> Result<Option<Vec<u32>>, Property> {
        let chosen = |model: &Self, letters: &[u32]| {
            let mine = |&&letter: &&u32| {
                let (from, to) = model.ends(letter);
                from == leader && reached.contains(to)
            };
            let mut mine: Vec<_> = letters.iter().filter(mine).copied().collect();
            mine.sort_unstable_by_key(|&letter| model.ends(letter).1);
            mine
        };
        let waiting = chosen(self, &next.letters);
        if !waiting.is_empty() {
            return Ok((waiting.len() == reached.len()).then_some(waiting));
        }
        let laid_out = next.letters.clone();
        let heartbeat = self.act(next, leader, Cause::Prompt(Prompt::Heartbeat), talk)?;
        let letters = chosen(self, &next.letters);
        next.letters = laid_out;
        Ok(heartbeat.filter(|()| letters.len() == reached.len()).map(|()| letters))
    }

    /// The answers arrive, and what a leader sends at once to repair a log that lacks the entry
    /// before is heard and answered in turn: that is one conversation.
    fn bring_back(
        &mut self,
        next: &mut State,
        held: Option<u32>,
        talk: &mut Talk,
    ) -> Result<Option<()>, Property> {
        let mut brought = 0;
        while brought < talk.answers.len() {
            let mut answers = talk.answers[brought..].to_vec();
            brought = talk.answers.len();
            self.put_in_order(next, &mut answers);
            for letter in answers {
                if Some(letter) == held {
                    continue;
                }
                let (follower, leader) = self.ends(letter);
                let Some(()) = self.act(next, leader, Cause::Letter(letter), talk)? else {
                    return Ok(None);
                };
                let ends = |&&sent: &&u32| self.ends(sent) == (leader, follower);
                if is_refusal(&self.letter(letter).envelope.message)
                    && let Some(&repair) = next.letters.iter().find(ends)
                {
                    let Some(()) = self.hear(next, repair, talk)? else { return Ok(None) };
                }
            }
        }
        Ok(Some(()))
    }

    /// An order that does not depend on names where it matters: what helps the asker first, higher
    /// terms last.
    fn put_in_order(&self, state: &State, answers: &mut [u32]) {
        answers.sort_by_key(|&letter| {
            let it = self.letter(letter);
            let refused = match &it.envelope.message {
                Message::VoteResponse(m) => !m.vote_granted,
                _ => false,
            };
            let sender = self.server(state, it.envelope.from).label;
            (it.envelope.message.term(), refused, it.label, sender, it.envelope.from)
        });
    }

    /// Takes away what deposed leaders have sent, and strays that are dead.
    fn tidy(&self, state: &mut State) {
        let mut letters = std::mem::take(&mut state.letters);
        letters.retain(|&letter| {
            let Envelope { from, message, .. } = &self.letter(letter).envelope;
            let sender = self.node(state, *from);
            sender.is_leader() && sender.current_term() == message.term()
        });
        state.letters = letters;
        let all = std::mem::take(&mut state.late);
        let lives = |&letter: &u32| !self.is_dead(state, letter, &all);
        state.late = all.iter().copied().filter(lives).collect();
    }
}
