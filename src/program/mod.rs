//! What the command `raft-cluster` does, put together from the rooms below: which world to build,
//! who listens to it, what to say in the end, and with which exit code.

pub mod check;
pub mod hunt;
pub mod play;
pub mod replay;
pub mod run;
