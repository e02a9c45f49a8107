//! One seed's world: a cluster with clocks, clients and random faults, then a calm in which it has
//! to recover.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::clients::Clients;
use super::move_recorder::MoveRecorder;
use super::recovery::{self, Stall};
use super::unneeded_elections::UnneededElections;
use serde::Serialize;

use crate::panics::lock;
use crate::properties::linearizability::Judgement;
use crate::raft::{Property, RuleSet};
use crate::random_draws::Draw;
use crate::record::journal::Observer;
use crate::scenario::world::World;
use crate::search::objective::{Objective, Violated};
use crate::search::schedule::Schedule;
use crate::server::timing::Time;
use crate::sim::{Chaos, FaultMix, Sim};

/// How long the phase with faults lasts.
const STORM: Duration = Duration::from_secs(4);

/// What a trial found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HuntFinding {
    /// A safety property was violated, or the clients saw something impossible.
    Violated(Violated),
    /// The cluster did not recover, or disturbed itself without need.
    Stalled(Stall),
    /// The program panicked with this message: no property was violated, but the seed could not be judged.
    Panicked(String),
}

impl HuntFinding {
    /// Which property was violated, if one was.
    pub const fn property(&self) -> Option<Property> {
        match self {
            Self::Violated(violated) => Some(violated.property()),
            Self::Stalled(_) => Some(Property::Liveness),
            Self::Panicked(_) => None,
        }
    }
}

/// The result of a trial.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trial {
    /// Simulated time.
    pub time: Time,
    /// How many faults happened.
    pub faults: u64,
    /// What was found, if something was.
    pub finding: Option<HuntFinding>,
    /// Whether it could not be decided if the clients' answers can be true.
    pub unjudged: bool,
}

/// Plays the world of `seed`.
pub fn trial(seed: u64, rules: RuleSet, objective: Objective) -> Trial {
    play(seed, rules, objective, Vec::new())
}

/// Plays the world of `seed` again and records its moves.
pub fn record(seed: u64, rules: RuleSet, objective: Objective) -> Schedule {
    let recorder = Arc::new(Mutex::new(MoveRecorder::default()));
    let settings = FaultMix::draw(seed, rules).world.settings;
    let _ = play(seed, rules, objective, vec![Box::new(Arc::clone(&recorder))]);
    let moves = std::mem::take(&mut lock(&recorder).moves);
    Schedule { settings, moves }
}

fn play(
    seed: u64,
    rules: RuleSet,
    objective: Objective,
    mut observers: Vec<Box<dyn Observer>>,
) -> Trial {
    let mix = FaultMix::draw(seed, rules);
    let election_min = mix.world.timing.election_min;
    let unneeded = Arc::new(Mutex::new(UnneededElections::new(election_min)));
    observers.push(Box::new(Arc::clone(&unneeded)));
    let mut sim = Sim::new(mix.world, observers);
    let mut chaos = Chaos::new(mix);
    let mut clients = Clients::new(mix);
    let mut faults = 0;
    let storm_ends = Time::ZERO + STORM;
    let mut strikes = sim.now() + chaos.rest();
    let mut found = None;
    while sim.now() < storm_ends && found.is_none() {
        let until = strikes.min(clients.next_move());
        sim.run_to(until);
        if until == strikes {
            let struck = chaos.strike(&mut sim);
            lock(&unneeded).excuse(struck, sim.now());
            faults += 1;
            strikes = sim.now() + chaos.rest();
        }
        clients.act(&mut sim);
        found = objective.met_by(sim.journal().checker());
    }
    let mut finding = found.map(HuntFinding::Violated);
    let mut unjudged = false;
    if finding.is_none() {
        let deaf = chaos.rng().chance(0.3);
        let blackout = chaos.rng().chance(0.3);
        let ended = recovery::recover(&mut sim, &mut clients, &unneeded, deaf, blackout);
        finding = objective.met_by(sim.journal().checker()).map(HuntFinding::Violated);
        if finding.is_none() && objective.is_met_by(Property::Liveness) {
            let disturbed = lock(&unneeded).found.map(Stall::UnneededElection);
            finding = ended.err().or(disturbed).map(HuntFinding::Stalled);
        }
        if finding.is_none() && objective.is_met_by(Property::Linearizability) {
            let clients = clients.judge(&sim);
            unjudged = matches!(clients, Judgement::NotJudged(_));
            finding = objective.met_by_clients(clients).map(HuntFinding::Violated);
        }
    }
    Trial { time: sim.now(), faults, finding, unjudged }
}
