//! Turns a line into its verb.

use super::error::LineError;
use super::setting::SETTINGS;
use super::tokens::Words;
use super::verb_table::Verb;
use crate::raft::MAX_NODES;

/// Reads one line for a cluster of `nodes`. Returns `None` for an empty line, or one that is only a
/// comment (`#`).
///
/// # Errors
/// If a word does not fit where it stands.
pub fn parse_line(line: &str, nodes: usize) -> Result<Option<Verb>, LineError> {
    let mut words = Words::new(line, nodes);
    let rest = words.rest();
    if rest.is_empty() || rest.starts_with('#') {
        return Ok(None);
    }
    // A mistyped setting gets a suggestion, too.
    for setting in SETTINGS {
        words.would_fit(setting.usage.words);
    }
    Verb::read(&mut words).map(Some).ok_or_else(|| words.error())
}

/// Returns the words of the language that may follow what was typed.
pub fn words_after(typed: &str) -> Vec<String> {
    let mut words = Words::new(typed, MAX_NODES);
    // The result does not matter: only the words that would fit next do.
    let _ = Verb::read(&mut words);
    words.fitting_at_end()
}
