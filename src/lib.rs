//! Raft to run, to break and to read.
//!
//! Two programs stand on this library: `raft-node` walks one node through every decision of Raft,
//! and `raft-cluster` lets five of them elect, replicate, crash and recover. Both say *why* at
//! every step, and each reason has a name: a [`Rule`](raft::Rule).
//!
//! # Where to begin
//!
//! [`raft`] is the protocol, pure: a [`RaftNode`](raft::RaftNode) takes one input and says what
//! follows from it.
//!
//! ```
//! use raft_in_practice::raft::{Input, NodeId, PersistentState, RaftNode, Settings};
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
//! 2. [`digest`], [`draw`], [`network`]: hashes and random draws that are the same everywhere; what links
//!    do to messages.
//! 3. [`server`]: what runs a node: timers, storage, a key-value store, answers; and the
//!    [engine](server::engine), one turn of a server, which has the order of saving, recording and sending.
//! 4. [`properties`]: what must hold, and the ledgers that watch it.
//! 5. [`record`]: what happens in a cluster, in one order; and a run as its inputs, written and run again.
//! 6. [`scenario`]: the small language that says what is to happen, and what it can ask of a
//!    [world](scenario::world::World).
//! 7. [`cluster`] and [`sim`]: the two worlds, on threads and in virtual time.
//! 8. [`search`]: the search for a run that fails: at random, or through every run of a small cluster.
//! 9. [`view`], [`cli`]: what the two programs show, and how.
//!
//! `docs/architecture.md` has the same map with the reasons, and follows one command through it.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod cli;
pub mod cluster;
pub mod digest;
pub mod draw;
pub mod network;
mod panics;
pub mod properties;
pub mod raft;
pub mod record;
pub mod scenario;
pub mod search;
pub mod server;
pub mod sim;
pub mod view;
