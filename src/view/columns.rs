//! The lines of a run in common columns for all who tell it: the step, the time, the node, and the text.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::colour;
use super::output::Output;
use super::table::paragraph;
use super::words::when;
use crate::server::timing::Time;

/// The margin before the text of a line: as wide as the step, the time and the node.
pub(super) const MARGIN: &str = "                  ";
/// The margin of further lines under the number of a step.
const NUMBERED: &str = "               ";

/// Puts lines in columns on an output.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) output: Output,
    /// Whether the run is moved by hand, where time means nothing.
    pub(super) by_hand: bool,
    /// Whether reasons are left out, and the state of the nodes is told as changes.
    pub(super) brief: bool,
    /// Whether the names of the columns are written already.
    named: Arc<AtomicBool>,
}

impl Columns {
    pub(super) fn new(output: &Output, by_hand: bool, brief: bool) -> Self {
        let named = output.named.clone().unwrap_or_default();
        Self { output: output.clone(), by_hand, brief, named }
    }

    /// Puts a line: the step, if it belongs to one, the time, the node concerned, and what happens. In a run
    /// moved by hand, step and time are left out here: [`Columns::begin`] gives the step its own line.
    pub(super) fn line(&self, step: Option<u64>, time: Time, who: &str, text: &str) {
        let first = if self.by_hand {
            format!("{NUMBERED}{who:<3}")
        } else {
            let step = step.map_or_else(String::new, |step| step.to_string());
            self.row(&step, &when(time)) + &format!("{who:<3}")
        };
        self.output.put_all(paragraph(text, &first, MARGIN));
    }

    /// Puts the first line of a single move: the number of a step and its input, or what the world did.
    pub(super) fn begin(&self, step: Option<u64>, text: &str) {
        let step = step.map_or_else(String::new, |step| step.to_string());
        self.output.put_all(paragraph(text, &self.row("", &step), NUMBERED));
    }

    pub(super) fn remark(&self, text: &str) {
        self.output.put_all(paragraph(text, NUMBERED, NUMBERED));
    }

    /// Returns the first columns of a row. Before the first row, puts their names.
    fn row(&self, step: &str, time: &str) -> String {
        let row = |step: &str, time: &str| format!("{step:>5} {time:>7}  ");
        if !self.named.swap(true, Ordering::Relaxed) {
            let names = if self.by_hand { row("", "step") } else { row("step", "time") };
            self.output.put(colour::faint(names.trim_end()));
        }
        row(step, time)
    }

    /// Puts a reason under the line that it explains.
    pub(super) fn reason(&self, text: &str) {
        let (first, others) = (format!("{MARGIN}└ "), format!("{MARGIN}  "));
        self.output.put_all(paragraph(text, &first, &others));
    }
}

/// Text between the lines of the run, aligned with their text.
pub(super) fn beside(text: &str) -> Vec<String> {
    paragraph(text, MARGIN, MARGIN)
}
