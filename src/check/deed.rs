//! What the nodes do in one exchange, and what goes astray in it.

use crate::raft::{Envelope, NodeId, NodeSet};

/// What the nodes do in one exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Deed {
    /// A node stands for election; these hear of it and answer.
    Campaign {
        /// The candidate.
        node: NodeId,
        /// Who hears of it.
        reached: NodeSet,
    },
    /// A leader takes a command in.
    Append {
        /// The leader.
        leader: NodeId,
    },
    /// A leader sends what it has to these, and they answer.
    Replicate {
        /// The leader.
        leader: NodeId,
        /// Who hears it.
        reached: NodeSet,
    },
    /// A node crashes and starts again.
    Restart {
        /// Which.
        node: NodeId,
    },
    /// A stray arrives.
    Arrive {
        /// The stray.
        message: Envelope,
        /// Whether its receiver's answer arrives too.
        answered: bool,
    },
}

/// A message that goes astray in an exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stray {
    /// Which.
    pub message: Envelope,
    /// Whether it arrives in time all the same, so that the stray is a second copy.
    pub copied: bool,
}

/// One action of the tier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// What the nodes do.
    pub deed: Deed,
    /// What goes astray, if anything does.
    pub stray: Option<Stray>,
}
