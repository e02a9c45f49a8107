//! What a server runs: a [`RaftNode`] with its timers, its durable state and its state machine.
//!
//! A replica has no clock of its own: whoever runs it says what time it is. It has no network
//! either. So the same replica lives on a thread and in the simulator.
//!
//! A step has two halves, and a crash can fall between any two deeds: [`Replica::step`] decides,
//! [`Replica::persist`] saves; only then are there messages to send.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::raft::{
    Facts, Input, LogIndex, LogPosition, NodeId, Outcome, Output, PersistentState, RaftNode, Rule,
    Sendable, Settings, Storage, Term, Unsaved, Verdict, Write,
};
use crate::state_machine::{KeyValue, Reply};
use crate::timing::{Time, Timing};

/// A client's claim to an answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub u64);

impl Ticket {
    /// The number of the client that holds it, from 1. Here every command has a client of its own.
    #[must_use]
    pub const fn client(self) -> u64 {
        self.0 + 1
    }
}

/// What a client is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Its entry was committed and applied.
    Applied {
        /// Where the entry stands.
        position: LogPosition,
        /// What the state machine said.
        reply: Reply,
    },
    /// Another entry was committed at its index: this one is lost, and never took effect.
    Superseded {
        /// Where the entry stood.
        lost: LogPosition,
    },
    /// This node's log lost the entry while it did not lead. Another node may still hold it, and
    /// commit it, so nobody can say what becomes of it.
    Uncertain {
        /// Where the entry stood.
        position: LogPosition,
    },
}

/// The node does not lead, so it cannot take a command in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotLeader {
    /// Who leads, as far as the node knows.
    pub leader: Option<NodeId>,
}

/// How a replica is set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplicaConfig {
    /// The protocol's settings.
    pub settings: Settings,
    /// How long the timers run.
    pub timing: Timing,
    /// Where its random draws come from; each node and each incarnation draws its own.
    pub seed: u64,
}

/// What survives a crash: the durable state, and how often the server has started.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Disk {
    state: PersistentState,
    starts: u64,
}

impl Disk {
    /// A disk with this state on it.
    #[must_use]
    pub const fn new(state: PersistentState) -> Self {
        Self { state, starts: 0 }
    }

    /// What is on it.
    #[must_use]
    pub const fn state(&self) -> &PersistentState {
        &self.state
    }

    /// How often a server has started from it: the number of the next incarnation.
    #[must_use]
    pub const fn starts(&self) -> u64 {
        self.starts
    }
}

/// From where on the log changed since [`Replica::take_changes`] was asked last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    /// The first index that changed in memory.
    pub memory_from: Option<LogIndex>,
    /// The first index that changed on disk.
    pub disk_from: Option<LogIndex>,
}

/// A server, without a clock and without a network.
#[derive(Clone, Debug)]
pub struct Replica {
    node: RaftNode,
    config: ReplicaConfig,
    rng: ChaCha8Rng,
    election_deadline: Option<Time>,
    heartbeat_deadline: Option<Time>,
    disk: Disk,
    /// What left unsaved with the last messages; nothing, unless `persist-before-reply` is broken.
    unsaved: Unsaved,
    changes: Changes,
    machine: KeyValue,
    last_applied: LogIndex,
    waiting: BTreeMap<LogIndex, (Term, Ticket)>,
    answers: Vec<(Ticket, Answer)>,
}

impl Replica {
    /// Starts a server, for the first time or again, with what its disk holds.
    #[must_use]
    pub fn start(id: NodeId, config: ReplicaConfig, mut disk: Disk, now: Time) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        rng.set_stream(disk.starts << 8 | id.index() as u64);
        disk.starts += 1;
        let node = RaftNode::new(id, config.settings, disk.state.clone());
        let mut replica = Self {
            node,
            config,
            rng,
            election_deadline: None,
            heartbeat_deadline: None,
            disk,
            unsaved: Unsaved::default(),
            changes: Changes::default(),
            machine: KeyValue::default(),
            last_applied: LogIndex::ZERO,
            waiting: BTreeMap::new(),
            answers: Vec::new(),
        };
        replica.restart_election_timer(now);
        replica
    }

    /// Ends it, as a crash does: all but the disk is lost.
    #[must_use]
    pub fn crash(self) -> Disk {
        self.disk
    }

    /// The timer that has ended by `now`, as an input. Handing it to [`step`](Self::step) is the
    /// caller's, who may want to record it.
    pub fn expired(&mut self, now: Time) -> Option<Input> {
        let due = self.due(now)?;
        match due {
            Input::ElectionTimeout => self.election_deadline = None,
            _ => self.heartbeat_deadline = Some(now + self.config.timing.heartbeat),
        }
        Some(due)
    }

    /// The same, only looked at.
    #[must_use]
    pub fn due(&self, now: Time) -> Option<Input> {
        let over = |deadline: Option<Time>| deadline.is_some_and(|deadline| deadline <= now);
        if over(self.election_deadline) {
            Some(Input::ElectionTimeout)
        } else if over(self.heartbeat_deadline) {
            Some(Input::HeartbeatDue)
        } else {
            None
        }
    }

    /// When the next timer ends.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        match (self.election_deadline, self.heartbeat_deadline) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Ends the election timer now, whatever it was set to.
    pub const fn hurry_election(&mut self, now: Time) {
        if self.election_deadline.is_some() {
            self.election_deadline = Some(now);
        }
    }

    /// Promises each of `tickets` an answer for the command that is proposed next, in order.
    ///
    /// # Errors
    /// If the node does not lead, it can promise nothing.
    pub fn expect_answers(&mut self, tickets: &[Ticket]) -> Result<(), NotLeader> {
        if !self.node.is_leader() {
            return Err(NotLeader { leader: self.node.leader() });
        }
        let term = self.node.current_term();
        let last = self.node.last().index;
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

    /// Decides. Nothing is saved and nothing may leave yet. Several steps may share one `out`.
    pub fn step(&mut self, input: Input, out: &mut Output) {
        if !self.unsaved.is_empty() {
            self.disk.state.save(Write::of(self.node.persistent(), self.unsaved));
            self.changes.disk_from = earliest(self.changes.disk_from, self.unsaved.log_from);
            self.unsaved = Unsaved::default();
        }
        self.node.step_into(input, out);
    }

    /// Saves what the steps changed, restarts the timers they asked for, applies what is committed,
    /// and yields what may be sent now.
    pub fn persist(&mut self, out: Output, now: Time) -> Sendable {
        let changed = out.unsaved().log_from;
        let mut sendable = out.persist(&self.node, &mut self.disk.state);
        self.unsaved = sendable.saved_too_late();
        self.changes.memory_from = earliest(self.changes.memory_from, changed);
        if self.unsaved.is_empty() {
            self.changes.disk_from = earliest(self.changes.disk_from, changed);
        }
        if self.node.is_leader() {
            self.election_deadline = None;
            if sendable.restart_heartbeat_timer() || self.heartbeat_deadline.is_none() {
                self.heartbeat_deadline = Some(now + self.config.timing.heartbeat);
            }
        } else {
            self.heartbeat_deadline = None;
            // A leader's election timer stands still, so one that steps down starts it.
            if sendable.restart_election_timer() || self.election_deadline.is_none() {
                self.restart_election_timer(now);
            }
        }
        self.apply_committed(&mut sendable);
        sendable
    }

    fn restart_election_timer(&mut self, now: Time) {
        let timeout = self.config.timing.draw_timeout(self.config.settings.rules, &mut self.rng);
        self.election_deadline = Some(now + timeout);
    }

    /// Applies entries in order as they become committed (Figure 2, all servers 1), and answers the
    /// clients that wait for them.
    fn apply_committed(&mut self, sendable: &mut Sendable) {
        while self.last_applied < self.node.commit_index() {
            let index = self.last_applied.next();
            let Some(entry) = self.node.log().get(index) else { return };
            let reply = self.machine.apply(&entry.payload);
            self.last_applied = index;
            let applied = entry.term;
            if let Some((term, ticket)) = self.waiting.remove(&index) {
                let (answer, verdict) = self.answer(LogPosition { term, index }, applied, reply);
                self.answers.push((ticket, answer));
                sendable.decided(verdict);
            }
        }
    }

    /// What the client is told that waits for the entry `awaited`, now that one of term `applied` was
    /// applied at its index: an index alone proves nothing, another leader may have put its own
    /// entry there.
    fn answer(&self, awaited: LogPosition, applied: Term, reply: Reply) -> (Answer, Verdict) {
        let rule = Rule::AnswerOnlyApplied;
        let own = applied == awaited.term;
        let passes = own || !self.config.settings.rules.keeps(rule);
        let verdict = Verdict::new(rule, own, passes, Facts::Applied { awaited, applied });
        let answer = if verdict.outcome == Outcome::Refused {
            Answer::Superseded { lost: awaited }
        } else {
            Answer::Applied { position: awaited, reply }
        };
        (answer, verdict)
    }

    /// Where the log changed since this was asked last: what a checker must look at.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// The answers that have become due.
    pub fn drain_answers(&mut self) -> std::vec::Drain<'_, (Ticket, Answer)> {
        self.answers.drain(..)
    }

    /// The node inside.
    #[must_use]
    pub const fn node(&self) -> &RaftNode {
        &self.node
    }

    /// What a crash would leave.
    #[must_use]
    pub const fn disk(&self) -> &Disk {
        &self.disk
    }

    /// The number of this life, from 1; a restart begins the next.
    #[must_use]
    pub const fn incarnation(&self) -> u64 {
        self.disk.starts
    }

    /// The key-value store.
    #[must_use]
    pub const fn machine(&self) -> &KeyValue {
        &self.machine
    }

    /// The last entry that was applied (Figure 2, `lastApplied`).
    #[must_use]
    pub const fn last_applied(&self) -> LogIndex {
        self.last_applied
    }
}

fn earliest(a: Option<LogIndex>, b: Option<LogIndex>) -> Option<LogIndex> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raft::{Command, Log};

    fn alone() -> Replica {
        let config = ReplicaConfig { settings: Settings::new(1), timing: Timing::PAPER, seed: 1 };
        Replica::start(NodeId::new(0), config, Disk::default(), Time::ZERO)
    }

    fn run(replica: &mut Replica, input: Input, now: Time) -> Sendable {
        let mut out = Output::new();
        replica.step(input, &mut out);
        replica.persist(out, now)
    }

    fn elect(replica: &mut Replica) -> Time {
        let now = replica.next_deadline().unwrap();
        let input = replica.expired(now).unwrap();
        let _ = run(replica, input, now);
        now
    }

    #[test]
    fn a_cluster_of_one_elects_itself_commits_and_answers() {
        let mut replica = alone();
        assert_eq!(replica.expired(Time::ZERO), None);
        let now = elect(&mut replica);
        assert!(replica.node().is_leader());
        replica.expect_answers(&[Ticket(7)]).unwrap();
        let _ = run(&mut replica, Input::Propose(vec![Command::new("SET x=1")]), now);
        let answers: Vec<_> = replica.drain_answers().collect();
        let position = LogPosition::new(2, 1);
        assert_eq!(answers, [(Ticket(7), Answer::Applied { position, reply: Reply::Set })]);
        assert_eq!(replica.machine().get("x"), Some("1"));
    }

    #[test]
    fn a_follower_promises_no_answer() {
        assert_eq!(alone().expect_answers(&[Ticket(1)]), Err(NotLeader { leader: None }));
    }

    #[test]
    fn a_crash_between_deciding_and_saving_loses_the_step_and_a_later_one_does_not() {
        let mut replica = alone();
        let mut out = Output::new();
        replica.step(Input::ElectionTimeout, &mut out);
        let unsaved = replica.clone().crash();
        assert_eq!(unsaved.state(), &PersistentState::default());
        let _ = replica.persist(out, Time::ZERO);
        let saved = replica.crash();
        assert_eq!(saved.state().current_term(), Term::new(1));
        assert_eq!(saved.starts(), 1);
    }

    #[test]
    fn a_restart_keeps_the_disk_and_applies_again_from_the_start() {
        let mut replica = alone();
        let now = elect(&mut replica);
        let _ = run(&mut replica, Input::Propose(vec![Command::new("SET x=1")]), now);
        let config = replica.config;
        let mut again = Replica::start(NodeId::new(0), config, replica.crash(), now);
        assert_eq!(again.machine(), &KeyValue::default());
        assert_eq!((again.incarnation(), again.last_applied()), (2, LogIndex::ZERO));
        elect(&mut again);
        assert_eq!(again.machine().get("x"), Some("1"));
    }

    #[test]
    fn a_client_whose_entry_was_replaced_is_told_so() {
        let mut replica = alone();
        let awaited = LogPosition::new(1, 1);
        let (answer, verdict) = replica.answer(awaited, Term::new(2), Reply::Done);
        assert_eq!(answer, Answer::Superseded { lost: awaited });
        assert_eq!(verdict.outcome, Outcome::Refused);
        replica.config.settings.rules =
            replica.config.settings.rules.without(Rule::AnswerOnlyApplied);
        let (lie, verdict) = replica.answer(awaited, Term::new(2), Reply::Done);
        assert_eq!(lie, Answer::Applied { position: awaited, reply: Reply::Done });
        assert_eq!(verdict.outcome, Outcome::Overridden);
    }

    #[test]
    fn without_persist_before_reply_a_crash_loses_what_was_promised() {
        let mut replica = alone();
        replica.node = RaftNode::new(
            NodeId::new(0),
            Settings {
                rules: replica.config.settings.rules.without(Rule::PersistBeforeReply),
                ..Settings::new(3)
            },
            PersistentState::new(Term::new(1), None, Log::default()),
        );
        let sendable = run(&mut replica, Input::ElectionTimeout, Time::ZERO);
        assert_eq!(sendable.messages().len(), 2, "the messages left");
        assert_eq!(replica.disk().state(), &PersistentState::default(), "nothing was saved");
        let _ = run(&mut replica, Input::HeartbeatDue, Time::ZERO);
        assert_eq!(replica.disk().state().current_term(), Term::new(2), "saved a step too late");
    }
}
