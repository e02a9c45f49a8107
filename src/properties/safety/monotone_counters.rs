//! Monotonicity: the numbers that may only grow, and the bounds of a leader's bookkeeping.

use super::{Checker, Counter, Evidence, Violation, record};
use crate::raft::{LogIndex, NodeId, Progress, Property};
use crate::server::Server;

impl Checker {
    /// Checks that each number that may only grow did so, that a leader's bookkeeping is within its bounds,
    /// and that the vote did not change within a term.
    pub(super) fn check_counters(&mut self, server: &Server) {
        let node = server.node();
        let id = node.id();
        self.checks[Property::Monotonicity as usize] += 1;
        let watched = &mut self.watched[id.index()];
        let same_term = watched.term == node.current_term();
        let (term, commit, applied) = (watched.term, watched.commit, watched.applied);
        let mut found = Vec::new();
        let compare = |found: &mut Vec<Evidence>, counter, from: u64, to: u64| {
            if to < from {
                found.push(Evidence::WentBack { node: id, counter, from, to });
            }
        };
        compare(&mut found, Counter::Term, term.get(), node.current_term().get());
        compare(&mut found, Counter::CommitIndex, commit.get(), node.commit_index().get());
        compare(&mut found, Counter::LastApplied, applied.get(), server.last_applied().get());
        let still_leads = watched.leads && node.is_leader() && same_term;
        let last = node.last().index;
        for peer in NodeId::all(self.nodes) {
            let Some(progress) = node.progress(peer) else { break };
            let Progress { match_index, next_index, .. } = progress;
            let known = std::mem::replace(&mut watched.matches[peer.index()], match_index);
            if still_leads {
                let counter = Counter::MatchIndex(peer);
                compare(&mut found, counter, known.get(), match_index.get());
            }
            if !is_sound(progress, last) {
                let leader = id;
                let evidence =
                    Evidence::ProgressOutOfBounds { leader, peer, match_index, next_index, last };
                found.push(evidence);
            }
        }
        for evidence in found {
            record(&mut self.violations, self.steps, Property::Monotonicity, evidence);
        }
        // If an event said that the node gave a second vote, that was reported already.
        let told = |found: &Violation| {
            matches!(found.evidence, Evidence::TwoVotes { voter, second, .. }
                if voter == id && Some(second) == node.voted_for())
        };
        let mut now = self.violations.iter().rev().take_while(|found| found.step == self.steps);
        let changed = watched.voted_for.is_some() && watched.voted_for != node.voted_for();
        if same_term && changed && !now.any(told) {
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
        watched.applied = server.last_applied();
        watched.leads = node.is_leader();
    }
}

/// Whether what a leader knows of a follower is within bounds: match < next ≤ last + 1.
pub fn is_sound(progress: Progress, last: LogIndex) -> bool {
    progress.match_index < progress.next_index && progress.next_index <= last.next()
}
