//! What clients asked, and what they were told.

use serde::Serialize;

use crate::raft::{Command, NodeId};
use crate::server::{Answer, Ticket};

/// A client's command, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ClientCall {
    /// Its claim to an answer.
    pub ticket: Ticket,
    /// The node it asked.
    pub node: NodeId,
    /// What it asked for.
    pub command: Command,
    /// The moment at which it asked.
    pub asked_in: u64,
    /// The moment at which it was told something, and what it was told; `None` if nothing.
    pub told: Option<(u64, Told)>,
}

/// What a client was told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// The node does not lead, or is down.
    Refused {
        /// The leader, as far as that node knows.
        leader: Option<NodeId>,
        /// Whether the node was down.
        down: bool,
    },
    /// The answer of the node.
    Answered(Answer),
}
