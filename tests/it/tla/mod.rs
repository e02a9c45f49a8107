//! A comparison with the published TLA+ specification of Raft. `spec` is the specification in Rust, without
//! any code of the program. `runs` steps it together with the program's own nodes, and `refine` checks that
//! the nodes do only what it allows.
//!
//! Timers, durable storage and clients are not in the specification, so it says nothing about
//! liveness. It detects every broken safety rule of the core.

mod refine;
mod runs;
mod spec;

use raft_in_practice::raft::{Rule, RuleSet};
use runs::Run;
use spec::Action;

/// Rules whose breaking the specification allows, and why.
const ALLOWED: [(Rule, &str); 4] = [
    (Rule::NoOpOnElection, "the specification has none"),
    (Rule::TimerResetOnlyByAuthority, "it has no timers"),
    (Rule::RandomisedTimeout, "it has no timers"),
    (Rule::AnswerOnlyApplied, "it has no clients that are answered"),
];

#[test]
fn every_step_of_the_core_is_one_that_the_specification_allows() {
    let mut taken = [0; Action::ALL.len()];
    for seed in 0..4000 {
        let mut run = Run::new(seed, RuleSet::INTACT);
        if let Err((nth, difference)) = run.play() {
            panic!("seed {seed}, after {nth} steps: {difference:?}");
        }
        run.check_spec();
        taken.iter_mut().zip(run.spec.taken).for_each(|(all, one)| *all += one);
    }
    for action in Action::ALL {
        let times = taken[action as usize];
        println!("{times:>9} {action:?}");
        assert!(times > 200, "{action:?} was taken only {times} times: the runs show too little");
    }
}

#[test]
fn a_broken_rule_of_safety_is_a_step_that_it_does_not_allow() {
    let mut missed = Vec::new();
    for rule in Rule::ALL {
        let rules = RuleSet::INTACT.without(rule);
        let first = (0..2000).find_map(|seed| {
            let mut run = Run::new(seed, rules);
            run.play().err().map(|(nth, difference)| (seed, nth, difference))
        });
        match first {
            Some((seed, nth, difference)) => {
                println!("{:<32} seed {seed}, step {nth}: {difference:?}", rule.id());
            }
            None => missed.push(rule),
        }
    }
    assert_eq!(missed, ALLOWED.map(|(rule, _)| rule), "the rules whose breaking it allows");
}
