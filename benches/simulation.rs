//! The number of seconds that can be simulated in one real second, with every property checked at every step.
//!
//! The simulated world is that of `benches/peer`: five nodes, 10 % loss, 1 to 10 ms latency, heartbeat
//! 50 ms, election timeout 150 to 300 ms, 10 ms tick, a command each 20 ms. Run it with
//! `cargo bench --bench simulation`, or with another number of simulated seconds:
//! `cargo bench --bench simulation -- 3600`.

use std::time::{Duration, Instant};

use raft_in_practice::network::Conditions;
use raft_in_practice::raft::NodeId;
use raft_in_practice::scenario::world::World;
use raft_in_practice::server::status::leader_of;
use raft_in_practice::server::timing::Time;
use raft_in_practice::sim::{Sim, SimConfig};

fn main() {
    let seconds = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(600);
    let config = SimConfig::new(5).seed(1).conditions(Conditions {
        drop: 0.1,
        latency_min: Duration::from_millis(1),
        latency_max: Duration::from_millis(10),
        ..Conditions::PERFECT
    });
    let began = Instant::now();
    let mut sim = Sim::new(config, Vec::new());
    let mut leader = NodeId::new(0);
    let mut lost = 0_u64;
    for tick in 1..=seconds * 50 {
        sim.run_to(Time::from_micros(tick * 20_000));
        if !sim.status_of(leader).leads() {
            leader = leader_of(&sim.status()).map_or(leader, |status| status.id);
        }
        let ticket = sim.propose(leader, &format!("SET key{}={tick}", tick % 100));
        lost += u64::from(!sim.status_of(leader).leads());
        sim.forget(ticket);
    }
    sim.run_to(Time::from_micros((seconds + 5) * 1_000_000));
    let took = began.elapsed();
    let report = sim.safety();
    assert_eq!(report.violations, [], "the intact core holds");
    println!("simulated seconds            {seconds}");
    println!("wall seconds                 {:.3}", took.as_secs_f64());
    println!("simulated s per wall s       {:.0}", seconds as f64 / took.as_secs_f64());
    println!("events                       {}", sim.handled());
    println!("events per wall s            {:.0}", sim.handled() as f64 / took.as_secs_f64());
    println!("proposed without a leader    {lost}");
    println!("committed                    {}", report.committed);
    println!("terms with a leader          {}", report.leaders);
}
