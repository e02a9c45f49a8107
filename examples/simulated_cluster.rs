//! Five nodes in virtual time: an election, a write, the leader's crash, and how the other four go on.
//!
//! The simulator runs the same servers as the threaded cluster, on one thread and from one seed. A minute
//! of virtual time takes only a moment. Run it with `cargo run --example simulated_cluster`.

use std::time::Duration;

use raft_in_practice::server::turn_order::CrashPoint;
use raft_in_practice::{Sim, SimConfig, World};

fn main() {
    let bound = Duration::from_mins(1);
    let mut sim = Sim::new(SimConfig::new(5).seed(1), Vec::new());
    let leader = sim.wait_for_leader(bound).expect("five nodes elect a leader");
    let entry = sim.write("SET x=1", bound).expect("it is applied");
    println!("{leader} leads, and has committed x=1 as entry {entry} after {} s", sim.now());
    sim.crash(leader, CrashPoint::Between).expect("it was up");
    let next = sim.wait_for_leader(bound).expect("four of five are a majority");
    let entry = sim.write("SET x=2", bound).expect("it is applied");
    println!("{next} leads, and has committed x=2 as entry {entry} after {} s", sim.now());
    assert!(sim.safety().violations.is_empty(), "no property was violated");
}
