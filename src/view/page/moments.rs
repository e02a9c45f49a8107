//! The moments of a run, in order: the steps of nodes and the deeds of the world, each with its text and
//! with what it changed.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use serde::Serialize;

use crate::network::{Conditions, Network};
use crate::raft::{
    Event, Facts, Input, LogEntry, LogIndex, NodeId, Outcome, Role, RoleKind, Rule, Term, Verdict,
};
use crate::record::deed::{Deed, Loss};
use crate::record::history::{History, NodeState, Rerun, StepRecord};
use crate::server::Ticket;
use crate::server::timing::Time;
use crate::server::turn_order::MessageId;
use crate::view::what_to_tell::{sentence, verdicts};
use crate::view::words::Speaker;
use crate::view::{deeds, event_text, facts, message};
use crate::visible::visible;

/// Something that happened: a step of a node, or what the world did.
#[derive(Serialize)]
pub(crate) struct ShownMoment {
    /// The number of the step; 0 for what the world did.
    pub(super) step: u64,
    #[serde(rename = "time")]
    pub(super) time_us: Time,
    pub(super) node: Option<NodeId>,
    pub(super) kind: MomentKind,
    pub(super) title: String,
    /// What happened, line by line: the kind of the line, the text, and the rule, if it is a verdict.
    pub(super) lines: Vec<(&'static str, String, Option<&'static str>)>,
    /// The marks by which a reader searches for it.
    pub(super) marks: Vec<Mark>,
    /// Its label in the diagram.
    pub(super) mark: Option<String>,
    /// The new states of the nodes that it changed.
    pub(super) after: Vec<NodeChange>,
    /// The message that was received.
    pub(super) got: Option<u64>,
    /// The links that are cut from here on, each from one node to another; none, if they have not changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cut: Option<Vec<(NodeId, NodeId)>>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MomentKind {
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
    SteppedDown,
    Refused,
    Truncated,
    Crash,
    Client,
    Phase,
    Overridden,
    Violated,
}

/// The new state of a node. Its log keeps the first `keep` entries, and those in `add` follow.
#[derive(Serialize)]
pub(super) struct NodeChange {
    pub(super) node: NodeId,
    pub(super) up: bool,
    pub(super) paused: bool,
    pub(super) role: RoleKind,
    term: Term,
    vote: Option<NodeId>,
    leader: Option<NodeId>,
    commit: LogIndex,
    applied: LogIndex,
    /// For a leader: `nextIndex`, `matchIndex` and whether it probes, for every node.
    peers: Option<Vec<(LogIndex, LogIndex, bool)>>,
    keep: usize,
    add: Vec<(Term, String)>,
}

/// The moments, while they are gathered.
pub(crate) struct Moments {
    pub(super) list: Vec<ShownMoment>,
    /// The first step that is shown.
    pub(super) first: u64,
    /// The position in `list` of the beginning, and then of each step.
    of_step: Vec<usize>,
    /// The log of each node, as it was last shown.
    logs: Vec<Vec<LogEntry>>,
    /// How much that happened to each node was taken in, or came before the first step that is shown.
    taken: Vec<usize>,
    /// The network, which knows the links that are cut.
    network: Network,
    /// How many deeds were taken in, or came before the first step that is shown.
    deeds: usize,
    /// For each message of which a copy was lost: the moment of the last loss, and why. A loss that has no moment
    /// of its own belongs to the one just before it.
    pub(super) lost: HashMap<MessageId, (usize, Loss)>,
}

impl Moments {
    fn new(list: Vec<ShownMoment>, first: u64, logs: Vec<Vec<LogEntry>>) -> Self {
        let network = Network::new(Conditions::PERFECT);
        let taken = vec![0; logs.len()];
        Self { list, first, of_step: vec![0], logs, taken, network, deeds: 0, lost: HashMap::new() }
    }

    /// Begins before step `first`. If there are steps before it, one moment has the state of every node then.
    pub(super) fn before(history: &History, first: u64) -> Self {
        let logs = vec![Vec::new(); history.header().nodes];
        let network = history.network_at(first - 1);
        let deeds = history.deeds_until(first - 1);
        let nodes = NodeId::all(logs.len());
        let taken = nodes.map(|id| history.taken_until(id, first - 1)).collect();
        let mut moments = Self { taken, network, deeds, ..Self::new(Vec::new(), first, logs) };
        if let Some(before) = history.step(first - 1) {
            let title = format!("What came before step {first} is not shown.");
            let mut begin = ShownMoment::new(before.time, None, MomentKind::Note, &title);
            begin.mark = Some(title);
            begin.cut = Some(moments.network.cut_links(moments.logs.len()));
            let nodes = NodeId::all(moments.logs.len());
            let stood = nodes.filter_map(|id| Some((id, history.node_at(id, before.step)?)));
            begin.after = stood.map(|(id, state)| moments.change(id, &state)).collect();
            moments.list.push(begin);
        }
        moments
    }

    /// Begins a run in progress with this many nodes.
    pub(crate) fn begin(nodes: usize) -> Self {
        let title = "Every node starts as a follower, with an empty log.";
        let mut begin = ShownMoment::new(Time::ZERO, None, MomentKind::Note, title);
        begin.mark = Some(title.to_owned());
        let logs = vec![Vec::new(); nodes];
        Self::new(vec![begin], 1, logs)
    }

    /// The number of moments.
    pub(crate) const fn len(&self) -> usize {
        self.list.len()
    }

    /// Takes in the steps and deeds since the last call, up to the moment of step `until`, in their order.
    pub(crate) fn follow(&mut self, history: &History, until: u64) {
        let mut deeds = history.deeds_from(self.deeds, until).peekable();
        let nodes = NodeId::all(self.logs.len()).zip(&self.taken);
        let mut reruns: Vec<Rerun<'_>> =
            nodes.map(|(id, &taken)| history.rerun_from(id, taken)).collect();
        for step in self.steps().end..=until {
            while let Some((_, time, deed)) = deeds.next_if(|(after, ..)| *after < step) {
                self.world(time, deed, &mut reruns);
            }
            let record = history.step(step).expect("a history has every step up to its last");
            self.of_step.push(self.list.len());
            let mut moment = step_moment(&record);
            let mut taken = self.taken[record.node.index()];
            let rerun = &mut reruns[record.node.index()];
            let stands =
                rerun.after_step(&mut taken, step, |state| self.change(record.node, &state));
            self.taken[record.node.index()] = taken;
            moment.after.push(stands);
            self.list.push(moment);
        }
        // Deeds after the last step belong to the moment of that step.
        for (_, time, deed) in deeds {
            self.world(time, deed, &mut reruns);
        }
    }

    /// Adds what the world did.
    fn world(&mut self, time: Time, deed: &Deed, reruns: &mut [Rerun<'_>]) {
        self.deeds += 1;
        let moment = deed_moment(time, deed);
        if let Deed::Lost { message, why, .. } = deed {
            let at = self.list.len().saturating_sub(usize::from(moment.is_none()));
            self.lost.insert(*message, (at, *why));
        }
        let Some(mut moment) = moment else { return };
        let was = self.network.cut_links(self.logs.len());
        deed.apply_to(&mut self.network);
        let is = self.network.cut_links(self.logs.len());
        moment.cut = (is != was).then_some(is);
        if let Some(id) = moment.node
            && matches!(moment.kind, MomentKind::Crash)
        {
            let mut taken = self.taken[id.index()];
            let rerun = &mut reruns[id.index()];
            moment.after.push(rerun.after_deed(&mut taken, |state| self.change(id, &state)));
            self.taken[id.index()] = taken;
        }
        self.list.push(moment);
    }

    /// Returns the position of a step in `list`. Steps before the first one shown are at the beginning.
    pub(super) fn of(&self, step: u64) -> Option<usize> {
        let nth = (step + 1).saturating_sub(self.first);
        self.of_step.get(nth as usize).copied()
    }

    /// The last step up to a moment; 0 if there is none.
    pub(crate) fn last_step(&self, moment: usize) -> u64 {
        let until = self.of_step[1..].partition_point(|&at| at <= moment);
        self.first - 1 + until as u64
    }

    /// The steps that are shown.
    pub(super) const fn steps(&self) -> Range<u64> {
        self.first..self.first + self.of_step.len() as u64 - 1
    }

    fn change(&mut self, id: NodeId, state: &NodeState<'_>) -> NodeChange {
        let node = &*state.node;
        let own = &mut self.logs[id.index()];
        let log = node.log().slice(LogIndex::FIRST, usize::MAX);
        let keep = own.iter().zip(log).take_while(|(a, b)| a == b).count();
        let entry = |entry: &LogEntry| (entry.term, shown(&message::payload(&entry.payload)));
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
        NodeChange {
            node: id,
            up: state.up,
            paused: state.paused,
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

/// A text as the page shows it: hidden characters, such as those that reverse text, are made visible.
pub(super) fn shown(text: &str) -> String {
    visible(text).into_owned()
}

pub(super) fn step_moment(step: &StepRecord<'_>) -> ShownMoment {
    let input = step.input();
    let speaker = Speaker::of(step.node, &input);
    let (kind, title) = match &input {
        Input::Receive(envelope) => {
            let name = message::kind(envelope.message.kind());
            (MomentKind::Receive, format!("{} receives {name} from {}", step.node, envelope.from))
        }
        Input::Propose(_) => (MomentKind::Propose, event_text::input(step.node, &input)),
        Input::ElectionTimeout | Input::HeartbeatDue => {
            (MomentKind::Timer, event_text::input(step.node, &input))
        }
    };
    let verdicts = verdicts(step.events);
    let lines = step.events.iter().map(|event| match event {
        Event::Checked(verdict) => {
            let rule = Some(verdict.rule.id());
            (event_text::outcome(verdict), facts::compared(speaker, verdict), rule)
        }
        event => ("event", sentence(speaker, event, &verdicts), None),
    });
    let (marks, mark) = marks(step.events);
    ShownMoment {
        step: step.step,
        lines: lines.map(|(kind, text, rule)| (kind, shown(&text), rule)).collect(),
        marks,
        mark,
        got: step.received.map(|message| message.0),
        ..ShownMoment::new(step.time, Some(step.node), kind, &title)
    }
}

/// The marks by which a reader searches for a step, and its label in the diagram.
fn marks(events: &[Event]) -> (Vec<Mark>, Option<String>) {
    let mut marks = Vec::new();
    let mut said: Vec<(u8, String)> = Vec::new();
    for event in events {
        let (mark, weight, text) = match event {
            Event::BecameLeader { term } => (Mark::Elected, 5, format!("leads term {term}")),
            Event::ElectionStarted { term, .. } => {
                (Mark::Campaign, 4, format!("campaigns, term {term}"))
            }
            Event::RoleChanged { from: RoleKind::Leader, term, .. } => {
                (Mark::SteppedDown, 5, format!("steps down, term {term}"))
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
            Event::Checked(Verdict {
                rule: Rule::CommitOnlyCurrentTerm,
                outcome: Outcome::Refused,
                facts: Facts::EntryTerm { entry, .. },
            }) => (Mark::Refused, 2, format!("does not commit {}", entry.index)),
            Event::Checked(verdict) if verdict.outcome == Outcome::Overridden => {
                (Mark::Overridden, 6, format!("breaks {}", verdict.rule))
            }
            _ => continue,
        };
        if !marks.contains(&mark) {
            marks.push(mark);
        }
        said.push((weight, text));
    }
    // The label names the two most important events, which have different weights.
    said.sort_by_key(|(weight, _)| Reverse(*weight));
    said.dedup_by_key(|(weight, _)| *weight);
    said.truncate(2);
    let said: Vec<String> = said.into_iter().map(|(_, text)| text).collect();
    (marks, (!said.is_empty()).then(|| said.join(", ")))
}

impl ShownMoment {
    fn new(time_us: Time, node: Option<NodeId>, kind: MomentKind, title: &str) -> Self {
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
            cut: None,
        }
    }
}

/// The moment of a deed of the world, if it has one. Messages that the network loses or duplicates have none:
/// the diagram draws what becomes of them.
fn deed_moment(time: Time, deed: &Deed) -> Option<ShownMoment> {
    let client = |node: &NodeId, ticket: &Ticket, what: &str| {
        let mark = format!("client {}{what}", ticket.client());
        (MomentKind::Client, Some(*node), Some(mark), vec![Mark::Client])
    };
    let process = |node: &NodeId, mark: &str| {
        (MomentKind::Crash, Some(*node), Some(mark.to_owned()), vec![Mark::Crash])
    };
    let title = match deed {
        Deed::Phase(text) | Deed::Note(text) => text.clone(),
        _ => deeds::sentence(deed)?,
    };
    let (kind, node, mark, marks) = match deed {
        Deed::Phase(_) => (MomentKind::Phase, None, None, vec![Mark::Phase]),
        Deed::Note(_) => (MomentKind::Note, None, Some(title.clone()), Vec::new()),
        Deed::Asked { ticket, node, command } => client(node, ticket, &format!(": {command}")),
        Deed::Refused { ticket, node, .. } => client(node, ticket, " is refused"),
        Deed::Answered { ticket, node, .. } => client(node, ticket, " is told"),
        Deed::Crash { node, .. } => process(node, "crashes"),
        Deed::Restart { node } => process(node, "starts again"),
        Deed::Wipe { node } => process(node, "loses its disk"),
        Deed::Pause { node } => process(node, "is paused"),
        Deed::Resume { node } => process(node, "resumes"),
        _ => (MomentKind::Link, None, Some(title.clone()), Vec::new()),
    };
    let mark = mark.as_deref().map(shown);
    Some(ShownMoment { marks, mark, ..ShownMoment::new(time, node, kind, &title) })
}
