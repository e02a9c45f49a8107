//! Clients that send random commands, remember what they were told, and give up if no answer comes.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;

use crate::properties::linearizability::{ClientHistory, Judgement};
use crate::raft::NodeId;
use crate::random_draws::{Draw, generator};
use crate::scenario::world::World;
use crate::server::status::leader_of;
use crate::server::timing::Time;
use crate::server::{Proposal, Ticket};
use crate::sim::{FaultMix, Sim};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_millis(800);

#[derive(Clone, Debug)]
struct RandomClient {
    /// The ticket for the answer it waits for, and when it gives up.
    waits: Option<(Ticket, Time)>,
    asks_again: Time,
}

/// Some clients, and the history of what they asked and were told.
#[derive(Clone, Debug)]
pub struct Clients {
    all: Vec<RandomClient>,
    history: ClientHistory,
    rng: ChaCha8Rng,
    nodes: usize,
    load: bool,
    asked: u64,
}

impl Clients {
    /// The clients of this mix.
    pub fn new(mix: FaultMix) -> Self {
        let rng = generator(mix.world.seed, u64::MAX - 4);
        let client = RandomClient { waits: None, asks_again: Time::ZERO };
        let (all, history) = (vec![client; mix.clients], ClientHistory::default());
        Self { all, history, rng, nodes: mix.world.settings.nodes, load: mix.load, asked: 0 }
    }

    /// Lets time pass up to `until`. If the fault mix has load, the clients go on asking meanwhile.
    pub fn run_to(&mut self, sim: &mut Sim, until: Time) {
        while self.load && self.next_move() < until {
            let next = self.next_move().max(sim.now());
            sim.run_to(next);
            self.act(sim);
        }
        sim.run_to(until);
    }

    /// Returns when the next client wants to act.
    pub fn next_move(&self) -> Time {
        self.all.iter().map(|client| client.asks_again).min().unwrap_or_default()
    }

    /// Lets every client that waits look for its answer; no client sends a new command.
    pub fn look_only(&mut self, sim: &mut Sim) {
        let rest = Duration::from_millis(20);
        for at in 0..self.all.len() {
            self.all[at].asks_again = sim.now() + rest;
            if let Some((ticket, _)) = self.all[at].waits
                && self.look(sim, ticket)
            {
                self.all[at].waits = None;
            }
        }
    }

    /// Lets every client whose time has come look for its answer, or send a command.
    pub fn act(&mut self, sim: &mut Sim) {
        for at in 0..self.all.len() {
            let now = sim.now();
            if self.all[at].asks_again > now {
                continue;
            }
            let rest = Duration::from_micros(self.rng.within(1_000, 59_999));
            self.all[at].asks_again = now + rest;
            match self.all[at].waits {
                Some((ticket, until)) => {
                    if self.look(sim, ticket) {
                        self.all[at].waits = None;
                    } else if until <= now {
                        // The client never learns whether the command took effect, or still will.
                        sim.forget(ticket);
                        self.all[at].waits = None;
                    }
                }
                None => self.ask(sim, at),
            }
        }
    }

    fn ask(&mut self, sim: &mut Sim, at: usize) {
        let anyone = NodeId::new(self.rng.below(self.nodes) as u8);
        // Clients mostly know the leader; sometimes one asks a node that no longer leads, or never did.
        let to = if self.rng.chance(0.8) {
            leader_of(&sim.status()).map_or(anyone, |leader| leader.id)
        } else {
            anyone
        };
        let key = self.rng.one_of(["x", "y", "z"]);
        self.asked += 1;
        let command = match self.rng.below(10) {
            0..5 => format!("SET {key}={}", self.asked),
            5 => format!("DELETE {key}"),
            _ => format!("GET {key}"),
        };
        let called = moment(sim);
        let ticket = sim.propose(to, &command);
        self.history.asked(ticket, &command, called);
        let until = sim.now() + PATIENCE;
        if !self.look(sim, ticket) {
            self.all[at].waits = Some((ticket, until));
        }
    }

    /// Looks for an answer. Returns whether there is one.
    fn look(&mut self, sim: &mut Sim, ticket: Ticket) -> bool {
        let proposal = sim.take_proposal(ticket);
        self.history.told(ticket, &proposal, moment(sim));
        proposal != Proposal::Pending
    }

    /// Judges whether what the clients were told can be true.
    pub fn judge(&self, sim: &Sim) -> Judgement {
        self.history.judge(|told, command| sim.is_committed(told, command))
    }
}

/// Returns a number that grows with every event, and so orders calls and returns.
const fn moment(sim: &Sim) -> u64 {
    sim.handled()
}
