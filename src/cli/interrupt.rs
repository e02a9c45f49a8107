//! What Ctrl-C, SIGTERM and SIGHUP do. All three have the same effect.

use std::process::{self, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::panics::lock;
use crate::view::keyboard;

/// The exit code of an interrupted program, which shells use too.
const INTERRUPTED: u8 = 130;

/// What to do when a signal comes: the action that was set last.
static ACT: Mutex<Option<Box<dyn FnMut() + Send>>> = Mutex::new(None);

/// What the next signal does instead, once.
static FIRST: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

/// Makes a signal call `act` from now on.
pub(super) fn on(act: impl FnMut() + Send + 'static) {
    *lock(&ACT) = Some(Box::new(act));
    // Only the first call installs the handler; later ones are refused because it is there already.
    let _ = ctrlc::set_handler(|| {
        keyboard::give_back();
        let first = lock(&FIRST).take();
        if let Some(first) = first {
            first();
        } else if let Some(act) = &mut *lock(&ACT) {
            act();
        }
    });
}

/// From now on a signal sets the returned flag. It does not end the program: the command ends, reports what it
/// has found, and returns [`code`].
pub(super) fn asked() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    on(move || asked.store(true, Ordering::Relaxed));
    stop
}

/// Signals are ignored while this value lives. When it is dropped, they do again what they did before.
pub(super) struct PassedOver(Option<Box<dyn FnMut() + Send>>);

impl Drop for PassedOver {
    fn drop(&mut self) {
        *lock(&ACT) = self.0.take();
    }
}

/// Ignores signals until the returned value is dropped.
pub(super) fn passed_over() -> PassedOver {
    PassedOver(lock(&ACT).take())
}

/// While this value lives, the first signal has another effect than the later ones.
pub(super) struct First(());

impl Drop for First {
    fn drop(&mut self) {
        *lock(&FIRST) = None;
    }
}

/// The first signal sets `stop` and calls `also`; later ones, and those after the returned value is dropped, do what
/// a signal did before.
#[must_use]
pub(super) fn first(stop: &Arc<AtomicBool>, also: impl FnOnce() + Send + 'static) -> First {
    let stop = Arc::clone(stop);
    *lock(&FIRST) = Some(Box::new(move || {
        stop.store(true, Ordering::Relaxed);
        also();
    }));
    First(())
}

/// Returns the exit code of an interrupted program.
pub(super) fn code() -> ExitCode {
    ExitCode::from(INTERRUPTED)
}

/// Ends the program at once, with that code.
pub(super) fn end() -> ! {
    process::exit(INTERRUPTED.into())
}
