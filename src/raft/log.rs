//! The replicated log: a few verbs that keep its invariants, and no raw access.
//!
//! Invariants, kept by every verb:
//! * indexes run from 1 without gaps;
//! * terms never decrease from one entry to the next (as long as the rules of replication hold);
//! * an entry changes only by being cut away with all that follow it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::types::{LogEntry, LogIndex, LogPosition, Payload, Term};

/// A server's log (Figure 2, `log[]`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Log {
    entries: Vec<LogEntry>,
}

/// An index up to which one AppendEntries request has shown a follower's log to equal the
/// leader's. Only the splice of a log makes one, and only it can be acknowledged or committed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Verified(LogIndex);

impl Verified {
    /// The index itself.
    #[must_use]
    pub const fn index(self) -> LogIndex {
        self.0
    }

    /// What a follower claims that does not keep to what was verified: its own last index.
    pub(super) const fn overclaimed(log: &Log) -> Self {
        Self(log.last_index())
    }
}

/// When a splice may remove entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cut {
    /// At a proved conflict of terms: Raft's way.
    AtConflict,
    /// Whatever stands behind prevLogIndex: only with `truncate-only-on-conflict` broken.
    Always,
    /// Not even at a conflict: only with `conflict-truncates` broken.
    Never,
}

/// How the entries of a request lie over a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overlap {
    /// Every one of them is there already.
    Contained,
    /// No conflict; from this index on they are new.
    Extends(LogIndex),
    /// The first of them whose term differs from the log's own entry.
    Conflict {
        /// The leader's entry.
        leader: LogPosition,
        /// The term of the entry in this log.
        own: Term,
    },
}

/// What a splice did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spliced {
    /// Up to where the log now equals the leader's.
    pub verified: Verified,
    /// The first index that was cut away, if any was.
    pub truncated_from: Option<LogIndex>,
    /// The first index that was written, if any was.
    pub appended_from: Option<LogIndex>,
}

impl Log {
    /// A log with these entries.
    #[must_use]
    pub const fn new(entries: Vec<LogEntry>) -> Self {
        Self { entries }
    }

    /// The index of the last entry; 0 if there is none.
    #[must_use]
    pub const fn last_index(&self) -> LogIndex {
        LogIndex::new(self.entries.len() as u64)
    }

    /// Index and term of the last entry; [`LogPosition::START`] if there is none.
    #[must_use]
    pub fn last(&self) -> LogPosition {
        let term = self.entries.last().map_or(Term::ZERO, |entry| entry.term);
        LogPosition { term, index: self.last_index() }
    }

    /// The entry at `index`, if the log reaches it.
    #[must_use]
    pub fn get(&self, index: LogIndex) -> Option<&LogEntry> {
        self.entries.get(index.get().checked_sub(1)? as usize)
    }

    /// The term of the entry at `index`. Index 0 has term 0: before the first entry all logs agree.
    #[must_use]
    pub fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index.is_empty() {
            return Some(Term::ZERO);
        }
        self.get(index).map(|entry| entry.term)
    }

    /// Every entry with its index, in order.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (LogIndex, &LogEntry)> {
        self.entries.iter().enumerate().map(|(at, entry)| (LogIndex::ZERO.plus(at + 1), entry))
    }

    /// The entries from `first` to the end, `limit` of them at most.
    #[must_use]
    pub fn slice(&self, first: LogIndex, limit: usize) -> &[LogEntry] {
        let start = first.prev().len().min(self.entries.len());
        let end = start.saturating_add(limit).min(self.entries.len());
        &self.entries[start..end]
    }

    /// Appends what a leader takes in, each entry in the leader's `term`. Returns the new indexes.
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
    #[must_use]
    pub fn contains(&self, position: LogPosition) -> bool {
        self.term_at(position.index) == Some(position.term)
    }

    /// How `entries`, which follow index `prev`, lie over this log.
    #[must_use]
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

    /// Lays `entries` behind index `prev`: what is there already stays untouched, a conflict is cut
    /// away with all that follow, the rest is appended (Figure 2, AppendEntries receiver 3 and 4).
    ///
    /// The caller has checked that the log [contains](Self::contains) the entry at `prev`. If a
    /// broken rule let it skip that and the log ends before `prev`, the entries go to its end.
    pub(super) fn splice(&mut self, prev: LogIndex, entries: &[LogEntry], cut: Cut) -> Spliced {
        let verified = Verified(prev.plus(entries.len()));
        let prev = prev.min(self.last_index());
        let cut_at = match (cut, self.overlap(prev, entries)) {
            (Cut::AtConflict, Overlap::Conflict { leader, .. }) => Some(leader.index),
            (Cut::Always, _) => Some(prev.next()),
            _ => None,
        };
        let truncated_from = cut_at.filter(|&index| index <= self.last_index());
        if let Some(index) = truncated_from {
            self.entries.truncate(index.prev().len());
        }
        let known = self.entries.len() - prev.len();
        let new = entries.get(known..).unwrap_or_default();
        let appended_from = (!new.is_empty()).then(|| self.last_index().next());
        self.entries.extend_from_slice(new);
        Spliced { verified, truncated_from, appended_from }
    }

    /// Cuts away everything behind `last`. Nothing in Raft asks for it but a splice; this verb is
    /// for the broken leader of `leader-append-only`, and for storage that follows a splice.
    pub(super) fn truncate_behind(&mut self, last: LogIndex) {
        self.entries.truncate(last.len());
    }

    /// Replaces everything from `first` on: how durable storage follows the log in memory.
    pub(super) fn overwrite_from(&mut self, first: LogIndex, entries: &[LogEntry]) {
        self.truncate_behind(first.prev());
        self.entries.extend_from_slice(entries);
    }

    /// The first index of `term`, looked for backwards from `from`, an index of that term.
    #[must_use]
    pub fn first_index_of_term_at(&self, from: LogIndex) -> LogIndex {
        let Some(term) = self.term_at(from) else { return from };
        let before = &self.entries[..from.len()];
        let run = before.iter().rev().take_while(|entry| entry.term == term).count();
        LogIndex::new(from.get() - run as u64 + 1)
    }

    /// The last index of `term`, if the log has an entry of it. Terms never decrease, so a binary
    /// search finds it.
    #[must_use]
    pub fn last_index_of_term(&self, term: Term) -> Option<LogIndex> {
        let end = self.entries.partition_point(|entry| entry.term <= term);
        let index = LogIndex::ZERO.plus(end);
        (self.get(index)?.term == term).then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(terms: &[u64]) -> Log {
        Log::new(entries(terms))
    }

    fn entries(terms: &[u64]) -> Vec<LogEntry> {
        terms.iter().map(|&term| LogEntry::no_op(Term::new(term))).collect()
    }

    fn terms(log: &Log) -> Vec<u64> {
        log.iter().map(|(_, entry)| entry.term.get()).collect()
    }

    #[test]
    fn an_empty_log_ends_before_the_first_entry_and_contains_only_that() {
        let log = Log::default();
        assert_eq!(log.last(), LogPosition::START);
        assert!(log.contains(LogPosition::START));
        assert!(!log.contains(LogPosition::new(1, 1)));
        assert_eq!(log.get(LogIndex::ZERO), None);
    }

    #[test]
    fn a_splice_keeps_what_matches_cuts_at_a_conflict_and_appends_the_rest() {
        // own log, prevLogIndex, entries → log, verified, cut at
        let table: &[(&[u64], u64, &[u64], &[u64], u64, Option<u64>)] = &[
            (&[], 0, &[1, 1], &[1, 1], 2, None),
            (&[1, 1, 1], 0, &[1], &[1, 1, 1], 1, None),
            (&[1, 1, 1], 1, &[], &[1, 1, 1], 1, None),
            (&[1, 1, 1], 1, &[2], &[1, 2], 2, Some(2)),
            (&[1, 1, 1], 1, &[1, 2], &[1, 1, 2], 3, Some(3)),
            (&[1, 1], 2, &[2, 2], &[1, 1, 2, 2], 4, None),
        ];
        for &(own, prev, new, expected, verified, cut) in table {
            let mut log = log(own);
            let spliced = log.splice(LogIndex::new(prev), &entries(new), Cut::AtConflict);
            assert_eq!(terms(&log), expected, "{own:?} {prev} {new:?}");
            assert_eq!(spliced.verified.index(), LogIndex::new(verified));
            assert_eq!(spliced.truncated_from, cut.map(LogIndex::new));
        }
    }

    #[test]
    fn a_broken_splice_cuts_without_proof_or_keeps_a_conflict() {
        let mut cut = log(&[1, 1, 1]);
        cut.splice(LogIndex::ZERO, &entries(&[1]), Cut::Always);
        assert_eq!(terms(&cut), [1]);
        let mut kept = log(&[1, 1]);
        kept.splice(LogIndex::FIRST, &entries(&[2, 2]), Cut::Never);
        assert_eq!(terms(&kept), [1, 1, 2]);
        let mut gap = log(&[1]);
        gap.splice(LogIndex::new(4), &entries(&[3]), Cut::AtConflict);
        assert_eq!(terms(&gap), [1, 3], "without the check, entries land at the end");
    }

    #[test]
    fn terms_are_found_by_index_and_indexes_by_term() {
        let log = log(&[1, 1, 4, 4, 4, 6]);
        assert_eq!(log.first_index_of_term_at(LogIndex::new(5)), LogIndex::new(3));
        assert_eq!(log.first_index_of_term_at(LogIndex::new(2)), LogIndex::new(1));
        assert_eq!(log.last_index_of_term(Term::new(4)), Some(LogIndex::new(5)));
        assert_eq!(log.last_index_of_term(Term::new(5)), None);
        assert_eq!(log.last_index_of_term(Term::ZERO), None);
    }

    #[test]
    fn a_slice_is_bounded_by_the_log_and_by_its_limit() {
        let log = log(&[1, 2, 3]);
        assert_eq!(log.slice(LogIndex::new(2), usize::MAX).len(), 2);
        assert_eq!(log.slice(LogIndex::new(1), 2).len(), 2);
        assert_eq!(log.slice(LogIndex::new(4), 2).len(), 0);
        assert_eq!(log.slice(LogIndex::new(9), 2).len(), 0);
    }
}
