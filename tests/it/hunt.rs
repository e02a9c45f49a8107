//! Hunts: every broken rule is caught, and the intact core survives.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use raft_in_practice::raft::{NodeId, Property, Rule, RuleSet};
use raft_in_practice::scenario::run::Runner;
use raft_in_practice::scenario::world::World;
use raft_in_practice::search::best_counterexample::{Searches, Source};
use raft_in_practice::search::objective::Objective;
use raft_in_practice::search::random::clients::Clients;
use raft_in_practice::search::random::recovery::Stall;
use raft_in_practice::search::random::trial::{HuntFinding, record, trial};
use raft_in_practice::search::random::unneeded_elections::UnneededElections;
use raft_in_practice::search::random::{Hunt, HuntProgress, aim_of, caught};
use raft_in_practice::search::{best_counterexample, random};
use raft_in_practice::server::turn_order::CrashPoint;
use raft_in_practice::sim::{Chaos, FaultMix, Sim, SimConfig};
use raft_in_practice::view::hunt_result as view;

/// Seeds within which a broken rule is caught.
const SEEDS: u64 = 3_000;

fn hunt(rules: RuleSet, seeds: u64, enough: usize) -> (random::HuntResult, u64) {
    let progress = HuntProgress::default();
    let hunt = Hunt { rules, first: 0, seeds, within: None, jobs: 2, enough };
    let result = hunt.run(&progress);
    (result, progress.seeds.load(Ordering::Relaxed))
}

#[test]
fn every_broken_rule_is_caught_within_the_stated_seeds() {
    for rule in Rule::ALL {
        let rules = RuleSet::INTACT.without(rule);
        let (result, _) = hunt(rules, SEEDS, 1);
        let Some(first) = result.catches.first() else { panic!("{rule} was not caught") };
        let property = first.finding.property().expect("something was violated");
        assert!(aim_of(rules).is_met_by(property), "{rule}: {property}");
        if property == Property::Liveness {
            assert!(random::intact_recovers(first.seed), "{rule}: the intact core stalls too");
        }
    }
}

#[test]
fn the_intact_core_survives_ten_times_the_seeds_that_catch_the_others() {
    let (result, seeds) = hunt(RuleSet::INTACT, 10 * SEEDS, 1);
    assert_eq!(result.catches, []);
    assert_eq!(seeds, 10 * SEEDS);
    assert!(result.took > Duration::ZERO);
}

/// Several hunts may share it: enough catches end one hunt, a signal ends all.
#[test]
fn enough_catches_end_one_hunt_and_its_caller_ends_all() {
    let stop = Arc::new(AtomicBool::new(false));
    let rules = RuleSet::INTACT.without(Rule::OneVotePerTerm);
    let hunt = Hunt { rules, first: 0, seeds: SEEDS, within: None, jobs: 2, enough: 1 };
    for (is_stopped, seeds) in [(false, 1..SEEDS), (false, 1..SEEDS), (true, 0..1)] {
        stop.store(is_stopped, Ordering::Relaxed);
        let progress = HuntProgress::until(&stop);
        let result = hunt.run(&progress);
        assert_eq!(result.catches.is_empty(), is_stopped);
        assert!(seeds.contains(&progress.seeds.load(Ordering::Relaxed)), "{progress:?}");
        assert_eq!(progress.is_stopped(), is_stopped);
    }
}

/// Some worlds have paused processes, or clients that go on asking after the faults end; others have neither.
#[test]
fn worlds_have_pauses_and_load() {
    for seed in 0..20 {
        let mix = FaultMix::draw(seed, RuleSet::INTACT);
        let mut sim = Sim::new(mix.world, Vec::new());
        let (mut chaos, mut clients) = (Chaos::new(mix), Clients::new(mix));
        let (mut stood_still, mut woke) = (false, false);
        for _ in 0..300 {
            let paused = |sim: &Sim| sim.status().iter().filter(|node| node.paused).count();
            let before = paused(&sim);
            chaos.strike(&mut sim);
            stood_still |= paused(&sim) > before;
            woke |= paused(&sim) < before;
        }
        assert_eq!((stood_still, woke), (mix.pause > 0, mix.pause > 0), "seed {seed}");
        let (settled, until) = (sim.settled(), sim.now() + Duration::from_secs(1));
        clients.run_to(&mut sim, until);
        assert_eq!(sim.settled() > settled, mix.load, "seed {seed}");
    }
}

/// If timeouts are not drawn at random, a leader may come in time, but only after too many elections.
#[test]
fn too_many_elections_in_the_calm_are_a_finding_of_their_own() {
    let rules = RuleSet::INTACT.without(Rule::RandomisedTimeout);
    let found = trial(46, rules, aim_of(rules)).finding;
    let Some(HuntFinding::Stalled(stall @ Stall::ManyElections { held, most })) = found else {
        panic!("{found:?}")
    };
    assert!(held > most);
    let told = format!("there were {held} elections; electing a leader takes {most} at most");
    assert!(view::stall(&stall).contains(&told));
}

/// A node that has just heard from its leader has no reason to campaign, even if it did not heed what it heard.
/// It has one if it was made to campaign, or if a crash has made it forget.
#[test]
fn a_campaign_soon_after_a_leader_was_heard_is_unneeded() {
    #[derive(Clone, Copy, PartialEq)]
    enum Before {
        Nothing,
        Made,
        Forgot,
        DidNotHeed,
    }
    let unneeded = |before| {
        let mut config = SimConfig::new(3);
        if before == Before::DidNotHeed {
            config.settings.rules = RuleSet::INTACT.without(Rule::CandidateYieldsToLeader);
        }
        let watch = Arc::new(Mutex::new(UnneededElections::new(config.timing.election_min)));
        let mut sim = Sim::new(config, vec![Box::new(Arc::clone(&watch))]);
        let leader = sim.wait_for_leader(Duration::from_secs(5)).unwrap();
        let other = NodeId::all(3).find(|&node| node != leader).unwrap();
        sim.run_to(sim.now() + Duration::from_millis(200));
        if before == Before::DidNotHeed {
            // As a candidate of the next term it hears the leader of that term, and campaigns all the same.
            let third = NodeId::all(3).find(|&node| node != leader && node != other).unwrap();
            sim.cut(other, third);
            sim.cut(other, leader);
            sim.election_timeout(other).unwrap();
            watch.lock().unwrap().excuse(Some(other), sim.now());
            sim.election_timeout(third).unwrap();
            watch.lock().unwrap().excuse(Some(third), sim.now());
            sim.run_to(sim.now() + Duration::from_millis(20));
            assert!(sim.status_of(third).leads());
            assert_eq!(sim.status_of(other).term, sim.status_of(third).term);
        }
        if before == Before::Forgot {
            sim.crash(other, CrashPoint::Between).unwrap();
            sim.restart(other).unwrap();
        }
        sim.election_timeout(other).unwrap();
        if before == Before::Made {
            watch.lock().unwrap().excuse(Some(other), sim.now());
        }
        let found = watch.lock().unwrap().found;
        found.inspect(|found| assert_eq!((found.node, found.campaigned), (other, sim.now())))
    };
    assert!(unneeded(Before::Nothing).is_some());
    assert!(unneeded(Before::Made).is_none());
    assert!(unneeded(Before::Forgot).is_none());
    assert!(unneeded(Before::DidNotHeed).is_some());
}

/// The best counterexample is the shortest that a hunt or a search finds, or the run that ships if that is
/// shorter. If neither finds any, there is none, or every rule would count as caught.
#[test]
fn the_best_counterexample_is_found_or_is_one_that_ships_and_is_shorter() {
    let best = |rule, seeds| {
        let rules = RuleSet::INTACT.without(rule);
        let enough = best_counterexample::catches_wanted(rules);
        let hunt = Hunt { rules, first: 0, seeds, within: None, jobs: 2, enough };
        let best = best_counterexample::best(&hunt, Searches::Quick, &HuntProgress::default());
        best.short.map(|short| (short.schedule.moves.len(), short.source))
    };
    let rule = Rule::OneVotePerTerm;
    assert_eq!(best(rule, SEEDS), Some((6, Source::Search)), "a search finds it without seeds");
    assert_eq!(best(rule, 0), Some((6, Source::Search)));
    let rule = Rule::CommitOnlyCurrentTerm;
    assert_eq!(best(rule, SEEDS), Some((18, Source::Shipped { found: 19 })));
    assert_eq!(best(rule, 0), None, "what ships is not found");
    assert_eq!(best(Rule::MatchIndexMonotone, SEEDS), Some((8, Source::Seed)));
    assert_eq!(best(Rule::LeaderHeartbeat, SEEDS), None, "a stall has no moves");
}

/// A message that a crash kept from leaving has no name, and does not count in the names of others.
#[test]
fn every_move_of_a_world_can_be_made_again() {
    for seed in 0..100 {
        let aim = Objective::Only(Property::Liveness);
        let recorded = record(seed, RuleSet::INTACT, aim);
        assert_eq!(recorded.play(aim).moves, recorded.moves, "seed {seed}");
    }
}

/// A shortened counterexample still fails, its script expects that, and the intact core holds on the same moves.
#[test]
fn a_short_counterexample_fails_without_its_rule_and_holds_with_it() {
    for rule in [Rule::OneVotePerTerm, Rule::LogMatchingCheck, Rule::CommitOnlyCurrentTerm] {
        let rules = RuleSet::INTACT.without(rule);
        let (result, _) = hunt(rules, SEEDS, 3);
        let Some(short) = best_counterexample::shortest(&result, rules) else {
            panic!("{rule}: nothing to shorten")
        };
        assert!(short.schedule.moves.len() <= 40, "{rule}: {:#?}", short.schedule.moves);
        let intact = short.schedule.with_rules(RuleSet::INTACT);
        assert_eq!(intact.play(aim_of(rules)).violated, None, "{rule}");
        assert!(short.schedule.divergence().is_some(), "{rule}: the two runs part somewhere");

        let script = view::script(&short, "short");
        let mut silent = ();
        let mut runner = Runner::new(Sim::new(SimConfig::of(&script), Vec::new()), &mut silent);
        assert_eq!(runner.run(&script.lines), Ok(()), "{rule}: the script reproduces it");
    }
}

#[test]
fn a_panic_in_a_seed_is_found_and_not_passed_over() {
    let found = caught(|| panic!("no such index"));
    assert_eq!(found, Some((HuntFinding::Panicked("no such index".to_owned()), None)));
    assert_eq!(caught(|| None), None);
}

#[test]
fn behind_the_largest_seed_there_is_none() {
    let hunt = Hunt {
        rules: RuleSet::INTACT,
        first: u64::MAX - 1,
        seeds: 100,
        within: None,
        jobs: 2,
        enough: 1,
    };
    let progress = HuntProgress::default();
    assert_eq!(hunt.run(&progress).catches, []);
    assert_eq!(progress.seeds.load(Ordering::Relaxed), 2);
}
