//! A random walk: moves drawn one after the other, without time. It reaches in a few hundred moves
//! what a world with clocks reaches in minutes, because nothing has to wait for anything.

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::schedule::{Aim, Fallen, Hand, Schedule};
use crate::journal::CrashPoint;
use crate::raft::{Envelope, MessageKind, NodeId, RuleSet, Settings};
use crate::scenario::verb::{Verb, Who};
use crate::world::MessageName;
use std::num::NonZeroUsize;

/// How likely each move is; drawn afresh for each walk.
#[derive(Clone, Copy, Debug)]
struct Weights {
    deliver: u32,
    again: u32,
    timeout: u32,
    heartbeat: u32,
    submit: u32,
    crash: u32,
    restart: u32,
}

/// Walks from `seed` until `aim` is met or the walk is long enough.
#[must_use]
pub fn walk(seed: u64, rules: RuleSet, aim: Aim, length: usize) -> (Schedule, Option<Fallen>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::MAX - 3);
    let rng = &mut rng;
    let settings = Settings {
        nodes: *[2, 3, 3, 3, 3, 4, 5].choose(rng).unwrap_or(&3),
        rules,
        no_op: rng.random_bool(0.5),
        max_batch: NonZeroUsize::new(rng.random_range(0..4)),
    };
    let sometimes = |rng: &mut ChaCha8Rng, max| {
        if rng.random_bool(0.6) { rng.random_range(1..=max) } else { 0 }
    };
    let weights = Weights {
        deliver: rng.random_range(20..100),
        again: sometimes(rng, 20),
        timeout: rng.random_range(1..12),
        heartbeat: sometimes(rng, 10),
        submit: rng.random_range(1..12),
        crash: sometimes(rng, 5),
        restart: 20,
    };
    let mut hand = Hand::new(settings, Vec::new());
    let mut moves = Vec::new();
    let mut told = 0;
    for nth in 0..length {
        let Some(verb) = draw(&hand, weights, nth, rng) else { continue };
        if !hand.make(&verb) {
            continue;
        }
        moves.push(verb);
        let checked = hand.sim().journal().checker().violations().len();
        if checked > told {
            told = checked;
            if let Some(fallen) = hand.fallen(aim) {
                return (Schedule { settings, moves }, Some(fallen));
            }
        }
    }
    let fallen = hand.clients_fallen(aim);
    (Schedule { settings, moves }, fallen)
}

fn draw(hand: &Hand, weights: Weights, nth: usize, rng: &mut ChaCha8Rng) -> Option<Verb> {
    let Weights { deliver, again, timeout, heartbeat, submit, crash, restart } = weights;
    let table = [deliver, again, timeout, heartbeat, submit, crash, restart];
    let mut pick = rng.random_range(0..table.iter().sum::<u32>());
    let mut row = 0;
    while pick >= table[row] {
        pick -= table[row];
        row += 1;
    }
    let sim = hand.sim();
    let nodes = sim.config().settings.nodes;
    let node = NodeId::new(rng.random_range(0..nodes) as u8);
    let leader = || {
        let leads = |&id: &NodeId| sim.replica(id).is_some_and(|r| r.node().is_leader());
        let mut leaders = NodeId::all(nodes).cycle().skip(node.index()).take(nodes);
        leaders.find(leads)
    };
    Some(match row {
        0 => {
            let waiting = sim.in_flight();
            let flight = waiting.choose(rng)?;
            Verb::Deliver(name_of(hand, &flight.envelope, flight.id))
        }
        1 => {
            let kinds = [
                MessageKind::VoteRequest,
                MessageKind::VoteResponse,
                MessageKind::AppendEntriesRequest,
                MessageKind::AppendEntriesResponse,
            ];
            let to = NodeId::new(rng.random_range(0..nodes) as u8);
            let kind = *kinds.choose(rng)?;
            let nth_newest = rng.random_range(0..4);
            Verb::Deliver(MessageName { kind, from: node, to, nth_newest })
        }
        2 => Verb::Timeout(Who::Node(node)),
        3 => Verb::Heartbeat(Who::Node(leader()?)),
        4 => {
            let key = ["x", "y"].choose(rng)?;
            let command = match rng.random_range(0..3) {
                0 => format!("GET {key}"),
                _ => format!("SET {key}={nth}"),
            };
            Verb::Submit { to: Who::Node(leader()?), command }
        }
        5 => {
            let points = [CrashPoint::Between, CrashPoint::BeforeSave, CrashPoint::BeforeSend];
            Verb::Crash { who: Who::Node(node), point: *points.choose(rng)? }
        }
        _ => {
            let down = |&id: &NodeId| sim.replica(id).is_none();
            Verb::Restart(Who::Node(NodeId::all(nodes).find(down)?))
        }
    })
}

/// The name by which a message can be delivered now.
fn name_of(hand: &Hand, envelope: &Envelope, id: crate::journal::MessageId) -> MessageName {
    let plain = MessageName {
        kind: envelope.message.kind(),
        from: envelope.from,
        to: envelope.to,
        nth_newest: 0,
    };
    MessageName { nth_newest: hand.sim().newer_than(plain, id), ..plain }
}

/// Walks in whole exchanges, such as a campaign.
///
/// A node campaigns and reaches just enough others, a leader replicates to some of them, an
/// acknowledgement is kept back and delivered later. Bugs that need several
/// elections in a row, such as counting the replies of an earlier leadership, are out of reach for
/// moves drawn singly.
#[must_use]
pub fn walk_in_exchanges(
    seed: u64,
    rules: RuleSet,
    aim: Aim,
    length: usize,
) -> (Schedule, Option<Fallen>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::MAX - 5);
    let rng = &mut rng;
    let settings = Settings {
        nodes: *[3, 3, 5, 5, 5].choose(rng).unwrap_or(&3),
        rules,
        no_op: rng.random_bool(0.3),
        max_batch: NonZeroUsize::new(rng.random_range(0..3)),
    };
    let mut walk = Exchanges { hand: Hand::new(settings, Vec::new()), moves: Vec::new() };
    for nth in 0..length {
        match rng.random_range(0..10) {
            0..3 => walk.campaign(rng),
            3..8 => walk.replicate(rng, nth),
            8 => walk.late_reply(rng),
            _ => walk.crash(rng),
        }
        if let Some(fallen) = walk.hand.fallen(aim) {
            return (Schedule { settings, moves: walk.moves }, Some(fallen));
        }
    }
    (Schedule { settings, moves: walk.moves }, None)
}

struct Exchanges {
    hand: Hand,
    moves: Vec<Verb>,
}

impl Exchanges {
    fn make(&mut self, verb: Verb) -> bool {
        let made = self.hand.make(&verb);
        if made {
            self.moves.push(verb);
        }
        made
    }

    fn deliver(&mut self, kind: MessageKind, from: NodeId, to: NodeId, nth_newest: usize) -> bool {
        self.make(Verb::Deliver(MessageName { kind, from, to, nth_newest }))
    }

    const fn nodes(&self) -> usize {
        self.hand.sim().config().settings.nodes
    }

    fn any(&self, rng: &mut ChaCha8Rng) -> NodeId {
        NodeId::new(rng.random_range(0..self.nodes()) as u8)
    }

    /// Some of the others, in the order in which they are reached.
    fn some_others(&self, node: NodeId, count: usize, rng: &mut ChaCha8Rng) -> Vec<NodeId> {
        let mut others: Vec<NodeId> =
            NodeId::all(self.nodes()).filter(|&other| other != node).collect();
        others.shuffle(rng);
        others.truncate(count);
        others
    }

    /// A node stands, in a term that is news to those it reaches: just a majority.
    fn campaign(&mut self, rng: &mut ChaCha8Rng) {
        let node = self.any(rng);
        let sim = self.hand.sim();
        let highest = NodeId::all(self.nodes()).map(|id| sim.status_of(id).term).max();
        let voters = self.some_others(node, self.nodes() / 2, rng);
        if sim.status_of(node).leads() {
            self.make(Verb::Crash { who: Who::Node(node), point: CrashPoint::Between });
            self.make(Verb::Restart(Who::Node(node)));
        }
        // Each time raises its term by one, unless the rule that says so is broken.
        let own = self.hand.sim().status_of(node).term;
        for _ in own.get()..=highest.unwrap_or_default().get() {
            self.make(Verb::Timeout(Who::Node(node)));
        }
        for voter in voters {
            self.deliver(MessageKind::VoteRequest, node, voter, 0);
            self.deliver(MessageKind::VoteResponse, voter, node, 0);
        }
    }

    /// A leader takes a command in, perhaps, and brings some followers up to date. An answer may be
    /// kept back.
    fn replicate(&mut self, rng: &mut ChaCha8Rng, nth: usize) {
        let leads = |&id: &NodeId| self.hand.sim().status_of(id).leads();
        let leaders: Vec<NodeId> = NodeId::all(self.nodes()).filter(leads).collect();
        let Some(&leader) = leaders.choose(rng) else { return };
        if rng.random_bool(0.5) {
            let command = format!("SET x={nth}");
            self.make(Verb::Submit { to: Who::Node(leader), command });
        } else {
            self.make(Verb::Heartbeat(Who::Node(leader)));
        }
        let count = rng.random_range(0..=self.nodes() / 2);
        for follower in self.some_others(leader, count, rng) {
            for _ in 0..rng.random_range(1..4) {
                self.deliver(MessageKind::AppendEntriesRequest, leader, follower, 0);
                if rng.random_bool(0.7) {
                    self.deliver(MessageKind::AppendEntriesResponse, follower, leader, 0);
                }
            }
        }
    }

    /// An acknowledgement of an earlier term reaches a node that leads again.
    fn late_reply(&mut self, rng: &mut ChaCha8Rng) {
        let sim = self.hand.sim();
        let late: Vec<MessageName> = sim
            .sent()
            .filter(|flight| {
                let Envelope { to, message, .. } = &flight.envelope;
                let leader = sim.status_of(*to);
                message.kind() == MessageKind::AppendEntriesResponse
                    && leader.leads()
                    && message.term() < leader.term
            })
            .map(|flight| name_of(&self.hand, &flight.envelope, flight.id))
            .collect();
        if let Some(&name) = late.choose(rng) {
            self.make(Verb::Deliver(name));
        }
    }

    fn crash(&mut self, rng: &mut ChaCha8Rng) {
        let node = self.any(rng);
        self.make(Verb::Crash { who: Who::Node(node), point: CrashPoint::Between });
        self.make(Verb::Restart(Who::Node(node)));
    }
}
