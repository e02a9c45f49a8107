//! Lines on standard output, written by a thread of their own, and what happens if nobody reads them.
//!
//! * If the reader closes the output, as `head` does, only the printing ends. The run goes on to
//!   its verdict, and the files that were asked for are written. A prompt ends after as many lines as a
//!   script may have.
//! * If a write fails, as on a full disk, the same happens, and `Output::settle` returns the error.
//! * A reader at a terminal gets time to read each line, and may be asked before each part. The lines
//!   that follow wait in the queue meanwhile, as for any other slow reader.
//! * If a reader stalls, up to `QUEUE` lines wait for it. After that, the thread that puts another line
//!   waits too, and time stands still in a simulation or a search. A reader must not stop a live cluster:
//!   there, further lines are left out, and one line gives their number.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::colour;
use super::reader::{Reader, Reading, enter_pressed};

/// How many lines may wait for a reader.
pub const QUEUE: usize = 1 << 16;

/// An output for lines. Each part of a story may begin and end with an empty line: of several empty lines
/// in a row only one is written, and none at the beginning or the end.
#[derive(Clone, Debug)]
pub struct Output {
    orders: Sender<Order>,
    state: Arc<OutputState>,
    /// Whether the names of the columns are written already, shared by all who tell of one run.
    pub(super) named: Option<Arc<AtomicBool>>,
}

#[derive(Debug)]
struct OutputState {
    hushed: AtomicBool,
    when_full: WhenFull,
    /// Whether a full queue makes the caller wait even with `LeaveOut`, because no live cluster runs.
    waits: AtomicBool,
    put: AtomicU64,
    left_out: AtomicU64,
    /// Whether lines in the queue are dropped, up to the end of the story.
    skips: Arc<AtomicBool>,
    /// Whether nothing that is put is written any more.
    closed: Arc<AtomicBool>,
}

/// What happens to a line while the queue is full.
#[derive(Clone, Copy, Debug)]
pub enum WhenFull {
    /// The caller that puts it waits.
    Wait,
    /// It is left out. The function makes the line that gives the number of lines left out.
    LeaveOut(fn(u64) -> String),
}

/// An order to the thread that writes.
#[derive(Debug)]
enum Order {
    Line(String),
    /// A part of the story begins. A reader who reads part by part is asked first.
    Part,
    /// The story ends: lines after it are written even if lines are skipped.
    End,
    /// Write the empty line that was put last, if one was.
    Gap,
    /// Report when all lines before are written, or why they cannot be written.
    Settle(Sender<io::Result<()>>),
}

/// Treats a closed output as a success: its reader has seen enough.
///
/// # Errors
/// If the write failed for another reason.
pub fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    written.or_else(|error| if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

impl Output {
    /// Opens an output on standard output.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub(crate) fn open(when_full: WhenFull, reader: Reader) -> io::Result<Self> {
        Self::open_on(BufWriter::new(io::stdout()), when_full, reader)
    }

    /// Opens an output on another writer, such as a terminal on which somebody types meanwhile.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn open_on(
        to: impl Write + Send + 'static,
        when_full: WhenFull,
        reader: Reader,
    ) -> io::Result<Self> {
        let (orders, taken) = bounded(QUEUE);
        let [skips, closed] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let (skipped, is_closed) = (Arc::clone(&skips), Arc::clone(&closed));
        thread::Builder::new().spawn(move || write(&taken, to, reader, &skipped, &is_closed))?;
        let state = OutputState {
            hushed: AtomicBool::new(false),
            when_full,
            waits: AtomicBool::new(false),
            put: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
            skips,
            closed,
        };
        Ok(Self { orders, state: Arc::new(state), named: None })
    }

    /// Returns a copy for several views that tell of one run: the names of the columns are written only once.
    pub(crate) fn of_one_run(&self) -> Self {
        Self { named: Some(Arc::default()), ..self.clone() }
    }

    /// Sets whether a full queue always makes the caller wait. That is safe while no live cluster runs.
    pub(crate) fn set_waiting(&self, waits: bool) {
        self.state.waits.store(waits, Ordering::Relaxed);
    }

    /// Puts one line on the output. A line break in the text is made visible and does not begin a new line.
    pub fn put(&self, line: impl AsRef<str>) {
        self.put_text(colour::finished(line.as_ref()));
    }

    /// Puts trusted text as it is, with its line breaks.
    pub(crate) fn put_text(&self, text: String) {
        if self.state.hushed.load(Ordering::Relaxed) {
            return;
        }
        self.state.put.fetch_add(1, Ordering::Relaxed);
        self.offer(Order::Line(text));
    }

    /// Begins a part of the story. A reader who reads part by part is asked first.
    pub(crate) fn begin_part(&self) {
        if !self.state.hushed.load(Ordering::Relaxed) {
            self.offer(Order::Part);
        }
        self.put("");
    }

    /// Hands an order over. If the queue is full, waits or leaves it out.
    fn offer(&self, line: Order) {
        match self.state.when_full {
            WhenFull::LeaveOut(_) if !self.state.waits.load(Ordering::Relaxed) => {
                let noted = self.left_out().is_none_or(|(lines, note)| {
                    let noted = self.orders.try_send(note).is_ok();
                    if !noted {
                        self.state.left_out.fetch_add(lines, Ordering::Relaxed);
                    }
                    noted
                });
                if !noted || self.orders.try_send(line).is_err() {
                    self.state.left_out.fetch_add(1, Ordering::Relaxed);
                }
            }
            _ => self.order(line),
        }
    }

    /// Hands an order over, after a note on the lines left out before it, and waits while the queue is full.
    fn order(&self, order: Order) {
        let note = self.left_out().map(|(_, note)| note);
        for order in note.into_iter().chain([order]) {
            // The thread runs as long as a sender exists, and `self` holds one.
            let _ = self.orders.send(order);
        }
    }

    /// Takes the number of lines left out since the last call, with the line that reports it.
    fn left_out(&self) -> Option<(u64, Order)> {
        let WhenFull::LeaveOut(say) = self.state.when_full else { return None };
        let lines = self.state.left_out.swap(0, Ordering::Relaxed);
        (lines > 0).then(|| (lines, Order::Line(say(lines))))
    }

    /// Puts several lines on the output.
    pub(crate) fn put_all(&self, lines: impl IntoIterator<Item = String>) {
        lines.into_iter().for_each(|line| self.put(line));
    }

    /// Returns how many lines were put on the output. Lines that were put while it was hushed do not count.
    pub fn lines_put(&self) -> u64 {
        self.state.put.load(Ordering::Relaxed)
    }

    /// Drops all that is put on any copy of the output from now on, or stops doing so.
    pub(crate) fn hush(&self, hushed: bool) {
        self.state.hushed.store(hushed, Ordering::Relaxed);
    }

    /// Drops the lines in the queue and those put from now on, up to the end of the story.
    pub(crate) fn skip(&self) {
        self.state.skips.store(true, Ordering::Relaxed);
    }

    /// Whether the reader has closed the output, or a write has failed.
    pub(crate) fn is_closed(&self) -> bool {
        self.state.closed.load(Ordering::Relaxed)
    }

    /// Ends the story: lines put from now on are written even after [`Output::skip`].
    pub(crate) fn end_story(&self) {
        self.order(Order::End);
    }

    /// Writes an empty line that was put last, too, before a prompt that is no line of this output.
    pub(crate) fn close_gap(&self) {
        self.order(Order::Gap);
    }

    /// Waits until all lines that were put before are written.
    ///
    /// # Errors
    /// If a write has failed since the last call, unless the reader has closed the output.
    pub fn settle(&self) -> io::Result<()> {
        let (done, settled) = bounded(1);
        self.order(Order::Settle(done));
        // If the thread panicked, the panic was reported on standard error.
        settled.recv().unwrap_or(Ok(()))
    }
}

fn write(
    orders: &Receiver<Order>,
    mut to: impl Write,
    reader: Reader,
    skips: &AtomicBool,
    closed: &AtomicBool,
) {
    let (mut began, mut gap, mut open, mut ended) = (false, false, true, false);
    let mut reading = Reading::new(reader, Instant::now());
    let mut failed = Ok(());
    for order in orders {
        let written = match order {
            Order::Line(_) if !open => Ok(()),
            Order::Line(_) | Order::Part if !ended && skips.load(Ordering::Relaxed) => Ok(()),
            Order::End => {
                ended = true;
                Ok(())
            }
            Order::Line(line) if line.is_empty() => {
                gap = began;
                Ok(())
            }
            Order::Part if !open || !reader.steps => {
                reading.begin_part();
                Ok(())
            }
            Order::Part => {
                let skipped = || skips.load(Ordering::Relaxed);
                let goes_on = to.flush().and_then(|()| enter_pressed(skipped));
                // The end of a story that is skipped is written.
                goes_on.map(|goes_on| open = goes_on || skipped())
            }
            Order::Line(line) => {
                let wait = reading.wait(&line, Instant::now());
                let rested = if wait.is_zero() || skips.load(Ordering::Relaxed) {
                    Ok(())
                } else {
                    // The reader needs the lines written so far: they are read during the wait.
                    to.flush().and_then(|()| reading.rest(wait, || skips.load(Ordering::Relaxed)))
                };
                let first = if std::mem::take(&mut gap) { "\n" } else { "" };
                began = true;
                rested.and_then(|()| writeln!(to, "{first}{line}"))
            }
            Order::Gap => {
                let due = std::mem::take(&mut gap) && open;
                if due { writeln!(to) } else { Ok(()) }
            }
            Order::Settle(done) => {
                let flushed = if open { to.flush() } else { Ok(()) };
                open &= flushed.is_ok();
                let told =
                    std::mem::replace(&mut failed, Ok(())).and_then(|()| unless_closed(flushed));
                // If the caller no longer waits for the answer, the lines are written all the same.
                let _ = done.send(told);
                Ok(())
            }
        };
        let flushed =
            if open && orders.is_empty() { written.and_then(|()| to.flush()) } else { written };
        if flushed.is_err() {
            open = false;
            failed = unless_closed(flushed);
        }
        closed.store(!open, Ordering::Relaxed);
    }
}
