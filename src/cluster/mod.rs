//! The real thing: every node on a thread of its own, messages in channels, clocks on the wall.
//!
//! # The idea
//!
//! A Raft server waits for whatever comes first, and does one of two things:
//!
//! * **take a message**: step the node, save, send what follows;
//! * **check the timers**, every 10 ms: an election timeout or a due heartbeat is one more input.
//!
//! That is all of `node.rs`, and it fits on a screen. Everything else in this room makes it easy to
//! start five of them, to talk to them and to trouble them.
//!
//! * `node`: `ClusterNode`, the thread's loop.
//! * `bus`: [`MessageBus`], the channels between them, with every fault a network has.
//! * `client`: [`Client`], who proposes and waits for answers.
//! * `cluster`: [`RaftCluster`], which starts, crashes, restarts and stops the threads.
//! * `chronicle`: the one journal they all write, and the clock they all read.
//! * `board`: where each node posts how it stands, and where waits block.
//! * `error`: what they say when they cannot.
//! * `world`: what a script can do, done to threads.
//!
//! # Why it cannot hang
//!
//! Every channel is unbounded, so sending never waits. There are four locks (journal, links, board,
//! doors). A thread that holds one takes another in one order only, journal before links, and no
//! thread sends, joins or waits for an answer while it holds any. Observers run under the journal's
//! lock: they must be quick, and must not call the cluster.
//!
//! # Time
//!
//! `speed` makes a story run faster than it is told. Timers, latencies, bounds and the journal speak
//! *story time*; only the tick is real: a thread looks at its clock every 10 ms at any speed.

mod board;
mod bus;
mod chronicle;
mod client;
#[expect(clippy::module_inception, reason = "the room holds a cluster; so does the file")]
mod cluster;
mod error;
mod node;
mod order;
mod world;

pub use bus::MessageBus;
pub use client::Client;
pub use cluster::{ClusterConfig, RaftCluster};
pub use error::{Panicked, RestartError, StartError};
pub use order::{Applied, SubmitError};
