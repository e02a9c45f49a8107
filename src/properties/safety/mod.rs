//! The five properties of Figure 3 and a few more, checked after every batch of steps of every node.
//!
//! The checker stands outside the nodes and keeps ledgers of its own: who led which term, who voted for
//! whom, which entry was committed first at an index and in which term. It follows each log by a chain of
//! digests. So one comparison shows that two logs are equal up to an index, and a step costs only what it
//! changed. A ledger survives the crash of the node it is about, which is why the checker keeps one.
//!
//! Two definitions need care. Leader Completeness asks for the entries whose **commit happened** in an
//! earlier term; asking by the term of the entry itself raises false alarms in legal runs of Figure 8. And
//! leaders are counted as they are elected, not sampled now and then. The checker keeps what a leader's log
//! held when the leader began, because a commit in an earlier term may become known long after that leader
//! was deposed.

mod commits;
mod evidence;
mod leaders;
mod ledger;
mod logs;
mod monotone_counters;

pub use evidence::{Counter, Earlier, Evidence, Violation};
use ledger::{Begun, EntryLedger, FirstCommit, KnownDigests, Shadow};
pub(crate) use logs::cut_while_leading;
// Public for the tests, which cannot corrupt a node's own bookkeeping, or its store, from outside.
#[doc(hidden)]
pub use commits::is_made_by;
#[doc(hidden)]
pub use monotone_counters::is_sound;

use std::collections::{BTreeMap, BTreeSet};

use super::linearizability::IsCommitted;
use crate::digest::chain_entry;
use crate::raft::{
    Event, LogEntry, LogIndex, LogPosition, MAX_NODES, NodeId, Payload, Property, RoleKind, Term,
};
use crate::server::{Changes, Server};
use commits::Commit;

/// How many violations of each property are kept. One is enough to fail a run, but a hunt may look for the
/// violation of one property and ignore those of another.
const KEPT: usize = 16;

/// An index that no log reaches: stands for the end of any log.
const WHOLE_LOG: LogIndex = LogIndex::new(u64::MAX);

/// What the checker saw of a node when it last looked.
#[derive(Clone, Debug, Default)]
struct Watched {
    term: Term,
    voted_for: Option<NodeId>,
    commit: LogIndex,
    applied: LogIndex,
    leads: bool,
    matches: [LogIndex; MAX_NODES],
    memory: Shadow,
    durable: Shadow,
    durable_term: Term,
    /// How often each property was checked in the node's last audit.
    audited: [u64; Property::ALL.len()],
}

/// Checks a cluster, one batch of steps at a time.
#[derive(Clone, Debug)]
pub struct Checker {
    nodes: usize,
    steps: u64,
    campaigns: u64,
    leaders: BTreeMap<Term, NodeId>,
    /// The nodes that led a term which another node had led before.
    second_leaders: BTreeSet<(Term, NodeId)>,
    begun: Vec<Begun>,
    votes: BTreeMap<(NodeId, Term), NodeId>,
    entries: EntryLedger,
    digests: KnownDigests,
    committed: Vec<FirstCommit>,
    watched: Vec<Watched>,
    checks: [u64; Property::ALL.len()],
    violations: Vec<Violation>,
}

impl Checker {
    /// A checker for a new cluster of `nodes`, whose logs are empty.
    pub fn new(nodes: usize) -> Self {
        Self {
            nodes,
            steps: 0,
            campaigns: 0,
            leaders: BTreeMap::new(),
            second_leaders: BTreeSet::new(),
            begun: Vec::new(),
            votes: BTreeMap::new(),
            entries: EntryLedger::default(),
            digests: KnownDigests::default(),
            committed: Vec::new(),
            watched: vec![Watched::default(); nodes],
            checks: [0; Property::ALL.len()],
            violations: Vec::new(),
        }
    }

    /// Checks a node after a batch of steps: the events that it reports, and its state.
    pub fn observe(&mut self, server: &Server, changes: Changes, events: &[Event]) {
        self.steps += 1;
        let change = changes.memory_from.map(|from| self.follow_memory(server, from, events));
        self.follow_disk(server, changes);
        let node = server.node();
        let id = node.id();
        // A candidate takes no entries in. So when a node won an election in this batch, its log was what
        // it had been before the batch.
        let log_before = |checker: &Self| {
            let memory = &checker.watched[id.index()].memory;
            change.as_ref().map_or_else(|| memory.clone(), |change| memory.before(change))
        };
        // A batch may hold several steps, so each event is checked against the node's state at that point.
        let Watched { term: term_before, leads: led_before, commit, .. } = self.watched[id.index()];
        let (mut term, mut leads, mut committed) = (term_before, led_before, commit);
        for (nth, event) in events.iter().enumerate() {
            match *event {
                Event::TermAdvanced { to, .. } => term = to,
                Event::RoleChanged { to, .. } => leads = to == RoleKind::Leader,
                Event::ElectionStarted { .. } => self.campaigns += 1,
                Event::BecameLeader { term } => self.begins(id, term, log_before(self)),
                Event::VoteGranted { to, term } => self.voted(id, term, to),
                Event::CommitAdvanced { to, .. } => {
                    let stays = stays(&events[nth..]);
                    let commit =
                        Commit { node: id, from: committed, to, in_term: term, leads, stays };
                    self.check_commit(commit);
                    committed = to;
                }
                _ => {}
            }
        }
        // A node that leads a term without an event that says so is counted as its leader all the same.
        if node.is_leader() && led_before && node.current_term() != term_before {
            self.begins(id, node.current_term(), log_before(self));
        }
        // Checks the commit index itself too, whatever the events say.
        self.check_commit(Commit {
            node: id,
            from: committed,
            to: node.commit_index(),
            in_term: node.current_term(),
            leads,
            stays: WHOLE_LOG,
        });
        self.check_counters(server);
    }

    /// Records that a node crashed and lost what was only in memory.
    pub fn crashed(&mut self, node: NodeId) {
        let watched = &mut self.watched[node.index()];
        watched.leads = false;
        // Only an audit at the end counts, and a node that is down then has none.
        for (checks, audited) in self.checks.iter_mut().zip(&mut watched.audited) {
            *checks -= std::mem::take(audited);
        }
        for (index, link) in watched.memory.not_in(&watched.durable) {
            self.entries.lose(index, link, node, watched.term);
        }
        watched.memory.clone_from(&watched.durable);
    }

    /// Records that a node that is down lost its disk. Its term goes back because of that, which is not a
    /// violation. But what the node told others still stands, so its votes are not forgotten here.
    pub fn wiped(&mut self, node: NodeId) {
        let watched = &mut self.watched[node.index()];
        watched.durable = Shadow::default();
        watched.durable_term = Term::default();
        watched.term = Term::default();
        watched.voted_for = None;
        self.crashed(node);
    }

    /// Records that a node started again. It has lost what was only in memory, which is allowed.
    pub fn restarted(&mut self, server: &Server) {
        let id = server.node().id();
        self.crashed(id);
        let watched = &mut self.watched[id.index()];
        watched.commit = LogIndex::ZERO;
        watched.applied = LogIndex::ZERO;
        self.check_counters(server);
    }

    /// Compares a node's whole log with the shadow that followed it, its committed part with what was committed
    /// first, and its store with what its log makes of a new one. The cost grows with the length of the log, so
    /// this is meant for the end of a run.
    pub fn audit(&mut self, server: &Server) {
        let id = server.node().id();
        let mut fresh = Shadow::default();
        fresh.follow(LogIndex::FIRST, server.node().log(), &mut self.digests);
        let before = self.checks;
        self.checks[Property::LogMatching as usize] += fresh.last_index().get();
        if fresh != self.watched[id.index()].memory {
            self.report(Property::LogMatching, Evidence::ShadowDiffers { node: id });
        }
        let commit = server.node().commit_index();
        self.compare_with_committed(id, LogIndex::ZERO, commit, LogIndex::ZERO);
        self.check_applied(server);
        // Only a node's last audit counts, so that asking for a report twice does not count the same checks
        // twice.
        let audited = &mut self.watched[id.index()].audited;
        for ((checks, before), audited) in self.checks.iter_mut().zip(before).zip(audited) {
            let own = *checks - before;
            *checks -= std::mem::replace(audited, own);
        }
    }

    fn report(&mut self, property: Property, evidence: Evidence) {
        record(&mut self.violations, self.steps, property, evidence);
    }

    /// The violations, in the order in which they were found.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// How many batches of steps were checked.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// How often nodes campaigned, in steps that were saved.
    pub const fn campaigns(&self) -> u64 {
        self.campaigns
    }

    /// How often `property` was checked.
    pub const fn checks(&self, property: Property) -> u64 {
        self.checks[property as usize]
    }

    /// How many entries were committed.
    pub const fn committed_len(&self) -> LogIndex {
        LogIndex::new(self.committed.len() as u64)
    }

    /// Whether the entry at this position, with a command of this text, was committed first at its index.
    ///
    /// # Errors
    /// If it was not: the entry that was, if any.
    pub fn is_committed(&self, position: LogPosition, command: &str) -> IsCommitted {
        let LogPosition { term, index } = position;
        let digest = |index: LogIndex| Some(self.committed_at(index)?.digest);
        let before = if index == LogIndex::FIRST { Some(0) } else { digest(index.prev()) };
        let entry = LogEntry { term, payload: Payload::Command(command.into()) };
        let whole = before.map(|before| chain_entry(before, &entry));
        if whole.is_some() && whole == digest(index) {
            return Ok(());
        }
        Err(self.committed_at(index).map(|entry| LogPosition { term: entry.term, index }))
    }

    /// The entry that was committed first at `index`.
    fn committed_at(&self, index: LogIndex) -> Option<&FirstCommit> {
        self.committed.get(index.get().checked_sub(1)? as usize)
    }

    /// How many nodes led a term that another node had led before.
    pub fn second_leaders(&self) -> usize {
        self.second_leaders.len()
    }

    /// For each leader whose log is kept, its term and how many entries are kept. Tests check that these do
    /// not become more.
    #[doc(hidden)]
    pub fn kept_of_leaders(&self) -> impl Iterator<Item = (Term, usize)> {
        self.begun.iter().map(|begun| (begun.term, begun.rest.len()))
    }

    /// The node that won each term first.
    pub const fn leaders(&self) -> &BTreeMap<Term, NodeId> {
        &self.leaders
    }
}

/// The index up to which the log, at the end of a batch, still is what it was at the first of these events.
fn stays(events: &[Event]) -> LogIndex {
    let cut = |event: &Event| match *event {
        Event::Truncated { from, .. } => Some(from.prev()),
        _ => None,
    };
    events.iter().filter_map(cut).min().unwrap_or(WHOLE_LOG)
}

fn record(to: &mut Vec<Violation>, step: u64, property: Property, evidence: Evidence) {
    // A violation is not reported again by every later step that meets it.
    let known = || to.iter().filter(|found| found.property == property);
    if known().count() < KEPT && known().all(|found| found.evidence != evidence) {
        to.push(Violation { property, step, evidence });
    }
}
