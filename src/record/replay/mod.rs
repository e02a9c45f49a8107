//! Reads a trace and runs it again, with the same servers, the same journal and the same checker.

mod clients;
mod replayed_run;

use std::io::{BufRead, Read};

use super::error::TraceError;
use super::format::{EndLine, Header, LONGEST_LINE, Record};
use crate::digest;
use crate::properties::report::SafetyReport;
use crate::record::journal::Observer;
use crate::server::status::NodeStatus;
use replayed_run::ReplayedRun;

/// The result of a replay.
#[derive(Clone, PartialEq, Debug)]
pub struct Summary {
    /// The trace's header.
    pub header: Header,
    /// How many steps were made again.
    pub steps: u64,
    /// The state of every node at the end.
    pub status: Vec<NodeStatus>,
    /// What the checker found.
    pub safety: SafetyReport,
}
/// Reads a trace and runs it again, reporting to `observers` what happens. Goes up to step `until`, if one
/// is named, and to the end otherwise.
///
/// # Errors
/// If the trace cannot be read, is not a trace, was changed or cut, or does not come out as recorded, or if
/// it has no step `until`.
pub fn replay(
    trace: impl BufRead,
    observers: impl FnOnce(&Header) -> Vec<Box<dyn Observer>>,
    until: Option<u64>,
) -> Result<Summary, TraceError> {
    let mut lines = TraceLines { trace, count: 0 };
    let Some(first) = lines.next()? else {
        return Err(TraceError::NotATrace("it is empty".to_owned()));
    };
    let header = Header::read(&first)?;
    let observers = observers(&header);
    let mut replay = ReplayedRun::new(header, observers);
    let mut seen = digest::chain_line(0, &first);
    while let Some(text) = lines.next()? {
        let line = lines.count;
        let record = Record::read(&text).map_err(|what| TraceError::Line { line, what })?;
        replay.check_answers_told(line, &record)?;
        if let Record::End(EndLine { steps, lines: digest }) = &record {
            if *steps != replay.steps() || *digest != format!("{seen:016x}") {
                return Err(TraceError::Altered);
            }
            if lines.next()?.is_none() {
                let last = replay.steps();
                return match until {
                    Some(asked) if asked == 0 || asked > last => {
                        Err(TraceError::NoStep { asked, last })
                    }
                    _ => replay.finish(),
                };
            }
            let what = "it stands behind the last line of the run; one file holds one run";
            return Err(TraceError::Line { line: line + 1, what: what.to_owned() });
        }
        replay.apply(line, record)?;
        if until.is_some_and(|until| until > 0 && replay.steps() >= until) {
            return replay.finish();
        }
        seen = digest::chain_line(seen, &text);
    }
    replay.leave_off()?;
    Err(TraceError::Truncated { lines: lines.count, steps: replay.steps() })
}

/// The lines of a file, one after the other.
struct TraceLines<R> {
    trace: R,
    count: usize,
}

impl<R: BufRead> TraceLines<R> {
    /// The next line without its end, which is `\n` or `\r\n`.
    fn next(&mut self) -> Result<Option<String>, TraceError> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.trace).take(LONGEST_LINE as u64);
        let read = bounded.read_until(b'\n', &mut line);
        if read.map_err(|error| TraceError::Io(error.to_string()))? == 0 {
            return Ok(None);
        }
        self.count += 1;
        if line.len() == LONGEST_LINE {
            let which = if self.count == 1 { "its first line" } else { "it" };
            return Err(self.wrong(&format!("{which} is longer than {} MiB", LONGEST_LINE >> 20)));
        }
        let text = String::from_utf8(line).map_err(|_| self.wrong("it is not text"))?;
        let text =
            text.strip_suffix('\n').map_or(&*text, |text| text.strip_suffix('\r').unwrap_or(text));
        Ok(Some(text.to_owned()))
    }

    fn wrong(&self, what: &str) -> TraceError {
        match self.count {
            1 => TraceError::NotATrace(what.to_owned()),
            line => TraceError::Line { line, what: what.to_owned() },
        }
    }
}
