//! The tests of the library and of both programs, in one binary, so that they are linked only once.
//!
//! `cargo test --test it rules` runs the tests of one module. The test that counts the threads of its
//! process, and the tests that run on real threads in real time, are binaries of their own:
//! `tests/cluster_threads.rs` and `tests/threads/`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(unreachable_pub, reason = "the modules of one binary share it, nobody else sees it")]

mod broken;
mod by_hand;
mod checker;
mod clients;
mod cluster;
mod common;
mod digests;
mod docs;
mod draws;
mod every_seed;
mod exhaustive;
mod explore;
mod figures;
mod fuzz;
mod history;
mod hunt;
mod language;
mod linearizability;
mod models;
mod network;
mod paper_tables;
mod play;
mod properties;
mod raft_cluster;
mod raft_node;
mod raft_tables;
mod rules;
mod search;
mod server;
mod shrink;
mod stateright;
mod tla;
mod transcripts;
mod verbs;
mod view;
mod virtual_time;
mod walkthrough;
