//! When an entry is committed (§5.3, §5.4.2): the leader counts copies, and tells the followers.

use super::event::Event;
use super::leader::Leader;
use super::log::Verified;
use super::rules::{Facts, Rule};
use super::turn::Turn;
use super::types::{LogIndex, LogPosition};

impl Leader<'_, '_> {
    /// Counts copies, after one more node is known to hold the leader's log up to `heard`. Commits the
    /// highest index that a majority holds, if its entry is of the leader's own term; all entries
    /// before it are then committed too. Copies of an older entry prove nothing, because a later leader
    /// may not have it (Figure 8). Terms never decrease along a log, so no lower index need be checked.
    ///
    /// Callers ignore a refusal: the leader waits, and the verdict says what it waits for.
    pub(super) fn advance_commit(&mut self, heard: LogIndex) -> Result<(), Rule> {
        let nodes = self.settings.nodes;
        // A majority, unless that rule is broken.
        let held = self.table().held_by(self.settings.quorum(), nodes);
        // With nothing new on a majority the rules are asked of what was heard, so that their verdicts say what the
        // leader waits for.
        let index = if held > self.commit_index { held } else { heard };
        if index <= self.commit_index {
            return Ok(());
        }
        let copies = self.table().copies(index, nodes);
        self.check_majority(copies, Some(index))?;

        let term = self.log().term_at(index).expect("a leader has what it counts copies of");
        let (entry, own) = (LogPosition { term, index }, self.current_term());
        self.check(Rule::CommitOnlyCurrentTerm, term == own, Facts::EntryTerm { entry, own })?;
        self.commit(index);
        Ok(())
    }
}

impl Turn<'_> {
    /// Commits what the leader has committed, but at most up to the last entry that this request
    /// verified: entries after that may come from a deposed leader (Figure 2, AppendEntries receiver 5).
    pub(super) fn commit_as_follower(&mut self, leader_commit: LogIndex, verified: Verified) {
        let (verified, last) = (verified.index(), self.last().index);
        if leader_commit <= self.commit_index {
            return;
        }
        let within = leader_commit.min(last) <= verified;
        let facts = Facts::CommitLimit { leader_commit, verified, last };
        // This rule limits: where it does not hold, the node commits less. If it is broken too, the check passes.
        if self.check(Rule::CommitOnlyVerified, within, facts).is_ok() && !within {
            self.commit_unverified(leader_commit);
        }
        self.commit(leader_commit.min(verified));
    }

    /// Raises the commit index, at most to the end of the log. (If `log-matching-check` is broken,
    /// the log may end before the index that a request seems to verify.)
    pub(super) fn commit(&mut self, to: LogIndex) {
        let (from, to) = (self.commit_index, to.min(self.last().index));
        if to > from {
            self.node.commit_index = to;
            self.emit(Event::CommitAdvanced { from, to });
        }
    }
}
