//! The checker's ledgers: a chain of digests for each log, who first held which entry, what each leader
//! began with, and what was committed first at each index.

use crate::digest;
use crate::raft::{Log, LogEntry, LogIndex, LogPosition, NodeId, Term};

/// One entry of a log, with the digest of the log up to and including it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Link {
    pub(super) term: Term,
    pub(super) digest: u64,
}

/// A change of a log: the index from which on it changed, and what was there before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct LogChange {
    pub(super) from: LogIndex,
    pub(super) removed: Vec<Link>,
}

/// A log as a chain of digests: two logs are equal up to an index if their links there are equal.
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

    /// The end of this log, from the first link that differs from `other`, with the indexes.
    pub(super) fn not_in(&self, other: &Self) -> impl Iterator<Item = (LogIndex, Link)> {
        let pairs = self.links.iter().zip(&other.links);
        let same = pairs.take_while(|(a, b)| a == b).count();
        let rest = self.links.iter().enumerate().skip(same);
        rest.map(|(at, &link)| (LogIndex::ZERO.plus(at + 1), link))
    }

    /// The first index at which this log differs from another that also holds `position`, and the terms of
    /// the two entries there, this log's first. `None` if this log does not hold `position`.
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

    /// Follows `log`, which changed from index `from` on. Returns the change.
    pub(super) fn follow(
        &mut self,
        from: LogIndex,
        log: &Log,
        digests: &mut KnownDigests,
    ) -> LogChange {
        let kept = from.prev().count().min(self.links.len());
        let removed = self.links.split_off(kept);
        let mut digest = self.links.last().map_or(0, |link| link.digest);
        let known = self.last_index();
        for entry in log.slice(known.next(), usize::MAX) {
            digest = digests.chain(self.links.len(), digest, entry);
            self.links.push(Link { term: entry.term, digest });
        }
        LogChange { from: known.next(), removed }
    }

    /// The shadow as it was before a change.
    pub(super) fn before(&self, change: &LogChange) -> Self {
        let kept = self.links.iter().take(change.from.prev().count());
        Self { links: kept.chain(&change.removed).copied().collect() }
    }
}

/// A cache of the digest that was computed last at each place of a log, with its input. Nearly always the
/// next node, or its disk, appends the same entry to the same log. To compute the digest anew would be a
/// third of the checker's work.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownDigests(Vec<(u64, LogEntry, u64)>);

impl KnownDigests {
    /// Returns the digest of a log that ends with `entry`, after `len` entries whose digest is `before`.
    fn chain(&mut self, len: usize, before: u64, entry: &LogEntry) -> u64 {
        if let Some((behind, known, digest)) = self.0.get(len)
            && (*behind, known) == (before, entry)
        {
            return *digest;
        }
        let digest = digest::chain_entry(before, entry);
        let computed = (before, entry.clone(), digest);
        assert!(len <= self.0.len(), "what stands before an entry was followed before it");
        if len < self.0.len() {
            self.0[len] = computed;
        } else {
            self.0.push(computed);
        }
        digest
    }
}

/// An entry that was seen in some log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    pub(super) link: Link,
    /// The node that held it first.
    pub(super) by: NodeId,
}

/// An entry that its first holder lost, and the term in which it did.
#[derive(Clone, Copy, Debug)]
struct LostEntry {
    index: LogIndex,
    seen: Seen,
    in_term: Term,
}

/// Every entry ever held, by index and term. By Log Matching these two determine the digest.
#[derive(Clone, Debug, Default)]
pub(super) struct EntryLedger {
    /// For each index, the entry that was seen there first. The few others are in `more`.
    first: Vec<Option<Seen>>,
    more: Vec<(LogIndex, Seen)>,
    lost: Vec<LostEntry>,
}

impl EntryLedger {
    /// Enters a link that a node now holds. If another digest is known for the same index and term, returns
    /// that entry with its first holder.
    pub(super) fn enter(&mut self, index: LogIndex, link: Link, by: NodeId) -> Option<Seen> {
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
        if known.is_none() {
            self.more.push((index, seen));
        }
        known.filter(|known| known.link != link)
    }

    /// Records that a node lost an entry, if the node was the first to hold it.
    pub(super) fn lose(&mut self, index: LogIndex, link: Link, by: NodeId, in_term: Term) {
        let seen = Seen { link, by };
        let first = self.first.get(index.prev().count()).copied().flatten();
        if first == Some(seen) || self.more.contains(&(index, seen)) {
            self.lost.push(LostEntry { index, seen, in_term });
        }
    }

    /// The term in which the first holder of an entry last lost it.
    pub(super) fn lost_in(&self, index: LogIndex, seen: Seen) -> Option<Term> {
        let it = |lost: &&LostEntry| lost.index == index && lost.seen == seen;
        self.lost.iter().rev().find(it).map(|lost| lost.in_term)
    }
}

/// A node that began to lead a term, and its log at that moment. Leader Completeness is asked of that log,
/// then and whenever a commit in an earlier term becomes known. It does not matter whether the node still
/// leads, or still has those entries.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    pub(super) leader: NodeId,
    pub(super) term: Term,
    /// The index up to which its log was already compared; that part is not kept.
    compared: LogIndex,
    /// Its log after that index.
    pub(super) rest: Vec<Link>,
}

impl Begun {
    pub(super) fn new(leader: NodeId, term: Term, log: Shadow) -> Self {
        Self { leader, term, compared: LogIndex::ZERO, rest: log.links }
    }

    /// The same, without the part of the log up to `index`, which was compared with what was committed.
    pub(super) fn compared_to(mut self, index: LogIndex) -> Self {
        self.rest = self.rest.split_off(index.count().min(self.rest.len()));
        self.compared = index;
        self
    }

    /// Checks that its log held the entry at `index` with this digest.
    ///
    /// # Errors
    /// If it did not: the term of the entry that it held in that place, if it held one.
    pub(super) fn held(&self, index: LogIndex, digest: u64) -> Result<(), Option<Term>> {
        if index <= self.compared {
            return Ok(());
        }
        match self.rest.get(index.count() - self.compared.count() - 1) {
            Some(link) if link.digest == digest => Ok(()),
            instead => Err(instead.map(|link| link.term)),
        }
    }
}

/// The entry that was committed first at an index.
#[derive(Clone, Copy, Debug)]
pub(super) struct FirstCommit {
    pub(super) term: Term,
    pub(super) digest: u64,
    /// The earliest term in which it was committed, which may be later than its own.
    pub(super) in_term: Term,
    /// The node that committed it in that term.
    pub(super) by: NodeId,
}
