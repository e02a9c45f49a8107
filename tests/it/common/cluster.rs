//! A whole cluster on one queue: messages arrive in the order in which they were sent, at once,
//! unless the test says otherwise.

use std::collections::{BTreeSet, VecDeque};

use raft_in_practice::raft::{
    Envelope, Event, Input, Message, MessageKind, NodeId, NodeSet, PersistentState, RaftNode, Rule,
    Settings,
};

use super::{commit, id, server, terms};

/// More deliveries than any quiet cluster needs. A cluster that reaches this number is in a loop.
const LIVELOCK: usize = 20_000;

/// Nodes, their disks, and the messages in flight between them.
pub struct Cluster {
    pub nodes: Vec<RaftNode>,
    disks: Vec<PersistentState>,
    queue: VecDeque<Envelope>,
    cuts: BTreeSet<(NodeId, NodeId)>,
    down: NodeSet,
    ignored: Option<MessageKind>,
    /// Everything that happened, in order.
    pub events: Vec<(NodeId, Event)>,
    /// How many messages arrived.
    pub delivered: usize,
}

impl Cluster {
    /// New servers with empty logs.
    pub fn new(settings: Settings) -> Self {
        Self::of((0..).take(settings.nodes).map(|n| server(n, settings, 0, None, &[])).collect())
    }

    /// Servers of one term with these logs.
    pub fn with_logs(settings: Settings, term: u64, logs: &[&[u64]]) -> Self {
        Self::of((0..).zip(logs).map(|(n, log)| server(n, settings, term, None, log)).collect())
    }

    /// These servers, numbered in order.
    pub fn of(nodes: Vec<RaftNode>) -> Self {
        Self {
            disks: nodes.iter().map(|node| node.persistent().clone()).collect(),
            nodes,
            queue: VecDeque::new(),
            cuts: BTreeSet::new(),
            down: NodeSet::default(),
            ignored: None,
            events: Vec::new(),
            delivered: 0,
        }
    }

    pub fn node(&self, number: u8) -> &RaftNode {
        &self.nodes[usize::from(number)]
    }

    pub fn terms(&self, number: u8) -> Vec<u64> {
        terms(self.node(number))
    }

    pub fn commit(&self, number: u8) -> u64 {
        commit(self.node(number))
    }

    pub fn commits(&self) -> Vec<u64> {
        self.nodes.iter().map(commit).collect()
    }

    // ---- what happens to one node --------------------------------------------------------

    /// One step of one node; its messages wait in the queue.
    pub fn step(&mut self, node: NodeId, input: Input) {
        if self.down.contains(node) {
            return;
        }
        let at = node.index();
        let Ok(mut sent) = self.nodes[at].step(input).persist(&mut self.disks[at]);
        if self.nodes[at].settings().rules.keeps(Rule::PersistBeforeReply) {
            assert_eq!(&self.disks[at], self.nodes[at].persistent(), "{node} saved all it changed");
        }
        self.events.extend(sent.events().iter().map(|&event| (node, event)));
        self.queue.extend(sent.drain_messages());
    }

    /// Makes the node campaign, and delivers all messages that follow.
    pub fn elect(&mut self, number: u8) {
        self.step(id(number), Input::ElectionTimeout);
        self.deliver_all();
    }

    /// Proposes this command to the node, and delivers all messages that follow.
    pub fn propose(&mut self, number: u8, command: &str) {
        self.step(id(number), Input::Propose(vec![command.into()]));
        self.deliver_all();
    }

    /// Lets the node send heartbeats if it leads, and delivers all messages that follow.
    pub fn heartbeat(&mut self, number: u8) {
        self.step(id(number), Input::HeartbeatDue);
        self.deliver_all();
    }

    /// Delivers this message, which no node has sent, and all messages that follow.
    pub fn inject(&mut self, from: u8, to: u8, message: Message) {
        self.queue.push_back(Envelope { from: id(from), to: id(to), message });
        self.deliver_all();
    }

    /// Stops the node. Messages in flight to it will be lost; its disk stays.
    pub const fn crash(&mut self, number: u8) {
        self.down.insert(id(number));
    }

    /// Starts the node again from its disk.
    pub fn restart(&mut self, number: u8) {
        self.down.remove(id(number));
        let (at, settings) = (usize::from(number), *self.node(number).settings());
        self.nodes[at] = RaftNode::new(id(number), settings, self.disks[at].clone());
    }

    // ---- what happens to the network -----------------------------------------------------

    /// Delivers one message after the other until there are none.
    pub fn deliver_all(&mut self) {
        for _ in 0..LIVELOCK {
            let Some(envelope) = self.queue.pop_front() else { return };
            let link = (envelope.from, envelope.to);
            if !self.cuts.contains(&link) && self.ignored != Some(envelope.message.kind()) {
                self.delivered += 1;
                self.step(envelope.to, Input::Receive(envelope));
            }
        }
        panic!("the cluster never falls silent: {:?}", self.queue);
    }

    /// Cuts the links between the two nodes, in both directions.
    pub fn cut(&mut self, a: u8, b: u8) {
        self.cuts.insert((id(a), id(b)));
        self.cuts.insert((id(b), id(a)));
    }

    /// Cuts all links from and to the node.
    pub fn isolate(&mut self, number: u8) {
        for other in (0..).take(self.nodes.len()).filter(|&other| other != number) {
            self.cut(number, other);
        }
    }

    /// Loses all messages of this kind from now on.
    pub const fn ignore(&mut self, kind: MessageKind) {
        self.ignored = Some(kind);
    }

    /// Makes every link work again. Nodes that are down stay down.
    pub fn heal(&mut self) {
        self.cuts.clear();
        self.ignored = None;
    }
}
