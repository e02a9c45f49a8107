//! The best counterexample of a rule that a hunt and a search find.

use super::objective::{Fallen, Objective};
use super::random::{Hunt, HuntProgress, HuntResult, aim_of, sole_rule};
use super::schedule::Schedule;
use super::share_out::share_out;
use super::shrink;
use serde::Serialize;

use crate::raft::{Property, Rule, RuleSet};
use crate::scenario::library;
use crate::search::exhaustive;
use crate::search::exhaustive::{Bounds, Counterexample};

/// A counterexample, as short as it was made.
#[derive(Clone, PartialEq, Debug)]
pub struct Short {
    /// Its moves.
    pub schedule: Schedule,
    /// What falls.
    pub fallen: Fallen,
    /// How it was found.
    pub source: Source,
}

/// How a short counterexample was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A seed's catch was made short.
    Seed,
    /// By an exhaustive search, which finds the shortest.
    Search,
    /// It ships with the program, and is shorter than what was found now.
    Shipped {
        /// The moves of what was found now.
        found: usize,
    },
}

impl Short {
    /// What is told rather comes first: the shortest, and a proven one before another. A node alone
    /// has nobody to disagree with, so its runs teach less than any others.
    fn rank(&self) -> (bool, usize, bool) {
        let Schedule { settings, moves } = &self.schedule;
        (settings.nodes == 1, moves.len(), !self.is_proven())
    }

    /// Whether no shorter one exists within the bounds of an exhaustive search.
    pub fn is_proven(&self) -> bool {
        self.source == Source::Search
    }
}

/// Which exhaustive searches a rule is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Searches {
    /// Those that take seconds at most.
    Quick,
    /// Those too that take a minute.
    All,
}

/// What a hunt and a search came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Best {
    /// What the hunt caught.
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

/// Hunts, makes the catches short, and searches, if just one rule is broken.
///
/// Of what is found the shortest is kept. A run that ships for the rule takes its place if it is
/// shorter still; where nothing is found it takes nothing's place, or every rule would seem caught.
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

/// How many catches to wait for, without these rules: of those that have moves the shortest of
/// twelve, of stalls the first, which is as good as any other.
pub fn catches_wanted(rules: RuleSet) -> usize {
    let stalls = aim_of(rules) == Objective::Only(Property::Liveness);
    if rules.is_intact() || stalls { 1 } else { 12 }
}

/// Makes the catches short, side by side, and keeps the shortest.
pub fn shortest(result: &HuntResult, rules: RuleSet) -> Option<Short> {
    let objective = aim_of(rules);
    let short = |raw: &Schedule| {
        let schedule = shrink::shrink(raw, objective);
        let fallen = schedule.play(objective).fallen?;
        Some(Short { schedule, fallen, source: Source::Seed })
    };
    let raws: Vec<&Schedule> =
        result.catches.iter().filter_map(|found| found.raw.as_ref()).collect();
    let mut shorts = vec![None; raws.len()];
    share_out(raws.len(), raws.iter().zip(&mut shorts), |(raw, made)| *made = short(raw));
    shorts.into_iter().flatten().min_by_key(Short::rank)
}

/// Searches for the shortest way to a fall, if there are bounds for this rule.
fn search(rule: Rule) -> Option<Short> {
    let bounds = exhaustive::preset(rule)?;
    let found = exhaustive::find(Some(rule), &bounds).violation?;
    as_short(found, &bounds, RuleSet::INTACT.without(rule))
}

/// What a search found, as moves that anyone can make.
pub fn as_short(found: Counterexample, bounds: &Bounds, rules: RuleSet) -> Option<Short> {
    let objective = aim_of(rules);
    let schedule = Schedule { settings: bounds.settings(rules), moves: found.moves };
    let schedule = shrink::tidy(&schedule, objective);
    let fallen = schedule.play(objective).fallen?;
    Some(Short { schedule, fallen, source: Source::Search })
}

/// The run that ships for this rule, if it is one of moves.
fn shipped(rule: Rule, found: &Short) -> Option<Short> {
    let schedule = Schedule::of(&library::broken(rule)?);
    let fallen = schedule.play(aim_of(schedule.settings.rules)).fallen?;
    let source = Source::Shipped { found: found.schedule.moves.len() };
    Some(Short { schedule, fallen, source })
}
