//! What all threads of a cluster share: the journal that they write, the clock that they read, and
//! the ways to each other.

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
use crate::server::Server;
use crate::server::status::NodeStatus;
use crate::server::timing::Time;
use crate::server::turn_order::{Detail, JournalEntry, MessageId};

/// What a client waits at least, however short a fast clock makes it; and how long a cluster that a busy
/// machine starves of its time is waited for at most.
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

    /// How long a duration of the cluster's time really takes.
    pub fn real(&self, duration: Duration) -> Duration {
        duration.div_f64(self.speed)
    }

    /// The moments at which a client's wait of `bound` has lasted that long in the cluster's time, and at
    /// which patience ends: the same, unless the clock is fast.
    pub fn deadlines(&self, bound: Duration) -> (Instant, Instant) {
        let (now, real) = (Instant::now(), self.real(bound));
        let patience = if self.speed > 1.0 { real.max(PATIENCE) } else { real };
        (now + real, now + patience)
    }
}

/// How much of a wait the nodes have really had.
#[derive(Debug)]
pub struct TimeHad {
    /// What each node's count of ticks was at the beginning.
    since: Vec<u64>,
    /// How many ticks belong to the wait.
    due: u64,
    tick: Duration,
    /// The moment at which it is over, whatever the nodes have had.
    last: Instant,
}

impl TimeHad {
    /// A wait of so long, in real time, begins; nodes look at their timers each `tick`, and have done so
    /// this often.
    pub fn begin(real: Duration, tick: Duration, since: Vec<u64>) -> Self {
        // A tick may just be under way, and a thread that is woken a little late is no busy machine.
        let due = (real.as_nanos() * 9 / 10 / tick.as_nanos().max(1)) as u64;
        Self { since, due: due.saturating_sub(2), tick, last: Instant::now() + real.max(PATIENCE) }
    }

    /// Until when a wait goes on whose time is over, because the machine was too busy to let every
    /// node that runs look at its timers as often as belongs to it.
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
    /// What is entered under one lock happened at one moment, and the times in it never go back.
    journal: Mutex<Journal>,
    /// Whether anyone listens. If not, clients spare themselves the lock of the journal: a thousand
    /// commands in flight make 1,000,000 commands/s then, and 620,000 with it.
    pub(super) heard: bool,
    /// What the observers want to know of the single steps of a turn.
    pub(super) detail: Detail,
    pub(super) links: Links,
    pub(super) registry: Registry,
    pub(super) channels: NodeChannels,
    /// How often each node has looked at its timers.
    ticks: Vec<AtomicU64>,
}

impl Shared {
    /// What a cluster of `size` shares, and what the delay queue is to listen to.
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

    /// A node looks at its timers.
    pub(super) fn ticked(&self, node: NodeId) {
        self.ticks[node.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// How often each node has looked at them.
    pub(super) fn ticks(&self) -> Vec<u64> {
        self.ticks.iter().map(|ticks| ticks.load(Ordering::Relaxed)).collect()
    }

    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        lock(&self.journal)
    }

    /// Enters a turn that has ended. Returns the number of the first message.
    pub(super) fn enter(&self, entry: JournalEntry<'_>) -> MessageId {
        let mut journal = self.journal();
        journal.enter(self.clock.now(), entry)
    }

    /// Enters deeds of the world, and does them while no turn can be entered in between: whatever is
    /// entered after a deed has felt it.
    pub(super) fn record<T>(
        &self,
        deeds: impl IntoIterator<Item = Deed>,
        act: impl FnOnce() -> T,
    ) -> T {
        let mut journal = self.journal();
        let now = self.clock.now();
        for deed in deeds {
            journal.deed(now, &deed);
        }
        let done = act();
        drop(journal);
        done
    }

    /// Says that a node begins.
    pub(super) fn begins(&self, server: &Server) {
        let mut journal = self.journal();
        journal.begins(self.clock.now(), server);
    }

    /// Enters the restart of a node, which can receive from then on.
    pub(super) fn restarted(&self, server: &Server) {
        let mut journal = self.journal();
        journal.restarted(self.clock.now(), server);
        drop(journal);
        self.connect(server.node().id());
    }

    /// Has a server's whole log compared with what the checker saw of it. A node does this between
    /// two turns: only there its log is what the checker knows.
    pub(super) fn audit(&self, server: &Server) {
        let mut journal = self.journal();
        journal.audit(self.clock.now(), server);
    }
}
