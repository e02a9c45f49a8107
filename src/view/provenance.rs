//! The origin of a message that arrives late, again or ahead of another.

use std::collections::{BTreeMap, BTreeSet};
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
    /// Its kind and its link.
    fn name(&self) -> MessageName {
        MessageName::of(&self.envelope, iter::empty())
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

/// What is known of the messages of one kind on one link.
#[derive(Debug, Default)]
struct Alike {
    /// The number of the youngest that has arrived.
    youngest_arrived: Option<u64>,
    /// The numbers of those that carry entries and have not arrived.
    missing: BTreeSet<u64>,
}

/// The messages of a run, by their numbers.
#[derive(Debug, Default)]
pub(super) struct SentMessages {
    sent: BTreeMap<u64, Sent>,
    alike: BTreeMap<MessageName, Alike>,
}

impl SentMessages {
    /// Notes what a node sends in step `now`.
    pub(super) fn leaves(&mut self, batch: &Batch<'_>, now: u64) {
        for (number, envelope) in (batch.first_message.0..).zip(batch.messages) {
            let envelope = envelope.clone();
            let sent = Sent { envelope, left: now, arrived: None, lost: false };
            let alike = self.alike.entry(sent.name()).or_default();
            if sent.carries(sent.envelope.message.term()).is_some() {
                alike.missing.insert(number);
            }
            self.sent.insert(number, sent);
        }
        while self.sent.len() > KEPT
            && let Some((number, oldest)) = self.sent.pop_first()
        {
            self.alike.entry(oldest.name()).or_default().missing.remove(&number);
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
        let alike = self.alike.entry(it.name()).or_default();
        alike.missing.remove(&number);
        alike.youngest_arrived = alike.youngest_arrived.max(Some(number));
        if alike.youngest_arrived > Some(number) {
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
        let builds_on = |other: &&Sent| match (&it.envelope.message, other.carries(term)) {
            (Message::AppendEntries(it), Some(other)) => {
                (other.prev_log_index.next()..=other.last_index()).contains(&it.prev_log_index)
            }
            _ => false,
        };
        let missing = &self.alike.get(&it.name())?.missing;
        let older = || missing.range(..number).rev().map(|other| &self.sent[other]);
        let older = || older().filter(|other| other.carries(term).is_some());
        let carries_it = older().find(builds_on).map(|it| (it, true));
        carries_it.or_else(|| older().next().map(|it| (it, false)))
    }
}
