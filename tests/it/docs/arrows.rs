//! The arrows between the rooms of `src/`: which room uses which, read from the code.

use std::fs;
use std::path::Path;

use super::pages;

/// The rooms, in the order of the map. Each may use those before it.
const ROOMS: [&str; 17] = [
    "raft",
    "digest",
    "random_draws",
    "panics",
    "own_file",
    "visible",
    "network",
    "server",
    "properties",
    "record",
    "scenario",
    "cluster",
    "sim",
    "search",
    "explain",
    "view",
    "cli",
];

/// Every path `crate::room` in this file, with the number of its line. A path in a comment does not count.
fn arrows(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (nth, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for rest in code.split("crate::").skip(1) {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            found.push((nth + 1, rest[..end].to_owned()));
        }
    }
    found
}

/// Whether a path of `super`s in this file leads out of its room, which `arrows` would not see. `depth` is how
/// many modules deep the file's own module is.
fn leaves_its_room(text: &str, depth: usize) -> bool {
    text.contains(&"super::".repeat(depth))
}

/// Runs `each` on every Rust file below `folder`.
fn visit(folder: &Path, each: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, each);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            each(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}

/// What is wrong with the arrows of a file in this room.
fn upward(room: &str, text: &str) -> Vec<String> {
    let level = |room: &str| ROOMS.iter().position(|known| *known == room);
    let own = level(room);
    let mut wrong = Vec::new();
    for (line, to) in arrows(text) {
        match level(&to) {
            None => wrong.push(format!("line {line}: crate::{to} is no room")),
            up if up > own => wrong.push(format!("line {line}: {room} knows {to}")),
            _ => {}
        }
    }
    wrong
}

#[test]
fn no_arrow_runs_up() {
    let source = pages::root().join("src");
    let mut wrong = Vec::new();
    let mut seen = 0;
    visit(&source, &mut |path, text| {
        let inside = path.strip_prefix(&source).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
        let room = first.trim_end_matches(".rs");
        if !matches!(room, "bin" | "lib") {
            seen += arrows(text).len();
            let found = upward(room, text);
            wrong.extend(found.iter().map(|what| format!("{}, {what}", inside.display())));
            let depth = inside.components().count() - usize::from(inside.ends_with("mod.rs"));
            if leaves_its_room(text, depth) {
                wrong.push(format!("{} leaves its room by 'super'", inside.display()));
            }
        }
    });
    assert!(seen > 300, "{seen} arrows are fewer than there are");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A file holds one idea, so it is short. `clippy.toml` limits the length of a function.
#[test]
fn no_file_is_longer_than_450_lines() {
    visit(&pages::root().join("src"), &mut |path, text| {
        let lines = text.lines().count();
        assert!(lines <= 450, "{} has {lines} lines", path.display());
    });
}

/// `Cargo.toml` says that the library has no tests of its own, so a test there would never run.
#[test]
fn no_test_stands_in_the_library() {
    visit(&pages::root().join("src"), &mut |path, text| {
        assert!(!text.contains("#[test]"), "{} has a test; move it to tests/", path.display());
    });
}

#[test]
fn the_rooms_stand_in_the_order_of_the_maps() {
    let library = fs::read_to_string(pages::root().join("src/lib.rs")).unwrap();
    let architecture = fs::read_to_string(pages::root().join("docs/architecture.md")).unwrap();
    let modules = library
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));
    let mut modules: Vec<&str> = modules.collect();
    modules.sort_by_key(|room| ROOMS.iter().position(|known| known == room));
    assert_eq!(modules, ROOMS, "lib.rs has other rooms");
    let mut rest = architecture.as_str();
    for room in ROOMS {
        let named = [format!("\n  {room}/ "), format!("\n  {room}.rs ")];
        let at = named.iter().filter_map(|name| rest.find(name)).min();
        rest =
            &rest[at.unwrap_or_else(|| panic!("{room} is not on the map below the one before"))..];
    }
}

/// The test finds an arrow at any place in a file, and where it leads.
#[test]
fn an_arrow_that_runs_up_is_seen() {
    let text = "use crate::raft::Term;\nfn a() { crate::view::colour::good(\"\") } // crate::cli\n";
    assert_eq!(upward("server", text), ["line 2: server knows view"]);
    assert!(upward("cli", text).is_empty());
    assert_eq!(upward("raft", "use crate::nowhere;"), ["line 1: crate::nowhere is no room"]);
    assert!(leaves_its_room("use super::super::view;", 2));
    assert!(!leaves_its_room("use super::clock;", 2));
}
