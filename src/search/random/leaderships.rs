//! A walk of successive leaderships: a node campaigns and reaches just enough others, leads for a while,
//! replicates to some of them, and another takes over. Some replies are held back, and arrive later.
//!
//! Moves drawn one by one practically never find bugs that need several leaderships: counting the
//! replies of an earlier leadership takes five nodes, four elections and one reply that comes two
//! terms late. So a campaign here can be won, nodes that led before are likely to lead again, and no
//! node reaches more others than a majority needs.

use rand_chacha::ChaCha8Rng;
use std::num::NonZeroUsize;

use crate::raft::{Envelope, MessageKind, NodeId, NodeSet, RuleSet, Settings};
use crate::random_draws::{Draw, generator};
use crate::record::message_name::MessageName;
use crate::scenario::verb_table::{Verb, Who};
use crate::search::manual_cluster::ManualCluster;
use crate::search::objective::{Objective, Violated};
use crate::search::schedule::Schedule;
use crate::server::turn_order::CrashPoint;

/// Games that one seed plays, each on a new cluster.
const GAMES: usize = 4;
/// Leaderships in a game: so few that logs stay short, and replies that were held back stay relevant.
const LEADERSHIPS: usize = 6;

/// Walks from `seed` until `objective` is met, or all its games are over. Returns the moves of the last game.
pub fn walk(seed: u64, rules: RuleSet, objective: Objective) -> (Schedule, Option<Violated>) {
    let rng = &mut generator(seed, u64::MAX - 5);
    let mut played = 0;
    loop {
        let settings = Settings {
            nodes: rng.one_of([3, 4, 5, 5, 5, 5]),
            rules,
            no_op: rng.chance(0.4),
            max_batch: NonZeroUsize::new(rng.below(3)),
        };
        let mut game = Game {
            cluster: ManualCluster::new(settings, Vec::new()),
            moves: Vec::new(),
            led: NodeSet::default(),
            objective,
            violated: None,
        };
        game.play(rng);
        played += 1;
        if game.violated.is_some() || played == GAMES {
            return (Schedule { settings, moves: game.moves }, game.violated);
        }
    }
}

struct Game {
    cluster: ManualCluster,
    moves: Vec<Verb>,
    /// The nodes that have campaigned so far.
    led: NodeSet,
    objective: Objective,
    violated: Option<Violated>,
}

impl Game {
    fn play(&mut self, rng: &mut ChaCha8Rng) {
        for nth in 0..LEADERSHIPS {
            self.campaign(rng);
            for made in 0..=rng.below(3) {
                if rng.chance(0.7) {
                    self.late_reply(rng);
                }
                match rng.below(10) {
                    0 => self.crash(rng),
                    _ => self.replicate(rng, nth * 10 + made),
                }
                self.violated = self.objective.met_by(self.cluster.sim().journal().checker());
                if self.violated.is_some() {
                    return;
                }
            }
        }
    }

    fn make(&mut self, verb: Verb) -> bool {
        let made = self.cluster.make(&verb);
        if made {
            self.moves.push(verb);
        }
        made
    }

    fn deliver(&mut self, kind: MessageKind, from: NodeId, to: NodeId) -> bool {
        self.make(Verb::Deliver(MessageName { kind, from, to, nth_newest: 0 }))
    }

    const fn nodes(&self) -> usize {
        self.cluster.sim().config().settings.nodes
    }

    fn any(&self, rng: &mut ChaCha8Rng) -> NodeId {
        NodeId::new(rng.below(self.nodes()) as u8)
    }

    /// Draws up to `count` other nodes, in the order in which they are to be reached.
    fn some_others(&self, node: NodeId, count: usize, rng: &mut ChaCha8Rng) -> Vec<NodeId> {
        let mut others: Vec<NodeId> =
            NodeId::all(self.nodes()).filter(|&other| other != node).collect();
        rng.shuffle(&mut others);
        others.truncate(count);
        others
    }

    /// Draws as many voters as make a majority with the candidate; mostly prefers those whose logs are not
    /// ahead of the candidate's.
    fn voters(&self, candidate: NodeId, rng: &mut ChaCha8Rng) -> Vec<NodeId> {
        let mut others = self.some_others(candidate, self.nodes(), rng);
        let last = |node: NodeId| self.cluster.sim().status_of(node).last;
        if rng.chance(0.9) {
            others.sort_by_key(|&other| last(other) > last(candidate));
        }
        others.truncate(self.nodes() / 2);
        others
    }

    /// Lets a node campaign in a term that is new to every node, and reach just a majority.
    fn campaign(&mut self, rng: &mut ChaCha8Rng) {
        let again: Vec<NodeId> = self.led.iter().collect();
        let node = match rng.pick(&again) {
            Some(&node) if rng.chance(0.5) => node,
            _ => self.any(rng),
        };
        self.led.insert(node);
        let sim = self.cluster.sim();
        let highest = NodeId::all(self.nodes()).map(|id| sim.status_of(id).term).max();
        let voters = self.voters(node, rng);
        if sim.status_of(node).leads() {
            self.restart(node);
        }
        // Each timeout raises its term by one, unless the rule for that is broken.
        let own = self.cluster.sim().status_of(node).term;
        for _ in own.get()..=highest.unwrap_or_default().get() {
            self.make(Verb::Timeout(Who::Node(node)));
        }
        for voter in voters {
            self.deliver(MessageKind::RequestVote, node, voter);
            self.deliver(MessageKind::RequestVoteReply, voter, node);
        }
    }

    /// Lets a leader take a command in, or send heartbeats, and bring some followers up to date. Replies may
    /// be held back.
    fn replicate(&mut self, rng: &mut ChaCha8Rng, nth: usize) {
        let leads = |&id: &NodeId| self.cluster.sim().status_of(id).leads();
        let leaders: Vec<NodeId> = NodeId::all(self.nodes()).filter(leads).collect();
        let Some(&leader) = rng.pick(&leaders) else { return };
        if rng.chance(0.6) {
            let command = format!("SET x={nth}");
            self.make(Verb::Submit { to: Who::Node(leader), command });
        } else {
            self.make(Verb::Heartbeat(Who::Node(leader)));
        }
        let most = self.nodes() / 2;
        let count = if rng.chance(0.6) { 1 } else { rng.below(most + 1) };
        for follower in self.some_others(leader, count, rng) {
            for _ in 0..=rng.below(3) {
                self.deliver(MessageKind::AppendEntries, leader, follower);
                if rng.chance(0.6) {
                    self.deliver(MessageKind::AppendEntriesReply, follower, leader);
                }
            }
        }
    }

    /// Delivers an AppendEntries reply of an earlier term to a node that leads a later one.
    fn late_reply(&mut self, rng: &mut ChaCha8Rng) {
        let sim = self.cluster.sim();
        let late: Vec<MessageName> = sim
            .sent()
            .filter(|flight| {
                let Envelope { to, message, .. } = &flight.envelope;
                let leader = sim.status_of(*to);
                message.kind() == MessageKind::AppendEntriesReply
                    && leader.leads()
                    && message.term() < leader.term
            })
            .map(|flight| sim.name_of(flight))
            .collect();
        if let Some(&name) = rng.pick(&late) {
            self.make(Verb::Deliver(name));
        }
    }

    fn crash(&mut self, rng: &mut ChaCha8Rng) {
        let node = self.any(rng);
        self.restart(node);
    }

    fn restart(&mut self, node: NodeId) {
        self.make(Verb::Crash { who: Who::Node(node), point: CrashPoint::Between });
        self.make(Verb::Restart(Who::Node(node)));
    }
}
