//! `raft-cluster replay`: a trace, run again.

mod prompt;
mod words;

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueHint};
use percent_encoding::percent_decode_str;

use super::arguments::{Format, node, parse_view, place, put};
use super::error::Error;
use super::printing;
use crate::explain::{self, Place, Question, Unanswerable};
use crate::raft::NodeId;
use crate::record::journal::Observer;
use crate::record::{Ending, Header, History, TraceError, opened, replay as again};
use crate::scenario::by_hand::TooManyLines;
use crate::scenario::error::FileError;
use crate::scenario::library;
use crate::scenario::run::Runner;
use crate::scenario::script::Script;
use crate::sim::{Sim, SimConfig};
use crate::view::words::for_shell;
use crate::view::{JSON, STORY, View, header, history as told, json, places, summary, why};

/// A trace to run again, as the command line asks for it.
#[derive(Args, Debug)]
pub(super) struct Replay {
    /// The trace
    #[arg(value_hint = ValueHint::FilePath)]
    trace: PathBuf,
    /// Only say whether every step comes out as it was recorded
    #[arg(long)]
    verify: bool,
    /// Stop after this step, at this time (0.014), at the 'end', or at 'first' or 'last' of something ('first commit')
    #[arg(long, value_parser = place(), hide_possible_values = true, allow_hyphen_values = true, value_name = "STEP|TIME|EVENT", conflicts_with = "verify")]
    at: Option<Place>,
    /// Answer why something is so, or is not, at that step, as in 'not committed 3 on 0'
    #[arg(long, value_name = "QUESTION", conflicts_with = "verify")]
    why: Vec<String>,
    /// Show the state of a node at that step, under the names of Figure 2
    #[arg(long, value_name = "N", value_parser = node(), hide_possible_values = true, conflicts_with = "verify")]
    show: Vec<NodeId>,
    /// How to tell it
    #[arg(long, value_parser = parse_view(), conflicts_with_all = ["why", "show"])]
    view: Option<&'static View>,
    /// Walk through the trace at a prompt (the default on a terminal), also with lines from a pipe
    #[arg(long, conflicts_with_all = ["verify", "why", "show", "view", "format"])]
    prompt: bool,
    /// What to write: text for people, or JSON, one object a line
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|error| match path.to_str() {
        Some(name) if library::find(name).is_some() => Error::ScenarioForTrace(name.to_owned()),
        _ => Error::Unreadable(path.to_owned(), error),
    })
}

/// Reads the history of a trace, as far as it goes.
pub(super) fn history(path: &Path) -> Result<History, Error> {
    history_of(path, BufReader::new(open(path)?))
}

/// The history of what is read under this name.
pub(super) fn history_of(path: &Path, trace: impl BufRead) -> Result<History, Error> {
    History::read(trace).map_err(|error| Error::Trace(path.to_owned(), error))
}

/// A reader that keeps a copy of what it reads, so that the contents of a pipe can be read again.
struct Kept<'a> {
    from: File,
    read: &'a mut Vec<u8>,
}

impl Read for Kept<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.read.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}

/// The step that a place names. If a trace that was cut has no such step, the error is the cut, and so it is for the
/// end: that is missing.
fn step(path: &Path, history: &History, at: Place) -> Result<u64, Error> {
    let last = history.last();
    let is_missing = at == Place::End && history.stopped().is_some();
    at.of(history).filter(|_| !is_missing).ok_or_else(|| match (history.stopped(), at) {
        (Some(error), _) => Error::Trace(path.to_owned(), error.clone()),
        (None, Place::Step(asked)) => {
            Error::Trace(path.to_owned(), TraceError::NoStep { asked, last })
        }
        (None, _) => Error::Usage(places::no_place(at, history)),
    })
}

/// The step at which a replay up to a place ends. For the last step it is `None`, so that everything after
/// that step is replayed too, unless the trace was cut and so has no proper end.
fn end_of(path: &Path, history: &History, at: Place) -> Result<Option<u64>, Error> {
    let step = step(path, history, at)?;
    Ok((step < history.last() || history.stopped().is_some()).then_some(step))
}

/// Shows the state of these nodes at a step, as one block of lines for each.
fn show(
    history: &History,
    step: u64,
    nodes: &[NodeId],
    format: Format,
) -> Result<Vec<Vec<String>>, Error> {
    let (last, size) = (history.last(), history.header().nodes);
    let shown = |&id: &NodeId| {
        let stands = || {
            let no_step = Unanswerable::NoSuchStep { step, last };
            let no_node = Unanswerable::NoSuchNode { node: id.index(), nodes: size };
            history.nodes_at(step).ok_or(no_step)?.into_iter().nth(id.index()).ok_or(no_node)
        };
        let stood = stands().map_err(|why| Error::Usage(why::unanswerable(&why)))?;
        Ok(match format {
            Format::Text => told::one_node(step, &stood),
            Format::Json => vec![json::node(step, &stood)],
        })
    };
    nodes.iter().map(shown).collect()
}

/// Answers questions about a step.
fn answer(
    history: &History,
    step: u64,
    questions: &[String],
    format: Format,
) -> Result<Vec<String>, Error> {
    let answers = questions.iter().map(|typed| {
        let question = Question::parse(typed, history.header().nodes)?;
        explain::why(history, step, &question)
    });
    let answers = answers.collect::<Result<Vec<_>, _>>();
    let answers = answers.map_err(|error| Error::Usage(why::unanswerable(&error)))?;
    let lines = answers.iter().map(|answer| match format {
        Format::Text => why::answer(history, answer),
        Format::Json => vec![json::text(answer)],
    });
    Ok(lines.collect::<Vec<_>>().concat())
}

/// Runs a trace again, or answers questions about it.
///
/// With `verify` it only says whether every step came out as it was recorded; otherwise it tells the story,
/// up to the place `at` if one is named. Returns exit code 1 if a step comes out differently, or if a
/// property is violated in a story that is told.
pub(super) fn run(replay: &Replay) -> Result<ExitCode, Error> {
    let Replay { trace, verify, at, why, show: nodes, view, prompt, format } = replay;
    let path = trace.as_path();
    if !why.is_empty() || !nodes.is_empty() {
        let history = history(path)?;
        let step = step(path, &history, at.unwrap_or(Place::End))?;
        let mut blocks = show(&history, step, nodes, *format)?;
        if !why.is_empty() {
            blocks.push(answer(&history, step, why, *format)?);
        }
        let between: &[String] = if *format == Format::Text { &[String::new()] } else { &[] };
        return put(blocks.join(between));
    }
    let unasked = !verify && at.is_none() && view.is_none() && *format == Format::Text;
    if *prompt || unasked && stdin().is_terminal() && stdout().is_terminal() {
        let history = history(path)?;
        let from = at.map_or(Ok(1), |at| step(path, &history, at))?;
        return prompt::talk(&history, from);
    }
    let (file, mut read) = (open(path)?, Vec::new());
    let (from, until): (Box<dyn BufRead>, _) = match *at {
        None => (Box::new(BufReader::new(file)), None),
        Some(at) => {
            let kept = BufReader::new(Kept { from: file, read: &mut read });
            let until = end_of(path, &history_of(path, kept)?, at)?;
            (Box::new(io::Cursor::new(read)), until)
        }
    };
    let view = if *format == Format::Json { &JSON } else { view.unwrap_or(&STORY) };
    let mut record = None;
    printing(|output| {
        let observers = |header: &Header| -> Vec<Box<dyn Observer>> {
            if *verify {
                return Vec::new();
            }
            if let Some(open) = view.record {
                return vec![Box::new(record.insert(open(output, header)).clone())];
            }
            output.put_all(header::replayed(header));
            (view.open)(output, header.nodes, false).observers
        };
        let made = again(from, observers, until);
        let (good, lines, ending) = match &made {
            Ok(summary) => {
                // --verify asks only whether the steps are the same, not whether a property was violated.
                let good = *verify || summary.safety.violation_count() == 0;
                let ending = Ending::new(None, None, &summary.safety);
                (good, summary::replayed(path, summary, !verify), ending)
            }
            Err(error @ TraceError::Diverged { .. }) => {
                (false, summary::diverged(path, error), Ending::diverged(error.to_string()))
            }
            Err(error) => return Err(Error::Trace(path.to_owned(), error.clone())),
        };
        match record {
            // `printing` returns the error if the output cannot be written.
            Some(record) => _ = record.finish_with(ending),
            None if *format == Format::Json => output.put(json::verified(path, &made)),
            None => output.put_all(lines),
        }
        Ok(ExitCode::from(u8::from(!good)))
    })
}

/// What a name on the command line stands for. Its file is opened only once, because it may be a pipe.
pub(super) enum Named {
    Trace(Box<dyn BufRead>),
    /// A scenario, with its text if that comes from a file.
    Scenario(Option<Box<dyn Read>>),
}

impl Named {
    pub(super) fn of(name: &str) -> Self {
        if library::find(name).is_some() {
            return Self::Scenario(None);
        }
        match File::open(name).and_then(opened) {
            Ok((true, trace)) => Self::Trace(Box::new(trace)),
            Ok((false, text)) => Self::Scenario(Some(Box::new(text))),
            // The code that loads the scenario reports why the file cannot be read.
            Err(_) => Self::Scenario(None),
        }
    }
}

/// How much of a recorded run a session begins with at most, so that it has room for more.
pub(super) struct Beginning {
    /// How many steps, if no place is named.
    pub(super) steps: u64,
    /// How many lines.
    pub(super) lines: usize,
    /// Says how to begin with this trace at an earlier step.
    pub(super) instead: fn(&str, u64) -> String,
}

/// A session at the prompt.
pub(super) const AT_PROMPT: Beginning = Beginning {
    steps: u64::MAX,
    lines: Script::MOST_LINES as usize / 2,
    instead: |trace, step| {
        format!(
            "'raft-cluster replay {trace} --prompt --at {step}' leads there, and 'fork' goes on"
        )
    },
};

/// Returns the scenario that a word on the command line names, and whether it is a recorded run. The word names
/// a trace, a link that the page of a session has made, or a scenario, which `scenario` reads from its text if
/// that comes from a file. A trace is taken up to the place `at`, or else as far as a session begins with it.
pub(super) fn named(
    name: &str,
    at: Option<Place>,
    begins: &Beginning,
    scenario: impl FnOnce(Option<Box<dyn Read>>) -> Result<Script, Error>,
) -> Result<(Script, bool), Error> {
    if let Some((_, link)) = name.split_once("#run=") {
        let text = percent_decode_str(link).decode_utf8_lossy();
        let script = Script::parse("link", &text);
        let script = script.map_err(|error| Error::Scenario(FileError::Script(error)))?;
        return Ok((script, false));
    }
    let path = Path::new(name);
    let history = match Named::of(name) {
        Named::Trace(trace) => history_of(path, trace)?,
        Named::Scenario(text) => return Ok((scenario(text)?, false)),
    };
    let until = match (at, history.stopped()) {
        (Some(at), _) => step(path, &history, at)?,
        // The end of a trace that was cut is missing, so a session cannot go on from there.
        (None, Some(error)) => return Err(Error::Trace(path.to_owned(), error.clone())),
        (None, None) => history.last().min(begins.steps),
    };
    let script = made_again(&history, until, begins.lines).map_err(|error| {
        let instead =
            error.possible.map(|step| format!(": {}", (begins.instead)(&for_shell(path), step)));
        Error::Usage(format!("{name}: {error}{}", instead.unwrap_or_default()))
    })?;
    Ok((script, true))
}

/// Makes a scenario of a run up to a step, to go on from there. If the scenario does not reproduce the run,
/// its description says so.
///
/// # Errors
/// If it has more than `most` lines, before any of them is carried out.
pub(super) fn made_again(
    history: &History,
    until: u64,
    most: usize,
) -> Result<Script, TooManyLines> {
    let script = Script::by_hand_within(history, until, most)?;
    let mut told = ();
    let mut runner = Runner::new(Sim::new(SimConfig::of(&script), Vec::new()), &mut told);
    let mut is_alike = runner.run(&script.lines).is_ok();
    let sim = runner.into_world();
    let crashed = history.step(until).map(|step| step.node);
    for node in NodeId::all(script.nodes) {
        let then = history.node_at(node, until);
        is_alike &= then.is_some_and(|then| match sim.server(node) {
            Some(server) => then.up && *server.node() == *then.node,
            // The scenario includes a crash within its last step. The history has that crash after the step.
            None => !then.up || crashed == Some(node),
        });
    }
    if is_alike {
        return Ok(script);
    }
    Ok(Script { shows: format!("{} {}", script.shows, told::MADE_OTHERWISE), ..script })
}
