//! Dead messages: those whose arrival can never again change anything.
//!
//! A message that was sent stays in the state, so that it can arrive late, or twice. Most soon have no
//! effect any more: a vote that was counted, a reply to a candidate that has gone on to another term. Two
//! states that differ only in such messages have the same future, so a dead message may be taken out.
//! Without this there are millions of states for only three nodes and two terms.
//!
//! Each clause below relies on [premises](super::premises), which hold because of rules of Raft, and is
//! off without them. All clauses rely on terms that never go back. They rely on the bounds too: where no
//! higher term or no further entry can come, fewer messages can still have an effect.

use super::premises::Premise;
use super::server_state::Route;
use super::state::{ClusterState, Model};
use crate::raft::{
    AppendEntries, AppendEntriesReply, AppendOutcome, Envelope, LogIndex, Message, MessageKind,
    Overlap, RaftNode, RequestVote, RequestVoteReply, Role, Term,
};

impl Model<'_> {
    /// Whether the arrival of a message can change nothing, now or later. `others` are the messages that can
    /// still arrive.
    pub(super) fn is_dead(&self, state: &ClusterState, message_id: u32, others: &[u32]) -> bool {
        let Envelope { from, to, message } = self.interned(message_id);
        if !self.bounds.merge.dead_messages || !self.premises.hold(Premise::NothingIsForgotten) {
            return false;
        }
        let (sender, receiver) = (self.node(state, *from), self.node(state, *to));
        let is_spent = match message {
            Message::RequestVoteReply(m) => return self.vote_is_idle(receiver, sender, m),
            Message::AppendEntriesReply(m) => return self.answer_is_idle(receiver, sender, m),
            Message::RequestVote(m) => self.request_vote_is_spent(sender, receiver, m),
            Message::AppendEntries(m) => self.append_is_spent(state, sender, receiver, m, others),
        };
        is_spent && (self.tells_nothing(sender) || self.another_tells(receiver, message_id, others))
    }

    /// Whether the sender cannot learn of a higher term. To tell it one is the only effect that a spent request
    /// can still have: its receiver refuses it, and names its own term.
    fn tells_nothing(&self, sender: &RaftNode) -> bool {
        sender.current_term() == Term::new(self.bounds.terms)
    }

    /// Whether another message makes the receiver tell the sender its term. Of several spent requests of one
    /// sender to one receiver, one is enough for this: the vote request of the latest term.
    fn another_tells(&self, receiver: &RaftNode, message_id: u32, others: &[u32]) -> bool {
        let this = self.brief(message_id);
        let asks = Route::new(MessageKind::RequestVote, this.from, this.to);
        others.iter().any(|&other| {
            let that = self.brief(other);
            that.route == asks
                && (that.term > this.term || that.term == this.term && this.route != asks)
                && that.term < receiver.current_term()
        })
    }

    /// Whether an AppendEntries request tells its receiver nothing new, and no reply to it can help the
    /// leader; or its receiver is in a later term.
    fn append_is_spent(
        &self,
        state: &ClusterState,
        leader: &RaftNode,
        follower: &RaftNode,
        m: &AppendEntries,
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
        let answer =
            AppendEntriesReply { term: m.term, outcome: AppendOutcome::Accepted { match_index } };
        // If the same reply is in flight already, it can arrive any number of times, so giving it
        // once more changes nothing.
        let answers = Route::new(MessageKind::AppendEntriesReply, follower.id(), leader.id());
        let is_given = |&other: &u32| {
            let message = || &self.interned(other).message;
            self.brief(other).route == answers
                && matches!(message(), Message::AppendEntriesReply(given) if *given == answer)
        };
        held && !tells_of_commits
            && (self.answer_is_idle(leader, follower, &answer) || others.iter().any(is_given))
    }

    /// Whether an AppendEntries reply on its way to the leader can change nothing there.
    fn answer_is_idle(
        &self,
        leader: &RaftNode,
        follower: &RaftNode,
        m: &AppendEntriesReply,
    ) -> bool {
        if m.term > leader.current_term() {
            return false;
        }
        if m.term < leader.current_term() {
            return self.premises.hold(Premise::OldAnswersAreIgnored);
        }
        let Role::Leader { progress } = leader.role() else {
            // The receiver no longer leads the term of this reply and will not lead it again, and in a
            // later term it ignores the reply.
            return m.outcome == AppendOutcome::StaleTerm
                || self.premises.hold(Premise::LeadershipsEnd);
        };
        let row = progress.of(follower.id());
        // A leader that could be elected again in its term would start with fresh progress.
        if !self.premises.hold(Premise::ProgressGrows) {
            return false;
        }
        match m.outcome {
            // A match index below the known one is ignored. An equal one only ends a probe and lets the
            // leader send what follows; here no probe is open, and nothing follows, now or later.
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
    fn request_vote_is_spent(
        &self,
        candidate: &RaftNode,
        voter: &RaftNode,
        m: &RequestVote,
    ) -> bool {
        if m.term < voter.current_term() {
            return self.premises.hold(Premise::OldRequestsAreRefused);
        }
        let given = m.term == voter.current_term() && self.premises.hold(Premise::VotesStay);
        match voter.voted_for() {
            Some(vote) if given => {
                let grant = RequestVoteReply { term: m.term, vote_granted: true };
                vote != m.candidate_id || self.vote_is_idle(candidate, voter, &grant)
            }
            _ => false,
        }
    }

    /// Whether a vote, or its refusal, on its way to the candidate can change nothing there.
    fn vote_is_idle(&self, candidate: &RaftNode, voter: &RaftNode, m: &RequestVoteReply) -> bool {
        if m.term > candidate.current_term() {
            return false;
        }
        if !m.vote_granted {
            // In the candidate's own term, or an older one, a refusal changes nothing.
            return true;
        }
        if m.term < candidate.current_term() {
            return self.premises.hold(Premise::OldVotesAreIgnored);
        }
        match candidate.role() {
            // If this voter's vote has been counted, it is not counted again.
            Role::Candidate { votes } => {
                votes.contains(voter.id()) && self.premises.hold(Premise::VotesCountOnce)
            }
            // The election is over, and the next one has another term, in which this vote does not count.
            Role::Follower { .. } | Role::Leader { .. } => {
                self.premises.hold(Premise::ElectionsEnd)
            }
        }
    }
}
