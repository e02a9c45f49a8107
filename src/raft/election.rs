//! Asking for votes, giving them, counting them (§5.2, §5.4.1).

use super::event::Event;
use super::role::{Role, Votes};
use super::rpc::{MessageKind, RequestVote, RequestVoteReply};
use super::rules::{Facts, Rule, TimerCause};
use super::turn::Turn;
use super::types::{LogPosition, NodeId, Payload};

impl Turn<'_> {
    /// Campaigns, because the election timer ended: the node enters a new term as a candidate,
    /// votes for itself, and asks all other nodes for their votes (Figure 2, candidates).
    pub(super) fn campaign(&mut self) {
        let (id, before, last) = (self.id, self.current_term(), self.last());
        let Some(next) = before.next() else { return self.emit(Event::TermsExhausted) };
        if self.must(Rule::NewTermPerElection, Facts::Election { before, term: next }) {
            self.enter_term(next);
        }
        let (term, votes) = (self.current_term(), Votes::of(id));
        let vote = Facts::Vote { term, voted_for: self.voted_for(), candidate: id };
        if self.must(Rule::CandidateVotesForItself, vote) {
            self.give_vote(id);
        }
        self.change_role(Role::Candidate { votes });
        self.emit(Event::ElectionStarted { term, last });
        self.election_timer_hears(TimerCause::ElectionStarted);
        self.peers().for_each(|peer| self.send(peer, RequestVote::new(term, id, last)));
        self.lead_if_elected(votes);
    }

    /// Handles the vote request of a candidate of this term (Figure 2, RequestVote receiver 2).
    pub(super) fn handle_request_vote(&mut self, request: &RequestVote) {
        let vote = self.may_vote_for(request.candidate_id, request.last_log());
        self.answer_candidate(request.candidate_id, vote);
    }

    /// Whether the node may vote for a candidate. Its vote must be free, or already given to this
    /// candidate, and the candidate's log must be at least as up to date as its own. The last terms
    /// are compared first, then the last indexes (§5.4.1), which is the order of [`LogPosition`].
    fn may_vote_for(&mut self, candidate: NodeId, theirs: LogPosition) -> Result<(), Rule> {
        let (term, voted_for, own) = (self.current_term(), self.voted_for(), self.last());
        let free = voted_for.is_none_or(|node| node == candidate);
        self.check(Rule::OneVotePerTerm, free, Facts::Vote { term, voted_for, candidate })?;

        let (up_to_date, logs) = (theirs >= own, Facts::Logs { candidate: theirs, own });
        // Only where the two comparisons disagree does it matter which comes first, so only then is the rule asked.
        let longer = theirs.index >= own.index;
        if up_to_date != longer && !self.must(Rule::TermBeforeLength, logs) {
            return self.check_lengths(theirs.index, own.index);
        }
        self.check(Rule::UpToDateLog, up_to_date, logs)
    }

    /// Answers a vote request: gives the vote, or reports the rule that refused it.
    pub(super) fn answer_candidate(&mut self, candidate: NodeId, vote: Result<(), Rule>) {
        let term = self.current_term();
        match vote {
            Ok(()) => self.give_vote(candidate),
            Err(rule) => self.emit(Event::VoteRefused { to: candidate, term, rule }),
        }
        self.election_timer_hears(TimerCause::of_vote(vote));
        self.send(candidate, RequestVoteReply { term, vote_granted: vote.is_ok() });
    }

    fn give_vote(&mut self, candidate: NodeId) {
        self.unsaved.0.term_or_vote |= self.voted_for() != Some(candidate);
        self.node.persistent.voted_for = Some(candidate);
        self.emit(Event::VoteGranted { to: candidate, term: self.current_term() });
    }

    /// Handles a voter's answer. An answer that comes after the election is over is ignored.
    pub(super) fn handle_vote_reply(&mut self, from: NodeId, reply: &RequestVoteReply) {
        let Role::Candidate { mut votes } = self.role else {
            return self.ignore(from, MessageKind::RequestVoteReply);
        };
        if !reply.vote_granted {
            return self.emit(Event::VoteDenied { by: from });
        }
        let facts = Facts::VoteReceived { voter: from, counted_before: votes.contains(from) };
        if self.check(Rule::VotesCountedOnceAndInTerm, !votes.contains(from), facts).is_ok() {
            votes.count(from);
            self.node.role = Role::Candidate { votes };
            self.emit(Event::VoteCounted { from, votes: votes.counted() });
            self.lead_if_elected(votes);
        }
    }

    fn lead_if_elected(&mut self, votes: Votes) {
        if self.check_majority(votes.counted(), None).is_ok() {
            self.become_leader();
        }
    }

    /// Makes the winner of an election the leader. It keeps its whole log, including entries that
    /// it does not know to be committed, and sends AppendEntries at once (§5.2). Its no-op (§8) is
    /// appended after every `next_index` is set, so that all followers are sent it.
    fn become_leader(&mut self) {
        let (term, last, commit) = (self.current_term(), self.last(), self.commit_index);
        self.change_role(Role::new_leader(self.id, self.settings.nodes, last.index));
        self.emit(Event::BecameLeader { term });
        if last.index > commit && !self.must(Rule::LeaderAppendOnly, Facts::Tail { last, commit }) {
            self.drop_uncommitted_tail();
        }
        let mut leader = self.as_leader().expect("it leads from here on");
        if leader.settings.no_op && leader.must(Rule::NoOpOnElection, Facts::Leadership { term }) {
            leader.append([Payload::NoOp]);
        }
        leader.replicate();
        // A leader that is alone in its cluster commits at once.
        _ = leader.advance_commit(leader.last().index);
    }
}
