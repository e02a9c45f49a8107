//! A random walk: moves drawn one after the other, without time. It reaches in a few hundred moves
//! what a world with clocks reaches in minutes, because no move has to wait for time to pass.

use rand_chacha::ChaCha8Rng;

use crate::properties::linearizability::Judgement;
use crate::raft::{MessageKind, NodeId, RuleSet, Settings};
use crate::random_draws::{Draw, generator};
use crate::record::message_name::MessageName;
use crate::scenario::verb_table::{Verb, Who};
use crate::search::manual_cluster::ManualCluster;
use crate::search::objective::{Objective, Violated};
use crate::search::schedule::Schedule;
use crate::server::turn_order::CrashPoint;
use std::num::NonZeroUsize;

/// The result of a walk.
#[derive(Clone, PartialEq, Debug)]
pub struct Walk {
    /// Its moves.
    pub schedule: Schedule,
    /// What was violated, if something was.
    pub violated: Option<Violated>,
    /// Whether it could not be decided if the clients' answers can be true.
    pub unjudged: bool,
}

/// Walks from `seed` until `objective` is met or the walk is long enough.
pub fn walk(seed: u64, rules: RuleSet, objective: Objective, length: usize) -> Walk {
    let rng = &mut generator(seed, u64::MAX - 3);
    let settings = Settings {
        nodes: rng.one_of([2, 3, 3, 3, 3, 4, 5]),
        rules,
        no_op: rng.chance(0.5),
        max_batch: NonZeroUsize::new(rng.below(4)),
    };
    let sometimes = |rng: &mut ChaCha8Rng, max| {
        if rng.chance(0.6) { 1 + rng.below(max) as u32 } else { 0 }
    };
    // How likely each move is, in the order of the rows in `draw`.
    let weights = [
        20 + rng.below(80) as u32,
        sometimes(rng, 20),
        1 + rng.below(11) as u32,
        sometimes(rng, 10),
        1 + rng.below(11) as u32,
        sometimes(rng, 5),
        20,
    ];
    let mut cluster = ManualCluster::new(settings, Vec::new());
    let mut moves = Vec::new();
    for nth in 0..length {
        let Some(verb) = draw(&cluster, &weights, nth, rng) else { continue };
        if !cluster.make(&verb) {
            continue;
        }
        moves.push(verb);
        if let Some(violated) = objective.met_by(cluster.sim().journal().checker()) {
            let schedule = Schedule { settings, moves };
            return Walk { schedule, violated: Some(violated), unjudged: false };
        }
    }
    let clients = cluster.judge(objective);
    let unjudged = matches!(clients, Judgement::NotJudged(_));
    let violated = objective.met_by_clients(clients);
    Walk { schedule: Schedule { settings, moves }, violated, unjudged }
}

fn draw(
    cluster: &ManualCluster,
    weights: &[u32],
    nth: usize,
    rng: &mut ChaCha8Rng,
) -> Option<Verb> {
    let row = rng.weighted(weights);
    let sim = cluster.sim();
    let nodes = sim.config().settings.nodes;
    let node = NodeId::new(rng.below(nodes) as u8);
    let leader = || {
        let leads = |&id: &NodeId| sim.server(id).is_some_and(|r| r.node().is_leader());
        let mut leaders = NodeId::all(nodes).cycle().skip(node.index()).take(nodes);
        leaders.find(leads)
    };
    Some(match row {
        0 => {
            let waiting = sim.flights();
            let flight = rng.pick(&waiting)?;
            Verb::Deliver(sim.name_of(flight))
        }
        1 => {
            let kinds = [
                MessageKind::RequestVote,
                MessageKind::RequestVoteReply,
                MessageKind::AppendEntries,
                MessageKind::AppendEntriesReply,
            ];
            let to = NodeId::new(rng.below(nodes) as u8);
            let kind = rng.one_of(kinds);
            let nth_newest = rng.below(4);
            Verb::Deliver(MessageName { kind, from: node, to, nth_newest })
        }
        2 => Verb::Timeout(Who::Node(node)),
        3 => Verb::Heartbeat(Who::Node(leader()?)),
        4 => {
            let key = rng.one_of(["x", "y"]);
            let command = match rng.below(3) {
                0 => format!("GET {key}"),
                _ => format!("SET {key}={nth}"),
            };
            Verb::Submit { to: Who::Node(leader()?), command }
        }
        5 => {
            let points = [CrashPoint::Between, CrashPoint::BeforeSave, CrashPoint::BeforeSend];
            Verb::Crash { who: Who::Node(node), point: rng.one_of(points) }
        }
        _ => {
            let down = |&id: &NodeId| sim.server(id).is_none();
            Verb::Restart(Who::Node(NodeId::all(nodes).find(down)?))
        }
    })
}
