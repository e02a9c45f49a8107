//! The best counterexample for a rule that a random hunt and an exhaustive search find.

use super::objective::{Objective, Violated};
use super::random::{Hunt, HuntProgress, HuntResult, aim_of, sole_rule};
use super::schedule::Schedule;
use super::share_out::share_out;
use super::shrink;
use serde::Serialize;

use crate::raft::{Property, Rule, RuleSet};
use crate::scenario::library;
use crate::search::exhaustive;
use crate::search::exhaustive::{Bounds, Counterexample};

/// A counterexample, shortened as far as possible.
#[derive(Clone, PartialEq, Debug)]
pub struct Short {
    /// Its moves.
    pub schedule: Schedule,
    /// The property that is violated.
    pub violated: Violated,
    /// How it was found.
    pub source: Source,
}

/// How a short counterexample was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// By a random hunt, whose catch was then shortened.
    Seed,
    /// By an exhaustive search, which finds the shortest.
    Search,
    /// It ships with the program, and is shorter than the one found now.
    Shipped {
        /// The number of moves of the one found now.
        found: usize,
    },
}

impl Short {
    /// Returns a sort key that puts the preferred counterexample first: the shortest, and of equally short
    /// ones a proven one. Clusters of one node come last: a single node has no peer to disagree with, so
    /// these runs teach least.
    fn rank(&self) -> (bool, usize, bool) {
        let Schedule { settings, moves } = &self.schedule;
        (settings.nodes == 1, moves.len(), !self.is_proven())
    }

    /// Whether no shorter one exists within the bounds of an exhaustive search.
    pub fn is_proven(&self) -> bool {
        self.source == Source::Search
    }
}

/// Which exhaustive searches to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Searches {
    /// Only those that take seconds at most.
    Quick,
    /// All, including those that take a minute.
    All,
}

/// The result of a hunt and a search.
#[derive(Clone, PartialEq, Debug)]
pub struct Best {
    /// The result of the hunt.
    pub result: HuntResult,
    /// The shortest counterexample, if one was found that is made of moves.
    pub short: Option<Short>,
}

impl Best {
    /// Whether anything was found.
    pub const fn has_caught(&self) -> bool {
        !self.result.catches.is_empty() || self.short.is_some()
    }
}

/// Hunts, shortens the catches, and runs an exhaustive search if exactly one rule is broken.
///
/// Returns the shortest counterexample found, or the one that ships for the rule if that is shorter still.
/// If nothing was found, the shipped one is not returned either, or every rule would seem caught.
pub fn best(hunt: &Hunt, searches: Searches, progress: &HuntProgress) -> Best {
    let result = hunt.run(progress);
    let only = sole_rule(hunt.rules);
    let worth = |rule: &Rule| searches == Searches::All || exhaustive::is_quick(*rule);
    let proven = only.filter(worth).and_then(search);
    let found = shortest(&result, hunt.rules).into_iter().chain(proven).min_by_key(Short::rank);
    let short = found.map(|found| match only.and_then(|rule| shipped(rule, &found)) {
        Some(shipped) if shipped.rank() < found.rank() => shipped,
        _ => found,
    });
    Best { result, short }
}

/// Returns how many catches a hunt should wait for.
///
/// Twelve if catches have moves, so that the shortest can be chosen; one if they are stalls, because any
/// stall is as good as another, or if no rule is broken.
pub fn catches_wanted(rules: RuleSet) -> usize {
    let stalls = aim_of(rules) == Objective::Only(Property::Liveness);
    if rules.is_intact() || stalls { 1 } else { 12 }
}

/// Shortens the catches in parallel, and returns the shortest.
pub fn shortest(result: &HuntResult, rules: RuleSet) -> Option<Short> {
    let objective = aim_of(rules);
    let short = |raw: &Schedule| {
        let schedule = shrink::shrink(raw, objective);
        let violated = schedule.play(objective).violated?;
        Some(Short { schedule, violated, source: Source::Seed })
    };
    let raws: Vec<&Schedule> =
        result.catches.iter().filter_map(|found| found.raw.as_ref()).collect();
    let mut shorts = vec![None; raws.len()];
    share_out(raws.len(), raws.iter().zip(&mut shorts), |(raw, made)| *made = short(raw));
    shorts.into_iter().flatten().min_by_key(Short::rank)
}

/// Runs an exhaustive search for the shortest counterexample, if there are bounds for this rule.
fn search(rule: Rule) -> Option<Short> {
    let bounds = exhaustive::preset(rule)?;
    let found = exhaustive::find(Some(rule), &bounds).violation?;
    as_short(found, &bounds, RuleSet::INTACT.without(rule))
}

/// Turns what a search found into a schedule that can be played.
pub fn as_short(found: Counterexample, bounds: &Bounds, rules: RuleSet) -> Option<Short> {
    let objective = aim_of(rules);
    let schedule = Schedule { settings: bounds.settings(rules), moves: found.moves };
    let schedule = shrink::tidy(&schedule, objective);
    let violated = schedule.play(objective).violated?;
    Some(Short { schedule, violated, source: Source::Search })
}

/// Returns the counterexample that ships for this rule, if its moves alone violate a property.
fn shipped(rule: Rule, found: &Short) -> Option<Short> {
    let schedule = Schedule::of(&library::broken(rule)?);
    let violated = schedule.play(aim_of(schedule.settings.rules)).violated?;
    let source = Source::Shipped { found: found.schedule.moves.len() };
    Some(Short { schedule, violated, source })
}
