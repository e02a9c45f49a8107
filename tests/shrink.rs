//! What is caught is made short: as short as ever, and told in as few panels.

use raft_in_practice::hunt::panels::panels;
use raft_in_practice::hunt::{self, Hunt, Progress};
use raft_in_practice::raft::{Rule, RuleSet};

/// Moves and panels of the shortest of the first six catches among seeds 0 to 2,999. They are what
/// the shrinker reaches by itself; searches prove that some could be shorter.
#[test]
fn the_first_catches_become_as_short_as_they_did() {
    let expected: &[(Rule, usize, usize)] = &[
        (Rule::MajorityQuorum, 2, 2),
        (Rule::OneVotePerTerm, 6, 2),
        (Rule::UpToDateLog, 8, 3),
        (Rule::TermBeforeLength, 14, 5),
        (Rule::StaleTermRejected, 13, 7),
        (Rule::HigherTermStepsDown, 6, 2),
        (Rule::NewTermPerElection, 6, 2),
        (Rule::CandidateVotesForItself, 6, 3),
        (Rule::VotesCountedOnceAndInTerm, 8, 2),
        (Rule::PersistBeforeReply, 8, 3),
        (Rule::VoteClearedOnlyByNewTerm, 7, 3),
        (Rule::LogMatchingCheck, 5, 2),
        (Rule::ConflictTruncates, 12, 5),
        (Rule::TruncateOnlyOnConflict, 11, 4),
        (Rule::AcknowledgeOnlyVerified, 13, 7),
        (Rule::CommitOnlyVerified, 21, 6),
        (Rule::CommitOnlyCurrentTerm, 19, 6),
        (Rule::RepliesMatchedToTerm, 33, 11),
        (Rule::MatchIndexMonotone, 8, 3),
        (Rule::LeaderAppendOnly, 7, 3),
        (Rule::AnswerOnlyApplied, 13, 6),
    ];
    let reached: Vec<(Rule, usize, usize)> = expected
        .iter()
        .map(|&(rule, ..)| {
            let rules = RuleSet::INTACT.without(rule);
            let hunt = Hunt { rules, first: 0, seeds: 3_000, within: None, jobs: 2, enough: 6 };
            let short = hunt::shortest(&hunt.run(&Progress::default()), rules);
            let moves = short.map(|short| short.schedule.moves).unwrap_or_default();
            (rule, moves.len(), panels(&moves).len())
        })
        .collect();
    assert_eq!(reached, expected);
}
