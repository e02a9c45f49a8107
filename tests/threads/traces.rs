//! The order in which threads run is random, but a threaded run depends only on its inputs. Given to the same
//! core on one thread, in the order of the journal, they give the same result at every step.
//!
//! The story runs twenty to fifty times as fast here, several at once. Each wait is for a condition, with a
//! bound far above the usual time, so a busy machine makes these tests slower but not wrong.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::memory_file::MemoryFile;
use raft_in_practice::cluster::{ClusterConfig, RaftCluster};
use raft_in_practice::network::Conditions;
use raft_in_practice::properties::report::SafetyReport;
use raft_in_practice::raft::Property;
use raft_in_practice::record::journal::Observer;
use raft_in_practice::record::{Clock, TraceWriter, replay};
use raft_in_practice::scenario::library::SHIPPED;
use raft_in_practice::scenario::run::Runner;
use raft_in_practice::scenario::script::Script;
use raft_in_practice::scenario::world::World;

/// How many clusters run at once: enough for the nodes to disturb each other.
const AT_ONCE: usize = 8;

/// The properties that are checked with every step. The others are also checked for each report, and a script
/// asks for more reports than a replay.
const OF_STEPS: [Property; 6] = [
    Property::ElectionSafety,
    Property::LeaderAppendOnly,
    Property::LeaderCompleteness,
    Property::VoteUniqueness,
    Property::DurableQuorum,
    Property::Monotonicity,
];

/// The shipped scenario of this name, with this seed.
fn shipped(name: &str, seed: u64) -> Script {
    let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name).expect("it ships");
    Script { seed, ..Script::parse(name, text).expect("it reads") }
}

/// Runs a script on threads, then its trace on one thread. The error says what is wrong.
fn run_and_replay(script: &Script, speed: f64) -> Result<(), String> {
    let name = format!("{}, seed {}, speed {speed}", script.name, script.seed);
    let paper = MemoryFile::default();
    let header = script.header(Clock::Threads { speed });
    let writer = TraceWriter::new(paper.clone(), &header);
    let observers: Vec<Box<dyn Observer>> = vec![Box::new(writer.clone())];
    let config = ClusterConfig { speed, observers, ..ClusterConfig::of(script) };
    let cluster = RaftCluster::start(config).map_err(|error| format!("{name}: {error}"))?;
    let mut silent = ();
    let mut runner = Runner::new(cluster, &mut silent);
    let ended = runner.run(&script.lines);
    let mut cluster = runner.into_world();
    let live = World::safety(&mut cluster);
    cluster.stop().map_err(|error| format!("{name}: {error}"))?;
    writer.finish().map_err(|error| format!("{name}: {error}"))?;

    ended.map_err(|failure| format!("{name}: {failure:?}"))?;
    if !live.violations.is_empty() {
        return Err(format!("{name}: {:?}", live.violations));
    }
    let replayed = replay(&paper.bytes()[..], |_| Vec::new(), None);
    let replayed = replayed.map_err(|error| format!("{name}: {error}"))?;
    let again = &replayed.safety;
    let checks = |report: &SafetyReport, property| {
        report.checks.iter().find(|(checked, _)| *checked == property).map_or(0, |found| found.1)
    };
    // The nodes kept running for a moment between the report and the end, so the replay may have more.
    let as_live = again.violations.is_empty()
        && again.committed >= live.committed
        && again.leaders >= live.leaders
        && again.steps >= live.steps
        && OF_STEPS.iter().all(|&property| {
            let live = checks(&live, property);
            live > 0 && checks(again, property) >= live
        });
    if !as_live {
        return Err(format!("{name}: live {live:?}, replayed {again:?}"));
    }
    Ok(())
}

/// Does so for all of these scripts, several at once.
fn all(scripts: &[(Script, f64)]) {
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((script, speed)) = scripts.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    if let Err(sentence) = run_and_replay(script, *speed) {
                        wrong.lock().unwrap_or_else(PoisonError::into_inner).push(sentence);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), scripts.len());
}

#[test]
fn the_story_on_threads_replays_with_the_digest_of_every_step() {
    let speed = |seed: u64| f64::from(10 + (seed % 31) as u32);
    let scripts: Vec<_> = (0..50).map(|seed| (shipped("demo", seed), speed(seed))).collect();
    all(&scripts);
}

#[test]
fn the_story_on_bad_links_replays_too() {
    let bad = |seed| {
        let mut script = shipped("demo", seed);
        script.conditions = Conditions {
            drop: 0.1,
            duplicate: 0.1,
            latency_min: Duration::from_millis(1),
            latency_max: Duration::from_millis(20),
            ..Conditions::PERFECT
        };
        (script, 20.0)
    };
    all(&(0..10).map(bad).collect::<Vec<_>>());
}

#[test]
fn every_scenario_for_threads_passes_on_threads_and_replays() {
    let names = SHIPPED.iter().map(|(name, _)| *name);
    let seeded = names.flat_map(|name| (1..=3).map(move |seed| shipped(name, seed)));
    let scripts: Vec<_> =
        seeded.filter(|script| script.on_threads).map(|script| (script, 20.0)).collect();
    assert!(scripts.len() >= 3 * 3, "several scenarios run on threads");
    all(&scripts);
}
