//! Asking for votes, giving them, counting them (§5.2, §5.4.1).

use super::node::RaftNode;
use super::output::{Event, Output};
use super::role::{ProgressTable, Role, Votes};
use super::rpc::{Message, MessageKind, VoteRequest, VoteResponse};
use super::rules::Rule;
use super::types::{LogPosition, NodeId, Payload};
use super::verdict::{Facts, TimerCause, Verdict};

impl RaftNode {
    /// The election timer ended: stand for election in a new term (Figure 2, candidates).
    pub(super) fn start_election(&mut self, out: &mut Output) {
        if self.is_leader() {
            return;
        }
        let before = self.current_term();
        let facts = Facts::Election { before, term: before.next() };
        let new_term = self.oblige(Rule::NewTermPerElection, facts, out);
        let term = if new_term { before.next() } else { before };

        let facts = Facts::Vote { term, voted_for: None, candidate: self.id };
        let own_vote = self.oblige(Rule::CandidateVotesForItself, facts, out).then_some(self.id);
        self.enter_term(term, own_vote, out);
        let mut votes = Votes::default();
        votes.count(self.id);
        self.change_role(Role::Candidate { votes }, out);
        self.restart_election_timer(TimerCause::ElectionStarted, out);

        let last = self.last();
        out.events.push(Event::ElectionStarted { term, last });
        if own_vote.is_some() {
            out.events.push(Event::VoteGranted { to: self.id, term });
        }
        for peer in self.peers() {
            let request = VoteRequest {
                term,
                candidate_id: self.id,
                last_log_index: last.index,
                last_log_term: last.term,
            };
            self.send(peer, Message::VoteRequest(request), out);
        }
        self.lead_if_elected(out);
    }

    /// A candidate asks for the vote. Its term is the node's own by now (Figure 2, RequestVote
    /// receiver 2).
    pub(super) fn handle_vote_request(&mut self, request: &VoteRequest, out: &mut Output) {
        let candidate = request.candidate_id;
        let term = self.current_term();
        let voted_for = self.voted_for();
        let free = voted_for.is_none_or(|node| node == candidate);
        let vote = Facts::Vote { term, voted_for, candidate };
        let own = self.last();
        let logs = Facts::Logs { candidate: request.last_log(), own };

        let refused = if self.require(Rule::OneVotePerTerm, free, vote, out) {
            let fresh = self.is_up_to_date(request.last_log(), own, out);
            (!self.require(Rule::UpToDateLog, fresh, logs, out)).then_some(Rule::UpToDateLog)
        } else {
            Some(Rule::OneVotePerTerm)
        };
        match refused {
            None => {
                if voted_for != Some(candidate) {
                    self.set_vote(Some(candidate), out);
                }
                out.events.push(Event::VoteGranted { to: candidate, term });
                self.restart_election_timer(TimerCause::VoteGranted, out);
            }
            Some(rule) => {
                out.events.push(Event::VoteRefused { to: candidate, term, rule });
                self.restart_election_timer(TimerCause::VoteRefused, out);
            }
        }
        let response = VoteResponse { term, vote_granted: refused.is_none() };
        self.send(candidate, Message::VoteResponse(response), out);
    }

    /// Whether a candidate's log is at least as up to date as this one: last term first, then
    /// index (§5.4.1), which is the order of [`LogPosition`].
    fn is_up_to_date(&self, candidate: LogPosition, own: LogPosition, out: &mut Output) -> bool {
        let by_position = candidate >= own;
        let by_length = candidate.index >= own.index;
        if by_position == by_length {
            return by_position;
        }
        let kept = self.settings.rules.keeps(Rule::TermBeforeLength);
        let facts = Facts::Logs { candidate, own };
        out.events.push(Event::Checked(Verdict::new(Rule::TermBeforeLength, kept, true, facts)));
        if kept { by_position } else { by_length }
    }

    /// A voter answered. Its term is the node's own by now.
    pub(super) fn handle_vote_response(
        &mut self,
        from: NodeId,
        response: &VoteResponse,
        out: &mut Output,
    ) {
        let Role::Candidate { votes } = &self.role else {
            // The election is over: a vote that comes now is merely late.
            out.events.push(Event::Ignored { from, kind: MessageKind::VoteResponse });
            return;
        };
        if !response.vote_granted {
            out.events.push(Event::VoteDenied { by: from });
            return;
        }
        let mut votes = *votes;
        let counted_before = votes.contains(from);
        let facts = Facts::VoteReceived { voter: from, counted_before };
        if !self.require(Rule::VotesCountedOnceAndInTerm, !counted_before, facts, out) {
            return;
        }
        votes.count(from);
        self.role = Role::Candidate { votes };
        out.events.push(Event::VoteCounted { from, votes: votes.counted() });
        self.lead_if_elected(out);
    }

    fn lead_if_elected(&mut self, out: &mut Output) {
        let Role::Candidate { votes } = self.role else { return };
        let facts = Facts::Quorum {
            have: votes.counted(),
            need: self.settings.majority(),
            nodes: self.settings.nodes,
        };
        if self.has_quorum(votes.counted(), facts, out) {
            self.become_leader(out);
        }
    }

    /// The node won: it speaks at once, with an entry of its own term (§5.2, §8).
    fn become_leader(&mut self, out: &mut Output) {
        let term = self.current_term();
        let progress = ProgressTable::new(self.settings.nodes, self.last().index);
        self.change_role(Role::Leader { progress }, out);
        out.events.push(Event::BecameLeader { term });

        let facts = Facts::Tail { last: self.last(), commit: self.commit_index };
        let has_a_tail = self.last().index > self.commit_index;
        if has_a_tail && !self.oblige(Rule::LeaderAppendOnly, facts, out) {
            self.drop_uncommitted_tail(out);
        }
        let facts = Facts::Leadership { term };
        if self.settings.no_op && self.oblige(Rule::NoOpOnElection, facts, out) {
            self.append_as_leader([Payload::NoOp], out);
        } else {
            self.take_own_log_into_account();
        }
        self.broadcast(out);
        self.advance_commit(self.last().index, out);
    }

    /// What a leader must never do; it happens only with `leader-append-only` broken.
    fn drop_uncommitted_tail(&mut self, out: &mut Output) {
        let (from, to) = (self.commit_index.next(), self.last().index);
        if from > to {
            return;
        }
        self.persistent.log.truncate_behind(self.commit_index);
        out.unsaved.log_changed(from);
        out.events.push(Event::Truncated { from, to });
        let progress = ProgressTable::new(self.settings.nodes, self.last().index);
        self.role = Role::Leader { progress };
    }
}
