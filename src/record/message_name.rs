//! By which name a message is told from others.

use crate::raft::{Envelope, MessageKind, NodeId};

/// A message by who, whom and what.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MessageName {
    /// What it is.
    pub kind: MessageKind,
    /// Who sent it.
    pub from: NodeId,
    /// For whom.
    pub to: NodeId,
    /// How many newer ones with the same name there are.
    pub nth_newest: usize,
}

impl MessageName {
    /// Whether it names this message, age apart.
    pub fn matches(self, envelope: &Envelope) -> bool {
        envelope.from == self.from && envelope.to == self.to && envelope.message.kind() == self.kind
    }
}
