//! The walkthrough and the runs for programs: one JSON object a line, for each step of a node.
//!
//! Names are the core's, in `snake_case`; nodes, terms and indexes are numbers; rules are their ids.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::Listeners;
use super::output::Output;
use crate::properties::linearizability::Judgement;
use crate::properties::report::{Judged, SafetyReport};
use crate::properties::safety::Violation;
use crate::raft::{
    Envelope, Event, Input, LogEntry, LogIndex, LogPosition, NodeId, Progress, RaftNode, RoleKind,
    Rule, RuleSet, Term,
};
use crate::record::journal::{Batch, Deed, Observer};
use crate::scenario::script::Script;
use crate::scenario::walkthrough::{Beat, Section};
use crate::server::engine::Detail;
use crate::server::state_machine::Reply;
use crate::server::timing::Time;

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
            role: node.role().kind(),
            current_term: node.current_term(),
            voted_for: node.voted_for(),
            log: node.log().iter().map(|(index, entry)| Entry { index, entry }).collect(),
            commit_index: node.commit_index(),
            leader: node.leader(),
            progress: peers.filter_map(known).collect(),
        }
    }
}

/// The lines of one section.
pub(crate) fn section(section: &Section) -> Vec<String> {
    let lines = section.beats.iter().filter_map(|beat| line(section, beat));
    lines.map(|line| text(&line)).collect()
}

/// Who listens to a run that is told as JSON.
pub(super) fn listen(output: &Output) -> Listeners {
    Listeners { observers: vec![Box::new(Lines { output: output.clone() })], script: None }
}

/// Says that a live output left lines out.
pub(crate) fn left_out(lines: u64) -> String {
    text(&BTreeMap::from([("lines_left_out", lines)]))
}

/// A run for programs: one object a line, for each step of a node and each deed of the world.
#[derive(Debug)]
struct Lines {
    output: Output,
}

#[derive(Serialize)]
struct StepLine<'a> {
    time_us: u64,
    node: NodeId,
    input: &'a Input,
    events: &'a [Event],
    messages: &'a [Envelope],
}

#[derive(Serialize)]
struct DeedLine<'a> {
    time_us: u64,
    deed: &'a crate::record::DeedLine,
}

#[derive(Serialize)]
struct Fallen<'a> {
    time_us: u64,
    violation: &'a Violation,
}

#[derive(Serialize)]
struct Ending<'a> {
    passed: bool,
    failure: Option<&'a str>,
    committed: u64,
    leaders: usize,
    checks: BTreeMap<&'static str, u64>,
    violations: &'a [Violation],
    /// Whether one machine could have told the clients what they were told; nothing if they were told
    /// nothing, or if nobody can say, which `clients` tells apart.
    linearizable: Option<bool>,
    /// What came of judging what the clients were told, if they were told anything.
    clients: Option<&'a Judged>,
    /// The rules that were off.
    broken: Vec<Rule>,
}

#[derive(Serialize)]
struct Opening<'a> {
    scenario: &'a str,
    nodes: usize,
    seed: u64,
    broken: Vec<Rule>,
}

/// The first line of a run.
pub(super) fn opening(script: &Script) -> String {
    text(&Opening {
        scenario: &script.name,
        nodes: script.nodes,
        seed: script.seed,
        broken: script.broken.broken().collect(),
    })
}

impl Lines {
    fn put(&self, line: &impl Serialize) {
        self.output.put(text(line));
    }
}

impl Observer for Lines {
    fn batch(&mut self, batch: &Batch<'_>) {
        let (mut events, mut messages) = (0, 0);
        for (nth, step) in batch.steps.iter().enumerate() {
            // What was decided when the batch was saved stands with its last step.
            let is_last = nth + 1 == batch.steps.len();
            let events_end = if is_last { batch.events.len() } else { step.events_end };
            self.put(&StepLine {
                time_us: batch.time.as_micros(),
                node: batch.server.node().id(),
                input: &step.input,
                events: &batch.events[events..events_end],
                messages: &batch.messages[messages..step.messages_end],
            });
            (events, messages) = (step.events_end, step.messages_end);
        }
    }

    fn deed(&mut self, time: Time, deed: &Deed) {
        self.put(&DeedLine { time_us: time.as_micros(), deed: &deed.into() });
    }

    fn violation(&mut self, time: Time, violation: &Violation) {
        self.put(&Fallen { time_us: time.as_micros(), violation });
    }

    fn wants(&self) -> Detail {
        Detail::Steps
    }
}

/// The last line of a run.
pub fn ending(
    passed: bool,
    failure: Option<&str>,
    report: &SafetyReport,
    rules: RuleSet,
) -> String {
    text(&Ending {
        passed,
        failure,
        committed: report.committed,
        leaders: report.leaders,
        checks: report.checks.iter().map(|&(property, n)| (property.name(), n)).collect(),
        violations: &report.violations,
        broken: rules.broken().collect(),
        linearizable: report.clients.as_ref().and_then(|judged| match judged.judgement {
            Judgement::Held => Some(true),
            Judgement::NotJudged(_) => None,
            Judgement::Fallen(_) => Some(false),
        }),
        clients: report.clients.as_ref(),
    })
}

/// A line; what cannot be written as JSON says so in its place.
fn text(line: &impl Serialize) -> String {
    serde_json::to_string(line).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))
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
