//! A server: a [`RaftNode`] with its timers, its durable state and its state machine.
//!
//! A server has no clock and no network. Its caller supplies the time and delivers its messages, so
//! the same server runs on a thread and in the simulator.
//!
//! A turn has two halves: [`ServerTurn::step`] decides, and [`ServerTurn::persist`] saves. Only
//! after the save are there messages to send. A crash can come before the save or after it.

mod answer;
mod disk;
pub mod state_machine;
pub mod status;
pub mod timing;
pub mod turn_order;

use std::collections::BTreeMap;
use std::ops::Deref;

use rand_chacha::ChaCha8Rng;

use crate::digest::LogDigests;
use crate::raft::{
    Event, Facts, Input, LogIndex, LogPosition, Lost, NodeId, Outcome, PersistentState, RaftNode,
    Rule, Sendable, Settings, Storage, Term, Turn, Unsaved, Verdict,
};
use crate::random_draws::generator;
use crate::server::state_machine::{KeyValue, Reply};
use crate::server::timing::{Time, Timing};

pub use answer::{Answer, Proposal, Ticket};
pub use disk::{Disk, StorageFailed};

/// The configuration of a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServerConfig {
    /// The protocol's settings.
    pub settings: Settings,
    /// The durations of the timers.
    pub timing: Timing,
    /// The seed of its random draws. Each node, and each incarnation of it, draws different numbers.
    pub seed: u64,
}

/// Where the log has changed since the last call of [`Server::take_changes`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    /// The first index that changed in memory.
    pub memory_from: Option<LogIndex>,
    /// The first index that changed on disk.
    pub disk_from: Option<LogIndex>,
}

/// A server, without a clock and without a network.
#[derive(Clone, Debug)]
pub struct Server<S = PersistentState> {
    node: RaftNode,
    rest: Rest<S>,
}

/// Everything in a server except its node. A turn borrows the two separately.
#[derive(Clone, Debug)]
struct Rest<S> {
    config: ServerConfig,
    rng: ChaCha8Rng,
    election_deadline: Option<Time>,
    heartbeat_deadline: Option<Time>,
    disk: Disk<S>,
    /// The changes that were not saved when the last messages left; none, unless
    /// `persist-before-reply` is broken.
    late: Unsaved,
    /// Whether the storage has failed, or a crash before saving was declared.
    stopped: bool,
    changes: Changes,
    log_digests: LogDigests,
    machine: KeyValue,
    last_applied: LogIndex,
    waiting: BTreeMap<LogIndex, (Term, Ticket)>,
    answers: Vec<(Ticket, Answer)>,
    /// How many of the next answers will be lost.
    answers_to_lose: usize,
    /// The buffers of the last turn, which the next turn reuses.
    spent: Sendable,
}

/// One or more steps of a server that are not saved yet. It can be read like the node's [`Turn`].
#[derive(Debug)]
#[must_use = "what a turn did must be saved with `persist`, which yields its messages"]
pub struct ServerTurn<'r, S: Storage = PersistentState> {
    turn: Turn<'r>,
    rest: &'r mut Rest<S>,
    /// The result of the late save that was due before this turn.
    late: Result<(), S::Error>,
}

impl<S: Storage + AsRef<PersistentState>> Server<S> {
    /// Starts a server from its disk, for the first time or again.
    ///
    /// # Panics
    /// If a heartbeat would come no sooner than the shortest election timeout ends, or if the disk holds a state
    /// that no node can have saved ([`RaftNode::new`]).
    pub fn start(id: NodeId, config: ServerConfig, mut disk: Disk<S>, now: Time) -> Self {
        assert!(
            config.timing.heartbeats_are_in_time(),
            "a heartbeat comes before the shortest election timeout ends (§5.2)"
        );
        let rng = generator(config.seed, disk.starts << 8 | id.index() as u64);
        disk.starts += 1;
        let node = RaftNode::new(id, config.settings, disk.state().clone());
        let mut rest = Rest {
            config,
            rng,
            election_deadline: None,
            heartbeat_deadline: None,
            disk,
            late: Unsaved::default(),
            stopped: false,
            changes: Changes::default(),
            log_digests: LogDigests::default(),
            machine: KeyValue::default(),
            last_applied: LogIndex::ZERO,
            waiting: BTreeMap::new(),
            answers: Vec::new(),
            answers_to_lose: 0,
            spent: Sendable::default(),
        };
        rest.restart_election_timer(now);
        Self { node, rest }
    }

    /// Ends the server like a crash: only its disk is left.
    pub fn crash(self) -> Disk<S> {
        self.rest.disk
    }

    /// Opens a turn, and first makes the late save that the last turn left, if any.
    ///
    /// # Panics
    /// If the server has stopped: its storage failed, or a crash before saving was declared.
    pub fn turn(&mut self) -> ServerTurn<'_, S> {
        let rest = &mut self.rest;
        assert!(!rest.stopped, "a server that has stopped takes no further turn");
        let mut saved = Ok(());
        if !rest.late.is_empty() {
            let late = std::mem::take(&mut rest.late);
            saved = self.node.save_late(late, &mut rest.disk.storage);
            rest.changes.disk_from = earliest(rest.changes.disk_from, late.log_from);
            if saved.is_err() {
                rest.stop();
            }
        }
        let turn = self.node.turn_reusing(std::mem::take(&mut rest.spent));
        ServerTurn { turn, rest, late: saved }
    }

    /// Takes back the result of a turn after its messages have left, so that the next turn reuses its
    /// memory. On threads, a client that waits for each answer gets a tenth fewer answers without this.
    pub fn recycle(&mut self, spent: Sendable) {
        self.rest.spent = spent;
    }

    /// Returns the timer that has ended by `now`, as an input, and resets that timer. The caller
    /// must hand the input to a turn, and may record it first.
    pub fn expired(&mut self, now: Time) -> Option<Input> {
        let due = self.due(now)?;
        self.reset_timer(&due, now);
        Some(due)
    }

    /// Resets the timer whose end this input is, if it is one.
    pub(crate) fn reset_timer(&mut self, ended: &Input, now: Time) {
        match ended {
            Input::ElectionTimeout => self.rest.election_deadline = None,
            Input::HeartbeatDue => {
                self.rest.heartbeat_deadline = Some(self.rest.heartbeat_after(now));
            }
            Input::Receive(_) | Input::Propose(_) => {}
        }
    }

    /// Returns the timer that has ended by `now`, without resetting it. A server that has stopped
    /// has no timers.
    pub fn due(&self, now: Time) -> Option<Input> {
        let over = |deadline: Option<Time>| deadline.is_some_and(|deadline| deadline <= now);
        if over(self.rest.election_deadline) {
            Some(Input::ElectionTimeout)
        } else if over(self.rest.heartbeat_deadline) {
            Some(Input::HeartbeatDue)
        } else {
            None
        }
    }

    /// When the next timer ends.
    pub fn next_deadline(&self) -> Option<Time> {
        earliest(self.rest.election_deadline, self.rest.heartbeat_deadline)
    }

    /// Returns where the log has changed since the last call: the part that a checker must check.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.rest.changes)
    }

    /// Returns the answers that have become due.
    pub fn take_answers(&mut self) -> Vec<(Ticket, Answer)> {
        std::mem::take(&mut self.rest.answers)
    }

    /// The position of the entry for which this ticket waits here, if it does.
    pub fn waits_at(&self, ticket: Ticket) -> Option<LogPosition> {
        let mut waiting = self.rest.waiting.iter();
        let (&index, &(term, _)) = waiting.find(|(_, (_, waits))| *waits == ticket)?;
        Some(LogPosition { term, index })
    }

    /// Makes one more of the next answers get lost.
    pub const fn lose_next_answer(&mut self) {
        self.rest.answers_to_lose += 1;
    }

    /// Takes out the due answers that get lost.
    pub(crate) fn take_lost_answers(&mut self) -> Vec<(Ticket, Answer)> {
        if self.rest.answers_to_lose == 0 {
            return Vec::new();
        }
        let count = self.rest.answers.len().min(self.rest.answers_to_lose);
        self.rest.answers_to_lose -= count;
        self.rest.answers.drain(..count).collect()
    }

    /// The server's node.
    pub const fn node(&self) -> &RaftNode {
        &self.node
    }

    /// The disk, which is all that a crash would leave.
    pub const fn disk(&self) -> &Disk<S> {
        &self.rest.disk
    }

    /// The key-value store.
    pub const fn machine(&self) -> &KeyValue {
        &self.rest.machine
    }

    /// The last entry that was applied (Figure 2, `lastApplied`).
    pub const fn last_applied(&self) -> LogIndex {
        self.rest.last_applied
    }
}

impl<'r, S: Storage> Deref for ServerTurn<'r, S> {
    type Target = Turn<'r>;

    fn deref(&self) -> &Turn<'r> {
        &self.turn
    }
}

impl<S: Storage> ServerTurn<'_, S> {
    /// Handles one input.
    pub fn step(&mut self, input: Input) {
        self.turn.step(input);
    }

    /// Promises an answer to each of `tickets`, whose commands are the next input, in the same order. A node that
    /// does not lead promises nothing.
    fn expect_answers(&mut self, tickets: &[Ticket]) {
        if self.turn.is_leader() {
            self.rest.expect_answers(self.turn.current_term(), self.turn.last().index, tickets);
        }
    }

    /// Saves what the steps changed, restarts the timers they asked for, applies what is committed,
    /// and yields what may be sent now.
    ///
    /// # Errors
    /// If the storage could not save. Then nothing may be sent, and the server has stopped.
    pub fn persist(self, now: Time) -> Result<Sendable, StorageFailed<S::Error>> {
        let Self { turn, rest, late } = self;
        let (node, changed) = (turn.id(), turn.unsaved().log_from);
        let ended = match late {
            Ok(()) => turn.end(&mut rest.disk.storage),
            Err(cause) => {
                _ = turn.crash_before_saving();
                Err(cause)
            }
        };
        match ended {
            Ok((node, mut sendable)) => {
                rest.turn_ended(node, &mut sendable, changed, now);
                Ok(sendable)
            }
            Err(cause) => {
                rest.stop();
                Err(StorageFailed { node, cause })
            }
        }
    }

    /// Ends the turn like a crash before the save. The caller must then crash the server.
    pub fn crash_before_saving(self) -> Lost {
        self.rest.stop();
        self.turn.crash_before_saving()
    }
}

impl<S> Rest<S> {
    /// Notes that the commands of these tickets will be the entries of `term` after `last`.
    fn expect_answers(&mut self, term: Term, last: LogIndex, tickets: &[Ticket]) {
        for (nth, &ticket) in tickets.iter().enumerate() {
            let index = last.plus(nth + 1);
            // A ticket that still waits here is from an earlier leadership of this node, and the
            // log has lost its entry since.
            if let Some((old_term, before)) = self.waiting.insert(index, (term, ticket)) {
                let position = LogPosition { term: old_term, index };
                self.answers.push((before, Answer::Uncertain { position }));
            }
        }
    }

    /// Updates the timers and applies committed entries after a turn of `node` is saved.
    fn turn_ended(
        &mut self,
        node: &RaftNode,
        sendable: &mut Sendable,
        changed: Option<LogIndex>,
        now: Time,
    ) {
        self.late = sendable.saved_too_late();
        self.changes.memory_from = earliest(self.changes.memory_from, changed);
        self.log_digests.forget_from(changed);
        if self.late.is_empty() {
            self.changes.disk_from = earliest(self.changes.disk_from, changed);
        }
        if node.is_leader() {
            self.election_deadline = None;
            if sendable.restart_heartbeat_timer() || self.heartbeat_deadline.is_none() {
                self.heartbeat_deadline = Some(self.heartbeat_after(now));
            }
        } else {
            self.heartbeat_deadline = None;
            // A leader's election timer does not run, so a leader that steps down starts it.
            if sendable.restart_election_timer() || self.election_deadline.is_none() {
                sendable.add(Event::Checked(self.restart_election_timer(now)));
            }
        }
        self.apply_committed(node, sendable);
    }

    /// When a leader that sends messages at `now` must send the next heartbeat.
    fn heartbeat_after(&self, now: Time) -> Time {
        now + self.config.timing.heartbeat
    }

    /// Stops the server: it takes no more turns, and no timer ends.
    const fn stop(&mut self) {
        self.stopped = true;
        self.election_deadline = None;
        self.heartbeat_deadline = None;
    }

    /// Restarts the election timer. Returns the verdict on the timeout that is drawn for it.
    fn restart_election_timer(&mut self, now: Time) -> Verdict {
        let rules = self.config.settings.rules;
        let (timeout, verdict) = self.config.timing.draw_timeout(rules, &mut self.rng);
        self.election_deadline = Some(now + timeout);
        verdict
    }

    /// Applies entries in order as they become committed (Figure 2, all servers 1), and answers the
    /// clients that wait for them.
    fn apply_committed(&mut self, node: &RaftNode, sendable: &mut Sendable) {
        while self.last_applied < node.commit_index() {
            let index = self.last_applied.next();
            // If a rule is broken, or a false leader sends messages, one step of a turn may commit an entry
            // that a later step deletes. The safety checker reports that; here there is nothing to apply.
            let Some(entry) = node.log().get(index) else { return };
            let reply = self.machine.apply(&entry.payload);
            self.last_applied = index;
            if let Some((term, ticket)) = self.waiting.remove(&index) {
                let awaited = LogPosition { term, index };
                let (answer, verdict) = self.answer(awaited, entry.term, reply);
                self.answers.push((ticket, answer));
                sendable.add(Event::Checked(verdict));
            }
        }
    }

    /// The answer to the client that waits for the entry `awaited`, now that an entry of the term
    /// `applied` was applied at its index. The index alone proves nothing: another leader may have
    /// put its own entry there.
    fn answer(&self, awaited: LogPosition, applied: Term, reply: Reply) -> (Answer, Verdict) {
        let facts = Facts::Applied { awaited, applied };
        let own = applied == awaited.term;
        let verdict = self.config.settings.rules.verdict(Rule::AnswerOnlyApplied, own, facts);
        let answer = match verdict.outcome {
            Outcome::Refused => Answer::Superseded { lost: awaited },
            Outcome::Holds | Outcome::Overridden => Answer::Applied { position: awaited, reply },
        };
        (answer, verdict)
    }
}

fn earliest<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}
