//! How everything stood at the end of a step, and the same as a value to be written down.

use serde::Serialize;

use super::rerun::{NodeState, Rerun, owned};
use super::{ClientCall, History, SentMessage, StepRecord};
use crate::network::Network;
use crate::properties::safety::Violation;
use crate::raft::{Event, LogIndex, NodeId, Role};
use crate::record::computed_fields::NodeFields;
use crate::record::format::InputLine;
use crate::record::journal::Deed;
use crate::server::timing::Time;

/// How everything stood at the end of a step.
#[derive(Clone, Debug)]
pub struct Moment<'h> {
    history: &'h History,
    /// The step, and what happened in it.
    pub record: StepRecord<'h>,
    /// Every node.
    pub nodes: Vec<NodeState<'static>>,
    /// The links: which are cut, and what the others are like.
    pub network: Network,
}

impl<'h> Moment<'h> {
    /// The messages that were in flight.
    pub fn in_flight(&self) -> impl Iterator<Item = &'h SentMessage> {
        self.history.in_flight(self.record.step)
    }

    /// What clients had asked.
    pub fn clients(&self) -> impl Iterator<Item = &'h ClientCall> {
        let step = self.record.step;
        self.history.clients.iter().filter(move |call| call.asked_in <= step)
    }

    /// What happened in the step, and how everything stood, to be written down: under the names of a
    /// record, with what a history knows besides.
    pub fn told(&self) -> ToldStep<'_> {
        let Self { history, record, ref nodes, ref network } = *self;
        let step = record.step;
        ToldStep {
            step,
            time_us: record.time,
            node: record.node,
            input: record.input,
            received: record.received.and_then(|message| history.message(message)),
            batch_end: record.batch_end,
            saved: record.saved,
            before: history.deeds_before(step).map(|(_, deed)| deed).collect(),
            events: record.events,
            messages: record.messages,
            after: history.deeds_after(step).map(|(_, deed)| deed).collect(),
            violations: history.violations().filter(|fell| fell.step == step).collect(),
            nodes: nodes.iter().map(ToldNode::from).collect(),
            cut: network.cut_links(nodes.len()),
            in_flight: self.in_flight().collect(),
            clients: self.clients().collect(),
        }
    }
}

impl History {
    /// How everything stood at the end of `step`, if there is such a step.
    pub fn at(&self, step: u64) -> Option<Moment<'_>> {
        let record = self.step(step)?;
        let nodes = NodeId::all(self.nodes.len()).map(|id| self.node_at(id, step));
        let nodes = nodes.collect::<Option<Vec<_>>>()?;
        Some(Moment { history: self, record, nodes, network: self.network_at(step) })
    }

    /// The links at the end of `step`.
    pub fn network_at(&self, step: u64) -> Network {
        let mut network = Network::new(self.header.conditions);
        let until = self.deeds.partition_point(|done| done.moment.min(self.last()) <= step);
        self.deeds[..until].iter().for_each(|done| done.deed.apply_to(&mut network));
        network
    }

    /// Tells `visit` the whole run, step by step: the number of the step, and how those nodes stood at
    /// its end that made it, or crashed or started since the step before. All others stood as before;
    /// at the beginning every node is empty. This costs as much as to run the trace once.
    pub fn walk(&self, mut visit: impl FnMut(u64, &[(NodeId, NodeState<'static>)])) {
        let mut reruns: Vec<Rerun<'_>> =
            NodeId::all(self.nodes.len()).map(|id| Rerun::begin(self, id)).collect();
        for step in self.steps() {
            let fallen = self.deeds_of(step.step).filter_map(|done| match done.deed {
                Deed::Crash { node, .. }
                | Deed::Restart { node }
                | Deed::Wipe { node }
                | Deed::Pause { node }
                | Deed::Resume { node } => Some(node),
                _ => None,
            });
            let mut changed: Vec<NodeId> = fallen.chain([step.node]).collect();
            changed.sort_unstable();
            changed.dedup();
            let stand = |id: NodeId| (id, reruns[id.index()].at(step.step, owned));
            visit(step.step, &changed.into_iter().map(stand).collect::<Vec<_>>());
        }
    }
}

/// One step in full: what happened, and how everything stood at its end.
#[derive(Serialize)]
pub struct ToldStep<'h> {
    step: u64,
    time_us: Time,
    node: NodeId,
    input: &'h InputLine,
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<&'h SentMessage>,
    batch_end: u64,
    saved: bool,
    before: Vec<&'h Deed>,
    events: &'h [Event],
    messages: &'h [SentMessage],
    after: Vec<&'h Deed>,
    violations: Vec<&'h Violation>,
    nodes: Vec<ToldNode<'h>>,
    cut: Vec<(NodeId, NodeId)>,
    in_flight: Vec<&'h SentMessage>,
    clients: Vec<&'h ClientCall>,
}

/// A node's state, to be written down.
#[derive(Serialize)]
pub struct ToldNode<'a> {
    id: NodeId,
    up: bool,
    paused: bool,
    starts: u64,
    last_applied: LogIndex,
    /// Who voted for it, while it campaigns.
    #[serde(skip_serializing_if = "Option::is_none")]
    votes: Option<Vec<NodeId>>,
    #[serde(flatten)]
    state: NodeFields<'a>,
}

impl<'a> From<&'a NodeState<'_>> for ToldNode<'a> {
    fn from(stood: &'a NodeState<'_>) -> Self {
        let votes = match stood.node.role() {
            Role::Candidate { votes } => Some(votes.voters().iter().collect()),
            Role::Follower { .. } | Role::Leader { .. } => None,
        };
        Self {
            id: stood.node.id(),
            up: stood.up,
            paused: stood.paused,
            starts: stood.starts,
            last_applied: stood.applied,
            votes,
            state: NodeFields::from(&*stood.node),
        }
    }
}
