//! Raft to run, to break and to read.
//!
//! Two programs use this library: `raft-node` walks one node through every decision of Raft, and
//! `raft-cluster` runs five nodes that elect, replicate, crash and recover. Both say *why* at every
//! step, and each reason has a name: a [`Rule`].
//!
//! # Where to begin
//!
//! [`raft`] is the protocol as pure code: a [`RaftNode`] takes one input and returns what follows.
//!
//! ```
//! use raft_in_practice::{Input, NodeId, PersistentState, RaftNode, Settings};
//!
//! let mut disk = PersistentState::default();
//! let mut node = RaftNode::new(NodeId::new(0), Settings::new(3), disk.clone());
//! // Messages can be sent only after the state that they depend on is saved.
//! let Ok(sendable) = node.step(Input::ElectionTimeout).persist(&mut disk);
//! assert_eq!(sendable.messages().len(), 2, "n1 and n2 are asked for their votes");
//! ```
//!
//! Then read on, one module at a time. A module never uses the modules below it in this list:
//!
//! 1. [`raft`]: the protocol.
//! 2. [`digest`], [`random_draws`], [`network`]: hashes and random draws that are the same on every
//!    machine; what links do to messages.
//! 3. [`server`]: what runs a node: timers, storage, a key-value store, answers; and
//!    [one turn](server::turn_order), which fixes the order of saving, recording and sending.
//! 4. [`properties`]: what must hold, and the checkers that watch it.
//! 5. [`record`]: the journal, which lists what happens in a cluster in one order; a run as its
//!    inputs, saved to a file and replayed from it.
//! 6. [`scenario`]: the small language of scripts, and what a script can ask of a
//!    [world](scenario::world::World).
//! 7. [`cluster`] and [`sim`]: the two worlds, on threads and in virtual time.
//! 8. [`explain`]: why something is so, or is not so, at a step of a recorded run.
//!
//! The two programs need the feature `cli`, which is on by default; users of the library can turn
//! it off (`default-features = false`). The programs also use three modules that are not part of
//! the public interface: `search` looks for a run that fails; `view` makes the output; `cli` reads
//! arguments and commands.
//!
//! `docs/architecture.md` has the same map with the reasons, and follows one command through the modules.

// Public for the programs and the tests. Users of the library do not need it.
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
// Public for the tests, which read the output of the programs.
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
