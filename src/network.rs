//! What links do to messages: a pure policy, the same on threads and in virtual time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::raft::{MAX_NODES, NodeId, NodeSet};
use crate::random_draws::Draw;

/// The most messages that wait for a process, such as one that is paused. Those that come beyond are lost, as when the
/// buffer of a socket is full.
pub const MOST_WAITING: usize = 10_000;

/// How lossy and how slow every link is.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Conditions {
    /// The probability that a message is lost, 0 to 1.
    pub drop: f64,
    /// The probability that a message arrives twice, 0 to 1.
    pub duplicate: f64,
    /// The shortest time that a message takes.
    #[serde(rename = "latency_min_us", with = "micros")]
    pub latency_min: Duration,
    /// The longest time that it takes. Messages can overtake each other within this range.
    #[serde(rename = "latency_max_us", with = "micros")]
    pub latency_max: Duration,
    /// The probability that a message strays, that is, is delayed for longer, 0 to 1.
    pub stray: f64,
    /// The longest extra delay of a stray message. It can be longer than several elections.
    #[serde(rename = "stray_max_us", with = "micros")]
    pub stray_max: Duration,
}

/// The serialised form of durations: whole microseconds, and an hour at most, as in scripts.
pub(crate) mod micros {
    use std::time::Duration;

    use serde::de::{Error, Unexpected};
    use serde::{Deserialize, Deserializer, Serializer};

    /// The longest duration.
    const LONGEST: Duration = Duration::from_hours(1);

    pub(crate) fn serialize<S: Serializer>(it: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(it.as_micros() as u64)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let micros = u64::deserialize(from)?;
        let duration = Some(Duration::from_micros(micros)).filter(|it| *it <= LONGEST);
        let too_long = || Error::invalid_value(Unexpected::Unsigned(micros), &"an hour at most");
        duration.ok_or_else(too_long)
    }
}

impl Conditions {
    /// Links that lose nothing and take no time.
    pub const PERFECT: Self = Self {
        drop: 0.0,
        duplicate: 0.0,
        latency_min: Duration::ZERO,
        latency_max: Duration::ZERO,
        stray: 0.0,
        stray_max: Duration::ZERO,
    };

    /// Whether links can be like this: probabilities are from 0 to 1, and no range runs backwards.
    pub fn are_possible(&self) -> bool {
        let chances = [self.drop, self.duplicate, self.stray];
        let are_chances = chances.iter().all(|chance| (0.0..=1.0).contains(chance));
        are_chances && self.latency_min <= self.latency_max
    }

    fn draw_latency(&self, rng: &mut impl Draw) -> Duration {
        let (min, max) = (self.latency_min.as_micros() as u64, self.latency_max.as_micros() as u64);
        let latency = if min < max { rng.within(min, max) } else { min };
        let strays = self.stray > 0.0 && rng.chance(self.stray);
        let extra = if strays { rng.within(0, self.stray_max.as_micros() as u64) } else { 0 };
        Duration::from_micros(latency + extra)
    }
}

/// What happens to a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It arrives after this long.
    Delivered(Duration),
    /// It arrives twice.
    Duplicated(Duration, Duration),
    /// It is lost by chance.
    Dropped,
    /// The link is cut.
    Cut,
}

/// The links of a cluster: their conditions, and which are cut in which direction.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Network {
    conditions: Conditions,
    /// The links with conditions of their own, each from one node to another.
    own: Vec<((NodeId, NodeId), Conditions)>,
    /// For each sender, the nodes it cannot reach.
    cut: [NodeSet; MAX_NODES],
}

impl Network {
    /// Uncut links under these conditions.
    pub fn new(conditions: Conditions) -> Self {
        Self { conditions, own: Vec::new(), cut: Default::default() }
    }

    /// The conditions of every link that has none of its own.
    pub const fn conditions(&self) -> Conditions {
        self.conditions
    }

    /// Sets the conditions of every link, including links that had their own.
    pub fn set_conditions(&mut self, conditions: Conditions) {
        self.conditions = conditions;
        self.own.clear();
    }

    /// The conditions of the link from one node to another.
    pub fn link_conditions(&self, from: NodeId, to: NodeId) -> &Conditions {
        let own = self.own.iter().find(|(link, _)| *link == (from, to));
        own.map_or(&self.conditions, |(_, conditions)| conditions)
    }

    /// Sets the conditions of the link from one node to another only.
    pub fn set_link_conditions(&mut self, from: NodeId, to: NodeId, conditions: Conditions) {
        self.own.retain(|(link, _)| *link != (from, to));
        self.own.push(((from, to), conditions));
    }

    /// Whether the link from `from` to `to` is cut.
    pub const fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.cut[from.index()].contains(to)
    }

    /// Whether no message gets through from `from` to `to`: the link is cut, or loses every message.
    pub fn loses_all(&self, from: NodeId, to: NodeId) -> bool {
        self.is_cut(from, to) || self.link_conditions(from, to).drop >= 1.0
    }

    /// The cut links among the first `nodes` nodes, each from one node to another.
    pub fn cut_links(&self, nodes: usize) -> Vec<(NodeId, NodeId)> {
        let links =
            NodeId::all(nodes).flat_map(|from| NodeId::all(nodes).map(move |to| (from, to)));
        links.filter(|&(from, to)| from != to && self.is_cut(from, to)).collect()
    }

    /// Cuts one direction of a link.
    pub const fn cut_one_way(&mut self, from: NodeId, to: NodeId) {
        self.cut[from.index()].insert(to);
    }

    /// Splits the cluster: nodes of different groups cannot reach each other, nodes of one group
    /// can. All nodes that are in no group form one group together. Replaces all earlier cuts.
    pub fn partition(&mut self, groups: &[NodeSet]) {
        let group_of = |node| groups.iter().position(|group| group.contains(node));
        for from in NodeId::all(MAX_NODES) {
            let apart = |&to: &NodeId| group_of(from) != group_of(to);
            self.cut[from.index()] = NodeId::all(MAX_NODES).filter(apart).collect();
        }
    }

    /// Undoes the cut of one direction of a link.
    pub const fn heal_one_way(&mut self, from: NodeId, to: NodeId) {
        self.cut[from.index()].remove(to);
    }

    /// Undoes all cuts.
    pub fn heal(&mut self) {
        self.cut = Default::default();
    }

    /// Decides what happens to one message.
    pub fn fate(&self, from: NodeId, to: NodeId, rng: &mut impl Draw) -> Fate {
        if self.is_cut(from, to) {
            return Fate::Cut;
        }
        let conditions = self.link_conditions(from, to);
        let Conditions { drop, duplicate, .. } = *conditions;
        if drop > 0.0 && rng.chance(drop) {
            return Fate::Dropped;
        }
        let latency = conditions.draw_latency(rng);
        if duplicate > 0.0 && rng.chance(duplicate) {
            return Fate::Duplicated(latency, conditions.draw_latency(rng));
        }
        Fate::Delivered(latency)
    }
}
