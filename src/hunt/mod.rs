//! Looks for a run in which Raft fails.
//!
//! Each seed is three games: a random walk of single moves, a walk in whole exchanges, and a world
//! with clocks, clients and drawn faults, which ends in a calm (see [`walk`],
//! [`stints`], [`trial`], [`calm`]).
//! What is found is written down as a [`schedule`] of named moves and made short ([`shrink`]).
//!
//! A hunt on the intact core is a soak test: it must find nothing. A hunt with a rule broken must
//! find something, or the checks are blind.

pub mod aim;
pub mod calm;
pub mod clients;
pub mod hand;
pub mod panels;
pub mod parting;
pub mod recorder;
pub mod schedule;
pub mod shrink;
pub mod stints;
pub mod trial;
pub mod vigil;
pub mod walk;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::check::{self, Tier};
use crate::raft::{Property, Rule, RuleSet};
use aim::{Aim, Fallen};
use schedule::Schedule;
use trial::Finding;

/// The moves of a walk.
const WALK: usize = 300;

/// What to hunt for, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Hunt {
    /// The rules of the nodes.
    pub rules: RuleSet,
    /// The first seed.
    pub first: u64,
    /// How many seeds at most.
    pub seeds: u64,
    /// How long at most.
    pub within: Option<Duration>,
    /// How many threads.
    pub jobs: usize,
    /// With how many catches it ends.
    pub enough: usize,
}

/// How far a hunt is; shared with whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Seeds that were played.
    pub seeds: AtomicU64,
    /// Simulated time, in microseconds.
    pub simulated: AtomicU64,
    /// Faults that were done.
    pub faults: AtomicU64,
    /// Runs in which something fell.
    pub caught: AtomicU64,
    /// Set to end the hunt.
    pub stop: AtomicBool,
}

/// A run in which something fell.
#[derive(Clone, PartialEq, Debug)]
pub struct Catch {
    /// Its seed.
    pub seed: u64,
    /// How long after the beginning of the hunt it was found.
    pub after: Duration,
    /// What fell.
    pub finding: Finding,
    /// Its moves, if it is a schedule: all of them. A stall is about time and has none.
    pub raw: Option<Schedule>,
}

/// What a hunt came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Bag {
    /// What was caught, by seed.
    pub catches: Vec<Catch>,
    /// How long it took.
    pub took: Duration,
}

/// What counts as the fall of a rule: what a reader of the paper would call a failure, where the
/// rule protects something of that kind.
#[must_use]
pub fn aim_of(rules: RuleSet) -> Aim {
    let mut broken = rules.broken();
    match (broken.next(), broken.next()) {
        (Some(rule), None) => match rule.protects() {
            Property::Liveness | Property::Monotonicity => Aim::Only(rule.protects()),
            _ => Aim::Visible,
        },
        _ => Aim::Anything,
    }
}

impl Hunt {
    /// How far to look for more, when `seed` is the first catch.
    const fn worth_waiting_until(&self, seed: u64) -> u64 {
        seed.saturating_add((seed - self.first).saturating_mul(3)).saturating_add(1000)
    }

    /// Hunts.
    pub fn run(&self, progress: &Progress) -> Bag {
        let began = Instant::now();
        let aim = aim_of(self.rules);
        let next = AtomicU64::new(self.first);
        // The first catch says how rare they are: it is not worth waiting for ever for more.
        let end = AtomicU64::new(self.first.saturating_add(self.seeds));
        let late = || self.within.is_some_and(|within| began.elapsed() >= within);
        let work = || {
            let mut catches = Vec::new();
            while !progress.stop.load(Ordering::Relaxed) && !late() {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= end.load(Ordering::Relaxed) {
                    break;
                }
                if let Some((finding, raw)) = play(seed, self.rules, aim, progress) {
                    end.fetch_min(self.worth_waiting_until(seed), Ordering::Relaxed);
                    catches.push(Catch { seed, after: began.elapsed(), finding, raw });
                    let caught = progress.caught.fetch_add(1, Ordering::Relaxed) + 1;
                    if caught >= self.enough as u64 {
                        progress.stop.store(true, Ordering::Relaxed);
                    }
                }
                progress.seeds.fetch_add(1, Ordering::Relaxed);
            }
            catches
        };
        let mut catches: Vec<Catch> = thread::scope(|scope| {
            let mut threads = Vec::new();
            threads.extend((0..self.jobs.max(1)).map(|_| scope.spawn(work)));
            // A thread that panicked has said so on standard error; the others' catches count.
            threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
        });
        catches.sort_by_key(|found| found.seed);
        // Every seed below a catch was played to its end. So what is kept is the same whatever the
        // number of threads, as long as time did not end the hunt.
        if let Some(first) = catches.first() {
            let end = self.worth_waiting_until(first.seed);
            catches.retain(|found| found.seed < end);
            catches.truncate(self.enough);
        }
        Bag { catches, took: began.elapsed() }
    }
}

/// Plays the three games of a seed until something falls.
fn play(
    seed: u64,
    rules: RuleSet,
    aim: Aim,
    progress: &Progress,
) -> Option<(Finding, Option<Schedule>)> {
    if aim != Aim::Only(Property::Liveness) {
        for (walked, fallen) in [walk::walk(seed, rules, aim, WALK), stints::walk(seed, rules, aim)]
        {
            if let Some(fallen) = fallen {
                return Some((Finding::Fallen(fallen), Some(walked)));
            }
        }
    }
    let trial = trial::trial(seed, rules, aim);
    progress.simulated.fetch_add(trial.time.as_micros(), Ordering::Relaxed);
    progress.faults.fetch_add(trial.faults, Ordering::Relaxed);
    let finding = trial.finding?;
    let raw = match &finding {
        Finding::Fallen(_) => Some(trial::record(seed, rules, aim)),
        Finding::Stalled(_) => None,
    };
    Some((finding, raw))
}

/// A counterexample, as short as it was made.
#[derive(Clone, PartialEq, Debug)]
pub struct Short {
    /// Its moves.
    pub schedule: Schedule,
    /// What falls.
    pub fallen: Fallen,
    /// Whether no shorter one exists within the bounds of an exhaustive search.
    pub proven: bool,
}

/// Makes the catches short, side by side, and keeps the shortest.
#[must_use]
pub fn shortest(bag: &Bag, rules: RuleSet) -> Option<Short> {
    let aim = aim_of(rules);
    let short = |raw: &Schedule| {
        let schedule = shrink::shrink(raw, aim);
        let fallen = schedule.play(aim).fallen?;
        Some(Short { schedule, fallen, proven: false })
    };
    thread::scope(|scope| {
        let mut threads = Vec::new();
        let raws = bag.catches.iter().filter_map(|found| found.raw.as_ref());
        threads.extend(raws.map(|raw| scope.spawn(|| short(raw))));
        let shorts = threads.into_iter().filter_map(|thread| thread.join().ok().flatten());
        shorts.min_by_key(|short| short.schedule.moves.len())
    })
}

/// The shorter of two counterexamples; of two equal ones that which is proven.
#[must_use]
pub fn shorter(a: Option<Short>, b: Option<Short>) -> Option<Short> {
    a.into_iter().chain(b).min_by_key(|short| (short.schedule.moves.len(), !short.proven))
}

/// Whether the intact core, in the world of the same seed, does what the broken one did not.
#[must_use]
pub fn intact_recovers(seed: u64) -> bool {
    trial::trial(seed, RuleSet::INTACT, Aim::Anything).finding.is_none()
}

/// Searches exhaustively for the shortest way to a fall in single moves. Whether that is a matter of
/// seconds, [`check::is_quick`] says.
#[must_use]
pub fn proof(rule: Rule) -> Option<Short> {
    let bounds = check::preset(rule, Tier::Messages)?;
    let moves = check::find(Some(rule), &bounds).violation?.moves;
    let rules = RuleSet::INTACT.without(rule);
    let schedule = Schedule { settings: bounds.settings(rules), moves };
    let schedule = shrink::tidy(&schedule, aim_of(rules));
    let fallen = schedule.play(aim_of(rules)).fallen?;
    Some(Short { schedule, fallen, proven: true })
}

/// How many whole exchanges the shortest way to a fall takes, if a search can tell.
#[must_use]
pub fn exchanges(rule: Rule) -> Option<usize> {
    let bounds = check::preset(rule, Tier::Exchanges)?;
    check::find(Some(rule), &bounds).violation.map(|found| found.panels.len())
}
