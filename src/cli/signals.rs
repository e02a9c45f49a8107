//! The signals that are meant to stop a program.

use std::sync::Once;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// A signal that is meant to stop a program, or what it does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Signal {
    /// SIGINT: the interrupt key was pressed.
    CtrlC,
    /// SIGTERM or SIGHUP: somebody wants the program to end, or its terminal is gone.
    End,
}

/// Calls `act` at each signal from now on, in a thread of its own. Only the first call has an effect.
pub(super) fn listen(act: fn(Signal)) {
    static LISTENS: Once = Once::new();
    LISTENS.call_once(|| {
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
        let waits = move || {
            for signal in signals.forever() {
                act(if signal == SIGINT { Signal::CtrlC } else { Signal::End });
            }
        };
        // A machine that has no more threads as the program begins has none for the run either.
        let _ = thread::Builder::new().spawn(waits);
    });
}
