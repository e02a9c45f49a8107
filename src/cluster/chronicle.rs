//! The journal that all threads write, and the clock that all threads read.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::raft::NodeId;
use crate::record::journal::{Deed, Journal, Observer};
use crate::server::engine::{CrashPoint, Detail, Entry, MessageId};
use crate::server::timing::Time;

/// A wait that a fast story makes short still lasts this long: on a busy machine the threads need
/// it, and a run must not fail because it was told quickly.
const PATIENCE: Duration = Duration::from_secs(5);

/// Locks. A thread that panicked while it held the lock does not matter here: its panic is reported
/// when the cluster stops, and until then the others go on.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts story time: real time since the start, `speed` times as fast.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Instant,
    speed: f64,
}

impl Clock {
    pub(super) fn start(speed: f64) -> Self {
        Self { start: Instant::now(), speed }
    }

    pub(super) fn now(&self) -> Time {
        Time::from_micros(self.start.elapsed().mul_f64(self.speed).as_micros() as u64)
    }

    /// How long a duration of the story really takes.
    pub(super) fn real(&self, story: Duration) -> Duration {
        story.div_f64(self.speed)
    }

    /// The moments at which a wait of `bound` has lasted that long in the story, and at which
    /// patience ends: the same, unless the story runs fast.
    pub(super) fn deadlines(&self, bound: Duration) -> (Instant, Instant) {
        let (now, real) = (Instant::now(), self.real(bound));
        let patience = if self.speed > 1.0 { real.max(PATIENCE) } else { real };
        (now + real, now + patience)
    }
}

/// The journal, shared by the threads. What is entered under one lock happened at one moment, and
/// the times in it never go back.
pub(super) struct Chronicle {
    pub(super) clock: Clock,
    journal: Mutex<Journal>,
    /// Whether anyone listens: with nobody there, the deeds of the world need no entry.
    heard: bool,
    detail: Detail,
}

impl Chronicle {
    pub(super) fn new(nodes: usize, observers: Vec<Box<dyn Observer>>, clock: Clock) -> Self {
        let heard = !observers.is_empty();
        let journal = Journal::new(nodes, observers);
        let detail = journal.detail();
        Self { clock, journal: Mutex::new(journal), heard, detail }
    }

    /// What the listeners want to know of the single steps of a batch.
    pub(super) const fn detail(&self) -> Detail {
        self.detail
    }

    pub(super) fn open(&self) -> MutexGuard<'_, Journal> {
        lock(&self.journal)
    }

    /// Enters a turn that has ended. Returns the number of the first message.
    pub(super) fn enter(&self, entry: Entry<'_>) -> MessageId {
        let mut journal = self.open();
        let now = self.clock.now();
        journal.enter(now, entry)
    }

    /// Enters deeds of the world. With nobody listening, `deeds` is not even asked.
    pub(super) fn tell(&self, deeds: impl IntoIterator<Item = Deed>) {
        self.tell_and(deeds, || ());
    }

    /// Enters deeds, and does them while no step can be entered in between: whatever is entered
    /// after a deed has felt it.
    pub(super) fn tell_and<T>(
        &self,
        deeds: impl IntoIterator<Item = Deed>,
        act: impl FnOnce() -> T,
    ) -> T {
        if !self.heard {
            return act();
        }
        let mut journal = self.open();
        let now = self.clock.now();
        for deed in deeds {
            journal.deed(now, &deed);
        }
        let done = act();
        drop(journal);
        done
    }

    /// Enters a crash, and does it, as [`tell_and`](Self::tell_and) does; the checker hears of a crash
    /// even if nobody else listens.
    pub(super) fn crash<T>(&self, node: NodeId, point: CrashPoint, act: impl FnOnce() -> T) -> T {
        let mut journal = self.open();
        journal.deed(self.clock.now(), &Deed::Crash { node, point });
        let done = act();
        drop(journal);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_story_shortens_a_wait_but_not_below_the_patience() {
        let second = Duration::from_secs(1);
        let clock = Clock::start(10.0);
        assert_eq!(clock.real(second), Duration::from_millis(100));
        let (story, patience) = clock.deadlines(second);
        assert!(patience - story > Duration::from_secs(4));
        let (story, patience) = clock.deadlines(100 * second);
        assert_eq!(story, patience);
        let (story, patience) = Clock::start(1.0).deadlines(second);
        assert_eq!(story, patience, "a story told at its own pace waits as long as it says");
    }

    #[test]
    fn story_time_runs_as_fast_as_it_is_told_to() {
        let start = Instant::now();
        let fast = Clock { start, speed: 1000.0 }.now();
        let slow = Clock { start, speed: 1.0 }.now();
        let took = start.elapsed();
        assert!(slow <= Time::ZERO + took && fast <= Time::ZERO + took * 1000);
    }
}
