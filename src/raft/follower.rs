//! How a follower handles AppendEntries (§5.3; Figure 2, AppendEntries receiver).

use super::event::Event;
use super::log::{Overlap, Verified};
use super::role::{Role, RoleKind};
use super::rpc::{AppendEntries, AppendEntriesReply, AppendOutcome, MessageKind};
use super::rules::{Facts, Rule, TimerCause, broken};
use super::turn::Turn;
use super::types::{LogEntry, LogIndex, NodeId, Term};

impl Turn<'_> {
    /// Handles AppendEntries of the leader of this term. The node stores the entries if it has the
    /// entry just before them, and answers up to which index its log now equals the leader's.
    pub(super) fn handle_append_entries(&mut self, request: &AppendEntries) {
        let (leader, term, prev) = (request.leader_id, self.current_term(), request.prev_log());
        // A leader takes no orders, not even from another one of its term (which Election Safety rules out).
        if self.is_leader() || !self.follow(leader, term) {
            return self.ignore(leader, MessageKind::AppendEntries);
        }
        self.keep_vote(term);
        self.election_timer_hears(TimerCause::of_leader(request.term, term));
        let (found, last) = (self.log().term_at(prev.index), self.last().index);
        let facts = Facts::PrevEntry { prev, found, last };
        match self.check(Rule::LogMatchingCheck, found == Some(prev.term), facts) {
            Ok(()) => self.accept_append(request),
            Err(_) => self.refuse_append(request, self.log().rejection(prev.index)),
        }
    }

    /// Recognises the leader of this term, in a follower or candidate. Returns whether the node now
    /// follows it.
    fn follow(&mut self, leader: NodeId, term: Term) -> bool {
        let candidate = self.role.kind() == RoleKind::Candidate;
        let facts = Facts::Leader { leader, term };
        if candidate && !self.must(Rule::CandidateYieldsToLeader, facts) {
            return false;
        }
        if self.leader() != Some(leader) {
            self.change_role(Role::Follower { leader: Some(leader) });
            self.emit(Event::LeaderRecognised { leader, term });
        }
        true
    }

    /// Keeps the vote: the election is over, but the term is not, so the node must not vote for another.
    fn keep_vote(&mut self, term: Term) {
        let facts = Facts::VoteKept { term, voted_for: self.voted_for() };
        if self.voted_for().is_some() && !self.must(Rule::VoteClearedOnlyByNewTerm, facts) {
            self.forget_vote();
        }
    }

    pub(super) fn refuse_append(&mut self, request: &AppendEntries, outcome: AppendOutcome) {
        self.emit(Event::EntriesRefused { prev: request.prev_log() });
        self.send(request.leader_id, AppendEntriesReply { term: self.current_term(), outcome });
    }

    fn accept_append(&mut self, request: &AppendEntries) {
        let (prev, count) = (request.prev_log_index, request.entries.len());
        self.delete_conflict(prev, &request.entries);
        let (verified, new_from) = self.node.persistent.log.append_missing(prev, &request.entries);
        self.unsaved.0.log_changed(new_from);
        let match_index = self.acknowledge(verified);
        self.emit(Event::EntriesAccepted { count, new_from, acknowledged: match_index });
        self.commit_as_follower(request.leader_commit, verified);
        let outcome = AppendOutcome::Accepted { match_index };
        self.send(request.leader_id, AppendEntriesReply { term: self.current_term(), outcome });
    }

    /// Deletes the first entry whose term differs from the leader's, and all that follow (receiver 3). Without
    /// a conflict it deletes nothing: entries after those of the request may be newer than the request.
    fn delete_conflict(&mut self, prev: LogIndex, entries: &[LogEntry]) {
        let (end, last) = (prev.plus(entries.len()), self.last().index);
        let facts = Facts::NoConflict { from: prev.next(), last };
        if let Overlap::Conflict { leader, own } = self.log().overlap(prev, entries) {
            if self.must(Rule::ConflictTruncates, Facts::Conflict { leader, own }) {
                self.truncate_from(leader.index);
            }
        } else if end < last && !self.must(Rule::TruncateOnlyOnConflict, facts) {
            self.truncate_without_conflict(prev);
        }
    }

    /// The index that a success acknowledges: only what this request verified.
    fn acknowledge(&mut self, verified: Verified) -> LogIndex {
        let (verified, last) = (verified.index(), self.last().index);
        let facts = Facts::Verified { verified, last };
        if verified < last && !self.must(Rule::AcknowledgeOnlyVerified, facts) {
            return broken::all_of(self.log());
        }
        verified
    }
}
