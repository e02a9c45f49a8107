//! The bounds of an exhaustive search, how far it came, and what its result means.

use super::table::{Table, apart, paragraph};
use super::words::plural;
use super::{colour, width};
use crate::raft::{Rule, RuleSet, Settings};
use crate::search::best_counterexample::Short;
use crate::search::exhaustive::{
    Bounds, Counterexample, Reach, SearchOutcome, Stats, chance_of_a_miss, preset,
};

/// The bounds of a search.
pub(crate) fn within(bounds: &Bounds) -> Vec<String> {
    let Bounds { nodes, terms, log, crashes, .. } = *bounds;
    let batch = bounds.max_batch.filter(|_| bounds.max_batch != Settings::new(nodes).max_batch);
    let batch = batch.map_or_else(String::new, |batch| format!(", batches of {batch}"));
    let nodes = plural(nodes, "node", "nodes");
    let text = format!(
        "Every order of messages, losses, duplicates and timeouts: {nodes}, terms up to {terms}, \
         commands up to index {log}, {}, {} no-op{batch}.",
        plural(crashes.into(), "crash", "crashes"),
        if bounds.no_op { "with a" } else { "without a" }
    );
    paragraph(&text, "", "")
}

/// The progress of a search, in a line.
pub(crate) fn depth(stats: &Stats) -> String {
    let seconds = stats.elapsed.as_secs_f64();
    let Stats { depth, states, newest, .. } = stats;
    let (rate, memory) = (stats.states as f64 / seconds.max(1e-3), stats.memory >> 20);
    let line = format!("depth {depth:>3}  {states:>10} states  {newest:>10} new  {seconds:>6.1} s");
    let more = format!("  {rate:>8.0} a second  {memory:>6} MB");
    // A narrow terminal has no room for what the figures at the end say too.
    let fits = line.len() + more.len() <= width();
    if fits { format!("{line}{more}") } else { line }
}

/// The figures of a search that has ended. If nothing was violated, also what that means.
pub(crate) fn ended(outcome: &SearchOutcome, bounds: &Bounds, rules: RuleSet) -> Vec<String> {
    let mut lines = apart([Vec::new(), figures(&outcome.stats), Vec::new()]);
    match outcome.reach {
        Reach::Exhausted => {
            let held =
                "✓ every state within the bounds was seen, and no property is violated in any";
            lines.extend(paragraph(&colour::good(held), "", "  "));
            lines.extend(rules.broken().flat_map(|rule| paragraph(&unseen(rule), "", "")));
        }
        Reach::Stopped => lines.extend(unfinished(&outcome.stats, "")),
        Reach::OutOfMemory => {
            let megabytes = bounds.memory >> 20;
            let full = format!(
                " The {megabytes} MB that it may use are full; smaller bounds need less, and \
                 --memory MB allows more."
            );
            lines.extend(unfinished(&outcome.stats, &full));
        }
        Reach::Violated => {}
    }
    lines
}

/// Says what was violated, and after how many moves.
pub(crate) fn violated(found: &Counterexample, short: Option<&Short>) -> Vec<String> {
    let (property, length) = (found.property, found.steps);
    // What is told of the moves says whether a shorter run may exist.
    let proof = if short.is_some() { "" } else { ", and no shorter run violates it" };
    let text = format!("{property} is violated after {length} moves{proof}:");
    let mut lines = paragraph(&text, "", "");
    if let Some(moves) = short.map(|short| short.schedule.moves.len()).filter(|it| *it != length) {
        let crash = "a crash and its restart are one step of a search, and two moves below";
        lines.extend(paragraph(&format!("({moves} moves as they are told: {crash}.)"), "", " "));
    }
    lines
}

/// Says how far an unfinished search came.
fn unfinished(stats: &Stats, why: &str) -> Vec<String> {
    let text = format!(
        "Stopped at depth {} of an unfinished search: up to there every state was seen, and no \
         property is violated.{why}",
        stats.depth
    );
    paragraph(&text, "", "")
}

fn figures(stats: &Stats) -> Vec<String> {
    let seconds = stats.elapsed.as_secs_f64();
    let figures = [
        ("states", stats.states.to_string()),
        ("transitions", stats.transitions.to_string()),
        ("depth", stats.depth.to_string()),
        ("seconds", format!("{seconds:.1}")),
        ("states a second", format!("{:.0}", stats.states as f64 / seconds.max(1e-3))),
        ("memory", format!("{} MB", stats.memory >> 20)),
        (
            "chance of a miss",
            format!(
                "{:.1e} that a state was taken for another one",
                chance_of_a_miss(stats.states)
            ),
        ),
    ];
    Table::new(2).rows(figures.map(|(what, how_much)| [what.to_owned(), how_much])).lines()
}

/// Why a search without this rule may see nothing violated: the bounds do not suit the rule, or no search
/// gets far enough, or a search does not check the property that is violated.
fn unseen(rule: Rule) -> String {
    let property = rule.protects();
    let hunt = format!("'raft-cluster hunt --break {rule}' shows what is violated");
    if preset(rule).is_some() {
        format!("Without {rule} a property is violated within other bounds: {hunt}.")
    } else if property.is_figure_3() {
        format!("Without {rule} a property is violated, deeper than a search gets: {hunt}.")
    } else {
        format!(
            "This says nothing about {rule}: without it {property} is violated, and a search checks \
             only Figure 3's five properties. {hunt}."
        )
    }
}
