//! `RaftNode`: the state of Figure 2. What it does with it is written as a [`Turn`](super::Turn).

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::log::Log;
use super::role::{Progress, Role};
use super::rpc::Envelope;
use super::rules::RuleSet;
use super::types::{Command, LogIndex, LogPosition, NodeId, Term};

/// What a node is told once: how large its cluster is, and by which rules it plays.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Settings {
    /// How many nodes vote: 1 to [`MAX_NODES`](super::types::MAX_NODES).
    pub nodes: usize,
    /// The rules that it keeps.
    pub rules: RuleSet,
    /// Whether a new leader appends a no-op (§8). Figure 8 has none: there, older entries wait for a
    /// client's command. (Where there is to be one, the rule `no-op-on-election` asks for it.)
    pub no_op: bool,
    /// How many entries one AppendEntries may carry; `None` for as many as there are.
    pub max_batch: Option<NonZeroUsize>,
}

impl Settings {
    /// Sound settings for a cluster of `nodes`.
    pub const fn new(nodes: usize) -> Self {
        Self { nodes, rules: RuleSet::INTACT, no_op: true, max_batch: NonZeroUsize::new(1024) }
    }

    /// How many nodes are a strict majority: two sets of this size always share a node (§5.2).
    pub const fn majority(&self) -> usize {
        self.nodes / 2 + 1
    }
}

/// What survives a crash (Figure 2, persistent state on all servers): exactly what is saved. The
/// default is that of a new node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct PersistentState {
    /// The latest term this node has seen.
    pub current_term: Term,
    /// Whom it voted for in that term, if anyone.
    pub voted_for: Option<NodeId>,
    /// Its log.
    pub log: Log,
}

impl PersistentState {
    /// A state to start from.
    pub const fn new(current_term: Term, voted_for: Option<NodeId>, log: Log) -> Self {
        Self { current_term, voted_for, log }
    }
}

/// What can happen to a node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// A message arrived.
    Receive(Envelope),
    /// Clients propose these commands, in this order.
    Propose(Vec<Command>),
    /// The election timer ended. Whoever runs the node starts the timer when the node starts, when it
    /// stops leading, and whenever a turn asks for it.
    ElectionTimeout,
    /// It is time for the leader to speak.
    HeartbeatDue,
}

/// One Raft node: pure. No clock, no threads, no randomness, no I/O.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RaftNode {
    pub(super) id: NodeId,
    pub(super) settings: Settings,
    pub(super) persistent: PersistentState,
    /// Figure 2's `commitIndex`, volatile. Its `lastApplied` lives with the state machine.
    pub(super) commit_index: LogIndex,
    pub(super) role: Role,
}

impl RaftNode {
    /// A node that starts, or starts again, as a follower with what it had saved. Nothing else
    /// survives: it knows of no leader, no votes, and of no committed entry.
    ///
    /// # Panics
    /// If `id` is not one of the cluster's nodes.
    pub fn new(id: NodeId, settings: Settings, saved: PersistentState) -> Self {
        assert!(id.index() < settings.nodes, "the node belongs to its cluster");
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

    /// Who it is.
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// How it was set up.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What it must keep through a crash.
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

    /// The end of its log.
    pub fn last(&self) -> LogPosition {
        self.persistent.log.last()
    }

    /// The highest index it knows to be committed.
    pub const fn commit_index(&self) -> LogIndex {
        self.commit_index
    }

    /// Its role, with what belongs to it.
    pub const fn role(&self) -> &Role {
        &self.role
    }

    /// Whether it leads.
    pub const fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader { .. })
    }

    /// Who leads its term, as far as it knows; itself, if it does.
    pub const fn leader(&self) -> Option<NodeId> {
        match self.role {
            Role::Follower { leader } => leader,
            Role::Candidate { .. } => None,
            Role::Leader { .. } => Some(self.id),
        }
    }

    /// What it knows of `peer`, if it leads.
    pub const fn progress(&self, peer: NodeId) -> Option<Progress> {
        match &self.role {
            Role::Leader { progress } => Some(progress.of(peer)),
            _ => None,
        }
    }
}
