//! What a server runs: a [`RaftNode`] with its timers, its durable state and its state machine.
//!
//! A server has no clock of its own: whoever runs it says what time it is. It has no network
//! either. So the same server lives on a thread and in the simulator.
//!
//! A turn has two halves, and a crash can fall between any two deeds: [`ServerTurn::step`]
//! decides, [`ServerTurn::persist`] saves; only then are there messages to send.

mod answer;
mod disk;
pub mod state_machine;
pub mod status;
pub mod timing;
pub mod turn_order;

use std::collections::BTreeMap;
use std::ops::Deref;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::digest::LogDigests;
use crate::raft::{
    Event, Facts, Input, LogIndex, LogPosition, Lost, NodeId, Outcome, PersistentState, RaftNode,
    Rule, Sendable, Settings, Storage, Term, Turn, Unsaved, Verdict,
};
use crate::server::state_machine::{KeyValue, Reply};
use crate::server::timing::{Time, Timing};

pub use answer::{Answer, NotLeader, Proposal, Ticket};
pub use disk::{Disk, StorageFailed};

/// How a server is set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServerConfig {
    /// The protocol's settings.
    pub settings: Settings,
    /// How long the timers run; none, where someone else says what ended, as in a replay.
    pub timing: Option<Timing>,
    /// Where its random draws come from; each node and each incarnation draws its own.
    pub seed: u64,
}

/// From where on the log changed since [`Server::take_changes`] was asked last.
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

/// All of a server but its node, which a turn borrows beside it.
#[derive(Clone, Debug)]
struct Rest<S> {
    config: ServerConfig,
    rng: ChaCha8Rng,
    election_deadline: Option<Time>,
    heartbeat_deadline: Option<Time>,
    disk: Disk<S>,
    /// What left unsaved with the last messages; nothing, unless `persist-before-reply` is broken.
    late: Unsaved,
    /// Whether the storage has failed, or a crash before saving was declared.
    stopped: bool,
    changes: Changes,
    log_digests: LogDigests,
    machine: KeyValue,
    last_applied: LogIndex,
    waiting: BTreeMap<LogIndex, (Term, Ticket)>,
    answers: Vec<(Ticket, Answer)>,
    /// How many of the next answers are lost on their way.
    answers_to_lose: usize,
    /// The memory of the last turn, for the next one.
    spent: Sendable,
}

/// One or more steps of a server, until they are saved. It can be read like the node's [`Turn`].
#[derive(Debug)]
#[must_use = "what a turn did must be saved with `persist`, which yields its messages"]
pub struct ServerTurn<'r, S: Storage = PersistentState> {
    turn: Turn<'r>,
    rest: &'r mut Rest<S>,
    /// What became of the save that was due before this turn.
    late: Result<(), S::Error>,
}

impl<S: Storage + AsRef<PersistentState>> Server<S> {
    /// Starts a server, for the first time or again, with what its disk holds.
    pub fn start(id: NodeId, config: ServerConfig, mut disk: Disk<S>, now: Time) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        rng.set_stream(disk.starts << 8 | id.index() as u64);
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

    /// Ends it, as a crash does: all but the disk is lost.
    pub fn crash(self) -> Disk<S> {
        self.rest.disk
    }

    /// Promises each of `tickets` an answer for the command that is proposed next, in order.
    ///
    /// # Errors
    /// If the node does not lead, it can promise nothing.
    pub fn expect_answers(&mut self, tickets: &[Ticket]) -> Result<(), NotLeader> {
        self.rest.expect_answers(&self.node, tickets)
    }

    /// Opens a turn.
    ///
    /// # Panics
    /// If the storage has failed, or a crash before saving was declared: the server has stopped.
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

    /// Gives back what a turn yielded, once its messages have left, so that the next turn need not
    /// ask for memory. On threads, a client that waits has a tenth fewer answers without this.
    pub fn recycle(&mut self, spent: Sendable) {
        self.rest.spent = spent;
    }

    /// The timer that has ended by `now`, as an input. To hand it to a turn is up to the caller,
    /// who may want to record it.
    pub fn expired(&mut self, now: Time) -> Option<Input> {
        let due = self.due(now)?;
        match due {
            Input::ElectionTimeout => self.rest.election_deadline = None,
            _ => self.rest.heartbeat_deadline = self.rest.heartbeat_after(now),
        }
        Some(due)
    }

    /// The same, only looked at. A server that has stopped has no timers.
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

    /// Where the log changed since this was asked last: what a checker must look at.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.rest.changes)
    }

    /// The answers that have become due.
    pub fn take_answers(&mut self) -> Vec<(Ticket, Answer)> {
        std::mem::take(&mut self.rest.answers)
    }

    /// Where the entry stands for which this claim waits here.
    pub fn waits_at(&self, ticket: Ticket) -> Option<LogPosition> {
        let mut waiting = self.rest.waiting.iter();
        let (&index, &(term, _)) = waiting.find(|(_, (_, waits))| *waits == ticket)?;
        Some(LogPosition { term, index })
    }

    /// Has one more of the next answers lost on its way.
    pub const fn lose_next_answer(&mut self) {
        self.rest.answers_to_lose += 1;
    }

    /// Takes those of the due answers out that are lost.
    pub(crate) fn take_lost_answers(&mut self) -> Vec<(Ticket, Answer)> {
        if self.rest.answers_to_lose == 0 {
            return Vec::new();
        }
        let count = self.rest.answers.len().min(self.rest.answers_to_lose);
        self.rest.answers_to_lose -= count;
        self.rest.answers.drain(..count).collect()
    }

    /// The node inside.
    pub const fn node(&self) -> &RaftNode {
        &self.node
    }

    /// What a crash would leave.
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

    /// The same as [`Server::expect_answers`], after the steps that this turn has made.
    ///
    /// # Errors
    /// If the node does not lead, it can promise nothing.
    pub fn expect_answers(&mut self, tickets: &[Ticket]) -> Result<(), NotLeader> {
        self.rest.expect_answers(&self.turn, tickets)
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

    /// Ends the turn as a crash does that comes before the save. What is left is to crash the
    /// server.
    pub fn crash_before_saving(self) -> Lost {
        self.rest.stop();
        self.turn.crash_before_saving()
    }
}

impl<S> Rest<S> {
    fn expect_answers(&mut self, node: &RaftNode, tickets: &[Ticket]) -> Result<(), NotLeader> {
        if !node.is_leader() {
            return Err(NotLeader { leader: node.leader() });
        }
        let term = node.current_term();
        let last = node.last().index;
        for (nth, &ticket) in tickets.iter().enumerate() {
            let index = last.plus(nth + 1);
            // Whoever still waited here asked this node in an earlier leadership, and the log has
            // lost that entry since.
            if let Some((old_term, before)) = self.waiting.insert(index, (term, ticket)) {
                let position = LogPosition { term: old_term, index };
                self.answers.push((before, Answer::Uncertain { position }));
            }
        }
        Ok(())
    }

    /// What follows once a turn of `node` is saved.
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
                self.heartbeat_deadline = self.heartbeat_after(now);
            }
        } else {
            self.heartbeat_deadline = None;
            // A leader's election timer stands still, so one that steps down starts it.
            if (sendable.restart_election_timer() || self.election_deadline.is_none())
                && let Some(verdict) = self.restart_election_timer(now)
            {
                sendable.add(Event::Checked(verdict));
            }
        }
        self.apply_committed(node, sendable);
    }

    /// When a leader that has spoken now speaks again.
    fn heartbeat_after(&self, now: Time) -> Option<Time> {
        Some(now + self.config.timing?.heartbeat)
    }

    /// The end of a server that cannot save: no timer wakes it again.
    const fn stop(&mut self) {
        self.stopped = true;
        self.election_deadline = None;
        self.heartbeat_deadline = None;
    }

    /// Starts the election timer over, if there are timers.
    fn restart_election_timer(&mut self, now: Time) -> Option<Verdict> {
        let rules = self.config.settings.rules;
        let (timeout, verdict) = self.config.timing?.draw_timeout(rules, &mut self.rng);
        self.election_deadline = Some(now + timeout);
        Some(verdict)
    }

    /// Applies entries in order as they become committed (Figure 2, all servers 1), and answers the
    /// clients that wait for them.
    fn apply_committed(&mut self, node: &RaftNode, sendable: &mut Sendable) {
        while self.last_applied < node.commit_index() {
            let index = self.last_applied.next();
            // Where a rule is broken, or a false leader speaks, one step of a turn may commit what a
            // later one deletes. Whoever checks safety says so; there is nothing to apply.
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

    /// What the client is told that waits for the entry `awaited`, now that one of term `applied` was
    /// applied at its index: an index alone proves nothing, another leader may have put its own
    /// entry there.
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
