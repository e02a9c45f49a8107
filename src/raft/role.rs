//! The three roles of §5.1, each with the data that only it has. A change of role drops the data
//! of the old one, so nothing stale can survive it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::types::{LogIndex, MAX_NODES, NodeId, NodeSet};

/// A role without its data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleKind {
    /// Answers requests, starts none.
    Follower,
    /// Asks for votes.
    Candidate,
    /// Takes commands in and replicates them.
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

/// A server's role, with its data.
#[expect(clippy::large_enum_variant, reason = "one role a node; a box would only cost a jump")]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Follows the leader of this term, once it has heard of one.
    Follower {
        /// The leader of the current term, if it is known.
        leader: Option<NodeId>,
    },
    /// Stands for election.
    Candidate {
        /// The votes it has.
        votes: Votes,
    },
    /// Leads.
    Leader {
        /// What it knows of each follower.
        progress: ProgressTable,
    },
}

impl Role {
    /// The role without its data.
    #[must_use]
    pub const fn kind(&self) -> RoleKind {
        match self {
            Self::Follower { .. } => RoleKind::Follower,
            Self::Candidate { .. } => RoleKind::Candidate,
            Self::Leader { .. } => RoleKind::Leader,
        }
    }
}

/// The votes of one election: a set of voters, not a counter, so that a duplicate cannot count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Votes {
    voters: NodeSet,
    /// Grants counted beyond one a voter; stays 0 unless `votes-counted-once-and-in-term` is
    /// broken.
    duplicates: u8,
}

impl Votes {
    /// Counts a grant.
    pub(super) const fn count(&mut self, voter: NodeId) {
        if !self.voters.insert(voter) {
            self.duplicates = self.duplicates.saturating_add(1);
        }
    }

    /// Whether this voter's grant was counted.
    #[must_use]
    pub const fn contains(self, voter: NodeId) -> bool {
        self.voters.contains(voter)
    }

    /// Who voted.
    #[must_use]
    pub const fn voters(self) -> NodeSet {
        self.voters
    }

    /// How many grants were counted.
    #[must_use]
    pub const fn counted(self) -> usize {
        self.voters.len() + self.duplicates as usize
    }
}

/// What a leader knows of one follower (Figure 2, volatile state on leaders).
///
/// While all is well entries are sent as they come, and `next_index` runs ahead of the answers.
/// After a refusal the leader probes: one message at a time, until the follower agrees.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Progress {
    /// The index of the next entry to send.
    pub next_index: LogIndex,
    /// The highest index that the follower is known to share with the leader.
    pub match_index: LogIndex,
    /// Whether the leader waits to learn where the two logs agree.
    pub probing: bool,
}

/// What a leader knows of every node. Its own row counts its own log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ProgressTable([Progress; MAX_NODES]);

impl ProgressTable {
    /// How a leadership begins: `next_index` behind the last entry, `match_index` 0.
    pub(super) fn new(nodes: usize, last: LogIndex) -> Self {
        let fresh =
            Progress { next_index: last.next(), match_index: LogIndex::ZERO, probing: false };
        let mut table = Self::default();
        table.0[..nodes].fill(fresh);
        table
    }

    /// What is known of this node.
    #[must_use]
    pub const fn of(&self, node: NodeId) -> Progress {
        self.0[node.index()]
    }

    pub(super) const fn of_mut(&mut self, node: NodeId) -> &mut Progress {
        &mut self.0[node.index()]
    }

    /// How many of the first `nodes` nodes are known to hold `index`.
    #[must_use]
    pub fn copies(&self, index: LogIndex, nodes: usize) -> usize {
        self.0[..nodes].iter().filter(|progress| progress.match_index >= index).count()
    }

    /// The highest index that at least `need` of the first `nodes` nodes are known to hold.
    #[must_use]
    pub fn held_by(&self, need: usize, nodes: usize) -> LogIndex {
        let mut matches = self.0.map(|progress| progress.match_index);
        let matches = &mut matches[..nodes];
        matches.sort_unstable_by(|a, b| b.cmp(a));
        matches.get(need - 1).copied().unwrap_or_default()
    }
}
