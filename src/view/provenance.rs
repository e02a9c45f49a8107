//! The origin of a message that arrives late, again or ahead of another.

use std::collections::BTreeMap;
use std::iter;

use crate::raft::{AppendEntries, Envelope, Message, Term};
use crate::record::journal::Batch;
use crate::record::message_name::MessageName;

/// A message that was sent.
#[derive(Debug)]
struct Sent {
    envelope: Envelope,
    /// The step in which it left.
    left: u64,
    /// The step in which it first arrived.
    arrived: Option<u64>,
    /// Whether it was lost.
    lost: bool,
}

impl Sent {
    /// Whether both are of one kind, and on one link.
    fn is_like(&self, other: &Self) -> bool {
        MessageName::of(&self.envelope, iter::empty()).matches(&other.envelope)
    }

    /// Its entries, if it is from the leader of this term and carries any.
    fn carries(&self, term: Term) -> Option<&AppendEntries> {
        let Message::AppendEntries(request) = &self.envelope.message else { return None };
        (request.term == term && !request.entries.is_empty()).then_some(request)
    }
}

/// How many of the newest messages are kept. A live cluster may run for hours, and its network delays a message
/// by much fewer.
const KEPT: usize = 10_000;

/// The messages of a run, by their numbers.
#[derive(Debug, Default)]
pub(super) struct SentMessages {
    sent: BTreeMap<u64, Sent>,
}

impl SentMessages {
    /// Notes what a node sends in step `now`.
    pub(super) fn leaves(&mut self, batch: &Batch<'_>, now: u64) {
        for (number, envelope) in (batch.first_message.0..).zip(batch.messages) {
            let envelope = envelope.clone();
            self.sent.insert(number, Sent { envelope, left: now, arrived: None, lost: false });
        }
        while self.sent.len() > KEPT {
            self.sent.pop_first();
        }
    }

    /// Notes that a message is lost.
    pub(super) fn is_lost(&mut self, number: u64) {
        if let Some(sent) = self.sent.get_mut(&number) {
            sent.lost = true;
        }
    }

    /// Notes that a message arrives in step `now`. Returns a remark if it comes late, or again, or ahead of
    /// another. `lately` is the first step that a reader still remembers: a message from before is late.
    pub(super) fn arrives(&mut self, number: u64, now: u64, lately: u64) -> Option<String> {
        let it = self.sent.get_mut(&number)?;
        let (before, left) = (it.arrived, it.left);
        it.arrived = before.or(Some(now));
        if let Some(before) = before {
            return Some(format!("again: it was sent in step {left} and arrived in step {before}"));
        }
        let it = &self.sent[&number];
        let mut younger = self.sent.range(number + 1..);
        if younger.any(|(_, other)| other.is_like(it) && other.arrived.is_some()) {
            return Some(format!("late: it was sent in step {left}, and a younger one came first"));
        }
        let late = || (left < lately).then(|| format!("late: it was sent in step {left}"));
        self.missing_before(number).or_else(late)
    }

    /// Says which entries were sent before this message on its link, in its term, and have not arrived yet: the one on
    /// which it builds, or else the last ones.
    pub(super) fn missing_before(&self, number: u64) -> Option<String> {
        let Sent { envelope: Envelope { from, to, .. }, left, lost, .. } = self.missing(number)?.0;
        let fate = if *lost { "was lost" } else { "has not arrived" };
        Some(format!("what {from} sent {to} in step {left} {fate}"))
    }

    /// Whether this message has overtaken the one that carries the entry on which it builds.
    pub(super) fn is_ahead(&self, number: u64) -> bool {
        self.missing(number).is_some_and(|(missing, carries_it)| carries_it && !missing.lost)
    }

    /// A message with entries that was sent before this one on its link and in its term, and has not arrived: the one
    /// that carries the entry on which this one builds, or else the last one. Also returns which of the two it is.
    fn missing(&self, number: u64) -> Option<(&Sent, bool)> {
        let it = self.sent.get(&number)?;
        let term = it.envelope.message.term();
        let missing = |other: &&Sent| {
            other.is_like(it) && other.carries(term).is_some() && other.arrived.is_none()
        };
        let builds_on = |other: &&Sent| match (&it.envelope.message, other.carries(term)) {
            (Message::AppendEntries(it), Some(other)) => {
                (other.prev_log_index.next()..=other.last_index()).contains(&it.prev_log_index)
            }
            _ => false,
        };
        let older = || self.sent.range(..number).rev().map(|(_, other)| other).filter(missing);
        let carries_it = older().find(builds_on).map(|it| (it, true));
        carries_it.or_else(|| older().next().map(|it| (it, false)))
    }
}
