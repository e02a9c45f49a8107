//! The clock of a cluster on threads, and how long a wait goes on for nodes that a busy machine does not run.

use std::time::{Duration, Instant};

use raft_in_practice::cluster::{ClusterClock, TimeHad};
use raft_in_practice::server::Disk;
use raft_in_practice::server::status::NodeStatus;
use raft_in_practice::server::timing::Time;

use crate::common::id;

#[test]
fn a_fast_clock_shortens_a_wait_but_not_below_the_patience() {
    let second = Duration::from_secs(1);
    let clock = ClusterClock::start(10.0);
    assert_eq!(clock.real(second), Duration::from_millis(100));
    let (bound, patience) = clock.deadlines(second);
    assert!(patience - bound > Duration::from_secs(4));
    let (bound, patience) = clock.deadlines(100 * second);
    assert_eq!(bound, patience);
    let (bound, patience) = ClusterClock::start(1.0).deadlines(second);
    assert_eq!(bound, patience, "in real time a wait is as long as it says");
}

/// No thread runs here, so a node that counts as up looks like one that the machine does not run.
#[test]
fn a_wait_goes_on_for_nodes_that_had_no_time_and_for_no_others() {
    let clock = ClusterClock::start(10.0);
    let tick = Duration::from_millis(10);
    let begin = |bound, since: [u64; 2]| TimeHad::begin(clock.real(bound), tick, since.to_vec());
    let down = |number| NodeStatus::down(id(number), &Disk::default());
    let starved = begin(Duration::from_secs(1), [0, 0]);
    assert_eq!(starved.more(&[down(0), down(1)], &[0, 0]), None, "no node is up");
    let up = [down(0), NodeStatus { up: true, ..down(1) }];
    assert!(starved.more(&up, &[0, 0]).is_some());
    assert_eq!(starved.more(&up, &[0, 7]), None, "seven ticks of ten are near enough");
    let short = begin(Duration::from_millis(100), [0, 7]);
    assert_eq!(short.more(&up, &[0, 7]), None, "nor does it go on for one tick");
    let paused = [down(0), NodeStatus { paused: true, ..up[1] }];
    let wait = begin(Duration::from_secs(1), [0, 7]);
    assert_eq!(wait.more(&paused, &[0, 7]), None, "nor for one that is paused");
}

#[test]
fn the_clusters_time_runs_as_fast_as_it_is_told_to() {
    let start = Instant::now();
    let fast = ClusterClock::start(1000.0).now();
    let slow = ClusterClock::start(1.0).now();
    let took = start.elapsed();
    assert!(slow <= Time::ZERO + took && fast <= Time::ZERO + took * 1000);
}
