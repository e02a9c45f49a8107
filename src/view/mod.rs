//! Text for the reader: the only module that turns events into English.
//!
//! The modules above hand over typed values: an [`Event`](crate::raft::Event), a
//! [`Verdict`](crate::raft::Verdict), a [`Message`](crate::raft::Message). This module makes the sentences,
//! and no code reads them back. So wording can change without breaking a tool.
//!
//! * A view is a way to tell a run as it happens. `VIEWS` lists them: a new row there is a new `--view`.
//! * `event_text`: one sentence for an event; `facts`: one for the reason behind a decision; `message`: one
//!   for a message between nodes; `words`: helpers for all of them. These are pure functions without colour.
//! * `colour`: colour, which only repeats what the words say already.
//! * `table`: aligned columns and wrapping, at most as wide as the terminal; `columns`: the lines of a run.
//! * `logs`: logs drawn under each other, as in the paper's Figure 7.
//! * `rules`: the rules as a table, and one rule in full; `scenarios`: the scenarios that ship.
//! * `walkthrough`: the ten sections as text; `json`: the same as one JSON object a line.
//! * `header`: the first lines of a run; `summary`: the last lines.
//! * `story`: a run as it happens. `what_to_tell` decides what is worth telling, `deeds` says what the world
//!   did, `provenance` where a late message comes from, `script_text` how each line of a script came out, and
//!   `failure_text` what went wrong with one.
//! * `lanes`: a run as columns with arrows between them.
//! * `status`: the state of the nodes; `violation`: what the checker found; `hunt_result`, `search_result`
//!   and `divergence`: what the searches found.
//! * `prompt`: the answers of the prompt; `history`: the same for a trace; `why`: answers to why and why not,
//!   with `finding_text` for what was found.
//! * `reader`: how fast a person reads; `keyboard`: the keys that hurry or pause the text; `output`: lines
//!   written by a thread of their own, and what happens when a pipe is closed or stalls.

pub mod colour;
mod columns;
pub(crate) mod deeds;
mod divergence;
pub mod event_text;
pub mod facts;
pub(crate) mod failure_text;
mod finding_text;
pub(crate) mod header;
pub(crate) mod history;
pub mod hunt_result;
pub mod json;
#[cfg_attr(not(unix), path = "no_keyboard.rs")]
pub(crate) mod keyboard;
mod lanes;
pub mod logs;
pub mod message;
pub mod output;
pub(crate) mod page;
pub(crate) mod places;
pub(crate) mod prompt;
mod provenance;
pub mod reader;
pub mod rules;
pub(crate) mod scenarios;
pub(crate) mod script_text;
pub(crate) mod search_result;
pub(crate) mod status;
mod story;
pub(crate) mod summary;
pub mod table;
pub mod violation;
pub(crate) mod walkthrough;
mod what_to_tell;
pub(crate) mod why;
pub mod words;

use std::env;
use std::io::{self, IsTerminal};
use std::sync::OnceLock;

use crate::record::journal::Observer;
use crate::record::{Clock, Header, TraceWriter};
use crate::scenario::line_outcome::{LineOutcome, ScriptObserver};
use crate::scenario::script::Script;
use crate::server::timing::Time;
use output::Output;
use summary::EndedRun;

/// The width of the terminal, if standard output is one. Empty until a program calls [`use_terminal`].
static TERMINAL: OnceLock<Option<usize>> = OnceLock::new();

/// Adapts lines to the width of the terminal, if there is one. The programs call this as they begin.
pub(crate) fn use_terminal() {
    let _ = TERMINAL.set(terminal_size().map(|(columns, _)| columns));
}

/// Returns the columns and rows of the terminal, if standard output is one. If the terminal does not report
/// its size, the variables `COLUMNS` and `LINES` give it; without them it counts as 80 by 24.
pub(crate) fn terminal_size() -> Option<(usize, usize)> {
    let variable = |name, usual| {
        let said = env::var(name).ok().and_then(|text| text.parse().ok());
        said.filter(|&number| number > 0).unwrap_or(usual)
    };
    let unsaid = || (variable("COLUMNS", 80), variable("LINES", 24));
    io::stdout().is_terminal().then(|| {
        let said = terminal_size::terminal_size();
        said.map_or_else(unsaid, |(columns, rows)| (columns.0.into(), rows.0.into()))
    })
}

/// Returns the width of the widest line in columns: the width of the terminal, but at least 60 and at most
/// 100, and 100 without a terminal.
pub fn width() -> usize {
    TERMINAL.get().copied().flatten().map_or(100, |columns| columns.clamp(60, 100))
}

/// A way to tell a run.
#[derive(Debug)]
pub(crate) struct View {
    /// What `--view` calls it.
    pub(crate) name: &'static str,
    /// What the view tells, in a few words.
    pub(crate) tells: &'static str,
    /// Makes the first lines.
    pub(crate) opening: fn(&Script, Clock) -> Vec<String>,
    /// Opens the view for a cluster of this many nodes; the last argument: whether the run is moved by hand.
    pub(crate) open: fn(&Output, usize, bool) -> Listeners,
    /// Opens the writer of the run's record, with every computed value, for programs.
    pub(crate) record: Option<fn(&Output, &Header) -> TraceWriter>,
    /// Makes the last lines.
    pub(crate) ending: fn(&EndedRun<'_>) -> Vec<String>,
    /// Makes the line that stands for this many lines, left out because a live cluster's reader was too slow.
    pub(crate) left_out: fn(u64) -> String,
}

/// The listeners through which a view follows a run.
#[derive(Default)]
pub(crate) struct Listeners {
    /// Listen to what happens in the cluster.
    pub(crate) observers: Vec<Box<dyn Observer>>,
    /// Listens to the outcomes of the script's lines.
    pub(crate) script: Option<Box<dyn ScriptObserver>>,
}

impl ScriptObserver for Listeners {
    fn line_outcome(&mut self, time: Time, outcome: &LineOutcome) {
        if let Some(script) = &mut self.script {
            script.line_outcome(time, outcome);
        }
    }
}

/// Tells what happens, as it happens, with the reasons.
pub(crate) const STORY: View = View {
    name: "story",
    tells: "What happens, as it happens",
    opening: header::lines,
    open: |output, nodes, by_hand| story::open(output, nodes, by_hand, false),
    record: None,
    ending: summary::full,
    left_out: words::left_out,
};

/// The record of the run for programs: `--format json`.
pub(crate) const JSON: View = View {
    name: "json",
    tells: "One JSON object a line",
    opening: |_, _| Vec::new(),
    open: |_, _, _| Listeners::default(),
    record: Some(json::record),
    ending: |_| Vec::new(),
    left_out: json::left_out,
};

/// Tells only how the run ended.
pub(crate) const QUIET: View = View {
    name: "quiet",
    tells: "Only how it ended",
    opening: |script, _| header::broken(script.broken),
    open: |_, _, _| Listeners::default(),
    ending: summary::brief,
    ..STORY
};

/// Tells the turning points without the reasons.
const BRIEF: View = View {
    name: "brief",
    tells: "The turning points without reasons, and what has changed",
    opening: header::brief,
    open: |output, nodes, by_hand| story::open(output, nodes, by_hand, true),
    ending: |ended| [summary::brief(ended), ended.what_next()].concat(),
    ..STORY
};

/// The view that tells a run if none is named: brief on a terminal, else the whole story.
pub(crate) fn usual() -> &'static View {
    if io::stdout().is_terminal() { &BRIEF } else { &STORY }
}

/// The views that `--view` knows.
pub(crate) const VIEWS: &[View] = &[
    STORY,
    BRIEF,
    View {
        name: "lanes",
        tells: "A column for each node, time downwards, messages as arrows",
        open: lanes::open,
        ending: summary::brief,
        ..STORY
    },
    QUIET,
];
