//! Everything that the pages link to exists, and every name in them is the name of something.

use std::path::Path;

use raft_in_practice::raft::{Property, Rule};
use raft_in_practice::scenario::library::{BROKEN, SHIPPED};
use raft_in_practice::scenario::verb_table::property_word;

use crate::docs::pages;
use crate::docs::pages::Page;

/// Words with a hyphen that are neither rules nor scenarios nor properties.
const OTHER_WORDS: &[&str] = &[
    "append-entries",
    "append-entries-reply",
    "before-save",
    "before-send",
    "election-timeout",
    "heartbeat-due",
    "no-op",
    "raft-cluster",
    "raft-in-practice",
    "raft-node",
    "request-vote",
    "request-vote-reply",
];

/// Words in capitals that stand for something else.
const PLACEHOLDERS: &[&str] =
    &["\"$lesson\"", "NAME", "ID", "RULE", "FILE", "TRACE", "STEP", "COMMAND", "..."];

#[test]
fn every_link_leads_somewhere() {
    let pages = pages::all();
    for page in &pages {
        for link in page.links() {
            if link.starts_with("https://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let here = page.path.parent().unwrap();
            let target = if file.is_empty() { page.path.clone() } else { here.join(file) };
            assert!(target.exists(), "{}: {link} leads nowhere", page.name());
            let same = |other: &&Page| same_file(&other.path, &target);
            if let (false, Some(found)) = (anchor.is_empty(), pages.iter().find(same)) {
                let anchors = found.anchors();
                assert!(
                    anchors.iter().any(|a| a == anchor),
                    "{}: {link}: {anchors:?}",
                    page.name()
                );
            }
        }
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    a.canonicalize().ok() == b.canonicalize().ok()
}

#[test]
fn every_rule_and_scenario_that_is_named_exists() {
    let properties = Property::ALL.map(property_word);
    let manifest = std::fs::read_to_string(pages::root().join("Cargo.toml")).unwrap();
    let known = |word: &str| {
        Rule::of_id(word).is_some()
            || SHIPPED.iter().any(|(name, _)| *name == word)
            || properties.iter().any(|property| property == word)
            || OTHER_WORDS.contains(&word)
            || manifest.contains(&format!("\n{word} = "))
    };
    let kebab = |word: &String| {
        let part = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        word.contains('-') && word.split('-').all(part)
    };
    for page in pages::all() {
        // The words of records have a test of their own, which compares them with what is written.
        let words = if page.name() == super::traces::PAGE { Vec::new() } else { page.spans() };
        for word in words.iter().filter(|span| kebab(span)) {
            assert!(known(word), "{}: '{word}' is no rule and no scenario", page.name());
        }
    }
}

#[test]
fn every_rule_and_every_scenario_is_told_of() {
    let pages = pages::all();
    let all: String = pages.iter().map(|page| page.text.clone()).collect();
    let chapters = pages.iter().find(|page| page.name() == "distributed_consensus_deep_dive.md");
    for rule in Rule::ALL {
        let is_told = chapters.unwrap().text.contains(&format!("`{rule}`"));
        assert!(is_told, "no chapter tells of {rule}");
    }
    for (name, _) in SHIPPED {
        assert!(
            all.contains(&format!("`{name}`")) || all.contains(&format!("run {name} ")),
            "{name}"
        );
    }
}

#[test]
fn every_file_that_is_named_exists() {
    const ROOTS: [&str; 6] = ["src/", "tests/", "examples/", "docs/", "benches/", ".ci/"];
    for page in pages::all() {
        for span in page.spans() {
            let is_path = ROOTS.iter().any(|root| span.starts_with(root)) && !span.contains(' ');
            // `file.rs::function` names a place in a file.
            let file = span.split("::").next().unwrap_or_default();
            let root = pages::root();
            let exists = file.contains('*') || root.join(file).exists();
            assert!(!is_path || exists, "{}: there is no {span}", page.name());
            // A page may leave `src/` out of the path of a room's file.
            if let (Some((room, _)), Some("rs")) = (file.split_once('/'), file.split('.').nth(1)) {
                let exists = root.join("src").join(file).exists();
                let is_room = root.join("src").join(room).is_dir();
                assert!(!is_room || exists, "{}: there is no {span}", page.name());
            }
        }
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let pages = pages::all();
    let page = pages.iter().find(|page| page.name() == "architecture.md").unwrap();
    let manifest = std::fs::read_to_string(pages::root().join("Cargo.toml")).unwrap();
    let mut section = "";
    for line in manifest.lines() {
        section = line.strip_prefix('[').unwrap_or(section);
        let is_crate = section.trim_end_matches(']').ends_with("dependencies");
        if let (true, Some((name, _))) = (is_crate, line.split_once(" = ")) {
            let reason = page.text.contains(&format!("`{name}`"));
            assert!(reason || name.starts_with('#'), "nothing says what {name} is for");
        }
    }
}

/// A command that a page names in passing: its program, its subcommand, its scenario, its options.
#[test]
fn every_command_that_is_named_is_understood() {
    for page in pages::all() {
        let in_blocks = page.blocks().into_iter().filter(|block| block.kind == "sh");
        let lines: Vec<String> = in_blocks
            .flat_map(|block| block.text.lines().map(ToOwned::to_owned).collect::<Vec<_>>())
            .collect();
        for command in page.spans().iter().chain(&lines) {
            let command = command.split('#').next().unwrap_or_default().trim();
            let words: Vec<&str> = command.split_whitespace().collect();
            let placeholder = words.iter().any(|word| PLACEHOLDERS.contains(word));
            if placeholder || !matches!(words.first(), Some(&("raft-node" | "raft-cluster"))) {
                continue;
            }
            understood(&page, command, &words);
        }
    }
}

fn understood(page: &Page, command: &str, words: &[&str]) {
    let mut rest = words[1..].iter().peekable();
    while let Some(&word) = rest.next() {
        match word {
            "--break" => {
                let rule = rest.next().expect("--break names a rule");
                let known = Rule::of_id(rule).is_some();
                assert!(known, "{}: {command} names no rule", page.name());
            }
            "rules" if rest.peek().is_some() => {
                let rule = rest.next().unwrap();
                let known = Rule::of_id(rule).is_some();
                assert!(known, "{}: {command} names no rule", page.name());
            }
            "run" => {
                let name = rest.next().expect("run names a scenario");
                let mut all = SHIPPED.iter().chain(BROKEN);
                let known = all.any(|(shipped, _)| shipped == name);
                assert!(known || pages::is_script(name), "{}: {command}", page.name());
            }
            _ => {}
        }
    }
}

/// The page on engines says of every rule where they keep it, once.
#[test]
fn every_rule_has_its_place_in_production() {
    let page = pages::all().into_iter().find(|page| page.name() == "in-production.md").unwrap();
    for rule in Rule::ALL {
        let row = format!("| `{rule}` | ");
        let rows = page.text.lines().filter(|line| line.starts_with(&row));
        let cells: Vec<usize> = rows.map(|line| line.matches(" | ").count()).collect();
        assert_eq!(cells, [2], "{rule}");
    }
}
