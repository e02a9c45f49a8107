//! A small line-based language that says what happens to a cluster, used in files, at the prompt and in tests.
//!
//! * `verb_table`: what a line can say: a table with one row for each verb, and one with a row for each condition.
//! * `usage`: the format of these tables. The parser, the writer, help and completion are generated from them.
//! * `arguments`: how each kind of argument is read and written.
//! * `command_text`: clients' commands that most likely are mistakes.
//! * `quantity`: probabilities, durations and latencies, in scripts and on the command line.
//! * `setting`: the table of settings, which stand in the head of a script.
//! * `tokens`: reads a line word by word.
//! * `parse`: turns a line into its verb.
//! * `error`: what is wrong with a line or a script: where, which word, and what would have fitted.
//! * `file`: reads scenarios from files up to a size limit, and saves them without replacing other files.
//! * `free_text`: commands and notes in a line, in quotes where they could be read as words of the language.
//! * `script`: a whole script: its settings and its lines.
//! * `by_hand`: turns a recorded run into a script that repeats it move by move.
//! * `world`: what a script can do to a cluster, on threads or in virtual time.
//! * `run`: carries the lines out on any [`World`](world::World), and reports the outcome of each to a
//!   [`ScriptObserver`](line_outcome::ScriptObserver).
//! * `line_outcome`: the outcome of a line, and why a line failed.
//! * `expectations`: what a script expects, and the verdicts on it.
//! * `early_end`: what ends a run before its last line.
//! * `condition`: decides whether a condition is true of a world.
//! * `library`: the scenarios that ship with the program.
//! * `walkthrough`: what `raft-node` shows of a single node.
//! * `nearest`: suggests the rule, scenario or word that a mistyped one was meant to be.

mod arguments;
mod asking;
pub mod by_hand;
mod command_text;
mod condition;
mod early_end;
pub mod error;
mod expectations;
pub(crate) mod file;
pub mod found;
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
