//! Deeds: the actions of the world, as opposed to those of a node.

use serde::{Deserialize, Serialize};

use crate::network::{Conditions, Network};
use crate::raft::{Command, NodeId, NodeSet};
use crate::server::turn_order::{CrashPoint, MessageId};
use crate::server::{Answer, Ticket};

/// Why a message did not arrive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// A lossy link dropped it by chance.
    Dropped,
    /// The link is cut.
    Cut,
    /// The receiver is down.
    Down,
    /// A script or a user removed it from the network by name.
    Removed,
    /// As many messages as may wait for its receiver were waiting already.
    Full,
}

/// An action of the world, as opposed to one of a node.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Deed {
    /// A `node` crashes, at this `point` of its step.
    Crash { node: NodeId, point: CrashPoint },
    /// A `node` starts again with what was durable.
    Restart { node: NodeId },
    /// The disk of a `node` that is down is lost.
    Wipe { node: NodeId },
    /// The process of a `node` is paused from here on.
    Pause { node: NodeId },
    /// The process of a paused `node` goes on.
    Resume { node: NodeId },
    /// The link `from` one node `to` another is cut, in this direction.
    Cut { from: NodeId, to: NodeId },
    /// The cluster is split into groups. The nodes that are in none of them form one more group.
    Partition {
        /// The groups.
        #[serde(with = "node_sets")]
        groups: Vec<NodeSet>,
    },
    /// The link `from` one node `to` another is whole again, in this direction.
    HealLink { from: NodeId, to: NodeId },
    /// All cuts are undone.
    Heal,
    /// Every link now has these conditions.
    Conditions(Conditions),
    /// The link from one node to another has these conditions, until those of every link are changed.
    LinkConditions {
        /// The sender.
        from: NodeId,
        /// The receiver.
        to: NodeId,
        /// The conditions.
        #[serde(flatten)]
        conditions: Conditions,
    },
    /// This `message`, sent `from` one node `to` another, is lost, and `why`.
    Lost { message: MessageId, from: NodeId, to: NodeId, why: Loss },
    /// This `message` will arrive twice.
    Duplicated { message: MessageId },
    /// A client sends its `command` to a `node`. The `ticket` is the client's claim to an answer.
    Asked { ticket: Ticket, node: NodeId, command: Command },
    /// A client is told that the `node` it asked does not lead, or is down, and so takes no command. Its
    /// `ticket` is void. The `leader` is the one that this node knows of.
    Refused { ticket: Ticket, node: NodeId, leader: Option<NodeId> },
    /// The client that holds this `ticket` gets this `answer` from a `node`.
    Answered { ticket: Ticket, node: NodeId, answer: Answer },
    /// The answer of a `node` to the client that holds this `ticket` is lost on its way. The claim stays
    /// open.
    AnswerLost { ticket: Ticket, node: NodeId },
    /// From here on timers and links do nothing by themselves: each input is given by hand.
    Manual,
    /// From here on timers and links act by themselves again.
    Automatic,
    /// The next input of this `node` is given by hand, although timers and links act by themselves.
    ByHand { node: NodeId },
    /// The script opens a new part of the run, with this title.
    Phase(String),
    /// The script shows this text.
    Note(String),
}

impl Deed {
    /// Applies this deed to `network`, if it is a deed that changes links.
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

    /// The nodes that this deed names.
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

/// Writes sets of nodes as lists, and reads them.
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
