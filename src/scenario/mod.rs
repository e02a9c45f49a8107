//! A small line-based language for what happens to a cluster: for files, for the prompt, for tests.
//!
//! * `verb_table`: what a line can say: a table with one row for each verb, and one for each condition.
//! * `usage`: how such a table is written. The parser, the writer, help and completion come from it.
//! * `arguments`: how each kind of argument is read and written.
//! * `quantity`: probabilities, durations and latencies, in scripts and on the command line.
//! * `setting`: the settings of a script's head, in a table as well.
//! * `tokens`: a line, read word by word.
//! * `parse`: a line to its verb.
//! * `error`: what is wrong with a line, or with a script: where, which word, what would have fitted.
//! * `file`: scenarios in files: read within a bound, written in the place of nothing else.
//! * `free_text`: commands and notes in a line, in quotes where they could be read as words.
//! * `script`: a whole script: its settings and its lines.
//! * `by_hand`: a recorded run as a script that does the same move by move.
//! * `world`: what a script can do to a cluster, on threads or in virtual time.
//! * `run`: carries the lines out on any [`World`](world::World), and tells a
//!   [`ScriptObserver`](line_outcome::ScriptObserver) what came of each.
//! * `line_outcome`: what came of a line, and why one failed.
//! * `condition`: whether a condition is true of a world.
//! * `library`: the scenarios that ship with the program.
//! * `walkthrough`: what `raft-node` shows of a single node.
//! * `nearest`: what someone may have meant who mistyped a rule, a scenario or a word.

mod arguments;
mod asking;
pub mod by_hand;
mod condition;
pub mod error;
pub(crate) mod file;
mod free_text;
pub mod library;
pub mod line_outcome;
pub mod nearest;
pub mod parse;
pub mod quantity;
pub mod run;
pub mod script;
pub mod setting;
mod tokens;
pub mod usage;
pub mod verb_table;
pub mod walkthrough;
pub mod world;
