//! What a node does when a rule is broken: every action that correct Raft never takes. Skip this file
//! on a first reading. The protocol calls these functions by name, and only where the check of the rule
//! has failed; two it calls always, and as long as the rule is kept `quorum` is a majority and `counted` is 0.
//! Most broken rules need no code here: their check lets pass what it should have refused.

use super::{Facts, Rule};
use crate::raft::log::Log;
use crate::raft::node::{RaftNode, Settings};
use crate::raft::role::Role;
use crate::raft::storage::{Storage, Unsaved, Write};
use crate::raft::turn::Turn;
use crate::raft::types::LogIndex;

/// Whether a node may go on although the condition of a broken rule does not hold. With `majority-quorum`
/// broken, half of the cluster is enough; fewer nodes are not.
pub(super) fn is_enough(facts: &Facts) -> bool {
    match *facts {
        Facts::Quorum { have, nodes, .. } | Facts::Copies { have, nodes, .. } => {
            have >= half(nodes)
        }
        _ => true,
    }
}

fn half(nodes: usize) -> usize {
    (nodes / 2).max(1)
}

impl Settings {
    /// `majority-quorum`: how many nodes must hold an entry that the leader commits: a majority, or with the rule
    /// broken half of them.
    pub(in crate::raft) fn quorum(&self) -> usize {
        if self.rules.keeps(Rule::MajorityQuorum) { self.majority() } else { half(self.nodes) }
    }
}

/// `votes-counted-once-and-in-term`: the number of grants counted beyond one per voter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(in crate::raft) struct DuplicateVotes(u8);

impl DuplicateVotes {
    /// Counts one more vote of a voter that was counted already.
    pub(in crate::raft) const fn count(&mut self) {
        self.0 = self.0.saturating_add(1);
    }

    /// The number of such votes; 0 while the rule is kept.
    pub(in crate::raft) const fn counted(self) -> usize {
        self.0 as usize
    }
}

/// `acknowledge-only-verified`: the follower acknowledges its whole log, verified or not.
pub(in crate::raft) const fn all_of(log: &Log) -> LogIndex {
    log.last_index()
}

impl Turn<'_> {
    /// `term-before-length`: compares two logs by their lengths instead of their last terms.
    pub(in crate::raft) fn check_lengths(
        &mut self,
        candidate: LogIndex,
        own: LogIndex,
    ) -> Result<(), Rule> {
        self.check(Rule::UpToDateLog, candidate >= own, Facts::Lengths { candidate, own })
    }

    /// `commit-only-verified`: the follower commits as far as the leader has, verified or not.
    pub(in crate::raft) fn commit_unverified(&mut self, leader_commit: LogIndex) {
        self.commit(leader_commit);
    }

    /// `vote-cleared-only-by-new-term`: a node that hears the leader becomes free to vote again in
    /// the same term.
    pub(in crate::raft) const fn forget_vote(&mut self) {
        self.node.persistent.voted_for = None;
        self.unsaved.0.term_or_vote = true;
    }

    /// `truncate-only-on-conflict`: the follower deletes everything after the entry at `prev`,
    /// although nothing conflicts.
    pub(in crate::raft) fn truncate_without_conflict(&mut self, prev: LogIndex) {
        self.truncate_from(prev.next());
    }

    /// `leader-append-only`: a new leader deletes the entries that it does not know to be
    /// committed, and begins its leadership with the shorter log.
    pub(in crate::raft) fn drop_uncommitted_tail(&mut self) {
        self.truncate_from(self.commit_index().next());
        let (id, nodes, last) = (self.id(), self.settings().nodes, self.last().index);
        self.change_role(Role::new_leader(id, nodes, last));
    }
}

impl RaftNode {
    /// `persist-before-reply`: saves the changes that an earlier turn left unsaved when it sent its
    /// messages. This happens just before the next turn begins.
    ///
    /// # Errors
    /// The storage's own error.
    pub fn save_late<S: Storage>(&self, late: Unsaved, storage: &mut S) -> Result<(), S::Error> {
        if late.is_empty() { Ok(()) } else { storage.save(Write::of(self.persistent(), late)) }
    }
}
