//! For each rule, bounds within which a property is violated if the rule is broken.

use super::bounds::Bounds;
use super::memory_limit::spare_memory;
use crate::raft::Rule;
use std::num::NonZeroUsize;

/// Returns bounds within which a property is violated if this rule is broken, with the memory to spare.
///
/// `None` if none of Figure 3's properties is violated without it, or no search gets that far.
pub fn preset(rule: Rule) -> Option<Bounds> {
    // The no-op and the size of batches are chosen so that the way to the violation is short.
    let bounds = match rule {
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
        // Without these rules only properties other than Figure 3's are violated.
        | Rule::MatchIndexMonotone
        | Rule::AnswerOnlyApplied
        | Rule::CandidateYieldsToLeader
        | Rule::NoOpOnElection
        | Rule::TimerResetOnlyByAuthority
        | Rule::RandomisedTimeout
        | Rule::LeaderHeartbeat => return None,
    };
    Some(Bounds { memory: spare_memory(), ..bounds })
}

/// Whether the search for this rule takes only seconds. The others take a minute or so.
pub const fn is_quick(rule: Rule) -> bool {
    !matches!(rule, Rule::CommitOnlyCurrentTerm)
}
