//! What came of each line of a script, and why one failed.

use std::time::Duration;

use super::verb_table::{Condition, Verb};
use crate::properties::linearizability::{Misled, NotJudged};
use crate::properties::report::SafetyReport;
use crate::properties::safety::Violation;
use crate::raft::{Log, LogPosition, NodeId, Property};
use crate::scenario::world::{CannotDo, Elections, NextEvent};
use crate::server::Proposal;
use crate::server::status::NodeStatus;
use crate::server::timing::Time;

/// What came of a line, for whoever tells the story.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "the sentence of a variant says what its fields are")]
pub enum LineOutcome {
    /// A line is about to be carried out.
    Began(Verb),
    /// Something waited for came true, after so long.
    Waited { condition: Condition, took: Duration, bound: Duration },
    /// A patient client has its answer, after so long, having asked so often.
    Written { command: String, took: Duration, attempts: u32 },
    /// An expectation held.
    Held(Condition),
    /// Something did not come true for so long, as it was expected not to.
    Stalled { condition: Condition, within: Duration },
    /// How every node stands, and its log.
    Status { nodes: Vec<NodeStatus>, logs: Vec<Log> },
    /// The safety report was asked for, and is as expected.
    Safety(SafetyReport),
    /// A property has fallen, as it was expected to.
    Fell(Violation),
    /// A property has not fallen, since the rule is kept without which the script expects it to.
    Spared(Property),
    /// The clients were told what cannot be, as it was expected.
    Misled(Misled),
    /// Nobody can say whether a property has fallen, where it need not.
    NotJudged(NotJudged),
    /// The next event of a single step.
    Happens(NextEvent),
    /// A line failed that was only tried.
    Excused(Box<Failure>),
}

/// Told what came of every line.
pub trait ScriptObserver {
    /// What came of a line, at the cluster's time.
    fn line_outcome(&mut self, time: Time, outcome: &LineOutcome);
}

impl ScriptObserver for () {
    fn line_outcome(&mut self, _: Time, _: &LineOutcome) {}
}

/// Why a script ended before its end.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    /// The line, from 1; 0 at a prompt.
    pub line: usize,
    /// What it said.
    pub verb: Verb,
    /// What went wrong.
    pub why: Why,
    /// How every node stood then.
    pub status: Vec<NodeStatus>,
}

/// What went wrong with a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// An expectation does not hold.
    NotSo,
    /// The log is another.
    LogIs(NodeId, Vec<LogPosition>),
    /// There have been so many elections, and so many were won.
    Elections(Elections),
    /// The client of this number was told something else.
    WasTold(u64, Proposal),
    /// The line speaks of a client that has not asked; nothing, if none has.
    NoClient(Option<u64>),
    /// The line speaks of what a leader knows of its peers, and this node does not lead.
    NotLeading(NodeId),
    /// What was waited for did not come true in time.
    TimedOut(Duration),
    /// The line speaks of the leader, and there is none.
    NoLeader,
    /// The line speaks of the crashed node, and none has crashed.
    NoneCrashed,
    /// The world refused.
    Cannot(CannotDo),
    /// The line needs virtual time, and the world runs on threads.
    OnlyVirtual,
    /// The line begins or ends a block, of which there are none at a prompt.
    OnlyInScripts,
    /// Somebody has interrupted the run.
    Interrupted,
    /// Nobody answered the client in time.
    Unanswered(Duration),
    /// A stall was expected, and it came true after this time.
    CameTrue(Duration),
    /// A property fell.
    Violated(Vec<Violation>),
    /// Clients were told what cannot be.
    Misled(Box<Misled>),
    /// Nobody can say whether a property has fallen that should have.
    NotJudged(NotJudged),
    /// A property should have fallen, and has not.
    Unviolated(Property),
    /// These have fallen too, which the line does not name.
    AlsoFell(Vec<Property>),
}
