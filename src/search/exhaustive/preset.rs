//! For each rule, bounds within which its breaking shows.

use super::bounds::Bounds;
use super::memory_limit::spare_memory;
use crate::raft::Rule;
use std::num::NonZeroUsize;

/// Bounds that expose this rule, with the memory that can be spared; none if the properties of
/// Figure 3 cannot see it, or no search gets that far.
pub fn preset(rule: Rule) -> Option<Bounds> {
    Some(Bounds { memory: spare_memory(), ..bounds(rule)? })
}

/// Whether that search answers within seconds. The others take a minute or so.
pub const fn is_quick(rule: Rule) -> bool {
    !matches!(rule, Rule::CommitOnlyCurrentTerm)
}

/// Whether leaders append a no-op, and how large batches are, is chosen so that the way is short.
const fn bounds(rule: Rule) -> Option<Bounds> {
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
        // It takes five nodes and four terms, and no search gets that far.
        Rule::RepliesMatchedToTerm
        // What falls without these is none of Figure 3's properties.
        | Rule::MatchIndexMonotone
        | Rule::AnswerOnlyApplied
        | Rule::CandidateYieldsToLeader
        | Rule::NoOpOnElection
        | Rule::TimerResetOnlyByAuthority
        | Rule::RandomisedTimeout
        | Rule::LeaderHeartbeat => return None,
    })
}
