//! How a person at a terminal reads: no faster than lines can be read, and a part at a time if that is asked for.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use textwrap::core::display_width;

use super::walkthrough::go_on;

/// How many letters are read in a second.
const LETTERS: f64 = 40.0;

/// Who reads what is written.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Reader {
    /// How many times as fast as usual lines may come, if they wait for the reader at all.
    pub(crate) pace: Option<f64>,
    /// Whether each part of a story waits for Enter.
    pub(crate) steps: bool,
}

impl Reader {
    /// How long it takes to read a line.
    pub(super) fn time_for(self, line: &str) -> Duration {
        let letters = display_width(line.trim()) as f64;
        self.pace.map_or(Duration::ZERO, |pace| Duration::from_secs_f64(letters / LETTERS / pace))
    }
}

/// When a reader is done with what was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    reader: Reader,
    done: Instant,
}

impl Reading {
    /// A reader who has nothing to read yet.
    pub(super) const fn new(reader: Reader, now: Instant) -> Self {
        Self { reader, done: now }
    }

    /// How long the next line has to wait from `now` on. Its own time counts from when it is written.
    pub(super) fn wait(&mut self, line: &str, now: Instant) -> Duration {
        let wait = self.done.saturating_duration_since(now);
        self.done = now + wait + self.reader.time_for(line);
        wait
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_waits_until_the_one_before_is_read_and_no_longer() {
        let reader = Reader { pace: Some(2.0), steps: false };
        let line = format!("  \u{1b}[32m{}\u{1b}[0m", "x".repeat(80));
        let second = Duration::from_secs(1);
        assert_eq!(reader.time_for(&line), second, "neither colour nor indentation is read");
        let began = Instant::now();
        let mut reading = Reading::new(reader, began);
        assert_eq!(reading.wait(&line, began), Duration::ZERO);
        assert_eq!(reading.wait(&line, began), second);
        assert_eq!(reading.wait(&line, began + second), second);
        assert_eq!(reading.wait(&line, began + 9 * second), Duration::ZERO);
        assert_eq!(Reader::default().time_for(&line), Duration::ZERO, "without a pace");
    }
}
