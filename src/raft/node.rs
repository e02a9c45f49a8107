//! `RaftNode`: the state of Figure 2. The code that changes this state is in [`Turn`](super::Turn).

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::log::Log;
use super::role::{Progress, Role};
use super::rpc::Envelope;
use super::rules::RuleSet;
use super::types::{Command, LogIndex, LogPosition, MAX_NODES, NodeId, Term};

/// The fixed settings of a node: how large its cluster is, and which rules it keeps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Settings {
    /// How many nodes vote: 1 to [`MAX_NODES`].
    pub nodes: usize,
    /// The rules that the node keeps.
    pub rules: RuleSet,
    /// Whether a new leader appends a no-op (§8). In Figure 8 it does not: there, older entries wait
    /// for a client's command. If this is `true`, the rule `no-op-on-election` demands the no-op.
    pub no_op: bool,
    /// The largest number of entries in one AppendEntries; `None` for no limit.
    pub max_batch: Option<NonZeroUsize>,
}

impl Settings {
    /// Settings for a cluster of `nodes` that keep every rule, with a no-op and at most 1024
    /// entries in one AppendEntries.
    pub const fn new(nodes: usize) -> Self {
        Self { nodes, rules: RuleSet::INTACT, no_op: true, max_batch: NonZeroUsize::new(1024) }
    }

    /// How many nodes are a strict majority: two sets of this size always share a node (§5.2).
    pub const fn majority(&self) -> usize {
        self.nodes / 2 + 1
    }
}

/// The state that is saved and survives a crash (Figure 2, persistent state on all servers). The
/// default is the state of a new node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct PersistentState {
    /// The latest term this node has seen.
    pub current_term: Term,
    /// The candidate that it voted for in that term, if any.
    pub voted_for: Option<NodeId>,
    /// Its log.
    pub log: Log,
}

impl PersistentState {
    /// A state with these values.
    pub const fn new(current_term: Term, voted_for: Option<NodeId>, log: Log) -> Self {
        Self { current_term, voted_for, log }
    }
}

/// An input of a node: something that happens to it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// A message arrived.
    Receive(Envelope),
    /// Clients propose these commands, in this order.
    Propose(Vec<Command>),
    /// The election timer ended. The code that runs the node starts this timer when the node
    /// starts, when the node stops leading, and whenever a turn asks for it.
    ElectionTimeout,
    /// The heartbeat timer ended, so a leader must send heartbeats.
    HeartbeatDue,
}

/// One Raft node. It is pure: no clock, no threads, no randomness, no I/O.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RaftNode {
    pub(super) id: NodeId,
    pub(super) settings: Settings,
    pub(super) persistent: PersistentState,
    /// Figure 2's `commitIndex`, which is volatile. Figure 2's `lastApplied` is kept with the state machine.
    pub(super) commit_index: LogIndex,
    pub(super) role: Role,
}

impl RaftNode {
    /// Starts a node as a follower with its saved state, for the first time or after a crash.
    /// Nothing else survives a crash: the node knows no leader, no votes and no committed entry.
    ///
    /// # Panics
    /// If the cluster has more than [`MAX_NODES`] nodes or `id` is not one of them, or if no node can have saved
    /// this state: a vote for a node of another cluster, or a term beyond [`Term::MAX`].
    pub fn new(id: NodeId, settings: Settings, saved: PersistentState) -> Self {
        assert!(settings.nodes <= MAX_NODES, "a cluster has at most {MAX_NODES} nodes");
        let belongs = |node: NodeId| node.index() < settings.nodes;
        assert!(belongs(id), "the node belongs to its cluster");
        assert!(saved.voted_for.is_none_or(belongs), "a vote is for a node of the cluster");
        assert!(saved.current_term <= Term::MAX, "no node enters a term beyond the largest");
        Self {
            id,
            settings,
            persistent: saved,
            commit_index: LogIndex::ZERO,
            role: Role::Follower { leader: None },
        }
    }

    /// Every other node, in ascending order.
    pub(super) fn peers(&self) -> impl Iterator<Item = NodeId> + Clone + use<> {
        let own = self.id;
        NodeId::all(self.settings.nodes).filter(move |&node| node != own)
    }

    /// The id of this node.
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// The settings of this node.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The state that survives a crash.
    pub const fn persistent(&self) -> &PersistentState {
        &self.persistent
    }

    /// Its current term.
    pub const fn current_term(&self) -> Term {
        self.persistent.current_term
    }

    /// Its vote in the current term.
    pub const fn voted_for(&self) -> Option<NodeId> {
        self.persistent.voted_for
    }

    /// Its log.
    pub const fn log(&self) -> &Log {
        &self.persistent.log
    }

    /// The position of the last entry of its log.
    pub fn last(&self) -> LogPosition {
        self.persistent.log.last()
    }

    /// The highest index it knows to be committed.
    pub const fn commit_index(&self) -> LogIndex {
        self.commit_index
    }

    /// Its role, with the data of that role.
    pub const fn role(&self) -> &Role {
        &self.role
    }

    /// Whether it leads.
    pub const fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader { .. })
    }

    /// The leader of its current term, as far as it knows. A leader names itself.
    pub const fn leader(&self) -> Option<NodeId> {
        match self.role {
            Role::Follower { leader } => leader,
            Role::Candidate { .. } => None,
            Role::Leader { .. } => Some(self.id),
        }
    }

    /// What this node knows about `peer`; `None` unless it leads.
    pub const fn progress(&self, peer: NodeId) -> Option<Progress> {
        match &self.role {
            Role::Leader { progress } => Some(progress.of(peer)),
            _ => None,
        }
    }
}
