//! A run line by line, in the same columns whoever tells it: when, who, and what.

use super::output::Output;
use super::table::paragraph;
use crate::server::timing::Time;

/// Where the text of a line begins: behind the time and the node.
pub(super) const MARGIN: &str = "               ";

/// Puts lines in columns on an output.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) output: Output,
    /// Whether the run is in someone's hand, where time means nothing.
    pub(super) by_hand: bool,
    /// Whether reasons are left out, and how the nodes stand is told as changes.
    pub(super) brief: bool,
}

impl Columns {
    /// Puts a line: when, who is concerned, and what happens.
    pub(super) fn line(&self, time: Time, who: &str, text: &str) {
        let time = if self.by_hand { String::new() } else { time.to_string() };
        let first = format!("  {time:>8}  {who:<3}");
        self.output.put_all(paragraph(text, &first, MARGIN));
    }

    /// Puts the reason for the line before under it.
    pub(super) fn reason(&self, text: &str) {
        let (first, others) = (format!("{MARGIN}└ "), format!("{MARGIN}  "));
        self.output.put_all(paragraph(text, &first, &others));
    }
}

/// Text of its own between the lines.
pub(super) fn beside(text: &str) -> Vec<String> {
    paragraph(text, MARGIN, MARGIN)
}
