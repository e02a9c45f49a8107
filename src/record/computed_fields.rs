//! The computed fields of a record: results that stand beside the inputs in the output for programs. A
//! program that has the inputs can compute them again.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::properties::linearizability::Judgement;
use crate::properties::report::{Judged, SafetyReport};
use crate::properties::safety::Violation;
use crate::raft::{
    Envelope, Event, Input, LogEntry, LogIndex, NodeId, Progress, Property, RaftNode, RoleKind,
    Term,
};
use crate::server::Server;
use crate::server::status::NodeStatus;
use crate::server::timing::Time;
use crate::server::turn_order::MessageId;

/// A line of a trace, with its computed fields.
#[derive(Serialize)]
pub(super) struct WithComputed<L, C> {
    #[serde(flatten)]
    pub(super) line: L,
    #[serde(flatten)]
    pub(super) computed: C,
}

/// The results of a step.
#[derive(Serialize)]
pub(crate) struct StepOutcome<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) received: Option<Numbered<'a>>,
    pub(crate) events: &'a [Event],
    pub(crate) messages: Vec<Numbered<'a>>,
    #[serde(flatten)]
    pub(crate) saved: Option<Saved<'a>>,
}

/// A message with its number.
#[derive(Serialize)]
pub(crate) struct Numbered<'a> {
    pub(crate) message: MessageId,
    #[serde(flatten)]
    pub(crate) envelope: &'a Envelope,
}

impl<'a> Numbered<'a> {
    /// The message that was received, if the input is one.
    pub(crate) const fn received(input: &'a Input, number: Option<MessageId>) -> Option<Self> {
        match (input, number) {
            (Input::Receive(envelope), Some(message)) => Some(Self { message, envelope }),
            _ => None,
        }
    }
}

/// The results of a batch that was saved.
#[derive(Serialize)]
pub(crate) struct Saved<'a> {
    pub(super) applied: Vec<EntryFields<'a>>,
    pub(super) status: NodeStatus,
    /// When the node's next timer ends, if it has one.
    pub(super) timer_us: Option<Time>,
}

impl<'a> Saved<'a> {
    /// The results for a server that had applied its log up to `applied` before the batch.
    pub(super) fn of(server: &'a Server, applied: LogIndex) -> Self {
        let (from, to) = (applied.get() + 1, server.last_applied().get());
        let entry = |index| {
            let index = LogIndex::new(index);
            server.node().log().get(index).map(|entry| EntryFields { index, entry })
        };
        Self {
            applied: (from..=to).filter_map(entry).collect(),
            status: NodeStatus::of(server),
            timer_us: server.next_deadline(),
        }
    }
}

/// The line of a node that starts for the first time, with the timer that it drew.
#[derive(Serialize)]
pub(super) struct BeginLine {
    pub(super) time_us: Time,
    pub(super) begins: NodeId,
    pub(super) timer_us: Option<Time>,
}

/// The state and the timer with which a node starts again.
#[derive(Serialize)]
pub(super) struct Restarted<'a> {
    pub(super) state: NodeFields<'a>,
    pub(super) timer_us: Option<Time>,
}

/// The line that says how the run ended. It stands before the last.
#[derive(Serialize)]
pub(super) struct EndingLine {
    pub(super) ending: Ending,
}

/// The line of a violation, which was found after the step that it names.
#[derive(Serialize)]
pub(super) struct ViolationLine {
    pub(super) time_us: Time,
    pub(super) violation: Violation,
}

/// A node's state, under the names of Figure 2.
#[derive(Serialize)]
pub struct NodeFields<'a> {
    role: RoleKind,
    current_term: Term,
    voted_for: Option<NodeId>,
    log: Vec<EntryFields<'a>>,
    commit_index: LogIndex,
    leader: Option<NodeId>,
    /// What a leader knows of the others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    progress: Vec<Peer>,
}

/// A log entry with its index.
#[derive(Serialize)]
pub(super) struct EntryFields<'a> {
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

impl<'a> From<&'a RaftNode> for NodeFields<'a> {
    fn from(node: &'a RaftNode) -> Self {
        let peers = NodeId::all(node.settings().nodes).filter(|&peer| peer != node.id());
        let known = |peer| node.progress(peer).map(|progress| Peer { node: peer, progress });
        Self {
            role: node.role().kind(),
            current_term: node.current_term(),
            voted_for: node.voted_for(),
            log: node.log().iter().map(|(index, entry)| EntryFields { index, entry }).collect(),
            commit_index: node.commit_index(),
            leader: node.leader(),
            progress: peers.filter_map(known).collect(),
        }
    }
}

/// How a run ended, and what was checked in it.
#[derive(Clone, Debug, Serialize)]
pub struct Ending {
    /// Whether all is well; `None` if it is a replay, which does not know what the scenario expected.
    passed: Option<bool>,
    failure: Option<String>,
    /// What was counted up to the end; `None` if a replay stopped before it.
    #[serde(flatten)]
    counted: Option<Counted>,
    violations: Vec<Violation>,
}

#[derive(Clone, Debug, Serialize)]
struct Counted {
    committed: u64,
    leaders: usize,
    checks: BTreeMap<Property, u64>,
    /// Whether one machine could have given the clients these answers. `None` if they got none, or if the
    /// search for an order was given up; `clients` says which.
    linearizable: Option<bool>,
    /// The judgement of what the clients were told, if they were told anything.
    clients: Option<Judged>,
}

impl Ending {
    /// The end of a run with this report: whether it `passed`, if that is known, and the sentence that says why it
    /// failed, if it did.
    pub fn new(passed: Option<bool>, failure: Option<String>, report: &SafetyReport) -> Self {
        let counted = Some(Counted::of(report));
        Self { passed, failure, counted, violations: report.violations.clone() }
    }

    /// The end of a replay that stopped where a step came out in another way.
    pub const fn diverged(failure: String) -> Self {
        Self { passed: Some(false), failure: Some(failure), counted: None, violations: Vec::new() }
    }

    /// The same ending, with `violations` whose steps are numbered as in the record.
    pub(super) fn with(self, violations: Vec<Violation>) -> Self {
        Self { violations, ..self }
    }
}

impl Counted {
    fn of(report: &SafetyReport) -> Self {
        let mut checks: BTreeMap<Property, u64> = report.checks.iter().copied().collect();
        let answers = report.clients.as_ref().map_or(0, |judged| judged.answers);
        checks.insert(Property::Linearizability, answers as u64);
        Self {
            committed: report.committed,
            leaders: report.leaders,
            checks,
            linearizable: report.clients.as_ref().and_then(|judged| match judged.judgement {
                Judgement::Held => Some(true),
                Judgement::NotJudged(_) => None,
                Judgement::Violated(_) => Some(false),
            }),
            clients: report.clients.clone(),
        }
    }
}
