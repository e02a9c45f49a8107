//! A cluster of the program's nodes under a random schedule, with the specification beside it.

use std::num::NonZeroUsize;

use raft_in_practice::raft::{
    Command, Envelope, Input, NodeId, PersistentState, RaftNode, RuleSet, Settings,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::refine::{self, Difference};
use super::spec::{Spec, State};

/// How many things happen in one run.
const LENGTH: usize = 220;
/// The most messages in flight. The network loses any more.
const CROWD: usize = 40;

/// Nodes, disks, a network without order, and the specification.
pub struct Run {
    rng: ChaCha8Rng,
    settings: Settings,
    nodes: Vec<RaftNode>,
    disks: Vec<PersistentState>,
    network: Vec<Envelope>,
    commands: u64,
    /// How many of a hundred events are election timeouts.
    unrest: u32,
    pub spec: Spec,
}

impl Run {
    /// One to five nodes, small batches or large ones, with no-op or without.
    pub fn new(seed: u64, rules: RuleSet) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // One run in eight with a small cluster is enough, because such a cluster can go wrong in few ways.
        let size =
            if rng.random_bool(0.125) { rng.random_range(1..=2) } else { rng.random_range(3..=5) };
        let max_batch = NonZeroUsize::new(rng.random_range(0..4));
        let unrest = rng.random_range(1..=8);
        let no_op = rng.random_bool(0.5);
        let settings = Settings { rules, no_op, max_batch, ..Settings::new(size) };
        let fresh = |id| RaftNode::new(id, settings, PersistentState::default());
        Self {
            rng,
            settings,
            nodes: NodeId::all(size).map(fresh).collect(),
            disks: vec![PersistentState::default(); size],
            network: Vec::new(),
            commands: 0,
            unrest,
            spec: Spec::new(size),
        }
    }

    /// Runs to the end, or to the first difference. Returns how many steps it took to get there.
    pub fn play(&mut self) -> Result<(), (usize, Difference)> {
        for nth in 0..LENGTH {
            self.happen().map_err(|difference| (nth, difference))?;
        }
        Ok(())
    }

    fn happen(&mut self) -> Result<(), Difference> {
        let node = self.rng.random_range(0..self.nodes.len());
        match self.rng.random_range(0..100) {
            0..64 if !self.network.is_empty() => {
                // Older messages are preferred, or the nodes would hardly ever agree on anything.
                let crowd = self.network.len();
                let (a, b) = (self.rng.random_range(0..crowd), self.rng.random_range(0..crowd));
                let stays = self.rng.random_bool(0.1);
                let at = a.min(b);
                let envelope =
                    if stays { self.network[at].clone() } else { self.network.remove(at) };
                self.step(envelope.to.index(), &Input::Receive(envelope))
            }
            64..70 if !self.network.is_empty() => {
                let at = self.rng.random_range(0..self.network.len());
                self.network.remove(at);
                Ok(())
            }
            kind @ 70..78 if kind - 70 < self.unrest => self.step(node, &Input::ElectionTimeout),
            78..90 => {
                let commands = (0..self.rng.random_range(1..4)).map(|_| {
                    self.commands += 1;
                    Command::new(self.commands.to_string())
                });
                let commands = commands.collect();
                self.step(node, &Input::Propose(commands))
            }
            90..96 => self.step(node, &Input::HeartbeatDue),
            96 => self.restart(node),
            _ => Ok(()),
        }
    }

    /// Makes one step of a node, and of the specification. Sometimes the node crashes in it.
    fn step(&mut self, at: usize, input: &Input) -> Result<(), Difference> {
        let before = self.nodes[at].clone();
        let turn = self.nodes[at].step(input.clone());
        if self.rng.random_bool(0.01) {
            // Nothing was saved and nothing was sent, so for the specification the step did not happen.
            _ = turn.crash_before_saving();
            return self.restart(at);
        }
        let Ok(mut sent) = turn.persist(&mut self.disks[at]);
        refine::step(&mut self.spec, &before, input, &self.nodes[at], sent.messages())?;
        if self.rng.random_bool(0.01) {
            // The step was saved, but its messages were not sent.
            return self.restart(at);
        }
        self.network.extend(sent.drain_messages());
        while self.network.len() > CROWD {
            let lost = self.rng.random_range(0..self.network.len());
            self.network.remove(lost);
        }
        Ok(())
    }

    fn restart(&mut self, at: usize) -> Result<(), Difference> {
        let id = self.nodes[at].id();
        self.nodes[at] = RaftNode::new(id, self.settings, self.disks[at].clone());
        self.spec.restart(at);
        refine::compare(&self.spec, &self.nodes[at])
    }

    /// Checks the specification itself: it has at most one leader per term, and commits one entry per index.
    pub fn check_spec(&self) {
        let servers = &self.spec.servers;
        for (nth, a) in servers.iter().enumerate() {
            for b in &servers[nth + 1..] {
                let both_lead = a.state == State::Leader && b.state == State::Leader;
                assert!(!both_lead || a.current_term != b.current_term, "two leaders of a term");
                let both = a.commit_index.min(b.commit_index);
                assert_eq!(a.log[..both], b.log[..both], "two entries at an index");
            }
        }
    }
}
