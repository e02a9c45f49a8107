//! What is caught is made short: as short as ever, and told in as few panels.

use std::num::NonZeroUsize;

use raft_in_practice::hunt::panels::panels;
use raft_in_practice::hunt::schedule::Schedule;
use raft_in_practice::hunt::shrink::shrink;
use raft_in_practice::hunt::{self, Bag, Hunt, Progress, Short, aim_of};
use raft_in_practice::raft::{Rule, RuleSet, Settings};
use raft_in_practice::scenario::verb::Verb;
use raft_in_practice::world::MessageName;

fn caught(rule: Rule) -> Bag {
    let rules = RuleSet::INTACT.without(rule);
    let hunt = Hunt { rules, first: 0, seeds: 3_000, within: None, jobs: 2, enough: 6 };
    hunt.run(&Progress::default())
}

fn short(rule: Rule) -> Option<Short> {
    hunt::shortest(&caught(rule), RuleSet::INTACT.without(rule))
}

/// For rules that are caught at once: moves and panels of the shortest of the first six catches.
/// They are what the shrinker reaches by itself; searches prove that some could be shorter.
#[test]
fn the_first_catches_become_as_short_as_they_did() {
    let expected: &[(Rule, usize, usize)] = &[
        (Rule::OneVotePerTerm, 6, 2),
        (Rule::UpToDateLog, 8, 3),
        (Rule::HigherTermStepsDown, 6, 2),
        (Rule::NewTermPerElection, 6, 2),
        (Rule::PersistBeforeReply, 8, 3),
        (Rule::LogMatchingCheck, 5, 2),
        (Rule::ConflictTruncates, 12, 5),
        (Rule::CommitOnlyCurrentTerm, 19, 6),
        (Rule::MatchIndexMonotone, 8, 3),
        (Rule::LeaderAppendOnly, 7, 3),
        (Rule::AnswerOnlyApplied, 14, 6),
    ];
    let reached: Vec<(Rule, usize, usize)> = expected
        .iter()
        .map(|&(rule, ..)| {
            let moves = short(rule).map(|short| short.schedule.moves).unwrap_or_default();
            (rule, moves.len(), panels(&moves).len())
        })
        .collect();
    assert_eq!(reached, expected);
}

/// Where the cluster's settings do not matter, the usual ones are told.
#[test]
fn settings_that_do_not_matter_become_the_usual_ones() {
    let rule = Rule::OneVotePerTerm;
    let rules = RuleSet::INTACT.without(rule);
    let Some(short) = short(rule) else { panic!("{rule} is caught") };
    let usual = Settings { rules, ..Settings::new(short.schedule.settings.nodes) };
    let odd = Settings { no_op: false, max_batch: NonZeroUsize::new(1), ..usual };
    let told = shrink(&Schedule { settings: odd, moves: short.schedule.moves }, aim_of(rules));
    assert_eq!((told.settings, told.moves.len()), (usual, 6));
}

/// What has been made short once is as short as it will be by these means, and delivers no older
/// message where a younger one does as well.
#[test]
fn making_it_short_again_changes_nothing() {
    for rule in [Rule::TruncateOnlyOnConflict, Rule::ConflictTruncates, Rule::UpToDateLog] {
        let aim = aim_of(RuleSet::INTACT.without(rule));
        for found in caught(rule).catches {
            let Some(raw) = found.raw else { panic!("{rule}: a fall has its moves") };
            let once = shrink(&raw, aim);
            assert_eq!(shrink(&once, aim).moves.len(), once.moves.len(), "{rule} {}", found.seed);
            for (at, verb) in once.moves.iter().enumerate() {
                let Verb::Deliver(name) = *verb else { continue };
                for nth_newest in 0..name.nth_newest {
                    let mut younger = once.clone();
                    younger.moves[at] = Verb::Deliver(MessageName { nth_newest, ..name });
                    let fallen = younger.play(aim).fallen;
                    assert_eq!(fallen, None, "{rule} {}: {verb}", found.seed);
                }
            }
        }
    }
}
