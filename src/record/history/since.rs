//! Since when something about a node has been so.

use super::rerun::{NodeState, Rerun};
use super::{History, States};
use crate::raft::{LogEntry, LogIndex, NodeId, Role, Term};

/// Something about a node that is so for a while.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum NodeCondition {
    /// Its log has this entry at this index.
    Has { index: LogIndex, entry: LogEntry },
    /// Its log has this entry at this index, which it has not committed.
    Waits { index: LogIndex, entry: LogEntry },
    /// The same while it follows this leader, or none.
    WaitsFor { index: LogIndex, entry: LogEntry, leader: Option<NodeId> },
    /// It leads in this term, its log has this entry at this index, and, according to `enough`, it knows of at least
    /// as many copies of it as a majority, or of fewer.
    Counts { index: LogIndex, entry: LogEntry, term: Term, enough: bool },
    /// It has committed what is at this index.
    Commits { index: LogIndex },
}

impl NodeCondition {
    /// Whether it holds for a node in this state.
    pub fn holds(&self, stood: &NodeState<'_>) -> bool {
        let node = &stood.node;
        let has = |index, entry| node.log().get(index) == Some(entry);
        match self {
            Self::Has { index, entry } => has(*index, entry),
            Self::Waits { index, entry } => has(*index, entry) && node.commit_index() < *index,
            Self::WaitsFor { index, entry, leader } => {
                has(*index, entry) && node.commit_index() < *index && node.leader() == *leader
            }
            Self::Counts { index, entry, term, enough } => match node.role() {
                Role::Leader { progress } => {
                    let settings = node.settings();
                    let copies = progress.copies(*index, settings.nodes);
                    let is_enough = copies >= settings.majority();
                    is_enough == *enough && node.current_term() == *term && has(*index, entry)
                }
                _ => false,
            },
            Self::Commits { index } => node.commit_index() >= *index,
        }
    }
}

/// How a condition on a node was when it was asked about last.
#[derive(Clone, Copy)]
pub(super) struct Lasting {
    /// How much had happened to the node by then.
    until: usize,
    held: bool,
    /// The moment since which it had been so.
    since: u64,
}

/// How many of the things that happened to a node are looked through one by one, before its copies are asked.
const NEAR: usize = 4;

impl History {
    /// Returns the moment since which something about a node has been as it was at the moment of `step`; 0
    /// if it was so from the beginning. The step of this number made it so, or something that happened to
    /// the node just before.
    pub fn since<T: PartialEq>(
        &self,
        id: NodeId,
        step: u64,
        mut what: impl FnMut(NodeState<'_>) -> T,
    ) -> Option<u64> {
        let now = what(self.node_at(id, step)?);
        let own = &self.nodes[id.index()];
        let (mut end, mut since) = (own.until(step, self), step);
        // Starts at the last copy and goes back, because most things have been so for a short time.
        for copy in (0..own.copies.len()).rev() {
            let begin = own.copies[copy].0;
            if begin > end {
                continue;
            }
            let mut rerun = Rerun::from(self, id, copy);
            let mut other = (begin == 0 && what(rerun.stands()) != now).then_some(0);
            let mut moments: Vec<u64> =
                own.taken[begin..end].iter().map(|&taken| self.moment_of(taken)).collect();
            moments.dedup();
            for (nth, &moment) in moments.iter().enumerate() {
                if rerun.at(moment, &mut what) != now {
                    other = Some(nth + 1);
                }
            }
            if let Some(other) = other {
                return Some(moments.get(other).copied().unwrap_or(since));
            }
            since = moments.first().copied().unwrap_or(since);
            end = begin;
        }
        Some(0)
    }
}

impl States<'_> {
    /// The moment since which a condition on a node has held, or has not held, up to the moment of `step`; see
    /// [`History::since`].
    pub fn since(&self, id: NodeId, step: u64, condition: &NodeCondition) -> Option<u64> {
        let history = self.history();
        let until = history.nodes.get(id.index())?.until(step, history);
        let key = (id, condition.clone());
        let known = self.lasting.borrow().get(&key).copied();
        let known = known.filter(|it| (it.until..=it.until + NEAR).contains(&until));
        let lasting = known.map(|it| self.go_on(id, it, until, condition));
        let lasting = lasting.or_else(|| self.changed_lately(id, until, condition));
        let slowly = || {
            let held = condition.holds(&self.node_up_to(id, until));
            let since = history.since(id, step, |stood| condition.holds(&stood))?;
            Some(Lasting { until, held, since })
        };
        let lasting = lasting.or_else(slowly)?;
        self.lasting.borrow_mut().insert(key, lasting);
        Some(lasting.since)
    }

    /// How a condition is after `until` things have happened to a node, if it was like this before.
    fn go_on(
        &self,
        id: NodeId,
        before: Lasting,
        until: usize,
        condition: &NodeCondition,
    ) -> Lasting {
        let mut lasting = before;
        while lasting.until < until {
            let (moment, end) = self.history().moment_after(id, lasting.until);
            let holds = condition.holds(&self.node_up_to(id, end));
            if holds != lasting.held {
                (lasting.held, lasting.since) = (holds, moment);
            }
            lasting.until = end;
        }
        lasting
    }

    /// How a condition is after `until` things have happened to a node, if that has changed with the last few of them.
    fn changed_lately(
        &self,
        id: NodeId,
        until: usize,
        condition: &NodeCondition,
    ) -> Option<Lasting> {
        // The state before any of them is at the end of a moment.
        let begin = match until.saturating_sub(NEAR) {
            0 => 0,
            near => self.history().moment_after(id, near - 1).1.min(until),
        };
        let held = condition.holds(&self.node_up_to(id, begin));
        let lasting = self.go_on(id, Lasting { until: begin, held, since: 0 }, until, condition);
        (lasting.since > 0 || begin == 0).then_some(lasting)
    }
}
