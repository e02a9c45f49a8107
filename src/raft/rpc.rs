//! The two calls of Figure 2, as messages: each request has one response.
//!
//! AppendEntries is the only replication message; a heartbeat is one without entries. Fields carry
//! the paper's names.
#![expect(missing_docs, reason = "fields have the paper's names, and the sentence above says more")]

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::types::{LogEntry, LogIndex, LogPosition, NodeId, Term};

/// A candidate asks for a vote, and shows where its log ends (Figure 2, RequestVote arguments).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct VoteRequest {
    pub term: Term,
    pub candidate_id: NodeId,
    pub last_log_index: LogIndex,
    pub last_log_term: Term,
}

impl VoteRequest {
    /// The request of a candidate whose log ends with `last`.
    pub const fn new(term: Term, candidate_id: NodeId, last: LogPosition) -> Self {
        Self { term, candidate_id, last_log_index: last.index, last_log_term: last.term }
    }

    /// Where the candidate's log ends.
    pub const fn last_log(&self) -> LogPosition {
        LogPosition { term: self.last_log_term, index: self.last_log_index }
    }
}

/// The answer to a [`VoteRequest`], with the voter's current term, for the candidate to catch up
/// with (Figure 2, RequestVote results).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct VoteResponse {
    pub term: Term,
    pub vote_granted: bool,
}

/// Entries on their way to a follower. Cloning shares them: four peers, one copy.
pub type Entries = Arc<[LogEntry]>;

/// A leader replicates entries, in order, or says without any that it is alive. It names the entry
/// that comes just before them, and how far it has committed (Figure 2, AppendEntries arguments).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AppendEntriesRequest {
    pub term: Term,
    pub leader_id: NodeId,
    pub prev_log_index: LogIndex,
    pub prev_log_term: Term,
    pub entries: Entries,
    pub leader_commit: LogIndex,
}

impl AppendEntriesRequest {
    /// The entry that the follower must already hold.
    pub const fn prev_log(&self) -> LogPosition {
        LogPosition { term: self.prev_log_term, index: self.prev_log_index }
    }

    /// The index of the last entry that this request speaks of.
    pub fn last_index(&self) -> LogIndex {
        self.prev_log_index.plus(self.entries.len())
    }
}

/// The answer to an [`AppendEntriesRequest`], with the follower's current term (Figure 2,
/// AppendEntries results).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AppendEntriesResponse {
    pub term: Term,
    pub outcome: AppendOutcome,
}

/// What became of an AppendEntries request. An acknowledged index and a hint are different things,
/// so they are different variants: a hint can never be taken for a match.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppendOutcome {
    /// The follower holds everything that the request spoke of: `match_index` is `prev_log_index` +
    /// number of entries, what this very request verified.
    Accepted { match_index: LogIndex },
    /// The request is of an older term. That says nothing of the log. The node that asked may lead a
    /// later term by now, and must not take this for an answer to what it sends in that one.
    StaleTerm,
    /// The follower's log does not contain the entry before the new ones. The request's own
    /// `prev_log_index` lets the leader recognise a late refusal; the `hint` helps it to step back.
    Rejected { prev_log_index: LogIndex, hint: ConflictHint },
}

/// Lets the leader step back a whole term at a time instead of an entry (§5.3, last part).
///
/// It has the term of the follower's entry at `prev_log_index`, and the first index of that term; or,
/// if the log ends before, the first index that it lacks. A leader that has entries of that term goes
/// on after the last of them, any other from that index.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ConflictHint {
    pub conflict_term: Option<Term>,
    pub first_index: LogIndex,
}

/// Any message between two nodes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    pub const fn term(&self) -> Term {
        match self {
            Self::VoteRequest(m) => m.term,
            Self::VoteResponse(m) => m.term,
            Self::AppendEntriesRequest(m) => m.term,
            Self::AppendEntriesResponse(m) => m.term,
        }
    }

    /// Whether it answers a request.
    pub const fn is_reply(&self) -> bool {
        matches!(self, Self::VoteResponse(_) | Self::AppendEntriesResponse(_))
    }

    /// The sender that its content names, if it names one.
    pub const fn named_sender(&self) -> Option<NodeId> {
        match self {
            Self::VoteRequest(m) => Some(m.candidate_id),
            Self::AppendEntriesRequest(m) => Some(m.leader_id),
            Self::VoteResponse(_) | Self::AppendEntriesResponse(_) => None,
        }
    }

    /// Which of the four kinds it is.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::VoteRequest(_) => MessageKind::VoteRequest,
            Self::VoteResponse(_) => MessageKind::VoteResponse,
            Self::AppendEntriesRequest(_) => MessageKind::AppendEntriesRequest,
            Self::AppendEntriesResponse(_) => MessageKind::AppendEntriesResponse,
        }
    }
}

/// Lets each of the four be sent as it is.
macro_rules! messages {
    ($($body:ident => $kind:ident),*) => {
        $(impl From<$body> for Message {
            fn from(body: $body) -> Self {
                Self::$kind(body)
            }
        })*
    };
}

messages! {
    VoteRequest => VoteRequest, VoteResponse => VoteResponse,
    AppendEntriesRequest => AppendEntriesRequest, AppendEntriesResponse => AppendEntriesResponse
}

/// The four kinds of message, without their content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Envelope {
    pub from: NodeId,
    pub to: NodeId,
    #[serde(rename = "content")]
    pub message: Message,
}
