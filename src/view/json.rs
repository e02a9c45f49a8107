//! The walkthrough for programs: one JSON object a line, for each start and each step of a node.
//!
//! Names are the core's, in `snake_case`; nodes, terms and indexes are numbers; rules are their ids.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use crate::raft::{
    Envelope, Event, Input, LogEntry, LogIndex, LogPosition, NodeId, Progress, RaftNode, RoleKind,
    Rule, Term,
};
use crate::state_machine::Reply;
use crate::walkthrough::{Beat, Section};

/// One line.
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

/// A node's state, under the names of Figure 2.
#[derive(Serialize)]
struct State<'a> {
    role: RoleKind,
    current_term: Term,
    voted_for: Option<NodeId>,
    log: Vec<Entry<'a>>,
    commit_index: LogIndex,
    leader: Option<NodeId>,
    /// What a leader knows of the others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    progress: Vec<Peer>,
}

#[derive(Serialize)]
struct Entry<'a> {
    index: LogIndex,
    #[serde(flatten)]
    entry: &'a LogEntry,
}

#[derive(Serialize)]
struct Peer {
    node: NodeId,
    #[serde(flatten)]
    progress: Progress,
}

impl<'a> State<'a> {
    fn of(node: &'a RaftNode) -> Self {
        let peers = NodeId::all(node.settings().nodes).filter(|&peer| peer != node.id());
        let known = |peer| node.progress(peer).map(|progress| Peer { node: peer, progress });
        Self {
            role: node.role_kind(),
            current_term: node.current_term(),
            voted_for: node.voted_for(),
            log: node.log().iter().map(|(index, entry)| Entry { index, entry }).collect(),
            commit_index: node.commit_index(),
            leader: node.leader(),
            progress: peers.filter_map(known).collect(),
        }
    }
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
        state: State::of(node),
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
