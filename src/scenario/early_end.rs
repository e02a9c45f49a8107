//! What ends a run before its last line.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::line_outcome::Why;
use super::world::World;
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

    /// Lets the world run until `done` returns true, or `bound` has passed. Returns whether `done` was true.
    pub(super) fn run_until<W: World>(
        &self,
        world: &mut W,
        bound: Duration,
        mut done: impl FnMut(&W) -> bool,
    ) -> Result<bool, Why> {
        let done = world.run_until(bound, |world| self.check().is_err() || done(world));
        self.check().map(|()| done)
    }

    /// The same, for a line that is done, although it may have been interrupted meanwhile.
    pub(super) fn check_history(&self) -> Result<(), Why> {
        let is_full = self.recorder.as_ref().is_some_and(Recorder::is_full);
        if is_full { Err(Why::HistoryFull) } else { Ok(()) }
    }
}
