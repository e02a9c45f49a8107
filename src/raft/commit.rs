//! When an entry is committed (§5.3, §5.4.2): the leader counts, a follower is told.

use super::event::Event;
use super::leader::Leader;
use super::log::Verified;
use super::rules::{Facts, Rule};
use super::turn::Turn;
use super::types::{LogIndex, LogPosition};

impl Leader<'_, '_> {
    /// A leader counts the copies, after one more node is known to hold its log up to `heard`. It
    /// commits the highest index that a majority holds, if that is an entry of its own term: then all
    /// before it are committed too. Copies of an older entry prove nothing, because a later leader may
    /// not have it (Figure 8). Terms never decrease along a log, so no lower index need be looked at.
    ///
    /// The callers do nothing with a refusal: the leader waits, and the verdict says for what.
    pub(super) fn advance_commit(&mut self, heard: LogIndex) -> Result<(), Rule> {
        let (need, nodes) = (self.settings.majority(), self.settings.nodes);
        let held = self.table().held_by(self.settings.quorum(), nodes);
        // With nothing new on a majority the rule is asked of what was heard, only for the record.
        let index = if held > self.commit_index { held } else { heard };
        if index <= self.commit_index {
            return Ok(());
        }
        let have = self.table().copies(index, nodes);
        self.check_quorum(have, Facts::Copies { index, have, need, nodes })?;

        let term = self.log().term_at(index).expect("a leader has what it counts copies of");
        let (entry, own) = (LogPosition { term, index }, self.current_term());
        self.check(Rule::CommitOnlyCurrentTerm, term == own, Facts::EntryTerm { entry, own })?;
        self.commit(index);
        Ok(())
    }
}

impl Turn<'_> {
    /// A follower learns how far the leader has committed. It commits that, but at most what this
    /// request verified: what it holds after that may come from a leader that was deposed (Figure 2,
    /// AppendEntries receiver 5).
    pub(super) fn commit_as_follower(&mut self, leader_commit: LogIndex, verified: Verified) {
        let (verified, last) = (verified.index(), self.last().index);
        if leader_commit <= self.commit_index {
            return;
        }
        let within = leader_commit.min(last) <= verified;
        let facts = Facts::CommitLimit { leader_commit, verified, last };
        if self.check(Rule::CommitOnlyVerified, within, facts).is_ok() && !within {
            self.commit_unverified(leader_commit);
        }
        self.commit(leader_commit.min(verified));
    }

    /// Raises the commit index. (It stays in the log, which without `log-matching-check` may end
    /// before what a request seems to verify.)
    pub(super) fn commit(&mut self, to: LogIndex) {
        let (from, to) = (self.commit_index, to.min(self.last().index));
        if to > from {
            self.node.commit_index = to;
            self.emit(Event::CommitAdvanced { from, to });
        }
    }
}
