//! What ends a run before its last line.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::line_outcome::Why;
use crate::record::history::Recorder;

/// What can end a run: whoever waits for it, or a history that is full.
#[derive(Clone, Default)]
pub(super) struct EarlyEnd {
    /// Set from outside to interrupt the run.
    pub(super) stop: Arc<AtomicBool>,
    /// Who keeps the history of the run, if anyone does.
    pub(super) recorder: Option<Recorder>,
}

impl EarlyEnd {
    /// The error is why the run has to end here, if it has to.
    pub(super) fn check(&self) -> Result<(), Why> {
        if self.stop.load(Ordering::Relaxed) { Err(Why::Interrupted) } else { self.check_history() }
    }

    /// The same, for a line that is done, although it may have been interrupted meanwhile.
    pub(super) fn check_history(&self) -> Result<(), Why> {
        let is_full = self.recorder.as_ref().is_some_and(Recorder::is_full);
        if is_full { Err(Why::HistoryFull) } else { Ok(()) }
    }
}
