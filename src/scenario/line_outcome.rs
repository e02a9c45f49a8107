//! The outcome of each line of a script, and why a line failed.

use std::time::Duration;

use super::found::Found;
use super::verb_table::{Condition, Verb};
use crate::properties::linearizability::{Misled, NotJudged};
use crate::properties::report::SafetyReport;
use crate::properties::safety::Violation;
use crate::raft::{Log, NodeId, Property};
use crate::record::message_name::MessageName;
use crate::scenario::world::{Campaigns, CannotDo, NextEvent};
use crate::server::Proposal;
use crate::server::status::NodeStatus;
use crate::server::timing::Time;

/// The outcome of a line, for an observer that reports on the run.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "the sentence of a variant says what its fields are")]
pub enum LineOutcome {
    /// A line is about to be carried out.
    Began(Verb),
    /// A `condition` that the line waited for came true after the time it `took`, within the `bound`.
    Waited { condition: Condition, took: Duration, bound: Duration },
    /// A patient client got the answer to its `command`, after the time it `took` and this many `attempts`.
    Written { command: String, took: Duration, attempts: u32 },
    /// An expectation held.
    Held(Condition),
    /// A `condition` did not come true `within` this time, as expected.
    Stalled { condition: Condition, within: Duration },
    /// The status of every node, and its log.
    Status { nodes: Vec<NodeStatus>, logs: Vec<Log> },
    /// The safety report was asked for, and is as expected.
    Safety(SafetyReport),
    /// A property was violated, as expected.
    Violated(Violation),
    /// A property was not violated, because the cluster keeps the rule that the script breaks.
    Spared(Property),
    /// The clients were told something that cannot be true, as expected.
    Misled(Misled),
    /// It could not be decided whether Linearizability was violated; on this cluster it need not be violated.
    NotJudged(NotJudged),
    /// An event that a `step` line lets happen.
    Happens(NextEvent),
    /// A line after `try` failed.
    Excused(Box<Failure>),
}

/// An observer of a script, which is told the outcome of every line.
pub trait ScriptObserver {
    /// Receives the outcome of a line, and the cluster's time.
    fn line_outcome(&mut self, time: Time, outcome: &LineOutcome);
}

impl ScriptObserver for () {
    fn line_outcome(&mut self, _: Time, _: &LineOutcome) {}
}

/// A line that failed, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    /// The line's number, from 1; 0 at a prompt, and for a line after `try`.
    pub line: usize,
    /// The line's verb.
    pub verb: Verb,
    /// What went wrong.
    pub why: Why,
    /// The status of every node at that moment.
    pub status: Vec<NodeStatus>,
    /// Whether timers and links were under manual control, so that nothing came by itself.
    pub manual: bool,
    /// If the line names a message that is not in flight: those that are.
    pub in_flight: Vec<MessageName>,
}

/// What went wrong with a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// An expectation does not hold; the nodes that it asks were found with this.
    NotSo(Vec<(NodeId, Found)>),
    /// The number of elections held or won is not as expected; these are the numbers.
    Campaigns(Campaigns),
    /// The client of this number was told this, which is not as expected.
    WasTold(u64, Proposal),
    /// The line names a client that has not asked, or the last client (`None`), and none has asked.
    NoClient(Option<u64>),
    /// The line asks what this node knows of its peers as the leader, and it does not lead.
    NotLeading(NodeId),
    /// What the line waited for did not come true within this time, for this reason.
    TimedOut(Duration, Box<Self>),
    /// The line names the leader, and there is none.
    NoLeader,
    /// The line asks the nodes that run, and none is up.
    NoneUp,
    /// The line names the crashed node, and none has crashed.
    NoneCrashed,
    /// The line names this node twice, by what it is, where two nodes are meant.
    NamedTwice(NodeId),
    /// The world cannot do what the line says.
    Cannot(CannotDo),
    /// The line needs virtual time, and the world runs on threads.
    OnlyVirtual,
    /// The line begins or ends a block, of which there are none at a prompt.
    OnlyInScripts,
    /// The run was interrupted.
    Interrupted,
    /// The history of the run has no room for further steps.
    HistoryFull,
    /// Within this time the client was not told that its command is done.
    Unanswered(Duration),
    /// A stall was expected, but the condition came true after this time.
    CameTrue(Duration),
    /// Properties were violated.
    Violated(Vec<Violation>),
    /// Clients were told something that cannot be true.
    Misled(Box<Misled>),
    /// Linearizability should be violated, but it could not be decided whether it is.
    NotJudged(NotJudged),
    /// A property should be violated, and is not.
    Unviolated(Property),
    /// These properties were violated too, and the line does not name them.
    AlsoViolated(Vec<Property>),
}

impl Why {
    /// Whether it is no fault of the line, and ends the run wherever it is.
    pub const fn ends_run(&self) -> bool {
        matches!(self, Self::Interrupted | Self::HistoryFull)
    }
}

impl From<CannotDo> for Why {
    fn from(cannot: CannotDo) -> Self {
        Self::Cannot(cannot)
    }
}
