//! The speed of the threaded cluster, with one client that waits for each answer, and with one that
//! keeps 1,024 commands in flight.
//!
//! This is a plain program, because no bench harness reports what matters here: the percentiles of
//! single waits on several threads, and a rate with a window. Each figure is the median of several
//! rounds, with the range, because it depends more on the scheduler than on the code.
//!
//! `cargo bench --bench cluster [-- closed|pipelined] [ROUNDS]`

use std::time::{Duration, Instant};

use raft_in_practice::cluster::{ClusterConfig, RaftCluster};
use raft_in_practice::raft::{Command, NodeId};
use raft_in_practice::scenario::world::World;
use raft_in_practice::server::timing::Timing;

const NODES: usize = 5;
const CLOSED: usize = 20_000;
const PIPELINED: usize = 200_000;
const IN_FLIGHT: usize = 1024;
const BOUND: Duration = Duration::from_mins(1);

fn main() {
    // `cargo bench` passes `--bench`; the first number is the number of rounds.
    let rounds = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(5);
    let wanted = |name| !["closed", "pipelined"].iter().any(|other| *other != name && asked(other));
    println!("{NODES} nodes, quiet links, 16-byte commands; median of {rounds} rounds [range]");
    if wanted("closed") {
        let closed: Vec<_> = (0..rounds).map(|_| closed_loop()).collect();
        let of = |pick: fn(&Closed) -> f64| spread(closed.iter().map(pick).collect());
        println!("closed loop, {CLOSED} commands");
        println!("  p50        {} µs", of(|round| round.p50));
        println!("  p99        {} µs", of(|round| round.p99));
        println!("  rate       {} commands/s", of(|round| round.rate));
    }
    if wanted("pipelined") {
        println!("pipelined, {PIPELINED} commands, {IN_FLIGHT} in flight");
        println!("  rate       {} commands/s", spread((0..rounds).map(|_| pipelined()).collect()));
    }
}

struct Closed {
    p50: f64,
    p99: f64,
    rate: f64,
}

fn asked(name: &str) -> bool {
    std::env::args().skip(1).any(|arg| arg == name)
}

fn cluster() -> (RaftCluster, NodeId) {
    // The timeouts are long, because the bench measures replication and not elections.
    let config = ClusterConfig { timing: Timing::WATCHABLE, ..ClusterConfig::new(NODES) };
    let mut cluster = RaftCluster::start(config).expect("the cluster starts");
    cluster.election_timeout(NodeId::new(0)).expect("it is up");
    let leader = cluster.wait_for_leader(BOUND).expect("a leader");
    (cluster, leader)
}

fn command(number: usize) -> Command {
    Command::new(format!("{number:016}"))
}

fn closed_loop() -> Closed {
    let (cluster, leader) = cluster();
    let client = cluster.client();
    let start = Instant::now();
    let mut micros: Vec<_> = (0..CLOSED)
        .map(|number| {
            let asked = Instant::now();
            client.write_to(leader, command(number), BOUND).expect("it is applied");
            asked.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    let rate = CLOSED as f64 / start.elapsed().as_secs_f64();
    finish(cluster, CLOSED);
    micros.sort_by(f64::total_cmp);
    Closed { p50: micros[CLOSED / 2], p99: micros[CLOSED * 99 / 100], rate }
}

fn pipelined() -> f64 {
    let (cluster, leader) = cluster();
    let client = cluster.client();
    let start = Instant::now();
    for number in 0..PIPELINED + IN_FLIGHT {
        if number >= IN_FLIGHT {
            client.next(BOUND).expect("an answer").1.expect("it is applied");
        }
        if number < PIPELINED {
            client.propose(leader, command(number));
        }
    }
    let rate = PIPELINED as f64 / start.elapsed().as_secs_f64();
    finish(cluster, PIPELINED);
    rate
}

/// Ends a run and checks that it was correct. The figures of any other run would mean nothing.
fn finish(mut cluster: RaftCluster, commands: usize) {
    let report = cluster.safety();
    assert_eq!(report.violations, []);
    assert!(report.committed >= commands as u64);
    cluster.stop().expect("no thread panicked");
}

fn spread(mut figures: Vec<f64>) -> String {
    figures.sort_by(f64::total_cmp);
    let show = |figure: f64| format!("{figure:.*}", usize::from(figure < 1000.0));
    let middle = figures[figures.len() / 2];
    format!("{:>9} [{}–{}]", show(middle), show(figures[0]), show(figures[figures.len() - 1]))
}
