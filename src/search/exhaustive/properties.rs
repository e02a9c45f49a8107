//! Figure 3's five properties, checked after each step of the search.
//!
//! [`safety::Checker`](crate::properties::safety::Checker) checks the same five properties of a run, with
//! records that grow with the run. A search has to check them of a state and a small ledger, so they are
//! implemented here once more; a test lets both judge every counterexample.
//!
//! Leader Completeness concerns past leaders too: a commit in an earlier term may become known when the
//! leader of a later term has long been deposed, or has been given the entries that it lacked.
//! Remembering each leader's log would multiply the states by their histories. But almost always the
//! state itself shows it: a leader appends only entries of its own term, so the entries of earlier terms
//! with which its log begins are those that it was elected with, as long as no other leader has replaced
//! them. The ledger keeps what a leader was elected with only while its log no longer shows it, and only
//! until no node can commit anything in an earlier term.

use super::ledger::{CommitRecord, earlier_terms};
use super::state::{ClusterState, Model, Transition};
use crate::raft::{Log, LogEntry, LogIndex, NodeId, Property, Term};

impl Model<'_> {
    /// Checks a step of `at`, and enters in the ledger what it did. The step is transition `nth`, `state` is
    /// the state after it, and `before` is the number of the server before it.
    ///
    /// # Errors
    /// The property that is violated, the first in the paper's order if there are several.
    pub(super) fn judge(
        &mut self,
        state: &mut ClusterState,
        at: NodeId,
        before: u32,
        nth: u32,
    ) -> Result<(), Property> {
        let &Transition { leads_anew, cut_as_leader, log_changed, commit_changed, .. } =
            self.transition(nth);
        if leads_anew {
            self.judge_election(state, at)?;
        }
        if cut_as_leader {
            return Err(Property::LeaderAppendOnly);
        }
        if log_changed {
            if !self.logs_match(state, at) {
                return Err(Property::LogMatching);
            }
            self.keep_what_it_began_with(state, at, before);
        }
        if leads_anew && !self.holds_what_was_committed(state, at) {
            return Err(Property::LeaderCompleteness);
        }
        if commit_changed || log_changed {
            let commit = self.servers.get(before).node.commit_index();
            self.judge_commit(state, at, commit)?;
        }
        Ok(())
    }

    /// Election Safety: at most one leader in a term.
    fn judge_election(&mut self, state: &mut ClusterState, at: NodeId) -> Result<(), Property> {
        let term = self.node(state, at).current_term();
        match self.ledgers.get(state.ledger).leader_of(term) {
            Some(leader) if leader != at => Err(Property::ElectionSafety),
            Some(_) => Ok(()),
            None => {
                let mut ledger = self.ledgers.get(state.ledger).clone();
                ledger.lead(term, at);
                state.ledger = self.ledgers.id(ledger);
                Ok(())
            }
        }
    }

    /// After a node's log changed, keeps what it began with as a leader, if its log no longer shows that.
    fn keep_what_it_began_with(&mut self, state: &mut ClusterState, at: NodeId, before: u32) {
        let ledger = self.ledgers.get(state.ledger);
        if ledger.leaders.iter().all(|led| led.leader != at) {
            return;
        }
        let (before, after) = (self.servers.get(before).node.log(), self.node(state, at).log());
        if let Some(ledger) = ledger.log_changed(at, before, after, self.oldest_term(state)) {
            state.ledger = self.ledgers.id(ledger);
        }
    }

    /// Log Matching: where two logs agree on a term, they agree on everything before.
    fn logs_match(&self, state: &ClusterState, at: NodeId) -> bool {
        let log = self.node(state, at).log();
        NodeId::all(self.settings.nodes).filter(|&other| other != at).all(|other| {
            let other = self.node(state, other).log();
            let shared = log.last_index().min(other.last_index()).get();
            let agree = |&index: &u64| {
                let index = LogIndex::new(index);
                log.term_at(index) == other.term_at(index)
            };
            let Some(highest) = (1..=shared).rev().find(agree) else { return true };
            let highest = LogIndex::new(highest).count();
            log.slice(LogIndex::FIRST, highest) == other.slice(LogIndex::FIRST, highest)
        })
    }

    /// Leader Completeness, when a node begins to lead: it has what was committed in earlier terms.
    fn holds_what_was_committed(&self, state: &ClusterState, at: NodeId) -> bool {
        let leader = self.node(state, at);
        let committed = &self.ledgers.get(state.ledger).committed;
        let earlier = committed.iter().rposition(|c| c.in_term < leader.current_term());
        earlier.is_none_or(|last| holds(leader.log(), &committed[..=last]))
    }

    /// State Machine Safety: no node commits another entry where one was committed. And Leader
    /// Completeness, when an entry is committed: the leaders of later terms had it.
    fn judge_commit(
        &mut self,
        state: &mut ClusterState,
        at: NodeId,
        before: LogIndex,
    ) -> Result<(), Property> {
        let node = self.node(state, at);
        let now = node.commit_index();
        let known = &self.ledgers.get(state.ledger).committed;
        let both = now.min(node.last().index).count().min(known.len());
        let agrees = holds(node.log(), &known[..both]);
        if now > before {
            let term = node.current_term();
            let own = node.log().slice(LogIndex::FIRST, now.count());
            let mut ledger = self.ledgers.get(state.ledger).clone();
            let earlier =
                if agrees { ledger.committed_earlier(before.count()..both, term) } else { 0 };
            let fresh = own.get(known.len().max(before.count())..).unwrap_or_default();
            let new = |entry: &LogEntry| CommitRecord { entry: entry.clone(), in_term: term };
            ledger.committed.extend(fresh.iter().map(new));
            let news = if fresh.is_empty() { earlier } else { ledger.committed.len() };
            let complete = self.later_leaders_began_with(state, term, &ledger.committed[..news]);
            state.ledger = self.ledgers.id(ledger);
            if !complete {
                return Err(Property::LeaderCompleteness);
            }
        }
        if agrees { Ok(()) } else { Err(Property::StateMachineSafety) }
    }

    /// Whether every leader of a later term began with these entries, whatever became of its log since.
    fn later_leaders_began_with(
        &self,
        state: &ClusterState,
        term: Term,
        committed: &[CommitRecord],
    ) -> bool {
        let leaders = &self.ledgers.get(state.ledger).leaders;
        leaders.iter().filter(|led| led.term > term).all(|led| {
            let log = self.node(state, led.leader).log();
            let began_with = led.began_with.as_deref();
            begins_with(began_with.unwrap_or_else(|| earlier_terms(log, led.term)), committed)
        })
    }
}

/// Whether these entries begin with what was committed.
fn begins_with(entries: &[LogEntry], committed: &[CommitRecord]) -> bool {
    entries.len() >= committed.len()
        && entries.iter().zip(committed).all(|(own, c)| *own == c.entry)
}

/// Whether a log begins with what was committed.
fn holds(log: &Log, committed: &[CommitRecord]) -> bool {
    begins_with(log.slice(LogIndex::FIRST, committed.len()), committed)
}
