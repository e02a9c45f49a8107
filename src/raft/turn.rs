//! A turn: one or more steps of one node that share one save and one send.
//!
//! A turn borrows its node, and the protocol is written as methods of `Turn`, in the other files of
//! this module. Each step adds to the turn: events that say what happened and why, messages, timers
//! to restart, and changes that must be saved.

use std::ops::Deref;
use std::{mem, thread};

use super::event::Event;
use super::node::{Input, RaftNode};
use super::rpc::{Envelope, Message, MessageKind};
use super::rules::{Facts, Outcome, Rule, TimerCause};
use super::storage::{Storage, Unsaved, Write};
use super::types::{LogIndex, NodeId};

/// One or more steps of one node that are not saved yet. [`RaftNode::turn`] opens a turn, and a
/// turn can be read like its node.
///
/// The messages can be taken out, and even looked at, only by saving, a turn saves only its own node, and no
/// other code can use the node while the turn is open. None of these examples compiles:
///
/// ```compile_fail,E0616
/// # use raft_in_practice::raft::*;
/// # let mut node = RaftNode::new(NodeId::new(0), Settings::new(3), PersistentState::default());
/// let messages = node.step(Input::ElectionTimeout).sendable; // private: `persist` comes first
/// ```
///
/// ```compile_fail,E0624
/// # use raft_in_practice::raft::*;
/// # let mut node = RaftNode::new(NodeId::new(0), Settings::new(3), PersistentState::default());
/// let messages = node.step(Input::ElectionTimeout).peek_messages().to_vec(); // private too
/// ```
///
/// ```compile_fail,E0061
/// # use raft_in_practice::raft::*;
/// # let mut disk = PersistentState::default();
/// # let mut node = RaftNode::new(NodeId::new(0), Settings::new(3), disk.clone());
/// # let other = RaftNode::new(NodeId::new(1), Settings::new(3), disk.clone());
/// node.step(Input::ElectionTimeout).persist(&other, &mut disk); // it saves its own node
/// ```
///
/// ```compile_fail,E0502
/// # use raft_in_practice::raft::*;
/// # let mut disk = PersistentState::default();
/// # let mut node = RaftNode::new(NodeId::new(0), Settings::new(3), disk.clone());
/// let turn = node.step(Input::ElectionTimeout);
/// let term = node.current_term(); // the turn is open; `turn.current_term()` may look
/// turn.persist(&mut disk);
/// ```
///
/// # Panics
/// If the turn is dropped with unsaved changes: the node would continue with state that its storage does
/// not have. To give a turn up, as a crash does, call [`crash_before_saving`](Self::crash_before_saving).
#[derive(Debug)]
#[must_use = "what a turn did must be saved with `persist`, which yields its messages"]
pub struct Turn<'n> {
    pub(super) node: &'n mut RaftNode,
    pub(super) unsaved: MustBeSaved,
    sendable: Sendable,
}

/// The changes that are not saved yet. Dropping unsaved changes is a bug, so it panics at once.
#[derive(Debug, Default)]
pub(super) struct MustBeSaved(pub(super) Unsaved);

impl Drop for MustBeSaved {
    fn drop(&mut self) {
        let saved = self.0.is_empty() || thread::panicking();
        assert!(saved, "what a turn changed is saved, or a crash before saving is declared");
    }
}

/// The results of a turn, which may leave now that the state they depend on is saved.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use = "the messages are for sending"]
pub struct Sendable {
    messages: Vec<Envelope>,
    events: Vec<Event>,
    restart_election_timer: bool,
    restart_heartbeat_timer: bool,
    late: Unsaved,
}

/// The events and messages of a turn that a crash undid. They have no effect; they are only for recorders.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lost {
    pub(crate) events: Vec<Event>,
    pub(crate) messages: Vec<Envelope>,
}

impl RaftNode {
    /// Opens a turn.
    pub fn turn(&mut self) -> Turn<'_> {
        // Most steps have fewer events than this.
        let sendable = Sendable { events: Vec::with_capacity(8), ..Sendable::default() };
        Turn { node: self, unsaved: MustBeSaved::default(), sendable }
    }

    /// Opens a turn that reuses the memory of an earlier one.
    pub fn turn_reusing(&mut self, mut spent: Sendable) -> Turn<'_> {
        spent.messages.clear();
        spent.events.clear();
        (spent.restart_election_timer, spent.restart_heartbeat_timer) = (false, false);
        spent.late = Unsaved::default();
        Turn { node: self, unsaved: MustBeSaved::default(), sendable: spent }
    }

    /// Opens a turn and makes one step in it.
    pub fn step(&mut self, input: Input) -> Turn<'_> {
        let mut turn = self.turn();
        turn.step(input);
        turn
    }
}

impl Deref for Turn<'_> {
    type Target = RaftNode;

    fn deref(&self) -> &RaftNode {
        self.node
    }
}

impl<'n> Turn<'n> {
    /// Handles one input, whatever the node's role.
    pub fn step(&mut self, input: Input) {
        match input {
            // A leader has no election timer, so one that ends is left over from an earlier role.
            Input::ElectionTimeout if self.is_leader() => {}
            Input::ElectionTimeout => self.campaign(),
            Input::Receive(envelope) => self.receive(envelope),
            Input::Propose(commands) => self.propose(commands),
            Input::HeartbeatDue => self.heartbeat(),
        }
    }

    /// What has happened so far and why, in order.
    pub fn events(&self) -> &[Event] {
        &self.sendable.events
    }

    /// The messages so far. They are for the record of a turn alone, so no other crate sees them.
    pub(crate) fn peek_messages(&self) -> &[Envelope] {
        &self.sendable.messages
    }

    /// The changes that must be saved before anything of this turn may leave.
    pub const fn unsaved(&self) -> Unsaved {
        self.unsaved.0
    }

    /// Whether there is nothing to save and nothing to send.
    pub const fn is_idle(&self) -> bool {
        self.unsaved.0.is_empty() && self.sendable.messages.is_empty()
    }

    /// Ends the turn: saves all its changes in one write, then returns its messages (Figure 2:
    /// "updated on stable storage before responding to RPCs").
    ///
    /// # Errors
    /// The storage's own error. Then no message leaves, and the node is ahead of its storage: the
    /// caller must stop the node, and start it again from what the storage holds.
    pub fn persist<S: Storage>(self, storage: &mut S) -> Result<Sendable, S::Error> {
        self.end(storage).map(|(_, sendable)| sendable)
    }

    /// The same as `persist`, for a server that still needs its node afterwards.
    pub(crate) fn end<S: Storage>(
        mut self,
        storage: &mut S,
    ) -> Result<(&'n RaftNode, Sendable), S::Error> {
        let unsaved = mem::take(&mut self.unsaved.0);
        if !unsaved.is_empty() {
            let Unsaved { term_or_vote, log_from } = unsaved;
            let messages = self.sendable.messages.len();
            let facts = Facts::Durable { term_or_vote, log_from, messages };
            if self.must(Rule::PersistBeforeReply, facts) {
                storage.save(Write::of(&self.node.persistent, unsaved))?;
            } else {
                self.sendable.late = unsaved;
            }
        }
        Ok((self.node, self.sendable))
    }

    /// Ends the turn like a crash before the save. The node must not be used any more: a restart
    /// begins from what the storage holds.
    pub fn crash_before_saving(mut self) -> Lost {
        _ = mem::take(&mut self.unsaved.0);
        Lost { events: self.sendable.events, messages: self.sendable.messages }
    }

    /// Asks whether the condition of a rule holds. If it does not, the rule refuses. A rule that is
    /// switched off does not refuse: the node goes on, and the verdict says so.
    pub(super) fn check(&mut self, rule: Rule, holds: bool, facts: Facts) -> Result<(), Rule> {
        let verdict = self.settings.rules.verdict(rule, holds, facts);
        self.emit(Event::Checked(verdict));
        if verdict.outcome == Outcome::Refused { Err(rule) } else { Ok(()) }
    }

    /// Asks whether the node does what a rule demands: always, unless the rule is switched off.
    pub(super) fn must(&mut self, rule: Rule, facts: Facts) -> bool {
        let kept = self.settings.rules.keeps(rule);
        _ = self.check(rule, kept, facts);
        kept
    }

    /// Asks whether `have` nodes are a majority (§5.2): as votes, or as copies of the entry at an index.
    pub(super) fn check_majority(&mut self, have: usize, of: Option<LogIndex>) -> Result<(), Rule> {
        let (need, nodes) = (self.settings.majority(), self.settings.nodes);
        let facts = match of {
            None => Facts::Quorum { have, need, nodes },
            Some(index) => Facts::Copies { index, have, need, nodes },
        };
        self.check(Rule::MajorityQuorum, have >= need, facts)
    }

    /// Restarts the election timer, if the cause has the authority for that (§5.2).
    pub(super) fn election_timer_hears(&mut self, cause: TimerCause) {
        let facts = Facts::Timer { cause };
        if self.check(Rule::TimerResetOnlyByAuthority, cause.has_authority(), facts).is_ok() {
            self.sendable.restart_election_timer = true;
        }
    }

    /// Restarts the heartbeat timer, because the leader has just sent messages to all followers.
    pub(super) const fn restart_heartbeat_timer(&mut self) {
        self.sendable.restart_heartbeat_timer = true;
    }

    /// Deletes the entries from index `from` on, as a follower does at a conflict.
    pub(super) fn truncate_from(&mut self, from: LogIndex) {
        let to = self.last().index;
        self.node.persistent.log.truncate_from(from);
        self.unsaved.0.log_changed(Some(from));
        self.emit(Event::Truncated { from, to });
    }

    pub(super) fn emit(&mut self, event: Event) {
        self.sendable.events.push(event);
    }

    /// Records that a message is ignored.
    pub(super) fn ignore(&mut self, from: NodeId, kind: MessageKind) {
        self.emit(Event::Ignored { from, kind });
    }

    pub(super) fn send(&mut self, to: NodeId, message: impl Into<Message>) {
        let envelope = Envelope { from: self.id, to, message: message.into() };
        self.sendable.messages.push(envelope);
    }
}

impl Sendable {
    /// The messages to send.
    pub fn messages(&self) -> &[Envelope] {
        &self.messages
    }

    /// Takes the messages out.
    pub fn drain_messages(&mut self) -> std::vec::Drain<'_, Envelope> {
        self.messages.drain(..)
    }

    /// What happened and why, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Adds an event of the code that runs the node: a decision that it made after the turn was saved.
    pub fn add(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Whether to draw a new election timeout and restart the election timer.
    pub const fn restart_election_timer(&self) -> bool {
        self.restart_election_timer
    }

    /// Whether to restart the heartbeat timer.
    pub const fn restart_heartbeat_timer(&self) -> bool {
        self.restart_heartbeat_timer
    }

    /// The changes that are still unsaved: none, unless `persist-before-reply` is broken. The code
    /// that runs the node saves them before the node's next turn, with [`RaftNode::save_late`].
    pub const fn saved_too_late(&self) -> Unsaved {
        self.late
    }
}
