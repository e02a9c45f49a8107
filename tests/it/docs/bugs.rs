//! The page of known bugs is complete, and its names are those of the source.

use std::fs;

use raft_in_practice::raft::Rule;

use crate::docs::pages;

#[test]
fn every_bug_of_the_catalogue_has_a_row_that_names_what_exists() {
    let pages = pages::all();
    let page = pages.iter().find(|page| page.name() == "known-bugs.md").unwrap();
    let rows: Vec<Vec<&str>> = page
        .text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| bug"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let expected = [('E', 16), ('R', 16), ('D', 11), ('N', 26)].into_iter();
    let expected = expected.flat_map(|(part, last)| (1..=last).map(move |n| format!("{part}{n}")));
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), expected.collect::<Vec<_>>());

    for row in &rows {
        let [id, _, seen, how, place] = row[..] else { panic!("{row:?} has five columns") };
        assert!(!seen.is_empty(), "{id} says where it was seen");
        let names: Vec<&str> = place.split('`').skip(1).step_by(2).collect();
        let has_rule = names.iter().any(|name| Rule::of_id(name).is_some());
        let places: Vec<&&str> = names.iter().filter(|name| name.contains(".rs")).collect();
        match how {
            "rule" => assert!(has_rule, "{id} names its rule"),
            "type" | "checked" => assert!(!places.is_empty(), "{id} says where"),
            "left out" => assert!(names.is_empty(), "{id} says why"),
            other => panic!("{id}: '{other}' is none of the four"),
        }
        for place in places {
            let (file, name) = place.split_once("::").unwrap_or((place, ""));
            let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{id}: {file}: {e}"));
            let defined = name.is_empty()
                || ["fn ", "struct ", "enum "].iter().any(|kind| {
                    text.split(kind).skip(1).any(|rest| {
                        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                        &rest[..end.unwrap_or(rest.len())] == name
                    })
                });
            assert!(defined, "{id}: {file} defines no {name}");
        }
    }
}

#[test]
fn every_report_that_was_put_into_the_core_is_named() {
    let pages = pages::all();
    let page = pages.iter().find(|page| page.name() == "known-bugs.md").unwrap();
    for patch in fs::read_dir(pages::root().join("tests/mutations")).unwrap() {
        let patch = patch.unwrap();
        let reported = !fs::read_to_string(patch.path()).unwrap().contains("not a report\n");
        let name = format!("`tests/mutations/{}`", patch.file_name().display());
        assert_eq!(page.text.contains(&name), reported, "{name}");
    }
}

/// A patch that does not apply puts no bug into the core, and `.ci/mutants` stops at it.
#[test]
fn every_report_can_be_put_into_the_core_as_it_is() {
    let root = pages::root();
    for patch in fs::read_dir(root.join("tests/mutations")).unwrap() {
        let patch = patch.unwrap().path();
        let text = fs::read_to_string(&patch).unwrap();
        let file = text.lines().find_map(|line| line.strip_prefix("--- a/")).unwrap();
        let source = fs::read_to_string(root.join(file)).unwrap();
        let hunks = text.split("\n@@ ").skip(1);
        assert!(hunks.clone().count() > 0, "{}", patch.display());
        for hunk in hunks {
            // What was there before: the context, and what is taken away.
            let before = hunk.lines().skip(1).filter(|line| !line.starts_with('+'));
            let before = before.map(|line| &line[1..]).collect::<Vec<_>>().join("\n");
            assert_eq!(source.matches(&before).count(), 1, "{}:\n{before}", patch.display());
        }
    }
}
