//! Time as the servers see it: moments, which the caller supplies, and the durations of the timers.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::network::micros;
use crate::raft::{Facts, Rule, RuleSet, Verdict};
use crate::random_draws::Draw;

/// A moment, in microseconds since the cluster began. On threads it comes from a clock, in the
/// simulator from the next event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Time(u64);

impl Time {
    /// The beginning.
    pub const ZERO: Self = Self(0);

    /// The moment this many microseconds after the beginning.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the beginning.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The first multiple of `tick` that is not before this moment: when code that looks at the
    /// time once per tick notices the moment.
    pub const fn rounded_up_to(self, tick: Duration) -> Self {
        let tick = tick.as_micros() as u64;
        if tick == 0 { self } else { Self(self.0.div_ceil(tick).saturating_mul(tick)) }
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        // A trace may contain any time, even the last.
        Self(self.0.saturating_add(duration.as_micros() as u64))
    }
}

impl Sub for Time {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Time {
    /// Seconds with three decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000_000, self.0 / 1_000 % 1_000)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}s")
    }
}

/// The durations of the timers. The paper asks for broadcast time ≪ election timeout ≪ mean time
/// between failures (§5.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Timing {
    /// The shortest election timeout.
    #[serde(rename = "election_min_us", with = "micros")]
    pub election_min: Duration,
    /// The exclusive upper bound of election timeouts.
    #[serde(rename = "election_max_us", with = "micros")]
    pub election_max: Duration,
    /// How often a leader sends heartbeats.
    #[serde(rename = "heartbeat_us", with = "micros")]
    pub heartbeat: Duration,
    /// How often the timers are checked.
    #[serde(rename = "tick_us", with = "micros")]
    pub tick: Duration,
}

impl Timing {
    /// Slow enough to watch: elections after 1.5 to 3 s, a heartbeat each 0.5 s.
    pub const WATCHABLE: Self = Self {
        election_min: Duration::from_millis(1500),
        election_max: Duration::from_secs(3),
        heartbeat: Duration::from_millis(500),
        tick: Duration::from_millis(10),
    };

    /// The paper's proposal (§5.6, §9.3): elections after 150 to 300 ms.
    pub const PAPER: Self = Self {
        election_min: Duration::from_millis(150),
        election_max: Duration::from_millis(300),
        heartbeat: Duration::from_millis(50),
        tick: Duration::from_millis(10),
    };

    /// Whether a heartbeat comes before the shortest election timeout ends (§5.2).
    pub fn heartbeats_are_in_time(&self) -> bool {
        self.heartbeat < self.election_min
    }

    /// The same timing, `speed` times as fast. The tick is unchanged: threads check timers at that rate.
    pub fn faster(self, speed: f64) -> Self {
        Self {
            election_min: self.election_min.div_f64(speed),
            election_max: self.election_max.div_f64(speed),
            heartbeat: self.heartbeat.div_f64(speed),
            tick: self.tick,
        }
    }

    /// Draws a new election timeout at random, so that nodes that once campaigned at the same
    /// moment do not keep doing so (§5.2).
    pub fn draw_timeout(&self, rules: RuleSet, rng: &mut impl Draw) -> (Duration, Verdict) {
        let shortest_us = self.election_min.as_micros() as u64;
        let longest_us = self.election_max.as_micros() as u64;
        let rule = Rule::RandomisedTimeout;
        let random = rules.keeps(rule);
        let drawn_us = if random && shortest_us < longest_us {
            rng.within(shortest_us, longest_us - 1)
        } else {
            shortest_us
        };
        let facts = Facts::Timeout { shortest_us, longest_us, drawn_us };
        (Duration::from_micros(drawn_us), rules.verdict(rule, random, facts))
    }
}
