//! The status of a node, for tables, waits and expectations.

use serde::Serialize;

use crate::raft::{LogIndex, LogPosition, NodeId, RaftNode, RoleKind, Term};
use crate::server::{Disk, Server};

/// A summary of a node's state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct NodeStatus {
    /// The node's id.
    pub id: NodeId,
    /// Whether it runs. If it does not, the other fields show what its disk holds.
    pub up: bool,
    /// Whether its process is paused.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Its role.
    pub role: RoleKind,
    /// Its current term.
    pub term: Term,
    /// Its vote in that term.
    pub voted_for: Option<NodeId>,
    /// The leader of its term, as far as it knows.
    pub leader: Option<NodeId>,
    /// Where its log ends.
    pub last: LogPosition,
    /// Its commit index.
    pub commit: LogIndex,
    /// The last entry it applied.
    pub applied: LogIndex,
}

impl NodeStatus {
    /// The status of a running server.
    pub fn of(server: &Server) -> Self {
        Self::of_node(server.node(), server.last_applied())
    }

    /// The status of a running node that has applied its log up to `applied`.
    pub fn of_node(node: &RaftNode, applied: LogIndex) -> Self {
        Self {
            id: node.id(),
            up: true,
            paused: false,
            role: node.role().kind(),
            term: node.current_term(),
            voted_for: node.voted_for(),
            leader: node.leader(),
            last: node.last(),
            commit: node.commit_index(),
            applied,
        }
    }

    /// The status of a node that is down, taken from its disk.
    pub fn down(id: NodeId, disk: &Disk) -> Self {
        let state = disk.state();
        Self {
            id,
            up: false,
            paused: false,
            role: RoleKind::Follower,
            term: state.current_term,
            voted_for: state.voted_for,
            leader: None,
            last: state.log.last(),
            commit: LogIndex::ZERO,
            applied: LogIndex::ZERO,
        }
    }

    /// Whether it runs and leads.
    pub fn leads(&self) -> bool {
        self.up && self.role == RoleKind::Leader
    }
}

/// The leader: of all nodes that lead, the one with the highest term. A deposed leader may not know
/// yet that it was deposed.
pub fn leader_of(statuses: &[NodeStatus]) -> Option<NodeStatus> {
    statuses.iter().copied().filter(NodeStatus::leads).max_by_key(|status| status.term)
}
