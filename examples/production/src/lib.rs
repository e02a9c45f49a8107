//! The cluster story of `raft-in-practice` in production dress: every server is a process, its log is on disk, and
//! its messages travel over HTTP. The engine is `openraft`; what an application must bring is here.
//!
//! To read it, follow a write: [`server`] takes it from the [`client`] and hands it to the engine; the engine has
//! [`disk`] save it and [`network`] send it; when a majority holds it, [`state_machine`] applies it, and
//! [`server`] answers. [`node`] puts these parts together, and [`story`] tells what five of them do.
#![forbid(unsafe_code)]

pub mod client;
pub mod disk;
pub mod network;
pub mod node;
pub mod server;
pub mod state_machine;
pub mod story;
pub mod types;
