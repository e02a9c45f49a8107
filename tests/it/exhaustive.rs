//! Exhaustive searches: small clusters hold in every state, and broken rules are noticed in as few steps as ever.

use std::collections::BTreeSet;

use raft_in_practice::raft::{Rule, RuleSet};
use raft_in_practice::search::exhaustive;
use raft_in_practice::search::exhaustive::{Bounds, Merge, Reach, outlines};
use raft_in_practice::search::random::aim_of;
use raft_in_practice::search::schedule::Schedule;

use crate::common::lengths::LENGTHS;

/// Every state within these bounds is seen, and no property is violated. The numbers of states are part of
/// the test: if one changes, then the core, the bounds or the search has changed.
#[test]
fn small_clusters_hold_in_every_state_within_the_bounds() {
    let bounds: &[(Bounds, u64)] = &[
        (Bounds::new(3, 2, 2), 1_705_993),
        (Bounds::new(3, 3, 1), 25_394),
        (Bounds::new(3, 2, 1).with_crashes(1), 8_770),
        (Bounds::new(4, 2, 1), 23_764),
        (Bounds::new(5, 2, 0), 3_437),
    ];
    for (bounds, states) in bounds {
        let bounds = Bounds { jobs: 2, memory: 4 << 30, ..bounds.without_no_op() };
        let outcome = exhaustive::find(None, &bounds);
        assert_eq!(outcome.reach, Reach::Exhausted, "{bounds:?}");
        assert_eq!(outcome.violation, None, "{bounds:?}");
        assert_eq!(outcome.stats.states, *states, "{bounds:?}");
    }
}

/// The exact number of messages, timeouts, commands and restarts in the shortest way to a failure. A change
/// in the rule, the search or the properties changes it. Each way is also played on the simulator, whose
/// checker judges it independently.
#[test]
fn the_shortest_ways_are_as_long_as_they_were_and_fail_on_the_simulator_too() {
    let quick = Rule::ALL.into_iter().filter(|&rule| exhaustive::is_quick(rule));
    let found: Vec<(Rule, usize)> = quick
        .filter_map(|rule| Some((rule, exhaustive::preset(rule)?)))
        .map(|(rule, bounds)| {
            let Some(found) = exhaustive::find(Some(rule), &bounds).violation else {
                return (rule, 0);
            };
            let rules = RuleSet::INTACT.without(rule);
            let schedule = Schedule { settings: bounds.settings(rules), moves: found.moves };
            let played = schedule.play(aim_of(rules));
            assert!(played.violated.is_some(), "{rule}: {:?}", schedule.moves);
            (rule, found.steps)
        })
        .collect();
    let expected = LENGTHS.iter().filter(|row| exhaustive::is_quick(row.rule));
    let expected: Vec<_> = expected.filter_map(|row| Some((row.rule, row.proven?))).collect();
    assert_eq!(found, expected);
}

/// Merging states saves work and hides nothing: with any of the switches off the same ways are found,
/// and the intact core holds in as many states or more.
#[test]
fn merging_states_changes_no_verdict() {
    let all = Merge::ALL;
    let switches = [
        Merge { symmetry: false, ..all },
        Merge { dead_messages: false, ..all },
        Merge { ignore_known_leader: false, ..all },
        Merge { free_sends: false, ..all },
        Merge { dead_messages: false, free_sends: false, ..all },
        Merge::NONE,
    ];
    let small = Bounds::new(3, 2, 0).without_no_op();
    let merged = exhaustive::find(None, &small).stats.states;
    for merge in switches {
        let bounds = Bounds { merge, jobs: 2, memory: 4 << 30, ..small };
        let outcome = exhaustive::find(None, &bounds);
        assert_eq!(outcome.reach, Reach::Exhausted, "{merge:?}");
        assert!(outcome.stats.states >= merged, "{merge:?}");
        for rule in [
            Rule::OneVotePerTerm,
            Rule::HigherTermStepsDown,
            Rule::VotesCountedOnceAndInTerm,
            Rule::VoteClearedOnlyByNewTerm,
        ] {
            let length = |bounds: &Bounds| {
                exhaustive::find(Some(rule), bounds).violation.map(|found| found.steps)
            };
            assert_eq!(length(&bounds), length(&small), "{rule}: {merge:?}");
        }
    }
}

/// Merging states saves work and hides nothing: whatever is merged, the nodes and the ledger reach the same
/// states. These bounds include entries, crashes and a second term, so that every kind of message can be
/// dead, and a wrong merge of it would be noticed.
#[test]
fn merging_states_leaves_no_way_of_standing_out() {
    let all = Merge::ALL;
    let switches = [
        Merge { dead_messages: false, ..all },
        Merge { free_sends: false, ..all },
        Merge { dead_messages: false, free_sends: false, ..all },
    ];
    // Three nodes with nothing merged have too many states for a test.
    for (bounds, switches) in [
        (Bounds::new(2, 2, 2), &switches[..2]),
        (Bounds::new(2, 2, 2).without_no_op(), &switches),
        (Bounds::new(2, 2, 2).without_no_op().with_crashes(1), &switches),
        (Bounds::new(2, 3, 1).without_no_op().with_crashes(1), &switches),
        (Bounds::new(3, 2, 1).without_no_op(), &switches[..2]),
    ] {
        let merged = outlines(RuleSet::INTACT, &bounds, None);
        for &merge in switches {
            let apart = outlines(RuleSet::INTACT, &Bounds { merge, ..bounds }, None);
            assert_eq!(missing(&apart, &merged), 0, "of {} {bounds:?} {merge:?}", apart.len());
        }
    }
}

/// The same holds with a rule broken: the reason why a message is dead must not depend on that rule.
#[test]
fn what_is_dead_is_dead_without_the_rule_too() {
    let two = Bounds::new(2, 2, 1).without_no_op().with_crashes(1);
    let three = Bounds::new(3, 2, 1).without_no_op();
    let each = Rule::ALL.into_iter().flat_map(|rule| [(rule, two, 14), (rule, three, 9)]);
    let cases = each.chain([
        (Rule::StaleTermRejected, Bounds::new(3, 2, 1), 9),
        (Rule::VotesCountedOnceAndInTerm, Bounds::new(3, 2, 0).without_no_op().with_crashes(1), 6),
        (Rule::RepliesMatchedToTerm, Bounds::new(2, 3, 1).with_crashes(1), 12),
    ]);
    for (rule, bounds, depth) in cases {
        let rules = RuleSet::INTACT.without(rule);
        let merge = Merge { free_sends: false, ..Merge::ALL };
        let merged = outlines(rules, &Bounds { merge, ..bounds }, Some(depth));
        let merge = Merge { dead_messages: false, ..merge };
        let apart = outlines(rules, &Bounds { merge, ..bounds }, Some(depth));
        assert_eq!(missing(&apart, &merged), 0, "of {} without {rule} {bounds:?}", apart.len());
    }
}

/// How many of `all` are not in `found`.
fn missing(all: &BTreeSet<u64>, found: &BTreeSet<u64>) -> usize {
    all.difference(found).count()
}

/// No search finds a failure for this rule: a match index that goes back costs time, never safety.
#[test]
fn what_no_search_sees_violated() {
    let bounds = Bounds { jobs: 2, memory: 4 << 30, ..Bounds::new(3, 2, 1) };
    let outcome = exhaustive::find(Some(Rule::MatchIndexMonotone), &bounds);
    assert_eq!((outcome.reach, outcome.violation), (Reach::Exhausted, None), "{bounds:?}");
}

/// A search that runs out of memory ends, and reports how far it came.
#[test]
fn a_search_ends_when_its_memory_is_full() {
    let bounds = Bounds { memory: 1 << 20, ..Bounds::new(3, 2, 2) };
    let outcome = exhaustive::find(None, &bounds);
    assert_eq!(outcome.reach, Reach::OutOfMemory);
    assert!(outcome.stats.depth > 3 && outcome.violation.is_none(), "{:?}", outcome.stats);
}
