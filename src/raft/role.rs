//! The three roles of §5.1, each with the data that only this role needs. A change of role drops
//! the data of the old role, so no stale data survives it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::rules::broken::DuplicateVotes;
use super::types::{LogIndex, MAX_NODES, NodeId, NodeSet};

/// A role without its data.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleKind {
    /// Answers requests and sends none.
    Follower,
    /// Asks for votes.
    Candidate,
    /// Accepts commands and replicates them.
    Leader,
}

impl fmt::Display for RoleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Follower => "follower",
            Self::Candidate => "candidate",
            Self::Leader => "leader",
        })
    }
}

/// A node's role, with its data.
#[expect(clippy::large_enum_variant, reason = "one role a node; a box would only cost a jump")]
#[expect(missing_docs, reason = "the sentence of each variant names its field")]
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// Follows the `leader` of this term, if it knows one.
    Follower { leader: Option<NodeId> },
    /// Campaigns, and has received these `votes`.
    Candidate { votes: Votes },
    /// Leads, and knows the `progress` of each follower.
    Leader { progress: ProgressTable },
}

impl Role {
    /// The role of a new leader whose log ends at `last`.
    pub(super) fn new_leader(leader: NodeId, nodes: usize, last: LogIndex) -> Self {
        Self::Leader { progress: ProgressTable::new(leader, nodes, last) }
    }

    /// The role without its data.
    pub const fn kind(&self) -> RoleKind {
        match self {
            Self::Follower { .. } => RoleKind::Follower,
            Self::Candidate { .. } => RoleKind::Candidate,
            Self::Leader { .. } => RoleKind::Leader,
        }
    }
}

/// The votes of one election: a set of voters, so that a duplicate grant does not count.
/// (`duplicates` stays 0 unless `votes-counted-once-and-in-term` is broken.)
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Votes {
    voters: NodeSet,
    duplicates: DuplicateVotes,
}

impl Votes {
    /// A candidate's vote for itself.
    pub(super) fn of(candidate: NodeId) -> Self {
        Self { voters: NodeSet::from_iter([candidate]), duplicates: DuplicateVotes::default() }
    }

    /// Counts a grant.
    pub(super) const fn count(&mut self, voter: NodeId) {
        if !self.voters.insert(voter) {
            self.duplicates.count();
        }
    }

    /// Whether this voter's grant was counted.
    pub const fn contains(self, voter: NodeId) -> bool {
        self.voters.contains(voter)
    }

    /// The voters whose grants were counted.
    pub const fn voters(self) -> NodeSet {
        self.voters
    }

    /// How many grants were counted.
    pub const fn counted(self) -> usize {
        self.voters.len() + self.duplicates.counted()
    }
}

/// What a leader knows about one follower (Figure 2, volatile state on leaders).
///
/// Normally the leader sends entries as they come, and `next_index` runs ahead of the answers. After
/// a refusal the leader probes: it sends one request at a time until the follower accepts one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The index of the next entry to send.
    pub next_index: LogIndex,
    /// The highest index that the follower is known to share with the leader.
    pub match_index: LogIndex,
    /// Whether the leader is probing for the index up to which the two logs agree.
    pub probing: bool,
}

/// What a leader knows about every node. In its own row, `match_index` is the end of its own log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ProgressTable([Progress; MAX_NODES]);

impl ProgressTable {
    /// The table of a new leader: `next_index` is one after the last entry of its log, `match_index` is 0.
    fn new(leader: NodeId, nodes: usize, last: LogIndex) -> Self {
        let next_index = last.next();
        let mut table = Self::default();
        table.0[..nodes].fill(Progress { next_index, ..Progress::default() });
        table.of_mut(leader).match_index = last;
        table
    }

    /// What the leader knows about this node.
    pub const fn of(&self, node: NodeId) -> Progress {
        self.0[node.index()]
    }

    pub(super) const fn of_mut(&mut self, node: NodeId) -> &mut Progress {
        &mut self.0[node.index()]
    }

    /// How many of the first `nodes` nodes are known to hold `index`.
    pub fn copies(&self, index: LogIndex, nodes: usize) -> usize {
        self.0[..nodes].iter().filter(|progress| progress.match_index >= index).count()
    }

    /// The highest index that at least `need` of the first `nodes` nodes are known to hold.
    pub fn held_by(&self, need: usize, nodes: usize) -> LogIndex {
        let mut matches = self.0.map(|progress| progress.match_index);
        let matches = &mut matches[..nodes];
        matches.sort_unstable_by(|a, b| b.cmp(a));
        matches.get(need - 1).copied().unwrap_or_default()
    }
}
