//! What a step asks of the world, and the events that say what happened and why.
//!
//! The order is part of the type. A step yields an [`Output`], whose messages cannot be reached;
//! [`Output::persist`] hands over what must be durable and only then yields a [`Sendable`].

use serde::{Deserialize, Serialize};

use super::node::{PersistentState, RaftNode};
use super::role::RoleKind;
use super::rpc::{Envelope, MessageKind};
use super::rules::Rule;
use super::types::{LogEntry, LogIndex, LogPosition, NodeId, Term};
use super::verdict::{Facts, Verdict};

/// Something that happened in a step. A decision is preceded by the verdicts that led to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A rule was asked.
    Checked(Verdict),
    /// The node took over a higher term.
    TermAdvanced {
        /// Its term before.
        from: Term,
        /// Its term now.
        to: Term,
    },
    /// The node changed its role.
    RoleChanged {
        /// Its role before.
        from: RoleKind,
        /// Its role now.
        to: RoleKind,
        /// Its term now.
        term: Term,
    },
    /// The node stands for election.
    ElectionStarted {
        /// The term of the election.
        term: Term,
        /// The last entry it shows to the voters.
        last: LogPosition,
    },
    /// The node gave its vote. Its own, as a candidate, too.
    VoteGranted {
        /// To whom.
        to: NodeId,
        /// In which term.
        term: Term,
    },
    /// The node refused its vote.
    VoteRefused {
        /// To whom.
        to: NodeId,
        /// The voter's term.
        term: Term,
        /// The rule it follows.
        rule: Rule,
    },
    /// A candidate counted a vote.
    VoteCounted {
        /// Whose.
        from: NodeId,
        /// Votes so far.
        votes: usize,
    },
    /// A candidate was refused a vote.
    VoteDenied {
        /// By whom.
        by: NodeId,
    },
    /// The node won an election.
    BecameLeader {
        /// The term it leads.
        term: Term,
    },
    /// A leader appended to its own log.
    Appended {
        /// The first new index.
        first: LogIndex,
        /// The last new index.
        last: LogIndex,
        /// The leader's term.
        term: Term,
    },
    /// A command was offered to a node that does not lead.
    ProposalRefused {
        /// Who leads, as far as the node knows.
        leader: Option<NodeId>,
    },
    /// The node learned who leads its term.
    LeaderRecognised {
        /// The leader.
        leader: NodeId,
        /// The term.
        term: Term,
    },
    /// Entries were cut away.
    Truncated {
        /// The first that was cut.
        from: LogIndex,
        /// The last that was cut.
        to: LogIndex,
    },
    /// A follower accepted AppendEntries.
    EntriesAccepted {
        /// How many entries the request carried.
        count: usize,
        /// The first index that was new, if one was.
        new_from: Option<LogIndex>,
        /// The index it acknowledges.
        acknowledged: LogIndex,
    },
    /// A follower refused AppendEntries.
    EntriesRefused {
        /// The entry that it lacks.
        prev: LogPosition,
    },
    /// A leader learned that a follower holds its log up to here.
    Matched {
        /// The follower.
        peer: NodeId,
        /// Its match index now.
        match_index: LogIndex,
    },
    /// A leader steps back to find where a follower's log agrees with its own.
    BackedOff {
        /// The follower.
        peer: NodeId,
        /// The next index before.
        from: LogIndex,
        /// The next index now.
        to: LogIndex,
    },
    /// The commit index grew.
    CommitAdvanced {
        /// The commit index before.
        from: LogIndex,
        /// The commit index now.
        to: LogIndex,
    },
    /// A message was of no use, and that is normal: a duplicate, or a reply that comes too late.
    Ignored {
        /// Who sent it.
        from: NodeId,
        /// What it was.
        kind: MessageKind,
    },
}

/// What changed in the persistent state since it was last saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unsaved {
    /// Whether the term or the vote changed.
    pub term_or_vote: bool,
    /// The first log index that changed, if one did.
    pub log_from: Option<LogIndex>,
}

impl Unsaved {
    /// Whether all is saved.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !self.term_or_vote && self.log_from.is_none()
    }

    pub(super) fn log_changed(&mut self, from: LogIndex) {
        self.log_from = Some(self.log_from.map_or(from, |known| known.min(from)));
    }
}

/// One atomic write: everything that changed, as it stands now.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// The node's current term.
    pub current_term: Term,
    /// Its vote in that term.
    pub voted_for: Option<NodeId>,
    /// The log from the first changed index to the end, replacing all that stood there.
    pub log: Option<(LogIndex, &'a [LogEntry])>,
}

impl<'a> Write<'a> {
    /// What `unsaved` names, read from the state in memory.
    #[must_use]
    pub fn of(state: &'a PersistentState, unsaved: Unsaved) -> Self {
        Self {
            current_term: state.current_term(),
            voted_for: state.voted_for(),
            log: unsaved.log_from.map(|first| (first, state.log().slice(first, usize::MAX))),
        }
    }
}

/// What is on disk, or plays its part. It survives a crash.
pub trait Storage {
    /// Makes all of `write` durable, or none of it.
    fn save(&mut self, write: Write<'_>);
}

impl Storage for PersistentState {
    /// In this lab the disk is a second copy in memory, which a crash leaves alone.
    fn save(&mut self, write: Write<'_>) {
        self.overwrite(write);
    }
}

/// A storage that keeps nothing: for programs that look at one node and never crash it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Forgetful;

impl Storage for Forgetful {
    fn save(&mut self, _: Write<'_>) {}
}

/// What one or more steps ask of the world. Its messages can be taken out only by saving first:
///
/// ```compile_fail,E0616
/// use raft_in_practice::raft::{Input, NodeId, PersistentState, RaftNode, Settings};
///
/// let mut node = RaftNode::new(NodeId::new(0), Settings::new(3), PersistentState::default());
/// let out = node.step(Input::ElectionTimeout);
/// let messages = out.messages; // private: `persist` comes first
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use = "messages leave, and entries may be applied, only after `persist`"]
pub struct Output {
    pub(super) messages: Vec<Envelope>,
    pub(super) events: Vec<Event>,
    pub(super) unsaved: Unsaved,
    pub(super) restart_election_timer: bool,
    pub(super) restart_heartbeat_timer: bool,
}

impl Output {
    /// An empty output, for [`RaftNode::step_into`].
    pub fn new() -> Self {
        Self::default()
    }

    /// What happened and why, in order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// What must be saved before anything else may follow from these steps.
    #[must_use]
    pub const fn unsaved(&self) -> Unsaved {
        self.unsaved
    }

    /// The messages, to look at only: for recorders, and for whoever asks whether there are any.
    #[must_use]
    pub fn peek_messages(&self) -> &[Envelope] {
        &self.messages
    }

    /// Saves in one write what these steps changed in `node`, then gives the messages up
    /// (Figure 2: "updated on stable storage before responding to RPCs").
    pub fn persist(mut self, node: &RaftNode, storage: &mut impl Storage) -> Sendable {
        if self.unsaved.is_empty() {
            return Sendable { output: self };
        }
        let kept = node.settings().rules.keeps(Rule::PersistBeforeReply);
        let Unsaved { term_or_vote, log_from } = self.unsaved;
        let facts = Facts::Durable { term_or_vote, log_from, messages: self.messages.len() };
        self.events.push(Event::Checked(Verdict::new(Rule::PersistBeforeReply, kept, true, facts)));
        if kept {
            storage.save(Write::of(node.persistent(), self.unsaved));
            self.unsaved = Unsaved::default();
        }
        Sendable { output: self }
    }
}

/// What may leave now: the state it depends on is saved.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use = "the messages are for sending"]
pub struct Sendable {
    output: Output,
}

impl Sendable {
    /// The messages to send.
    #[must_use]
    pub fn messages(&self) -> &[Envelope] {
        &self.output.messages
    }

    /// Takes the messages out.
    pub fn drain_messages(&mut self) -> std::vec::Drain<'_, Envelope> {
        self.output.messages.drain(..)
    }

    /// What happened and why, in order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.output.events
    }

    /// Adds what whoever runs the node decided once the steps were saved: answers to clients.
    pub fn decided(&mut self, verdict: Verdict) {
        self.output.events.push(Event::Checked(verdict));
    }

    /// Whether to draw a new election timeout and start over.
    #[must_use]
    pub const fn restart_election_timer(&self) -> bool {
        self.output.restart_election_timer
    }

    /// Whether to wait a whole heartbeat interval again.
    #[must_use]
    pub const fn restart_heartbeat_timer(&self) -> bool {
        self.output.restart_heartbeat_timer
    }

    /// What is still not saved: nothing, unless `persist-before-reply` is broken. Whoever runs the
    /// node saves it before its next step.
    #[must_use]
    pub const fn saved_too_late(&self) -> Unsaved {
        self.output.unsaved
    }

    /// An empty output that reuses the memory of this one.
    pub fn recycle(mut self) -> Output {
        self.output.messages.clear();
        self.output.events.clear();
        Output { messages: self.output.messages, events: self.output.events, ..Output::default() }
    }
}
