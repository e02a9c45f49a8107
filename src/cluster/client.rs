//! A client: hands commands in and waits for answers. An answer comes only after commit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::board::Board;
use super::chronicle::{Chronicle, lock};
use super::order::{Applied, Order, Outcome, Promise, SubmitError};
use crate::raft::{Command, NodeId};
use crate::record::journal::Deed;
use crate::server::Ticket;
use crate::server::status::leader_of;

/// The way to the nodes: what a client needs of a cluster.
pub(super) struct Doors {
    /// Each node's channel for orders; none after the cluster has stopped.
    orders: Mutex<Vec<Option<Sender<Order>>>>,
    tickets: AtomicU64,
    pub(super) chronicle: Arc<Chronicle>,
    pub(super) board: Arc<Board>,
}

impl Doors {
    pub(super) fn new(size: usize, chronicle: Arc<Chronicle>, board: Arc<Board>) -> Self {
        let orders = Mutex::new(vec![None; size]);
        Self { orders, tickets: AtomicU64::new(0), chronicle, board }
    }

    /// A node starts, and listens to `orders`.
    pub(super) fn install(&self, node: NodeId, orders: Sender<Order>) {
        lock(&self.orders)[node.index()] = Some(orders);
    }

    /// Shuts every door: each node stops when it has read what is queued.
    pub(super) fn shut(&self) {
        lock(&self.orders).fill(None);
    }

    /// Gives an order. If the node is down, it is dropped, which tells whoever waits for it, and the
    /// answer is `false`: the node never reads it.
    pub(super) fn order(&self, node: NodeId, order: Order) -> bool {
        let door = lock(&self.orders)[node.index()].clone();
        door.is_some_and(|door| door.send(order).is_ok())
    }

    /// Hands a command to a node. Says besides whether it reached the node's queue.
    fn propose(
        &self,
        node: NodeId,
        command: Command,
        to: Sender<(Ticket, Outcome)>,
    ) -> (Ticket, bool) {
        let ticket = Ticket(self.tickets.fetch_add(1, Ordering::Relaxed));
        let asked = || Deed::Asked { ticket, node, command: command.clone() };
        self.chronicle.tell(std::iter::once_with(asked));
        let reached = self.order(node, Order::Propose(command, Promise::new(ticket, node, to)));
        (ticket, reached)
    }
}

/// A client of a cluster. It may live on a thread of its own, and may outlive the cluster.
pub struct Client {
    doors: Arc<Doors>,
    answers: (Sender<(Ticket, Outcome)>, Receiver<(Ticket, Outcome)>),
}

impl Client {
    pub(super) fn new(doors: Arc<Doors>) -> Self {
        Self { doors, answers: unbounded() }
    }

    /// Hands a command to `node` and goes on: many can be in flight. What becomes of it is told by
    /// [`next`](Self::next).
    pub fn propose(&self, node: NodeId, command: impl Into<Command>) -> Ticket {
        self.hand_over(node, command.into()).0
    }

    /// The same, and whether the node was up to take the command.
    pub(super) fn hand_over(&self, node: NodeId, command: Command) -> (Ticket, bool) {
        self.doors.propose(node, command, self.answers.0.clone())
    }

    /// What became of one of the commands proposed: the next of them to be known, in any order.
    /// `None` if nothing is known within `bound`.
    ///
    /// # Errors
    /// The outcome is an error if the command was not seen to be applied.
    pub fn next(&self, bound: Duration) -> Option<(Ticket, Result<Applied, SubmitError>)> {
        let (_, patience) = self.doors.chronicle.clock.deadlines(bound);
        self.answers.1.recv_deadline(patience).ok()
    }

    /// The same without waiting.
    pub fn try_next(&self) -> Option<(Ticket, Result<Applied, SubmitError>)> {
        self.answers.1.try_recv().ok()
    }

    /// Hands a command to `node` and waits until it is committed and applied.
    ///
    /// # Errors
    /// If that was not seen to happen within `bound`; the error says why, and whether the command
    /// may still have an effect.
    pub fn submit_to(
        &self,
        node: NodeId,
        command: impl Into<Command>,
        bound: Duration,
    ) -> Result<Applied, SubmitError> {
        let (_, patience) = self.doors.chronicle.clock.deadlines(bound);
        let (to, answer) = bounded(1);
        self.doors.propose(node, command.into(), to);
        answer.recv_deadline(patience).map_or(Err(SubmitError::Timeout { bound }), |(_, told)| told)
    }

    /// Finds the leader, waiting for one if need be, hands it the command and waits until it is
    /// committed and applied. A node that turns out not to lead has taken nothing in, so the next
    /// leader is asked; no command is ever handed in twice.
    ///
    /// # Errors
    /// If that was not seen to happen within `bound`; the error says why, and whether the command
    /// may still have an effect.
    pub fn submit(
        &self,
        command: impl Into<Command>,
        bound: Duration,
    ) -> Result<Applied, SubmitError> {
        let command = command.into();
        let deadlines = self.doors.chronicle.clock.deadlines(bound);
        // Who said that it does not lead, and in which state of the board.
        let mut refused = None;
        loop {
            let mut leader = None;
            let found = self.doors.board.wait(deadlines, || {
                leader = leader_of(&self.doors.board.statuses()).filter(|l| Some(*l) != refused);
                leader.is_some()
            });
            let Some(leader) = leader.filter(|_| found) else {
                return Err(SubmitError::NoLeader { bound });
            };
            let (to, answer) = bounded(1);
            self.doors.propose(leader.id, command.clone(), to);
            match answer.recv_deadline(deadlines.1) {
                Ok((_, Err(SubmitError::NotLeader { .. }))) => refused = Some(leader),
                Ok((_, told)) => return told,
                Err(_) => return Err(SubmitError::Timeout { bound }),
            }
        }
    }
}
