//! Results for programs: one JSON object a line. `record` defines the lines of a run, and this module prints
//! them. All other lines, such as those of the walkthrough or of a search, are defined here.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use super::output::Output;
use super::rules::{shown_in, test_of, told_in};
use crate::network::micros;
use crate::raft::{LogIndex, NodeId, Property, RaftNode, Rule, RuleSet, Settings};
use crate::record::computed_fields::{Numbered, StepOutcome};
use crate::record::format::InputLine;
use crate::record::history::NodeState;
use crate::record::{Header, NodeFields, Summary, TraceError, TraceWriter};
use crate::scenario::library::{BROKEN, SHIPPED};
use crate::scenario::script::Script;
use crate::scenario::verb_table::Verb;
use crate::scenario::walkthrough::{AppliedEntry, Beat, Section};
use crate::search::best_counterexample::{Best, Short, Source};
use crate::search::exhaustive::{Bounds, Reach, SearchOutcome, Stats};
use crate::search::objective::Violated;
use crate::search::random::{Caught, HuntProgress};
use crate::visible::visible_json;

/// A writer that puts each write on the output as one line.
#[derive(Debug)]
struct JsonLines(Output);

impl Write for JsonLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.put(String::from_utf8_lossy(line).trim_end_matches('\n'));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns a value as one line of JSON, without the line break.
pub fn text(line: &impl Serialize) -> String {
    let json = serde_json::to_string(line).expect("a result has only names as keys");
    visible_json(&json).into_owned()
}

/// The state of a node at a step.
#[derive(Serialize)]
struct NodeLine<'a> {
    step: u64,
    node: NodeId,
    up: bool,
    paused: bool,
    last_applied: LogIndex,
    state: NodeFields<'a>,
}

/// The line with the state of a node at a step.
pub(crate) fn node(step: u64, stood: &NodeState<'_>) -> String {
    text(&NodeLine {
        step,
        node: stood.node.id(),
        up: stood.up,
        paused: stood.paused,
        last_applied: stood.applied,
        state: (&*stood.node).into(),
    })
}

/// A rule with all that is known of it.
#[derive(Serialize)]
struct RuleLine {
    rule: Rule,
    paper: &'static str,
    statement: &'static str,
    protects: Property,
    enforced_in: &'static str,
    when_broken: &'static str,
    scenarios: Vec<String>,
    test: String,
    sections: Vec<&'static str>,
}

/// A line for each of these rules.
pub(crate) fn rules(rules: &[Rule]) -> Vec<String> {
    let line = |&rule: &Rule| RuleLine {
        rule,
        paper: rule.paper(),
        statement: rule.statement(),
        protects: rule.protects(),
        enforced_in: rule.enforced_in(),
        when_broken: rule.when_broken(),
        scenarios: shown_in(rule),
        test: test_of(rule),
        sections: told_in(rule),
    };
    rules.iter().map(|rule| text(&line(rule))).collect()
}

/// A scenario that ships with the program.
#[derive(Serialize)]
struct ScenarioLine {
    scenario: String,
    shows: String,
    question: Option<String>,
    nodes: usize,
    seed: u64,
    /// Whether it can run on threads too.
    threads: bool,
    broken: Vec<Rule>,
}

/// A line for each scenario, with those that break a rule last.
pub(crate) fn scenarios() -> Vec<String> {
    let scripts = SHIPPED.iter().chain(BROKEN).map(|(name, content)| {
        Script::parse(name, content).expect("what ships is of the language")
    });
    let line = |script: Script| ScenarioLine {
        scenario: script.name,
        shows: script.shows,
        question: script.question,
        nodes: script.nodes,
        seed: script.seed,
        threads: script.on_threads,
        broken: script.broken.broken().collect(),
    };
    scripts.map(|script| text(&line(script))).collect()
}

/// The result of a hunt.
#[derive(Serialize)]
struct HuntLine<'a> {
    broken: Vec<Rule>,
    seeds: u64,
    simulated_us: u64,
    faults: u64,
    /// Runs whose client histories were not judged: the search for an order that explains them was given up.
    not_judged: u64,
    #[serde(rename = "elapsed_us", with = "micros")]
    elapsed: Duration,
    caught: bool,
    first: Option<&'a Caught>,
    counterexample: Option<Shortest<'a>>,
}

/// A counterexample: a cluster, and moves in the words of scripts.
#[derive(Serialize)]
struct Shortest<'a> {
    source: Source,
    nodes: usize,
    no_op: bool,
    max_batch: Option<NonZeroUsize>,
    moves: Vec<String>,
    violated: &'a Violated,
}

impl<'a> From<&'a Short> for Shortest<'a> {
    fn from(short: &'a Short) -> Self {
        let Settings { nodes, no_op, max_batch, .. } = short.schedule.settings;
        let moves = short.schedule.moves.iter().map(Verb::to_string).collect();
        Self { source: short.source, nodes, no_op, max_batch, moves, violated: &short.violated }
    }
}

/// The line with the result of a hunt under these rules.
pub(crate) fn hunt(rules: RuleSet, best: &Best, progress: &HuntProgress) -> String {
    let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
    text(&HuntLine {
        broken: rules.broken().collect(),
        seeds: count(&progress.seeds),
        simulated_us: count(&progress.simulated),
        faults: count(&progress.faults),
        not_judged: count(&progress.unjudged),
        elapsed: best.result.took,
        caught: best.has_caught(),
        first: best.result.catches.first(),
        counterexample: best.short.as_ref().map(Shortest::from),
    })
}

/// The result of an exhaustive search.
#[derive(Serialize)]
struct SearchLine<'a> {
    broken: Vec<Rule>,
    bounds: &'a Bounds,
    reach: Reach,
    #[serde(flatten)]
    stats: Stats,
    property: Option<Property>,
    counterexample: Option<Shortest<'a>>,
}

/// The last line of a search under these rules, with its counterexample as moves, if it found one.
pub(crate) fn search(
    rules: RuleSet,
    bounds: &Bounds,
    outcome: &SearchOutcome,
    short: Option<&Short>,
) -> String {
    text(&SearchLine {
        broken: rules.broken().collect(),
        bounds,
        reach: outcome.reach,
        stats: outcome.stats,
        property: outcome.violation.as_ref().map(|found| found.property),
        counterexample: short.map(Shortest::from),
    })
}

/// The result of running a trace again.
#[derive(Serialize)]
struct VerifiedLine<'a> {
    trace: &'a str,
    verified: bool,
    steps: Option<u64>,
    failure: Option<String>,
}

/// The line with the result of running a trace again: the number of its steps, or why it failed.
pub(crate) fn verified(trace: &Path, made: &Result<Summary, TraceError>) -> String {
    let steps = made.as_ref().ok().map(|summary| summary.steps);
    let failure = made.as_ref().err().map(ToString::to_string);
    let trace = &trace.to_string_lossy();
    text(&VerifiedLine { trace, verified: failure.is_none(), steps, failure })
}

/// One step of the walkthrough.
#[derive(Serialize)]
struct JsonLine<'a> {
    section: usize,
    title: &'a str,
    node: NodeId,
    /// None where the node starts.
    input: Option<InputLine>,
    #[serde(flatten)]
    outcome: StepOutcome<'a>,
    applied: &'a [AppliedEntry],
    /// The timeout that was drawn, if the election timer started over.
    election_timeout_us: Option<u64>,
    /// The rules that the node does not keep.
    broken: Vec<Rule>,
    state: NodeFields<'a>,
}

/// The lines of one section.
pub(crate) fn section(section: &Section) -> Vec<String> {
    let lines = section.beats.iter().filter_map(|beat| line(section, beat));
    lines.map(|line| text(&line)).collect()
}

/// The line that says how many lines were left out for a reader who was too slow for a live cluster.
pub(crate) fn left_out(lines: u64) -> String {
    text(&BTreeMap::from([("lines_left_out", lines)]))
}

/// Opens the writer of a run's record on the output.
pub(crate) fn record(output: &Output, header: &Header) -> TraceWriter {
    TraceWriter::computed(JsonLines(output.clone()), header)
}

fn line<'a>(section: &'a Section, beat: &'a Beat) -> Option<JsonLine<'a>> {
    let empty = |node: &'a RaftNode| JsonLine {
        section: section.number,
        title: section.title,
        node: node.id(),
        input: None,
        outcome: StepOutcome { received: None, events: &[], messages: Vec::new(), saved: None },
        applied: &[],
        election_timeout_us: None,
        broken: node.settings().rules.broken().collect(),
        state: node.into(),
    };
    let micros = |timeout: Duration| timeout.as_micros() as u64;
    let numbered = |(message, envelope): &'a (_, _)| Numbered { message: *message, envelope };
    match beat {
        Beat::Started { node, election_timeout } => {
            Some(JsonLine { election_timeout_us: Some(micros(*election_timeout)), ..empty(node) })
        }
        Beat::Stepped(step) => Some(JsonLine {
            input: Some(InputLine::of(&step.input, step.received, &[])),
            outcome: StepOutcome {
                received: Numbered::received(&step.input, step.received),
                events: &step.events,
                messages: step.messages.iter().map(numbered).collect(),
                saved: None,
            },
            applied: &step.applied,
            election_timeout_us: step.election_timeout().map(micros),
            ..empty(&step.after)
        }),
        Beat::Said { .. }
        | Beat::Durable { .. }
        | Beat::Log(_)
        | Beat::Logs(_)
        | Beat::Store { .. } => None,
    }
}
