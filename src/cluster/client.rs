//! A client, which proposes commands and waits for answers. It hears of success only after commit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::error::WriteError;
use super::node_command::{NodeCommand, Promise};
use super::shared::Shared;
use crate::panics::lock;
use crate::raft::{Command, LogPosition, NodeId};
use crate::record::deed::Deed;
use crate::server::state_machine::Reply;
use crate::server::status::leader_of;
use crate::server::{Answer, Ticket};

/// The result of a command that was committed and applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// The position of its entry, which is final.
    pub position: LogPosition,
    /// The reply of the state machine.
    pub reply: Reply,
}

/// The outcome of a command.
pub(super) type WriteOutcome = Result<Applied, WriteError>;

impl From<Answer> for WriteOutcome {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Applied { position, reply } => Ok(Applied { position, reply }),
            Answer::Superseded { lost } => Err(WriteError::Superseded { lost }),
            Answer::Uncertain { position } => Err(WriteError::Uncertain { position }),
        }
    }
}

/// Each node's channel for commands; `None` before the node starts and after the cluster has stopped.
pub(super) struct NodeChannels {
    commands: Mutex<Vec<Option<Sender<NodeCommand>>>>,
    tickets: AtomicU64,
}

impl NodeChannels {
    pub(super) fn new(size: usize) -> Self {
        Self { commands: Mutex::new(vec![None; size]), tickets: AtomicU64::new(0) }
    }

    /// Sets the channel of a node that starts.
    pub(super) fn open(&self, node: NodeId, commands: Sender<NodeCommand>) {
        lock(&self.commands)[node.index()] = Some(commands);
    }

    /// Closes every channel. Each node stops after it has read what is queued.
    pub(super) fn close(&self) {
        lock(&self.commands).fill(None);
    }

    /// Sends a command to a node. If the node is down, returns `false` and drops the command; a
    /// client that waits for the command learns this from the drop.
    pub(super) fn tell(&self, node: NodeId, command: NodeCommand) -> bool {
        let channel = lock(&self.commands)[node.index()].clone();
        channel.is_some_and(|channel| channel.send(command).is_ok())
    }
}

impl Shared {
    /// Proposes a command to a node. Also returns whether the command reached the node's queue.
    fn propose(
        &self,
        node: NodeId,
        command: Command,
        to: Sender<(Ticket, WriteOutcome)>,
    ) -> (Ticket, bool) {
        let ticket = Ticket(self.channels.tickets.fetch_add(1, Ordering::Relaxed));
        if self.heard {
            self.record([Deed::Asked { ticket, node, command: command.clone() }], || ());
        }
        let promise = Promise::new(ticket, node, to);
        let reached = self.channels.tell(node, NodeCommand::Propose(command, promise));
        if !reached {
            self.record([Deed::Refused { ticket, node, leader: None }], || ());
        }
        (ticket, reached)
    }
}

/// A client of a cluster. It may run on its own thread, and may outlive the cluster.
pub struct Client {
    shared: Arc<Shared>,
    answers: (Sender<(Ticket, WriteOutcome)>, Receiver<(Ticket, WriteOutcome)>),
}

impl Client {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, answers: unbounded() }
    }

    /// Proposes a command to `node` without waiting, so many commands can be in flight.
    /// [`next`](Self::next) returns their outcomes.
    pub fn propose(&self, node: NodeId, command: impl Into<Command>) -> Ticket {
        self.hand_over(node, command.into()).0
    }

    /// The same as `propose`. Also returns whether the command reached the node's queue.
    pub(super) fn hand_over(&self, node: NodeId, command: Command) -> (Ticket, bool) {
        self.shared.propose(node, command, self.answers.0.clone())
    }

    /// Waits for the outcome of any proposed command. Outcomes come in the order in which they
    /// become known. `None` if there is none within `bound`.
    ///
    /// # Errors
    /// The outcome is an error if the command was not seen to be applied.
    pub fn next(&self, bound: Duration) -> Option<(Ticket, Result<Applied, WriteError>)> {
        let (_, patience) = self.shared.clock.deadlines(bound);
        self.answers.1.recv_deadline(patience).ok()
    }

    /// The same as [`next`](Self::next) without waiting.
    pub fn try_next(&self) -> Option<(Ticket, Result<Applied, WriteError>)> {
        self.answers.1.try_recv().ok()
    }

    /// Proposes a command to `node` and waits until it is committed and applied.
    ///
    /// # Errors
    /// If that was not seen to happen within `bound`; the error says why, and whether the command
    /// may still have an effect.
    pub fn write_to(
        &self,
        node: NodeId,
        command: impl Into<Command>,
        bound: Duration,
    ) -> Result<Applied, WriteError> {
        let (_, patience) = self.shared.clock.deadlines(bound);
        let (to, answer) = bounded(1);
        self.shared.propose(node, command.into(), to);
        answer.recv_deadline(patience).map_or(Err(WriteError::Timeout { bound }), |(_, told)| told)
    }

    /// Finds the leader, or waits for one, proposes the command to it and waits until it is committed
    /// and applied. If that node turns out not to lead, it has refused the command, and the client
    /// asks the next leader. A command that a node may have accepted is never proposed again.
    ///
    /// # Errors
    /// If that was not seen to happen within `bound`; the error says why, and whether the command
    /// may still have an effect.
    pub fn write(
        &self,
        command: impl Into<Command>,
        bound: Duration,
    ) -> Result<Applied, WriteError> {
        let command = command.into();
        let deadlines = self.shared.clock.deadlines(bound);
        // The node that refused the command last, with the status for which it was asked.
        let mut refused = None;
        loop {
            let mut leader = None;
            let more = || (Instant::now() < deadlines.1).then_some(deadlines.1);
            let found = self.shared.registry.wait(deadlines.0, more, || {
                leader =
                    leader_of(&self.shared.registry.statuses()).filter(|l| Some(*l) != refused);
                leader.is_some()
            });
            let Some(leader) = leader.filter(|_| found) else {
                return Err(WriteError::NoLeader { bound });
            };
            let (to, answer) = bounded(1);
            self.shared.propose(leader.id, command.clone(), to);
            match answer.recv_deadline(deadlines.1) {
                Ok((_, Err(WriteError::NotLeader { .. }))) => refused = Some(leader),
                Ok((_, told)) => return told,
                Err(_) => return Err(WriteError::Timeout { bound }),
            }
        }
    }
}
