//! The two calls of Figure 2, as messages: each request has one response.
//!
//! AppendEntries is the only replication message; a heartbeat is one without entries. Fields carry
//! the paper's names.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::types::{LogEntry, LogIndex, LogPosition, NodeId, Term};

/// A candidate asks for a vote (Figure 2, RequestVote arguments).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct VoteRequest {
    /// The candidate's term.
    pub term: Term,
    /// Who asks. Equal to the envelope's sender.
    pub candidate_id: NodeId,
    /// Index of the candidate's last entry.
    pub last_log_index: LogIndex,
    /// Term of the candidate's last entry.
    pub last_log_term: Term,
}

impl VoteRequest {
    /// Where the candidate's log ends.
    #[must_use]
    pub const fn last_log(&self) -> LogPosition {
        LogPosition { term: self.last_log_term, index: self.last_log_index }
    }
}

/// The answer to a [`VoteRequest`] (Figure 2, RequestVote results).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct VoteResponse {
    /// The voter's current term, for the candidate to catch up with.
    pub term: Term,
    /// Whether the candidate got the vote.
    pub vote_granted: bool,
}

/// Entries on their way to a follower. Cloning shares them: four peers, one copy.
pub type Entries = Arc<[LogEntry]>;

/// A leader replicates entries, or says that it is alive (Figure 2, AppendEntries arguments).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct AppendEntriesRequest {
    /// The leader's term.
    pub term: Term,
    /// Who leads, so that a follower can redirect clients. Equal to the envelope's sender.
    pub leader_id: NodeId,
    /// Index of the entry just before the new ones.
    pub prev_log_index: LogIndex,
    /// Term of that entry.
    pub prev_log_term: Term,
    /// The entries to store, in order; none in a heartbeat.
    pub entries: Entries,
    /// The leader's commit index.
    pub leader_commit: LogIndex,
}

impl AppendEntriesRequest {
    /// The entry that the follower must already hold.
    #[must_use]
    pub const fn prev_log(&self) -> LogPosition {
        LogPosition { term: self.prev_log_term, index: self.prev_log_index }
    }

    /// The index of the last entry that this request speaks of.
    #[must_use]
    pub fn last_index(&self) -> LogIndex {
        self.prev_log_index.plus(self.entries.len())
    }
}

/// The answer to an [`AppendEntriesRequest`] (Figure 2, AppendEntries results).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct AppendEntriesResponse {
    /// The follower's current term, for the leader to catch up with.
    pub term: Term,
    /// What became of the request.
    pub outcome: AppendOutcome,
}

/// What became of an AppendEntries request. An acknowledged index and a hint are different things,
/// so they are different variants: a hint can never be taken for a match.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppendOutcome {
    /// The follower holds everything that the request spoke of.
    Accepted {
        /// `prev_log_index` + number of entries: what this very request verified.
        match_index: LogIndex,
    },
    /// The request is of an older term. That says nothing of the log, so the leader of a later term,
    /// who may be the very node that asked, learns nothing from it but the term.
    StaleTerm,
    /// The follower's log does not contain the entry before the new ones.
    Rejected {
        /// The `prev_log_index` of the request, so that the leader can tell a late refusal.
        prev_log_index: LogIndex,
        /// Where the leader may try next.
        hint: ConflictHint,
    },
}

/// Lets the leader step back a whole term at a time instead of an entry (§5.3, last part).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ConflictHint {
    /// The term that the follower has at `prev_log_index`; none if its log ends before it.
    pub conflict_term: Option<Term>,
    /// The first index of that term, or the first index that the follower lacks.
    pub first_index: LogIndex,
}

/// Any message between two nodes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// RequestVote, asked.
    VoteRequest(VoteRequest),
    /// RequestVote, answered.
    VoteResponse(VoteResponse),
    /// AppendEntries, asked.
    AppendEntriesRequest(AppendEntriesRequest),
    /// AppendEntries, answered.
    AppendEntriesResponse(AppendEntriesResponse),
}

impl Message {
    /// The term that every message carries (§5.1).
    #[must_use]
    pub const fn term(&self) -> Term {
        match self {
            Self::VoteRequest(m) => m.term,
            Self::VoteResponse(m) => m.term,
            Self::AppendEntriesRequest(m) => m.term,
            Self::AppendEntriesResponse(m) => m.term,
        }
    }

    /// Whom its text names as its sender, if it names one.
    #[must_use]
    pub const fn signed_by(&self) -> Option<NodeId> {
        match self {
            Self::VoteRequest(m) => Some(m.candidate_id),
            Self::AppendEntriesRequest(m) => Some(m.leader_id),
            Self::VoteResponse(_) | Self::AppendEntriesResponse(_) => None,
        }
    }

    /// Which of the four kinds it is.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::VoteRequest(_) => MessageKind::VoteRequest,
            Self::VoteResponse(_) => MessageKind::VoteResponse,
            Self::AppendEntriesRequest(_) => MessageKind::AppendEntriesRequest,
            Self::AppendEntriesResponse(_) => MessageKind::AppendEntriesResponse,
        }
    }
}

/// The four kinds of message, without their content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// RequestVote, asked.
    VoteRequest,
    /// RequestVote, answered.
    VoteResponse,
    /// AppendEntries, asked.
    AppendEntriesRequest,
    /// AppendEntries, answered.
    AppendEntriesResponse,
}

/// A message with its addresses.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Envelope {
    /// Who sent it.
    pub from: NodeId,
    /// Whom it is for.
    pub to: NodeId,
    /// What it says.
    pub message: Message,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raft::{Command, Input, Payload};

    /// What a recorded run is made of must come back as it went.
    #[test]
    fn inputs_and_their_messages_read_back_from_json() {
        let (term, index) = (Term::new(3), LogIndex::new(4));
        let entries = [
            LogEntry::no_op(term),
            LogEntry { term, payload: Payload::Command(Command::new("SET x=\"1\"\n")) },
        ];
        let hint = ConflictHint { conflict_term: Some(Term::new(2)), first_index: index };
        let messages = [
            Message::VoteRequest(VoteRequest {
                term,
                candidate_id: NodeId::new(1),
                last_log_index: index,
                last_log_term: term,
            }),
            Message::VoteResponse(VoteResponse { term, vote_granted: true }),
            Message::AppendEntriesRequest(AppendEntriesRequest {
                term,
                leader_id: NodeId::new(1),
                prev_log_index: index,
                prev_log_term: term,
                entries: Entries::from(entries),
                leader_commit: LogIndex::FIRST,
            }),
            Message::AppendEntriesResponse(AppendEntriesResponse {
                term,
                outcome: AppendOutcome::Accepted { match_index: index },
            }),
            Message::AppendEntriesResponse(AppendEntriesResponse {
                term,
                outcome: AppendOutcome::Rejected { prev_log_index: index, hint },
            }),
            Message::AppendEntriesResponse(AppendEntriesResponse {
                term,
                outcome: AppendOutcome::StaleTerm,
            }),
        ];
        let received = messages.map(|message| {
            Input::Receive(Envelope { from: NodeId::new(1), to: NodeId::new(2), message })
        });
        let others = [
            Input::Propose(vec![Command::new("a"), Command::new("")]),
            Input::ElectionTimeout,
            Input::HeartbeatDue,
        ];
        for input in received.into_iter().chain(others) {
            let json = serde_json::to_string(&input).unwrap();
            assert_eq!(serde_json::from_str::<Input>(&json).unwrap(), input, "{json}");
        }
    }

    #[test]
    fn a_node_that_no_cluster_has_is_not_read() {
        let error = serde_json::from_str::<NodeId>("9").unwrap_err();
        assert!(error.to_string().contains("from 0 to 8"), "{error}");
    }
}
