//! The rules: all of them in a table, or one in full.

use crate::raft::{Property, Rule};
use crate::scenario::library::SHIPPED;
use crate::scenario::script::Script;

use super::table::{Table, apart, paragraph};
use super::{colour, event_text};

/// The document that explains the reasons for the rules.
const DEEP_DIVE: &str = include_str!("../../docs/distributed_consensus_deep_dive.md");

/// A table with one row for each rule: its id, its section of the paper, and its statement.
pub(crate) fn list() -> Vec<String> {
    let row = |rule: Rule| {
        let section = event_text::section(rule).to_owned();
        [colour::strong(rule.id()), section, rule.statement().to_owned()]
    };
    let hint = "'raft-node rules ID' tells one in full, with what it protects and how to break it.";
    let hint = paragraph(&colour::faint(hint), "", "");
    apart([Table::new(0).rows(Rule::ALL.map(row)).lines(), hint])
}

/// All that is known of one rule.
pub(crate) fn one(rule: Rule) -> Vec<String> {
    let title = vec![colour::heading(rule.id())];
    let statement = paragraph(rule.statement(), "  ", "  ");
    let property = rule.protects();
    let figure = if property.is_figure_3() { " (Figure 3)" } else { "" };
    let rows = [
        ("paper", rule.paper().to_owned()),
        ("protects", format!("{property}{figure}: {}", promise(property))),
        ("enforced in", format!("src/{}", rule.enforced_in())),
        ("when broken", rule.when_broken().to_owned()),
        ("break it", format!("raft-cluster hunt --break {rule}")),
        ("scenarios", shown_in(rule).join(", ")),
        ("test", test_of(rule)),
        ("read", format!("docs/distributed_consensus_deep_dive.md: {}", told_in(rule).join("; "))),
    ];
    let rows = Table::new(2).rows(rows.map(|(name, text)| [colour::faint(name), text]));
    apart([title, statement, rows.lines()])
}

/// The scenarios that are about the rule, and last the one in which it is broken.
pub(super) fn shown_in(rule: Rule) -> Vec<String> {
    let about =
        |name: &str, text| Script::parse(name, text).is_ok_and(|it| it.rules.contains(&rule));
    let all = SHIPPED.iter().filter(|(name, text)| about(name, text)).map(|(name, _)| *name);
    all.map(str::to_owned).chain([format!("broken/{rule}")]).collect()
}

/// The command that runs the rule's test, which has the rule's name.
pub(super) fn test_of(rule: Rule) -> String {
    format!("cargo test {}", rule.id().replace('-', "_"))
}

/// The sections of the deep dive that name the rule, by their headings.
pub(super) fn told_in(rule: Rule) -> Vec<&'static str> {
    let name = format!("`{rule}`");
    let sections = DEEP_DIVE.split("\n## ").skip(1).filter(|section| section.contains(&name));
    sections.filter_map(|section| section.lines().next()).collect()
}

/// What a property promises, in one sentence.
pub const fn promise(property: Property) -> &'static str {
    match property {
        Property::ElectionSafety => "At most one leader can be elected in a term.",
        Property::LeaderAppendOnly => {
            "A leader never overwrites or deletes entries of its own log; it only appends."
        }
        Property::LogMatching => {
            "If two logs hold an entry with the same index and term, they are equal up to that entry."
        }
        Property::LeaderCompleteness => {
            "An entry committed in a term is in the logs of the leaders of all later terms."
        }
        Property::StateMachineSafety => {
            "If a node has applied an entry at an index, no other node applies a different one there."
        }
        Property::VoteUniqueness => "A node votes for at most one candidate in a term.",
        Property::DurableQuorum => {
            "When a leader commits an entry, the durable logs of a majority hold it."
        }
        Property::Monotonicity => {
            "A node's term, commit and applied index, and a leader's match indexes, only grow."
        }
        Property::Linearizability => {
            "Clients see one machine that handles their operations one after the other."
        }
        Property::Liveness => {
            "Once faults stop, a leader is elected and stays, and what is proposed commits."
        }
    }
}
