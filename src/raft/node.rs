//! `RaftNode`: the state of Figure 2, the one entry point, and how terms are settled before any
//! role's code runs.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::log::Log;
use super::output::{Event, Output, Write};
use super::role::{Progress, Role, RoleKind};
use super::rpc::{AppendEntriesResponse, AppendOutcome, Envelope, Message, VoteResponse};
use super::rules::{Rule, RuleSet};
use super::types::{Command, LogIndex, LogPosition, NodeId, Term};
use super::verdict::{Facts, TimerCause, Verdict};

/// What a node is told once: how large its cluster is, and by which rules it plays.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Settings {
    /// How many nodes vote: 1 to [`MAX_NODES`](super::types::MAX_NODES).
    pub nodes: usize,
    /// The rules that it keeps.
    pub rules: RuleSet,
    /// Whether a new leader appends a no-op (§8). Off, older entries wait for a client's command,
    /// as in Figure 8.
    pub no_op: bool,
    /// How many entries one AppendEntries may carry; `None` for as many as there are.
    pub max_batch: Option<NonZeroUsize>,
}

impl Settings {
    /// Sound settings for a cluster of `nodes`.
    #[must_use]
    pub const fn new(nodes: usize) -> Self {
        Self { nodes, rules: RuleSet::INTACT, no_op: true, max_batch: NonZeroUsize::new(1024) }
    }

    /// How many nodes are a strict majority: two sets of this size always share a node (§5.2).
    #[must_use]
    pub const fn majority(&self) -> usize {
        self.nodes / 2 + 1
    }

    /// How many nodes suffice for a decision; a majority, unless `majority-quorum` is broken.
    #[must_use]
    pub fn quorum(&self) -> usize {
        if self.rules.keeps(Rule::MajorityQuorum) {
            self.majority()
        } else {
            (self.nodes / 2).max(1)
        }
    }
}

/// What survives a crash (Figure 2, persistent state on all servers): exactly what is saved.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct PersistentState {
    pub(super) current_term: Term,
    pub(super) voted_for: Option<NodeId>,
    pub(super) log: Log,
}

impl PersistentState {
    /// A state to start from; [`PersistentState::default`] is that of a new server.
    #[must_use]
    pub const fn new(current_term: Term, voted_for: Option<NodeId>, log: Log) -> Self {
        Self { current_term, voted_for, log }
    }

    /// The latest term this server has seen.
    #[must_use]
    pub const fn current_term(&self) -> Term {
        self.current_term
    }

    /// Whom it voted for in that term, if anyone.
    #[must_use]
    pub const fn voted_for(&self) -> Option<NodeId> {
        self.voted_for
    }

    /// Its log.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    pub(super) fn overwrite(&mut self, write: Write<'_>) {
        self.current_term = write.current_term;
        self.voted_for = write.voted_for;
        if let Some((first, entries)) = write.log {
            self.log.overwrite_from(first, entries);
        }
    }
}

/// What can happen to a node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// A message arrived.
    Receive(Envelope),
    /// Clients ask for these commands, in this order.
    Propose(Vec<Command>),
    /// The election timer ended.
    ElectionTimeout,
    /// It is time for the leader to speak.
    HeartbeatDue,
}

/// One Raft server: pure. No clock, no threads, no randomness, no I/O.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RaftNode {
    pub(super) id: NodeId,
    pub(super) settings: Settings,
    pub(super) persistent: PersistentState,
    /// Figure 2's `commitIndex`, volatile. Its `lastApplied` lives with the state machine.
    pub(super) commit_index: LogIndex,
    pub(super) role: Role,
}

impl RaftNode {
    /// A server that starts, or starts again, as a follower with what it had saved. Nothing else
    /// survives: it knows of no leader, no votes, and of no committed entry.
    ///
    /// # Panics
    /// If `id` is not one of the cluster's nodes.
    #[must_use]
    pub fn new(id: NodeId, settings: Settings, saved: PersistentState) -> Self {
        assert!(id.index() < settings.nodes, "the node belongs to its cluster");
        Self {
            id,
            settings,
            persistent: saved,
            commit_index: LogIndex::ZERO,
            role: Role::Follower { leader: None },
        }
    }

    /// Handles one input, whatever the role, and says what follows from it.
    pub fn step(&mut self, input: Input) -> Output {
        let mut out = Output::new();
        self.step_into(input, &mut out);
        out
    }

    /// The same, adding to `out`: one save and one send can serve many inputs.
    pub fn step_into(&mut self, input: Input, out: &mut Output) {
        match input {
            Input::ElectionTimeout => self.start_election(out),
            Input::HeartbeatDue => self.heartbeat(out),
            Input::Propose(commands) => self.propose(commands, out),
            Input::Receive(envelope) => self.receive(envelope, out),
        }
    }

    fn receive(&mut self, envelope: Envelope, out: &mut Output) {
        if !self.is_from_a_peer(&envelope) {
            self.ignore(envelope.from, &envelope.message, out);
            return;
        }
        if !self.settle_terms(&envelope, out) {
            return;
        }
        let from = envelope.from;
        match envelope.message {
            Message::VoteRequest(request) => self.handle_vote_request(&request, out),
            Message::VoteResponse(response) => self.handle_vote_response(from, &response, out),
            Message::AppendEntriesRequest(request) => self.handle_append_entries(&request, out),
            Message::AppendEntriesResponse(response) => {
                self.handle_append_response(from, &response, out);
            }
        }
    }

    /// Quorums are counted among the members of the cluster: nobody else has a say, and nobody
    /// speaks for another.
    fn is_from_a_peer(&self, envelope: &Envelope) -> bool {
        let Envelope { from, to, ref message } = *envelope;
        to == self.id
            && from != self.id
            && from.index() < self.settings.nodes
            && message.signed_by().is_none_or(|name| name == from)
    }

    /// Compares the terms of the message and the node, in this one place, before any role's code
    /// (§5.1). Says whether the message is to be handled.
    fn settle_terms(&mut self, envelope: &Envelope, out: &mut Output) -> bool {
        let message = envelope.message.term();
        let own = self.persistent.current_term;
        if message > own {
            self.adopt_term(message, out);
            return true;
        }
        let current = message == own;
        let facts = Facts::Terms { message, own };
        match &envelope.message {
            Message::VoteRequest(_) | Message::AppendEntriesRequest(_) => {
                let handle = self.require(Rule::StaleTermRejected, current, facts, out);
                if !handle {
                    self.restart_election_timer(TimerCause::StaleRequest, out);
                    self.refuse_stale(envelope, out);
                }
                handle
            }
            Message::VoteResponse(_) => {
                current
                    || self.require(Rule::VotesCountedOnceAndInTerm, false, facts, out)
                    || self.ignore(envelope.from, &envelope.message, out)
            }
            Message::AppendEntriesResponse(_) => {
                current
                    || self.require(Rule::RepliesMatchedToTerm, false, facts, out)
                    || self.ignore(envelope.from, &envelope.message, out)
            }
        }
    }

    /// Takes over a higher term: the vote is free again, and whatever the node was, it is a
    /// follower that has yet to hear of a leader (§5.1).
    fn adopt_term(&mut self, term: Term, out: &mut Output) {
        let facts = Facts::Terms { message: term, own: self.persistent.current_term };
        self.enter_term(term, None, out);
        if self.oblige(Rule::HigherTermStepsDown, facts, out) {
            self.change_role(Role::Follower { leader: None }, out);
        }
    }

    /// Answers a request of an older term with the current one, so that its sender catches up.
    fn refuse_stale(&self, envelope: &Envelope, out: &mut Output) {
        let term = self.persistent.current_term;
        let message = if let Message::AppendEntriesRequest(request) = &envelope.message {
            out.events.push(Event::EntriesRefused { prev: request.prev_log() });
            let outcome = AppendOutcome::StaleTerm;
            Message::AppendEntriesResponse(AppendEntriesResponse { term, outcome })
        } else {
            let rule = Rule::StaleTermRejected;
            out.events.push(Event::VoteRefused { to: envelope.from, term, rule });
            Message::VoteResponse(VoteResponse { term, vote_granted: false })
        };
        self.send(envelope.from, message, out);
    }

    /// Enters a term: the only place where the term changes, and the vote with it.
    pub(super) fn enter_term(&mut self, term: Term, vote: Option<NodeId>, out: &mut Output) {
        let from = self.persistent.current_term;
        if term != from {
            out.events.push(Event::TermAdvanced { from, to: term });
        }
        self.persistent.current_term = term;
        self.set_vote(vote, out);
    }

    /// Records, or forgets, the vote of this term.
    pub(super) const fn set_vote(&mut self, vote: Option<NodeId>, out: &mut Output) {
        self.persistent.voted_for = vote;
        out.unsaved.term_or_vote = true;
    }

    /// Changes the role; what belonged to the old one is gone.
    pub(super) fn change_role(&mut self, role: Role, out: &mut Output) {
        let (from, to) = (self.role.kind(), role.kind());
        self.role = role;
        if from != to {
            let term = self.persistent.current_term;
            out.events.push(Event::RoleChanged { from, to, term });
        }
    }

    /// Restarts the election timer if `cause` has the authority to (§5.2).
    pub(super) fn restart_election_timer(&self, cause: TimerCause, out: &mut Output) {
        let facts = Facts::Timer { cause };
        let authority = cause.has_authority();
        if self.require(Rule::TimerResetOnlyByAuthority, authority, facts, out) {
            out.restart_election_timer = true;
        }
    }

    /// Whether `have` of the nodes are enough for a decision (§5.2).
    pub(super) fn has_quorum(&self, have: usize, facts: Facts, out: &mut Output) -> bool {
        let holds = have >= self.settings.majority();
        let passes = have >= self.settings.quorum();
        out.events.push(Event::Checked(Verdict::new(Rule::MajorityQuorum, holds, passes, facts)));
        passes
    }

    /// Asks a rule whether to go on. If its condition does not hold the answer is no, unless the
    /// rule is broken. Every rule that can refuse goes through here.
    pub(super) fn require(&self, rule: Rule, holds: bool, facts: Facts, out: &mut Output) -> bool {
        let passes = holds || !self.settings.rules.keeps(rule);
        out.events.push(Event::Checked(Verdict::new(rule, holds, passes, facts)));
        passes
    }

    /// Asks a rule that demands a deed. The answer is yes, unless the rule is broken.
    pub(super) fn oblige(&self, rule: Rule, facts: Facts, out: &mut Output) -> bool {
        let kept = self.settings.rules.keeps(rule);
        out.events.push(Event::Checked(Verdict::new(rule, kept, true, facts)));
        kept
    }

    /// Notes that a message is of no use. Returns `false`: it is not handled.
    #[expect(clippy::unused_self, reason = "reads as one more verb of the node")]
    pub(super) fn ignore(&self, from: NodeId, message: &Message, out: &mut Output) -> bool {
        out.events.push(Event::Ignored { from, kind: message.kind() });
        false
    }

    pub(super) fn send(&self, to: NodeId, message: Message, out: &mut Output) {
        out.messages.push(Envelope { from: self.id, to, message });
    }

    /// Every other node, in ascending order.
    pub(super) fn peers(&self) -> impl Iterator<Item = NodeId> + Clone + use<> {
        let own = self.id;
        NodeId::all(self.settings.nodes).filter(move |&node| node != own)
    }

    /// Who it is.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// How it was set up.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What it must keep through a crash.
    #[must_use]
    pub const fn persistent(&self) -> &PersistentState {
        &self.persistent
    }

    /// Its current term.
    #[must_use]
    pub const fn current_term(&self) -> Term {
        self.persistent.current_term
    }

    /// Its vote in the current term.
    #[must_use]
    pub const fn voted_for(&self) -> Option<NodeId> {
        self.persistent.voted_for
    }

    /// Its log.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.persistent.log
    }

    /// The end of its log.
    #[must_use]
    pub fn last(&self) -> LogPosition {
        self.persistent.log.last()
    }

    /// The highest index it knows to be committed.
    #[must_use]
    pub const fn commit_index(&self) -> LogIndex {
        self.commit_index
    }

    /// Its role, with what belongs to it.
    #[must_use]
    pub const fn role(&self) -> &Role {
        &self.role
    }

    /// Its role alone.
    #[must_use]
    pub const fn role_kind(&self) -> RoleKind {
        self.role.kind()
    }

    /// Whether it leads.
    #[must_use]
    pub const fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader { .. })
    }

    /// Who leads its term, as far as it knows; itself, if it does.
    #[must_use]
    pub const fn leader(&self) -> Option<NodeId> {
        match self.role {
            Role::Follower { leader } => leader,
            Role::Candidate { .. } => None,
            Role::Leader { .. } => Some(self.id),
        }
    }

    /// What it knows of `peer`, if it leads.
    #[must_use]
    pub const fn progress(&self, peer: NodeId) -> Option<Progress> {
        match &self.role {
            Role::Leader { progress } => Some(progress.of(peer)),
            _ => None,
        }
    }
}
