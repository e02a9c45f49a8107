//! How a person at a terminal reads: lines come no faster than they can be read, or one part at a time.

use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use textwrap::core::display_width;

use super::colour;
use super::keyboard;
use super::walkthrough::go_on;

/// A key that has a meaning while lines are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    Space,
    Enter,
}

/// How many letters a person reads in a second.
const LETTERS: f64 = 40.0;

/// How the reader of the output wants to read.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Reader {
    /// How many times as fast as usual lines may come; none, if they do not wait for the reader.
    pub pace: Option<f64>,
    /// Whether each part of a story waits for Enter.
    pub steps: bool,
    /// Whether the reader can hurry and pause the text with keys.
    pub keys: bool,
}

/// What the keys do, told to the reader at the beginning.
pub(crate) const KEYS: &str = "Space goes on to the next part at once; Enter pauses.";
/// The text shown during a pause.
const PAUSED: &str = "  -- Enter goes on; Space, to the next part";

impl Reader {
    /// Returns how long the reader needs for a line: 40 letters a second, times the pace; zero without a pace.
    pub fn time_for(self, line: &str) -> Duration {
        // Nobody reads the shafts of arrows letter by letter.
        let shafts = line.matches('─').count();
        let letters = display_width(line.trim()).saturating_sub(shafts) as f64;
        self.pace.map_or(Duration::ZERO, |pace| Duration::from_secs_f64(letters / LETTERS / pace))
    }
}

/// The moment at which the reader has read all lines written so far.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    reader: Reader,
    done: Instant,
    /// Whether lines come without waiting until the next part begins.
    pub hurries: bool,
}

impl Reading {
    /// Begins with a reader who has nothing to read yet.
    pub const fn new(reader: Reader, now: Instant) -> Self {
        Self { reader, done: now, hurries: false }
    }

    /// Returns how long the next line waits from `now` on. The time to read it begins when it is written.
    pub fn wait(&mut self, line: &str, now: Instant) -> Duration {
        let wait = self.done.saturating_duration_since(now);
        let reads = self.reader.time_for(line);
        self.done = now + wait + if self.hurries { Duration::ZERO } else { reads };
        wait
    }

    /// Begins a part: a reader who hurried to its beginning reads at the usual pace again.
    pub(super) const fn begin_part(&mut self) {
        self.hurries = false;
    }

    /// Lets the reader read for the time `wait`, unless a key ends or extends it. The wait also ends once `over`
    /// returns true.
    pub(super) fn rest(&mut self, wait: Duration, over: impl Fn() -> bool) -> io::Result<()> {
        let until = Instant::now() + wait;
        let key = if self.reader.keys { keyboard::pressed(Some(until), &over) } else { None };
        let key = match key {
            Some(Key::Enter) => pause(&over)?,
            key => key,
        };
        let now = Instant::now();
        match key {
            Some(Key::Space) => (self.hurries, self.done) = (true, now),
            Some(Key::Enter) => self.done = now + self.done.saturating_duration_since(until),
            None if over() => {}
            None => thread::sleep(until.saturating_duration_since(now)),
        }
        Ok(())
    }
}

/// Waits for a key, and shows which keys go on.
fn pause(over: impl Fn() -> bool) -> io::Result<Option<Key>> {
    let mut out = io::stdout();
    write!(out, "{}", colour::finished(&colour::faint(PAUSED)))?;
    out.flush()?;
    let key = keyboard::pressed(None, over);
    write!(out, "\r{}\r", " ".repeat(PAUSED.len()))?;
    out.flush()?;
    Ok(key)
}

/// Waits for Enter. Returns false if the input ended instead, so the reader wants no more, or once `over` returns true.
pub(crate) fn enter_pressed(over: impl Fn() -> bool) -> io::Result<bool> {
    let mut out = io::stdout();
    write!(out, "{}", go_on())?;
    out.flush()?;
    while let Some(byte) = keyboard::next_byte(&over)? {
        if byte == b'\n' {
            return Ok(true);
        }
    }
    writeln!(out)?;
    Ok(false)
}
