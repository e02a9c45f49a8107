//! A node's thread: take a message, check the timers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvError, TryRecvError, select, tick};

use super::error::WriteError;
use super::node_command::{NodeCommand, Promise};
use super::shared::Shared;
use crate::raft::{Command, Input, NodeId};
use crate::record::deed::Deed;
use crate::record::journal::Flight;
use crate::server::status::NodeStatus;
use crate::server::turn_order::{CrashPoint, Ended, take_turn_of};
use crate::server::{Answer, Server, Ticket};

/// How many queued messages and commands share one save and one send at most; few enough that a
/// flood does not keep a node from its timers. `cargo bench --bench cluster` measures 93,000
/// commands/s with batches of one, and 520,000 with these.
const BATCH: usize = 512;

/// How often a thread yields to other threads before it sleeps. A few times are enough: the aim is to
/// let other threads run, not to wait. On two cores a commit takes 14 µs with this, and 28 µs without.
const YIELDS: usize = 4;

/// Why a node's thread ends.
#[derive(Clone, Copy)]
enum End {
    Stopped,
    Crashed(CrashPoint),
}

impl From<RecvError> for End {
    fn from(_: RecvError) -> Self {
        Self::Stopped
    }
}

/// A node on its thread.
pub(super) struct ClusterNode {
    server: Server,
    tick: Duration,
    inbox: Receiver<Flight>,
    commands: Receiver<NodeCommand>,
    shared: Arc<Shared>,
    /// Messages that have arrived since the last turn.
    received: Vec<Flight>,
    /// Clients' commands that came in since then; they become one input.
    proposed: Vec<(Command, Promise)>,
    /// The clients that wait for an answer of this node.
    promises: BTreeMap<Ticket, Promise>,
    crash_at: Option<CrashPoint>,
    posted: NodeStatus,
}

impl ClusterNode {
    pub(super) fn new(
        server: Server,
        tick: Duration,
        commands: Receiver<NodeCommand>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            posted: NodeStatus::of(&server),
            inbox: shared.links.inbox(server.node().id()),
            server,
            tick,
            commands,
            shared,
            received: Vec::new(),
            proposed: Vec::new(),
            promises: BTreeMap::new(),
            crash_at: None,
        }
    }

    /// The loop of a server: take a message, check the timers.
    ///
    /// A message is handled as soon as it arrives, together with everything else that is queued by
    /// then. The timers are checked on every tick, after the queues: a heartbeat that was waiting
    /// for this thread is handled before the timeout that it prevents.
    fn live(&mut self) -> Result<(), End> {
        let ticks = tick(self.tick);
        loop {
            self.step_aside();
            let mut timers_due = false;
            select! {
                recv(self.inbox) -> flight => self.received.extend(flight),
                recv(self.commands) -> command => self.obey(command?)?,
                recv(ticks) -> _ => {
                    timers_due = true;
                    self.shared.ticked(self.id());
                }
            }
            self.take_what_is_queued()?;
            self.take_turn(None)?;
            if timers_due {
                let timer = self.server.expired(self.shared.clock.now());
                self.take_turn(timer)?;
            }
        }
    }

    fn take_what_is_queued(&mut self) -> Result<(), End> {
        for _ in 1..BATCH {
            if let Ok(flight) = self.inbox.try_recv() {
                self.received.push(flight);
                continue;
            }
            match self.commands.try_recv() {
                Ok(command) => self.obey(command)?,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Err(End::Stopped),
            }
        }
        Ok(())
    }

    /// Handles everything that has come in, and the timer that ended, if one did, in one turn. The
    /// commands come last, because the messages may have changed which node leads.
    fn take_turn(&mut self, timer: Option<Input>) -> Result<(), End> {
        if self.received.is_empty() && self.proposed.is_empty() && timer.is_none() {
            return Ok(());
        }
        let (commands, promises): (Vec<_>, Vec<_>) = self.proposed.drain(..).unzip();
        let tickets: Vec<_> = promises.iter().map(Promise::ticket).collect();
        self.promises.extend(tickets.iter().copied().zip(promises));
        let mut refused = Vec::new();
        let ended = take_turn_of(
            &mut self.server,
            self.shared.clock.now(),
            self.shared.detail,
            &mut self.crash_at,
            |steps| {
                for flight in self.received.drain(..) {
                    steps.make(Input::Receive(flight.envelope), Some(flight.id));
                }
                if let Some(timer) = timer {
                    steps.make(timer, None);
                }
                if !commands.is_empty() {
                    if !steps.node().is_leader() {
                        refused.clone_from(&tickets);
                    }
                    steps.propose(commands, tickets);
                }
            },
            |entry| self.shared.at_now(|journal, now| journal.enter(now, entry)),
        );
        match ended {
            Ended::Crashed(point) => Err(End::Crashed(point)),
            Ended::Saved { first_message, mut sendable, answers } => {
                self.shared.send(first_message, sendable.drain_messages());
                self.server.recycle(sendable);
                self.answer_and_post(answers, &refused);
                Ok(())
            }
        }
    }

    /// Records that these commands were refused and answers clients, then posts the new status, so that a
    /// thread that the registry wakes finds the answers. A node that crashes in its turn answers no client, so in
    /// that case nothing is recorded.
    fn answer_and_post(&mut self, answers: Vec<(Ticket, Answer)>, refused: &[Ticket]) {
        let (node, leader) = (self.id(), self.server.node().leader());
        if !refused.is_empty() {
            let deeds = refused.iter().map(|&ticket| Deed::Refused { ticket, node, leader });
            self.shared.record(deeds, || ());
        }
        let refusal = || Err(WriteError::NotLeader { node, leader });
        let refused = refused.iter().map(|&ticket| (ticket, refusal()));
        let answers = answers.into_iter().map(|(ticket, answer)| (ticket, answer.into()));
        let mut answered = false;
        for (ticket, outcome) in answers.chain(refused) {
            answered = true;
            if let Some(promise) = self.promises.remove(&ticket) {
                promise.keep(outcome);
            }
        }
        let status = NodeStatus::of(&self.server);
        if answered || status != self.posted {
            self.posted = status;
            self.shared.registry.post(status);
        }
    }

    /// Lets the other threads run first if there is nothing to do. On a machine with few cores, the
    /// nodes that just got messages from this one can answer meanwhile. If the answer is already
    /// there, both threads save the cost of sleeping and waking up.
    fn step_aside(&self) {
        for _ in 0..YIELDS {
            if !(self.inbox.is_empty() && self.commands.is_empty()) {
                return;
            }
            thread::yield_now();
        }
    }

    /// Carries out a command. Before any command but a proposal, a node that is not paused first
    /// handles what has come in, in a turn of its own.
    fn obey(&mut self, command: NodeCommand) -> Result<(), End> {
        if let NodeCommand::Propose(command, promise) = command {
            self.proposed.push((command, promise));
            return Ok(());
        }
        if !self.posted.paused {
            self.take_turn(None)?;
        }
        match command {
            NodeCommand::Propose(..) => {}
            NodeCommand::Pause => self.stand_still()?,
            NodeCommand::Resume => self.set_paused(false),
            NodeCommand::LoseAnswer => self.server.lose_next_answer(),
            NodeCommand::Crash(point @ CrashPoint::Between) => return Err(End::Crashed(point)),
            NodeCommand::Crash(point) => self.crash_at = Some(point),
            NodeCommand::ElectionTimeout => {
                self.shared.record([Deed::ByHand { node: self.id() }], || ());
                self.take_turn(Some(Input::ElectionTimeout))?;
            }
            NodeCommand::Inspect(inspect) => inspect(&self.server),
        }
        Ok(())
    }

    /// Pauses until a command ends the pause. Messages stay in the inbox, and clients' commands
    /// wait for the next turn.
    fn stand_still(&mut self) -> Result<(), End> {
        self.set_paused(true);
        while self.posted.paused {
            let command = self.commands.recv()?;
            self.obey(command)?;
        }
        Ok(())
    }

    fn set_paused(&mut self, paused: bool) {
        let node = self.id();
        let deed = if paused { Deed::Pause { node } } else { Deed::Resume { node } };
        self.shared.record([deed], || ());
        self.posted.paused = paused;
        self.shared.registry.post(self.posted);
    }

    /// The main function of the thread: runs the loop, and leaves the disk in the registry at the end.
    pub(super) fn run(mut self) {
        let guard = PanicGuard { id: self.id(), shared: Arc::clone(&self.shared) };
        let end = self.live();
        let id = self.id();
        let Self { server, shared, promises, proposed, commands, .. } = self;
        if let Err(End::Crashed(point)) = end {
            shared.disconnect(id, point);
        }
        // The node can keep no more promises. Dropping a promise tells its client that the node is down.
        shared.registry.went_down(id, server.crash(), (promises, proposed, commands));
        drop(guard);
    }

    const fn id(&self) -> NodeId {
        self.server.node().id()
    }
}

/// Tells the registry if the thread panics, so that no other thread waits for the node.
struct PanicGuard {
    id: NodeId,
    shared: Arc<Shared>,
}

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if thread::panicking() {
            self.shared.registry.panicked(self.id);
        }
    }
}
