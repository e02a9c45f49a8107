//! How an exchange is played out: who hears whom, and in which order the answers come back.

use super::deed::Deed;
use super::server::Prompt;
use super::state::{Cause, Model, State};
use crate::raft::{
    AppendEntriesResponse, AppendOutcome, Envelope, Message, NodeId, NodeSet, Property,
};

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

/// Why an exchange was not played to its end.
pub(super) enum Unplayed {
    /// Its nodes cannot do this here.
    Impossible,
    /// A property fell on the way.
    Fell(Property),
}

impl From<Property> for Unplayed {
    fn from(property: Property) -> Self {
        Self::Fell(property)
    }
}

/// What was said in an exchange.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// Everything that was sent, in order.
    pub(super) sent: Vec<u32>,
    /// Answers, to be brought back.
    pub(super) answers: Vec<u32>,
}

impl Model<'_> {
    /// Makes of `next` what a deed makes of it; the answer `held` does not come back.
    pub(super) fn converse(
        &mut self,
        next: &mut State,
        deed: &Deed,
        held: Option<u32>,
        talk: &mut Talk,
    ) -> Result<(), Unplayed> {
        match deed {
            Deed::Append { leader } => {
                return self.act(next, *leader, Cause::Prompt(Prompt::Propose), talk);
            }
            Deed::Restart { node } => {
                next.crashes += 1;
                return self.act(next, *node, Cause::Prompt(Prompt::Restart), talk);
            }
            Deed::Campaign { node, reached } => {
                self.act(next, *node, Cause::Prompt(Prompt::Timeout), talk)?;
                let requests = talk.sent.clone();
                for letter in requests {
                    let to = self.letter(letter).envelope.to;
                    let asks =
                        matches!(self.letter(letter).envelope.message, Message::VoteRequest(_));
                    if asks && reached.contains(to) {
                        self.hear(next, letter, talk)?;
                    }
                }
            }
            Deed::Replicate { leader, reached } => {
                for letter in self.letters_for(next, *leader, *reached, talk)? {
                    self.hear(next, letter, talk)?;
                }
            }
            Deed::Arrive { message, answered } => {
                let mut late = next.late.iter().copied();
                let letter = late.find(|&letter| self.letter(letter).envelope == *message);
                let letter = letter.ok_or(Unplayed::Impossible)?;
                self.hear(next, letter, talk)?;
                if talk.answers.is_empty() == *answered {
                    return Err(Unplayed::Impossible);
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
    ) -> Result<(), Unplayed> {
        let nth = self.take(next, at, cause)?.ok_or(Unplayed::Impossible)?;
        for nth_sent in 0..self.taken(nth).sent.len() {
            let letter = self.taken(nth).sent[nth_sent];
            if !talk.sent.contains(&letter) {
                talk.sent.push(letter);
            }
            if matches!(self.letter(letter).envelope.message, Message::AppendEntriesRequest(_)) {
                self.lay_out(next, letter);
            }
        }
        Ok(())
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
    fn hear(&mut self, next: &mut State, letter: u32, talk: &mut Talk) -> Result<(), Unplayed> {
        let (from, to) = self.ends(letter);
        next.letters.retain(|&other| other != letter);
        let before = talk.sent.len();
        self.act(next, to, Cause::Letter(letter), talk)?;
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
        Ok(())
    }

    /// What a leader's message to each of these is: what it sent last, or, if none of them has
    /// anything to receive, a heartbeat.
    fn letters_for(
        &mut self,
        next: &mut State,
        leader: NodeId,
        reached: NodeSet,
        talk: &mut Talk,
    ) -> Result<Vec<u32>, Unplayed> {
        let chosen = |model: &Self, letters: &[u32]| {
            let mine = |&&letter: &&u32| {
                let (from, to) = model.ends(letter);
                from == leader && reached.contains(to)
            };
            let mut mine: Vec<_> = letters.iter().filter(mine).copied().collect();
            mine.sort_unstable_by_key(|&letter| model.ends(letter).1);
            mine
        };
        let to_all = |letters: Vec<u32>| {
            if letters.len() == reached.len() { Ok(letters) } else { Err(Unplayed::Impossible) }
        };
        let waiting = chosen(self, &next.letters);
        if !waiting.is_empty() {
            return to_all(waiting);
        }
        let laid_out = next.letters.clone();
        self.act(next, leader, Cause::Prompt(Prompt::Heartbeat), talk)?;
        let letters = chosen(self, &next.letters);
        next.letters = laid_out;
        to_all(letters)
    }

    /// The answers arrive, and what a leader sends at once to repair a log that lacks the entry
    /// before is heard and answered in turn: that is one conversation.
    fn bring_back(
        &mut self,
        next: &mut State,
        held: Option<u32>,
        talk: &mut Talk,
    ) -> Result<(), Unplayed> {
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
                self.act(next, leader, Cause::Letter(letter), talk)?;
                let ends = |&&sent: &&u32| self.ends(sent) == (leader, follower);
                if is_refusal(&self.letter(letter).envelope.message)
                    && let Some(&repair) = next.letters.iter().find(ends)
                {
                    self.hear(next, repair, talk)?;
                }
            }
        }
        Ok(())
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
    pub(super) fn tidy(&self, state: &mut State) {
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
