//! What the world does, rather than a node.

use serde::{Deserialize, Serialize};

use crate::network::{Conditions, Network};
use crate::raft::{Command, NodeId, NodeSet};
use crate::server::turn_order::{CrashPoint, MessageId};
use crate::server::{Answer, Ticket};

/// Why a message did not arrive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// By chance, as lossy links do.
    Dropped,
    /// The link is cut.
    Cut,
    /// The receiver is down.
    Down,
    /// Someone took it out of the network by name.
    Removed,
}

/// What the world does, rather than a node.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// A node crashes.
    Crash {
        /// Which.
        node: NodeId,
        /// Where in its step.
        point: CrashPoint,
    },
    /// A node starts again with what was durable.
    Restart {
        /// Which.
        node: NodeId,
    },
    /// The disk of a node that is down is lost.
    Wipe {
        /// Which node.
        node: NodeId,
    },
    /// A process stands still from here on.
    Pause {
        /// Of which node.
        node: NodeId,
    },
    /// A process that stood still goes on.
    Resume {
        /// Of which node.
        node: NodeId,
    },
    /// One direction of a link is cut.
    Cut {
        /// The sender.
        from: NodeId,
        /// Whom it cannot reach any more.
        to: NodeId,
    },
    /// The cluster is split into groups; nodes that are in none form one together.
    Partition {
        /// The groups.
        #[serde(with = "node_sets")]
        groups: Vec<NodeSet>,
    },
    /// One direction of a link is whole again.
    HealLink {
        /// The sender.
        from: NodeId,
        /// Whom it can reach again.
        to: NodeId,
    },
    /// All cuts are undone.
    Heal,
    /// Every link is now like this.
    Conditions(Conditions),
    /// The link from one node to another is like this, until every link is changed.
    LinkConditions {
        /// The sender.
        from: NodeId,
        /// The receiver.
        to: NodeId,
        /// How it is.
        #[serde(flatten)]
        conditions: Conditions,
    },
    /// A message is lost.
    Lost {
        /// Which.
        message: MessageId,
        /// From whom.
        from: NodeId,
        /// For whom.
        to: NodeId,
        /// Why.
        why: Loss,
    },
    /// A message will arrive twice.
    Duplicated {
        /// Which.
        message: MessageId,
    },
    /// A client asks a node.
    Asked {
        /// The claim to an answer.
        ticket: Ticket,
        /// The node it asks.
        node: NodeId,
        /// What it asks for.
        command: Command,
    },
    /// A client is told that a node does not lead, or is down, and so takes no command.
    Refused {
        /// The claim, which is void.
        ticket: Ticket,
        /// The node that was asked.
        node: NodeId,
        /// Who leads, as far as that node knows.
        leader: Option<NodeId>,
    },
    /// A client is answered.
    Answered {
        /// The claim.
        ticket: Ticket,
        /// The node that answers.
        node: NodeId,
        /// The answer.
        answer: Answer,
    },
    /// The answer to a client is lost on its way.
    AnswerLost {
        /// The claim, which stays open.
        ticket: Ticket,
        /// The node that has answered.
        node: NodeId,
    },
    /// From here on timers and links stand still: each input is given by hand.
    Manual,
    /// Timers and links go on by themselves.
    Automatic,
    /// The next input of this node comes by hand, though timers and links go on.
    ByHand {
        /// Which node.
        node: NodeId,
    },
    /// The script opens a part of the run.
    Phase(String),
    /// The script says something.
    Note(String),
}

impl Deed {
    /// Does to a network what was done to the run's.
    pub fn apply_to(&self, network: &mut Network) {
        match self {
            Self::Cut { from, to } => network.cut_one_way(*from, *to),
            Self::Partition { groups } => network.partition(groups),
            Self::HealLink { from, to } => network.heal_one_way(*from, *to),
            Self::Heal => network.heal(),
            Self::LinkConditions { from, to, conditions } => {
                network.set_link_conditions(*from, *to, *conditions);
            }
            Self::Conditions(conditions) => network.set_conditions(*conditions),
            _ => {}
        }
    }

    /// The nodes that it names.
    pub(super) fn nodes(&self) -> NodeSet {
        match self {
            Self::Crash { node, .. }
            | Self::Restart { node }
            | Self::Wipe { node }
            | Self::Pause { node }
            | Self::Resume { node }
            | Self::Asked { node, .. }
            | Self::Refused { node, .. }
            | Self::Answered { node, .. }
            | Self::AnswerLost { node, .. }
            | Self::ByHand { node } => NodeSet::from_iter([*node]),
            Self::Cut { from, to }
            | Self::HealLink { from, to }
            | Self::LinkConditions { from, to, .. }
            | Self::Lost { from, to, .. } => NodeSet::from_iter([*from, *to]),
            Self::Partition { groups } => groups.iter().flat_map(|group| group.iter()).collect(),
            Self::Heal
            | Self::Conditions(_)
            | Self::Duplicated { .. }
            | Self::Manual
            | Self::Automatic
            | Self::Phase(_)
            | Self::Note(_) => NodeSet::default(),
        }
    }
}

/// Sets of nodes as they are written down: lists.
mod node_sets {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::raft::{NodeId, NodeSet};

    pub(super) fn serialize<S: Serializer>(sets: &[NodeSet], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(sets.iter().map(|set| set.iter().collect::<Vec<_>>()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<NodeSet>, D::Error> {
        let lists = Vec::<Vec<NodeId>>::deserialize(from)?;
        Ok(lists.into_iter().map(NodeSet::from_iter).collect())
    }
}
