//! Text for the reader: the only room that turns events into English.
//!
//! The rooms below hand over typed values, an [`Event`](crate::raft::Event), a
//! [`Verdict`](crate::raft::Verdict), a [`Message`](crate::raft::Message); the sentences are made
//! here, and nothing ever reads them back. So wording can change without breaking a tool.
//!
//! * `explain`: one sentence for an event, `facts`: one for the reason behind a decision,
//!   `message`: one for what nodes say to each other, `words`: what all of them need. Pure functions
//!   without colour.
//! * `paint`: colour, which only repeats what the words say already.
//! * `table`: aligned columns and wrapping, [`WIDTH`] columns at most.
//! * `logs`: logs drawn under each other, as in the paper's Figure 7.
//! * `rules`: the rules as a table, and one in full.
//! * `walkthrough`: the ten sections as text, `json`: as one object a line.
//! * `story`: a run as it happens, of which `worth` says what is worth telling, `deeds` what the world
//!   did, `provenance` where a late message comes from; `script_text`: what came of a script's lines.
//! * `status`: how the nodes stand; `violation`: what the checker found; `hunt` and `divergence`: what a hunt found.
//! * `opening`: the first lines of a run; `scenarios`: those that ship.
//! * `prompt`: what the prompt answers.
//! * `output`: lines written by a thread of their own; `stdout`: printing that ends quietly when nobody reads any more.

pub mod deeds;
mod divergence;
pub mod explain;
mod facts;
pub mod hunt;
pub mod json;
pub mod logs;
pub mod message;
pub mod opening;
pub mod output;
pub mod paint;
pub mod prompt;
mod provenance;
pub mod rules;
pub mod scenarios;
pub mod script_text;
pub mod status;
pub mod stdout;
pub mod story;
pub mod table;
pub mod violation;
pub mod walkthrough;
pub mod words;
mod worth;

/// No line is wider than this many columns.
pub const WIDTH: usize = 100;
