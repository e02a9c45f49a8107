//! A server's disk, which survives a crash, and the error of a failed save.

use crate::raft::{NodeId, PersistentState};

/// The error that a server's storage could not save. The server stops, because otherwise it would
/// go on with a log in memory that its disk does not have.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{node} stops, because its storage could not save: {cause}; start it again from it")]
pub struct StorageFailed<E> {
    /// The server.
    pub node: NodeId,
    /// The storage's own error.
    #[source]
    pub cause: E,
}

/// What survives a crash: a storage, and how often the server has started from it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Disk<S = PersistentState> {
    pub(super) storage: S,
    pub(super) starts: u64,
}

impl AsRef<Self> for PersistentState {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl<S: AsRef<PersistentState>> Disk<S> {
    /// A disk that no server has started from.
    pub const fn new(storage: S) -> Self {
        Self { storage, starts: 0 }
    }

    /// The state on the disk.
    pub fn state(&self) -> &PersistentState {
        self.storage.as_ref()
    }

    /// Loses the state on the disk, but keeps the number of starts, so that the next server makes
    /// new random draws.
    pub fn wipe(&mut self)
    where
        S: Default,
    {
        self.storage = S::default();
    }

    /// How often a server has started from it, which is also the number of the next incarnation.
    pub const fn starts(&self) -> u64 {
        self.starts
    }
}
