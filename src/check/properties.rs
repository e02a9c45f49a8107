//! Figure 3's five properties, asked after each step of the search.
//!
//! [`safety::Checker`](crate::safety::Checker) says the same five things of a run, and keeps books
//! that grow with it. A search needs them as a question about a state and a small ledger, which is
//! why they stand here once more; a test lets both judge every counterexample.

use super::ledger::Committed;
use super::state::{Model, State};
use crate::raft::{LogIndex, NodeId, Property, RaftNode, Term};

impl Model<'_> {
    /// Enters in the ledger what the step of `at` did. The step is the `nth` that was looked up, and
    /// is in `state` already; `before` is the server that took it.
    ///
    /// # Errors
    /// The property that falls, the first in the paper's order if there are several.
    pub(super) fn judge(
        &mut self,
        state: &mut State,
        at: NodeId,
        before: u32,
        nth: u32,
    ) -> Result<(), Property> {
        let taken = self.taken(nth);
        if taken.leads_anew {
            self.judge_election(state, at)?;
        }
        let taken = self.taken(nth);
        if taken.cut_as_leader {
            return Err(Property::LeaderAppendOnly);
        }
        if taken.log_changed && !self.logs_match(state, at) {
            return Err(Property::LogMatching);
        }
        if taken.elected && !self.holds_what_was_committed(state, at) {
            return Err(Property::LeaderCompleteness);
        }
        if taken.commit_changed || taken.log_changed {
            let commit = self.servers.get(before).node.commit_index();
            self.judge_commit(state, at, commit)?;
        }
        Ok(())
    }

    /// Election Safety: at most one leader in a term.
    fn judge_election(&mut self, state: &mut State, at: NodeId) -> Result<(), Property> {
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

    /// Log Matching: where two logs agree on a term, they agree on everything before.
    fn logs_match(&self, state: &State, at: NodeId) -> bool {
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

    /// Leader Completeness, when a leader is elected: it has what was committed in earlier terms.
    fn holds_what_was_committed(&self, state: &State, at: NodeId) -> bool {
        let leader = self.node(state, at);
        let committed = &self.ledgers.get(state.ledger).committed;
        let earlier = committed.iter().rposition(|c| c.in_term < leader.current_term());
        earlier.is_none_or(|last| holds(leader, &committed[..=last]))
    }

    /// State Machine Safety: nobody commits another entry where one was committed. And Leader
    /// Completeness, when an entry is committed: the leaders of later terms have it.
    fn judge_commit(
        &mut self,
        state: &mut State,
        at: NodeId,
        before: LogIndex,
    ) -> Result<(), Property> {
        let node = self.node(state, at);
        let now = node.commit_index();
        let committed = &self.ledgers.get(state.ledger).committed;
        let both = now.min(node.last().index).count().min(committed.len());
        let lacks_one = !holds(node, &committed[..both]);
        let mut new = Vec::new();
        if now > before {
            let known = LogIndex::ZERO.plus(committed.len()).max(before);
            let fresh =
                node.log().slice(known.next(), now.count() - known.count().min(now.count()));
            let in_term = node.current_term();
            new.extend(fresh.iter().map(|entry| Committed { entry: entry.clone(), in_term }));
        }
        if !new.is_empty() {
            let term = node.current_term();
            let mut ledger = self.ledgers.get(state.ledger).clone();
            ledger.committed.append(&mut new);
            let complete = self.later_leaders_hold(state, term, &ledger.committed);
            state.ledger = self.ledgers.id(ledger);
            if !complete {
                return Err(Property::LeaderCompleteness);
            }
        }
        if lacks_one { Err(Property::StateMachineSafety) } else { Ok(()) }
    }

    fn later_leaders_hold(&self, state: &State, term: Term, committed: &[Committed]) -> bool {
        NodeId::all(self.settings.nodes)
            .map(|id| self.node(state, id))
            .filter(|node| node.is_leader() && node.current_term() > term)
            .all(|leader| holds(leader, committed))
    }
}

/// Whether a node's log begins with these entries.
fn holds(node: &RaftNode, committed: &[Committed]) -> bool {
    let log = node.log().slice(LogIndex::FIRST, committed.len());
    log.len() == committed.len() && log.iter().zip(committed).all(|(own, c)| *own == c.entry)
}
