//! A node's thread: take a message, check the timers.

use std::collections::BTreeMap;
use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, TryRecvError, select, tick};

use super::board::Board;
use super::bus::MessageBus;
use super::chronicle::Chronicle;
use super::order::{Order, Promise, SubmitError};
use crate::journal::{CrashPoint, Detail, Flight, MessageId, Step};
use crate::raft::{Command, Input, NodeId, Output};
use crate::replica::{Answer, Replica, Ticket};
use crate::status::NodeStatus;

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
    replica: Replica,
    tick: Duration,
    inbox: Receiver<Flight>,
    orders: Receiver<Order>,
    bus: MessageBus,
    chronicle: Arc<Chronicle>,
    board: Arc<Board>,
    /// What the steps since the last save ask for.
    out: Output,
    steps: Vec<Step>,
    /// Whether a step was taken since the last save.
    stepped: bool,
    /// Commands that came in since then; they become one input.
    proposed: Vec<(Command, Promise)>,
    /// The clients that wait for an answer of this node.
    promises: BTreeMap<Ticket, Promise>,
    answers: Vec<(Ticket, Answer)>,
    /// The clients that were told no.
    refused: Vec<Promise>,
    crash_at: Option<CrashPoint>,
    posted: NodeStatus,
}

impl ClusterNode {
    pub(super) fn new(
        replica: Replica,
        tick: Duration,
        orders: Receiver<Order>,
        bus: MessageBus,
        chronicle: Arc<Chronicle>,
        board: Arc<Board>,
    ) -> Self {
        let posted = NodeStatus::of(&replica);
        Self {
            inbox: bus.inbox(replica.node().id()),
            replica,
            tick,
            orders,
            bus,
            chronicle,
            board,
            out: Output::new(),
            steps: Vec::new(),
            stepped: false,
            proposed: Vec::new(),
            promises: BTreeMap::new(),
            answers: Vec::new(),
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
                recv(self.inbox) -> flight => flight.map_or((), |flight| self.receive(flight)),
                recv(self.orders) -> order => match order {
                    Ok(order) => self.obey(order)?,
                    Err(_) => return Life::Break(End::Stopped),
                },
                recv(ticks) -> _ => timers_due = true,
            }
            self.take_what_is_queued()?;
            self.save_then_send()?;
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
                self.receive(flight);
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

    fn receive(&mut self, flight: Flight) {
        self.step(Input::Receive(flight.envelope), Some(flight.id));
    }

    fn check_timers(&mut self) -> Life {
        if let Some(input) = self.replica.expired(self.chronicle.clock.now()) {
            self.step(input, None);
        }
        self.save_then_send()
    }

    fn step(&mut self, input: Input, received: Option<MessageId>) {
        self.stepped = true;
        let detail = self.chronicle.detail();
        if detail == Detail::Batches {
            self.replica.step(input, &mut self.out);
            return;
        }
        let began = self.out.peek_messages().len();
        self.replica.step(input.clone(), &mut self.out);
        self.steps.push(Step::keep(input, received, &self.replica, &self.out, began, detail));
    }

    /// All commands that came in together are one input. They are stepped behind the messages,
    /// which may have changed who leads.
    fn step_proposals(&mut self) {
        if self.proposed.is_empty() {
            return;
        }
        let (commands, promises): (Vec<_>, Vec<_>) = self.proposed.drain(..).unzip();
        let tickets: Vec<_> = promises.iter().map(Promise::ticket).collect();
        match self.replica.expect_answers(&tickets) {
            Ok(()) => self.promises.extend(tickets.into_iter().zip(promises)),
            Err(_) => self.refused.extend(promises),
        }
        self.step(Input::Propose(commands), None);
    }

    /// Ends a batch: one save, one entry in the journal, one send, in this order.
    fn save_then_send(&mut self) -> Life {
        self.step_proposals();
        if !mem::take(&mut self.stepped) {
            return Life::Continue(());
        }
        let idle = self.out.unsaved().is_empty() && self.out.peek_messages().is_empty();
        let crash = self.crash_at.filter(|_| !idle);
        if crash == Some(CrashPoint::BeforeSave) {
            self.chronicle.enter_lost(&mut self.replica, &self.steps, &self.out);
            return Life::Break(End::Crashed(CrashPoint::BeforeSave));
        }
        let out = mem::take(&mut self.out);
        let mut sendable = self.replica.persist(out, self.chronicle.clock.now());
        let changes = self.replica.take_changes();
        if crash.is_none() {
            self.answers.extend(self.replica.drain_answers());
        }
        let (replica, steps, answers) = (&self.replica, &self.steps, &self.answers);
        let first = self.chronicle.enter(replica, changes, steps, &sendable, answers);
        self.steps.clear();
        if let Some(point) = crash {
            return Life::Break(End::Crashed(point));
        }
        self.bus.send(first, sendable.drain_messages());
        self.out = sendable.recycle();
        self.answer_and_post();
        Life::Continue(())
    }

    /// Answers clients, then posts what has changed: whoever the board wakes finds the answers.
    fn answer_and_post(&mut self) {
        let answered = !(self.answers.is_empty() && self.refused.is_empty());
        for (ticket, answer) in self.answers.drain(..) {
            if let Some(promise) = self.promises.remove(&ticket) {
                promise.keep(answer.into());
            }
        }
        let (node, leader) = (self.id(), self.replica.node().leader());
        for promise in self.refused.drain(..) {
            promise.keep(Err(SubmitError::NotLeader { node, leader }));
        }
        let status = NodeStatus::of(&self.replica);
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
        self.save_then_send()?;
        match order {
            Order::Propose(..) => {}
            Order::Crash(CrashPoint::Between) => {
                return Life::Break(End::Crashed(CrashPoint::Between));
            }
            Order::Crash(point) => self.crash_at = Some(point),
            Order::Stand => {
                self.replica.hurry_election(self.chronicle.clock.now());
                self.check_timers()?;
            }
            // Whoever asked may have stopped waiting; that is not the node's business.
            Order::Show(to) => {
                let _ = to.send(self.replica.clone());
            }
            Order::Audit(done) => {
                let now = self.chronicle.clock.now();
                self.chronicle.open().audit(now, &self.replica);
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
        let Self { replica, bus, board, promises, refused, proposed, orders, .. } = self;
        if let Life::Break(End::Crashed(point)) = end {
            bus.disconnect(id, point);
        }
        // What was promised cannot be kept any more, and to drop a promise tells its client so;
        // before the board does, as with answers.
        drop((promises, refused, proposed, orders));
        board.leave(id, replica.crash());
        drop(obituary);
    }

    const fn id(&self) -> NodeId {
        self.replica.node().id()
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
