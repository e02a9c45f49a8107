//! The lengths of the shortest runs in which a broken rule shows. If a number changes, then the core, a
//! search, the shrinker or a property has changed.
#![allow(dead_code, reason = "every test binary uses other columns of it")]

use raft_in_practice::raft::{Property, Rule};

/// The lengths of one rule.
pub struct Lengths {
    pub rule: Rule,
    /// Steps of the shortest way that an exhaustive search finds. A crash and its restart are one.
    pub proven: Option<usize>,
    /// Moves of the run in `examples/broken/`, which is the shortest known. A crash and its restart
    /// are two.
    pub shipped: usize,
    /// The property that is violated with the last of them.
    pub property: Property,
    /// Moves and parts of the shortest of the first six catches, for rules that are caught at once.
    /// The shrinker reaches this by itself; shorter runs may exist.
    pub caught: Option<(usize, usize)>,
}

const fn row(
    rule: Rule,
    proven: Option<usize>,
    shipped: usize,
    property: Property,
    caught: Option<(usize, usize)>,
) -> Lengths {
    Lengths { rule, proven, shipped, property, caught }
}

/// Every rule whose absence shows in moves. Without any of the other rules something stalls.
#[rustfmt::skip]
pub const LENGTHS: &[Lengths] = &[
    row(Rule::MajorityQuorum, Some(2), 2, Property::ElectionSafety, None),
    row(Rule::OneVotePerTerm, Some(6), 6, Property::ElectionSafety, Some((6, 2))),
    row(Rule::UpToDateLog, Some(8), 8, Property::LeaderCompleteness, Some((8, 3))),
    row(Rule::TermBeforeLength, Some(12), 12, Property::LeaderCompleteness, None),
    row(Rule::StaleTermRejected, Some(11), 11, Property::StateMachineSafety, None),
    row(Rule::HigherTermStepsDown, Some(6), 6, Property::ElectionSafety, Some((6, 2))),
    row(Rule::NewTermPerElection, Some(6), 6, Property::ElectionSafety, Some((6, 2))),
    row(Rule::CandidateVotesForItself, Some(6), 6, Property::ElectionSafety, None),
    row(Rule::VotesCountedOnceAndInTerm, Some(7), 7, Property::ElectionSafety, None),
    row(Rule::PersistBeforeReply, Some(7), 8, Property::ElectionSafety, Some((8, 3))),
    row(Rule::VoteClearedOnlyByNewTerm, Some(7), 7, Property::ElectionSafety, None),
    row(Rule::LogMatchingCheck, Some(5), 5, Property::LogMatching, Some((5, 2))),
    row(Rule::ConflictTruncates, Some(10), 10, Property::LogMatching, Some((12, 5))),
    row(Rule::TruncateOnlyOnConflict, Some(10), 10, Property::LeaderCompleteness, None),
    row(Rule::AcknowledgeOnlyVerified, Some(13), 13, Property::LeaderCompleteness, None),
    row(Rule::CommitOnlyVerified, Some(13), 13, Property::StateMachineSafety, None),
    // Proven by hand: the search takes longer than a test may.
    row(Rule::CommitOnlyCurrentTerm, Some(18), 18, Property::LeaderCompleteness, Some((19, 6))),
    row(Rule::RepliesMatchedToTerm, None, 31, Property::LeaderCompleteness, None),
    row(Rule::MatchIndexMonotone, None, 8, Property::Monotonicity, Some((8, 3))),
    row(Rule::LeaderAppendOnly, Some(7), 7, Property::LeaderAppendOnly, Some((7, 3))),
    row(Rule::AnswerOnlyApplied, None, 14, Property::Linearizability, Some((14, 6))),
];
