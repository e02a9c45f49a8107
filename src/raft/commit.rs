//! When an entry is committed (§5.3, §5.4.2): the leader counts, a follower is told.

use super::log::Verified;
use super::node::RaftNode;
use super::output::{Event, Output};
use super::role::Role;
use super::rules::Rule;
use super::types::{LogIndex, LogPosition};
use super::verdict::Facts;

/// An index that may be committed. Only the two ways below lead to one.
#[derive(Clone, Copy)]
struct Committable(LogIndex);

impl RaftNode {
    /// A leader counts the copies, after `heard` became known to be held by one more node.
    pub(super) fn advance_commit(&mut self, heard: LogIndex, out: &mut Output) {
        if let Some(index) = self.commit_as_leader(heard, out) {
            self.commit(index, out);
        }
    }

    /// The highest index that a majority holds, if it is an entry of the leader's own term. An
    /// older entry is committed only by what stands behind it: counting its copies proves nothing,
    /// because a later leader may not have it (Figure 8).
    fn commit_as_leader(&self, heard: LogIndex, out: &mut Output) -> Option<Committable> {
        let Role::Leader { progress } = &self.role else { return None };
        let (need, nodes) = (self.settings.majority(), self.settings.nodes);
        let held = progress.held_by(self.settings.quorum(), nodes).min(self.last().index);
        let index = if held > self.commit_index { held } else { heard };
        if index <= self.commit_index {
            return None;
        }
        let have = progress.copies(index, nodes);
        let facts = Facts::Copies { index, have, need, nodes };
        if !self.has_quorum(have, facts, out) {
            return None;
        }
        let own = self.current_term();
        let entry = LogPosition { index, term: self.log().term_at(index)? };
        let facts = Facts::EntryTerm { entry, own };
        self.require(Rule::CommitOnlyCurrentTerm, entry.term == own, facts, out)
            .then_some(Committable(index))
    }

    /// A follower learns how far the leader has committed. What it holds behind the verified index
    /// may be the tail of a leader that was deposed (Figure 2, AppendEntries receiver 5).
    pub(super) fn commit_as_follower(
        &mut self,
        leader_commit: LogIndex,
        verified: Verified,
        out: &mut Output,
    ) {
        let last = self.last().index;
        if leader_commit <= self.commit_index {
            return;
        }
        let verified = verified.index();
        let facts = Facts::CommitLimit { leader_commit, verified, last };
        let within = leader_commit.min(last) <= verified;
        let limit = if self.require(Rule::CommitOnlyVerified, within, facts, out) {
            last
        } else {
            verified
        };
        self.commit(Committable(leader_commit.min(limit).min(last)), out);
    }

    fn commit(&mut self, Committable(to): Committable, out: &mut Output) {
        let from = self.commit_index;
        if to > from {
            self.commit_index = to;
            out.events.push(Event::CommitAdvanced { from, to });
        }
    }
}
