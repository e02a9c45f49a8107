//! Five nodes in virtual time: an election, a write, the leader's crash, and what is left of it.
//!
//! The simulator runs the servers that the threaded cluster runs, on one thread, from one seed. A
//! minute of their time is a moment of yours. Run it with `cargo run --example simulated_cluster`;
//! the seed is the first argument.

use std::time::Duration;

use raft_in_practice::scenario::world::World;
use raft_in_practice::server::turn_order::CrashPoint;
use raft_in_practice::sim::{Sim, SimConfig};

const BOUND: Duration = Duration::from_mins(1);

fn main() {
    let seed = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(1);
    let mut sim = Sim::new(SimConfig::new(5).seed(seed), Vec::new());
    let first = sim.wait_for_leader(BOUND).expect("five nodes elect a leader");
    let entry = sim.write("SET x=1", BOUND).expect("it is applied");
    println!("{first} leads, and has committed x=1 as entry {entry} after {} s", sim.now());

    sim.crash(first, CrashPoint::Between).expect("it was up");
    let second = sim.wait_for_leader(BOUND).expect("four of five are a majority");
    let entry = sim.write("SET x=2", BOUND).expect("it is applied");
    println!("{second} leads, and has committed x=2 as entry {entry} after {} s", sim.now());

    sim.restart(first).expect("it was down");
    let caught_up = |sim: &Sim| sim.machine(first).is_some_and(|store| store.get("x") == Some("2"));
    assert!(sim.run_until(BOUND, caught_up), "the old leader catches up");
    assert!(sim.safety().violations.is_empty(), "no property has fallen");
}
