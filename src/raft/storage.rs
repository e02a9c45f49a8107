//! What must be durable, and the storage that keeps it.

use std::convert::Infallible;
use std::error::Error;

use super::node::PersistentState;
use super::types::{LogEntry, LogIndex, NodeId, Term};

/// The parts of the persistent state that changed since the last save.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unsaved {
    /// Whether the term or the vote changed.
    pub term_or_vote: bool,
    /// The first log index that changed, if one did.
    pub log_from: Option<LogIndex>,
}

impl Unsaved {
    /// Whether everything is saved.
    pub const fn is_empty(self) -> bool {
        !self.term_or_vote && self.log_from.is_none()
    }

    /// Records the first index that changed, if one did.
    pub(super) fn log_changed(&mut self, from: Option<LogIndex>) {
        self.log_from = self.log_from.into_iter().chain(from).min();
    }
}

/// One atomic write: the current term, the vote in it, and the changed part of the log.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "term and vote are the paper's")]
pub struct Write<'a> {
    pub current_term: Term,
    pub voted_for: Option<NodeId>,
    /// The entries from the first changed index to the end. They replace all saved entries from that index on.
    pub log: Option<(LogIndex, &'a [LogEntry])>,
}

impl<'a> Write<'a> {
    /// The write that saves what `unsaved` names, taken from the state in memory.
    pub(super) fn of(state: &'a PersistentState, unsaved: Unsaved) -> Self {
        Self {
            current_term: state.current_term,
            voted_for: state.voted_for,
            log: unsaved.log_from.map(|first| (first, state.log.slice(first, usize::MAX))),
        }
    }
}

/// A disk, or a substitute for one. Its content survives a crash.
pub trait Storage {
    /// The error of a failed save.
    type Error: Error;

    /// Makes all of `write` durable, or none of it.
    ///
    /// # Errors
    /// If the write failed. Then either what was durable before still is, or all of `write` is, and the caller
    /// cannot know which. Both are safe, because nothing that depends on it has left: the node starts again
    /// from what is there.
    fn save(&mut self, write: Write<'_>) -> Result<(), Self::Error>;
}

/// Here the disk is a second copy in memory, which a crash does not change.
impl Storage for PersistentState {
    type Error = Infallible;

    fn save(&mut self, write: Write<'_>) -> Result<(), Infallible> {
        (self.current_term, self.voted_for) = (write.current_term, write.voted_for);
        if let Some((first, entries)) = write.log {
            self.log.overwrite_from(first, entries);
        }
        Ok(())
    }
}
