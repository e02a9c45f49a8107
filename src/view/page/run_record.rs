//! What the page is given of a run: its moments in order, each with its text and with what it changed.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use serde::Serialize;

use super::answers::Answers;

use crate::properties::linearizability::Judgement;
use crate::properties::report::{Judged, SafetyReport};
use crate::raft::{
    Event, Input, LogEntry, LogIndex, MessageKind, NodeId, Outcome, Property, Role, RoleKind, Rule,
    Term,
};
use crate::record::Clock;
use crate::record::history::{History, NodeState, SentMessage, StepRecord};
use crate::record::journal::{Deed, Loss};
use crate::server::timing::Time;
use crate::view::words::{Speaker, plural};
use crate::view::{deeds, explain, facts, message, violation};
use crate::visible::visible;

/// A run, for the page.
#[derive(Serialize)]
pub(super) struct RunRecord {
    program: &'static str,
    pub(super) title: String,
    /// What kind of run it was, in sentences.
    pub(super) about: Vec<String>,
    pub(super) nodes: usize,
    /// What each rule says, and where the paper says it.
    rules: BTreeMap<&'static str, [&'static str; 2]>,
    pub(super) moments: Vec<Moment>,
    pub(super) messages: Vec<Message>,
    /// Each property, how often it was compared with what happened, and whether it fell.
    properties: Vec<(String, u64, bool)>,
    violations: Vec<Fall>,
    answers: Answers,
    /// What is not in the page, and why.
    left_out: Option<String>,
}

/// Something that happened: a step of a node, or what the world did.
#[derive(Serialize)]
pub(super) struct Moment {
    /// The number of the step; 0 for what the world did.
    pub(super) step: u64,
    #[serde(rename = "time")]
    pub(super) time_us: Time,
    pub(super) node: Option<NodeId>,
    pub(super) kind: Kind,
    pub(super) title: String,
    /// What to say of it: of which kind, the text, and the rule, if it is a verdict.
    lines: Vec<(&'static str, String, Option<&'static str>)>,
    /// By which one looks for it.
    pub(super) marks: Vec<Mark>,
    /// What the diagram says of it.
    pub(super) mark: Option<String>,
    /// What it changed.
    pub(super) after: Vec<Changed>,
    /// The message that was received.
    pub(super) got: Option<u64>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Timer,
    Receive,
    Propose,
    Crash,
    Link,
    Client,
    Phase,
    Note,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mark {
    Commit,
    Campaign,
    Elected,
    Refused,
    Truncated,
    Crash,
    Client,
    Overridden,
    Fell,
}

/// How a node stands now. Its log is what it was up to `keep`, and then these entries.
#[derive(Serialize)]
pub(super) struct Changed {
    pub(super) node: NodeId,
    pub(super) up: bool,
    pub(super) role: RoleKind,
    term: Term,
    vote: Option<NodeId>,
    leader: Option<NodeId>,
    commit: LogIndex,
    applied: LogIndex,
    /// For a leader `nextIndex`, `matchIndex` and whether it probes, of every node.
    peers: Option<Vec<(LogIndex, LogIndex, bool)>>,
    keep: usize,
    add: Vec<(Term, String)>,
}

#[derive(Serialize)]
pub(super) struct Message {
    id: u64,
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) name: &'static str,
    says: String,
    pub(super) kind: &'static str,
    pub(super) reply: bool,
    /// At which moment it left.
    pub(super) sent: usize,
    /// At which moments it arrived.
    pub(super) got: Vec<usize>,
    /// At which moment a copy was lost, and why.
    pub(super) lost: Option<(usize, &'static str)>,
}

#[derive(Serialize)]
struct Fall {
    step: u64,
    text: String,
}

impl RunRecord {
    /// The message of this number, if it is shown.
    pub(super) fn message(&self, id: u64) -> Option<&Message> {
        let nth = self.messages.binary_search_by_key(&id, |message| message.id).ok()?;
        Some(&self.messages[nth])
    }

    /// These steps of a run.
    pub(super) fn of(
        history: &History,
        safety: &SafetyReport,
        steps: &RangeInclusive<u64>,
    ) -> Self {
        let header = history.header();
        let mut moments = Moments::before(history, *steps.start());
        history.walk(|step, changed| {
            if steps.contains(&step) {
                let step = history.step(step).expect("a history walks through its own steps");
                moments.add(history, &step, changed);
            }
        });
        let fallen: Vec<u64> = history.violations().map(|violation| violation.step).collect();
        for moment in &mut moments.list {
            if moment.step > 0 && fallen.contains(&moment.step) {
                moment.marks.push(Mark::Fell);
            }
        }
        let messages = history.messages().iter();
        let messages = messages.filter_map(|sent| Message::of(sent, &moments)).collect();
        let answers = Answers::of(history, &moments);
        let rules = Rule::ALL.map(|rule| (rule.id(), [rule.statement(), rule.paper()]));
        Self {
            program: concat!("raft-in-practice ", env!("CARGO_PKG_VERSION")),
            title: shown(&header.scenario),
            about: about(history),
            nodes: header.nodes,
            rules: rules.into_iter().collect(),
            moments: moments.list,
            messages,
            properties: properties(safety),
            violations: falls(safety),
            left_out: left_out(history, steps, &answers),
            answers,
        }
    }
}

/// What is not in the page, and why.
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

fn about(history: &History) -> Vec<String> {
    let header = history.header();
    let world = if header.clock == Clock::Virtual { "in virtual time" } else { "on threads" };
    let steps = plural(history.last() as usize, "step", "steps");
    let mut about = vec![format!(
        "{}, seed {}, {world}, {steps}.",
        plural(header.nodes, "node", "nodes"),
        header.seed
    )];
    let broken: Vec<&str> = header.rules().broken().map(Rule::id).collect();
    about.push(if broken.is_empty() {
        "All rules are kept.".to_owned()
    } else {
        format!("Broken: {}.", broken.join(", "))
    });
    about
}

fn properties(safety: &SafetyReport) -> Vec<(String, u64, bool)> {
    let fell = |property| safety.violations.iter().any(|violation| violation.property == property);
    let checks = safety.checks.iter();
    let mut rows: Vec<_> = checks
        .filter(|&&(property, checks)| checks > 0 || fell(property))
        .map(|&(property, checks)| (property.to_string(), checks, fell(property)))
        .collect();
    if let Some(Judged { answers, judgement }) = &safety.clients {
        let fell = matches!(judgement, Judgement::Fallen(_));
        rows.push((Property::Linearizability.to_string(), *answers as u64, fell));
    }
    rows
}

fn falls(safety: &SafetyReport) -> Vec<Fall> {
    let fall = |found: &crate::properties::safety::Violation| Fall {
        step: found.step,
        text: format!("{}: {}", found.property, violation::sentence(&found.evidence)),
    };
    safety.violations.iter().map(fall).collect()
}

/// The moments, while they are gathered.
pub(super) struct Moments {
    list: Vec<Moment>,
    /// The first step that is shown.
    first: u64,
    /// Where the beginning stands among them, and then each step.
    of_step: Vec<usize>,
    /// How long each log was, and what was in it.
    logs: Vec<Vec<LogEntry>>,
}

impl Moments {
    /// The beginning, before step `first`: how every node stood then.
    fn before(history: &History, first: u64) -> Self {
        let logs = vec![Vec::new(); history.header().nodes];
        let mut moments = Self { list: Vec::new(), first, of_step: vec![0], logs };
        if let Some(before) = history.step(first - 1) {
            let title = format!("What came before step {first} is not shown.");
            let mut begin = Moment::new(before.time, None, Kind::Note, &title);
            begin.mark = Some(title);
            let nodes = NodeId::all(moments.logs.len());
            let stood = nodes.filter_map(|id| Some((id, history.node_at(id, before.step)?)));
            begin.after = stood.map(|(id, state)| moments.change(id, &state)).collect();
            moments.list.push(begin);
        }
        moments
    }

    /// Where a step stands among them; those before the first stand at the beginning.
    pub(super) fn of(&self, step: u64) -> Option<usize> {
        let nth = (step + 1).saturating_sub(self.first);
        self.of_step.get(nth as usize).copied()
    }

    /// The steps that are shown.
    pub(super) fn steps(&self) -> Range<u64> {
        self.first..self.first + self.of_step.len() as u64 - 1
    }

    fn add(
        &mut self,
        history: &History,
        step: &StepRecord<'_>,
        changed: &[(NodeId, NodeState<'_>)],
    ) {
        for (time, deed) in history.deeds_before(step.step) {
            self.list.extend(deed_moment(time, deed));
        }
        self.of_step.push(self.list.len());
        self.list.push(step_moment(step));
        for (time, deed) in history.deeds_after(step.step) {
            self.list.extend(deed_moment(time, deed));
        }
        for (id, state) in changed {
            let change = self.change(*id, state);
            self.place(*id, step.node).after.push(change);
        }
    }

    /// The moment that changed a node: that in which it crashed or started last, or else the step.
    fn place(&mut self, id: NodeId, acting: NodeId) -> &mut Moment {
        let step = *self.of_step.last().expect("the step was added");
        let before = if id == acting { step } else { self.of_step[self.of_step.len() - 2] };
        let fell = |moment: &Moment| matches!(moment.kind, Kind::Crash) && moment.node == Some(id);
        let at = self.list[before..].iter().rposition(fell).map_or(step, |nth| before + nth);
        &mut self.list[at]
    }

    fn change(&mut self, id: NodeId, state: &NodeState<'_>) -> Changed {
        let node = &*state.node;
        let own = &mut self.logs[id.index()];
        let log = node.log().slice(LogIndex::FIRST, usize::MAX);
        let keep = own.iter().zip(log).take_while(|(a, b)| a == b).count();
        let entry = |entry: &LogEntry| (entry.term, shown(message::payload(&entry.payload)));
        let add = log[keep..].iter().map(entry).collect();
        own.truncate(keep);
        own.extend_from_slice(&log[keep..]);
        let peers = match node.role() {
            Role::Leader { progress } => Some(
                NodeId::all(self.logs.len())
                    .map(|peer| progress.of(peer))
                    .map(|it| (it.next_index, it.match_index, it.probing))
                    .collect(),
            ),
            Role::Follower { .. } | Role::Candidate { .. } => None,
        };
        Changed {
            node: id,
            up: state.up,
            role: node.role().kind(),
            term: node.current_term(),
            vote: node.voted_for(),
            leader: node.leader(),
            commit: node.commit_index(),
            applied: state.applied,
            peers,
            keep,
            add,
        }
    }
}

/// A text as the page shows it, in which nothing turns the text around it.
fn shown(text: &str) -> String {
    visible(text).into_owned()
}

fn step_moment(step: &StepRecord<'_>) -> Moment {
    let input = step.input();
    let speaker = Speaker::of(step.node, &input);
    let (kind, title) = match &input {
        Input::Receive(envelope) => {
            let name = message::kind(envelope.message.kind());
            (Kind::Receive, format!("{} receives {name} from {}", step.node, envelope.from))
        }
        Input::Propose(_) => (Kind::Propose, explain::input(step.node, &input)),
        Input::ElectionTimeout | Input::HeartbeatDue => {
            (Kind::Timer, explain::input(step.node, &input))
        }
    };
    let lines = step.events.iter().map(|event| match event {
        Event::Checked(verdict) => {
            let rule = Some(verdict.rule.id());
            (explain::outcome(verdict), facts::compared(speaker, verdict), rule)
        }
        event => ("event", format!("{} {}", step.node, explain::event(speaker, event)), None),
    });
    let (marks, mark) = marks(step.events);
    Moment {
        step: step.step,
        lines: lines.map(|(kind, text, rule)| (kind, shown(&text), rule)).collect(),
        marks,
        mark,
        got: step.received.map(|message| message.0),
        ..Moment::new(step.time, Some(step.node), kind, &title)
    }
}

/// By what one looks for a step, and what the diagram says of it: the most important of what happened.
fn marks(events: &[Event]) -> (Vec<Mark>, Option<String>) {
    let mut marks = Vec::new();
    let mut said: Option<(u8, String)> = None;
    for event in events {
        let (mark, weight, text) = match event {
            Event::BecameLeader { term } => (Mark::Elected, 5, format!("leads term {term}")),
            Event::ElectionStarted { term, .. } => {
                (Mark::Campaign, 4, format!("campaigns, term {term}"))
            }
            Event::Truncated { from, to } if from == to => {
                (Mark::Truncated, 3, format!("deletes {from}"))
            }
            Event::Truncated { from, to } => {
                (Mark::Truncated, 3, format!("deletes {from} to {to}"))
            }
            Event::CommitAdvanced { to, .. } => (Mark::Commit, 2, format!("commits {to}")),
            Event::VoteRefused { .. } => (Mark::Refused, 1, "no vote".to_owned()),
            Event::EntriesRefused { .. } => (Mark::Refused, 1, "refuses".to_owned()),
            Event::ProposalRefused { .. } => (Mark::Refused, 1, "does not lead".to_owned()),
            Event::Checked(verdict) if verdict.outcome == Outcome::Overridden => {
                (Mark::Overridden, 6, format!("breaks {}", verdict.rule))
            }
            _ => continue,
        };
        if !marks.contains(&mark) {
            marks.push(mark);
        }
        if said.as_ref().is_none_or(|(most, _)| *most < weight) {
            said = Some((weight, text));
        }
    }
    (marks, said.map(|(_, text)| text))
}

impl Moment {
    fn new(time_us: Time, node: Option<NodeId>, kind: Kind, title: &str) -> Self {
        Self {
            step: 0,
            time_us,
            node,
            kind,
            title: shown(title),
            lines: Vec::new(),
            marks: Vec::new(),
            mark: None,
            after: Vec::new(),
            got: None,
        }
    }
}

/// What the world did, if it is shown as a moment of its own. What became of messages the diagram shows.
fn deed_moment(time: Time, deed: &Deed) -> Option<Moment> {
    let named = |kind, node, title: String, mark: Option<&str>, marks| Moment {
        marks,
        mark: mark.map(shown),
        ..Moment::new(time, node, kind, &title)
    };
    Some(match deed {
        Deed::Phase(text) => named(Kind::Phase, None, text.clone(), None, Vec::new()),
        Deed::Note(text) => named(Kind::Note, None, text.clone(), Some(text), Vec::new()),
        Deed::Asked { ticket, node, command } => {
            let title = format!("client {} asks {node} for {command}", ticket.client());
            named(Kind::Client, Some(*node), title, Some("is asked"), vec![Mark::Client])
        }
        Deed::Refused { ticket, node, leader } => {
            let why = deeds::refusal(*node, false, *leader);
            let title = format!("client {} is refused: {why}", ticket.client());
            named(Kind::Client, Some(*node), title, Some("takes no command"), vec![Mark::Client])
        }
        Deed::Answered { ticket, node, answer } => {
            let title = format!("client {} {}", ticket.client(), deeds::told(answer));
            named(Kind::Client, Some(*node), title, Some("answers"), vec![Mark::Client])
        }
        Deed::Crash { node, .. }
        | Deed::Restart { node }
        | Deed::Wipe { node }
        | Deed::Pause { node }
        | Deed::Resume { node } => {
            let (who, text) = deeds::world(deed)?;
            let mark = match deed {
                Deed::Crash { .. } => "crashes",
                Deed::Wipe { .. } => "loses its disk",
                Deed::Pause { .. } => "stands still",
                Deed::Resume { .. } => "goes on",
                _ => "starts again",
            };
            named(Kind::Crash, Some(*node), format!("{who} {text}"), Some(mark), vec![Mark::Crash])
        }
        _ => {
            let (who, text) = deeds::world(deed)?;
            let title = if who.is_empty() { text } else { format!("{who} {text}") };
            named(Kind::Link, None, title.clone(), Some(&title), Vec::new())
        }
    })
}

impl Message {
    /// A message, if anything of it is shown: it was sent in the steps that are, or was still in flight.
    fn of(sent: &SentMessage, moments: &Moments) -> Option<Self> {
        let first = moments.first;
        let ends = sent.received_in.iter().chain(sent.lost_in.iter().map(|(step, _)| step));
        let never_left = sent.left_in.is_none();
        let in_flight = ends.clone().count() <= sent.copies && !never_left;
        if sent.written_in < first && !in_flight && ends.clone().all(|&end| end < first) {
            return None;
        }
        let written = moments.of(sent.written_in)?;
        let at = |step: u64| moments.of(step).filter(|_| step >= first);
        let lost = sent.lost_in.iter().rev().find_map(|&(step, why)| Some((at(step)?, why)));
        let lost = lost.map(|(at, why)| (at, why_lost(why)));
        let kind = sent.envelope.message.kind();
        let (vote, reply) = match kind {
            MessageKind::VoteRequest => (true, false),
            MessageKind::VoteResponse => (true, true),
            MessageKind::AppendEntriesRequest => (false, false),
            MessageKind::AppendEntriesResponse => (false, true),
        };
        Some(Self {
            id: sent.message.0,
            from: sent.envelope.from,
            to: sent.envelope.to,
            name: message::kind(kind),
            says: shown(&message::arguments(&sent.envelope.message)),
            kind: if vote { "vote" } else { "append" },
            reply,
            sent: written,
            got: sent.received_in.iter().filter_map(|&step| at(step)).collect(),
            lost: if never_left { Some((written, NEVER_LEFT)) } else { lost },
        })
    }
}

/// Why a message was lost that a crash came before.
const NEVER_LEFT: &str = "its sender crashed before it left";

const fn why_lost(why: Loss) -> &'static str {
    match why {
        Loss::Dropped => "the link lost it",
        Loss::Cut => "the link is cut",
        Loss::Down => "the receiver is down",
        Loss::Removed => "it was taken out of the network",
    }
}
