//! Hunts for a run in which Raft fails, one random seed after another.
//!
//! Each seed is played as three games: a random walk of single moves, a walk of successive leaderships,
//! and a world with clocks, clients and random faults, which ends in a calm (see [`walk`],
//! [`leaderships`], [`trial`], [`recovery`]).
//! A violation is written down as a [schedule](super::schedule) of named moves, which can be made short.
//!
//! A hunt on the intact core is a soak test: it must find nothing. A hunt with a rule broken must
//! find something, or the checks miss failures.

pub mod clients;
pub mod leaderships;
pub mod move_recorder;
pub mod recovery;
pub mod trial;
pub mod unneeded_elections;
pub mod walk;

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::panics::{self, lock};
use crate::raft::{Property, Rule, RuleSet};
use crate::search::objective::Objective;
use crate::search::schedule::Schedule;
use crate::search::share_out::share_out;
use trial::HuntFinding;

/// How many moves a walk draws.
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
    /// The number of catches at which it ends.
    pub enough: usize,
}

/// How far a hunt is; shared with the code that shows it.
#[derive(Debug, Default)]
pub struct HuntProgress {
    /// Seeds that were played.
    pub seeds: AtomicU64,
    /// Simulated time, in microseconds.
    pub simulated: AtomicU64,
    /// Faults that happened.
    pub faults: AtomicU64,
    /// Runs in which something was violated.
    pub caught: AtomicU64,
    /// Runs in which it could not be decided whether the clients' answers can be true.
    pub unjudged: AtomicU64,
    /// Set by the caller to end the hunt, or several hunts that share it.
    pub stop: Arc<AtomicBool>,
}

impl HuntProgress {
    /// The progress of a hunt that has not begun and ends when `stop` is set.
    pub fn until(stop: &Arc<AtomicBool>) -> Self {
        Self { stop: Arc::clone(stop), ..Self::default() }
    }

    /// Whether the caller has ended the hunt.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// A run in which something was violated.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Caught {
    /// Its seed.
    pub seed: u64,
    /// How long after the beginning of the hunt it was found.
    #[serde(skip)]
    pub after: Duration,
    /// What was violated.
    pub finding: HuntFinding,
    /// All its moves, not yet shortened. `None` for a stall, which depends on time, and for a panic.
    #[serde(skip)]
    pub raw: Option<Schedule>,
}

/// The result of a hunt.
#[derive(Clone, PartialEq, Debug)]
pub struct HuntResult {
    /// What was caught, by seed.
    pub catches: Vec<Caught>,
    /// How long it took.
    pub took: Duration,
}

/// Returns what a hunt with these rules looks for. If exactly one is broken: what a reader of the paper
/// would call a failure, or Liveness or Monotonicity if the rule protects that. Else: any property.
pub fn aim_of(rules: RuleSet) -> Objective {
    match sole_rule(rules).map(Rule::protects) {
        Some(property @ (Property::Liveness | Property::Monotonicity)) => Objective::Only(property),
        Some(_) => Objective::Visible,
        None => Objective::Anything,
    }
}

/// Returns the broken rule, if exactly one is broken.
pub fn sole_rule(rules: RuleSet) -> Option<Rule> {
    let mut broken = rules.broken();
    broken.next().filter(|_| broken.next().is_none())
}

impl Hunt {
    /// Returns how many seeds to try in all, if the first catch was the `nth` seed, counted from 0.
    const fn worth_trying(nth: u64) -> u64 {
        nth.saturating_mul(4).saturating_add(1000)
    }

    /// Hunts until there are enough catches, the seeds or the time run out, or `progress.stop` is set.
    pub fn run(&self, progress: &HuntProgress) -> HuntResult {
        let began = Instant::now();
        let objective = aim_of(self.rules);
        // The first catch shows how rare catches are, and limits how many seeds are worth trying.
        let end = AtomicU64::new(self.seeds);
        let late = || self.within.is_some_and(|within| began.elapsed() >= within);
        let enough = || progress.caught.load(Ordering::Relaxed) >= self.enough as u64;
        let goes_on = |&nth: &u64| {
            !enough() && !progress.is_stopped() && !late() && nth < end.load(Ordering::Relaxed)
        };
        // No seed follows the largest number.
        let seeds =
            (0..).take_while(goes_on).map_while(|nth| Some((nth, self.first.checked_add(nth)?)));
        let catches = Mutex::new(Vec::new());
        share_out(self.jobs, seeds, |(nth, seed)| {
            if let Some((finding, raw)) = caught(|| play(seed, self.rules, objective, progress)) {
                end.fetch_min(Self::worth_trying(nth), Ordering::Relaxed);
                lock(&catches).push(Caught { seed, after: began.elapsed(), finding, raw });
                progress.caught.fetch_add(1, Ordering::Relaxed);
            }
            progress.seeds.fetch_add(1, Ordering::Relaxed);
        });
        let mut catches = std::mem::take(&mut *lock(&catches));
        catches.sort_by_key(|found| found.seed);
        // Every seed below a catch was played to its end. So what is kept does not depend on the
        // number of threads, unless time ended the hunt.
        if let Some(first) = catches.first() {
            let enough = Self::worth_trying(first.seed - self.first);
            catches.retain(|found| found.seed - self.first < enough);
            catches.truncate(self.enough);
        }
        HuntResult { catches, took: began.elapsed() }
    }
}

/// What was found in a seed, and its moves if it is a schedule.
type Found = Option<(HuntFinding, Option<Schedule>)>;

/// Returns what `play` finds; a panic is a finding too.
pub fn caught(play: impl FnOnce() -> Found) -> Found {
    // The cluster is thrown away, so no code sees the state in which the panic left it.
    panic::catch_unwind(AssertUnwindSafe(play))
        .unwrap_or_else(|panic| Some((HuntFinding::Panicked(panics::words(&*panic)), None)))
}

/// Plays the three games of a seed until something is violated.
fn play(seed: u64, rules: RuleSet, objective: Objective, progress: &HuntProgress) -> Found {
    if objective != Objective::Only(Property::Liveness) {
        let walk = walk::walk(seed, rules, objective, WALK);
        progress.unjudged.fetch_add(u64::from(walk.unjudged), Ordering::Relaxed);
        for (walked, violated) in
            [(walk.schedule, walk.violated), leaderships::walk(seed, rules, objective)]
        {
            if let Some(violated) = violated {
                return Some((HuntFinding::Violated(violated), Some(walked)));
            }
        }
    }
    let trial = trial::trial(seed, rules, objective);
    progress.unjudged.fetch_add(u64::from(trial.unjudged), Ordering::Relaxed);
    progress.simulated.fetch_add(trial.time.as_micros(), Ordering::Relaxed);
    progress.faults.fetch_add(trial.faults, Ordering::Relaxed);
    let finding = trial.finding?;
    let raw = match &finding {
        HuntFinding::Violated(_) => Some(trial::record(seed, rules, objective)),
        HuntFinding::Stalled(_) | HuntFinding::Panicked(_) => None,
    };
    Some((finding, raw))
}

/// Whether the intact core passes the trial of this seed, in which the core with a broken rule stalled.
pub fn intact_recovers(seed: u64) -> bool {
    trial::trial(seed, RuleSet::INTACT, Objective::Anything).finding.is_none()
}
