//! For each rule, bounds within which its breaking shows.

use super::bounds::{Bounds, Tier};
use super::memory::spare_memory;
use crate::raft::Rule;
use std::num::NonZeroUsize;

/// Bounds that expose this rule in this tier, with the memory that can be spared; none if the properties of Figure 3 cannot see it, or
/// no search gets that far.
///
/// Whether leaders append a no-op, and how large batches are, is chosen so that the way is short.
pub fn preset(rule: Rule, tier: Tier) -> Option<Bounds> {
    let bounds = match tier {
        Tier::Messages => messages(rule),
        Tier::Exchanges => exchanges(rule),
    };
    match bounds {
        Some(bounds) => Some(Bounds { memory: spare_memory(), ..bounds }),
        None => None,
    }
}

/// Whether that search answers within seconds. The others take a minute or so.
pub const fn is_quick(rule: Rule, tier: Tier) -> bool {
    !matches!(
        (rule, tier),
        (Rule::CommitOnlyCurrentTerm, Tier::Messages)
            | (Rule::RepliesMatchedToTerm, Tier::Exchanges)
    )
}

const fn messages(rule: Rule) -> Option<Bounds> {
    Some(match rule {
        Rule::MajorityQuorum
        | Rule::OneVotePerTerm
        | Rule::HigherTermStepsDown
        | Rule::NewTermPerElection
        | Rule::CandidateVotesForItself
        | Rule::VotesCountedOnceAndInTerm
        | Rule::VoteClearedOnlyByNewTerm => Bounds::new(3, 2, 0).without_no_op(),
        Rule::PersistBeforeReply => Bounds::new(3, 2, 0).without_no_op().with_crashes(1),
        Rule::UpToDateLog | Rule::LeaderAppendOnly | Rule::StaleTermRejected => {
            Bounds::new(3, 2, 1)
        }
        Rule::TermBeforeLength => Bounds::new(3, 3, 2),
        Rule::LogMatchingCheck => Bounds::new(3, 2, 2).with_batch(NonZeroUsize::new(1)),
        Rule::ConflictTruncates | Rule::CommitOnlyVerified => Bounds::new(3, 2, 2),
        Rule::TruncateOnlyOnConflict => Bounds::new(3, 2, 1).without_no_op(),
        Rule::AcknowledgeOnlyVerified => Bounds::new(3, 3, 1).without_no_op(),
        Rule::CommitOnlyCurrentTerm => Bounds::new(3, 4, 1).with_batch(NonZeroUsize::new(1)),
        _ => return None,
    })
}

const fn exchanges(rule: Rule) -> Option<Bounds> {
    Some(match rule {
        Rule::MajorityQuorum
        | Rule::OneVotePerTerm
        | Rule::HigherTermStepsDown
        | Rule::NewTermPerElection
        | Rule::CandidateVotesForItself
        | Rule::VoteClearedOnlyByNewTerm => Bounds::new(3, 2, 0).without_no_op().exchanges(0),
        Rule::VotesCountedOnceAndInTerm => Bounds::new(3, 2, 0).without_no_op().exchanges(1),
        Rule::PersistBeforeReply => {
            Bounds::new(3, 2, 0).without_no_op().with_crashes(1).exchanges(0)
        }
        Rule::UpToDateLog | Rule::LeaderAppendOnly => Bounds::new(3, 2, 1).exchanges(0),
        Rule::TermBeforeLength | Rule::ConflictTruncates => Bounds::new(3, 3, 2).exchanges(0),
        Rule::StaleTermRejected => Bounds::new(3, 3, 1).exchanges(0),
        Rule::LogMatchingCheck => Bounds::new(3, 2, 2).exchanges(0),
        Rule::TruncateOnlyOnConflict => Bounds::new(3, 2, 1).without_no_op().exchanges(1),
        Rule::AcknowledgeOnlyVerified => Bounds::new(3, 3, 1).without_no_op().exchanges(1),
        Rule::CommitOnlyVerified => Bounds::new(3, 2, 2).exchanges(2),
        Rule::CommitOnlyCurrentTerm => {
            Bounds::new(3, 4, 1).with_batch(NonZeroUsize::new(1)).exchanges(0)
        }
        Rule::RepliesMatchedToTerm => Bounds::new(5, 4, 2).exchanges(1).tight(),
        _ => return None,
    })
}
