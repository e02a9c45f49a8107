//! Lines on standard output, written by a thread of their own: a reader who stops the terminal, or
//! a slow pipe, must not stop the nodes.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::process;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::stdout::WRONG_USAGE;

/// Where lines are put. Each part of a story may begin and end with an empty line: of several in a
/// row only one is written, and none at the beginning or the end.
#[derive(Clone, Debug)]
pub struct Page {
    lines: Sender<String>,
}

/// The thread that writes; dropping it waits until all is written.
#[derive(Debug)]
pub struct Press {
    thread: Option<JoinHandle<()>>,
}

impl Page {
    /// A page on standard output. It is all written when every copy of the page is gone and the
    /// press is dropped.
    #[must_use]
    pub fn open() -> (Self, Press) {
        let (lines, written) = unbounded();
        let thread = thread::spawn(move || write(&written));
        (Self { lines }, Press { thread: Some(thread) })
    }

    /// Puts a line on the page.
    pub fn put(&self, line: impl Into<String>) {
        // The press stops only when the program does.
        let _ = self.lines.send(line.into());
    }

    /// Puts several lines on the page.
    pub fn put_all(&self, lines: impl IntoIterator<Item = String>) {
        lines.into_iter().for_each(|line| self.put(line));
    }
}

impl Drop for Press {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A press that panicked has said so on standard error.
            let _ = thread.join();
        }
    }
}

fn write(lines: &Receiver<String>) {
    let mut out = BufWriter::new(io::stdout());
    let (mut began, mut gap) = (false, false);
    while let Ok(line) = lines.recv() {
        let mut written = Ok(());
        if line.is_empty() {
            gap = began;
        } else {
            let first = if std::mem::take(&mut gap) { "\n" } else { "" };
            written = writeln!(out, "{first}{line}");
            began = true;
        }
        if lines.is_empty() {
            written = written.and_then(|()| out.flush());
        }
        if let Err(error) = written {
            give_up(&error);
        }
    }
    if let Err(error) = out.flush() {
        give_up(&error);
    }
}

/// Nobody reads any more. That is no failure, but there is nothing left to do either.
fn give_up(error: &io::Error) -> ! {
    if error.kind() == ErrorKind::BrokenPipe {
        process::exit(0);
    }
    let _ = writeln!(io::stderr(), "the output cannot be written: {error}");
    process::exit(i32::from(WRONG_USAGE));
}
