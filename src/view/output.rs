//! Lines on standard output, written by a thread of their own: a reader who stops the terminal, or
//! a slow pipe, must not stop the nodes.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::stdout::WRONG_USAGE;

/// Where lines are put. Each part of a story may begin and end with an empty line: of several in a
/// row only one is written, and none at the beginning or the end.
#[derive(Clone, Debug)]
pub struct Output {
    orders: Sender<Order>,
    hushed: Arc<AtomicBool>,
    lines: Arc<AtomicU64>,
}

/// What the thread is asked for.
#[derive(Debug)]
enum Order {
    Line(String),
    /// To say so when all lines before are written.
    Settle(Sender<()>),
}

/// The thread that writes; dropping it waits until all is written.
#[derive(Debug)]
pub struct OutputThread {
    thread: Option<JoinHandle<()>>,
}

impl Output {
    /// an output on standard output. It is all written when every copy of the output is gone and the
    /// thread is dropped, in this order: what is declared first is dropped last.
    pub fn open() -> (OutputThread, Self) {
        Self::open_on(BufWriter::new(io::stdout()))
    }

    /// The same on something else, such as a terminal on which somebody types meanwhile.
    pub fn open_on(to: impl Write + Send + 'static) -> (OutputThread, Self) {
        let (orders, taken) = unbounded();
        let thread = thread::Builder::new().spawn(move || write(&taken, to));
        let thread = thread.unwrap_or_else(|error| give_up(&error));
        let output = Self { orders, hushed: Arc::default(), lines: Arc::default() };
        (OutputThread { thread: Some(thread) }, output)
    }

    /// Puts a line on the output.
    pub fn put(&self, line: impl Into<String>) {
        if !self.hushed.load(Ordering::Relaxed) {
            self.lines.fetch_add(1, Ordering::Relaxed);
            // The thread stops only when the program does.
            let _ = self.orders.send(Order::Line(line.into()));
        }
    }

    /// How many lines were put on it.
    pub fn lines_put(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    /// Passes over what is put on any copy of the output from now on, or no longer does.
    pub fn hush(&self, hushed: bool) {
        self.hushed.store(hushed, Ordering::Relaxed);
    }

    /// Waits until all that was put before is written.
    pub fn settle(&self) {
        let (done, settled) = bounded(1);
        let _ = self.orders.send(Order::Settle(done));
        let _ = settled.recv();
    }

    /// Puts several lines on the output.
    pub fn put_all(&self, lines: impl IntoIterator<Item = String>) {
        lines.into_iter().for_each(|line| self.put(line));
    }
}

impl Drop for OutputThread {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so on standard error.
            let _ = thread.join();
        }
    }
}

fn write(orders: &Receiver<Order>, mut out: impl Write) {
    let (mut began, mut gap) = (false, false);
    while let Ok(order) = orders.recv() {
        let mut written = match order {
            Order::Line(line) if line.is_empty() => {
                gap = began;
                Ok(())
            }
            Order::Line(line) => {
                let first = if std::mem::take(&mut gap) { "\n" } else { "" };
                began = true;
                writeln!(out, "{first}{line}")
            }
            Order::Settle(done) => {
                let flushed = out.flush();
                // Whoever asked has gone; all is written all the same.
                let _ = done.send(());
                flushed
            }
        };
        if orders.is_empty() {
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
