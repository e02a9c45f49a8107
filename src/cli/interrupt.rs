//! What Ctrl-C, SIGTERM and SIGHUP do. All three have the same effect, but in a session: there Ctrl-C interrupts a line.

use std::process::{self, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::signals::{self, Signal};
use crate::panics::lock;
use crate::view::keyboard;

/// The exit code of an interrupted program, which shells use too.
const INTERRUPTED: u8 = 130;

/// What to do when a signal comes: the action that was set last.
static ACT: Mutex<Option<Box<dyn FnMut() + Send>>> = Mutex::new(None);

/// What a signal does instead. It returns false if the signal is to do what was set last all the same.
type Other = Box<dyn FnMut(Signal) -> bool + Send>;

static INSTEAD: Mutex<Option<Other>> = Mutex::new(None);

/// Makes a signal call `act` from now on.
pub(super) fn on(act: impl FnMut() + Send + 'static) {
    *lock(&ACT) = Some(Box::new(act));
    signals::listen(comes);
}

/// Does what a signal is to do.
fn comes(signal: Signal) {
    let is_done = lock(&INSTEAD).as_mut().is_some_and(|instead| instead(signal));
    if !is_done && let Some(act) = &mut *lock(&ACT) {
        act();
    }
}

/// From now on a signal sets the returned flag. It does not end the program: the command ends, reports what it
/// has found, and returns [`code`].
pub(super) fn asked() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    on(move || asked.store(true, Ordering::Relaxed));
    stop
}

/// While this value lives, a signal may have another effect.
pub(super) struct Instead {
    before: Option<Other>,
    /// Whether a signal to end came that had none.
    ends: Arc<AtomicBool>,
}

impl Drop for Instead {
    fn drop(&mut self) {
        *lock(&INSTEAD) = self.before.take();
        if self.ends.load(Ordering::Relaxed) {
            comes(Signal::End);
        }
    }
}

#[must_use]
fn instead(does: impl FnMut(Signal) -> bool + Send + 'static) -> Instead {
    let before = lock(&INSTEAD).replace(Box::new(does));
    Instead { before, ends: Arc::default() }
}

/// Ignores Ctrl-C until the returned value is dropped. Signals to end have their effect then.
pub(super) fn passed_over() -> Instead {
    let ends = Arc::<AtomicBool>::default();
    let asked = Arc::clone(&ends);
    let mut passed = instead(move |signal| {
        asked.fetch_or(signal == Signal::End, Ordering::Relaxed);
        true
    });
    passed.ends = ends;
    passed
}

/// The first signal sets `stop` and calls `also`; later ones, and those after the returned value is dropped, do what
/// a signal did before.
pub(super) fn first(stop: &Arc<AtomicBool>, also: impl FnOnce() + Send + 'static) -> Instead {
    let (stop, mut also) = (Arc::clone(stop), Some(also));
    instead(move |_| {
        keyboard::give_back();
        also.take().is_some_and(|also| {
            stop.store(true, Ordering::Relaxed);
            also();
            true
        })
    })
}

/// While the returned value lives, Ctrl-C sets `stop`, to interrupt the line that a session carries out. If `stop` is
/// set already, it does what it did before. Where a line is typed, Ctrl-C is a key and no signal.
pub(super) fn line_by_line(stop: &Arc<AtomicBool>) -> Instead {
    let stop = Arc::clone(stop);
    instead(move |signal| signal == Signal::CtrlC && !stop.swap(true, Ordering::Relaxed))
}

/// Returns the exit code of an interrupted program.
pub(super) fn code() -> ExitCode {
    ExitCode::from(INTERRUPTED)
}

/// Ends the program at once, with that code.
pub(super) fn end() -> ! {
    keyboard::give_back_for_good();
    process::exit(INTERRUPTED.into())
}
