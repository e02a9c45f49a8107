//! What is under way that would tell a node of a commit, or of another's copy.

use super::{Asked, Change, Standing};
use crate::raft::{AppendOutcome, LogIndex, LogPosition, Message, Term};
use crate::record::history::NodeState;

impl Asked<'_, '_> {
    /// Whether an acknowledgement that another node gave in `term` up to `index` is under way.
    pub(super) fn acknowledges(&self, other: &Standing, index: LogIndex, term: Term) -> bool {
        let mut sent =
            other.in_flight.iter().filter_map(|&message| self.history().message(message));
        sent.any(|sent| {
            let Message::AppendEntriesReply(reply) = &sent.envelope.message else {
                return false;
            };
            let up_to = match reply.outcome {
                AppendOutcome::Accepted { match_index } => Some(match_index),
                AppendOutcome::Rejected { .. } | AppendOutcome::StaleTerm => None,
            };
            reply.term == term && up_to >= Some(index)
        })
    }

    /// The message by which a follower learns that `entry` is committed, if one is in flight that it accepts as
    /// it stands.
    pub(super) fn telling(&self, stood: &NodeState<'_>, entry: LogPosition) -> Option<Change> {
        let (node, index) = (&stood.node, entry.index);
        let telling = self.states.in_flight(self.step).into_iter().filter_map(|sent| {
            let Message::AppendEntries(request) = &sent.envelope.message else {
                return None;
            };
            let prev = request.prev_log();
            let up_to = prev.index.plus(request.entries.len());
            let is_accepted = request.term >= node.current_term() && node.log().contains(prev);
            let nth = index.get().checked_sub(prev.index.get() + 1);
            let carried = nth.and_then(|nth| request.entries.get(nth as usize));
            let tells = sent.envelope.to == node.id()
                && request.leader_commit.min(up_to) >= index
                && is_accepted
                && carried.is_none_or(|carried| carried.term == entry.term);
            if !tells {
                return None;
            }
            let mut arrivals = sent.received_in.iter().copied().filter(|&step| step > self.step);
            let in_vain = arrivals.clone().next().is_some();
            // Until then the node may come to a later term, or crash.
            let arrives_in = arrivals.find(|&step| {
                let then = self.states.committed_after(step);
                then.is_some_and(|(starts, commit)| starts == stood.starts && commit >= index)
            });
            let in_vain = in_vain && arrives_in.is_none();
            Some(Change::Arrival {
                message: sent.message,
                from: sent.envelope.from,
                written_in: sent.written_in,
                leader_commit: request.leader_commit,
                up_to,
                arrives_in,
                in_vain,
            })
        });
        let arrival = |change: &Change| match change {
            Change::Arrival { arrives_in: Some(step), .. } => (*step, false),
            Change::Arrival { in_vain, .. } => (u64::MAX, *in_vain),
            _ => (u64::MAX, true),
        };
        telling.min_by_key(arrival)
    }
}
