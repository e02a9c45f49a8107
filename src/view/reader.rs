//! How a person at a terminal reads: no faster than lines can be read, and a part at a time if that is asked for.

use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use textwrap::core::display_width;

use super::colour;
use super::keyboard;
use super::walkthrough::go_on;

/// What somebody may press.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    /// The space bar.
    Space,
    /// Enter.
    Enter,
}

/// How many letters are read in a second.
const LETTERS: f64 = 40.0;

/// Who reads what is written.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Reader {
    /// How many times as fast as usual lines may come, if they wait for the reader at all.
    pub pace: Option<f64>,
    /// Whether each part of a story waits for Enter.
    pub steps: bool,
    /// Whether keys say when to hurry, and when to pause.
    pub keys: bool,
}

/// What the keys do, for a reader who may press them.
pub(crate) const KEYS: &str = "Space goes on to the next part at once; Enter pauses.";
/// What is written while nothing goes on.
const PAUSED: &str = "  -- Enter goes on; Space, to the next part";

impl Reader {
    /// How long it takes to read a line.
    pub fn time_for(self, line: &str) -> Duration {
        // The shafts of arrows are not read.
        let shafts = line.matches('─').count();
        let letters = display_width(line.trim()).saturating_sub(shafts) as f64;
        self.pace.map_or(Duration::ZERO, |pace| Duration::from_secs_f64(letters / LETTERS / pace))
    }
}

/// When a reader is done with what was written.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    reader: Reader,
    done: Instant,
    /// Whether nothing waits up to the next part.
    pub hurries: bool,
}

impl Reading {
    /// A reader who has nothing to read yet.
    pub const fn new(reader: Reader, now: Instant) -> Self {
        Self { reader, done: now, hurries: false }
    }

    /// How long the next line has to wait from `now` on. Its own time counts from when it is written.
    pub fn wait(&mut self, line: &str, now: Instant) -> Duration {
        let wait = self.done.saturating_duration_since(now);
        let reads = self.reader.time_for(line);
        self.done = now + wait + if self.hurries { Duration::ZERO } else { reads };
        wait
    }

    /// A part begins: whoever was in a hurry reads again.
    pub(super) const fn begin_part(&mut self) {
        self.hurries = false;
    }

    /// Lets the reader read for so long, unless a key says otherwise.
    /// Nobody waits any more once `over` says so.
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

/// Waits for a key, and says so meanwhile.
fn pause(over: impl Fn() -> bool) -> io::Result<Option<Key>> {
    let mut out = io::stdout();
    write!(out, "{}", colour::finished(&colour::faint(PAUSED).to_string()))?;
    out.flush()?;
    let key = keyboard::pressed(None, over);
    write!(out, "\r{}\r", " ".repeat(PAUSED.len()))?;
    out.flush()?;
    Ok(key)
}

/// Waits for Enter. Says no if the input ended instead: the reader has had enough.
pub(crate) fn enter_pressed() -> io::Result<bool> {
    let mut out = io::stdout();
    write!(out, "{}", go_on())?;
    out.flush()?;
    for byte in io::stdin().lock().bytes() {
        if byte? == b'\n' {
            return Ok(true);
        }
    }
    writeln!(out)?;
    Ok(false)
}
