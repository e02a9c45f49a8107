//! The replicated log. It changes only through methods that keep these invariants:
//! * indexes run from 1 without gaps;
//! * terms never decrease from one entry to the next (as long as the rules of replication hold);
//! * an entry changes only by being deleted with all that follow it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::rpc::{AppendOutcome, ConflictHint};
use super::types::{LogEntry, LogIndex, LogPosition, Payload, Term};

/// A node's log (Figure 2, `log[]`).
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Log {
    entries: Vec<LogEntry>,
}

/// An index up to which one AppendEntries request has shown a follower's log to equal the
/// leader's. Only [`Log::append_missing`] makes one, and only it can be acknowledged or committed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Verified(LogIndex);

impl Verified {
    pub(super) const fn index(self) -> LogIndex {
        self.0
    }
}

/// How the entries of a request compare with a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Overlap {
    /// The log has all of them already.
    Contained,
    /// Nothing conflicts; the entries from this index on are new.
    Extends(LogIndex),
    /// The first conflict: the position of the `leader`'s entry, and the term of the log's `own` entry there.
    Conflict { leader: LogPosition, own: Term },
}

impl Log {
    /// A log with these entries.
    pub const fn new(entries: Vec<LogEntry>) -> Self {
        Self { entries }
    }

    /// The index of the last entry; 0 if there is none.
    pub const fn last_index(&self) -> LogIndex {
        LogIndex::new(self.entries.len() as u64)
    }

    /// Index and term of the last entry; [`LogPosition::START`] if there is none.
    pub fn last(&self) -> LogPosition {
        let term = self.entries.last().map_or(Term::ZERO, |entry| entry.term);
        LogPosition { term, index: self.last_index() }
    }

    /// The entry at `index`, if the log reaches it.
    pub fn get(&self, index: LogIndex) -> Option<&LogEntry> {
        self.entries.get(index.get().checked_sub(1)? as usize)
    }

    /// The term of the entry at `index`. Index 0 has term 0: before the first entry all logs agree.
    pub fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index == LogIndex::ZERO {
            return Some(Term::ZERO);
        }
        self.get(index).map(|entry| entry.term)
    }

    /// Every entry with its index, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (LogIndex, &LogEntry)> {
        self.entries.iter().enumerate().map(|(at, entry)| (LogIndex::ZERO.plus(at + 1), entry))
    }

    /// The entries from `first` to the end, `limit` of them at most.
    pub fn slice(&self, first: LogIndex, limit: usize) -> &[LogEntry] {
        let start = first.prev().count().min(self.entries.len());
        let end = start.saturating_add(limit).min(self.entries.len());
        &self.entries[start..end]
    }

    /// Appends entries of a leader, each with the leader's `term`. Returns their indexes.
    pub fn append(
        &mut self,
        term: Term,
        payloads: impl IntoIterator<Item = Payload>,
    ) -> Range<LogIndex> {
        let first = self.last_index().next();
        self.entries.extend(payloads.into_iter().map(|payload| LogEntry { term, payload }));
        first..self.last_index().next()
    }

    /// Whether the log holds the entry that a leader names: the consistency check of §5.3.
    pub fn contains(&self, position: LogPosition) -> bool {
        self.term_at(position.index) == Some(position.term)
    }

    /// Compares `entries`, which follow index `prev`, with this log.
    pub fn overlap(&self, prev: LogIndex, entries: &[LogEntry]) -> Overlap {
        let mut index = prev;
        for entry in entries {
            index = index.next();
            match self.term_at(index) {
                None => return Overlap::Extends(index),
                Some(own) if own != entry.term => {
                    let leader = LogPosition { term: entry.term, index };
                    return Overlap::Conflict { leader, own };
                }
                Some(_) => {}
            }
        }
        Overlap::Contained
    }

    /// Appends those of `entries`, which follow index `prev`, that the log does not have yet
    /// (Figure 2, AppendEntries receiver 4). Returns the index up to which the log now equals the
    /// leader's, and the first new index, if any.
    ///
    /// The caller has checked the entry at `prev` and deleted conflicting entries. If a broken rule
    /// let it skip that and the log ends before `prev`, the entries go to the end of the log.
    pub(super) fn append_missing(
        &mut self,
        prev: LogIndex,
        entries: &[LogEntry],
    ) -> (Verified, Option<LogIndex>) {
        let verified = Verified(prev.plus(entries.len()));
        // The number of entries that the log has after `prev`: that many of the request's are known already.
        let known = self.entries.len() - prev.min(self.last_index()).count();
        let new = entries.get(known..).unwrap_or_default();
        let new_from = (!new.is_empty()).then(|| self.last_index().next());
        self.entries.extend_from_slice(new);
        (verified, new_from)
    }

    /// Deletes everything from `first` on.
    pub(super) fn truncate_from(&mut self, first: LogIndex) {
        self.entries.truncate(first.prev().count());
    }

    /// Replaces everything from `first` on. Durable storage uses this to follow the log in memory.
    ///
    /// # Panics
    /// If this would leave a gap, because an earlier write was lost.
    pub(super) fn overwrite_from(&mut self, first: LogIndex, entries: &[LogEntry]) {
        let follows = first <= self.last_index().next();
        assert!(follows, "a write begins at most one after the last entry that is saved");
        self.truncate_from(first);
        self.entries.extend_from_slice(entries);
    }

    /// The first index of the term that the log has at `from`. If the log ends before `from`, the
    /// first index that it lacks.
    pub fn first_index_of_term_at(&self, from: LogIndex) -> LogIndex {
        let Some(term) = self.term_at(from) else { return self.last_index().next() };
        let before = &self.entries[..from.count()];
        let run = before.iter().rev().take_while(|entry| entry.term == term).count();
        LogIndex::new(from.get() - run as u64 + 1)
    }

    /// The refusal of a request, because this log lacks the entry at `prev` that comes before the
    /// new ones. Its hint skips the whole conflicting term (§5.3).
    pub(super) fn rejection(&self, prev: LogIndex) -> AppendOutcome {
        let (conflict_term, first_index) = (self.term_at(prev), self.first_index_of_term_at(prev));
        let hint = ConflictHint { conflict_term, first_index };
        AppendOutcome::Rejected { prev_log_index: prev, hint }
    }

    /// The last index of `term`, if the log has an entry of it. Terms never decrease, so a binary
    /// search finds it.
    pub fn last_index_of_term(&self, term: Term) -> Option<LogIndex> {
        let end = self.entries.partition_point(|entry| entry.term <= term);
        let index = LogIndex::ZERO.plus(end);
        (self.get(index)?.term == term).then_some(index)
    }
}
