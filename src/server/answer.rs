//! What a client holds and is told: a claim, and what has become of it.

use serde::{Deserialize, Serialize};

use crate::raft::{LogPosition, NodeId};
use crate::server::state_machine::Reply;

/// A client's claim to an answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Ticket(pub u64);

impl Ticket {
    /// The number of the client that holds it, from 1. Here every command has a client of its own.
    pub const fn client(self) -> u64 {
        // A trace may name any number, the last one too.
        self.0.saturating_add(1)
    }
}

/// What a client is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Answer {
    /// Its entry, which stands at `position`, was committed and applied, and the state machine gave this
    /// `reply`.
    Applied { position: LogPosition, reply: Reply },
    /// Another entry was committed at its index: its own, which stood at `lost`, never took effect.
    Superseded { lost: LogPosition },
    /// This node's log lost the entry, which stood at `position`, while it did not lead. Another node may
    /// still hold it, and commit it, so nobody can say what becomes of it.
    Uncertain { position: LogPosition },
}

impl Answer {
    /// Where the entry stands, or stood.
    pub const fn position(&self) -> LogPosition {
        match *self {
            Self::Applied { position, .. }
            | Self::Superseded { lost: position }
            | Self::Uncertain { position } => position,
        }
    }
}

/// What has become of a command that was handed to a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Proposal {
    /// Nothing yet. If the node goes down before it answers, it stays so.
    Pending,
    /// The node did not take the command in: it does not lead, or is down.
    Refused {
        /// Who leads, as far as the node knows.
        leader: Option<NodeId>,
    },
    /// The client has its answer.
    Answered(Answer),
}

/// The node does not lead, so it cannot take a command in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotLeader {
    /// Who leads, as far as the node knows.
    pub leader: Option<NodeId>,
}
