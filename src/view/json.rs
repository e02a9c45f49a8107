//! Results for programs: one JSON object a line. What the lines of a run are is decided in `record`;
//! this prints them, and those of the walkthrough.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use super::output::Output;
use crate::network::micros;
use crate::raft::{
    Envelope, Event, Input, LogPosition, NodeId, Property, RaftNode, Rule, RuleSet, Settings,
};
use crate::record::State;
use crate::scenario::library::{BROKEN, SHIPPED};
use crate::scenario::script::Script;
use crate::scenario::verb::Verb;
use crate::scenario::walkthrough::{Beat, Section};
use crate::search::best::{Best, Short, Source};
use crate::search::exhaustive::{Bounds, Outcome, Reach, Stats};
use crate::search::objective::Fallen;
use crate::search::random::Progress;
use crate::search::random::trial::Finding;
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

/// A line, without its end.
fn text(line: &impl Serialize) -> String {
    serde_json::to_string(line).expect("a result has only names as keys")
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
}

/// Writes a line for each of these rules.
///
/// # Errors
/// If writing fails.
pub fn rules(rules: &[Rule], out: &mut dyn Write) -> io::Result<()> {
    let line = |&rule: &Rule| RuleLine {
        rule,
        paper: rule.paper(),
        statement: rule.statement(),
        protects: rule.protects(),
        enforced_in: rule.enforced_in(),
        when_broken: rule.when_broken(),
    };
    rules.iter().try_for_each(|rule| writeln!(out, "{}", text(&line(rule))))
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

/// Writes a line for each scenario, those of the broken rules last.
///
/// # Errors
/// If writing fails.
pub fn scenarios(out: &mut dyn Write) -> io::Result<()> {
    SHIPPED.iter().chain(BROKEN).try_for_each(|(name, content)| {
        let script = Script::parse(name, content).map_err(io::Error::other)?;
        let line = ScenarioLine {
            scenario: script.name,
            shows: script.shows,
            question: script.question,
            nodes: script.nodes,
            seed: script.seed,
            threads: script.on_threads,
            broken: script.broken.broken().collect(),
        };
        writeln!(out, "{}", text(&line))
    })
}

/// What a hunt came to.
#[derive(Serialize)]
struct HuntLine<'a> {
    broken: Vec<Rule>,
    seeds: u64,
    simulated_us: u64,
    faults: u64,
    /// Runs of which nobody can say whether what their clients were told can be.
    not_judged: u64,
    #[serde(rename = "elapsed_us", with = "micros")]
    elapsed: Duration,
    caught: bool,
    first: Option<Catch<'a>>,
    counterexample: Option<Shortest<'a>>,
}

/// The first thing that was caught.
#[derive(Serialize)]
struct Catch<'a> {
    seed: u64,
    finding: &'a Finding,
}

/// A counterexample: a cluster, and moves in the words of scripts.
#[derive(Serialize)]
struct Shortest<'a> {
    source: Source,
    nodes: usize,
    no_op: bool,
    max_batch: Option<NonZeroUsize>,
    moves: Vec<String>,
    fallen: &'a Fallen,
}

impl<'a> From<&'a Short> for Shortest<'a> {
    fn from(short: &'a Short) -> Self {
        let Settings { nodes, no_op, max_batch, .. } = short.schedule.settings;
        let moves = short.schedule.moves.iter().map(Verb::to_string).collect();
        Self { source: short.source, nodes, no_op, max_batch, moves, fallen: &short.fallen }
    }
}

/// The line of a hunt without these rules.
pub fn hunt(rules: RuleSet, best: &Best, progress: &Progress) -> String {
    let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
    let first = best.result.catches.first();
    text(&HuntLine {
        broken: rules.broken().collect(),
        seeds: count(&progress.seeds),
        simulated_us: count(&progress.simulated),
        faults: count(&progress.faults),
        not_judged: count(&progress.unjudged),
        elapsed: best.result.took,
        caught: best.has_caught(),
        first: first.map(|first| Catch { seed: first.seed, finding: &first.finding }),
        counterexample: best.short.as_ref().map(Shortest::from),
    })
}

/// How far a search has come.
pub fn search_depth(stats: &Stats) -> String {
    text(stats)
}

/// What a search came to.
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

/// The last line of a search with these rules, and its counterexample as moves, if it found one.
pub fn search(rules: RuleSet, bounds: &Bounds, outcome: &Outcome, short: Option<&Short>) -> String {
    text(&SearchLine {
        broken: rules.broken().collect(),
        bounds,
        reach: outcome.reach,
        stats: outcome.stats,
        property: outcome.violation.as_ref().map(|found| found.property),
        counterexample: short.map(Shortest::from),
    })
}

/// Whether a trace was made again.
#[derive(Serialize)]
struct VerifiedLine<'a> {
    trace: &'a str,
    verified: bool,
    steps: Option<u64>,
    failure: Option<String>,
}

/// What came of making a trace again: its steps, or why it cannot be.
pub fn verified(trace: &str, made: Result<u64, String>) -> String {
    let (steps, failure) = (made.as_ref().ok().copied(), made.err());
    text(&VerifiedLine { trace, verified: failure.is_none(), steps, failure })
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
