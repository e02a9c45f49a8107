//! The places in a run that can be named, in words.

use super::colour;
use super::table::Table;
use super::words::when;
use crate::explain::{Kind, Place};
use crate::raft::Rule;
use crate::record::History;
use crate::record::error::steps;

/// Says how to name a place in a run.
pub(crate) fn places() -> String {
    let kinds = Kind::WORDS.map(|(word, _)| word).join(", ");
    format!(
        "a place is a step's number, a time as in 0.014, 'end', or 'first' or 'last' and what happens \
         there: {kinds}, a rule's id, or 'refused' or 'broken' with a rule's id"
    )
}

/// Says that this run has no such place.
pub(crate) fn no_place(place: Place, history: &History) -> String {
    match (place, history.step(1)) {
        (Place::Time(_), Some(first)) => {
            format!("no step was made by then; the first is at {}", when(first.time))
        }
        _ => format!("that happens nowhere in this run; {}", steps(history.last())),
    }
}

/// The kinds of events that can be looked for, each with its description.
pub(crate) fn events() -> impl Iterator<Item = (Kind, String)> {
    let of_rule = |rule| [Kind::Asked(rule), Kind::Refused(rule), Kind::Broken(rule)];
    let kinds = Kind::WORDS.into_iter().map(|(_, kind)| kind);
    let kinds = kinds.chain(Rule::ALL.into_iter().flat_map(of_rule));
    kinds.map(|kind| (kind, event(kind)))
}

/// The events that can be looked for, as a table.
pub(crate) fn table() -> Vec<String> {
    let of_rules = [
        ("RULE", "this rule is asked ('raft-node rules' lists them)"),
        ("refused RULE", "this rule refuses"),
        ("broken RULE", "this rule does not hold, and was switched off"),
    ];
    Table::new(2)
        .rows(Kind::WORDS.map(|(word, kind)| [colour::strong(word), event(kind)]))
        .rows(of_rules.map(|(words, what)| [colour::strong(words), what.to_owned()]))
        .lines()
}

fn event(kind: Kind) -> String {
    let text = match kind {
        Kind::Commit => "a commit index grows",
        Kind::Campaign => "a node campaigns",
        Kind::Leader => "a node wins an election",
        Kind::Truncation => "a node deletes entries",
        Kind::Crash => "a node crashes",
        Kind::Restart => "a node starts again",
        Kind::Pause => "a node is paused",
        Kind::Resume => "a paused node resumes",
        Kind::Cut => "a link is cut, or the network splits",
        Kind::Heal => "a cut is undone, or all of them",
        Kind::Drop => "a message is lost",
        Kind::Answer => "a client is answered",
        Kind::Phase => "a part of the scenario begins",
        Kind::Violation => "a property is violated",
        Kind::AnyRefused => "a vote, entries or a command are refused",
        Kind::AnyBroken => "a rule does not hold, and was switched off",
        Kind::Asked(rule) => return format!("this is asked: {}", rule.statement()),
        Kind::Refused(rule) => return format!("this refuses: {}", rule.statement()),
        Kind::Broken(rule) => return format!("this is broken: {}", rule.statement()),
    };
    text.to_owned()
}
