//! The data of a run for the page: its moments, its messages, what was checked, and what is left out.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::Serialize;

use super::answers::Answers;
use super::moments::{Mark, Moments, ShownMoment, shown};
use crate::explain::{client_calls_from, leaderships};
use crate::properties::report::SafetyReport;
use crate::properties::safety::Violation;
use crate::raft::{MessageKind, NodeId, Rule};
use crate::record::history::{History, SentMessage};
use crate::record::{Clock, Header};
use crate::scenario::script::Script;
use crate::view::words::plural;
use crate::view::{deeds, finding_text, message, violation, why};

/// The heading of the page: the run's title and settings, and the rules.
#[derive(Serialize)]
pub(super) struct Heading {
    program: &'static str,
    pub(super) title: String,
    /// The kind of run, in sentences.
    pub(super) about: Vec<String>,
    /// The question that the scenario asks its reader.
    question: Option<String>,
    pub(super) nodes: usize,
    /// The rules that are broken in this run.
    broken: Vec<&'static str>,
    /// What each rule says, and where the paper says it.
    rules: BTreeMap<&'static str, [&'static str; 2]>,
}

impl Heading {
    pub(super) fn of(header: &Header, about: Vec<String>) -> Self {
        let rules = Rule::ALL.map(|rule| (rule.id(), [rule.statement(), rule.paper()]));
        Self {
            program: concat!("raft-in-practice ", env!("CARGO_PKG_VERSION")),
            title: shown(&header.scenario),
            about,
            question: None,
            nodes: header.nodes,
            broken: header.rules().broken().map(Rule::id).collect(),
            rules: rules.into_iter().collect(),
        }
    }

    /// Adds what the scenario of the run shows, and what it asks.
    pub(super) fn add_script(&mut self, script: &Script) {
        if !script.shows.is_empty() {
            self.about.insert(0, shown(&script.shows));
        }
        self.question = script.question.as_deref().map(shown);
    }
}

/// A run, for the page.
#[derive(Serialize)]
pub(super) struct RunRecord {
    #[serde(flatten)]
    pub(super) heading: Heading,
    pub(super) moments: Vec<ShownMoment>,
    pub(super) messages: Vec<ShownMessage>,
    properties: Vec<(String, u64, bool)>,
    violations: Vec<ShownViolation>,
    #[serde(flatten)]
    at_a_glance: AtAGlance,
    answers: Answers,
    left_out: Option<String>,
}

#[derive(Serialize)]
pub(super) struct ShownMessage {
    id: u64,
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) name: &'static str,
    says: String,
    pub(super) kind: &'static str,
    pub(super) reply: bool,
    /// The moment in which it was written.
    pub(super) sent: usize,
    /// The moments in which it arrived.
    pub(super) got: Vec<usize>,
    /// The moment in which a copy was lost, and why.
    pub(super) lost: Option<(usize, &'static str)>,
}

#[derive(Serialize)]
pub(super) struct ShownViolation {
    step: u64,
    text: String,
}

impl RunRecord {
    /// Returns the message with this number, if it is shown.
    pub(super) fn message(&self, id: u64) -> Option<&ShownMessage> {
        let nth = self.messages.binary_search_by_key(&id, |message| message.id).ok()?;
        Some(&self.messages[nth])
    }

    /// Makes the record of these steps of a run, with answers to why, if they are to be `answered`.
    pub(super) fn of(
        history: &History,
        safety: &SafetyReport,
        steps: &RangeInclusive<u64>,
        answered: bool,
    ) -> Self {
        let header = history.header();
        let mut moments = Moments::before(history, *steps.start());
        moments.follow(history, history.last().min(*steps.end()));
        let violated: Vec<u64> = history.violations().map(|violation| violation.step).collect();
        for moment in &mut moments.list {
            if moment.step > 0 && violated.contains(&moment.step) {
                moment.marks.push(Mark::Violated);
            }
        }
        let messages = history.messages().iter();
        let messages = messages.filter_map(|sent| ShownMessage::of(sent, &moments)).collect();
        let answers = if answered { Answers::of(history, &moments) } else { Answers::default() };
        let extent = plural(history.last() as usize, "step", "steps");
        Self {
            heading: Heading::of(header, about(header, &extent)),
            moments: moments.list,
            messages,
            properties: properties(safety),
            violations: shown_violations(safety),
            at_a_glance: AtAGlance::of(history),
            left_out: left_out(history, steps, &answers),
            answers,
        }
    }
}

/// Who led when, and what clients asked and were told: sentences, each with the step to look at.
#[derive(Serialize)]
pub(super) struct AtAGlance {
    leaders: Vec<(u64, String)>,
    clients: Vec<(u64, String)>,
}

impl AtAGlance {
    pub(super) fn of(history: &History) -> Self {
        Self::with_clients_from(history, 0)
    }

    /// The same without the first `nth` clients.
    pub(super) fn with_clients_from(history: &History, nth: usize) -> Self {
        let leaders = leaderships(history).into_iter().map(|led| (led.from, why::leadership(&led)));
        let calls = client_calls_from(history, history.last(), nth);
        let clients = calls.into_iter().map(|(call, silent)| {
            let step = call.told.as_ref().map_or(call.asked_in, |(step, _)| *step);
            // Who asks or is refused after the last step belongs to the end of it.
            (step.min(history.last()), shown(&finding_text::told(&call, silent)))
        });
        Self { leaders: leaders.collect(), clients: clients.collect() }
    }
}

/// Says what is not in the page, with the reason or where to find it.
fn left_out(history: &History, steps: &RangeInclusive<u64>, answers: &Answers) -> Option<String> {
    let (first, last) = (*steps.start(), history.last());
    let shown_last = last.min(*steps.end());
    let beyond = (first > 1 || shown_last < last).then(|| {
        format!(
            "These are steps {first} to {shown_last} of {last}; '--steps A..B' shows others, and \
             'raft-cluster replay TRACE' walks through all of them."
        )
    });
    let stopped =
        history.stopped().map(|error| shown(&format!("The run goes no further here: {error}.")));
    let unanswered = answers.until.map(|step| {
        format!(
            "This page can say why of entries up to step {step}; of a trace, \
             'raft-cluster replay TRACE --at STEP --why' says it of any."
        )
    });
    let parts: Vec<String> = stopped.into_iter().chain(beyond).chain(unanswered).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The kind of run, in sentences; `extent` says how long it is.
pub(super) fn about(header: &Header, extent: &str) -> Vec<String> {
    let world = if header.clock == Clock::Virtual { "in virtual time" } else { "on threads" };
    let nodes = plural(header.nodes, "node", "nodes");
    let broken: Vec<&str> = header.rules().broken().map(Rule::id).collect();
    let rules = if broken.is_empty() {
        "All rules are kept.".to_owned()
    } else {
        format!("Broken: {}.", broken.join(", "))
    };
    vec![format!("{nodes}, seed {}, {world}, {extent}.", header.seed), rules]
}

/// Each property, how often it was checked, and whether it was violated.
pub(super) fn properties(safety: &SafetyReport) -> Vec<(String, u64, bool)> {
    let rows = safety.rows().into_iter();
    rows.map(|(property, checks, held)| (property.to_string(), checks, held == Some(false)))
        .collect()
}

/// What was violated, in words.
pub(super) fn shown_violations(safety: &SafetyReport) -> Vec<ShownViolation> {
    let shown =
        |found: &Violation| ShownViolation { step: found.step, text: violation_text(found) };
    safety.violations.iter().map(shown).collect()
}

pub(super) fn violation_text(found: &Violation) -> String {
    format!("{}: {}", found.property, violation::sentence(&found.evidence))
}

impl ShownMessage {
    /// Returns a message, if it left in the steps that are shown, or was still in flight when they began.
    pub(super) fn of(sent: &SentMessage, moments: &Moments) -> Option<Self> {
        let first = moments.first;
        let never_left = sent.left_in.is_none();
        let left = sent.left_in.unwrap_or(sent.written_in);
        if left < first && !sent.is_in_flight(first - 1) {
            return None;
        }
        let written = moments.of(sent.written_in)?;
        let at = |step: u64| moments.of(step).filter(|_| step >= first);
        let lost = moments.lost.get(&sent.message).map(|&(at, why)| (at, deeds::why_lost(why)));
        let kind = sent.envelope.message.kind();
        let (shown_kind, reply) = match kind {
            MessageKind::RequestVote => ("vote", false),
            MessageKind::RequestVoteReply => ("vote", true),
            MessageKind::AppendEntries => ("append", false),
            MessageKind::AppendEntriesReply => ("append", true),
        };
        Some(Self {
            id: sent.message.0,
            from: sent.envelope.from,
            to: sent.envelope.to,
            name: message::kind(kind),
            says: shown(&message::arguments(&sent.envelope.message)),
            kind: shown_kind,
            reply,
            sent: written,
            got: sent.received_in.iter().filter_map(|&step| at(step)).collect(),
            lost: if never_left { Some((written, NEVER_LEFT)) } else { lost },
        })
    }
}

/// Why a message was lost if its sender crashed before sending it.
const NEVER_LEFT: &str = "its sender crashed before it left";
