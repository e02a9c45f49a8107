//! A small line-based language for what happens to a cluster: for files, for the prompt, for tests.
//!
//! * `verb`: what a line can say. Each verb writes itself as a line that reads back.
//! * `syntax`: the words, for help and completion.
//! * `parse`: lines to verbs; an error names file, line, word, and what was expected.
//! * `free_text`: commands and notes in a line, in quotes where they could be read as words.
//! * `script`: a whole file: what it shows, which rules, a question, its settings, its lines.
//! * `world`: what a script can do to a cluster, on threads or in virtual time.
//! * `run`: carries the lines out on any [`World`](world::World), and tells a
//!   [`ScriptObserver`](line_outcome::ScriptObserver) what came of each.
//! * `line_outcome`: what came of a line, and why one failed.
//! * `condition`: whether a condition is true of a world.
//! * `library`: the scenarios that ship with the program.
//! * `walkthrough`: what `raft-node` shows of a single node.
//! * `nearest`: what someone may have meant who mistyped a rule, a scenario or a word.

pub mod condition;
mod free_text;
pub mod library;
pub mod line_outcome;
pub mod nearest;
pub mod parse;
pub mod quantity;
pub mod run;
pub mod script;
pub mod syntax;
pub mod verb;
pub mod walkthrough;
pub mod world;
