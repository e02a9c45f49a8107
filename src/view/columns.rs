//! A run line by line, in the same columns whoever tells it: in which step, when, who, and what.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::colour;
use super::output::Output;
use super::table::paragraph;
use super::words::when;
use crate::server::timing::Time;

/// Where the text of a line begins: behind the step, the time and the node.
pub(super) const MARGIN: &str = "                  ";
/// Where it begins behind the number of a step of which more lines tell.
const NUMBERED: &str = "               ";

/// Puts lines in columns on an output.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) output: Output,
    /// Whether the run is in someone's hand, where time means nothing.
    pub(super) by_hand: bool,
    /// Whether reasons are left out, and how the nodes stand is told as changes.
    pub(super) brief: bool,
    /// Whether the columns have their names already.
    named: Arc<AtomicBool>,
}

impl Columns {
    pub(super) fn new(output: &Output, by_hand: bool, brief: bool) -> Self {
        let named = output.named.clone().unwrap_or_default();
        Self { output: output.clone(), by_hand, brief, named }
    }

    /// Puts a line: in which step, if it is of one, when, who is concerned, and what happens. In a run that
    /// is in someone's hand the step has its number in a line of its own.
    pub(super) fn line(&self, step: Option<u64>, time: Time, who: &str, text: &str) {
        let first = if self.by_hand {
            format!("{NUMBERED}{who:<3}")
        } else {
            let step = step.map_or_else(String::new, |step| step.to_string());
            self.row(&step, &when(time)) + &format!("{who:<3}")
        };
        self.output.put_all(paragraph(text, &first, MARGIN));
    }

    /// Puts what begins where single moves are told: the number of a step and its input, or what the world did.
    pub(super) fn begin(&self, step: Option<u64>, text: &str) {
        let step = step.map_or_else(String::new, |step| step.to_string());
        self.output.put_all(paragraph(text, &self.row("", &step), NUMBERED));
    }

    /// Puts a remark on what has begun.
    pub(super) fn remark(&self, text: &str) {
        self.output.put_all(paragraph(text, NUMBERED, NUMBERED));
    }

    /// The first columns, below their names if this is the first row.
    fn row(&self, step: &str, time: &str) -> String {
        let row = |step: &str, time: &str| format!("{step:>5} {time:>7}  ");
        if !self.named.swap(true, Ordering::Relaxed) {
            let names = if self.by_hand { row("", "step") } else { row("step", "time") };
            self.output.put(colour::faint(names.trim_end()).to_string());
        }
        row(step, time)
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
