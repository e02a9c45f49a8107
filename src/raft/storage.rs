//! What must be durable, and where it goes.

use std::convert::Infallible;
use std::error::Error;

use super::node::PersistentState;
use super::types::{LogEntry, LogIndex, NodeId, Term};

/// What changed in the persistent state since it was last saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unsaved {
    /// Whether the term or the vote changed.
    pub term_or_vote: bool,
    /// The first log index that changed, if one did.
    pub log_from: Option<LogIndex>,
}

impl Unsaved {
    /// Whether all is saved.
    pub const fn is_empty(self) -> bool {
        !self.term_or_vote && self.log_from.is_none()
    }

    /// Notes the first index that changed, if one did.
    pub(super) fn log_changed(&mut self, from: Option<LogIndex>) {
        self.log_from = self.log_from.into_iter().chain(from).min();
    }
}

/// One atomic write: the term, the vote in it, and what changed of the log, as they stand now.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "term and vote are the paper's")]
pub struct Write<'a> {
    pub current_term: Term,
    pub voted_for: Option<NodeId>,
    /// The log from the first changed index to the end, replacing all that stood there.
    pub log: Option<(LogIndex, &'a [LogEntry])>,
}

impl<'a> Write<'a> {
    /// What `unsaved` names, read from the state in memory.
    pub(super) fn of(state: &'a PersistentState, unsaved: Unsaved) -> Self {
        Self {
            current_term: state.current_term,
            voted_for: state.voted_for,
            log: unsaved.log_from.map(|first| (first, state.log.slice(first, usize::MAX))),
        }
    }
}

/// A disk, or what stands in for one. It survives a crash.
pub trait Storage {
    /// What a save can fail with, in the storage's own words.
    type Error: Error;

    /// Makes all of `write` durable, or none of it.
    ///
    /// # Errors
    /// If it could not; then what was durable before still is.
    fn save(&mut self, write: Write<'_>) -> Result<(), Self::Error>;
}

/// In this lab the disk is a second copy in memory, which a crash leaves alone.
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
