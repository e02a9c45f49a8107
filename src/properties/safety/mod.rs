//! Figure 3's five properties, and what a careful harness watches besides, checked after every step
//! of every node.
//!
//! The checker stands outside the nodes and keeps ledgers of its own: who led which term, who voted
//! for whom, which entry was committed first at an index and in which term. It follows each log by
//! a chain of digests, so that "equal up to here" is one comparison and a step costs only what it
//! changed. A ledger survives the crash of the node it is about; that is the point of it.
//!
//! Two definitions deserve care. Leader Completeness asks for the entries whose **commit happened**
//! in an earlier term; asking by the term of the entry itself raises false alarms in legal runs of
//! Figure 8. And leaders are counted as they are elected, not sampled now and then: what a leader's
//! log held when it began is kept, because a commit in an earlier term may be learnt when that leader
//! has long been deposed.

mod commits;
mod evidence;
mod leaders;
mod ledger;
mod logs;
mod monotone_counters;

pub use evidence::{Counter, Earlier, Evidence, Violation};
use ledger::{Begun, EntryLedger, FirstCommit, KnownDigests, Shadow};
pub(crate) use logs::cut_while_leading;
// Public for the tests: a node's own bookkeeping cannot be led astray from outside.
#[doc(hidden)]
pub use monotone_counters::is_sound;

use std::collections::BTreeMap;

use crate::raft::{Event, LogIndex, LogPosition, MAX_NODES, NodeId, Property, RoleKind, Term};
use crate::server::{Changes, Server};
use commits::Commit;

/// How many violations of a property are kept. One is enough to fail a run; but a hunt may wait for
/// the fall of one property and not care for another.
const KEPT: usize = 16;

/// Up to the end of a log, wherever that is.
const WHOLE_LOG: LogIndex = LogIndex::new(u64::MAX);

/// What the checker saw of a node when it looked last.
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
    /// How often each property was compared with the node in its last audit.
    audited: [u64; Property::ALL.len()],
}

/// Watches a cluster, one step at a time.
#[derive(Clone, Debug)]
pub struct Checker {
    nodes: usize,
    steps: u64,
    elections: u64,
    leaders: BTreeMap<Term, NodeId>,
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
            elections: 0,
            leaders: BTreeMap::new(),
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

    /// Looks at a node after a step: what it says happened, and what is there.
    pub fn observe(&mut self, server: &Server, changes: Changes, events: &[Event]) {
        self.steps += 1;
        let change = changes.memory_from.map(|from| self.follow_memory(server, from, events));
        self.follow_disk(server, changes);
        let node = server.node();
        let id = node.id();
        // The log of a node that wins an election in a batch is what it was before the batch: a
        // candidate takes no entries in.
        let log_before = |checker: &Self| {
            let memory = &checker.watched[id.index()].memory;
            change.as_ref().map_or_else(|| memory.clone(), |change| memory.before(change))
        };
        // A batch may hold several steps: what counts is how the node stood when it happened.
        let Watched { term: term_before, leads: led_before, commit, .. } = self.watched[id.index()];
        let (mut term, mut leads, mut committed) = (term_before, led_before, commit);
        for (nth, event) in events.iter().enumerate() {
            match *event {
                Event::TermAdvanced { to, .. } => term = to,
                Event::RoleChanged { to, .. } => leads = to == RoleKind::Leader,
                Event::ElectionStarted { .. } => self.elections += 1,
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
        // A node that leads a term it was not seen to win leads it all the same.
        if node.is_leader() && led_before && node.current_term() != term_before {
            self.begins(id, node.current_term(), log_before(self));
        }
        // Whatever its events say.
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

    /// A node crashed: what was only in memory is gone.
    pub fn crashed(&mut self, node: NodeId) {
        let watched = &mut self.watched[node.index()];
        watched.leads = false;
        for (index, link) in watched.memory.not_in(&watched.durable) {
            self.entries.lose(index, link, node, watched.term);
        }
        watched.memory.clone_from(&watched.durable);
    }

    /// A node that is down lost its disk. That its term goes back is no deed of its own, and no fall;
    /// but what it had said to others stands, and its votes are not forgotten here.
    pub fn wiped(&mut self, node: NodeId) {
        let watched = &mut self.watched[node.index()];
        watched.durable = Shadow::default();
        watched.durable_term = Term::default();
        watched.term = Term::default();
        watched.voted_for = None;
        self.crashed(node);
    }

    /// A node started again: what was only in memory is gone, and may be.
    pub fn restarted(&mut self, server: &Server) {
        let id = server.node().id();
        self.crashed(id);
        let watched = &mut self.watched[id.index()];
        watched.commit = LogIndex::ZERO;
        watched.applied = LogIndex::ZERO;
        self.check_counters(server);
    }

    /// Compares a node's whole log with the shadow that followed it, and its committed part with
    /// what was committed first. Costs as much as the log is long; made for the end of a run.
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
        // Of several audits of a node only the last counts: to ask for a report twice checks nothing twice.
        let audited = &mut self.watched[id.index()].audited;
        for ((checks, before), audited) in self.checks.iter_mut().zip(before).zip(audited) {
            let own = *checks - before;
            *checks -= std::mem::replace(audited, own);
        }
    }

    fn report(&mut self, property: Property, evidence: Evidence) {
        record(&mut self.violations, self.steps, property, evidence);
    }

    /// What was found, the first first.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Steps looked at.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// How often a node campaigned, and had saved that it did.
    pub const fn elections(&self) -> u64 {
        self.elections
    }

    /// How often `property` was compared with what happened.
    pub const fn checks(&self, property: Property) -> u64 {
        self.checks[property as usize]
    }

    /// How many entries were committed.
    pub const fn committed_len(&self) -> LogIndex {
        LogIndex::new(self.committed.len() as u64)
    }

    /// The entry that was committed first at `index`.
    pub fn committed_at(&self, index: LogIndex) -> Option<LogPosition> {
        let entry = self.committed.get(index.get().checked_sub(1)? as usize)?;
        Some(LogPosition { term: entry.term, index })
    }

    /// How many nodes led a term that another had led.
    pub fn second_leaders(&self) -> usize {
        let second = |found: &&Violation| matches!(found.evidence, Evidence::TwoLeaders { .. });
        self.violations.iter().filter(second).count()
    }

    /// How many entries of what each leader began with are kept: the tests see that they do not become more.
    #[doc(hidden)]
    pub fn kept_of_leaders(&self) -> impl Iterator<Item = (Term, usize)> {
        self.begun.iter().map(|begun| (begun.term, begun.rest.len()))
    }

    /// Who won which term first.
    pub const fn leaders(&self) -> &BTreeMap<Term, NodeId> {
        &self.leaders
    }
}

/// Up to which index the log still is, at the end of a batch, what it was at the first of these
/// events.
fn stays(events: &[Event]) -> LogIndex {
    let cut = |event: &Event| match *event {
        Event::Truncated { from, .. } => Some(from.prev()),
        _ => None,
    };
    events.iter().filter_map(cut).min().unwrap_or(WHOLE_LOG)
}

fn record(to: &mut Vec<Violation>, step: u64, property: Property, evidence: Evidence) {
    // What fell is not told again by every later step that meets it.
    let known = || to.iter().filter(|found| found.property == property);
    if known().count() < KEPT && known().all(|found| found.evidence != evidence) {
        to.push(Violation { property, step, evidence });
    }
}
