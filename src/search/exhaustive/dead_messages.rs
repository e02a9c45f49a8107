//! Dead messages: those whose arrival can never again change anything.
//!
//! A message that was sent stays in the state, so that it can arrive late, or twice. Most soon have
//! nothing more to do: a vote that was counted, an answer to a candidate that has gone on to another
//! term. Two states that differ only in such messages have the same future, so a dead message may
//! be taken out. Without this the states of even three nodes and two terms run into millions.
//!
//! Each clause below rests on [premises](super::premises), which hold because of rules of Raft, and is
//! off without them. All rest on terms that never go back. They rest on the bounds too: where no
//! higher term can come, or no further entry, there is less left to happen.

use super::premises::Premise;
use super::state::{ClusterState, Model};
use crate::raft::{
    AppendEntriesRequest, AppendEntriesResponse, AppendOutcome, Envelope, LogIndex, Message,
    MessageKind, Overlap, RaftNode, Role, Term, VoteRequest, VoteResponse,
};

impl Model<'_> {
    /// Whether the arrival of a message can change nothing, now or later. `others` are the messages
    /// that can still arrive too.
    pub(super) fn is_dead(&self, state: &ClusterState, message_id: u32, others: &[u32]) -> bool {
        let Envelope { from, to, message } = &self.interned(message_id).envelope;
        if !self.bounds.merge.dead_messages || !self.premises.hold(Premise::NothingIsForgotten) {
            return false;
        }
        let (sender, receiver) = (self.node(state, *from), self.node(state, *to));
        match message {
            Message::VoteResponse(m) => self.vote_is_idle(receiver, sender, m),
            Message::AppendEntriesResponse(m) => self.answer_is_idle(receiver, sender, m),
            Message::VoteRequest(m) => {
                self.vote_request_is_spent(sender, receiver, m)
                    && (self.tells_nothing(sender)
                        || self.another_tells(receiver, message_id, others))
            }
            Message::AppendEntriesRequest(m) => {
                self.append_is_spent(state, sender, receiver, m, others)
                    && (self.tells_nothing(sender)
                        || self.another_tells(receiver, message_id, others))
            }
        }
    }

    const fn top(&self) -> Term {
        Term::new(self.bounds.terms)
    }

    /// A request that is spent can still do one thing: refused, it makes its receiver tell the
    /// sender a higher term. Not so where the sender can learn of none.
    fn tells_nothing(&self, sender: &RaftNode) -> bool {
        sender.current_term() == self.top()
    }

    /// Of several spent requests of one sender to one receiver, one is enough to make it tell its
    /// term: the vote request of the latest term.
    fn another_tells(&self, receiver: &RaftNode, message_id: u32, others: &[u32]) -> bool {
        let this = &self.interned(message_id).envelope;
        others.iter().any(|&other| {
            let that = &self.interned(other).envelope;
            let (term, later) = (this.message.term(), that.message.term());
            that.from == this.from
                && that.to == this.to
                && that.message.kind() == MessageKind::VoteRequest
                && (later > term
                    || later == term && this.message.kind() != MessageKind::VoteRequest)
                && later < receiver.current_term()
        })
    }

    /// Whether AppendEntries finds its receiver in possession of all that it says, and no answer to
    /// it can help the leader; or in a later term.
    fn append_is_spent(
        &self,
        state: &ClusterState,
        leader: &RaftNode,
        follower: &RaftNode,
        m: &AppendEntriesRequest,
        others: &[u32],
    ) -> bool {
        if m.term > follower.current_term() || !self.premises.hold(Premise::EntriesStay) {
            return false;
        }
        // A refusal in a later term tells the sender that term, and nothing else.
        if m.term < follower.current_term() {
            return true;
        }
        let within = m.leader_commit.min(m.last_index());
        let forgets = state.crashes < self.bounds.crashes;
        let tells_of_commits =
            if forgets { within > LogIndex::ZERO } else { within > follower.commit_index() };
        let held = matches!(follower.role(), Role::Follower { .. })
            && follower.log().contains(m.prev_log())
            && follower.log().overlap(m.prev_log_index, &m.entries) == Overlap::Contained;
        let match_index = m.last_index();
        let answer = AppendEntriesResponse {
            term: m.term,
            outcome: AppendOutcome::Accepted { match_index },
        };
        // An answer that is on its way already, and may arrive as often as it likes, is as good as
        // the same answer given again.
        let is_given = |&other: &u32| {
            let that = &self.interned(other).envelope;
            let Message::AppendEntriesResponse(given) = &that.message else { return false };
            that.from == follower.id() && that.to == leader.id() && *given == answer
        };
        held && !tells_of_commits
            && (self.answer_is_idle(leader, follower, &answer) || others.iter().any(is_given))
    }

    /// An answer to AppendEntries on its way to the leader.
    fn answer_is_idle(
        &self,
        leader: &RaftNode,
        follower: &RaftNode,
        m: &AppendEntriesResponse,
    ) -> bool {
        if m.term > leader.current_term() {
            return false;
        }
        if m.term < leader.current_term() {
            return self.premises.hold(Premise::OldAnswersAreIgnored);
        }
        let Role::Leader { progress } = leader.role() else {
            // It does not lead, and whoever asked in this term does not come to lead it again, nor
            // is listened to in a later one.
            return m.outcome == AppendOutcome::StaleTerm
                || self.premises.hold(Premise::LeadershipsEnd);
        };
        let row = progress.of(follower.id());
        // A leader that could be elected once more in its term would begin with all of it anew.
        if !self.premises.hold(Premise::ProgressGrows) {
            return false;
        }
        match m.outcome {
            // Less than what is known to match is not listened to. Exactly that ends a probe; but
            // there is none, nor any entry behind it to send, now or later.
            AppendOutcome::Accepted { match_index } => {
                let last = leader.last().index;
                let complete = match_index == last && last.get() >= self.bounds.log;
                match_index < row.match_index
                    || match_index == row.match_index
                        && complete
                        && !row.probing
                        && self.premises.hold(Premise::EntriesStay)
            }
            AppendOutcome::StaleTerm => true,
            AppendOutcome::Rejected { prev_log_index, .. } => prev_log_index <= row.match_index,
        }
    }

    /// Whether a vote request can get no vote that counts: the receiver is in a later term, or has
    /// voted in this one.
    fn vote_request_is_spent(
        &self,
        candidate: &RaftNode,
        voter: &RaftNode,
        m: &VoteRequest,
    ) -> bool {
        if m.term < voter.current_term() {
            return self.premises.hold(Premise::OldRequestsAreRefused);
        }
        let given = m.term == voter.current_term() && self.premises.hold(Premise::VotesStay);
        match voter.voted_for() {
            Some(vote) if given => {
                let grant = VoteResponse { term: m.term, vote_granted: true };
                vote != m.candidate_id || self.vote_is_idle(candidate, voter, &grant)
            }
            _ => false,
        }
    }

    /// A vote, or its refusal, on its way to the candidate.
    fn vote_is_idle(&self, candidate: &RaftNode, voter: &RaftNode, m: &VoteResponse) -> bool {
        if m.term > candidate.current_term() {
            return false;
        }
        if !m.vote_granted {
            // In the candidate's own term, or an older one, a refusal only says no.
            return true;
        }
        if m.term < candidate.current_term() {
            return self.premises.hold(Premise::OldVotesAreIgnored);
        }
        match candidate.role() {
            // The one vote of this voter has been counted.
            Role::Candidate { votes } => {
                votes.contains(voter.id()) && self.premises.hold(Premise::VotesCountOnce)
            }
            // The election is over, and the next one has another term, in which this is no vote.
            Role::Follower { .. } | Role::Leader { .. } => {
                self.premises.hold(Premise::ElectionsEnd)
            }
        }
    }
}
