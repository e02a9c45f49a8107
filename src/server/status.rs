//! How a node stands, for tables, waits and expectations.

use serde::Serialize;

use crate::raft::{LogIndex, LogPosition, NodeId, RaftNode, RoleKind, Term};
use crate::server::{Disk, Server};

/// A node at a glance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct NodeStatus {
    /// Which node.
    pub id: NodeId,
    /// Whether it runs. If not, what follows is what its disk holds.
    pub up: bool,
    /// Whether its process stands still.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Its role.
    pub role: RoleKind,
    /// Its current term.
    pub term: Term,
    /// Its vote in that term.
    pub voted_for: Option<NodeId>,
    /// Who leads its term, as far as it knows.
    pub leader: Option<NodeId>,
    /// Where its log ends.
    pub last: LogPosition,
    /// Its commit index.
    pub commit: LogIndex,
    /// The last entry it applied.
    pub applied: LogIndex,
}

impl NodeStatus {
    /// How a running server stands.
    pub fn of(server: &Server) -> Self {
        Self::of_node(server.node(), server.last_applied())
    }

    /// How a running node stands that has applied its log up to `applied`.
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

    /// What a crash left of a node.
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

/// The leader: of all that lead, the one of the highest term. A deposed leader that does not know
/// yet may still believe in itself.
pub fn leader_of(statuses: &[NodeStatus]) -> Option<NodeStatus> {
    statuses.iter().copied().filter(NodeStatus::leads).max_by_key(|status| status.term)
}
