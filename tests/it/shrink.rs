//! The shrinker makes catches as short as before, with no more parts.

use std::num::NonZeroUsize;

use raft_in_practice::raft::{Property, Rule, RuleSet, Settings};
use raft_in_practice::random_draws::Draw;
use raft_in_practice::record::message_name::MessageName;
use raft_in_practice::scenario::script::Script;
use raft_in_practice::scenario::verb_table::Verb;
use raft_in_practice::search::best_counterexample;
use raft_in_practice::search::best_counterexample::Short;
use raft_in_practice::search::manual_cluster::ManualCluster;
use raft_in_practice::search::objective::{Objective, Violated};
use raft_in_practice::search::random::{Hunt, HuntProgress, HuntResult, aim_of};
use raft_in_practice::search::schedule::{Played, Schedule};
use raft_in_practice::search::schedule_parts::parts;
use raft_in_practice::search::shrink::{shrink, variants};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::common::lengths::LENGTHS;

fn caught(rule: Rule) -> HuntResult {
    let rules = RuleSet::INTACT.without(rule);
    let hunt = Hunt { rules, first: 0, seeds: 3_000, within: None, jobs: 2, enough: 6 };
    hunt.run(&HuntProgress::default())
}

fn short(rule: Rule) -> Option<Short> {
    best_counterexample::shortest(&caught(rule), RuleSet::INTACT.without(rule))
}

/// Moves and parts of the shortest of the first catches. Searches prove that some could be shorter.
#[test]
fn the_first_catches_become_as_short_as_they_did() {
    let expected = LENGTHS.iter().filter_map(|row| Some((row.rule, row.caught?)));
    let expected: Vec<(Rule, (usize, usize))> = expected.collect();
    let reached: Vec<(Rule, (usize, usize))> = expected
        .iter()
        .map(|&(rule, _)| {
            let moves = short(rule).map(|short| short.schedule.moves).unwrap_or_default();
            (rule, (moves.len(), parts(&moves).len()))
        })
        .collect();
    assert_eq!(reached, expected);
}

/// If the cluster's settings do not matter, the shrinker replaces them with the usual ones.
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

/// A run that was shrunk cannot be shrunk further. It delivers no older message where a newer one would do
/// as well.
#[test]
fn making_it_short_again_changes_nothing() {
    for rule in [Rule::TruncateOnlyOnConflict, Rule::ConflictTruncates, Rule::UpToDateLog] {
        let objective = aim_of(RuleSet::INTACT.without(rule));
        for found in caught(rule).catches {
            let Some(raw) = found.raw else { panic!("{rule}: a violation has its moves") };
            let once = shrink(&raw, objective);
            assert_eq!(
                shrink(&once, objective).moves.len(),
                once.moves.len(),
                "{rule} {}",
                found.seed
            );
            for (at, verb) in once.moves.iter().enumerate() {
                let Verb::Deliver(name) = *verb else { continue };
                for nth_newest in 0..name.nth_newest {
                    let mut younger = once.clone();
                    younger.moves[at] = Verb::Deliver(MessageName { nth_newest, ..name });
                    let violated = younger.play(objective).violated;
                    assert_eq!(violated, None, "{rule} {}: {verb}", found.seed);
                }
            }
        }
    }
}

#[test]
fn a_cluster_is_tried_with_and_without_what_is_unusual_about_it() {
    let usual = Settings::new(3);
    let told = |settings| -> Vec<(bool, Option<NonZeroUsize>)> {
        let pair = |other: Settings| (other.no_op, other.max_batch);
        variants(settings).map(pair).collect()
    };
    assert_eq!(told(usual), [(true, usual.max_batch), (false, usual.max_batch)]);
    let odd = Settings { no_op: false, max_batch: NonZeroUsize::new(1), ..usual };
    assert_eq!(
        told(odd),
        [
            (true, usual.max_batch),
            (true, odd.max_batch),
            (false, usual.max_batch),
            (false, odd.max_batch)
        ]
    );
}

/// In a cluster of one node no message is ever delivered, but its clients may be told what cannot be true.
#[test]
fn clients_are_judged_where_no_message_is_delivered() {
    let moves = "timeout 0\nsubmit to 0 SET x=1\ncrash 0\nrestart 0\ntimeout 0\nsubmit to 0 GET x";
    let script = Script::parse("alone", &format!("nodes 1\nno-op off\nmanual\n{moves}")).unwrap();
    let rules = RuleSet::INTACT.without(Rule::PersistBeforeReply);
    let schedule = Schedule::of(&script).with_rules(rules);
    assert_eq!(schedule.moves.len(), moves.lines().count());
    let aim = Objective::Only(Property::Linearizability);
    let violated = schedule.play(aim).violated.map(|violated| violated.property());
    assert_eq!(violated, Some(Property::Linearizability));
    assert_eq!(schedule.with_rules(RuleSet::INTACT).play(aim).violated, None);
}

/// Plays a schedule and judges its clients after every move, whether or not there is anything new.
fn judged_at_every_move(schedule: &Schedule, objective: Objective) -> Played {
    let mut cluster = ManualCluster::new(schedule.settings, Vec::new());
    let mut moves = Vec::new();
    for verb in &schedule.moves {
        if cluster.make(verb) {
            moves.push(verb.clone());
            let misled = || objective.met_by_clients(cluster.judge(objective));
            let violated = objective.met_by(cluster.sim().journal().checker()).or_else(misled);
            if violated.is_some() {
                return Played { moves, violated };
            }
        }
    }
    Played { moves, violated: None }
}

/// Clients are judged only when they were told something. No violation comes later by that.
#[test]
fn clients_need_no_judgement_where_nothing_new_is_known() {
    let rng = &mut ChaCha8Rng::seed_from_u64(5);
    let (mut misled, objective) = (0, Objective::Only(Property::Linearizability));
    for rule in [Rule::StaleTermRejected, Rule::VotesCountedOnceAndInTerm, Rule::AnswerOnlyApplied]
    {
        for caught in caught(rule).catches {
            let raw = caught.raw.expect("it is made of moves");
            let moves = raw.moves.iter().filter(|_| rng.chance(0.99)).cloned().collect();
            let schedule = Schedule { moves, settings: raw.settings };
            let played = schedule.play(objective);
            misled += usize::from(matches!(played.violated, Some(Violated::Clients(_))));
            assert_eq!(played, judged_at_every_move(&schedule, objective), "{rule}");
        }
    }
    assert!(misled > 3, "only {misled} of these runs misled a client");
}
