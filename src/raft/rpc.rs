//! The two remote procedure calls of Figure 2, as messages: each request has one reply.
//!
//! AppendEntries is the only replication message; a heartbeat is an AppendEntries without entries.
//! The fields have the paper's names. Only the answer to an AppendEntries says more than the paper's `success`: how
//! far the logs match, or where to try next ("A reply says how far it verified" in `docs/architecture.md`).
#![expect(missing_docs, reason = "fields have the paper's names, and the sentence above says more")]

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::types::{LogEntry, LogIndex, LogPosition, NodeId, Term};

/// A candidate's request for a vote, with the position of its last log entry (Figure 2, RequestVote
/// arguments).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct RequestVote {
    pub term: Term,
    pub candidate_id: NodeId,
    pub last_log_index: LogIndex,
    pub last_log_term: Term,
}

impl RequestVote {
    /// The request of a candidate whose log ends with `last`.
    pub const fn new(term: Term, candidate_id: NodeId, last: LogPosition) -> Self {
        Self { term, candidate_id, last_log_index: last.index, last_log_term: last.term }
    }

    /// Where the candidate's log ends.
    pub const fn last_log(&self) -> LogPosition {
        LogPosition { term: self.last_log_term, index: self.last_log_index }
    }
}

/// The answer to a [`RequestVote`]. It carries the voter's current term, so that the candidate can
/// catch up with that term (Figure 2, RequestVote results).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct RequestVoteReply {
    pub term: Term,
    pub vote_granted: bool,
}

/// Entries that a request carries. Clones share them, so four peers need only one copy.
pub type Entries = Arc<[LogEntry]>;

/// A leader's request to append entries in order, or, without entries, a heartbeat. It names the entry
/// just before the new ones, and how far the leader has committed (Figure 2, AppendEntries arguments).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AppendEntries {
    pub term: Term,
    pub leader_id: NodeId,
    pub prev_log_index: LogIndex,
    pub prev_log_term: Term,
    pub entries: Entries,
    pub leader_commit: LogIndex,
}

impl AppendEntries {
    /// The entry that the follower must already hold.
    pub const fn prev_log(&self) -> LogPosition {
        LogPosition { term: self.prev_log_term, index: self.prev_log_index }
    }

    /// The index of the last entry of this request; `prev_log_index` if it has none.
    pub fn last_index(&self) -> LogIndex {
        self.prev_log_index.plus(self.entries.len())
    }
}

/// The answer to an [`AppendEntries`], with the follower's current term (Figure 2,
/// AppendEntries results).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AppendEntriesReply {
    pub term: Term,
    pub outcome: AppendOutcome,
}

/// The outcome of an AppendEntries request. An acknowledged index and a hint are different
/// variants, so that no code can mistake a hint for a match.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppendOutcome {
    /// The follower has the entry at `prev_log_index` and all entries of the request. `match_index`
    /// is `prev_log_index` + number of entries: only what this request verified.
    Accepted { match_index: LogIndex },
    /// The request is of an older term, so this says nothing about the follower's log. The sender
    /// of the request may lead a later term by now. It must not take this for the answer to a
    /// request of that later term.
    StaleTerm,
    /// The follower's log does not contain the entry before the new ones. The request's own
    /// `prev_log_index` lets the leader recognise a late refusal; the `hint` helps it to step back.
    Rejected { prev_log_index: LogIndex, hint: ConflictHint },
}

/// A hint that lets the leader step back a whole term at a time instead of one entry (§5.3, last part).
///
/// It has the term of the follower's entry at `prev_log_index`, and the first index of that term.
/// If the follower's log ends before `prev_log_index`, it has no term, only the first index that
/// the log lacks. A leader that has entries of that term continues after the last of them. Any
/// other leader continues at the hint's index.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ConflictHint {
    pub conflict_term: Option<Term>,
    pub first_index: LogIndex,
}

/// Any message between two nodes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A RequestVote.
    RequestVote(RequestVote),
    /// The reply to a RequestVote.
    RequestVoteReply(RequestVoteReply),
    /// An AppendEntries.
    AppendEntries(AppendEntries),
    /// The reply to an AppendEntries.
    AppendEntriesReply(AppendEntriesReply),
}

impl Message {
    /// The sender's term, which every message carries (§5.1).
    pub const fn term(&self) -> Term {
        match self {
            Self::RequestVote(m) => m.term,
            Self::RequestVoteReply(m) => m.term,
            Self::AppendEntries(m) => m.term,
            Self::AppendEntriesReply(m) => m.term,
        }
    }

    /// Whether the message is a reply.
    pub const fn is_reply(&self) -> bool {
        matches!(self, Self::RequestVoteReply(_) | Self::AppendEntriesReply(_))
    }

    /// The sender that the message itself names; `None` for a reply.
    pub const fn named_sender(&self) -> Option<NodeId> {
        match self {
            Self::RequestVote(m) => Some(m.candidate_id),
            Self::AppendEntries(m) => Some(m.leader_id),
            Self::RequestVoteReply(_) | Self::AppendEntriesReply(_) => None,
        }
    }

    /// Which of the four kinds the message is.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::RequestVote(_) => MessageKind::RequestVote,
            Self::RequestVoteReply(_) => MessageKind::RequestVoteReply,
            Self::AppendEntries(_) => MessageKind::AppendEntries,
            Self::AppendEntriesReply(_) => MessageKind::AppendEntriesReply,
        }
    }
}

/// Converts each of the four bodies into a [`Message`].
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
    RequestVote => RequestVote, RequestVoteReply => RequestVoteReply,
    AppendEntries => AppendEntries, AppendEntriesReply => AppendEntriesReply
}

/// The four kinds of message, without their content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    /// A RequestVote.
    RequestVote,
    /// The reply to a RequestVote.
    RequestVoteReply,
    /// An AppendEntries.
    AppendEntries,
    /// The reply to an AppendEntries.
    AppendEntriesReply,
}

/// A message with its sender and receiver.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Envelope {
    pub from: NodeId,
    pub to: NodeId,
    #[serde(rename = "content")]
    pub message: Message,
}
