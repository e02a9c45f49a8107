//! Random faults, drawn anew for each seed, and the code that injects them.
//!
//! Every probability of a mix is itself drawn: one seed has a quiet network and many crashes, the
//! next loses every third message and has no crashes. A bug that needs one fault and the absence of
//! another is found sooner this way than with a little of every fault in every run.

use std::num::NonZeroUsize;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;

use super::{Sim, SimConfig};
use crate::network::Conditions;
use crate::raft::{NodeId, NodeSet, RuleSet, Settings};
use crate::random_draws::{Draw, generator};
use crate::scenario::world::World;
use crate::server::timing::Timing;
use crate::server::turn_order::CrashPoint;

/// The cluster of one seed, and the faults that are done to it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FaultMix {
    /// The cluster that this mix disturbs.
    pub world: SimConfig,
    /// Crashes. This and the other `u32` fields are weights, by which a fault is drawn.
    pub crash: u32,
    /// Restarts of crashed nodes.
    pub restart: u32,
    /// All nodes crash and start again at the same moment.
    pub blackout: u32,
    /// Partitions into two or three groups.
    pub partition: u32,
    /// One-way cuts.
    pub cut: u32,
    /// Healing of all links.
    pub heal: u32,
    /// Election timers that end early.
    pub election_timeout: u32,
    /// The mean time between two faults.
    pub pace: Duration,
    /// Pauses of a process. A resume has twice this weight.
    pub pause: u32,
    /// The number of clients.
    pub clients: usize,
    /// Whether the clients go on proposing after the faults have ended.
    pub load: bool,
}

impl FaultMix {
    /// Draws the mix of this seed, for nodes that keep `rules`.
    pub fn draw(seed: u64, rules: RuleSet) -> Self {
        let rng = &mut generator(seed, u64::MAX - 1);
        let sometimes = |rng: &mut ChaCha8Rng, max: usize| {
            if rng.chance(0.5) { 1 + rng.below(max) as u32 } else { 0 }
        };
        let chance = |rng: &mut ChaCha8Rng, max: f64| {
            if rng.chance(0.5) { rng.fraction() * max } else { 0.0 }
        };
        let latency_min = Duration::from_millis(rng.within(0, 4));
        let latency_max = latency_min + Duration::from_millis(rng.within(0, 29));
        let settings = Settings {
            nodes: rng.one_of([1, 2, 3, 3, 3, 4, 5, 5, 5, 6, 7]),
            rules,
            no_op: rng.chance(0.7),
            max_batch: NonZeroUsize::new(rng.below(4)),
        };
        let conditions = Conditions {
            drop: chance(rng, 0.3),
            duplicate: chance(rng, 0.5),
            latency_min,
            latency_max,
            stray: chance(rng, 0.2),
            stray_max: Duration::from_millis(rng.within(100, 1999)),
        };
        Self {
            world: SimConfig { settings, timing: Timing::PAPER, conditions, seed },
            crash: sometimes(rng, 8),
            restart: 2 + rng.below(8) as u32,
            blackout: sometimes(rng, 2),
            partition: sometimes(rng, 6),
            cut: sometimes(rng, 6),
            heal: 1 + rng.below(5) as u32,
            election_timeout: sometimes(rng, 4),
            pace: Duration::from_millis(rng.within(20, 399)),
            pause: sometimes(rng, 4),
            clients: rng.one_of([1, 4, 4, 12]),
            load: rng.chance(0.5),
        }
    }
}

/// A kind of fault.
#[derive(Clone, Copy)]
enum Fault {
    Crash,
    Restart,
    Blackout,
    Partition,
    Cut,
    Heal,
    ElectionTimeout,
    Pause,
    Resume,
}

/// Injects the faults of a mix.
#[derive(Debug)]
pub struct Chaos {
    mix: FaultMix,
    rng: ChaCha8Rng,
}

impl Chaos {
    /// The faults of this mix.
    pub fn new(mix: FaultMix) -> Self {
        Self { mix, rng: generator(mix.world.seed, u64::MAX - 2) }
    }

    /// Draws how long to wait before the next fault.
    pub fn rest(&mut self) -> Duration {
        self.mix.pace.mul_f64(self.rng.fraction() * 2.0)
    }

    /// The generator, for other code that draws from the same stream.
    pub const fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.rng
    }

    /// Does one fault, drawn by weight. Returns the node whose election timer ended early, if the fault is that.
    pub fn strike(&mut self, sim: &mut Sim) -> Option<NodeId> {
        let mix = self.mix;
        let faults = [
            (Fault::Crash, mix.crash),
            (Fault::Restart, mix.restart),
            (Fault::Blackout, mix.blackout),
            (Fault::Partition, mix.partition),
            (Fault::Cut, mix.cut),
            (Fault::Heal, mix.heal),
            (Fault::ElectionTimeout, mix.election_timeout),
            (Fault::Pause, mix.pause),
            (Fault::Resume, mix.pause * 2),
        ];
        let (fault, _) = faults[self.rng.weighted(&faults.map(|(_, weight)| weight))];
        // A fault that is not possible, such as a crash of a node that is down, is simply not done.
        let node = self.node();
        match fault {
            Fault::Crash => {
                let points = [CrashPoint::Between, CrashPoint::BeforeSave, CrashPoint::BeforeSend];
                let _ = sim.crash(node, self.rng.one_of(points));
            }
            Fault::Restart => _ = sim.restart(node),
            Fault::Blackout => blackout(sim),
            Fault::Partition => sim.partition(&self.groups()),
            Fault::Cut => {
                let to = self.node();
                if to != node {
                    sim.cut(node, to);
                }
            }
            Fault::Heal => sim.heal(),
            Fault::ElectionTimeout => {
                return sim.election_timeout(node).is_ok().then_some(node);
            }
            Fault::Pause => _ = sim.pause(node),
            Fault::Resume => _ = sim.resume(node),
        }
        None
    }

    /// Draws a node of the cluster.
    pub fn node(&mut self) -> NodeId {
        NodeId::new(self.rng.below(self.mix.world.settings.nodes) as u8)
    }

    fn groups(&mut self) -> Vec<NodeSet> {
        let mut groups = vec![NodeSet::default(); 1 + self.rng.below(2)];
        for node in NodeId::all(self.mix.world.settings.nodes) {
            let group = self.rng.below(groups.len() + 1);
            if let Some(group) = groups.get_mut(group) {
                group.insert(node);
            }
        }
        groups
    }
}

/// Crashes all nodes at the same moment, and restarts them.
fn blackout(sim: &mut Sim) {
    for node in NodeId::all(sim.size()) {
        let _ = sim.crash(node, CrashPoint::Between);
    }
    for node in NodeId::all(sim.size()) {
        let _ = sim.restart(node);
    }
}
