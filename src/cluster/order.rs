//! What a node's thread is told to do, and the promise to answer that goes with a command.

use std::fmt;
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::raft::{Command, LogPosition, NodeId};
use crate::server::engine::CrashPoint;
use crate::server::state_machine::Reply;
use crate::server::{Answer, Server, Ticket};

/// What a node is told by those who run it.
pub(super) enum Order {
    /// A client's command.
    Propose(Command, Promise),
    /// Crash, now or at a point of the next step that has something to save, to send or to commit.
    Crash(CrashPoint),
    /// Stand for election.
    Stand,
    /// Show yourself.
    Show(Sender<Server>),
    /// Have your whole log compared with what the checker saw of it.
    Audit(Sender<()>),
}

/// A command was committed and applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// Where its entry stands, for ever.
    pub position: LogPosition,
    /// What the state machine said.
    pub reply: Reply,
}

/// Why a command was not seen to be applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SubmitError {
    /// The node does not lead; the command had no effect.
    NotLeader {
        /// The node that was asked.
        node: NodeId,
        /// Who leads, as far as that node knows.
        leader: Option<NodeId>,
    },
    /// Another entry was committed in its place; the command had no effect.
    Superseded {
        /// Where the entry stood.
        lost: LogPosition,
    },
    /// The node lost the entry while it did not lead: the command may have an effect.
    Uncertain {
        /// Where the entry stood.
        position: LogPosition,
    },
    /// The node is down, or went down before it could answer: the command may have an effect.
    NodeDown {
        /// The node that was asked.
        node: NodeId,
    },
    /// No answer in time: the command may have an effect.
    Timeout {
        /// How long the client waited.
        bound: Duration,
    },
    /// No leader in time; the command was given to nobody.
    NoLeader {
        /// How long the client waited.
        bound: Duration,
    },
}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLeader { node, leader: Some(leader) } => {
                write!(f, "{node} does not lead; ask {leader}")
            }
            Self::NotLeader { node, leader: None } => {
                write!(f, "{node} does not lead and knows of no leader; try again later")
            }
            Self::Superseded { lost } => {
                write!(f, "entry {lost} was replaced by another leader's; submit the command again")
            }
            Self::Uncertain { position } => write!(
                f,
                "the node has lost entry {position}; another node may still hold it, and apply it"
            ),
            Self::NodeDown { node } => write!(
                f,
                "{node} is down and did not answer; if the command reached another node, it may still be applied"
            ),
            Self::Timeout { bound } => {
                write!(f, "no answer within {bound:?}; the command may still be applied")
            }
            Self::NoLeader { bound } => {
                write!(f, "no leader within {bound:?}; the command was given to nobody")
            }
        }
    }
}

impl std::error::Error for SubmitError {}

/// What becomes of a command.
pub(super) type Outcome = Result<Applied, SubmitError>;

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Applied { position, reply } => Ok(Applied { position, reply }),
            Answer::Superseded { lost } => Err(SubmitError::Superseded { lost }),
            Answer::Uncertain { position } => Err(SubmitError::Uncertain { position }),
        }
    }
}

/// A client that waits. The promise is kept, or it is dropped, wherever that happens: in a crash, in
/// the queue of a node that never came to read it, in a panic. The client hears of it either way.
pub(super) struct Promise {
    ticket: Ticket,
    node: NodeId,
    to: Option<Sender<(Ticket, Outcome)>>,
}

impl Promise {
    pub(super) const fn new(ticket: Ticket, node: NodeId, to: Sender<(Ticket, Outcome)>) -> Self {
        Self { ticket, node, to: Some(to) }
    }

    pub(super) const fn ticket(&self) -> Ticket {
        self.ticket
    }

    pub(super) fn keep(mut self, outcome: Outcome) {
        self.tell(outcome);
    }

    fn tell(&mut self, outcome: Outcome) {
        if let Some(to) = self.to.take() {
            // A client that has given up does not listen any more.
            let _ = to.send((self.ticket, outcome));
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.tell(Err(SubmitError::NodeDown { node: self.node }));
    }
}
