//! The real thing: every node on a thread of its own, messages in channels, clocks on the wall.
//!
//! # The idea
//!
//! A Raft server waits for whatever comes first, and does one of two things:
//!
//! * **take a message**: step the node, save, send what follows;
//! * **check the timers**, every 10 ms: an election timeout or a due heartbeat is one more input.
//!
//! That is `ClusterNode::live` in `node_thread.rs`, with the functions that it calls. Everything else
//! in this room makes it easy to start five of them, to talk to them and to trouble them.
//!
//! * `node_thread`: `ClusterNode`, the thread's loop.
//! * `node_command`: what a node's thread is told from outside.
//! * `links`: the nodes' inboxes, and every fault that a network has.
//! * `delay_queue`: the thread that holds messages which take their time.
//! * `client`: [`Client`], who proposes and waits for answers.
//! * `cluster`: [`RaftCluster`], which starts and stops the threads.
//! * `world`: what a script can do, done to threads.
//! * `registry`: how each node stands, and where waits block.
//! * `shared`: what all threads share: the journal, the clock and the above.
//! * `error`: what they say when they cannot.
//!
//! # Why it cannot hang
//!
//! Every channel is unbounded, so sending never waits. There are four locks (journal, links,
//! registry, channels). A thread that holds one takes another in one order only, journal before
//! links, and no thread sends, joins or waits for an answer while it holds any. Observers run under
//! the journal's lock: they must be quick, and must not call the cluster.
//!
//! # Time
//!
//! `speed` makes the cluster's time run faster than real time. Timers, latencies, bounds and the
//! journal are in the *cluster's time*; only the tick is real: a thread looks at its clock every
//! 10 ms at any speed.

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
// Public for the tests: no machine can be told to starve a node of its time.
#[doc(hidden)]
pub use shared::{ClusterClock, TimeHad};
