//! Results for programs: one JSON object a line. What the lines of a run are is decided in `record`;
//! this prints them, and those of the walkthrough.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use super::output::Output;
use crate::raft::{Envelope, Event, Input, LogPosition, NodeId, RaftNode, Rule};
use crate::record::State;
use crate::scenario::walkthrough::{Beat, Section};
use crate::server::state_machine::Reply;

/// The output as a file that takes whole lines.
#[derive(Debug)]
pub struct Lines(pub Output);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.put(String::from_utf8_lossy(line).trim_end_matches('\n'));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One step of the walkthrough.
#[derive(Serialize)]
struct Line<'a> {
    section: usize,
    title: &'a str,
    node: NodeId,
    /// None where the node starts.
    input: Option<&'a Input>,
    events: &'a [Event],
    messages: &'a [Envelope],
    applied: Vec<Applied<'a>>,
    /// The timeout that was drawn, if the election timer started over.
    election_timeout_us: Option<u64>,
    /// The rules that the node does not keep.
    broken: Vec<Rule>,
    state: State<'a>,
}

#[derive(Serialize)]
struct Applied<'a> {
    #[serde(flatten)]
    at: LogPosition,
    reply: &'a Reply,
}

/// Writes one section.
///
/// # Errors
/// If writing fails.
pub fn section(section: &Section, out: &mut dyn Write) -> io::Result<()> {
    for beat in &section.beats {
        if let Some(line) = line(section, beat) {
            serde_json::to_writer(&mut *out, &line)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

fn line<'a>(section: &'a Section, beat: &'a Beat) -> Option<Line<'a>> {
    let empty = |node: &'a RaftNode| Line {
        section: section.number,
        title: section.title,
        node: node.id(),
        input: None,
        events: &[],
        messages: &[],
        applied: Vec::new(),
        election_timeout_us: None,
        broken: node.settings().rules.broken().collect(),
        state: node.into(),
    };
    let micros = |timeout: Duration| timeout.as_micros() as u64;
    match beat {
        Beat::Started { node, election_timeout } => {
            Some(Line { election_timeout_us: Some(micros(*election_timeout)), ..empty(node) })
        }
        Beat::Stepped(step) => Some(Line {
            input: Some(&step.input),
            events: &step.events,
            messages: &step.messages,
            applied: step
                .applied
                .iter()
                .map(|applied| Applied { at: applied.at, reply: &applied.reply })
                .collect(),
            election_timeout_us: step.election_timeout.map(micros),
            ..empty(&step.after)
        }),
        Beat::Said { .. }
        | Beat::Durable { .. }
        | Beat::Log(_)
        | Beat::Logs(_)
        | Beat::Store { .. } => None,
    }
}
