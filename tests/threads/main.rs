//! The tests on real threads in real time. They are a binary of their own, so that no other test takes
//! processor time from them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(unreachable_pub, reason = "the modules of one binary share it, nobody else sees it")]

mod cluster;
mod links;
#[path = "../it/common/memory_file.rs"]
mod memory_file;
mod refusals;
mod traces;
