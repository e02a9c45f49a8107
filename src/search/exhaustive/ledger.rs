//! What must be remembered of a run besides the state of its nodes: who led which term, with which log at
//! the beginning, and what was committed when. The properties are about histories; with this ledger they
//! can be checked of a state.

use std::ops::Range;

use crate::digest;
use crate::raft::{Log, LogEntry, LogIndex, NodeId, Term};

/// An entry that was committed, and the term in which that happened, which may be later than the
/// entry's own. If it was committed in several terms, this is the earliest, but the term just before the
/// one noted is ignored (see [`Ledger::committed_earlier`]).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct CommitRecord {
    pub(super) entry: LogEntry,
    pub(super) in_term: Term,
}

/// The leader of a term.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Led {
    pub(super) term: Term,
    pub(super) leader: NodeId,
    /// The [entries of earlier terms](earlier_terms) that its log began with when it was elected; `None` if
    /// its log still begins with them.
    pub(super) began_with: Option<Vec<LogEntry>>,
}

/// Returns the entries of terms before `term` with which a log begins. While its node leads that term,
/// these are the entries with which it was elected, because a leader appends only entries of its own term.
pub(super) fn earlier_terms(log: &Log, term: Term) -> &[LogEntry] {
    let entries = log.slice(LogIndex::FIRST, usize::MAX);
    let own = entries.iter().position(|entry| entry.term >= term);
    &entries[..own.unwrap_or(entries.len())]
}

/// What is remembered of a run.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Ledger {
    /// The leaders, by term.
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

    /// Forgets what can no longer matter, now that no node can ever be in a term below `oldest` again. No
    /// node can lead such a term any more, so its leader is forgotten. Nothing can be committed in such a
    /// term any more, so what the leader of `oldest` began with is forgotten. And a new leader's term is
    /// later than any such term, so in which of them an entry was committed is forgotten. Returns `None`
    /// if there is nothing to forget.
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

    /// After the log of `node` changed from `before` to `after`, keeps what it began with as the leader of a
    /// term if `after` no longer shows it, and forgets it if `after` shows it again. Returns `None` if the
    /// ledger stays the same.
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

    /// Notes that the entries of this range were committed in `term` too. Returns the number of entries up to
    /// the last one that was not known to be committed as early as that.
    pub(super) fn committed_earlier(&mut self, range: Range<usize>, term: Term) -> usize {
        let mut earlier = 0;
        for at in range {
            let in_term = &mut self.committed[at].in_term;
            if *in_term > term {
                earlier = at + 1;
                // The earlier term matters only to a leader of a term between the two, elected later.
                if term.next().is_some_and(|next| *in_term > next) {
                    *in_term = term;
                }
            }
        }
        earlier
    }

    /// Returns a digest of what it says without naming a node.
    pub(super) fn label(&self) -> u64 {
        let chain = |digest, c: &CommitRecord| digest::chain(digest, &(&c.entry, c.in_term));
        self.committed.iter().fold(11, chain)
    }
}
