//! A run as its inputs.
//!
//! A trace records, in the journal's order, what each node was given and what the world did; never
//! what came of it. All states, messages and reasons are computed again by giving the same inputs
//! to the same core. A digest of every step proves that replay and run agree, for threaded runs
//! too: that is what "the core is pure" means, and it can be checked.
//!
//! * `format`: the lines of the file, documented in `docs/trace-format.md`.
//! * `write`: a listener that writes them as they happen, so that a crash of the program leaves a
//!   readable beginning.
//! * `replay`: reads them and runs them again.

mod format;
mod replay;
mod write;

pub(crate) use format::DeedLine;
pub use format::{Header, TraceError};
pub use replay::{Replay, Summary, replay};
pub use write::{TraceWriter, is_trace};
