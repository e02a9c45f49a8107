//! A state of the whole cluster, and how one server's step leads to the next state.
//!
//! What a server does depends only on the server and the message. So the real
//! [`RaftNode`](crate::raft::RaftNode) takes each such step once, and the result is remembered: the
//! search handles only numbers, but every transition is the core's own.

use rustc_hash::FxHashMap;

use super::bounds::Bounds;
use super::interner::{Interned, Interner};
use super::ledger::Ledger;
use super::premises::Premises;
use super::server_state::{MessageBrief, Prompt, ServerLabels, ServerState, Stepped, labels};
use crate::raft::{Envelope, NodeId, PersistentState, Property, RaftNode, RuleSet, Settings, Term};

/// A state of the cluster, by the numbers of its parts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClusterState {
    pub(super) servers: Vec<u32>,
    pub(super) ledger: u32,
    /// Crashes so far.
    pub(super) crashes: u8,
    /// All messages that were ever sent and may still change something, in the order of
    /// `MessageBrief::order`. Delivery does not take a message out.
    pub in_flight: Vec<u32>,
}

impl ClusterState {
    /// Copies another state into the memory that this one has. Most successors are thrown away at once, and
    /// allocating memory for each took half of a search's time.
    pub(super) fn become_like(&mut self, other: &Self) {
        let Self { servers, ledger, crashes, in_flight } = other;
        self.servers.clone_from(servers);
        self.in_flight.clone_from(in_flight);
        (self.ledger, self.crashes) = (*ledger, *crashes);
    }
}

/// What happens to one server: a prompt, or the arrival of the message with this number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cause {
    Prompt(Prompt),
    Message(u32),
}

/// A server's step, with the server and messages as numbers.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says which check the step calls for")]
pub(super) struct Transition {
    pub(super) after: u32,
    pub(super) sent: Box<[u32]>,
    pub(super) leads_anew: bool,
    pub(super) cut_as_leader: bool,
    pub(super) log_changed: bool,
    pub(super) commit_changed: bool,
    /// The durable term has changed.
    pub(super) new_term: bool,
    /// The server stays within the bounds.
    within: bool,
}

/// The values behind the numbers, shared by all threads of a search.
#[derive(Debug, Default)]
pub struct Catalogue {
    pub(super) servers: Interned<ServerState>,
    pub(super) in_flight: Interned<Envelope>,
    pub(super) ledgers: Interned<Ledger>,
}

/// One thread's view of the transition system.
#[derive(Debug)]
pub struct Model<'s> {
    pub(super) bounds: Bounds,
    pub(super) settings: Settings,
    pub(super) premises: Premises,
    pub(super) servers: Interner<'s, ServerState, ServerLabels>,
    pub(super) in_flight: Interner<'s, Envelope, MessageBrief>,
    pub(super) ledgers: Interner<'s, Ledger, u64>,
    known: FxHashMap<(u32, Cause), u32>,
    taken: Vec<Transition>,
    /// A reused buffer: the messages whose replies `send_freely` has still to look at.
    pub(super) fresh: Vec<u32>,
    /// A reused buffer: the messages that were in flight before the last step.
    pub(super) spare: Vec<u32>,
}

impl<'s> Model<'s> {
    pub fn new(bounds: &Bounds, rules: RuleSet, catalogue: &'s Catalogue) -> Self {
        let ignores = bounds.merge.ignore_known_leader;
        let labels = if ignores { labels::<true> } else { labels::<false> };
        Self {
            bounds: *bounds,
            settings: bounds.settings(rules),
            premises: Premises::of(rules),
            servers: Interner::new(&catalogue.servers, labels),
            in_flight: Interner::new(&catalogue.in_flight, MessageBrief::of),
            ledgers: Interner::new(&catalogue.ledgers, Ledger::label),
            known: FxHashMap::default(),
            taken: Vec::new(),
            fresh: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Takes over what other threads have put into the catalogue.
    pub(super) fn refresh(&mut self) {
        self.servers.refresh();
        self.in_flight.refresh();
        self.ledgers.refresh();
    }

    /// Returns the initial state: all nodes new, no message sent.
    pub fn initial(&mut self) -> ClusterState {
        let settings = self.settings;
        let fresh =
            |id| self.servers.id(ServerState::start(id, settings, PersistentState::default()));
        let servers = NodeId::all(settings.nodes).map(fresh).collect();
        let ledger = self.ledgers.id(Ledger::default());
        ClusterState { servers, ledger, ..ClusterState::default() }
    }

    pub(super) fn node(&self, state: &ClusterState, id: NodeId) -> &RaftNode {
        &self.server(state, id).node
    }

    pub(super) fn server(&self, state: &ClusterState, id: NodeId) -> &ServerState {
        self.servers.get(state.servers[id.index()])
    }

    pub fn interned(&self, id: u32) -> &Envelope {
        self.in_flight.get(id)
    }

    pub(super) fn brief(&self, message_id: u32) -> MessageBrief {
        self.in_flight.brief(message_id)
    }

    pub(super) fn transition(&self, nth: u32) -> &Transition {
        &self.taken[nth as usize]
    }

    /// Returns the number of the transition that `cause` makes at a server. A transition that is not known
    /// yet is made by the core, and remembered.
    pub(super) fn look_up(&mut self, server: u32, cause: Cause) -> u32 {
        if let Some(&nth) = self.known.get(&(server, cause)) {
            return nth;
        }
        let before = self.servers.get(server);
        let stepped = match cause {
            Cause::Prompt(prompt) => before.prompt(prompt),
            Cause::Message(message_id) => before.receive(self.in_flight.get(message_id)),
        };
        let Stepped { server: after, sent, leads_anew, cut_as_leader } = stepped;
        let node = &after.node;
        // A leader may be elected in every term and append a no-op; no-ops alone cannot exceed this.
        let longest = self.bounds.log + self.bounds.terms;
        let taken = Transition {
            leads_anew,
            cut_as_leader,
            log_changed: node.log() != before.node.log(),
            commit_changed: node.commit_index() != before.node.commit_index(),
            new_term: after.durable().current_term != before.durable().current_term,
            within: node.current_term().get() <= self.bounds.terms
                && node.last().index.get() <= longest,
            sent: sent.into_iter().map(|envelope| self.in_flight.id(envelope)).collect(),
            after: self.servers.id(after),
        };
        let nth = self.taken.len() as u32;
        self.taken.push(taken);
        self.known.insert((server, cause), nth);
        nth
    }

    /// Makes one server's step in `state`, and returns the number of its transition. Returns `Ok(None)`, and
    /// leaves `state` as it is, if the step leaves the bounds.
    ///
    /// # Errors
    /// The property that is violated with this step.
    pub(super) fn take(
        &mut self,
        state: &mut ClusterState,
        at: NodeId,
        cause: Cause,
    ) -> Result<Option<u32>, Property> {
        let nth = self.look_up(state.servers[at.index()], cause);
        let taken = &self.taken[nth as usize];
        if !taken.within {
            return Ok(None);
        }
        let new_term = taken.new_term;
        let before = std::mem::replace(&mut state.servers[at.index()], taken.after);
        self.judge(state, at, before, nth)?;
        if new_term {
            self.forget(state);
        }
        Ok(Some(nth))
    }

    /// Returns the lowest term that any node can be in from now on.
    pub(super) fn oldest_term(&self, state: &ClusterState) -> Term {
        let nodes = NodeId::all(self.settings.nodes);
        let terms = nodes.map(|id| self.server(state, id).durable().current_term);
        terms.min().unwrap_or_default()
    }

    fn forget(&mut self, state: &mut ClusterState) {
        let oldest = self.oldest_term(state);
        if let Some(ledger) = self.ledgers.get(state.ledger).forget_before(oldest) {
            state.ledger = self.ledgers.id(ledger);
        }
    }

    /// Returns roughly the memory, in bytes, of the steps and values that this thread has looked up.
    pub(super) fn bytes(&self) -> u64 {
        const STEP: usize = size_of::<Transition>() + 40;
        const VALUE: usize = size_of::<ServerState>() + 200;
        (self.known.capacity() * 16 + self.taken.len() * STEP + self.servers.len() * VALUE) as u64
    }
}
