//! A node's thread: take a message, check the timers.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, TryRecvError, select, tick};

use super::board::Board;
use super::bus::MessageBus;
use super::chronicle::Chronicle;
use super::order::{Order, Promise, SubmitError};
use crate::raft::{Command, Input, NodeId};
use crate::record::journal::Flight;
use crate::server::engine::{CrashPoint, Ended, take_turn_of};
use crate::server::status::NodeStatus;
use crate::server::{Answer, Server, Ticket};

/// How much of what is queued shares one save and one send. Enough to carry a thousand commands in
/// flight in a few batches; small enough that a flood does not keep a node from its timers.
const BATCH: usize = 512;

/// How often a thread lets others go first before it falls asleep. A few times only: it does not
/// wait this way, it makes room.
const YIELDS: usize = 4;

/// Why a node's life ends.
#[derive(Clone, Copy)]
enum End {
    Stopped,
    Crashed(CrashPoint),
}

type Life = ControlFlow<End>;

/// A node on its thread.
pub(super) struct ClusterNode {
    server: Server,
    tick: Duration,
    inbox: Receiver<Flight>,
    orders: Receiver<Order>,
    bus: MessageBus,
    chronicle: Arc<Chronicle>,
    board: Arc<Board>,
    /// Messages that have arrived since the last turn.
    received: Vec<Flight>,
    /// Commands that came in since then; they become one input.
    proposed: Vec<(Command, Promise)>,
    /// The clients that wait for an answer of this node.
    promises: BTreeMap<Ticket, Promise>,
    /// The clients that were told no.
    refused: Vec<Promise>,
    crash_at: Option<CrashPoint>,
    posted: NodeStatus,
}

impl ClusterNode {
    pub(super) fn new(
        server: Server,
        tick: Duration,
        orders: Receiver<Order>,
        bus: MessageBus,
        chronicle: Arc<Chronicle>,
        board: Arc<Board>,
    ) -> Self {
        let posted = NodeStatus::of(&server);
        Self {
            inbox: bus.inbox(server.node().id()),
            server,
            tick,
            orders,
            bus,
            chronicle,
            board,
            received: Vec::new(),
            proposed: Vec::new(),
            promises: BTreeMap::new(),
            refused: Vec::new(),
            crash_at: None,
            posted,
        }
    }

    /// A server's life, and all there is to it: take a message, check the timers.
    ///
    /// A message is handled the moment it arrives, together with whatever else is queued by then.
    /// The timers are looked at on every tick, after what is queued: a heartbeat that waited for
    /// this thread counts before the timeout that it prevents.
    fn live(&mut self) -> Life {
        let ticks = tick(self.tick);
        loop {
            self.step_aside();
            let mut timers_due = false;
            select! {
                recv(self.inbox) -> flight => self.received.extend(flight),
                recv(self.orders) -> order => match order {
                    Ok(order) => self.obey(order)?,
                    Err(_) => return Life::Break(End::Stopped),
                },
                recv(ticks) -> _ => timers_due = true,
            }
            self.take_what_is_queued()?;
            self.take_turn(None)?;
            if timers_due {
                self.check_timers()?;
            }
        }
    }

    /// With nothing to do, lets the other threads run first. Where cores are few, those to whom this
    /// one has just written answer meanwhile, and an answer that is there already saves both of
    /// them the cost of falling asleep and being woken: half of a commit's time.
    fn step_aside(&self) {
        for _ in 0..YIELDS {
            if !(self.inbox.is_empty() && self.orders.is_empty()) {
                return;
            }
            thread::yield_now();
        }
    }

    fn take_what_is_queued(&mut self) -> Life {
        for _ in 1..BATCH {
            if let Ok(flight) = self.inbox.try_recv() {
                self.received.push(flight);
                continue;
            }
            match self.orders.try_recv() {
                Ok(order) => self.obey(order)?,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Life::Break(End::Stopped),
            }
        }
        Life::Continue(())
    }

    fn check_timers(&mut self) -> Life {
        let timer = self.server.expired(self.chronicle.clock.now());
        self.take_turn(timer)
    }

    /// Handles all that has come in, and the timer that ended, if one did, in one turn.
    fn take_turn(&mut self, timer: Option<Input>) -> Life {
        if self.received.is_empty() && self.proposed.is_empty() && timer.is_none() {
            return Life::Continue(());
        }
        let ended = take_turn_of(
            &mut self.server,
            self.chronicle.clock.now(),
            self.chronicle.detail(),
            &mut self.crash_at,
            |steps| {
                for flight in self.received.drain(..) {
                    steps.make(Input::Receive(flight.envelope), Some(flight.id));
                }
                if let Some(timer) = timer {
                    steps.make(timer, None);
                }
                // All commands that came in together are one input. It comes after the messages,
                // which may have changed who leads.
                if !self.proposed.is_empty() {
                    let (commands, promises): (Vec<_>, Vec<_>) = self.proposed.drain(..).unzip();
                    let tickets: Vec<_> = promises.iter().map(Promise::ticket).collect();
                    match steps.expect_answers(&tickets) {
                        Ok(()) => self.promises.extend(tickets.into_iter().zip(promises)),
                        Err(_) => self.refused.extend(promises),
                    }
                    steps.make(Input::Propose(commands), None);
                }
            },
            |entry| self.chronicle.enter(entry),
        );
        match ended {
            Ended::Crashed(point) => Life::Break(End::Crashed(point)),
            Ended::Saved { first_message, mut sendable, answers } => {
                self.bus.send(first_message, sendable.drain_messages());
                self.server.recycle(sendable);
                self.answer_and_post(answers);
                Life::Continue(())
            }
        }
    }

    /// Answers clients, then posts what has changed: whoever the board wakes finds the answers.
    fn answer_and_post(&mut self, answers: Vec<(Ticket, Answer)>) {
        let answered = !(answers.is_empty() && self.refused.is_empty());
        for (ticket, answer) in answers {
            if let Some(promise) = self.promises.remove(&ticket) {
                promise.keep(answer.into());
            }
        }
        let (node, leader) = (self.id(), self.server.node().leader());
        for promise in self.refused.drain(..) {
            promise.keep(Err(SubmitError::NotLeader { node, leader }));
        }
        let status = NodeStatus::of(&self.server);
        if answered || status != self.posted {
            self.posted = status;
            self.board.post(status);
        }
    }

    /// Does what it is told. But for proposals, what has been stepped is saved and sent before.
    fn obey(&mut self, order: Order) -> Life {
        if let Order::Propose(command, promise) = order {
            self.proposed.push((command, promise));
            return Life::Continue(());
        }
        self.take_turn(None)?;
        match order {
            Order::Propose(..) => {}
            Order::Crash(CrashPoint::Between) => {
                return Life::Break(End::Crashed(CrashPoint::Between));
            }
            Order::Crash(point) => self.crash_at = Some(point),
            Order::Stand => {
                self.server.hurry_election(self.chronicle.clock.now());
                self.check_timers()?;
            }
            // Whoever asked may have stopped waiting; that is not the node's business.
            Order::Show(to) => {
                let _ = to.send(self.server.clone());
            }
            Order::Audit(done) => {
                let now = self.chronicle.clock.now();
                self.chronicle.open().audit(now, &self.server);
                let _ = done.send(());
            }
        }
        Life::Continue(())
    }

    /// The thread: lives, and leaves its disk behind.
    pub(super) fn run(mut self) {
        let obituary = Obituary { id: self.id(), board: Arc::clone(&self.board) };
        let end = self.live();
        let id = self.id();
        let Self { server, bus, board, promises, refused, proposed, orders, .. } = self;
        if let Life::Break(End::Crashed(point)) = end {
            bus.disconnect(id, point);
        }
        // What was promised cannot be kept any more, and to drop a promise tells its client so;
        // before the board does, as with answers.
        drop((promises, refused, proposed, orders));
        board.leave(id, server.crash());
        drop(obituary);
    }

    const fn id(&self) -> NodeId {
        self.server.node().id()
    }
}

/// Tells the board if the thread ends in a panic, so that nobody waits for it.
struct Obituary {
    id: NodeId,
    board: Arc<Board>,
}

impl Drop for Obituary {
    fn drop(&mut self) {
        if thread::panicking() {
            self.board.perish(self.id);
        }
    }
}
