//! All tests, in one program.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod log_store;
mod proof;
mod snapshot;
mod story;
mod suite;
