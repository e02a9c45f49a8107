//! Dead messages: those whose arrival can never again change anything.
//!
//! A message that was sent stays in the state, so that it can arrive late, or twice. Most soon have
//! nothing more to do: a vote that was counted, an answer to a candidate that has gone on to another
//! term. Two states that differ only in such messages have the same future, so a dead message may
//! be taken out. Without this the states of even three nodes and two terms run into millions.
//!
//! Each clause below rests on a rule of Raft, and is off when that rule is broken. All of them rest
//! on terms that never go back, so none is in force without `persist-before-reply`.

use super::state::{Model, State};
use crate::raft::{
    AppendEntriesResponse, AppendOutcome, Envelope, Message, RaftNode, Role, Rule, Term,
    VoteResponse,
};

impl Model<'_> {
    /// Whether the arrival of a message can change nothing, now or later.
    pub(super) fn is_dead(&self, state: &State, letter: u32) -> bool {
        let Envelope { from, to, message } = &self.letter(letter).envelope;
        if !self.bounds.merge.dead_messages || !self.settings.rules.keeps(Rule::PersistBeforeReply)
        {
            return false;
        }
        let (from, to) = (self.node(state, *from), self.node(state, *to));
        match message {
            Message::VoteResponse(m) => vote_is_idle(to, from, m),
            Message::AppendEntriesResponse(m) => answer_is_idle(to, from, m),
            Message::VoteRequest(_) | Message::AppendEntriesRequest(_) => {
                self.request_is_idle(to, from, message)
            }
        }
    }

    /// A request whose answer, and that is all it can lead to, is idle too. An old request is not
    /// dead by being old: it can still make its receiver tell the sender a higher term. Only where
    /// the bounds end, and there is no higher term to tell, it is.
    fn request_is_idle(&self, to: &RaftNode, from: &RaftNode, message: &Message) -> bool {
        let top = Term::new(self.bounds.terms);
        if to.current_term() != top || from.current_term() != top {
            return false;
        }
        let term = message.term();
        let rules = &self.settings.rules;
        match message {
            // An older request is refused, and the candidate learns nothing from it.
            Message::VoteRequest(_) if term < top => rules.keeps(Rule::StaleTermRejected),
            // The vote of the last term is given, and to another: it stays with that.
            Message::VoteRequest(request) => {
                let vote = to.voted_for();
                let given = vote.is_some() && vote != Some(request.candidate_id);
                given
                    && rules.keeps(Rule::OneVotePerTerm)
                    && rules.keeps(Rule::VoteClearedOnlyByNewTerm)
                    && rules.keeps(Rule::NewTermPerElection)
            }
            // The sender of an older AppendEntries takes no answer while it does not lead, and in
            // the last term a follower can come to lead no more.
            Message::AppendEntriesRequest(_) => {
                term < top
                    && matches!(from.role(), Role::Follower { .. })
                    && rules.keeps(Rule::StaleTermRejected)
                    && rules.keeps(Rule::NewTermPerElection)
            }
            _ => false,
        }
    }
}

/// A vote, or its refusal, on its way to the candidate.
fn vote_is_idle(candidate: &RaftNode, voter: &RaftNode, m: &VoteResponse) -> bool {
    let rules = &candidate.settings().rules;
    if m.term > candidate.current_term() {
        return false;
    }
    if !m.vote_granted {
        // In the candidate's own term, or an older one, a refusal only says no.
        return true;
    }
    if m.term < candidate.current_term() {
        return rules.keeps(Rule::VotesCountedOnceAndInTerm);
    }
    match candidate.role() {
        // The one vote of this voter has been counted.
        Role::Candidate { votes } => {
            votes.contains(voter.id()) && rules.keeps(Rule::VotesCountedOnceAndInTerm)
        }
        // The election is over, and the next one has another term.
        Role::Follower { .. } | Role::Leader { .. } => rules.keeps(Rule::NewTermPerElection),
    }
}

/// An answer to AppendEntries on its way to the leader.
fn answer_is_idle(leader: &RaftNode, follower: &RaftNode, m: &AppendEntriesResponse) -> bool {
    let rules = &leader.settings().rules;
    if m.term > leader.current_term() {
        return false;
    }
    if m.term < leader.current_term() {
        return rules.keeps(Rule::RepliesMatchedToTerm);
    }
    match leader.role() {
        // It does not lead, and whoever follows in a term does not come to lead it.
        Role::Follower { .. } => rules.keeps(Rule::NewTermPerElection),
        // It may win yet; and someone may have refused, in this term, what it sent in an older one.
        Role::Candidate { .. } => false,
        // What is known to match only grows; less than that is not listened to.
        Role::Leader { progress } => {
            let known = progress.of(follower.id()).match_index;
            rules.keeps(Rule::MatchIndexMonotone)
                && match m.outcome {
                    AppendOutcome::Accepted { match_index } => match_index < known,
                    AppendOutcome::Rejected { prev_log_index, .. } => prev_log_index <= known,
                }
        }
    }
}
