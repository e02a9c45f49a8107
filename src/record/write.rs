//! Writes a trace as the run happens.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::format::{BatchEnd, DeedLine, FORMAT, Header, InputLine, Record};
use crate::digest::chain;
use crate::raft::Input;
use crate::record::journal::{Batch, Deed, Observer};
use crate::server::engine::{Detail, MessageId};
use crate::server::timing::Time;

/// Whether a file begins like a trace, of whatever version.
pub fn is_trace(path: &Path) -> bool {
    let Ok(file) = fs::File::open(path) else { return false };
    let mut line = String::new();
    // The first line of a trace is shorter than that.
    let read = BufReader::new(file.take(1 << 16)).read_line(&mut line);
    let value = serde_json::from_str::<serde_json::Value>(&line);
    read.is_ok() && value.is_ok_and(|value| value["format"] == FORMAT)
}

/// Listens to a journal and writes what it hears. A handle to the same file stays with whoever
/// started the run, to end it with [`TraceWriter::finish`].
#[derive(Clone)]
pub struct TraceWriter {
    file: Arc<Mutex<File>>,
}

struct File {
    to: Box<dyn Write + Send>,
    steps: u64,
    lines: u64,
    failed: Option<io::Error>,
}

impl TraceWriter {
    /// A trace that begins with this header. Each line is handed to `to` whole, in one call.
    pub fn new(to: impl Write + Send + 'static, header: &Header) -> Self {
        let mut file = File { to: Box::new(to), steps: 0, lines: 0, failed: None };
        file.put(header);
        Self { file: Arc::new(Mutex::new(file)) }
    }

    fn with<T>(&self, act: impl FnOnce(&mut File) -> T) -> T {
        act(&mut self.file.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes the last line.
    ///
    /// # Errors
    /// If this or any line before could not be written.
    pub fn finish(&self) -> io::Result<()> {
        self.with(|file| {
            let end = Record::End { steps: file.steps, lines: format!("{:016x}", file.lines) };
            file.put(&end);
            match file.failed.take() {
                Some(error) => Err(error),
                None => file.to.flush(),
            }
        })
    }
}

impl File {
    fn put(&mut self, line: &impl serde::Serialize) {
        let written = serde_json::to_string(line).map_err(io::Error::other).and_then(|mut text| {
            self.lines = chain(self.lines, &text);
            text.push('\n');
            self.to.write_all(text.as_bytes())
        });
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }
}

impl Observer for TraceWriter {
    fn batch(&mut self, batch: &Batch<'_>) {
        self.with(|file| {
            let mut written = 0;
            for (nth, step) in batch.steps.iter().enumerate() {
                file.steps += 1;
                let last = nth + 1 == batch.steps.len();
                let end = if batch.saved { BatchEnd::Saved } else { BatchEnd::Lost };
                let record = Record::Step {
                    step: file.steps,
                    time: batch.time.as_micros(),
                    node: batch.server.node().id().index() as u8,
                    input: input_line(&step.input, step.received),
                    sent: step.messages_end - written,
                    digest: format!("{:016x}", step.digest),
                    batch: last.then_some(end),
                };
                written = step.messages_end;
                file.put(&record);
            }
        });
    }

    fn deed(&mut self, time: Time, deed: &Deed) {
        let record = Record::Deed { time: time.as_micros(), deed: DeedLine::from(deed) };
        self.with(|file| file.put(&record));
    }

    fn wants(&self) -> Detail {
        Detail::Digests
    }
}

fn input_line(input: &Input, received: Option<MessageId>) -> InputLine {
    match input {
        Input::ElectionTimeout => InputLine::ElectionTimeout,
        Input::HeartbeatDue => InputLine::HeartbeatDue,
        Input::Receive(_) => InputLine::Receive(received.unwrap_or_default().0),
        Input::Propose(commands) => {
            InputLine::Propose(commands.iter().map(|command| command.as_str().to_owned()).collect())
        }
    }
}
