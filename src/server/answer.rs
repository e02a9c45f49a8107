//! What a client holds while it waits, a ticket, and what it gets for it, an answer.

use serde::{Deserialize, Serialize};

use crate::raft::{LogPosition, NodeId};
use crate::server::state_machine::Reply;

/// A client's claim to an answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Ticket(pub u64);

impl Ticket {
    /// The number of the client that holds it, from 1. Here every command has a client of its own.
    pub const fn client(self) -> u64 {
        // A trace may contain any number, even the largest.
        self.0.saturating_add(1)
    }
}

/// The answer to a client.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Answer {
    /// The client's entry, at `position`, was committed and applied, and the state machine gave this `reply`.
    Applied { position: LogPosition, reply: Reply },
    /// Another entry was committed at its index. The client's own entry, which was at `lost`, never
    /// took effect.
    Superseded { lost: LogPosition },
    /// This node's log lost the entry, which was at `position`, while the node did not lead.
    /// Another node may still hold it and commit it, so the outcome is unknown.
    Uncertain { position: LogPosition },
}

impl Answer {
    /// The position of the entry, even if it was lost.
    pub const fn position(&self) -> LogPosition {
        match *self {
            Self::Applied { position, .. }
            | Self::Superseded { lost: position }
            | Self::Uncertain { position } => position,
        }
    }
}

/// The state of a command that was handed to a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Proposal {
    /// There is no answer yet. If the node goes down before it answers, the command stays pending.
    Pending,
    /// The node did not accept the command: it does not lead, or is down.
    Refused {
        /// The leader, as far as the node knows.
        leader: Option<NodeId>,
    },
    /// The client has its answer.
    Answered(Answer),
}
