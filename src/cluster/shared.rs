//! What all threads of a cluster share: the journal that they write, the clock that they read, and
//! the channels between them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::client::NodeChannels;
use super::delay_queue::Delay;
use super::links::Links;
use super::registry::Registry;
use crate::network::Conditions;
use crate::panics::lock;
use crate::raft::NodeId;
use crate::record::deed::Deed;
use crate::record::journal::{Journal, Observer};
use crate::server::status::NodeStatus;
use crate::server::timing::Time;
use crate::server::turn_order::Detail;

/// The shortest real time that a client waits if the clock is fast, however short its bound is then. Also
/// the longest real time of a wait that is extended because a busy machine starves the nodes of time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Counts the cluster's time: real time since the start, `speed` times as fast.
#[derive(Clone, Copy, Debug)]
pub struct ClusterClock {
    start: Instant,
    speed: f64,
}

impl ClusterClock {
    /// A clock that starts now.
    pub fn start(speed: f64) -> Self {
        Self { start: Instant::now(), speed }
    }

    /// The cluster's time.
    pub fn now(&self) -> Time {
        Time::from_micros(self.start.elapsed().mul_f64(self.speed).as_micros() as u64)
    }

    /// The real time that a duration of the cluster's time takes.
    pub fn real(&self, duration: Duration) -> Duration {
        duration.div_f64(self.speed)
    }

    /// The two moments that limit a client's wait of `bound`: when `bound` has passed in the
    /// cluster's time, and when the client gives up. They are the same, unless the clock is fast.
    pub fn deadlines(&self, bound: Duration) -> (Instant, Instant) {
        let (now, real) = (Instant::now(), self.real(bound));
        let patience = if self.speed > 1.0 { real.max(PATIENCE) } else { real };
        (now + real, now + patience)
    }
}

/// Measures how much of a wait's time the nodes have really had.
#[derive(Debug)]
pub struct TimeHad {
    /// Each node's count of ticks when the wait began.
    since: Vec<u64>,
    /// How many ticks every node should have in the wait.
    due: u64,
    tick: Duration,
    /// The moment at which the wait ends in any case.
    last: Instant,
}

impl TimeHad {
    /// Begins a wait of this length in `real` time. Nodes look at their timers every `tick`;
    /// `since` says how often each has done so before.
    pub fn begin(real: Duration, tick: Duration, since: Vec<u64>) -> Self {
        // A tick may be in progress, and a thread that wakes up a little late does not mean that
        // the machine is busy.
        let due = (real.as_nanos() * 9 / 10 / tick.as_nanos().max(1)) as u64;
        Self { since, due: due.saturating_sub(2), tick, last: Instant::now() + real.max(PATIENCE) }
    }

    /// The new deadline for a wait whose time is over, if the machine was too busy to let every
    /// running node look at its timers as often as it should. `None` if the wait should end.
    pub fn more(&self, statuses: &[NodeStatus], ticks: &[u64]) -> Option<Instant> {
        let running = statuses.iter().filter(|status| status.up && !status.paused);
        let missing = running.map(|status| {
            let at = status.id.index();
            self.due.saturating_sub(ticks[at] - self.since[at])
        });
        let (now, missing) = (Instant::now(), missing.max().unwrap_or_default());
        let until = now + self.tick * u32::try_from(missing).unwrap_or(u32::MAX);
        (missing > 0 && now < self.last).then(|| until.min(self.last))
    }
}

/// What the threads share.
pub(super) struct Shared {
    pub(super) clock: ClusterClock,
    /// Entries that are made under one lock have the same time, and times in the journal never go back.
    journal: Mutex<Journal>,
    /// Whether there are observers. If there are none, clients do not take the journal's lock: with
    /// a thousand commands in flight that gives 1,000,000 commands/s, and 620,000 with the lock.
    pub(super) heard: bool,
    /// How much detail the observers want of the single steps of a turn.
    pub(super) detail: Detail,
    pub(super) links: Links,
    pub(super) registry: Registry,
    pub(super) channels: NodeChannels,
    /// How often each node has looked at its timers.
    ticks: Vec<AtomicU64>,
}

impl Shared {
    /// The shared state of a cluster of `size`, and the channel that the delay queue reads.
    pub(super) fn new(
        size: usize,
        conditions: Conditions,
        seed: u64,
        clock: ClusterClock,
        observers: Vec<Box<dyn Observer>>,
    ) -> (Arc<Self>, Receiver<Delay>) {
        let (links, delays) = Links::new(size, conditions, seed);
        let heard = !observers.is_empty();
        let journal = Journal::new(size, observers);
        let shared = Self {
            clock,
            heard,
            detail: journal.detail(),
            journal: Mutex::new(journal),
            links,
            registry: Registry::new(size),
            channels: NodeChannels::new(size),
            ticks: (0..size).map(|_| AtomicU64::new(0)).collect(),
        };
        (Arc::new(shared), delays)
    }

    /// Counts one look of a node at its timers.
    pub(super) fn ticked(&self, node: NodeId) {
        self.ticks[node.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// How often each node has looked at its timers.
    pub(super) fn ticks(&self) -> Vec<u64> {
        self.ticks.iter().map(|ticks| ticks.load(Ordering::Relaxed)).collect()
    }

    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        lock(&self.journal)
    }

    /// Calls `act` with the journal and the time. The clock is read under the lock, so that times in the
    /// journal never go back.
    pub(super) fn at_now<T>(&self, act: impl FnOnce(&mut Journal, Time) -> T) -> T {
        let mut journal = self.journal();
        act(&mut journal, self.clock.now())
    }

    /// Enters deeds of the world and carries them out with `act`, under one lock of the journal. No
    /// turn can be entered in between, so every later entry was made after the deeds took effect.
    pub(super) fn record<T>(
        &self,
        deeds: impl IntoIterator<Item = Deed>,
        act: impl FnOnce() -> T,
    ) -> T {
        self.at_now(|journal, now| {
            for deed in deeds {
                journal.deed(now, &deed);
            }
            act()
        })
    }
}
