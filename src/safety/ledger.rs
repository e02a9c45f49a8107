//! The checker's books: a chain of digests for each log, who first held which entry, and what was
//! committed first at each index.

use crate::digest;
use crate::raft::{Log, LogIndex, LogPosition, NodeId, Term};

/// One entry of a log, with the digest of the log up to and including it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Link {
    pub(super) term: Term,
    pub(super) digest: u64,
}

/// A log, as a chain of digests: two logs are equal up to an index if their links there are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Shadow {
    links: Vec<Link>,
}

impl Shadow {
    pub(super) const fn last_index(&self) -> LogIndex {
        LogIndex::new(self.links.len() as u64)
    }

    pub(super) fn at(&self, index: LogIndex) -> Option<Link> {
        self.links.get(index.get().checked_sub(1)? as usize).copied()
    }

    /// Where this log first differs from another that also holds `position`, and the terms of the
    /// entries there, this one's first; nothing if this one does not hold it.
    pub(super) fn parts_from(
        &self,
        other: &Self,
        position: LogPosition,
    ) -> Option<(LogIndex, Term, Term)> {
        self.at(position.index).filter(|link| link.term == position.term)?;
        let both = self.links.iter().zip(&other.links).zip(1..);
        let mut differing = both.filter(|((a, b), _)| a.digest != b.digest);
        differing.next().map(|((a, b), index)| (LogIndex::new(index), a.term, b.term))
    }

    /// Follows `log`, which changed from index `from` on.
    pub(super) fn follow(&mut self, from: LogIndex, log: &Log) {
        self.links.truncate(from.prev().count());
        let mut digest = self.links.last().map_or(0, |link| link.digest);
        let known = self.last_index();
        for entry in log.slice(known.next(), usize::MAX) {
            digest = digest::chain_entry(digest, entry);
            self.links.push(Link { term: entry.term, digest });
        }
    }
}

/// An entry that was seen in some log.
#[derive(Clone, Copy, Debug)]
struct Seen {
    link: Link,
    by: NodeId,
}

/// Every entry ever held, by index and term: Log Matching says that a digest follows from these.
#[derive(Clone, Debug, Default)]
pub(super) struct EntryLedger {
    /// For each index the entry seen there first; the rest, of which there are few, apart.
    first: Vec<Option<Seen>>,
    more: Vec<(LogIndex, Seen)>,
}

impl EntryLedger {
    /// Enters a link that a node now holds. If another digest is known for the same index and term,
    /// returns who held that.
    pub(super) fn enter(&mut self, index: LogIndex, link: Link, by: NodeId) -> Option<NodeId> {
        let at = index.prev().count();
        if self.first.len() <= at {
            self.first.resize(at + 1, None);
        }
        let seen = Seen { link, by };
        let Some(first) = self.first[at] else {
            self.first[at] = Some(seen);
            return None;
        };
        let known = if first.link.term == link.term {
            Some(first)
        } else {
            let same = |(i, s): &&(LogIndex, Seen)| *i == index && s.link.term == link.term;
            self.more.iter().rev().find(same).map(|&(_, seen)| seen)
        };
        match known {
            None => self.more.push((index, seen)),
            Some(known) if known.link != link => return Some(known.by),
            Some(_) => {}
        }
        None
    }
}

/// The entry that was committed first at an index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Committed {
    pub(super) term: Term,
    pub(super) digest: u64,
    pub(super) by: NodeId,
    /// The term in which it was committed, which may be later than its own.
    pub(super) in_term: Term,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shadow(links: &[(u64, u64)]) -> Shadow {
        let link = |&(term, digest)| Link { term: Term::new(term), digest };
        Shadow { links: links.iter().map(link).collect() }
    }

    #[test]
    fn two_logs_part_at_the_first_entry_that_differs() {
        let ours = shadow(&[(1, 10), (1, 11), (2, 12), (3, 13)]);
        let parted = shadow(&[(1, 10), (2, 21), (2, 22), (3, 23)]);
        let at = |index, term| LogPosition::new(index, term);
        let parts = Some((LogIndex::new(2), Term::new(1), Term::new(2)));
        assert_eq!(ours.parts_from(&parted, at(3, 2)), parts);
        assert_eq!(ours.parts_from(&parted, at(3, 9)), None, "it holds no such entry any more");
        assert_eq!(ours.parts_from(&parted, at(5, 3)), None, "nor one so far");
        assert_eq!(ours.parts_from(&ours, at(3, 2)), None);
    }

    #[test]
    fn an_index_and_a_term_stand_for_one_history_whoever_holds_it() {
        let mut ledger = EntryLedger::default();
        let mut enter = |index, term, digest, by| {
            let link = Link { term: Term::new(term), digest };
            ledger.enter(LogIndex::new(index), link, NodeId::new(by))
        };
        // Of two terms at one index, of two indexes in one term, and again: nothing contradicts.
        for (index, term, digest) in [(1, 1, 11), (1, 2, 12), (1, 3, 13), (2, 2, 22), (2, 3, 23)] {
            assert_eq!(enter(index, term, digest, 0), None, "{index}@{term}");
            assert_eq!(enter(index, term, digest, 1), None, "{index}@{term} again");
        }
        assert_eq!(enter(1, 1, 99, 2), Some(NodeId::new(0)));
        assert_eq!(enter(1, 3, 99, 2), Some(NodeId::new(0)));
        assert_eq!(enter(2, 3, 13, 2), Some(NodeId::new(0)), "right elsewhere, wrong here");
    }
}
