//! A cluster leaves no thread behind. This is a test binary of its own with a single test, because it
//! counts the threads of the whole process.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};
use std::{fs, thread};

use raft_in_practice::cluster::{ClusterConfig, RaftCluster};
use raft_in_practice::raft::NodeId;
use raft_in_practice::record::deed::Deed;
use raft_in_practice::record::journal::{Batch, Observer};
use raft_in_practice::scenario::world::{CannotDo, World};
use raft_in_practice::server::timing::Time;
use raft_in_practice::server::turn_order::CrashPoint;

fn threads() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").expect("the kernel lists them");
    let name = |path: std::path::PathBuf| fs::read_to_string(path.join("comm")).ok();
    tasks
        .filter_map(|task| name(task.expect("an entry").path()))
        .map(|n| n.trim().to_owned())
        .collect()
}

/// Waits until the threads are as `so` demands. Returns false after 5 s. It has to wait, because the kernel
/// lists a thread a moment longer than it runs.
fn come_to_be(so: impl Fn(&[String]) -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !so(&threads()) {
        if Instant::now() > deadline {
            return false;
        }
        thread::yield_now();
    }
    true
}

/// Returns whether only these threads are left.
fn only(before: &[String]) -> bool {
    come_to_be(|now| now == before)
}

/// An observer that panics when it is told to, on the thread that tells it.
struct Explosive;

impl Observer for Explosive {
    fn batch(&mut self, batch: &Batch<'_>) {
        assert!(batch.server.node().id() != NodeId::new(1), "n1 is not to my liking");
    }

    fn deed(&mut self, _: Time, deed: &Deed) {
        assert!(!matches!(deed, Deed::Wipe { .. }), "no node leaves a disk that could be wiped");
    }
}

#[test]
fn a_stopped_or_dropped_cluster_leaves_no_thread_and_a_panic_is_reported() {
    let bound = Duration::from_secs(30);
    let before = threads();

    // With a latency the delay queue has work, and after an audit every node has run.
    let mut config = ClusterConfig::new(5);
    config.conditions.latency_max = Duration::from_millis(1);
    let mut cluster = RaftCluster::start(config).unwrap();
    assert!(cluster.wait_for_leader(bound).is_some());
    assert_eq!(cluster.safety().violations, []);
    for name in ["n0", "n4", "delay-queue"] {
        assert!(threads().iter().any(|thread| thread == name), "{name} runs: {:?}", threads());
    }
    let client = cluster.client();
    cluster.stop().unwrap();
    assert!(only(&before), "left behind: {:?}", threads());
    let refused = client.write_to(NodeId::new(0), "x", bound);
    assert!(refused.is_err(), "a client that outlives its cluster is not left waiting");

    let mut cluster = RaftCluster::start(ClusterConfig::new(3)).unwrap();
    cluster.crash(NodeId::new(2), CrashPoint::Between).unwrap();
    let three = |now: &[String]| now.len() == before.len() + 3;
    assert!(come_to_be(three), "two nodes and the delay queue: {:?}", threads());
    cluster.restart(NodeId::new(2)).unwrap();
    cluster.crash(NodeId::new(1), CrashPoint::BeforeSave).unwrap();
    let dropped = Instant::now();
    drop(cluster);
    assert!(only(&before), "left behind: {:?}", threads());
    assert!(dropped.elapsed() < Duration::from_secs(5));

    std::panic::set_hook(Box::new(|_| ()));
    let mut config = ClusterConfig::new(3);
    config.observers.push(Box::new(Explosive));
    let mut cluster = RaftCluster::start(config).unwrap();
    assert!(cluster.run_until(bound, |world| !world.status()[1].up), "a panic takes the node down");
    assert_eq!(cluster.wipe(NodeId::new(1)), Err(CannotDo::LeftNoDisk(NodeId::new(1))));
    assert!(cluster.restart(NodeId::new(1)).unwrap_err().to_string().contains("no disk"));
    assert!(cluster.wait_for_leader(bound).is_some(), "the others go on");
    let panicked = cluster.stop().unwrap_err();
    assert_eq!(panicked.to_string(), "the thread of n1 panicked: n1 is not to my liking");
    assert!(only(&before), "left behind: {:?}", threads());
}
