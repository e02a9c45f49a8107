//! The record of a run: the journal that puts all that happens in one order, and the trace that keeps it.
//!
//! * [`journal`]: enters batches of steps and deeds of the world in one order, and reports them to the
//!   checker and to observers.
//! * [`deed`]: the actions of the world, as opposed to those of a node.
//! * [`message_name`]: the names by which messages are told apart.
//! * `format`, `computed_fields`, `write`, `replay`: a trace, which records a run as its inputs. In the
//!   journal's order it holds what each node was given and what the world did, but no results. A replay
//!   gives the same inputs to the same core, and so computes all states, messages and reasons again. A
//!   digest of every step proves that replay and run agree, for threaded runs too. That is what "the core
//!   is pure" means, and it can be checked. For programs that want to see a run, the same lines can also
//!   carry computed fields. `docs/trace-format.md` describes both.
//! * [`history`]: a run that can be asked for the state of everything at any of its steps.

pub(crate) mod computed_fields;
pub mod deed;
pub(crate) mod error;
pub(crate) mod format;
pub mod history;
pub mod journal;
pub mod message_name;
mod replay;
mod write;

pub use computed_fields::{Ending, NodeFields};
pub use error::TraceError;
pub use format::{Clock, Header};
pub use history::History;
pub use replay::{Summary, replay};
pub(crate) use write::begins_trace;
#[cfg(feature = "cli")]
pub(crate) use write::opened;
pub use write::{TraceWriter, is_trace};
