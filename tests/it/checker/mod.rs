//! The checker on runs that once misled it: it missed a violation, or it told a sentence that was no longer
//! true, or never had been. Each run is a file beside this one.

mod exhaustive;
mod witness;

use std::collections::BTreeSet;
use std::fs;

use raft_in_practice::properties::safety::Violation;
use raft_in_practice::raft::{Property, Rule, RuleSet};
use raft_in_practice::scenario::library::BROKEN;
use raft_in_practice::scenario::run::Runner;
use raft_in_practice::scenario::script::Script;
use raft_in_practice::scenario::world::World;
use raft_in_practice::search::manual_cluster::ManualCluster;
use raft_in_practice::search::objective::Objective;
use raft_in_practice::search::random::walk::walk;
use raft_in_practice::search::schedule::Schedule;
use raft_in_practice::sim::{Sim, SimConfig};
use raft_in_practice::view::violation::sentence;
use serde_json::json;
use witness::Witness;

/// Walks for each rule, and the moves of each.
const SEEDS: u64 = 400;
const MOVES: usize = 200;

/// Runs that show only late that the leader of a later term began without a committed entry.
const LATE_COMMITS: [&str; 3] = [
    "late-commit-after-incomplete-leader",
    "late-commit-after-repaired-leader",
    "commit-known-later-in-an-earlier-term",
];

fn file(name: &str) -> Script {
    let text = fs::read_to_string(format!("tests/it/checker/{name}.raft")).unwrap();
    Script::parse(name, &text).unwrap()
}

/// Plays a script, which must succeed up to its end, and returns the violations on the way.
fn violated(script: &Script) -> Vec<Violation> {
    let mut silent = ();
    let mut runner = Runner::new(Sim::new(SimConfig::of(script), Vec::new()), &mut silent);
    assert_eq!(runner.run(&script.lines), Ok(()), "{}", script.name);
    runner.world().safety().violations
}

/// The sentences about violations of Leader Completeness in a run.
fn incomplete(script: &Script) -> Vec<String> {
    let mut violated = violated(script);
    violated.retain(|found| found.property == Property::LeaderCompleteness);
    violated.iter().map(|found| sentence(&found.evidence)).collect()
}

/// An entry is committed in term 1 although the leader of term 2 began without it. By then that leader no
/// longer leads, or has the entry, or the entry was committed in term 3 already. With the rule kept, none of
/// the three runs fails.
#[test]
fn a_leader_that_began_without_an_entry_is_found_however_late_that_is_committed() {
    for name in LATE_COMMITS {
        let script = file(name);
        let told = incomplete(&script);
        let expected = "n0 committed 1@1 in term 1, and n2 became leader of term 2 without it";
        assert_eq!(told, [expected], "{name}");

        let objective = Objective::Only(Property::LeaderCompleteness);
        let schedule = Schedule::of(&script);
        let played = schedule.play(objective);
        assert_eq!(played.moves, schedule.moves, "{name}: it is violated with the last move");
        let violated = played.violated.map(|violated| violated.property());
        assert_eq!(violated, Some(Property::LeaderCompleteness), "{name}");
        let kept = schedule.with_rules(RuleSet::INTACT).play(Objective::Anything);
        assert_eq!(kept.violated, None, "{name}");
    }
}

/// A node may have lost what it once held or committed, and may never have committed what it holds now. The
/// sentences must tell these apart.
#[test]
fn evidence_says_what_was_and_what_is() {
    let script = file("log-matching-over-time");
    let told: Vec<String> = violated(&script).iter().map(|it| sentence(&it.evidence)).collect();
    let expected = [
        "n1 committed 1@1 while 1 durable log held it, not 2",
        "n1 became leader of term 1, and n2 of the same term",
        "n1 committed 1@1 in term 1, and n2 became leader of term 2 without it",
        "at index 1 n1 committed 1@1, and n2 1@2",
        "n2 committed 1@2 while 1 durable log held it, not 2",
        "at index 1 n1 committed 1@1, and has 1@2 there now",
        "n1 became leader of term 1, and n0 of the same term",
        "n1 had an entry 1@1 until it lost it in term 2, and n0 has another entry 1@1 now",
        "at index 1 n1 committed 1@1, and n0 another entry 1@1",
        "n0 committed 1@1 while 1 durable log held it, not 2",
    ];
    assert_eq!(told, expected);
    let kept = Schedule::of(&script).with_rules(RuleSet::INTACT).play(Objective::Anything);
    assert_eq!(kept.violated, None);

    let (name, text) =
        BROKEN.iter().find(|(name, _)| *name == "broken/stale-term-rejected").unwrap();
    let violated = violated(&Script::parse(name, text).unwrap());
    let told: Vec<String> = violated.iter().map(|it| sentence(&it.evidence)).collect();
    let expected =
        "at index 1 n1 committed 1@2, and n2, which had committed index 1 too, has 1@1 there now";
    assert_eq!(told, [expected]);
    assert_eq!(
        serde_json::to_value(violated[0]).unwrap()["evidence"],
        json!({
            "kind": "committed-replaced",
            "index": 1, "first": 1, "first_term": 2, "node": 2, "now": 1,
        })
    );
}

/// Random walks with a rule broken, which a witness watches too. Everything the checker says is true at that
/// step, and Leader Completeness is violated at the steps at which the witness says so.
#[test]
fn what_the_checker_says_a_witness_of_every_log_confirms() {
    let mut kinds = BTreeSet::new();
    for rule in Rule::ALL {
        let rules = RuleSet::INTACT.without(rule);
        for seed in 0..SEEDS {
            let schedule = walk(seed, rules, Objective::Only(Property::Liveness), MOVES).schedule;
            let witness = Witness::default();
            let mut hand = ManualCluster::new(schedule.settings, vec![Box::new(witness.clone())]);
            for (nth, verb) in schedule.moves.iter().enumerate() {
                hand.make(verb);
                let aim = Objective::Only(Property::LeaderCompleteness);
                let told = aim.met_by(hand.sim().journal().checker());
                if let Some(seen) = witness.saw_an_incomplete_leader() {
                    assert_eq!(told.is_some(), seen, "{rule}, seed {seed}, move {nth}: {told:?}");
                }
            }
            for (told, is_true) in witness.told() {
                assert!(is_true, "{rule}, seed {seed}: {told:?}");
                let evidence = serde_json::to_value(told.evidence).unwrap();
                let earlier = evidence["earlier"].as_object().and_then(|it| it.keys().next());
                kinds.insert(match earlier {
                    Some(kind) => kind.clone(),
                    None => evidence["kind"].as_str().unwrap().to_owned(),
                });
            }
        }
    }
    let judged = [
        "two-leaders",
        "leader-cut",
        "differs",
        "lost",
        "leader-lacks",
        "commits-differ",
        "committed-replaced",
        "not-durable",
    ];
    for kind in judged {
        assert!(kinds.contains(kind), "no walk comes to {kind}: {kinds:?}");
    }
}
