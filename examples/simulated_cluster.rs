//! Five nodes in virtual time: an election, a write, the leader's crash, and what is left of it.
//!
//! The simulator runs the servers that the threaded cluster runs, on one thread, from one seed. A
//! minute of their time is a moment of yours. Run it with `cargo run --example simulated_cluster`;
//! the seed is the first argument.

use std::time::Duration;

use raft_in_practice::scenario::script::Script;
use raft_in_practice::scenario::world::World;
use raft_in_practice::server::engine::CrashPoint;
use raft_in_practice::server::status::{NodeStatus, leader_of};
use raft_in_practice::sim::{Sim, SimConfig};

const BOUND: Duration = Duration::from_mins(1);

fn main() {
    let seed = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(1);
    let config = SimConfig { seed, ..SimConfig::of(&Script::empty("example")) };
    let mut sim = Sim::new(config, Vec::new());

    let first = elect(&mut sim);
    println!("{} leads term {}, after {} s", first.id, first.term, sim.now());
    sim.submit(first.id, "SET x=1");
    assert!(sim.run_until(BOUND, &mut |sim| on_all(sim, "1")), "the write reaches everyone");

    sim.crash(first.id, CrashPoint::Between).expect("it was up");
    let second = elect(&mut sim);
    println!("{} leads term {}, after {} s", second.id, second.term, sim.now());
    sim.submit(second.id, "SET x=2");
    sim.restart(first.id).expect("it was down");
    assert!(sim.run_until(BOUND, &mut |sim| on_all(sim, "2")), "the old leader catches up");

    let report = sim.safety();
    println!("{} entries committed under {} leaders", report.committed, report.leaders);
    assert!(report.violations.is_empty(), "no property has fallen");
}

/// Waits for a leader.
fn elect(sim: &mut Sim) -> NodeStatus {
    sim.run_until(BOUND, &mut |sim| leader_of(&sim.status()).is_some());
    leader_of(&sim.status()).expect("a majority is up and connected")
}

/// Whether every running node has this value under `x`.
fn on_all(sim: &Sim, value: &str) -> bool {
    let up = sim.status().into_iter().filter(|status| status.up);
    up.into_iter().all(|status| sim.machine(status.id).is_some_and(|x| x.get("x") == Some(value)))
}
