//! What a node's thread is told from outside, and the promise to answer that goes with a command.

use crossbeam_channel::Sender;

use super::client::WriteOutcome;
use super::error::WriteError;
use crate::raft::{Command, NodeId};
use crate::server::turn_order::CrashPoint;
use crate::server::{Server, Ticket};

/// What a node is told by those who run it.
pub(super) enum NodeCommand {
    /// A client's command.
    Propose(Command, Promise),
    /// Crash, now or at a point of the next turn that has something to save, to send or to commit.
    Crash(CrashPoint),
    /// Stand still.
    Pause,
    /// Go on.
    Resume,
    /// Lose the next answer to a client.
    LoseAnswer,
    /// The election timer ends.
    ElectionTimeout,
    /// Let this look at the server, between two turns.
    Inspect(Box<dyn FnOnce(&Server) + Send>),
}

/// A client that waits. The promise is kept, or it is dropped, wherever that happens: in a crash, in
/// the queue of a node that never came to read it, in a panic. The client hears of it either way.
pub(super) struct Promise {
    ticket: Ticket,
    node: NodeId,
    to: Option<Sender<(Ticket, WriteOutcome)>>,
}

impl Promise {
    pub(super) const fn new(
        ticket: Ticket,
        node: NodeId,
        to: Sender<(Ticket, WriteOutcome)>,
    ) -> Self {
        Self { ticket, node, to: Some(to) }
    }

    pub(super) const fn ticket(&self) -> Ticket {
        self.ticket
    }

    pub(super) fn keep(mut self, outcome: WriteOutcome) {
        self.tell(outcome);
    }

    fn tell(&mut self, outcome: WriteOutcome) {
        if let Some(to) = self.to.take() {
            // A client that has given up does not listen any more.
            let _ = to.send((self.ticket, outcome));
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.tell(Err(WriteError::NodeDown { node: self.node }));
    }
}
