//! The cluster on threads: every node has a thread of its own, messages go through channels, and time is real.
//!
//! # The idea
//!
//! A Raft server waits for the next message or the next tick, and then does one of two things:
//!
//! * **take a message**: step the node, save, send what follows;
//! * **check the timers**, every 10 ms: an election timeout or a due heartbeat is one more input.
//!
//! `ClusterNode::live` in `node_thread.rs` does this, with the functions that it calls. Everything
//! else in this module starts several such nodes, talks to them and disturbs them.
//!
//! * `node_thread`: `ClusterNode`, the thread's loop.
//! * `node_command`: the commands that a node's thread gets from outside.
//! * `links`: the nodes' inboxes, and every fault that a network has.
//! * `delay_queue`: the thread that holds delayed messages.
//! * `client`: [`Client`], which proposes commands and waits for answers.
//! * `cluster`: [`RaftCluster`], which starts and stops the threads.
//! * `world`: what a script can do to the cluster.
//! * `registry`: the status of each node, and the place where waits block.
//! * `shared`: what all threads share: the journal, the clock and the above.
//! * `error`: why a cluster or a command failed.
//!
//! # Why it cannot hang
//!
//! Sending never waits: every channel is unbounded, or gets one message and has room for it. There are four
//! locks that threads share (journal, links, registry, channels). A thread that holds the journal may take
//! links or registry; no other two are held at once. No thread joins or waits for an answer while
//! it holds a lock. Observers run under the journal's lock: they must be quick, and must not call the cluster.
//!
//! # Time
//!
//! `speed` makes the cluster's time run faster than real time. Timers, latencies, bounds and the journal use
//! the *cluster's time*. Only the tick is in real time: a thread looks at its clock every 10 ms at any speed.

mod client;
#[expect(clippy::module_inception, reason = "the room holds a cluster; so does the file")]
mod cluster;
mod delay_queue;
mod error;
mod links;
mod node_command;
mod node_thread;
mod registry;
mod shared;
mod world;

pub use client::{Applied, Client};
pub use cluster::{ClusterConfig, RaftCluster, check_speed};
pub use error::{Panicked, StartError, WriteError};
// Public for the tests: they cannot make a real machine starve a node of its time.
#[doc(hidden)]
pub use shared::{ClusterClock, TimeHad};
