//! What a node does with a rule broken: every deed that Raft never does. Skip it at a first reading.
//! The protocol calls what is here by name, and only where the check of the rule has failed. Most broken
//! rules need nothing from here: their check lets pass what it should have stopped.

use super::{Facts, Rule, RuleSet};
use crate::raft::log::Log;
use crate::raft::node::{RaftNode, Settings};
use crate::raft::role::Role;
use crate::raft::storage::{Storage, Unsaved, Write};
use crate::raft::turn::Turn;
use crate::raft::types::LogIndex;

/// Whether a node goes on though a rule's condition does not hold. With `majority-quorum` broken,
/// half of the cluster is enough; less than that is not.
pub(super) fn lets_pass(rules: RuleSet, rule: Rule, facts: &Facts) -> bool {
    let enough = match *facts {
        Facts::Quorum { have, nodes, .. } | Facts::Copies { have, nodes, .. } => {
            have >= half(nodes)
        }
        _ => true,
    };
    enough && !rules.keeps(rule)
}

fn half(nodes: usize) -> usize {
    (nodes / 2).max(1)
}

impl Settings {
    /// `majority-quorum`: on how many nodes a leader looks for an entry; half of them without the rule.
    pub(in crate::raft) fn quorum(&self) -> usize {
        if self.rules.keeps(Rule::MajorityQuorum) { self.majority() } else { half(self.nodes) }
    }
}

/// `votes-counted-once-and-in-term`: grants that were counted beyond one a voter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(in crate::raft) struct DuplicateVotes(u8);

impl DuplicateVotes {
    /// Counts a vote again.
    pub(in crate::raft) const fn count(&mut self) {
        self.0 = self.0.saturating_add(1);
    }

    /// How many there are; 0 while the rule is kept.
    pub(in crate::raft) const fn counted(self) -> usize {
        self.0 as usize
    }
}

/// `acknowledge-only-verified`: a follower acknowledges whatever it has, verified or not.
pub(in crate::raft) const fn all_of(log: &Log) -> LogIndex {
    log.last_index()
}

impl Turn<'_> {
    /// `term-before-length`: compares two logs by their lengths in place of their last terms.
    pub(in crate::raft) fn check_lengths(
        &mut self,
        candidate: LogIndex,
        own: LogIndex,
    ) -> Result<(), Rule> {
        self.check(Rule::UpToDateLog, candidate >= own, Facts::Lengths { candidate, own })
    }

    /// `commit-only-verified`: the follower commits whatever it has, verified or not.
    pub(in crate::raft) fn commit_unverified(&mut self, leader_commit: LogIndex) {
        self.commit(leader_commit);
    }

    /// `vote-cleared-only-by-new-term`: the node hears the leader, and is free to vote again in the
    /// same term.
    pub(in crate::raft) const fn forget_vote(&mut self) {
        self.node.persistent.voted_for = None;
        self.unsaved.0.term_or_vote = true;
    }

    /// `truncate-only-on-conflict`: the follower deletes all that comes after the entry on which the
    /// request builds, though nothing is in conflict.
    pub(in crate::raft) fn truncate_without_conflict(&mut self, prev: LogIndex) {
        self.truncate_from(prev.next());
    }

    /// `leader-append-only`: a new leader deletes the entries that it does not know to be
    /// committed, and begins anew with what is left.
    pub(in crate::raft) fn drop_uncommitted_tail(&mut self) {
        self.truncate_from(self.commit_index().next());
        let (id, nodes, last) = (self.id(), self.settings().nodes, self.last().index);
        self.change_role(Role::new_leader(id, nodes, last));
    }
}

impl RaftNode {
    /// `persist-before-reply`: saves what an earlier turn sent without saving, just before the next
    /// turn begins.
    ///
    /// # Errors
    /// The storage's own.
    pub fn save_late<S: Storage>(&self, late: Unsaved, storage: &mut S) -> Result<(), S::Error> {
        if late.is_empty() { Ok(()) } else { storage.save(Write::of(self.persistent(), late)) }
    }
}
