//! A run in progress, for the page: what has happened since the page was last told.

use serde::Serialize;

use super::moments::{Moments, ShownMoment, step_moment};
use super::run_record::{
    AtAGlance, Heading, RunRecord, ShownMessage, ShownViolation, about, properties,
    shown_violations, violation_text,
};
use crate::properties::report::SafetyReport;
use crate::raft::{Envelope, Event, Input, NodeId, Outcome, Rule};
use crate::record::Header;
use crate::record::history::{ClientCall, History, SentMessage};
use crate::scenario::script::Script;
use crate::view::colour;

pub(crate) use super::answers::{Text, answer};

/// What has happened since the moments that the page knows.
#[derive(Serialize)]
pub(crate) struct Growth<'a> {
    /// How many moments the page knows already.
    from: usize,
    moments: &'a [ShownMoment],
    /// Messages that are new, or that have since arrived or been lost.
    messages: Vec<ShownMessage>,
    /// None, if no safety report was made this time.
    properties: Option<Vec<(String, u64, bool)>>,
    violations: Option<Vec<ShownViolation>>,
    /// How many clients, from the first one on, the page knows already.
    clients_from: usize,
    #[serde(flatten)]
    at_a_glance: Option<AtAGlance>,
}

/// The head of the page.
#[derive(Serialize)]
pub(crate) struct LiveHeading {
    #[serde(flatten)]
    heading: Heading,
    /// The longest election timeout and the heartbeat interval, in microseconds.
    election_us: u64,
    heartbeat_us: u64,
}

impl LiveHeading {
    /// Makes the heading of a run with this header, of which `script` is the scenario.
    pub(crate) fn of(header: &Header, script: &Script) -> Self {
        let mut heading = Heading::of(header, about(header, "as long as you like"));
        heading.add_script(script);
        Self {
            heading,
            election_us: header.timing.election_max.as_micros() as u64,
            heartbeat_us: header.timing.heartbeat.as_micros() as u64,
        }
    }
}

impl Moments {
    /// Whether a moment from number `from` on has this mark, in the spelling of the page.
    pub(crate) fn marked(&self, from: usize, mark: &str) -> bool {
        self.list[from..].iter().any(|moment| {
            moment.marks.iter().any(|it| serde_json::to_value(it).is_ok_and(|it| it == mark))
        })
    }

    /// Returns what has happened since the page knew `from` moments, and was told of all clients when it knew
    /// `clients` moments.
    pub(crate) fn growth(
        &mut self,
        history: &History,
        safety: Option<&SafetyReport>,
        (from, clients): (usize, usize),
    ) -> Growth<'_> {
        self.follow(history, history.last());
        let since = self.last_step(from.saturating_sub(1));
        let clients = self.last_step(clients.saturating_sub(1));
        // Why a client was told nothing can change at any time.
        let may_differ = |call: &ClientCall| {
            let told = call.told.as_ref().map_or(u64::MAX, |(step, _)| *step);
            call.asked_in.max(told) >= clients
        };
        let calls = history.clients();
        let clients_from = calls.iter().position(may_differ).unwrap_or(calls.len());
        let newest = |steps: &[u64]| steps.last().copied().unwrap_or_default();
        let is_new = |sent: &&SentMessage| {
            let lost = sent.lost_in.last().map_or(0, |(step, _)| *step);
            sent.written_in.max(newest(&sent.received_in)).max(lost) >= since
        };
        let messages = history.messages().iter().filter(is_new);
        Growth {
            from,
            moments: &self.list[from..],
            messages: messages.filter_map(|sent| ShownMessage::of(sent, self)).collect(),
            properties: safety.map(properties),
            violations: safety.map(shown_violations),
            clients_from,
            at_a_glance: safety.map(|_| AtAGlance::with_clients_from(history, clients_from)),
        }
    }
}

/// Two runs of the same lines under different rules, and the first step in which they differ.
#[derive(Serialize)]
pub(crate) struct Comparison {
    /// The first step that differs; none, if the runs are the same.
    parts_in: Option<u64>,
    /// What the rule has done in this run, if the runs are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    same: Option<&'static str>,
    /// What happens in that step in this run, and in the other.
    here: Vec<String>,
    there: Vec<String>,
    /// Which lines could not be carried out in the other run, and why.
    failed: Vec<String>,
    /// The other run, around that step.
    other: RunRecord,
}

impl Comparison {
    /// Compares a run with the `other`, in which this rule is the other way and which has this safety report.
    pub(crate) fn of(
        rule: Rule,
        own: &History,
        other: &History,
        safety: &SafetyReport,
        failed: Vec<String>,
    ) -> Self {
        let mut steps = 1..=own.last().max(other.last());
        // A violation is a difference too: what a node holds can be wrong although it does the same so far.
        let parts_in = steps.find(|&step| {
            doings(own, step) != doings(other, step) || violated(own, step) != violated(other, step)
        });
        let around = parts_in.unwrap_or(1);
        let shown = around.saturating_sub(40).max(1)..=around + 160;
        let sentences = |history| parts_in.map_or_else(Vec::new, |step| sentences(history, step));
        Self {
            parts_in,
            same: parts_in.is_none().then(|| no_difference(own, rule)),
            here: sentences(own),
            there: sentences(other),
            failed,
            other: RunRecord::of(other, safety, &shown, false),
        }
    }
}

/// What a node did in a step, without the verdicts: they can differ where the nodes do the same.
fn doings(history: &History, step: u64) -> Option<(NodeId, Input, Vec<&Event>, Vec<&Envelope>)> {
    let record = history.step(step)?;
    let events = record.events.iter().filter(|event| !matches!(event, Event::Checked(_)));
    let messages = record.messages.iter().map(|sent| &sent.envelope);
    Some((record.node, record.input(), events.collect(), messages.collect()))
}

/// What was violated in a step, in words.
fn violated(history: &History, step: u64) -> Vec<String> {
    let found = history.violations().filter(|violation| violation.step == step);
    found.map(|found| format!("✗ {}", violation_text(found))).collect()
}

/// Says what a rule has done in a run that is the same with this rule the other way.
fn no_difference(history: &History, rule: Rule) -> &'static str {
    let steps = (1..=history.last()).filter_map(|step| history.step(step));
    let outcomes: Vec<Outcome> = steps
        .flat_map(|record| record.events)
        .filter_map(|event| match event {
            Event::Checked(verdict) if verdict.rule == rule => Some(verdict.outcome),
            _ => None,
        })
        .collect();
    if outcomes.is_empty() {
        "There is no difference: this rule was not asked yet."
    } else if outcomes.iter().all(|&outcome| outcome == Outcome::Holds) {
        "There is no difference: so far this rule was kept wherever it was asked, and has refused nothing."
    } else {
        "There is no difference so far: even where this rule was not met, both runs do the same."
    }
}

/// A step in sentences.
fn sentences(history: &History, step: u64) -> Vec<String> {
    let Some(record) = history.step(step) else {
        return vec!["The run has ended before.".to_owned()];
    };
    let moment = step_moment(&record);
    std::iter::once(moment.title)
        .chain(violated(history, step))
        .chain(moment.lines.into_iter().map(|(kind, text, rule)| {
            rule.map_or_else(|| text.clone(), |rule| format!("{kind} {rule}: {text}"))
        }))
        .collect()
}

/// Says where the page is, and how to end the program.
pub(crate) fn invitation(address: &str) -> Vec<String> {
    vec![
        "Open this address in a browser on this machine; nobody else can. Ctrl-C ends it."
            .to_owned(),
        format!("  {}", colour::strong(address)),
    ]
}

/// The last line, after the page has asked for the end.
pub(crate) fn farewell(good: bool) -> String {
    let text = if good {
        "Ended; no property was violated while every rule was kept."
    } else {
        "Ended; a property was violated while every rule was kept."
    };
    if good { text.to_owned() } else { colour::wrong(text) }
}
