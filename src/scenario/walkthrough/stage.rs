//! The servers of the walkthrough, each a node with its disk and its state machine. There is no network:
//! the script delivers their messages.

use std::time::Duration;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::raft::{
    Envelope, Event, Input, LogEntry, LogIndex, LogPosition, NodeId, PersistentState, RaftNode,
    Settings, Term,
};
use crate::server::state_machine::{KeyValue, Reply};
use crate::server::timing::Timing;

/// The timing that the election timeouts in the walkthrough are drawn from.
const TIMING: Timing = Timing::WATCHABLE;

/// One input to a node, and everything that came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShownStep {
    /// What the node was handed.
    pub input: Input,
    /// What happened and why, in order.
    pub events: Vec<Event>,
    /// The messages that left, after the state they depend on was saved.
    pub messages: Vec<Envelope>,
    /// The election timeout that was drawn, if the timer started over.
    pub election_timeout: Option<Duration>,
    /// The entries that the state machine applied.
    pub applied: Vec<AppliedEntry>,
    /// The node afterwards.
    pub after: RaftNode,
}

/// A committed entry that was applied.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AppliedEntry {
    /// Its position in the log.
    #[serde(flatten)]
    pub at: LogPosition,
    /// The entry.
    #[serde(skip)]
    pub entry: LogEntry,
    /// What the state machine answered.
    pub reply: Reply,
}

/// A server.
#[derive(Clone, Debug)]
struct SteppedServer {
    node: RaftNode,
    disk: PersistentState,
    machine: KeyValue,
    last_applied: LogIndex,
}

impl SteppedServer {
    fn start(id: NodeId, settings: Settings, disk: PersistentState) -> Self {
        let node = RaftNode::new(id, settings, disk.clone());
        Self { node, disk, machine: KeyValue::default(), last_applied: LogIndex::ZERO }
    }

    fn apply_committed(&mut self) -> Vec<AppliedEntry> {
        let mut applied = Vec::new();
        while self.last_applied < self.node.commit_index() {
            let index = self.last_applied.next();
            let Some(entry) = self.node.log().get(index) else { break };
            let reply = self.machine.apply(&entry.payload);
            let at = LogPosition { term: entry.term, index };
            applied.push(AppliedEntry { at, entry: entry.clone(), reply });
            self.last_applied = index;
        }
        applied
    }
}

/// The servers.
#[derive(Clone, Debug)]
pub(super) struct Servers {
    servers: Vec<SteppedServer>,
    rng: ChaCha8Rng,
}

impl Servers {
    /// New servers with empty disks.
    pub(super) fn new(settings: Settings, seed: u64) -> Self {
        let disks = vec![PersistentState::default(); settings.nodes];
        Self::from_disks(settings, disks, seed)
    }

    /// Servers that start with these disks.
    pub(super) fn from_disks(settings: Settings, disks: Vec<PersistentState>, seed: u64) -> Self {
        let servers = NodeId::all(settings.nodes)
            .zip(disks)
            .map(|(id, disk)| SteppedServer::start(id, settings, disk))
            .collect();
        Self { servers, rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// Draws a new election timeout for a node.
    pub(super) fn draw_timeout(&mut self, of: NodeId) -> Duration {
        let rules = self.node(of).settings().rules;
        TIMING.draw_timeout(rules, &mut self.rng).0
    }

    /// Hands a node one input, saves what it must keep, and applies what is committed.
    pub(super) fn step(&mut self, id: NodeId, input: Input) -> ShownStep {
        let server = &mut self.servers[id.index()];
        let led = server.node.is_leader();
        let Ok(mut sendable) = server.node.step(input.clone()).persist(&mut server.disk);
        let applied = server.apply_committed();
        let after = server.node.clone();
        // A leader's election timer does not run, even if its campaign in this step restarted it; so it starts when
        // the node gives up leading.
        let timer = (led || sendable.restart_election_timer()) && !after.is_leader();
        let events = sendable.events().to_vec();
        let messages = sendable.drain_messages().collect();
        let election_timeout = timer.then(|| self.draw_timeout(id));
        ShownStep { input, events, messages, election_timeout, applied, after }
    }

    /// Hands a node all of `mail` that is addressed to it, without showing it. Returns what the node sends.
    pub(super) fn deliver(&mut self, mail: &[Envelope], to: NodeId) -> Vec<Envelope> {
        addressed(mail, to).flat_map(|input| self.step(to, input).messages).collect()
    }

    /// Ends a node's election timer, without showing it. Returns what the node sends.
    pub(super) fn time_out(&mut self, id: NodeId) -> Vec<Envelope> {
        self.step(id, Input::ElectionTimeout).messages
    }

    /// Ends a node's election timer, without showing it, until it campaigns in `term`. Returns the requests of that
    /// campaign; those of the campaigns before are never delivered.
    pub(super) fn campaign(&mut self, candidate: NodeId, term: Term) -> Vec<Envelope> {
        let mut requests = self.time_out(candidate);
        while self.node(candidate).current_term() < term {
            requests = self.time_out(candidate);
        }
        requests
    }

    /// Crashes a node and starts it again: only its disk is left.
    pub(super) fn restart(&mut self, id: NodeId) {
        let server = &mut self.servers[id.index()];
        *server = SteppedServer::start(id, *server.node.settings(), server.disk.clone());
    }

    pub(super) fn node(&self, id: NodeId) -> &RaftNode {
        &self.servers[id.index()].node
    }

    pub(super) fn disk(&self, id: NodeId) -> &PersistentState {
        &self.servers[id.index()].disk
    }

    pub(super) fn machine(&self, id: NodeId) -> &KeyValue {
        &self.servers[id.index()].machine
    }
}

/// Returns the messages for `to`, as inputs.
pub(super) fn addressed(mail: &[Envelope], to: NodeId) -> impl Iterator<Item = Input> {
    mail.iter().filter(move |envelope| envelope.to == to).cloned().map(Input::Receive)
}
