//! What is generated from the source is what the source says.

use std::fmt::Write as _;
use std::fs;

use raft_in_practice::raft::Rule;
use raft_in_practice::scenario::syntax::{CONDITIONS, SYNTAX};

use crate::common::lengths::{LENGTHS, Lengths};
use crate::docs::pages;

/// The text of a table cell: a bar would end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn verbs() -> String {
    let mut table = "| line | what it does |\n|---|---|\n".to_owned();
    for (verb, rest, what) in SYNTAX {
        let line = format!("{verb} {rest}");
        writeln!(table, "| `{}` | {} |", cell(line.trim()), cell(what)).unwrap();
    }
    table
}

fn conditions() -> String {
    let mut table = "| condition | when it holds |\n|---|---|\n".to_owned();
    for (condition, what) in CONDITIONS {
        writeln!(table, "| `{}` | {} |", cell(condition), cell(what)).unwrap();
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
        "| rule broken | what falls | steps, proven | moves of its run |\n|---|---|---|---|\n"
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
            ("verbs", verbs()),
            ("conditions", conditions()),
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
