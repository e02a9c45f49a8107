//! Raft to run, to break and to read.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod check;
pub mod cli;
pub mod cluster;
pub mod digest;
pub mod journal;
pub mod network;
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
