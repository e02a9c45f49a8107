//! Raft to run, to break and to read.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod cli;
pub mod digest;
pub mod network;
pub mod raft;
pub mod replica;
pub mod state_machine;
pub mod timing;
pub mod view;
pub mod walkthrough;
