//! What both programs do alike on the command line: read it, and complain about it.
//!
//! A complaint is one sentence on standard error: what is wrong, with what, and what to do. `clap`
//! explains on several lines; they are drawn together here.

pub mod check;
pub mod hunt;
pub mod play;
pub mod replay;
pub mod run;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, ValueEnum};

use crate::raft::MAX_NODES;
use crate::view::stdout;
use crate::view::stdout::WRONG_USAGE;

/// How results are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// Reads the command line.
///
/// # Errors
/// The exit code with which to end at once: after help was asked for, or after a complaint.
pub fn parse<T: Parser>() -> Result<T, ExitCode> {
    T::try_parse().map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            stdout::print(|_| error.print().map(|()| ExitCode::SUCCESS))
        }
        _ => complain::<T>(&one_sentence(&error)),
    })
}

/// Says on standard error what is wrong with the command line. Returns the exit code for that.
pub fn complain<T: CommandFactory>(sentence: &str) -> ExitCode {
    let name = T::command().get_name().to_owned();
    // Nobody is left to tell if standard error fails too.
    let _ = writeln!(io::stderr(), "{name}: {sentence}");
    ExitCode::from(WRONG_USAGE)
}

/// An error of `clap`'s in one sentence, with what was probably meant and where to read more.
fn one_sentence(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let first = first.split_whitespace().collect::<Vec<_>>().join(" ");
    let what = first.strip_prefix("error: ").unwrap_or(&first);
    let meant = suggestion(error).map_or_else(String::new, |s| format!("; did you mean '{s}'?"));
    format!("{what}{meant} (see --help)")
}

fn suggestion(error: &clap::Error) -> Option<&str> {
    [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| match error.get(kind)? {
            ContextValue::String(one) => Some(one.as_str()),
            ContextValue::Strings(several) => several.first().map(String::as_str),
            _ => None,
        })
}

/// Reads the size of a cluster.
///
/// # Errors
/// If it is not a number from 1 to [`MAX_NODES`].
pub fn parse_nodes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(nodes) if (1..=MAX_NODES).contains(&nodes) => Ok(nodes),
        _ => Err(format!("a cluster has 1 to {MAX_NODES} nodes")),
    }
}

/// Reads a seed.
///
/// # Errors
/// If it is not a whole number that fits 64 bits.
pub fn parse_seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// Reads how many of something, or how much.
///
/// # Errors
/// If it is not a whole number that fits 64 bits.
pub fn parse_count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "it is a whole number, 0 or more".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Parser, Debug)]
    #[command(name = "lab")]
    struct Lab {
        #[arg(long, value_parser = parse_nodes, allow_negative_numbers = true)]
        nodes: Option<usize>,
        #[arg(long, value_enum)]
        format: Option<Format>,
    }

    fn complaint(arguments: &[&str]) -> String {
        let arguments = std::iter::once("lab").chain(arguments.iter().copied());
        one_sentence(&Lab::try_parse_from(arguments).unwrap_err())
    }

    #[test]
    fn a_complaint_is_one_line_that_says_what_is_wrong_with_what_and_what_to_do() {
        for (arguments, words) in [
            (&["--nodes", "0"][..], &["'0'", "--nodes", "1 to 9", "--help"][..]),
            (&["--nodes", "-3"], &["'-3'", "--nodes", "1 to 9"]),
            (&["--nodes", "x"], &["'x'", "--nodes", "1 to 9"]),
            (&["--nodes"], &["--nodes", "--help"]),
            (&["--node", "3"], &["--node", "did you mean '--nodes'?"]),
            (&["--format", "jsn"], &["'jsn'", "text, json", "did you mean 'json'?"]),
            (&["stray"], &["stray", "--help"]),
        ] {
            let sentence = complaint(arguments);
            assert!(!sentence.contains('\n') && !sentence.starts_with("error"), "{sentence}");
            for word in words {
                assert!(sentence.contains(word), "{sentence:?} lacks {word:?}");
            }
        }
    }

    #[test]
    fn a_seed_is_a_whole_number() {
        assert_eq!(parse_seed("18446744073709551615"), Ok(u64::MAX));
        for bad in ["", "-1", "1.5", "x", "18446744073709551616"] {
            assert!(parse_seed(bad).is_err(), "{bad}");
        }
    }
}
