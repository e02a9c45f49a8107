//! One server as the search sees it: the [`RaftNode`] itself, and its disk where that differs.
//!
//! There are no timers here: a timer may end at any moment, so no deadline is part of a state. There is
//! no applied index either: applying follows from committing. And there is no state "crashed": a server
//! that is down and one that no message reaches look the same to all others, so a crash and the restart
//! are one step.

use std::hash::Hash;

use crate::digest;
use crate::properties::safety::cut_while_leading;
use crate::raft::{
    Command, Envelope, Input, MAX_NODES, Message, MessageKind, NodeId, PersistentState, RaftNode,
    Role, Settings, Term,
};

/// A server between two steps.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct ServerState {
    pub(super) node: RaftNode,
    /// What is durable, if it differs from what is in memory: only with `persist-before-reply` broken.
    late_disk: Option<PersistentState>,
}

/// A server, reduced to digests.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServerLabels {
    /// Of the whole server, except for its own name and the names of others.
    pub(super) own: u64,
    /// Of what it knows of each other server.
    pub(super) of_others: [u64; MAX_NODES],
}

/// What can happen to a server besides a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Prompt {
    Timeout,
    Heartbeat,
    Propose,
    Restart,
}

impl Prompt {
    pub(super) const ALL: [Self; 4] =
        [Self::Timeout, Self::Heartbeat, Self::Propose, Self::Restart];
}

/// The command that every client sends. Entries are told apart by index and term, as Raft does.
pub(super) fn command() -> Command {
    Command::from("SET x=1")
}

/// The result of a server's step.
#[derive(Debug)]
pub(super) struct Stepped {
    pub(super) server: ServerState,
    pub(super) sent: Vec<Envelope>,
    /// It leads a term that it did not lead before, elected or not.
    pub(super) leads_anew: bool,
    /// It removed entries of its own log while it led.
    pub(super) cut_as_leader: bool,
}

impl ServerState {
    /// A server that starts from this state, for the first time or again.
    pub(super) fn start(id: NodeId, settings: Settings, state: PersistentState) -> Self {
        Self { node: RaftNode::new(id, settings, state), late_disk: None }
    }

    /// Returns what a crash would leave.
    pub(super) fn durable(&self) -> &PersistentState {
        self.late_disk.as_ref().unwrap_or_else(|| self.node.persistent())
    }

    /// Returns what happens when a message arrives.
    pub(super) fn receive(&self, envelope: &Envelope) -> Stepped {
        self.step(Input::Receive(envelope.clone()))
    }

    /// Returns what happens at a prompt.
    pub(super) fn prompt(&self, prompt: Prompt) -> Stepped {
        match prompt {
            Prompt::Timeout => self.step(Input::ElectionTimeout),
            Prompt::Heartbeat => self.step(Input::HeartbeatDue),
            Prompt::Propose => self.step(Input::Propose(vec![command()])),
            Prompt::Restart => {
                let (id, settings) = (self.node.id(), *self.node.settings());
                Stepped {
                    server: Self::start(id, settings, self.durable().clone()),
                    sent: Vec::new(),
                    leads_anew: false,
                    cut_as_leader: false,
                }
            }
        }
    }

    /// Makes one step, and saves as a running server does: a late write comes before the step, and the
    /// step's own write goes through [`Turn::persist`](crate::raft::Turn::persist).
    fn step(&self, input: Input) -> Stepped {
        let mut node = self.node.clone();
        let mut disk = self.node.persistent().clone();
        let Ok(mut sendable) = node.step(input).persist(&mut disk);
        let late_disk = (disk != *node.persistent()).then_some(disk);
        let led = self.node.is_leader() && self.node.current_term() == node.current_term();
        Stepped {
            leads_anew: node.is_leader() && !led,
            cut_as_leader: cut_while_leading(self.node.is_leader(), sendable.events()),
            sent: sendable.drain_messages().collect(),
            server: Self { node, late_disk },
        }
    }
}

/// A part of a server's state that names another server.
#[derive(Hash)]
enum NodeKnowledge<'a, T> {
    Vote,
    LateVote,
    Believed,
    Counted,
    Progress(&'a T),
}

/// Splits a server into a digest that does not depend on names, and one for each other server of what it
/// says of that one. Renaming the nodes keeps the first and moves the others, so it never has to rebuild
/// a [`RaftNode`]. All digests together cover the whole state, unless which leader it knows is left out.
pub(super) fn labels<const IGNORE_KNOWN_LEADER: bool>(server: &ServerState) -> ServerLabels {
    let (node, late) = (&server.node, server.late_disk.as_ref());
    let nodes = node.settings().nodes;
    let mut of_others = [0_u64; MAX_NODES];
    let own = node.id();
    let mut votes_for_itself = 0_u8;
    let mut say = |of: NodeId, known: NodeKnowledge<'_, crate::raft::Progress>| {
        if of == own {
            votes_for_itself =
                votes_for_itself * 4 + 1 + u8::from(matches!(known, NodeKnowledge::LateVote));
        } else {
            let slot = &mut of_others[of.index()];
            *slot = slot.wrapping_add(digest::chain(1, &known));
        }
    };
    if let Some(vote) = node.voted_for() {
        say(vote, NodeKnowledge::Vote);
    }
    if let Some(vote) = late.and_then(|late| late.voted_for) {
        say(vote, NodeKnowledge::LateVote);
    }
    let mut counted = 0;
    match node.role() {
        Role::Follower { leader: Some(leader) } if !IGNORE_KNOWN_LEADER => {
            say(*leader, NodeKnowledge::Believed);
        }
        Role::Follower { .. } => {}
        Role::Candidate { votes } => {
            counted = votes.counted();
            votes.voters().iter().filter(|&voter| voter != own).for_each(|voter| {
                say(voter, NodeKnowledge::Counted);
            });
        }
        // A leader's own row follows from its log.
        Role::Leader { progress } => {
            NodeId::all(nodes).filter(|&peer| peer != own).for_each(|peer| {
                say(peer, NodeKnowledge::Progress(&progress.of(peer)));
            });
        }
    }
    let disk = late.map(|late| (late.current_term, late.voted_for.is_some(), &late.log));
    let persistent = (node.current_term(), node.voted_for().is_some(), node.log());
    let rest = (node.commit_index(), node.role().kind(), counted, votes_for_itself);
    ServerLabels { own: digest::chain(2, &(persistent, disk, rest)), of_others }
}

/// What a search reads of a message at nearly every step.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MessageBrief {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) route: Route,
    pub(super) term: Term,
    /// A digest of what it says. The only node that a message names is its sender, so only that is left out.
    pub(super) label: u64,
    /// A number to order messages by, which is the same in every run.
    pub(super) order: u64,
}

/// Of which kind a message is, and between which nodes it goes, as one number that is compared at once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Route(u32);

impl Route {
    pub(super) const fn new(kind: MessageKind, from: NodeId, to: NodeId) -> Self {
        Self((kind as u32) << 16 | (from.index() as u32) << 8 | to.index() as u32)
    }
}

impl MessageBrief {
    pub(super) fn of(envelope: &Envelope) -> Self {
        let Envelope { from, to, message } = envelope;
        let label = match message {
            Message::RequestVote(m) => {
                digest::chain(3, &(m.term, m.last_log_index, m.last_log_term))
            }
            Message::RequestVoteReply(m) => digest::chain(4, m),
            Message::AppendEntries(m) => digest::chain(
                5,
                &(m.term, m.prev_log_index, m.prev_log_term, &m.entries, m.leader_commit),
            ),
            Message::AppendEntriesReply(m) => digest::chain(6, m),
        };
        Self {
            from: *from,
            to: *to,
            route: Route::new(message.kind(), *from, *to),
            term: message.term(),
            label,
            order: digest::chain(7, envelope),
        }
    }
}
