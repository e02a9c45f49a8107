//! The cluster in virtual time: the same servers, run by one thread from one seed.
//!
//! Nothing waits here. Time jumps to the next event: a message that arrives, or a timer that ends.
//! All random numbers come from one seed, and no code iterates over an unordered container, so the
//! same seed gives the same run, byte for byte, on any machine.

mod chaos;
mod queue;
mod world;

pub use chaos::{Chaos, FaultMix};

use std::collections::BTreeMap;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;

use crate::network::{Conditions, Fate, MOST_WAITING, Network};
use crate::raft::{Command, Envelope, Input, LogPosition, NodeId, Settings};
use crate::random_draws::generator;
use crate::record::deed::{Deed, Loss};
use crate::record::journal::{Flight, Journal, Observer};
use crate::record::message_name::MessageName;
use crate::scenario::script::Script;
use crate::scenario::world::World;
use crate::server::status::NodeStatus;
use crate::server::timing::{Time, Timing};
use crate::server::turn_order::{CrashPoint, Ended, MessageId, Steps, take_turn_of};
use crate::server::{Answer, Disk, Proposal, Server, ServerConfig, Ticket};
use queue::{Queue, SimEvent};

/// The configuration of a simulated cluster.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SimConfig {
    /// The protocol's settings.
    pub settings: Settings,
    /// The durations of the timers.
    pub timing: Timing,
    /// The conditions of the links.
    pub conditions: Conditions,
    /// The seed of all random numbers.
    pub seed: u64,
}

impl SimConfig {
    /// A sound cluster of `nodes` on perfect links, with the paper's timing.
    pub const fn new(nodes: usize) -> Self {
        let settings = Settings::new(nodes);
        Self { settings, timing: Timing::PAPER, conditions: Conditions::PERFECT, seed: 0 }
    }

    /// The same configuration with another seed.
    pub const fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The same configuration with other links.
    pub const fn conditions(self, conditions: Conditions) -> Self {
        Self { conditions, ..self }
    }

    /// The world that a scenario asks for.
    pub const fn of(script: &Script) -> Self {
        Self {
            settings: script.settings(),
            timing: script.timing,
            conditions: script.conditions,
            seed: script.seed,
        }
    }

    const fn server(&self) -> ServerConfig {
        ServerConfig { settings: self.settings, timing: self.timing, seed: self.seed }
    }
}

/// The server of a node that is up, or the disk of a node that is down.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are up")]
enum Process {
    Up(Server),
    Down(Disk),
}

/// A node of the simulation.
#[derive(Debug)]
struct Node {
    process: Process,
    /// When the next alarm of this node is due, which checks its timers.
    alarm: Option<Time>,
    /// The point in its next turn at which it is to crash, if any.
    crash_at: Option<CrashPoint>,
    /// What waits while the process is paused; `None` if it runs.
    waiting: Option<Waiting>,
}

/// What waits for a paused process.
#[derive(Debug, Default)]
struct Waiting {
    messages: Vec<Flight>,
    commands: Vec<(Ticket, Command)>,
}

/// A message that is held until it is delivered by name. It stays, so that it can be delivered again.
#[derive(Clone, Debug)]
struct Held {
    flight: Flight,
    delivered: bool,
}

impl Held {
    const fn new(flight: Flight) -> Self {
        Self { flight, delivered: false }
    }
}

/// The simulated cluster.
pub struct Sim {
    config: SimConfig,
    now: Time,
    queue: Queue,
    nodes: Vec<Node>,
    network: Network,
    /// Whether the caller decides which message arrives and whose timer ends.
    manual: bool,
    held: Vec<Held>,
    rng: ChaCha8Rng,
    journal: Journal,
    proposals: BTreeMap<Ticket, Proposal>,
    tickets: u64,
    /// How many proposals are not pending any more.
    settled: u64,
    handled: u64,
}

impl Sim {
    /// A new cluster at time zero, all nodes up, with empty logs.
    pub fn new(config: SimConfig, observers: Vec<Box<dyn Observer>>) -> Self {
        let size = config.settings.nodes;
        let start = |id| {
            let server = Server::start(id, config.server(), Disk::default(), Time::ZERO);
            Node { process: Process::Up(server), alarm: None, crash_at: None, waiting: None }
        };
        let mut sim = Self {
            config,
            now: Time::ZERO,
            queue: Queue::default(),
            nodes: NodeId::all(size).map(start).collect(),
            network: Network::new(config.conditions),
            manual: false,
            held: Vec::new(),
            rng: generator(config.seed, u64::MAX),
            journal: Journal::new(size, observers),
            proposals: BTreeMap::new(),
            tickets: 0,
            settled: 0,
            handled: 0,
        };
        for node in NodeId::all(size) {
            let Self { nodes, journal, .. } = &mut sim;
            if let Process::Up(server) = &nodes[node.index()].process {
                journal.begins(Time::ZERO, server);
            }
            sim.set_alarm(node);
        }
        sim
    }

    /// Handles the next event and returns `true`, if one is due by `until`. Otherwise moves the time
    /// to `until` and returns `false`.
    pub fn step(&mut self, until: Time) -> bool {
        let Some((time, event)) = self.queue.pop(until) else {
            self.now = self.now.max(until);
            return false;
        };
        self.now = time;
        self.handled += 1;
        match event {
            SimEvent::Arrive(flight) => self.arrive(flight),
            SimEvent::Alarm(node) => self.alarm(node),
        }
        true
    }

    /// Handles every event that is due by `until`.
    pub fn run_to(&mut self, until: Time) {
        while self.step(until) {}
    }

    /// Proposes a command to the leader, as soon as there is one, and runs until it is applied. Returns
    /// the position of its entry; `None` if `bound` passes first, or the leader has lost the entry.
    pub fn write(&mut self, command: &str, bound: Duration) -> Option<LogPosition> {
        let leader = self.wait_for_leader(bound)?;
        let ticket = self.propose(leader, command);
        self.run_until(bound, |sim| sim.proposal(ticket) != Proposal::Pending);
        match self.take_proposal(ticket) {
            Proposal::Answered(Answer::Applied { position, .. }) => Some(position),
            _ => None,
        }
    }

    fn arrive(&mut self, flight: Flight) {
        match self.hindrance(&flight.envelope) {
            Some(why) => self.lose(&flight, why),
            None => match &mut self.nodes[flight.envelope.to.index()].waiting {
                Some(waiting) if waiting.messages.len() < MOST_WAITING => {
                    waiting.messages.push(flight);
                }
                Some(_) => self.lose(&flight, Loss::Full),
                None => {
                    self.receive(flight);
                }
            },
        }
    }

    /// Why a message that is due cannot arrive; `None` if it can. A link that is cut loses the
    /// messages in flight on it.
    fn hindrance(&self, envelope: &Envelope) -> Option<Loss> {
        if self.network.is_cut(envelope.from, envelope.to) {
            Some(Loss::Cut)
        } else if self.server(envelope.to).is_none() {
            Some(Loss::Down)
        } else {
            None
        }
    }

    fn alarm(&mut self, id: NodeId) {
        let (now, node) = (self.now, &mut self.nodes[id.index()]);
        if node.alarm != Some(now) {
            return;
        }
        node.alarm = None;
        if self.manual || node.waiting.is_some() {
            return;
        }
        let Process::Up(server) = &mut node.process else { return };
        match server.expired(now) {
            Some(input) => self.act(id, |steps| _ = steps.make(input, None)),
            None => self.set_alarm(id),
        }
    }

    /// Sets the alarm of a node to the first tick at which its next timer has ended.
    fn set_alarm(&mut self, id: NodeId) {
        let Node { process: Process::Up(server), alarm, waiting: None, .. } =
            &mut self.nodes[id.index()]
        else {
            return;
        };
        let Some(deadline) = server.next_deadline() else { return };
        let at = deadline.max(self.now).rounded_up_to(self.config.timing.tick);
        // An alarm that comes too early sets the next one, so only an alarm that would be late is replaced.
        if alarm.is_none_or(|set| at < set) {
            *alarm = Some(at);
            self.queue.push(at, SimEvent::Alarm(id));
        }
    }

    /// Lets the node to which a message is addressed handle it.
    fn receive(&mut self, flight: Flight) {
        let Flight { id, envelope } = flight;
        self.act(envelope.to, |steps| _ = steps.make(Input::Receive(envelope), Some(id)));
    }

    /// Lets one node make a step, in a turn of its own.
    fn act(&mut self, id: NodeId, step: impl FnOnce(&mut Steps<'_>)) {
        let Node { process: Process::Up(server), crash_at, .. } = &mut self.nodes[id.index()]
        else {
            return;
        };
        let (now, journal) = (self.now, &mut self.journal);
        let ended = take_turn_of(server, now, journal.detail(), crash_at, step, |entry| {
            journal.enter(now, entry)
        });
        match ended {
            Ended::Crashed(point) => self.go_down(id, point),
            Ended::Saved { first_message, mut sendable, answers } => {
                for (ticket, answer) in answers {
                    if let Some(proposal) = self.proposals.get_mut(&ticket) {
                        *proposal = Proposal::Answered(answer);
                        self.settled += 1;
                    }
                }
                for (nth, envelope) in sendable.drain_messages().enumerate() {
                    self.send(Flight { id: MessageId(first_message.0 + nth as u64), envelope });
                }
                if let Process::Up(server) = &mut self.nodes[id.index()].process {
                    server.recycle(sendable);
                }
                self.set_alarm(id);
            }
        }
    }

    fn send(&mut self, flight: Flight) {
        let Envelope { from, to, .. } = flight.envelope;
        if self.manual {
            self.held.push(Held::new(flight));
            return;
        }
        match self.network.fate(from, to, &mut self.rng) {
            Fate::Cut => self.lose(&flight, Loss::Cut),
            Fate::Dropped => self.lose(&flight, Loss::Dropped),
            Fate::Delivered(latency) => {
                self.queue.push(self.now + latency, SimEvent::Arrive(flight));
            }
            Fate::Duplicated(latency, again) => {
                self.journal.deed(self.now, &Deed::Duplicated { message: flight.id });
                self.queue.push(self.now + latency, SimEvent::Arrive(flight.clone()));
                self.queue.push(self.now + again, SimEvent::Arrive(flight));
            }
        }
    }

    fn lose(&mut self, flight: &Flight, why: Loss) {
        let Envelope { from, to, .. } = flight.envelope;
        self.journal.deed(self.now, &Deed::Lost { message: flight.id, from, to, why });
    }

    fn go_down(&mut self, id: NodeId, point: CrashPoint) {
        let process = Process::Down(Disk::default());
        let down = Node { process, alarm: None, crash_at: None, waiting: None };
        let node = &mut self.nodes[id.index()];
        let was = std::mem::replace(node, down);
        if let Process::Up(server) = was.process {
            node.process = Process::Down(server.crash());
        }
        self.journal.deed(self.now, &Deed::Crash { node: id, point });
        for flight in was.waiting.unwrap_or_default().messages {
            self.lose(&flight, Loss::Down);
        }
    }

    /// Returns the state of a command, and forgets the command unless it is pending.
    pub fn take_proposal(&mut self, ticket: Ticket) -> Proposal {
        let proposal = self.proposal(ticket);
        if proposal != Proposal::Pending {
            self.forget(ticket);
        }
        proposal
    }

    /// Forgets a command, as a client does that no longer waits for the answer.
    pub fn forget(&mut self, ticket: Ticket) {
        self.proposals.remove(&ticket);
    }

    /// The messages in flight: first the held ones that were not delivered, then the others by time
    /// of arrival.
    pub(crate) fn flights(&self) -> Vec<&Flight> {
        let waiting = self.held.iter().filter(|held| !held.delivered).map(|held| &held.flight);
        waiting.chain(self.queue.arrivals().map(|(_, flight)| flight)).collect()
    }

    /// Every held message, delivered or not, in the order in which they came to be held.
    pub(crate) fn sent(&self) -> impl Iterator<Item = &Flight> {
        self.held.iter().map(|held| &held.flight)
    }

    /// Loses every message in flight that is not held.
    pub(crate) fn lose_all(&mut self) {
        for flight in self.queue.take_all_flights() {
            self.lose(&flight, Loss::Dropped);
        }
    }

    /// Cancels every crash that is planned for a node's next turn.
    pub(crate) fn cancel_crashes(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.crash_at = None);
    }

    /// Lets a node that is up handle an input that is given by hand.
    fn act_by_hand(&mut self, node: NodeId, input: Input) {
        self.say_by_hand(node);
        self.act(node, |steps| _ = steps.make(input, None));
    }

    /// Records that the next input of a node is given by hand. Under manual control every input is,
    /// so nothing is recorded.
    fn say_by_hand(&mut self, node: NodeId) {
        if !self.manual {
            self.journal.deed(self.now, &Deed::ByHand { node });
        }
    }

    /// The name by which a held message can be delivered now.
    pub(crate) fn name_of(&self, flight: &Flight) -> MessageName {
        let newer = self.held.iter().rev().take_while(|held| held.flight.id != flight.id);
        MessageName::of(&flight.envelope, newer.map(|held| &held.flight.envelope))
    }

    /// The server of a node; `None` if the node is down.
    pub fn server(&self, node: NodeId) -> Option<&Server> {
        match &self.nodes[node.index()].process {
            Process::Up(server) => Some(server),
            Process::Down(_) => None,
        }
    }

    /// When a node's next timer ends; `None` if no timer runs, or the node is paused.
    #[cfg(feature = "cli")]
    pub(crate) fn deadline(&self, node: NodeId) -> Option<Time> {
        let runs = !self.manual && self.nodes[node.index()].waiting.is_none();
        self.server(node).filter(|_| runs)?.next_deadline()
    }

    /// The point in its next turn at which a node is to crash, if any.
    #[cfg(feature = "cli")]
    pub(crate) fn crash_within(&self, node: NodeId) -> Option<CrashPoint> {
        self.nodes[node.index()].crash_at
    }

    /// The status of a node.
    pub fn status_of(&self, node: NodeId) -> NodeStatus {
        match &self.nodes[node.index()].process {
            Process::Up(server) => {
                let paused = self.nodes[node.index()].waiting.is_some();
                NodeStatus { paused, ..NodeStatus::of(server) }
            }
            Process::Down(disk) => NodeStatus::down(node, disk),
        }
    }

    /// The journal of this run, with its checker.
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The configuration of this cluster.
    pub const fn config(&self) -> &SimConfig {
        &self.config
    }

    /// The number of events that were handled.
    pub const fn handled(&self) -> u64 {
        self.handled
    }
}
