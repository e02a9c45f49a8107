//! The tables that are generated from the source are up to date.

use std::fmt::Write as _;
use std::fs;

use raft_in_practice::raft::Rule;
use raft_in_practice::scenario::setting::SETTINGS;
use raft_in_practice::scenario::usage::Usage;
use raft_in_practice::scenario::verb_table::{Condition, Verb};

use crate::common::lengths::{LENGTHS, Lengths};
use crate::docs::pages;

/// The text of a table cell: a bar would end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// How a line is written, as a cell.
fn line(usage: &Usage) -> String {
    cell(format!("{} {}", usage.words, usage.follows).trim())
}

fn lines(head: &str, rows: &[Usage]) -> String {
    let mut table = format!("| {head} |\n|---|---|\n");
    for usage in rows {
        writeln!(table, "| `{}` | {} |", line(usage), cell(usage.does)).unwrap();
    }
    table
}

fn settings() -> String {
    let mut table = "| setting | default | what it sets |\n|---|---|---|\n".to_owned();
    for setting in SETTINGS {
        let (usage, default) = (&setting.usage, setting.default);
        writeln!(table, "| `{}` | {default} | {} |", line(usage), cell(usage.does)).unwrap();
    }
    table
}

fn rules() -> String {
    let mut table = "| rule | paper | protects | enforced in |\n|---|---|---|---|\n".to_owned();
    for rule in Rule::ALL {
        let (paper, property, place) = (rule.paper(), rule.protects(), rule.enforced_in());
        writeln!(table, "| `{rule}` | {paper} | {property} | `src/{place}` |").unwrap();
    }
    table
}

fn lengths() -> String {
    let mut table =
        "| rule broken | what is violated | steps, proven | moves of its run |\n|---|---|---|---|\n"
            .to_owned();
    for Lengths { rule, proven, shipped, property, .. } in LENGTHS {
        let proven = proven.map_or_else(|| "-".to_owned(), |steps| steps.to_string());
        writeln!(table, "| `{rule}` | {property} | {proven} | {shipped} |").unwrap();
    }
    table
}

#[test]
fn generated_tables_are_up_to_date() {
    for page in pages::all() {
        let mut text = page.text.clone();
        for (name, table) in [
            ("settings", settings()),
            ("verbs", lines("line | what it does", Verb::USAGE)),
            ("conditions", lines("condition | when it holds", Condition::USAGE)),
            ("rules", rules()),
            ("lengths", lengths()),
        ] {
            let begin = format!("<!-- generated: {name} -->\n");
            let Some((before, rest)) = text.split_once(&begin) else { continue };
            let (_, after) = rest.split_once("<!-- end -->").expect("a table that ends");
            text = format!("{before}{begin}\n{table}\n<!-- end -->{after}");
        }
        if pages::updating() {
            fs::write(&page.path, &text).unwrap();
        }
        assert!(
            pages::updating() || text == page.text,
            "{}: a generated table is old; UPDATE_DOCS=1 writes it anew",
            page.name()
        );
    }
}
