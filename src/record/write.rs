//! Writes a trace while the run goes on.

use std::fs;
use std::io::{self, BufRead, BufReader, Cursor, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde::Serialize;

use super::computed_fields::{
    BeginLine, Ending, EndingLine, NodeFields, Numbered, Restarted, Saved, StepOutcome,
    ViolationLine, WithComputed,
};
use super::format::{
    BatchEnd, DeedLine, EndLine, FORMAT, Header, InputLine, LONGEST_LINE, StepLine,
};
use crate::digest::chain_line;
use crate::panics::lock;
use crate::properties::safety::Violation;
use crate::raft::{LogIndex, MAX_NODES};
use crate::record::deed::Deed;
use crate::record::journal::{Batch, Observer};
use crate::server::Server;
use crate::server::timing::Time;
use crate::server::turn_order::{Detail, MessageId};
use crate::visible::visible_json;

/// Whether a file begins like a trace, of any format version.
pub fn is_trace(path: &Path) -> bool {
    fs::File::open(path).is_ok_and(begins_trace)
}

/// Whether this input begins like a trace, of any format version.
pub(crate) fn begins_trace(from: impl Read) -> bool {
    opened(from).is_ok_and(|(is_trace, _)| is_trace)
}

/// Whether this input begins like a trace, and a reader of the whole input: a pipe can be read only once.
///
/// # Errors
/// If the input cannot be read.
pub(crate) fn opened(from: impl Read) -> io::Result<(bool, impl BufRead)> {
    let (mut from, mut line) = (BufReader::new(from), Vec::new());
    from.by_ref().take(LONGEST_LINE as u64).read_until(b'\n', &mut line)?;
    let value = serde_json::from_slice::<serde_json::Value>(&line);
    let is_trace = value.is_ok_and(|value| value["format"] == FORMAT);
    Ok((is_trace, Cursor::new(line).chain(from)))
}

/// An observer that writes a trace. The code that started the run keeps a clone of it, which shares the
/// file, and ends the trace with [`TraceWriter::finish`].
#[derive(Clone)]
pub struct TraceWriter {
    file: Arc<Mutex<File>>,
}

struct File {
    to: Box<dyn Write + Send>,
    /// Whether computed fields are written too.
    computed: bool,
    steps: u64,
    lines: u64,
    /// How far each node had applied its log after its last batch.
    applied: [LogIndex; MAX_NODES],
    violations: Vec<Violation>,
    failed: Option<io::Error>,
}

impl TraceWriter {
    /// Begins a trace with this header, without computed fields: just what it takes to run it again. Each
    /// line is handed to `to` whole, in one call.
    pub fn new(to: impl Write + Send + 'static, header: &Header) -> Self {
        Self::begin(to, header, false)
    }

    /// Begins a trace with all computed fields: events with their reasons, messages, violations.
    pub fn computed(to: impl Write + Send + 'static, header: &Header) -> Self {
        Self::begin(to, header, true)
    }

    fn begin(to: impl Write + Send + 'static, header: &Header, computed: bool) -> Self {
        let mut file = File {
            to: Box::new(to),
            computed,
            steps: 0,
            lines: 0,
            applied: Default::default(),
            violations: Vec::new(),
            failed: None,
        };
        file.put(header);
        Self { file: Arc::new(Mutex::new(file)) }
    }

    fn with<T>(&self, act: impl FnOnce(&mut File) -> T) -> T {
        act(&mut lock(&self.file))
    }

    /// Writes the last line.
    ///
    /// # Errors
    /// If this or any line before could not be written.
    pub fn finish(&self) -> io::Result<()> {
        self.end(None)
    }

    /// Writes the last line and, if computed fields are written, the line of the ending before it.
    ///
    /// # Errors
    /// As for [`finish`](Self::finish).
    pub fn finish_with(&self, ending: Ending) -> io::Result<()> {
        self.end(Some(ending))
    }

    fn end(&self, ending: Option<Ending>) -> io::Result<()> {
        self.with(|file| {
            let violations = std::mem::take(&mut file.violations);
            if let Some(ending) = ending.filter(|_| file.computed) {
                file.put(&EndingLine { ending: ending.with(violations) });
            }
            file.put(&EndLine { steps: file.steps, lines: format!("{:016x}", file.lines) });
            match file.failed.take() {
                Some(error) => Err(error),
                None => file.to.flush(),
            }
        })
    }
}

impl File {
    fn put(&mut self, line: &impl Serialize) {
        let written = serde_json::to_string(line).map_err(io::Error::other).and_then(|text| {
            let mut text = visible_json(&text).into_owned();
            if !self.computed && text.len() + 1 >= LONGEST_LINE {
                let limit = LONGEST_LINE >> 20;
                return Err(io::Error::other(format!("a line of it has more than {limit} MiB")));
            }
            self.lines = chain_line(self.lines, &text);
            text.push('\n');
            self.to.write_all(text.as_bytes())
        });
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }

    fn put_told<C: Serialize>(&mut self, line: impl Serialize, computed: impl FnOnce() -> C) {
        if self.computed {
            self.put(&WithComputed { line, computed: computed() });
        } else {
            self.put(&line);
        }
    }

    fn batch(&mut self, batch: &Batch<'_>) {
        let Batch { server, saved, .. } = *batch;
        let id = server.node().id();
        let applied = self.applied[id.index()];
        let mut ids = (batch.first_message.0..).map(MessageId);
        let last = batch.first_step + batch.steps.len() as u64 - 1;
        for (number, step, events, messages) in batch.each() {
            self.steps = number;
            let is_last = number == last;
            let line = StepLine {
                step: self.steps,
                time_us: batch.time,
                node: id,
                input: InputLine::of(&step.input, step.received, &step.tickets),
                sent: messages.len(),
                digest: format!("{:016x}", step.digest),
                batch: is_last.then_some(if saved { BatchEnd::Saved } else { BatchEnd::Lost }),
            };
            self.put_told(line, || StepOutcome {
                received: Numbered::received(&step.input, step.received),
                events,
                messages: messages
                    .iter()
                    .zip(ids.by_ref())
                    .map(|(envelope, message)| Numbered { message, envelope })
                    .collect(),
                saved: (is_last && saved).then(|| Saved::of(server, applied)),
            });
        }
        if saved {
            self.applied[id.index()] = server.last_applied();
        }
    }
}

impl Observer for TraceWriter {
    fn batch(&mut self, batch: &Batch<'_>) {
        self.with(|file| file.batch(batch));
    }

    fn deed(&mut self, time_us: Time, deed: &Deed) {
        self.with(|file| file.put(&DeedLine { time_us, deed }));
    }

    fn begins(&mut self, time: Time, server: &Server) {
        let (begins, timer_us) = (server.node().id(), server.next_deadline());
        let line = BeginLine { time_us: time, begins, timer_us };
        self.with(|file| {
            if file.computed {
                file.put(&line);
            }
        });
    }

    fn restarted(&mut self, time: Time, server: &Server) {
        let node = server.node().id();
        self.with(|file| {
            file.applied[node.index()] = server.last_applied();
            let line = DeedLine { time_us: time, deed: Deed::Restart { node } };
            let timer_us = server.next_deadline();
            file.put_told(line, || Restarted { state: NodeFields::from(server.node()), timer_us });
        });
    }

    fn violation(&mut self, time_us: Time, &violation: &Violation) {
        self.with(|file| {
            file.violations.push(violation);
            if file.computed {
                file.put(&ViolationLine { time_us, violation });
            }
        });
    }

    fn wants(&self) -> Detail {
        Detail::Digests
    }
}
