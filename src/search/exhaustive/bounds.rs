//! How far a search goes: the cluster, and how much may happen to it.

use std::num::NonZeroUsize;

use serde::Serialize;

use crate::raft::{RuleSet, Settings};

/// Which states count as one. Every merge is sound; each has a switch so that tests can compare.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Merge {
    /// States that differ only in the names of the nodes.
    pub symmetry: bool,
    /// States that differ only in messages whose arrival can never again change anything.
    pub dead_messages: bool,
    /// States that differ only in which leader a follower knows, which matters only to clients.
    pub ignore_known_leader: bool,
    /// States that differ only in messages that can be sent at any time without changing their sender,
    /// such as heartbeats. Steps that only send such messages are not counted, so this is off where the
    /// number of steps matters.
    pub free_sends: bool,
}

impl Merge {
    /// All of them.
    pub const ALL: Self =
        Self { symmetry: true, dead_messages: true, ignore_known_leader: true, free_sends: true };
    /// None of them: every state counts by itself.
    pub const NONE: Self = Self {
        symmetry: false,
        dead_messages: false,
        ignore_known_leader: false,
        free_sends: false,
    };
}

/// The bounds of a search. Within them everything is tried.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Bounds {
    /// How many nodes.
    pub nodes: usize,
    /// The highest term: no node campaigns beyond it.
    pub terms: u64,
    /// A leader takes a command in while its log is shorter than this. The no-op of a new leader
    /// comes on top.
    pub log: u64,
    /// How many crashes, each with the restart, there may be in one run.
    pub crashes: u8,
    /// Whether a leader may send heartbeats.
    pub heartbeats: bool,
    /// Whether a new leader appends a no-op.
    pub no_op: bool,
    /// How many entries one AppendEntries may carry.
    pub max_batch: Option<NonZeroUsize>,
    /// Which states count as one.
    #[serde(skip)]
    pub merge: Merge,
    /// How many threads search.
    pub jobs: usize,
    /// How much memory the search may use, in bytes.
    pub memory: u64,
}

impl Bounds {
    /// Bounds for a cluster of `nodes` whose terms go up to `terms` and whose leaders take in commands up to
    /// index `log`; no crashes.
    pub const fn new(nodes: usize, terms: u64, log: u64) -> Self {
        Self {
            nodes,
            terms,
            log,
            crashes: 0,
            heartbeats: true,
            no_op: true,
            max_batch: Settings::new(1).max_batch,
            merge: Merge::ALL,
            jobs: 1,
            memory: u64::MAX,
        }
    }

    /// Returns the same bounds with this many crashes.
    pub const fn with_crashes(self, crashes: u8) -> Self {
        Self { crashes, ..self }
    }

    /// Returns the same bounds, where new leaders append no no-op.
    pub const fn without_no_op(self) -> Self {
        Self { no_op: false, ..self }
    }

    /// Returns the same bounds with at most this many entries in one AppendEntries.
    pub const fn with_batch(self, max_batch: Option<NonZeroUsize>) -> Self {
        Self { max_batch, ..self }
    }

    /// Returns the settings of the nodes, which keep `rules`.
    pub const fn settings(&self, rules: RuleSet) -> Settings {
        Settings { nodes: self.nodes, rules, no_op: self.no_op, max_batch: self.max_batch }
    }
}
