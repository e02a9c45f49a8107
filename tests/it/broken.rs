//! For every rule, a run that fails without it and holds with it: the files in `examples/broken/`.
//!
//! The files for safety rules are the shortest counterexamples that hunts and searches find.
//! `UPDATE_BROKEN=1 cargo test --release --test it broken` finds them again and writes the files. The
//! five files about liveness, and the conditions that they wait for, were written by hand.

use std::fs;

use raft_in_practice::raft::{Property, Rule, RuleSet};
use raft_in_practice::scenario::library;
use raft_in_practice::scenario::library::BROKEN;
use raft_in_practice::scenario::line_outcome::{Failure, Why};
use raft_in_practice::scenario::run::Runner;
use raft_in_practice::scenario::script::Script;
use raft_in_practice::scenario::verb_table::Verb;
use raft_in_practice::search::best_counterexample;
use raft_in_practice::search::best_counterexample::{Searches, Short};
use raft_in_practice::search::random::{Hunt, HuntProgress, aim_of};
use raft_in_practice::search::schedule::Schedule;
use raft_in_practice::sim::{Sim, SimConfig};
use raft_in_practice::view::hunt_result as view;

use crate::common::lengths::{LENGTHS, Lengths};

fn run(script: &Script, rules: RuleSet) -> Result<(), Box<Failure>> {
    let config = SimConfig::of(&Script { broken: rules, ..script.clone() });
    let mut silent = ();
    Runner::new(Sim::new(config, Vec::new()), &mut silent).run(&script.lines)
}

fn shortest(rule: Rule) -> Short {
    let rules = RuleSet::INTACT.without(rule);
    let hunt = Hunt { rules, first: 0, seeds: 30_000, within: None, jobs: 2, enough: 12 };
    best_counterexample::best(&hunt, Searches::All, &HuntProgress::default()).short.unwrap()
}

#[test]
fn every_rule_has_its_run_and_every_run_its_rule() {
    let names: Vec<String> = BROKEN.iter().map(|(name, _)| (*name).to_owned()).collect();
    let rules: Vec<String> = Rule::ALL.iter().map(|rule| format!("broken/{rule}")).collect();
    assert_eq!(names, rules);
    let mut files: Vec<_> = fs::read_dir("examples/broken").unwrap().collect::<Vec<_>>();
    files.retain(|file| file.as_ref().unwrap().path().extension().unwrap() == "raft");
    assert_eq!(files.len(), Rule::ALL.len());
}

#[test]
fn without_its_rule_a_run_fails_as_it_says_and_with_it_the_run_holds() {
    if std::env::var_os("UPDATE_BROKEN").is_some() {
        for &Lengths { rule, .. } in LENGTHS {
            let script = view::script(&shortest(rule), rule.id());
            fs::write(format!("examples/broken/{rule}.raft"), script.to_string()).unwrap();
        }
        return;
    }
    for rule in Rule::ALL {
        let script = library::broken(rule).unwrap();
        let broken = RuleSet::INTACT.without(rule);
        assert_eq!(script.broken, broken, "{rule}");
        assert_eq!(run(&script, broken), Ok(()), "{rule}: it fails as it says");
        let held = run(&script, RuleSet::INTACT).unwrap_err();
        let as_expected = match (&held.verb, &held.why) {
            (Verb::ExpectViolation(_), Why::Unviolated(_)) => rule.protects() != Property::Liveness,
            (Verb::ExpectStall { .. }, Why::CameTrue(_)) => rule.protects() == Property::Liveness,
            _ => false,
        };
        assert!(as_expected, "{rule}: with the rule it holds to its last line: {held:?}");
    }
}

/// The property is violated with the last move, and not before. The intact core holds on the same moves. No
/// shorter run is known; for the runs that a search found, it is proven that there is none.
#[test]
fn the_property_is_violated_with_the_last_move_of_as_many_as_there_were() {
    let in_moves = Rule::ALL.into_iter().filter(|rule| rule.protects() != Property::Liveness);
    assert!(in_moves.eq(LENGTHS.iter().map(|row| row.rule)), "every such rule has its row");
    for &Lengths { rule, shipped, property, .. } in LENGTHS {
        let script = library::broken(rule).unwrap();
        let objective = aim_of(RuleSet::INTACT.without(rule));
        let schedule = Schedule::of(&script);
        let played = schedule.play(objective);
        assert_eq!(played.moves.len(), shipped, "{rule}");
        assert_eq!(played.moves, schedule.moves, "{rule}: no move is idle");
        assert_eq!(played.violated.map(|violated| violated.property()), Some(property), "{rule}");
        assert_eq!(schedule.with_rules(RuleSet::INTACT).play(objective).violated, None, "{rule}");
        assert!(schedule.divergence().is_some(), "{rule}: the two runs part somewhere");
        let shows = format!("What happens without {rule}: {}", rule.when_broken());
        assert_eq!(script.shows, shows, "{rule}");
    }
}
