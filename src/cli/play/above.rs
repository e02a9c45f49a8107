//! Lines that a live cluster prints above the line that is being typed.
//!
//! While somebody types, the line editor prints them. It takes one when no key is waiting. So lines that are pasted
//! together may be answered before it has taken any, and whoever hands one over waits for that long. That must not be
//! the writer of the output, because the answers are written by it too, and the editor is asked for the next line only
//! after them. A thread of its own waits, with one text. Whatever comes after that text is not held up by it.

use std::io::{self, Write};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use rustyline::ExternalPrinter;

use crate::panics::lock;

/// A text that changes nothing on the screen: a row up, and down again.
const NOTHING: &str = "\u{1b}[A\n";

/// Who has the terminal.
#[derive(Clone, Copy, Default)]
struct TypingState {
    /// Whether a line is being typed.
    is_typed: bool,
    /// Whether the editor has been given text that it has not taken.
    holds_text: bool,
}

/// What the thread that reads typed lines and the one that writes know of each other.
#[derive(Default)]
pub(super) struct Typing {
    state: Mutex<TypingState>,
    changed: Condvar,
}

impl Typing {
    fn set(&self, change: impl FnOnce(&mut TypingState)) {
        change(&mut lock(&self.state));
        self.changed.notify_all();
    }

    fn wait_while(&self, waits: impl Fn(TypingState) -> bool) {
        let state = self.changed.wait_while(lock(&self.state), |state| waits(*state));
        drop(state.unwrap_or_else(PoisonError::into_inner));
    }

    /// Reads a line with `read`.
    pub(super) fn during<T>(&self, read: impl FnOnce() -> T) -> T {
        self.set(|state| state.is_typed = true);
        let typed = read();
        self.set(|state| state.is_typed = false);
        typed
    }

    /// Waits until all that the editor was given is written. The editor must have been dropped.
    pub(super) fn settle(&self) {
        self.wait_while(|state| state.holds_text);
    }
}

/// A writer that prints above the line that is being typed.
pub(super) struct Above {
    typing: Arc<Typing>,
    texts: Sender<String>,
}

impl Above {
    /// The writer, for an editor with this printer.
    ///
    /// # Errors
    /// If the thread that waits for the editor cannot be started.
    pub(super) fn new(
        typing: Arc<Typing>,
        mut printer: impl ExternalPrinter + Send + 'static,
    ) -> io::Result<Self> {
        let (texts, handed) = channel::<String>();
        let typed = Arc::clone(&typing);
        thread::Builder::new().spawn(move || {
            for text in handed {
                hand_over(&mut printer, &text);
                typed.set(|state| state.holds_text = false);
            }
        })?;
        Ok(Self { typing, texts })
    }
}

/// Waits until the editor has taken this text. If the editor ends without having taken it, it is written here.
fn hand_over(printer: &mut impl ExternalPrinter, text: &str) {
    // There is room for one text, so the second is accepted only once the first is taken.
    let mut is_taken = |text: &str| printer.print(text.to_owned()).is_ok();
    if !is_taken(text) || !is_taken(NOTHING) {
        // If nobody reads the output any more, nobody misses the text.
        let _ = io::stdout().write_all(text.as_bytes());
    }
}

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.typing.wait_while(|state| state.is_typed && state.holds_text);
        let mut state = lock(&self.typing.state);
        if state.is_typed {
            state.holds_text = true;
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.texts.send(text).map_err(io::Error::other)?;
        } else {
            io::stdout().write_all(bytes)?;
        }
        drop(state);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}
