//! Raft to run, to break and to read.
//!
//! Two programs stand on this library: `raft-node` walks one node through every decision of Raft,
//! and `raft-cluster` lets five of them elect, replicate, crash and recover. Both say *why* at
//! every step, and each reason has a name: a [`Rule`].
//!
//! # Where to begin
//!
//! [`raft`] is the protocol, pure: a [`RaftNode`] takes one input and says what follows from it.
//!
//! ```
//! use raft_in_practice::{Input, NodeId, PersistentState, RaftNode, Settings};
//!
//! let mut disk = PersistentState::default();
//! let mut node = RaftNode::new(NodeId::new(0), Settings::new(3), disk.clone());
//! // Messages come free only when what they rely on is saved.
//! let Ok(sendable) = node.step(Input::ElectionTimeout).persist(&mut disk);
//! assert_eq!(sendable.messages().len(), 2, "n1 and n2 are asked for their votes");
//! ```
//!
//! From there go up, one room at a time. A room knows nothing of those below it in this list:
//!
//! 1. [`raft`]: the protocol.
//! 2. [`digest`], [`random_draws`], [`network`]: hashes and random draws that are the same everywhere; what links
//!    do to messages.
//! 3. [`server`]: what runs a node: timers, storage, a key-value store, answers; and
//!    [one turn](server::turn_order) of it, which has the order of saving, recording and sending.
//! 4. [`properties`]: what must hold, and the ledgers that watch it.
//! 5. [`record`]: what happens in a cluster, in one order; and a run as its inputs, written and run again.
//! 6. [`scenario`]: the small language that says what is to happen, and what it can ask of a
//!    [world](scenario::world::World).
//! 7. [`cluster`] and [`sim`]: the two worlds, on threads and in virtual time.
//! 8. [`explain`]: why something is so at a step of a recorded run, and why not.
//!
//! The two programs are built with the feature `cli`, which is on by default; a library user leaves it
//! out (`default-features = false`). They stand on three rooms that are no part of the interface: the
//! search for a run that fails, `search`; what the programs show, `view`; and what they can be told,
//! `cli`.
//!
//! `docs/architecture.md` has the same map with the reasons, and follows one command through it.

// Public for the programs and the tests; what a library user needs stands in the other rooms.
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod cluster;
pub mod digest;
pub mod explain;
pub mod network;
mod own_file;
mod panics;
pub mod properties;
pub mod raft;
pub mod random_draws;
pub mod record;
pub mod scenario;
// Public for the programs and the tests.
#[doc(hidden)]
pub mod search;
pub mod server;
pub mod sim;
// Public for the tests, which read what the programs say.
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod view;
mod visible;

pub use cluster::{Client, ClusterConfig, RaftCluster};
pub use network::Conditions;
pub use properties::report::SafetyReport;
pub use raft::{
    Command, Input, LogEntry, LogIndex, LogPosition, NodeId, PersistentState, RaftNode, Rule,
    RuleSet, Settings, Term,
};
pub use record::journal::Observer;
pub use scenario::script::Script;
pub use scenario::world::World;
pub use server::timing::Timing;
pub use sim::{Sim, SimConfig};
