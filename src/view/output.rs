//! Lines on standard output, written by a thread of their own, and what becomes of them when nobody
//! reads.
//!
//! * Somebody closes the output, as `head` does: printing ends, and nothing else. The run goes on to
//!   its verdict, and files that were asked for are written.
//! * It cannot be written, as on a full disk: the same, and `Output::settle` has the error.
//! * A reader at a terminal is given time to read each line, and may be asked before each part; then the
//!   telling waits, as for any other reader:
//! * A reader stalls: `QUEUE` lines wait for it. Then whoever puts another waits too: time stands
//!   still in a simulation or a search. A live cluster must not be stopped by whoever looks at it,
//!   so there further lines are left out, and their number is said in their place.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::colour;
use super::reader::{Reader, Reading, enter_pressed};

/// How many lines wait for a reader.
pub const QUEUE: usize = 1 << 16;

/// Where lines are put. Each part of a story may begin and end with an empty line: of several in a
/// row only one is written, and none at the beginning or the end.
#[derive(Clone, Debug)]
pub struct Output {
    orders: Sender<Order>,
    state: Arc<OutputState>,
    /// Whether the columns of a run have their names, where all that is told is of one run.
    pub(super) named: Option<Arc<AtomicBool>>,
}

#[derive(Debug)]
struct OutputState {
    hushed: AtomicBool,
    when_full: WhenFull,
    /// Whether nothing runs meanwhile, so that whoever puts a line may wait after all.
    waits: AtomicBool,
    put: AtomicU64,
    left_out: AtomicU64,
    /// Whether what waits for its reader is passed over, up to the end of the story.
    skips: Arc<AtomicBool>,
}

/// What becomes of a line while the queue is full.
#[derive(Clone, Copy, Debug)]
pub enum WhenFull {
    /// Whoever puts it waits.
    Wait,
    /// It is left out; so many left out are said like this.
    LeaveOut(fn(u64) -> String),
}

/// What the thread is asked for.
#[derive(Debug)]
enum Order {
    Line(String),
    /// A part of the story begins, for which a reader may want to be asked.
    Part,
    /// The end of the story: what follows is told again.
    End,
    /// To say so when all lines before are written, or why they cannot be.
    Settle(Sender<io::Result<()>>),
}

/// The one rule for output that was closed: its reader has seen enough, and that is no failure.
///
/// # Errors
/// If it could not be written for another reason.
pub fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    written.or_else(|error| if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

impl Output {
    /// An output on standard output.
    ///
    /// # Errors
    /// If the machine has no thread for it.
    pub(crate) fn open(when_full: WhenFull, reader: Reader) -> io::Result<Self> {
        Self::open_for(reader, BufWriter::new(io::stdout()), when_full)
    }

    /// The same on something else, such as a terminal on which somebody types meanwhile.
    pub fn open_on(to: impl Write + Send + 'static, when_full: WhenFull) -> io::Result<Self> {
        Self::open_for(Reader::default(), to, when_full)
    }

    fn open_for(
        reader: Reader,
        to: impl Write + Send + 'static,
        when_full: WhenFull,
    ) -> io::Result<Self> {
        let (orders, taken) = bounded(QUEUE);
        let skips = Arc::new(AtomicBool::new(false));
        let skipped = Arc::clone(&skips);
        thread::Builder::new().spawn(move || write(&taken, to, reader, &skipped))?;
        let state = OutputState {
            hushed: AtomicBool::new(false),
            when_full,
            waits: AtomicBool::new(false),
            put: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
            skips,
        };
        Ok(Self { orders, state: Arc::new(state), named: None })
    }

    /// The same, for several who tell of one run: its columns have names once.
    pub(crate) fn of_one_run(&self) -> Self {
        Self { named: Some(Arc::default()), ..self.clone() }
    }

    /// Whether from now on whoever puts a line waits for the reader: while no live cluster runs.
    pub(crate) fn set_waiting(&self, waits: bool) {
        self.state.waits.store(waits, Ordering::Relaxed);
    }

    /// Puts a line on the output: one, whatever stands in it.
    pub fn put(&self, line: impl AsRef<str>) {
        self.put_text(colour::finished(line.as_ref()));
    }

    /// Puts text of our own as it is, with its line breaks.
    pub(crate) fn put_text(&self, text: String) {
        if self.state.hushed.load(Ordering::Relaxed) {
            return;
        }
        self.state.put.fetch_add(1, Ordering::Relaxed);
        self.offer(Order::Line(text));
    }

    /// Begins a part of the story: a reader who reads part by part is asked first.
    pub(crate) fn begin_part(&self) {
        if !self.state.hushed.load(Ordering::Relaxed) {
            self.offer(Order::Part);
        }
        self.put("");
    }

    /// Hands an order over, or leaves it out.
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

    /// Hands an order over, behind a note on what was left out before, and waits if it has to.
    fn order(&self, order: Order) {
        let note = self.left_out().map(|(_, note)| note);
        for order in note.into_iter().chain([order]) {
            // The thread goes on for as long as anybody can give orders.
            let _ = self.orders.send(order);
        }
    }

    /// How many lines were left out since this was last asked, and a line that says so.
    fn left_out(&self) -> Option<(u64, Order)> {
        let WhenFull::LeaveOut(say) = self.state.when_full else { return None };
        let lines = self.state.left_out.swap(0, Ordering::Relaxed);
        (lines > 0).then(|| (lines, Order::Line(say(lines))))
    }

    /// Puts several lines on the output.
    pub(crate) fn put_all(&self, lines: impl IntoIterator<Item = String>) {
        lines.into_iter().for_each(|line| self.put(line));
    }

    /// How many lines were put on it.
    pub fn lines_put(&self) -> u64 {
        self.state.put.load(Ordering::Relaxed)
    }

    /// Passes over what is put on any copy of the output from now on, or no longer does.
    pub(crate) fn hush(&self, hushed: bool) {
        self.state.hushed.store(hushed, Ordering::Relaxed);
    }

    /// Passes over what waits for its reader and what is put from now on, up to the end of the story.
    pub(crate) fn skip(&self) {
        self.state.skips.store(true, Ordering::Relaxed);
    }

    /// Ends the story: what is put from now on is written, skipped or not.
    pub(crate) fn end_story(&self) {
        self.order(Order::End);
    }

    /// Waits until all that was put before is written.
    ///
    /// # Errors
    /// If something could not be written since the last time, and not because nobody reads any more.
    pub fn settle(&self) -> io::Result<()> {
        let (done, settled) = bounded(1);
        self.order(Order::Settle(done));
        // A thread that panicked has said so on standard error.
        settled.recv().unwrap_or(Ok(()))
    }
}

fn write(orders: &Receiver<Order>, mut to: impl Write, reader: Reader, skips: &AtomicBool) {
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
            Order::Part => to.flush().and_then(|()| enter_pressed()).map(|goes_on| open = goes_on),
            Order::Line(line) => {
                let wait = reading.wait(&line, Instant::now());
                let rested = if wait.is_zero() || skips.load(Ordering::Relaxed) {
                    Ok(())
                } else {
                    // What is written already is what the reader reads meanwhile.
                    to.flush().and_then(|()| reading.rest(wait, || skips.load(Ordering::Relaxed)))
                };
                let first = if std::mem::take(&mut gap) { "\n" } else { "" };
                began = true;
                rested.and_then(|()| writeln!(to, "{first}{line}"))
            }
            Order::Settle(done) => {
                let flushed = if open { to.flush() } else { Ok(()) };
                open &= flushed.is_ok();
                let told =
                    std::mem::replace(&mut failed, Ok(())).and_then(|()| unless_closed(flushed));
                // Whoever asked may have gone; all is written all the same.
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
    }
}
