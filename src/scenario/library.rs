//! The scenarios that ship with the program, from `examples/scenarios/`, and those that show what
//! happens without a rule, from `examples/broken/`.

use std::io::Read;

use super::error::{FileError, ScriptError};
use super::file;
use super::script::Script;
use crate::raft::Rule;

macro_rules! shipped {
    ($(#[$doc:meta])* $table:ident, $folder:literal, $prefix:literal, [$($name:literal),* $(,)?]) => {
        $(#[$doc])*
        pub const $table: &[(&str, &str)] = &[
            $((
                concat!($prefix, $name),
                include_str!(concat!("../../examples/", $folder, "/", $name, ".raft")),
            ),)*
        ];
    };
}

shipped! {
    /// Every scenario: its name and its text.
    SHIPPED, "scenarios", "", [
        "demo", "partition", "split-vote", "restart", "lossy", "rejoin-high-term", "figure-7",
        "figure-8", "stale-leader", "duplicate-and-reorder", "even-cluster", "crash-before-send",
        "one-way", "chain-of-three", "bridge", "paused-leader", "told", "committed-unheard", "retry",
        "wiped-disk",
    ]
}

shipped! {
    /// For every rule, by its id behind `broken/`, a run that fails without it and holds with it.
    BROKEN, "broken", "broken/", [
        "majority-quorum", "one-vote-per-term", "up-to-date-log", "term-before-length",
        "stale-term-rejected", "higher-term-steps-down", "new-term-per-election",
        "candidate-votes-for-itself", "votes-counted-once-and-in-term",
        "candidate-yields-to-leader", "persist-before-reply", "vote-cleared-only-by-new-term",
        "log-matching-check", "conflict-truncates", "truncate-only-on-conflict",
        "acknowledge-only-verified", "commit-only-verified", "commit-only-current-term",
        "replies-matched-to-term", "match-index-monotone", "leader-append-only",
        "no-op-on-election", "timer-reset-only-by-authority", "randomised-timeout",
        "leader-heartbeat", "answer-only-applied",
    ]
}

fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    SHIPPED.iter().chain(BROKEN)
}

/// Returns the shipped scenario of this name, if there is one.
///
/// # Errors
/// If its text does not fit the language; a test makes sure that this never happens.
pub fn find(name: &str) -> Option<Result<Script, ScriptError>> {
    let (_, text) = all().find(|(shipped, _)| *shipped == name)?;
    Some(Script::parse(name, text))
}

/// Returns the shipped scenario that shows what happens without this rule.
pub fn broken(rule: Rule) -> Option<Script> {
    find(&format!("broken/{rule}"))?.ok()
}

/// Returns the name of the shipped scenario that is most similar to `name`, if one is similar enough.
pub fn nearest(name: &str) -> Option<&'static str> {
    super::nearest::nearest(name, all().map(|(shipped, _)| *shipped))
}

/// Returns the shipped scenario of this name, or else the one in the file of this name, for a cluster of
/// `nodes` if that is given.
///
/// # Errors
/// If there is none, or its text does not fit the language.
pub fn load(name: &str, nodes: Option<usize>) -> Result<Script, FileError> {
    let shipped = all().find(|(shipped, _)| *shipped == name);
    let text = match shipped {
        Some((_, text)) => (*text).to_owned(),
        None => file::read(name)?,
    };
    Script::parse_sized(name, &text, nodes).map_err(FileError::Script)
}

/// Reads a scenario from `from`, for a cluster of `nodes` if that is given. `name` becomes its title and
/// appears in error messages.
///
/// # Errors
/// If it cannot be read, or its text does not fit the language.
pub fn read(name: &str, from: impl Read, nodes: Option<usize>) -> Result<Script, FileError> {
    let bytes = file::beginning(from)
        .map_err(|error| FileError::Io(format!("'{name}' cannot be read ({error})"), error))?;
    let text = file::text(name, bytes)?;
    Script::parse_sized(name, &text, nodes).map_err(FileError::Script)
}
