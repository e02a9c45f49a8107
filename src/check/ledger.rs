//! What a run must be remembered by, beside the state of its nodes: who led which term, and what
//! was committed when. The properties are about histories; with these two they can be asked of a
//! state.

use crate::digest;
use crate::raft::{LogEntry, NodeId, Term};

/// An entry that was committed, and the term in which that first happened, which may be later than
/// the entry's own.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Committed {
    pub(super) entry: LogEntry,
    pub(super) in_term: Term,
}

/// The memory of a run.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Ledger {
    /// Who led which term, by term.
    pub(super) leaders: Vec<(Term, NodeId)>,
    /// What was committed first at each index, from index 1.
    pub(super) committed: Vec<Committed>,
}

impl Ledger {
    pub(super) fn leader_of(&self, term: Term) -> Option<NodeId> {
        self.leaders.iter().find(|(led, _)| *led == term).map(|&(_, leader)| leader)
    }

    pub(super) fn lead(&mut self, term: Term, leader: NodeId) {
        self.leaders.push((term, leader));
        self.leaders.sort_unstable();
    }

    /// Forgets what can matter no more, now that no node can ever be in a term below `oldest`
    /// again: nobody can lead such a term any more, so who led it is idle; and whoever leads from
    /// now on leads a later term than one in which something was committed before `oldest`, so it
    /// does not matter which.
    pub(super) fn forget_before(&self, oldest: Term) -> Option<Self> {
        let idle =
            |committed: &Committed| committed.in_term < oldest && committed.in_term != Term::ZERO;
        let forgets =
            self.leaders.iter().any(|&(term, _)| term < oldest) || self.committed.iter().any(idle);
        if !forgets {
            return None;
        }
        let mut ledger = self.clone();
        ledger.leaders.retain(|&(term, _)| term >= oldest);
        ledger.committed.iter_mut().filter(|c| idle(c)).for_each(|c| c.in_term = Term::ZERO);
        Some(ledger)
    }

    /// What it says without naming a node.
    pub(super) fn label(&self) -> u64 {
        let chain = |digest, c: &Committed| digest::chain(digest, &(&c.entry, c.in_term));
        self.committed.iter().fold(11, chain)
    }
}
