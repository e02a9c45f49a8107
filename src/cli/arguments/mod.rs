//! The command lines of the programs: a description of each, and the parsers that they share. The complaint
//! about a value that does not fit is one sentence that names the range.

mod completed;
mod man_pages;
pub(super) mod raft_cluster;
pub(super) mod raft_node;
pub(super) mod search;
mod watch;

use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};

pub(super) use completed::{node, place};

use super::error::Error;
use super::printing;
use crate::raft::MAX_NODES;
use crate::view::{STORY, VIEWS, View};

/// How results are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// A parser of values in this range. For any other value the error is this sentence.
fn of_range<T>(
    range: RangeInclusive<T>,
    sentence: impl Into<String>,
) -> impl TypedValueParser<Value = T>
where
    T: FromStr + PartialOrd + Clone + Send + Sync + 'static,
{
    let sentence = sentence.into();
    StringValueParser::new().try_map(move |text| match text.parse() {
        Ok(value) if range.contains(&value) => Ok(value),
        _ => Err(sentence.clone()),
    })
}

/// A parser of cluster sizes.
pub(super) fn nodes() -> impl TypedValueParser<Value = usize> {
    of_range(1..=MAX_NODES, format!("a cluster has 1 to {MAX_NODES} nodes"))
}

/// A parser of seeds.
pub(super) fn seed() -> impl TypedValueParser<Value = u64> {
    of_range(0..=u64::MAX, format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// A parser of counts and amounts.
fn count() -> impl TypedValueParser<Value = u64> {
    of_range(0..=u64::MAX, "it is a whole number, 0 or more")
}

/// A parser of views, by name.
pub(super) fn parse_view() -> impl TypedValueParser<Value = &'static View> {
    let names = VIEWS.iter().map(|view| PossibleValue::new(view.name).help(view.tells));
    let view = |name: String| VIEWS.iter().find(|row| row.name == name).unwrap_or(&STORY);
    PossibleValuesParser::new(names).map(view)
}

/// Parses a range of steps, given by the first and the last of them.
fn parse_steps(text: &str) -> Result<RangeInclusive<u64>, &'static str> {
    let steps = text.split_once("..").and_then(|(first, last)| {
        let steps = first.parse().ok()?..=last.parse().ok()?;
        (*steps.start() > 0 && !steps.is_empty()).then_some(steps)
    });
    steps.ok_or("give the first and the last step, as in 25..48")
}

/// Prints these lines. Returns exit code 0.
pub(super) fn put(lines: impl IntoIterator<Item = String>) -> Result<ExitCode, Error> {
    printing(|output| {
        output.put_all(lines);
        Ok(ExitCode::SUCCESS)
    })
}
