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
//! 2. [`timing`], [`state_machine`], [`digest`], [`network`]: time as a number, a key-value store,
//!    stable hashes, what links do to messages.
//! 3. [`replica`]: a node with timers, disk and store: what a server runs.
//! 4. [`safety`], [`linearizability`]: the properties that must never fall, and the ledgers that
//!    watch them; what clients may be told.
//! 5. [`journal`]: what happens in a cluster, in one order; [`engine`]: one turn of a server, the order
//!    of saving, recording and sending.
//! 6. [`world`], [`status`]: what can be done to a cluster, and seen of it.
//! 7. [`scenario`]: the small language that says what is to happen.
//! 8. [`cluster`] and [`sim`]: the two worlds, on threads and in virtual time.
//! 9. [`trace`]: a run as its inputs, written and run again.
//! 10. [`hunt`], [`check`]: the search for a run that fails: at random, or through every run of a
//!     small cluster.
//! 11. [`walkthrough`], [`view`], [`program`], [`cli`]: what the two programs show, and how.
//!
//! `docs/architecture.md` has the same map with the reasons, and follows one command through it.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod check;
pub mod cli;
pub mod cluster;
pub mod digest;
pub mod engine;
pub mod hunt;
pub mod journal;
pub mod linearizability;
pub mod network;
mod panics;
pub mod program;
pub mod raft;
pub mod replica;
pub mod safety;
pub mod scenario;
pub mod sim;
pub mod state_machine;
pub mod status;
pub mod timing;
pub mod trace;
pub mod view;
pub mod walkthrough;
pub mod world;
