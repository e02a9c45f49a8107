//! The commands that a node's thread gets from outside, and the promise of an answer that goes with
//! a proposal.

use crossbeam_channel::Sender;

use super::client::WriteOutcome;
use super::error::WriteError;
use crate::raft::{Command, NodeId};
use crate::server::turn_order::CrashPoint;
use crate::server::{Server, Ticket};

/// A command for a node's thread.
pub(super) enum NodeCommand {
    /// A client's command.
    Propose(Command, Promise),
    /// Crash, now or at a point of the next turn that has something to save, to send or to commit.
    Crash(CrashPoint),
    /// Pause.
    Pause,
    /// Continue after a pause.
    Resume,
    /// Lose the next answer to a client.
    LoseAnswer,
    /// Let the election timer end now.
    ElectionTimeout,
    /// Call this function with the server, between two turns.
    Inspect(Box<dyn FnOnce(&Server) + Send>),
}

/// The promise of an answer to a client that waits. When it is kept, the client gets the outcome.
/// When it is dropped, in a crash, in a panic or in a queue that the node never read, the client
/// learns that the node is down.
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
            // A client that has given up no longer receives.
            let _ = to.send((self.ticket, outcome));
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.tell(Err(WriteError::NodeDown { node: self.node }));
    }
}
