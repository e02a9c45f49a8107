//! The entries that answers are about.

use super::{Asked, Holding};
use crate::raft::{Command, Log, LogEntry, LogIndex, LogPosition, NodeId, Term};
use crate::record::history::NodeCondition;

/// An entry, and its index. Two leaders of one term, whom only a broken rule or a lost disk lets there be, may write
/// different entries with one index and term.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct IndexedEntry {
    index: LogIndex,
    content: LogEntry,
}

impl IndexedEntry {
    /// The entry at this index of a log.
    pub(super) fn at(log: &Log, index: LogIndex) -> Option<Self> {
        log.get(index).map(|content| Self { index, content: content.clone() })
    }

    /// The entry of a command at this index and term.
    pub(super) fn of_command(at: LogPosition, command: &Command) -> Self {
        Self { index: at.index, content: LogEntry::command(at.term, command.clone()) }
    }

    /// Its index and term.
    pub(super) const fn position(&self) -> LogPosition {
        LogPosition { index: self.index, term: self.content.term }
    }

    /// The condition that a log has it.
    fn is_there(&self) -> NodeCondition {
        NodeCondition::Has { index: self.index, entry: self.content.clone() }
    }

    /// The condition that a log has it, and its node has not committed it.
    pub(super) fn waits(&self) -> NodeCondition {
        NodeCondition::Waits { index: self.index, entry: self.content.clone() }
    }

    /// The same while the node follows this leader, or none.
    pub(super) fn waits_for(&self, leader: Option<NodeId>) -> NodeCondition {
        NodeCondition::WaitsFor { index: self.index, entry: self.content.clone(), leader }
    }

    /// The condition that a node leads in this term, and knows of enough copies of it, or not.
    pub(super) fn counts(&self, term: Term, enough: bool) -> NodeCondition {
        NodeCondition::Counts { index: self.index, entry: self.content.clone(), term, enough }
    }

    /// Whether this log has it.
    pub(super) fn is_in(&self, log: &Log) -> bool {
        log.get(self.index) == Some(&self.content)
    }
}

impl Asked<'_, '_> {
    /// Whether the log of a node holds this entry at the step of the question. If the node counts although it does
    /// not, that is because it had it before, or never had it.
    pub(super) fn holding(&self, id: NodeId, entry: &IndexedEntry, counted: bool) -> Holding {
        let node = self.node(id).node;
        let has = |log: &Log| entry.is_in(log);
        let had = || self.states.since(id, self.step, &entry.is_there()) > Some(0);
        if has(node.log()) {
            Holding::Has
        } else if node.log().contains(entry.position()) {
            Holding::HasAnother
        } else if counted && had() {
            Holding::HasLost
        } else {
            Holding::Lacks
        }
    }
}
