//! The servers of the walkthrough. There is no network and no clock: the script delivers their messages, and says
//! which timer ends.

use std::time::Duration;

use serde::Serialize;

use crate::raft::{
    Envelope, Event, Facts, Input, LogEntry, LogIndex, LogPosition, NodeId, PersistentState,
    RaftNode, Settings, Term, Verdict,
};
use crate::server::state_machine::{KeyValue, Reply};
use crate::server::timing::{Time, Timing};
use crate::server::turn_order::{Detail, Ended, MessageId, take_turn_of};
use crate::server::{Disk, Server, ServerConfig};

/// The timing that the election timeouts in the walkthrough are drawn from.
const TIMING: Timing = Timing::WATCHABLE;

/// One input to a node, and everything that came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShownStep {
    /// What the node was handed.
    pub input: Input,
    /// The number of the message, if it was handed one.
    pub received: Option<MessageId>,
    /// What happened and why, in order.
    pub events: Vec<Event>,
    /// The messages that left, each with its number, after the state they depend on was saved.
    pub messages: Vec<(MessageId, Envelope)>,
    /// The entries that the state machine applied.
    pub applied: Vec<AppliedEntry>,
    /// The node afterwards.
    pub after: RaftNode,
}

impl ShownStep {
    /// The messages that left.
    pub(super) fn envelopes(&self) -> Vec<Envelope> {
        self.messages.iter().map(|(_, envelope)| envelope.clone()).collect()
    }

    /// The election timeout that was drawn, if the timer started over.
    pub fn election_timeout(&self) -> Option<Duration> {
        self.events.iter().find_map(|event| match event {
            Event::Checked(Verdict { facts: Facts::Timeout { drawn_us, .. }, .. }) => {
                Some(Duration::from_micros(*drawn_us))
            }
            _ => None,
        })
    }
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

/// The servers.
#[derive(Clone, Debug)]
pub(super) struct Servers {
    config: ServerConfig,
    all: Vec<Server>,
    /// The messages that were written so far. The number of a message is its place here.
    written: Vec<Envelope>,
}

impl Servers {
    /// New servers with empty disks.
    pub(super) fn new(settings: Settings, seed: u64) -> Self {
        let disks = vec![PersistentState::default(); settings.nodes];
        Self::from_disks(settings, disks, seed)
    }

    /// Servers that start with these disks.
    pub(super) fn from_disks(settings: Settings, disks: Vec<PersistentState>, seed: u64) -> Self {
        let config = ServerConfig { settings, timing: TIMING, seed };
        let start = |(id, disk)| Server::start(id, config, Disk::new(disk), Time::ZERO);
        let all = NodeId::all(settings.nodes).zip(disks).map(start).collect();
        Self { config, all, written: Vec::new() }
    }

    /// The election timeout with which a node has started.
    pub(super) fn first_timeout(&self, of: NodeId) -> Duration {
        let deadline = self.all[of.index()].next_deadline();
        deadline.expect("a node that starts waits for a leader") - Time::ZERO
    }

    /// Hands a node one input, as a turn of its own.
    pub(super) fn step(&mut self, id: NodeId, input: Input) -> ShownStep {
        let received = match &input {
            Input::Receive(envelope) => self.number(envelope),
            Input::Propose(_) | Input::ElectionTimeout | Input::HeartbeatDue => None,
        };
        let first = MessageId(self.written.len() as u64);
        let server = &mut self.all[id.index()];
        let (machine, applied) = (server.machine().clone(), server.last_applied());
        let ended = take_turn_of(
            server,
            Time::ZERO,
            Detail::Batches,
            &mut None,
            |steps| _ = steps.make(input.clone(), received),
            |_| first,
        );
        let Ended::Saved { mut sendable, .. } = ended else {
            unreachable!("no crash is asked for, and this storage cannot fail");
        };
        let events = sendable.events().to_vec();
        let sent: Vec<Envelope> = sendable.drain_messages().collect();
        let numbers = (first.0..).map(MessageId);
        let messages = numbers.zip(sent.iter().cloned()).collect();
        let applied = applied_since(applied, machine, server);
        let after = server.node().clone();
        self.written.extend(sent);
        ShownStep { input, received, events, messages, applied, after }
    }

    /// The number of this message: of the latest, if it was sent several times. One that a script made up has none.
    fn number(&self, envelope: &Envelope) -> Option<MessageId> {
        let at = self.written.iter().rposition(|written| written == envelope)?;
        Some(MessageId(at as u64))
    }

    /// Hands a node all of `mail` that is addressed to it, without showing it. Returns what the node sends.
    pub(super) fn deliver(&mut self, mail: &[Envelope], to: NodeId) -> Vec<Envelope> {
        addressed(mail, to).flat_map(|input| self.sent(to, input)).collect()
    }

    /// Hands a node one input, without showing it. Returns what the node sends.
    pub(super) fn sent(&mut self, id: NodeId, input: Input) -> Vec<Envelope> {
        self.step(id, input).envelopes()
    }

    /// Ends a node's election timer, without showing it. Returns what the node sends.
    pub(super) fn time_out(&mut self, id: NodeId) -> Vec<Envelope> {
        self.sent(id, Input::ElectionTimeout)
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
        let server = &mut self.all[id.index()];
        let disk = server.clone().crash();
        *server = Server::start(id, self.config, disk, Time::ZERO);
    }

    pub(super) fn node(&self, id: NodeId) -> &RaftNode {
        self.all[id.index()].node()
    }

    pub(super) fn disk(&self, id: NodeId) -> &PersistentState {
        self.all[id.index()].disk().state()
    }

    pub(super) fn machine(&self, id: NodeId) -> &KeyValue {
        self.all[id.index()].machine()
    }
}

/// What a server has applied since its log was applied up to `before`, when its store was `machine`.
fn applied_since(before: LogIndex, mut machine: KeyValue, server: &Server) -> Vec<AppliedEntry> {
    let indexes = before.get() + 1..=server.last_applied().get();
    let apply = |index| {
        let index = LogIndex::new(index);
        let entry = server.node().log().get(index)?.clone();
        let reply = machine.apply(&entry.payload);
        Some(AppliedEntry { at: LogPosition { term: entry.term, index }, entry, reply })
    };
    indexes.filter_map(apply).collect()
}

/// Returns the messages for `to`, as inputs.
pub(super) fn addressed(mail: &[Envelope], to: NodeId) -> impl Iterator<Item = Input> {
    mail.iter().filter(move |envelope| envelope.to == to).cloned().map(Input::Receive)
}
