//! Election Safety, Vote Uniqueness and Leader Completeness: who led which term, by which votes, and
//! without which entries.

use super::commits::Commit;
use super::ledger::{Begun, FirstCommit, Link, Shadow};
use super::{Checker, Evidence};
use crate::raft::{LogIndex, LogPosition, NodeId, Property, Term};

impl Checker {
    /// Records that a node began to lead a term with this log. Checks Election Safety and Leader
    /// Completeness.
    pub(super) fn begins(&mut self, leader: NodeId, term: Term, log: Shadow) {
        self.checks[Property::ElectionSafety as usize] += 1;
        let first = *self.leaders.entry(term).or_insert(leader);
        if first != leader {
            self.second_leaders.insert((term, leader));
            let evidence = Evidence::TwoLeaders { term, first, second: leader };
            self.report(Property::ElectionSafety, evidence);
        }
        self.checks[Property::LeaderCompleteness as usize] += 1;
        let begun = Begun::new(leader, term, log);
        let committed = |index: LogIndex| {
            let committed = self.committed[index.prev().count()];
            (committed.in_term < term).then_some(committed)
        };
        if let Some(evidence) = lacks(&begun, LogIndex::FIRST, self.committed_len(), committed) {
            self.report(Property::LeaderCompleteness, evidence);
        }
        let earlier = self.committed.iter().rposition(|entry| entry.in_term < term);
        self.keep(begun.compared_to(LogIndex::ZERO.plus(earlier.map_or(0, |at| at + 1))));
    }

    /// Keeps what a leader began with as long as a node may still commit something in an earlier
    /// term: until the term of that leader, or a later one, is durable on every node.
    fn keep(&mut self, begun: Begun) {
        self.begun.push(begun);
        let oldest = self.watched.iter().map(|watched| watched.durable_term).min();
        self.begun.retain(|begun| oldest.is_none_or(|oldest| begun.term > oldest));
    }

    /// Checks that the leaders of later terms began with the entries of this commit from index `first` on.
    /// Only now is it known that these were committed, or that it was in so early a term.
    pub(super) fn ask_later_leaders(&mut self, commit: Commit, first: LogIndex) {
        let Commit { node: by, to, in_term, stays, .. } = commit;
        let begun = std::mem::take(&mut self.begun);
        for begun in begun.iter().filter(|begun| begun.term > in_term) {
            self.checks[Property::LeaderCompleteness as usize] += 1;
            let committed = |index| {
                let Link { term, digest } = self.watched[by.index()].memory.at(index)?;
                Some(FirstCommit { term, digest, in_term, by })
            };
            if let Some(evidence) = lacks(begun, first, to.min(stays), committed) {
                self.report(Property::LeaderCompleteness, evidence);
            }
        }
        self.begun = begun;
    }

    pub(super) fn voted(&mut self, voter: NodeId, term: Term, candidate: NodeId) {
        self.checks[Property::VoteUniqueness as usize] += 1;
        let first = *self.votes.entry((voter, term)).or_insert(candidate);
        if first != candidate {
            let evidence = Evidence::TwoVotes { voter, term, first, second: candidate };
            self.report(Property::VoteUniqueness, evidence);
        }
    }
}

/// Leader Completeness: finds an entry from `first` to `last` that was committed in an earlier term and
/// that a leader began without.
fn lacks(
    begun: &Begun,
    first: LogIndex,
    last: LogIndex,
    committed: impl Fn(LogIndex) -> Option<FirstCommit>,
) -> Option<Evidence> {
    let held = |index, entry: FirstCommit| begun.held(index, entry.digest);
    let indexes = (first.get()..=last.get()).map(LogIndex::new);
    let mut asked = indexes.filter_map(|index| Some((index, committed(index)?)));
    // A digest also stands for all entries before it, so a leader that held the last one held them all.
    let newest = asked.next_back().filter(|&(index, entry)| held(index, entry).is_err())?;
    let lacked = asked.find(|&(index, entry)| held(index, entry).is_err());
    let (index, missing) = lacked.unwrap_or(newest);
    let instead = held(index, missing).err().flatten();
    let before = index.prev();
    if instead == Some(missing.term)
        && before > LogIndex::ZERO
        && committed(before).is_some_and(|entry| held(before, entry).is_err())
    {
        // This may be the same entry after a different one. The one before it is missing, and was reported.
        return None;
    }
    Some(Evidence::LeaderLacks {
        leader: begun.leader,
        term: begun.term,
        missing: LogPosition { term: missing.term, index },
        instead,
        committed_in: missing.in_term,
        committed_by: missing.by,
    })
}
