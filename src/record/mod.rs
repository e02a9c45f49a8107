//! What happened, in one order: as it is entered while a run goes on, and as it is written down.
//!
//! * [`journal`]: the order in which batches of steps and deeds of the world are entered, told to the
//!   checker and to whoever listens.
//! * [`deed`]: what the world does, rather than a node.
//! * [`message_name`]: by which name a message is told from others.
//! * `format`, `computed_fields`, `write`, `replay`: a trace, which is a run as its inputs. It records, in
//!   the journal's order, what each node was given and what the world did; never what came of it. All states, messages
//!   and reasons are computed again by giving the same inputs to the same core. A digest of every
//!   step proves that replay and run agree, for threaded runs too: that is what "the core is pure"
//!   means, and it can be checked. For programs that want to see a run, what is computed can stand
//!   beside it in the same lines. `docs/trace-format.md` has them.
//! * [`history`]: a run that can be asked how everything stood at any of its steps.

mod computed_fields;
pub mod deed;
pub(crate) mod error;
mod format;
pub mod history;
pub mod journal;
pub mod message_name;
mod replay;
mod write;

pub use computed_fields::{Ending, NodeFields};
pub use error::TraceError;
pub use format::{Clock, Header};
pub use history::History;
pub use replay::{ReplayedRun, Summary, replay};
pub(crate) use write::{begins_trace, opened};
pub use write::{TraceWriter, is_trace};
