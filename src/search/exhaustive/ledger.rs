//! What a run must be remembered by, beside the state of its nodes: who led which term, beginning with
//! which log, and what was committed when. The properties are about histories; with these they can
//! be asked of a state.

use std::ops::Range;

use crate::digest;
use crate::raft::{Log, LogEntry, LogIndex, NodeId, Term};

/// An entry that was committed, and the term in which that happened, which may be later than the
/// entry's own. Of several terms it is the earliest, as far as a leader of a term between them is asked.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct CommitRecord {
    pub(super) entry: LogEntry,
    pub(super) in_term: Term,
}

/// Who led a term.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Led {
    pub(super) term: Term,
    pub(super) leader: NodeId,
    /// The [entries of earlier terms](earlier_terms) that its log began with when it was elected; none
    /// if those are what it begins with now.
    pub(super) began_with: Option<Vec<LogEntry>>,
}

/// The entries of terms before `term` with which a log begins. While its node leads that term they are
/// those with which it was elected, for whatever a leader appends is of its own term.
pub(super) fn earlier_terms(log: &Log, term: Term) -> &[LogEntry] {
    let entries = log.slice(LogIndex::FIRST, usize::MAX);
    let own = entries.iter().position(|entry| entry.term >= term);
    &entries[..own.unwrap_or(entries.len())]
}

/// The memory of a run.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Ledger {
    /// Who led which term, by term.
    pub(super) leaders: Vec<Led>,
    /// What was committed first at each index, from index 1.
    pub(super) committed: Vec<CommitRecord>,
}

impl Ledger {
    pub(super) fn leader_of(&self, term: Term) -> Option<NodeId> {
        self.leaders.iter().find(|led| led.term == term).map(|led| led.leader)
    }

    pub(super) fn lead(&mut self, term: Term, leader: NodeId) {
        self.leaders.push(Led { term, leader, began_with: None });
        self.leaders.sort_unstable();
    }

    /// Forgets what can matter no more, now that no node can ever be in a term below `oldest`
    /// again: nobody can lead such a term any more, so who led it is idle; nothing can be committed
    /// in it any more, so what the leader of `oldest` began with is idle; and whoever leads from now
    /// on leads a later term than one in which something was committed before `oldest`, so it does not
    /// matter which.
    pub(super) fn forget_before(&self, oldest: Term) -> Option<Self> {
        let idle = |committed: &CommitRecord| {
            committed.in_term < oldest && committed.in_term != Term::ZERO
        };
        let unasked = |led: &Led| led.began_with.is_some() && led.term <= oldest;
        let forgets = self.leaders.iter().any(|led| led.term < oldest || unasked(led))
            || self.committed.iter().any(idle);
        if !forgets {
            return None;
        }
        let mut ledger = self.clone();
        ledger.leaders.retain(|led| led.term >= oldest);
        ledger.leaders.iter_mut().filter(|led| unasked(led)).for_each(|led| led.began_with = None);
        ledger.committed.iter_mut().filter(|c| idle(c)).for_each(|c| c.in_term = Term::ZERO);
        Some(ledger)
    }

    /// The log of `node` changed, from `before` to `after`: keeps what it began with as the leader of
    /// a term, if `after` does not tell any more, and forgets it if `after` tells it again.
    pub(super) fn log_changed(
        &self,
        node: NodeId,
        before: &Log,
        after: &Log,
        oldest: Term,
    ) -> Option<Self> {
        let changed = |led: &Led| {
            led.leader == node
                && led.term > oldest
                && earlier_terms(before, led.term) != earlier_terms(after, led.term)
        };
        if !self.leaders.iter().any(changed) {
            return None;
        }
        let mut ledger = self.clone();
        for led in ledger.leaders.iter_mut().filter(|led| changed(led)) {
            let began_with =
                led.began_with.take().unwrap_or_else(|| earlier_terms(before, led.term).to_vec());
            led.began_with = (began_with != earlier_terms(after, led.term)).then_some(began_with);
        }
        Some(ledger)
    }

    /// The entries of this range were committed in `term` too. Returns how many of the first ones
    /// were not known to be committed as early as that.
    pub(super) fn committed_earlier(&mut self, range: Range<usize>, term: Term) -> usize {
        let mut earlier = 0;
        for at in range {
            let in_term = &mut self.committed[at].in_term;
            if *in_term > term {
                earlier = at + 1;
                // Only a leader of a term between the two, elected later, is asked more by that.
                if term.next().is_some_and(|next| *in_term > next) {
                    *in_term = term;
                }
            }
        }
        earlier
    }

    /// What it says without naming a node.
    pub(super) fn label(&self) -> u64 {
        let chain = |digest, c: &CommitRecord| digest::chain(digest, &(&c.entry, c.in_term));
        self.committed.iter().fold(11, chain)
    }
}
