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
//! Figure 8. And leaders are counted as they are elected, not sampled now and then.

mod evidence;
mod ledger;

pub use evidence::{Counter, Evidence, Violation};
use ledger::{Committed, EntryLedger, Link, Shadow};

use std::collections::BTreeMap;

use crate::raft::{
    Event, LogIndex, LogPosition, MAX_NODES, NodeId, Progress, Property, RoleKind, Term,
};
use crate::replica::{Changes, Replica};

/// How many violations of a property are kept. One is enough to fail a run; but a hunt may wait for
/// the fall of one property and not care for another.
const KEPT: usize = 16;

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
}

/// Watches a cluster, one step at a time.
#[derive(Clone, Debug)]
pub struct Checker {
    nodes: usize,
    steps: u64,
    leaders: BTreeMap<Term, NodeId>,
    votes: BTreeMap<(NodeId, Term), NodeId>,
    entries: EntryLedger,
    committed: Vec<Committed>,
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
            leaders: BTreeMap::new(),
            votes: BTreeMap::new(),
            entries: EntryLedger::default(),
            committed: Vec::new(),
            watched: vec![Watched::default(); nodes],
            checks: [0; Property::ALL.len()],
            violations: Vec::new(),
        }
    }

    /// Looks at a node after a step: what it says happened, and what is there.
    pub fn observe(&mut self, replica: &Replica, changes: Changes, events: &[Event]) {
        self.steps += 1;
        self.follow_logs(replica, changes, events);
        let node = replica.node();
        let id = node.id();
        // A batch may hold several steps: what counts is how the node stood when it happened.
        let Watched { mut term, mut leads, .. } = self.watched[id.index()];
        let mut committed = self.watched[id.index()].commit;
        for event in events {
            match *event {
                Event::TermAdvanced { to, .. } => term = to,
                Event::RoleChanged { to, .. } => leads = to == RoleKind::Leader,
                Event::BecameLeader { term } => self.elected(id, term),
                Event::VoteGranted { to, term } => self.voted(id, term, to),
                Event::CommitAdvanced { to, .. } => {
                    self.check_commit(id, committed, to, term, leads);
                    committed = to;
                }
                _ => {}
            }
        }
        self.check_leadership(replica);
        // Whatever its events say.
        self.check_commit(id, committed, node.commit_index(), node.current_term(), leads);
        self.check_counters(replica);
    }

    /// A node started again: what was only in memory is gone, and may be.
    pub fn restarted(&mut self, replica: &Replica) {
        let node = replica.node();
        let watched = &mut self.watched[node.id().index()];
        watched.memory = watched.durable.clone();
        watched.commit = LogIndex::ZERO;
        watched.applied = LogIndex::ZERO;
        watched.leads = false;
        self.check_counters(replica);
    }

    /// Extends the shadows of a node's log, in memory and on disk, by what changed.
    fn follow_logs(&mut self, replica: &Replica, changes: Changes, events: &[Event]) {
        let node = replica.node();
        let id = node.id();
        let watched = &mut self.watched[id.index()];
        if let Some(from) = changes.memory_from {
            let cut = watched.memory.last_index() >= from;
            let leads_on = watched.leads && node.is_leader() && node.current_term() == watched.term;
            let cut_own = cut && (leads_on || cut_while_leading(watched.leads, events));
            watched.memory.follow(from, node.log());
            for index in from.get()..=node.last().index.get() {
                let index = LogIndex::new(index);
                let Some(link) = self.watched[id.index()].memory.at(index) else { break };
                self.checks[Property::LogMatching as usize] += 1;
                if let Some(other) = self.entries.enter(index, link, id) {
                    let position = LogPosition { term: link.term, index };
                    let (a, b) = (&self.watched[other.index()], &self.watched[id.index()]);
                    let parts = a.memory.parts_from(&b.memory, position);
                    let evidence = Evidence::LogsDiffer { position, a: other, b: id, parts };
                    record(&mut self.violations, self.steps, Property::LogMatching, evidence);
                    break;
                }
            }
            self.checks[Property::LeaderAppendOnly as usize] += u64::from(node.is_leader());
            if cut_own {
                let evidence = Evidence::LeaderCut { leader: id, term: node.current_term(), from };
                record(&mut self.violations, self.steps, Property::LeaderAppendOnly, evidence);
            }
            if cut {
                let watched = &self.watched[id.index()];
                let rewritten = watched.commit.min(watched.memory.last_index());
                if from <= rewritten {
                    self.compare_with_committed(id, from.prev(), rewritten);
                }
            }
        }
        self.follow_disk(replica, changes);
    }

    /// Extends the shadow of what is on a node's disk by what changed.
    pub fn follow_disk(&mut self, replica: &Replica, changes: Changes) {
        if let Some(from) = changes.disk_from {
            let disk = &replica.disk().state().log;
            self.watched[replica.node().id().index()].durable.follow(from, disk);
        }
    }

    fn elected(&mut self, leader: NodeId, term: Term) {
        self.led(leader, term);
        self.checks[Property::LeaderCompleteness as usize] += 1;
        let earlier = self.committed.iter().rposition(|entry| entry.in_term < term);
        if let Some(at) = earlier {
            self.check_leader_holds(leader, term, LogIndex::ZERO.plus(at + 1));
        }
    }

    fn led(&mut self, leader: NodeId, term: Term) {
        self.checks[Property::ElectionSafety as usize] += 1;
        let first = *self.leaders.entry(term).or_insert(leader);
        if first != leader {
            let evidence = Evidence::TwoLeaders { term, first, second: leader };
            self.report(Property::ElectionSafety, evidence);
        }
    }

    fn check_leader_holds(&mut self, leader: NodeId, term: Term, index: LogIndex) {
        let committed = self.committed[index.prev().count()];
        let held = self.watched[leader.index()].memory.at(index);
        if held.is_none_or(|link| link.digest != committed.digest) {
            let missing = LogPosition { term: committed.term, index };
            let committed_in = committed.in_term;
            let evidence = Evidence::LeaderLacks { leader, term, missing, committed_in };
            self.report(Property::LeaderCompleteness, evidence);
        }
    }

    fn voted(&mut self, voter: NodeId, term: Term, candidate: NodeId) {
        self.checks[Property::VoteUniqueness as usize] += 1;
        let first = *self.votes.entry((voter, term)).or_insert(candidate);
        if first != candidate {
            let evidence = Evidence::TwoVotes { voter, term, first, second: candidate };
            self.report(Property::VoteUniqueness, evidence);
        }
    }

    /// A node that leads a term it was not seen to win leads it all the same.
    fn check_leadership(&mut self, replica: &Replica) {
        let node = replica.node();
        let watched = &self.watched[node.id().index()];
        if node.is_leader() && watched.leads && node.current_term() != watched.term {
            self.led(node.id(), node.current_term());
        }
    }

    /// A node that led or followed in `in_term` committed what stands behind `before` up to `now`.
    fn check_commit(
        &mut self,
        id: NodeId,
        before: LogIndex,
        now: LogIndex,
        in_term: Term,
        leads: bool,
    ) {
        if now <= before {
            return;
        }
        self.compare_with_committed(id, before, now);
        let known = LogIndex::ZERO.plus(self.committed.len());
        for index in known.get().max(before.get()) + 1..=now.get() {
            let Some(link) = self.watched[id.index()].memory.at(LogIndex::new(index)) else {
                break;
            };
            let Link { term, digest } = link;
            self.committed.push(Committed { term, digest, by: id, in_term });
        }
        let newest = LogIndex::ZERO.plus(self.committed.len());
        if newest > known {
            for leader in NodeId::all(self.nodes) {
                let watched = &self.watched[leader.index()];
                if watched.leads && watched.term > in_term {
                    let term = watched.term;
                    self.check_leader_holds(leader, term, newest);
                }
            }
        }
        if leads {
            self.check_durable(id, now);
        }
    }

    /// Compares a node's entries behind `from` up to `to` with what was committed there first.
    fn compare_with_committed(&mut self, node: NodeId, from: LogIndex, to: LogIndex) {
        let shared = to.min(LogIndex::ZERO.plus(self.committed.len()));
        if shared <= from {
            return;
        }
        self.checks[Property::StateMachineSafety as usize] += shared.get() - from.get();
        let shadow = &self.watched[node.index()].memory;
        let differs = |index: LogIndex| {
            shadow.at(index).map(|link| link.digest)
                != self.committed.get(index.prev().count()).map(|entry| entry.digest)
        };
        if !differs(shared) {
            return;
        }
        let mut index = from.next();
        while !differs(index) {
            index = index.next();
        }
        let Some(first) = self.committed.get(index.prev().count()) else { return };
        let evidence = Evidence::CommitsDiffer {
            index,
            first: (first.by, first.term),
            second: (node, shadow.at(index).map(|link| link.term).unwrap_or_default()),
        };
        self.report(Property::StateMachineSafety, evidence);
    }

    fn check_durable(&mut self, leader: NodeId, index: LogIndex) {
        self.checks[Property::DurableQuorum as usize] += 1;
        let Some(link) = self.watched[leader.index()].memory.at(index) else { return };
        let holds = |watched: &&Watched| watched.durable.at(index) == Some(link);
        let copies = self.watched.iter().filter(holds).count();
        let need = self.nodes / 2 + 1;
        if copies < need {
            let position = LogPosition { term: link.term, index };
            let evidence = Evidence::NotDurable { leader, position, copies, need };
            self.report(Property::DurableQuorum, evidence);
        }
    }

    /// Compares every number that may only grow with what it was.
    fn check_counters(&mut self, replica: &Replica) {
        let node = replica.node();
        let id = node.id();
        self.checks[Property::Monotonicity as usize] += 1;
        let watched = &mut self.watched[id.index()];
        let mut found: Option<Evidence> = None;
        let mut grows = |counter, from: u64, to: u64| {
            if to < from {
                found = Some(Evidence::WentBack { node: id, counter, from, to });
            }
        };
        let same_term = watched.term == node.current_term();
        grows(Counter::Term, watched.term.get(), node.current_term().get());
        grows(Counter::CommitIndex, watched.commit.get(), node.commit_index().get());
        grows(Counter::LastApplied, watched.applied.get(), replica.last_applied().get());
        let still_leads = watched.leads && node.is_leader() && same_term;
        let mut out_of_bounds = None;
        for peer in NodeId::all(self.nodes) {
            let Some(progress) = node.progress(peer) else { break };
            let known = &mut watched.matches[peer.index()];
            if still_leads {
                grows(Counter::MatchIndex(peer), known.get(), progress.match_index.get());
            }
            *known = progress.match_index;
            let (next, last) = (progress.next_index, node.last().index);
            if !is_sound(progress, last) {
                out_of_bounds = Some(Evidence::ProgressOutOfBounds {
                    leader: id,
                    peer,
                    match_index: progress.match_index,
                    next_index: next,
                    last,
                });
            }
        }
        for evidence in found.into_iter().chain(out_of_bounds) {
            record(&mut self.violations, self.steps, Property::Monotonicity, evidence);
        }
        // A second vote was reported already, if the node said that it gave it.
        let now = self.violations.iter().rev().take_while(|found| found.step == self.steps);
        let told = now.into_iter().any(|found| {
            matches!(found.evidence, Evidence::TwoVotes { voter, second, .. }
                if voter == id && Some(second) == node.voted_for())
        });
        let changed = watched.voted_for.is_some() && watched.voted_for != node.voted_for();
        if same_term && changed && !told {
            let evidence = Evidence::VoteChanged {
                node: id,
                term: watched.term,
                from: watched.voted_for,
                to: node.voted_for(),
            };
            record(&mut self.violations, self.steps, Property::VoteUniqueness, evidence);
        }
        watched.term = node.current_term();
        watched.voted_for = node.voted_for();
        watched.commit = node.commit_index();
        watched.applied = replica.last_applied();
        watched.leads = node.is_leader();
    }

    /// Compares a node's whole log with the shadow that followed it, and its committed part with
    /// what was committed first. Costs as much as the log is long; made for the end of a run.
    pub fn audit(&mut self, replica: &Replica) {
        let id = replica.node().id();
        let mut fresh = Shadow::default();
        fresh.follow(LogIndex::FIRST, replica.node().log());
        self.checks[Property::LogMatching as usize] += fresh.last_index().get();
        if fresh != self.watched[id.index()].memory {
            self.report(Property::LogMatching, Evidence::ShadowDiffers { node: id });
        }
        self.compare_with_committed(id, LogIndex::ZERO, replica.node().commit_index());
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

    /// Who won which term first.
    pub const fn leaders(&self) -> &BTreeMap<Term, NodeId> {
        &self.leaders
    }
}

/// What a leader knows of a follower: match < next ≤ last + 1.
fn is_sound(progress: Progress, last: LogIndex) -> bool {
    progress.match_index < progress.next_index && progress.next_index <= last.next()
}

/// Whether entries were cut away between the moments at which these events make a node a leader
/// and a follower again. One observation may cover several steps.
pub(crate) fn cut_while_leading(mut leads: bool, events: &[Event]) -> bool {
    events.iter().any(|event| {
        if let Event::RoleChanged { to, .. } = event {
            leads = *to == RoleKind::Leader;
        }
        leads && matches!(event, Event::Truncated { .. })
    })
}

fn record(to: &mut Vec<Violation>, step: u64, property: Property, evidence: Evidence) {
    // What fell is not told again by every later step that meets it.
    let known = || to.iter().filter(|found| found.property == property);
    if known().count() < KEPT && known().all(|found| found.evidence != evidence) {
        to.push(Violation { property, step, evidence });
    }
}

#[cfg(test)]
mod tests;
