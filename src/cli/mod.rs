//! The two programs: their command lines, and what each command does.
//!
//! A program ends in `main`, with the exit code that this module returns. The one exception is a signal:
//! `interrupt` ends the program at once where no other code would notice the signal. A complaint is one
//! sentence on standard error: what is wrong, with what, and what to do. `clap` explains an error on
//! several lines; `one_sentence` makes one sentence of them.

mod arguments;
mod check;
mod error;
pub mod explore;
mod hunt;
mod inspect;
mod interrupt;
mod pager;
pub mod play;
mod replay;
mod report;
mod room;
mod run;
#[cfg_attr(not(unix), path = "no_signals.rs")]
mod signals;
mod typed_line;

use std::env;
use std::error::Error as StdError;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ColorChoice, Command, CommandFactory, Parser};

use crate::raft::Rule;
use crate::scenario::library;
use crate::view::keyboard::Keys;
use crate::view::output::{Output, WhenFull, unless_closed};
use crate::view::reader::{KEYS, Reader};
use crate::view::{self, colour};
use arguments::{raft_cluster, raft_node};
use error::Error;

/// Runs the program `raft-cluster` and returns its exit code.
pub fn raft_cluster() -> ExitCode {
    program(raft_cluster::Arguments::run)
}

/// Runs the program `raft-node` and returns its exit code.
pub fn raft_node() -> ExitCode {
    program(raft_node::Arguments::run)
}

/// Reads the command line and runs the program. An error is printed on standard error.
fn program<T: Parser>(run: impl FnOnce(T) -> Result<ExitCode, Error>) -> ExitCode {
    view::use_terminal();
    interrupt::on(|| interrupt::end());
    let columns = view::terminal_size().map_or(100, |(columns, _)| columns);
    let command = T::command().term_width(columns).color(color_of_help(env::args_os()));
    let read = command.try_get_matches();
    let done = match read.and_then(|mut read| T::from_arg_matches_mut(&mut read)) {
        Ok(arguments) => run(arguments),
        Err(error) if error.use_stderr() => Err(Error::Usage(one_sentence(&error))),
        // Help was asked for.
        Err(help) => unless_closed(help.print()).map(|()| ExitCode::SUCCESS).map_err(Error::Output),
    };
    done.unwrap_or_else(|error| {
        let name = T::command().get_name().to_owned();
        // If standard error fails too, the error cannot be reported anywhere.
        let _ = writeln!(io::stderr(), "{name}: {}", error.told());
        ExitCode::from(error.code())
    })
}

/// Reads `--color` before the rest of the command line, because it also decides whether help is coloured.
fn color_of_help(arguments: impl Iterator<Item = OsString>) -> ColorChoice {
    let words: Vec<String> = arguments.map(|word| word.to_string_lossy().into_owned()).collect();
    let own = words.iter().filter_map(|word| word.strip_prefix("--color="));
    let next = words.windows(2).filter(|pair| pair[0] == "--color").map(|pair| pair[1].as_str());
    own.chain(next).find_map(|when| when.parse().ok()).unwrap_or_default()
}

/// Runs `act`, which prints on standard output, and waits until every line is written.
fn printing(act: impl FnOnce(&Output) -> Result<ExitCode, Error>) -> Result<ExitCode, Error> {
    printing_for(Reader::default(), WhenFull::Wait, act)
}

/// The same as `printing`, for a given reader, who need not be waited for.
fn printing_for(
    reader: Reader,
    when_full: WhenFull,
    act: impl FnOnce(&Output) -> Result<ExitCode, Error>,
) -> Result<ExitCode, Error> {
    let keys = reader.keys.then(Keys::take).flatten();
    let reader = Reader { keys: keys.is_some(), ..reader };
    let output = Output::open(when_full, reader).map_err(Error::Output)?;
    if reader.keys {
        output.put(colour::faint(KEYS));
    }
    let done = act(&output);
    output.set_waiting(true);
    let written = output.settle().map_err(Error::Output);
    done.and_then(|code| written.map(|()| code))
}

/// Turns an error of `clap` into one sentence, with the likely correction and a pointer to `--help`.
fn one_sentence(error: &clap::Error) -> String {
    let all = |kind| match error.get(kind) {
        Some(ContextValue::String(one)) => vec![one.as_str()],
        Some(ContextValue::Strings(several)) => several.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let one = |kind| all(kind).first().copied().unwrap_or_default();
    let (argument, value) = (one(ContextKind::InvalidArg), one(ContextKind::InvalidValue));
    let what = match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => {
            format!("a value is required for '{argument}' but none was supplied")
        }
        ErrorKind::InvalidValue => {
            let values = all(ContextKind::ValidValue).join(", ");
            format!("invalid value '{value}' for '{argument}' [possible values: {values}]")
        }
        ErrorKind::ValueValidation => {
            let why = StdError::source(error).map_or_else(String::new, |why| format!(": {why}"));
            format!("invalid value '{value}' for '{argument}'{why}")
        }
        ErrorKind::UnknownArgument => known_elsewhere(argument)
            .unwrap_or_else(|| format!("unexpected argument '{argument}' found")),
        ErrorKind::InvalidSubcommand => {
            let word = one(ContextKind::InvalidSubcommand);
            let known = known_elsewhere(word);
            known.unwrap_or_else(|| format!("unrecognized subcommand '{word}'"))
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = all(ContextKind::InvalidArg).join(" ");
            format!("the following required arguments were not provided: {missing}")
        }
        ErrorKind::ArgumentConflict => match all(ContextKind::PriorArg).join("', '") {
            prior if prior.is_empty() || prior == argument => {
                format!("the argument '{argument}' cannot be used multiple times")
            }
            // Options before a command are for the story that runs when no command is given.
            prior if argument.is_empty() => {
                format!("'{prior}' stands before a command, and belongs after it")
            }
            prior => format!("the argument '{argument}' cannot be used with '{prior}'"),
        },
        kind => kind.to_string(),
    };
    let suggested =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let meant = suggested.into_iter().find_map(|kind| all(kind).first().copied());
    let meant = meant.map_or_else(String::new, |meant| format!("; did you mean '{meant}'?"));
    format!("{what}{meant} (see --help)")
}

/// Says what a word is that does not fit here, and where it belongs, if it is a scenario, a rule or a command.
fn known_elsewhere(word: &str) -> Option<String> {
    let programs = [raft_cluster::Arguments::command(), raft_node::Arguments::command()];
    let has = |program: &&Command| program.find_subcommand(word).is_some();
    if library::find(word).is_some() {
        Some(format!("'{word}' is a scenario: 'raft-cluster run {word}' runs it"))
    } else if Rule::of_id(word).is_some() {
        let (breaks, tells) = (format!("--break {word}"), format!("raft-node rules {word}"));
        Some(format!("'{word}' is a rule: '{breaks}' breaks it, and '{tells}' tells what it says"))
    } else if word == "why" {
        let asks = "raft-cluster replay TRACE --why 'not leader 2'";
        Some(format!("'why' asks about a run: type it at the prompt of 'play', or '{asks}'"))
    } else {
        let program = programs.iter().find(has)?.get_name();
        Some(format!("'{word}' is a command: '{program} {word}'"))
    }
}
