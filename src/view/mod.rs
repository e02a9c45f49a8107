//! Text for the reader: the only room that turns events into English.
//!
//! The rooms above hand over typed values, an [`Event`](crate::raft::Event), a
//! [`Verdict`](crate::raft::Verdict), a [`Message`](crate::raft::Message); the sentences are made
//! here, and nothing ever reads them back. So wording can change without breaking a tool.
//!
//! * A view is a way to tell a run as it happens. `VIEWS` lists them: a row there is all that it
//!   takes for `--view` to know one more.
//! * `event_text`: one sentence for an event, `facts`: one for the reason behind a decision,
//!   `message`: one for what nodes say to each other, `words`: what all of them need. Pure functions
//!   without colour.
//! * `colour`: colour, which only repeats what the words say already.
//! * `table`: aligned columns and wrapping, as wide as the terminal at most; `columns`: the lines of a run.
//! * `logs`: logs drawn under each other, as in the paper's Figure 7.
//! * `rules`: the rules as a table, and one in full; `scenarios`: those that ship.
//! * `walkthrough`: the ten sections as text, `json`: as one object a line.
//! * `header`: the first lines of a run; `summary`: the last.
//! * `story`: a run as it happens, of which `what_to_tell` says what is worth telling, `deeds` what the world
//!   did, `provenance` where a late message comes from; `script_text`: what came of a script's lines.
//! * `lanes`: a run as columns with arrows between them.
//! * `status`: how the nodes stand; `violation`: what the checker found; `hunt_result`, `search_result` and
//!   `divergence`: what the searches found.
//! * `prompt`: what the prompt answers; `history`: the same of a trace; `why`: answers to why and why not, with
//!   `finding_text`: what was found.
//! * `reader`: how fast a person reads, and `keyboard`: keys that say otherwise. `output`: lines written by a thread of their own, and what a closed or a stalled pipe means.

pub mod colour;
mod columns;
pub(crate) mod deeds;
mod divergence;
pub mod event_text;
pub mod facts;
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

/// How wide the terminal is on which all is printed, if it is one.
static TERMINAL: OnceLock<Option<usize>> = OnceLock::new();

/// From now on lines are as wide as the terminal, if there is one: the programs say so as they begin.
pub(crate) fn use_terminal() {
    let _ = TERMINAL.set(terminal_size().map(|(columns, _)| columns));
}

/// How many columns and rows the terminal has on which all is printed, if it is one. Of one that does not say,
/// the variables `COLUMNS` and `LINES` do, or else it counts as one of 80 by 24.
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

/// No line is wider than this many columns: 100, or as many as the terminal has, from 60 to 100.
pub fn width() -> usize {
    TERMINAL.get().copied().flatten().map_or(100, |columns| columns.clamp(60, 100))
}

/// A way to tell a run.
#[derive(Debug)]
pub(crate) struct View {
    /// What `--view` calls it.
    pub(crate) name: &'static str,
    /// What it tells, in a few words.
    pub(crate) tells: &'static str,
    /// The first lines.
    pub(crate) opening: fn(&Script, Clock) -> Vec<String>,
    /// Who listens to a cluster of so many nodes; moved by hand, if the last is so.
    pub(crate) open: fn(&Output, usize, bool) -> Listeners,
    /// What writes the record of the run with all that is computed, for programs.
    pub(crate) record: Option<fn(&Output, &Header) -> TraceWriter>,
    /// The last lines.
    pub(crate) ending: fn(&EndedRun<'_>) -> Vec<String>,
    /// A line in place of so many that a live cluster's reader was too slow for.
    pub(crate) left_out: fn(u64) -> String,
}

/// Who listens to a run, for a view.
#[derive(Default)]
pub(crate) struct Listeners {
    /// To what happens in the cluster.
    pub(crate) observers: Vec<Box<dyn Observer>>,
    /// To what comes of the script's lines.
    pub(crate) script: Option<Box<dyn ScriptObserver>>,
}

impl ScriptObserver for Listeners {
    fn line_outcome(&mut self, time: Time, outcome: &LineOutcome) {
        if let Some(script) = &mut self.script {
            script.line_outcome(time, outcome);
        }
    }
}

/// What happens, as it happens.
pub(crate) const STORY: View = View {
    name: "story",
    tells: "What happens, as it happens",
    opening: header::lines,
    open: story::open,
    record: None,
    ending: summary::full,
    left_out: words::left_out,
};

/// For programs: `--format json`.
pub(crate) const JSON: View = View {
    name: "json",
    tells: "One JSON object a line",
    opening: |_, _| Vec::new(),
    open: |_, _, _| Listeners::default(),
    record: Some(json::record),
    ending: |_| Vec::new(),
    left_out: json::left_out,
};

/// Only how it ended.
pub(crate) const QUIET: View = View {
    name: "quiet",
    tells: "Only how it ended",
    opening: |script, _| header::broken(script.broken),
    open: |_, _, _| Listeners::default(),
    record: None,
    ending: summary::brief,
    left_out: words::left_out,
};

/// What happens without the reasons.
const BRIEF: View = View {
    name: "brief",
    tells: "The turning points without reasons, and what has changed",
    opening: header::brief,
    open: story::open_brief,
    ending: summary::told_in_brief,
    ..STORY
};

/// What a run is told as if no view is named.
pub(crate) fn usual() -> &'static View {
    if io::stdout().is_terminal() { &BRIEF } else { &STORY }
}

/// Every view that `--view` knows.
pub(crate) const VIEWS: &[View] = &[
    STORY,
    BRIEF,
    View {
        name: "lanes",
        tells: "A column for each node, time downwards, messages as arrows",
        opening: header::lines,
        open: lanes::open,
        record: None,
        ending: summary::brief,
        left_out: words::left_out,
    },
    QUIET,
];
