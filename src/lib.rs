//! Raft to run, to break and to read.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod cluster;
pub mod digest;
pub mod journal;
pub mod network;
pub mod raft;
pub mod replica;
pub mod safety;
pub mod scenario;
pub mod state_machine;
pub mod status;
pub mod timing;
