//! The types with which the engine is made: what a command is, what its answer is, what names a node.

use openraft::{BasicNode, error::RaftError};
use serde::{Deserialize, Serialize};

use crate::state_machine::Values;

openraft::declare_raft_types!(
    /// What this application makes of the engine's types. All others are the engine's defaults: nodes are numbered,
    /// and a node is known by its address.
    pub TypeConfig:
        D = Command,
        R = Applied,
        SnapshotData = Values,
);

/// The engine, for this application.
pub type Raft = openraft::Raft<TypeConfig>;
/// A node's number: n0 is 0.
pub type NodeId = u64;
/// What an entry is named by: its leader, which is a term and a node, and its index.
pub type LogId = openraft::LogId<NodeId>;
/// An entry of the log.
pub type Entry = openraft::Entry<TypeConfig>;
/// The term that a node is in, whom it votes for in it, and whether that node has won.
///
/// It only grows. In one term a node of a higher number may follow one of a lower number, so a term can have several
/// leaders, one after the other.
pub type Vote = openraft::Vote<NodeId>;
/// Who is in the cluster, and in which entry that stands.
pub type Membership = openraft::StoredMembership<NodeId, BasicNode>;
/// What a snapshot covers.
pub type SnapshotMeta = openraft::SnapshotMeta<NodeId, BasicNode>;
/// A snapshot with its data.
pub type Snapshot = openraft::Snapshot<TypeConfig>;
/// How a node is, as the engine tells it.
pub type Metrics = openraft::RaftMetrics<NodeId, BasicNode>;
/// Why storage failed; the engine stops then.
pub type StorageError = openraft::StorageError<NodeId>;
/// Why another node's engine refused a message.
pub type RemoteError = RaftError<NodeId>;

/// What a client writes: `SET key=value`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The key.
    pub key: String,
    /// The value that it gets.
    pub value: String,
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SET {}={}", self.key, self.value)
    }
}

/// What applying an entry has brought about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// How many times the key has been written by now; 0 if the entry holds no command.
    pub version: u64,
}
