//! Every rule, shown in the smallest situation in which it decides something. A test checks what a node
//! does that keeps the rule, what the same node does with the rule broken, and that the step names the
//! rule as its reason.
//!
//! A new rule does not compile here without its test: see [`rule_tests!`].

mod elections;
mod enforced;
mod leaders;
mod logs;
mod servers;

use std::fmt::Debug;

use raft_in_practice::raft::{Event, Outcome, Rule, RuleSet};

use crate::common::verdicts;

/// Plays `situation` with all rules kept and with `rule` broken, and compares what the node did.
/// The events must carry the rule's verdict: overridden if it is broken, and only then.
fn shows<D: PartialEq + Debug>(
    rule: Rule,
    kept: &D,
    broken: &D,
    situation: impl Fn(RuleSet, &mut Vec<Event>) -> D,
) -> Rule {
    assert_ne!(kept, broken, "the rule makes a difference");
    for (rules, expected) in [(RuleSet::INTACT, kept), (RuleSet::INTACT.without(rule), broken)] {
        let mut events = Vec::new();
        assert_eq!(&situation(rules, &mut events), expected, "with {rules:?}");
        let outcomes = verdicts(&events, rule);
        assert!(!outcomes.is_empty(), "no step names {rule} with {rules:?}: {events:?}");
        let overridden = outcomes.contains(&Outcome::Overridden);
        assert_eq!(overridden, !rules.keeps(rule), "{outcomes:?} with {rules:?}");
        for other in Rule::ALL.into_iter().filter(|&other| rules.keeps(other)) {
            let outcomes = verdicts(&events, other);
            assert!(!outcomes.contains(&Outcome::Overridden), "{other} is kept: {outcomes:?}");
        }
    }
    rule
}

/// Pairs each rule with the function that shows it, and makes a test of each. The `match` has no
/// wildcard: a rule without a function does not compile.
macro_rules! rule_tests {
    ($($rule:ident => $room:ident::$function:ident,)*) => {
        $(
            #[test]
            fn $function() {
                assert_eq!($room::$function(), Rule::$rule);
            }
        )*

        /// The name of the test of this rule.
        const fn test_of(rule: Rule) -> &'static str {
            match rule { $(Rule::$rule => stringify!($function),)* }
        }
    };
}

rule_tests! {
    MajorityQuorum => elections::majority_quorum,
    OneVotePerTerm => elections::one_vote_per_term,
    UpToDateLog => elections::up_to_date_log,
    TermBeforeLength => elections::term_before_length,
    StaleTermRejected => elections::stale_term_rejected,
    HigherTermStepsDown => elections::higher_term_steps_down,
    NewTermPerElection => elections::new_term_per_election,
    CandidateVotesForItself => elections::candidate_votes_for_itself,
    VotesCountedOnceAndInTerm => elections::votes_counted_once_and_in_term,
    CandidateYieldsToLeader => elections::candidate_yields_to_leader,
    PersistBeforeReply => servers::persist_before_reply,
    VoteClearedOnlyByNewTerm => elections::vote_cleared_only_by_new_term,
    LogMatchingCheck => logs::log_matching_check,
    ConflictTruncates => logs::conflict_truncates,
    TruncateOnlyOnConflict => logs::truncate_only_on_conflict,
    AcknowledgeOnlyVerified => logs::acknowledge_only_verified,
    CommitOnlyVerified => logs::commit_only_verified,
    CommitOnlyCurrentTerm => leaders::commit_only_current_term,
    RepliesMatchedToTerm => leaders::replies_matched_to_term,
    MatchIndexMonotone => leaders::match_index_monotone,
    LeaderAppendOnly => leaders::leader_append_only,
    NoOpOnElection => leaders::no_op_on_election,
    TimerResetOnlyByAuthority => elections::timer_reset_only_by_authority,
    RandomisedTimeout => servers::randomised_timeout,
    LeaderHeartbeat => leaders::leader_heartbeat,
    AnswerOnlyApplied => servers::answer_only_applied,
}

#[test]
fn each_test_has_the_name_of_its_rule() {
    for rule in Rule::ALL {
        assert_eq!(test_of(rule), rule.id().replace('-', "_"));
    }
}
