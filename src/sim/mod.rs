//! The same servers in virtual time: one thread, one seed, one world.
//!
//! Nothing waits here. Time jumps to the next event: a message that arrives, or a timer that ends.
//! All that is random comes from one seed, and nothing iterates an unordered container, so the same
//! seed gives the same run, to the byte, on any machine.

mod chaos;
mod events;
mod queue;
mod world;

pub use chaos::{Chaos, FaultMix};

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::network::{Conditions, Fate, Network};
use crate::raft::{Command, Envelope, Input, NodeId};
use crate::record::journal::{Deed, Flight, Journal, Loss, Observer};
use crate::record::message_name::MessageName;
use crate::scenario::script::Script;
use crate::server::engine::{CrashPoint, Ended, MessageId, take_turn_of};
use crate::server::status::NodeStatus;
use crate::server::timing::{Time, Timing};
use crate::server::{Answer, Disk, Server, ServerConfig, Ticket};
use queue::{Event, Queue};

/// How a simulated world is set up.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SimConfig {
    /// The protocol's settings.
    pub settings: crate::raft::Settings,
    /// How long the timers run.
    pub timing: Timing,
    /// What the links are like.
    pub conditions: Conditions,
    /// Where all that is random comes from.
    pub seed: u64,
}

impl SimConfig {
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
        ServerConfig { settings: self.settings, timing: Some(self.timing), seed: self.seed }
    }
}

/// A server, running or not.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are up")]
enum Process {
    Up(Server),
    Down(Disk),
}

/// A message that waits for someone to deliver it. It stays, so that it can arrive again.
#[derive(Clone, Debug)]
struct Held {
    flight: Flight,
    delivered: bool,
}

/// A command on its way to an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    node: NodeId,
    outcome: Option<Result<Answer, Option<NodeId>>>,
}

/// The simulated cluster.
pub struct Sim {
    config: SimConfig,
    now: Time,
    queue: Queue,
    processes: Vec<Process>,
    /// For each node the moment at which the queue looks at its timers next.
    alarms: Vec<Option<Time>>,
    crash_points: Vec<Option<CrashPoint>>,
    network: Network,
    /// Set while someone else says which message arrives and whose timer ends.
    manual: bool,
    held: Vec<Held>,
    rng: ChaCha8Rng,
    journal: Journal,
    asked: BTreeMap<Ticket, Asked>,
    tickets: u64,
    outcomes: u64,
    handled: u64,
}

impl Sim {
    /// A new cluster at time zero, all nodes up, with empty logs.
    pub fn new(config: SimConfig, observers: Vec<Box<dyn Observer>>) -> Self {
        let nodes = config.settings.nodes;
        let start = |id| Server::start(id, config.server(), Disk::default(), Time::ZERO);
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        // The nodes draw from the streams that their numbers and lives name; this one is apart.
        rng.set_stream(u64::MAX);
        let mut sim = Self {
            config,
            now: Time::ZERO,
            queue: Queue::default(),
            processes: NodeId::all(nodes).map(|id| Process::Up(start(id))).collect(),
            alarms: vec![None; nodes],
            crash_points: vec![None; nodes],
            network: Network::new(config.conditions),
            manual: false,
            held: Vec::new(),
            rng,
            journal: Journal::new(nodes, observers),
            asked: BTreeMap::new(),
            tickets: 0,
            outcomes: 0,
            handled: 0,
        };
        for node in NodeId::all(nodes) {
            sim.set_alarm(node);
        }
        sim
    }

    /// Lets the next event happen, if it is due by `until`. Otherwise time moves on to `until`.
    pub fn step(&mut self, until: Time) -> bool {
        let Some((time, event)) = self.queue.pop(until) else {
            self.now = self.now.max(until);
            return false;
        };
        self.now = time;
        self.handled += 1;
        match event {
            Event::Arrive(flight) => self.arrive(flight),
            Event::Alarm(node) => self.alarm(node),
        }
        true
    }

    /// Lets everything happen that is due by `until`.
    pub fn run_to(&mut self, until: Time) {
        while self.step(until) {}
    }

    fn arrive(&mut self, flight: Flight) {
        let Envelope { from, to, .. } = flight.envelope;
        // A link that was cut while the message was on its way swallows it.
        if self.network.is_cut(from, to) {
            self.lose(&flight, Loss::Cut);
        } else if matches!(self.processes[to.index()], Process::Down(_)) {
            self.lose(&flight, Loss::Down);
        } else {
            self.act(to, Input::Receive(flight.envelope), Some(flight.id));
        }
    }

    fn alarm(&mut self, node: NodeId) {
        if self.alarms[node.index()] != Some(self.now) {
            return;
        }
        self.alarms[node.index()] = None;
        if self.manual {
            return;
        }
        let now = self.now;
        let Process::Up(server) = &mut self.processes[node.index()] else { return };
        match server.expired(now) {
            Some(input) => self.act(node, input, None),
            None => self.set_alarm(node),
        }
    }

    /// Makes the queue look at a node's timers when the next of them ends, at the tick after.
    fn set_alarm(&mut self, node: NodeId) {
        let Process::Up(server) = &self.processes[node.index()] else { return };
        let Some(deadline) = server.next_deadline() else { return };
        let tick = self.config.timing.tick;
        let at = deadline.max(self.now).rounded_up_to(tick);
        let alarm = &mut self.alarms[node.index()];
        // An alarm that rings too early sets itself anew; only one that would be late is replaced.
        if alarm.is_none_or(|set| at < set) {
            *alarm = Some(at);
            self.queue.push(at, Event::Alarm(node));
        }
    }

    /// One node handles one input, in a turn of its own.
    fn act(&mut self, node: NodeId, input: Input, received: Option<MessageId>) {
        let at = node.index();
        let Process::Up(server) = &mut self.processes[at] else { return };
        let (now, detail, journal) = (self.now, self.journal.detail(), &mut self.journal);
        let ended = take_turn_of(
            server,
            now,
            detail,
            &mut self.crash_points[at],
            |steps| _ = steps.make(input, received),
            |entry| journal.enter(now, entry),
        );
        match ended {
            Ended::Crashed(point) => self.go_down(node, point),
            Ended::Saved { first_message, mut sendable, answers } => {
                for (ticket, answer) in answers {
                    if let Some(asked) = self.asked.get_mut(&ticket) {
                        asked.outcome = Some(Ok(answer));
                        self.outcomes += 1;
                    }
                }
                for (nth, envelope) in sendable.drain_messages().enumerate() {
                    self.send(Flight { id: MessageId(first_message.0 + nth as u64), envelope });
                }
                if let Process::Up(server) = &mut self.processes[at] {
                    server.recycle(sendable);
                }
                self.set_alarm(node);
            }
        }
    }

    fn send(&mut self, flight: Flight) {
        let Envelope { from, to, .. } = flight.envelope;
        if self.manual {
            self.held.push(Held { flight, delivered: false });
            return;
        }
        match self.network.fate(from, to, &mut self.rng) {
            Fate::Cut => self.lose(&flight, Loss::Cut),
            Fate::Dropped => self.lose(&flight, Loss::Dropped),
            Fate::Delivered(latency) => self.queue.push(self.now + latency, Event::Arrive(flight)),
            Fate::Duplicated(latency, again) => {
                self.journal.deed(self.now, &Deed::Duplicated { message: flight.id });
                self.queue.push(self.now + latency, Event::Arrive(flight.clone()));
                self.queue.push(self.now + again, Event::Arrive(flight));
            }
        }
    }

    fn lose(&mut self, flight: &Flight, why: Loss) {
        let Envelope { from, to, .. } = flight.envelope;
        self.journal.deed(self.now, &Deed::Lost { message: flight.id, from, to, why });
    }

    fn go_down(&mut self, node: NodeId, point: CrashPoint) {
        let at = node.index();
        let down = Process::Down(Disk::default());
        if let Process::Up(server) = std::mem::replace(&mut self.processes[at], down) {
            self.processes[at] = Process::Down(server.crash());
        }
        self.crash_points[at] = None;
        self.alarms[at] = None;
        self.journal.deed(self.now, &Deed::Crash { node, point });
    }

    /// Hands one command to a node and returns the claim to its answer.
    pub fn ask(&mut self, node: NodeId, command: Command) -> Ticket {
        let ticket = Ticket(self.tickets);
        self.tickets += 1;
        let deed = Deed::Asked { ticket, node, command: command.clone() };
        self.journal.deed(self.now, &deed);
        let promised = match &mut self.processes[node.index()] {
            Process::Up(server) => server.expect_answers(&[ticket]).map_err(|no| no.leader),
            Process::Down(_) => Err(None),
        };
        let outcome = promised.err().map(Err);
        let refused = outcome.is_some();
        self.outcomes += u64::from(refused);
        self.asked.insert(ticket, Asked { node, outcome });
        if !refused {
            self.act(node, Input::Propose(vec![command]), None);
        }
        ticket
    }

    /// What became of a command, which is forgotten by this if there is an outcome.
    pub fn take_outcome(&mut self, ticket: Ticket) -> Option<Result<Answer, Option<NodeId>>> {
        self.asked.get(&ticket)?.outcome.as_ref()?;
        self.asked.remove(&ticket)?.outcome
    }

    /// Gives up waiting for an answer.
    pub fn forget(&mut self, ticket: Ticket) {
        self.asked.remove(&ticket);
    }

    /// Messages on their way: those that wait for a hand, then by the time of their arrival.
    pub fn in_flight(&self) -> Vec<&Flight> {
        let waiting = self.held.iter().filter(|held| !held.delivered).map(|held| &held.flight);
        waiting.chain(self.queue.flights()).collect()
    }

    /// Finds a message by name. Under manual control it is the newest but `nth` of its kind between
    /// these nodes, whether it arrived before or not; otherwise the one that would arrive first.
    fn find_message(&mut self, name: MessageName, keep: bool) -> Option<Flight> {
        let wanted = |flight: &Flight| name.matches(&flight.envelope);
        if !self.manual {
            return self.queue.take_flight(wanted);
        }
        let mut matching =
            self.held.iter().enumerate().rev().filter(|(_, held)| wanted(&held.flight));
        let (at, _) = matching.nth(name.nth_newest)?;
        self.held[at].delivered = true;
        Some(if keep { self.held[at].flight.clone() } else { self.held.remove(at).flight })
    }

    /// Every message that was sent under manual control, delivered or not, oldest first.
    pub fn sent(&self) -> impl Iterator<Item = &Flight> {
        self.held.iter().map(|held| &held.flight)
    }

    /// Loses every message that is on its way.
    pub fn lose_all(&mut self) {
        for flight in self.queue.take_all_flights() {
            self.lose(&flight, Loss::Dropped);
        }
    }

    /// Calls off every crash that was to come within a node's next step.
    pub fn cancel_crashes(&mut self) {
        self.crash_points.fill(None);
    }

    /// How many messages of the same name wait under manual control that are newer than `id`.
    pub fn newer_than(&self, name: MessageName, id: MessageId) -> usize {
        let newer = |held: &&Held| held.flight.id > id && name.matches(&held.flight.envelope);
        self.held.iter().filter(newer).count()
    }

    /// Stops timers and links until they are given back: messages wait to be delivered by name, and
    /// nodes stand when they are told to.
    fn set_manual(&mut self, manual: bool) {
        self.manual = manual;
        if manual {
            let on_their_way = self.queue.take_all_flights();
            self.held
                .extend(on_their_way.into_iter().map(|flight| Held { flight, delivered: false }));
            return;
        }
        for held in std::mem::take(&mut self.held) {
            if !held.delivered {
                self.send(held.flight);
            }
        }
        for node in NodeId::all(self.config.settings.nodes) {
            self.set_alarm(node);
        }
    }

    /// A running node.
    pub fn server(&self, node: NodeId) -> Option<&Server> {
        match &self.processes[node.index()] {
            Process::Up(server) => Some(server),
            Process::Down(_) => None,
        }
    }

    /// How a node stands.
    pub fn status_of(&self, node: NodeId) -> NodeStatus {
        match &self.processes[node.index()] {
            Process::Up(server) => NodeStatus::of(server),
            Process::Down(disk) => NodeStatus::down(node, disk),
        }
    }

    /// What the links are like.
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// The order of things and its checker.
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// How the world was set up.
    pub const fn config(&self) -> &SimConfig {
        &self.config
    }

    /// Events that have happened.
    pub const fn handled(&self) -> u64 {
        self.handled
    }
}
