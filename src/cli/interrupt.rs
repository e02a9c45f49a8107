//! What Ctrl-C, SIGTERM and SIGHUP do: they mean the same.

use std::process::{self, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::panics::lock;
use crate::view::keyboard;

/// The exit code of what was interrupted, as a shell has it.
const INTERRUPTED: u8 = 130;

/// What is done when a signal comes: the last that was said.
static ACT: Mutex<Option<Box<dyn FnMut() + Send>>> = Mutex::new(None);

/// From now on a signal does this. What ends later says then what it has found, and ends with [`code`].
pub(super) fn on(act: impl FnMut() + Send + 'static) {
    *lock(&ACT) = Some(Box::new(act));
    // It is refused the second time, when it is there already.
    let _ = ctrlc::set_handler(|| {
        keyboard::give_back();
        if let Some(act) = &mut *lock(&ACT) {
            act();
        }
    });
}

/// Passes signals over while it lives; then they do what they did before.
pub(super) struct PassedOver(Option<Box<dyn FnMut() + Send>>);

impl Drop for PassedOver {
    fn drop(&mut self) {
        *lock(&ACT) = self.0.take();
    }
}

/// Passes signals over from now on.
pub(super) fn passed_over() -> PassedOver {
    PassedOver(lock(&ACT).take())
}

/// From now on the first signal sets `stop`, and the next does what the first would have done.
pub(super) fn first(stop: &Arc<AtomicBool>, also: impl Fn() + Send + 'static) {
    let mut then = lock(&ACT).take();
    let stop = Arc::clone(stop);
    on(move || {
        if !stop.swap(true, Ordering::Relaxed) {
            also();
        } else if let Some(then) = &mut then {
            then();
        }
    });
}

/// The exit code of what was interrupted.
pub(super) fn code() -> ExitCode {
    ExitCode::from(INTERRUPTED)
}

/// Ends the program at once.
pub(super) fn end() -> ! {
    process::exit(INTERRUPTED.into())
}
