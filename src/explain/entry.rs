//! The entries that answers are about.

use super::{Asked, Holding};
use crate::raft::{Command, Log, LogEntry, LogIndex, LogPosition, NodeId};

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

    /// Whether this log has it.
    pub(super) fn is_in(&self, log: &Log) -> bool {
        log.get(self.index) == Some(&self.content)
    }
}

impl Asked<'_> {
    /// Whether the log of a node holds this entry at the step of the question. If the node counts although it does
    /// not, that is because it had it before, or never had it.
    pub(super) fn holding(&self, id: NodeId, entry: &IndexedEntry, counted: bool) -> Holding {
        let node = self.node(id).node;
        let has = |log: &Log| entry.is_in(log);
        let had = || self.history.since(id, self.step, |stood| has(stood.node.log())) > Some(0);
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
