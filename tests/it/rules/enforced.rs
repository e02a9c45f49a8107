//! `Rule::enforced_in` is true: the function it names exists and asks the rule, and no other function of
//! the protocol does. The test reads the sources, and relies only on their layout, which `cargo fmt` keeps.

use std::fs;
use std::path::Path;

use raft_in_practice::raft::Rule;

/// Functions other than the one in `enforced_in` that name a rule, and why they may.
const ALSO: [(Rule, &str, &str); 4] = [
    (
        Rule::MajorityQuorum,
        "raft/rules/broken.rs::quorum",
        "`check_majority` asks the rule; this says on how many nodes a leader looks for an entry first",
    ),
    (
        Rule::UpToDateLog,
        "raft/rules/broken.rs::check_lengths",
        "what `may_vote_for` asks in its place where `term-before-length` is broken",
    ),
    (
        Rule::StaleTermRejected,
        "raft/rules/facts.rs::of_vote",
        "`settle_terms` has asked; this names what the timer hears of the vote that is refused",
    ),
    (
        Rule::VotesCountedOnceAndInTerm,
        "raft/terms.rs::settle_terms",
        "`in term` is settled with all terms, before a candidate counts `once`",
    ),
];

/// One function of the sources: `file::function`, and its lines.
struct Function {
    place: String,
    body: String,
}

/// Every `.rs` file below `src/`, with its path from there and its text without comments.
fn sources() -> Vec<(String, String)> {
    fn collect(root: &Path, below: &Path, found: &mut Vec<(String, String)>) {
        for item in fs::read_dir(below).expect("src/ can be read") {
            let path = item.expect("an entry of src/").path();
            if path.is_dir() {
                collect(root, &path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source is text");
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                let name = path.strip_prefix(root).expect("it is below src/");
                let name = name.to_string_lossy().replace('\\', "/");
                found.push((name, code.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found
}

/// The functions of a file. A body ends at the brace that has the indentation of the `fn` line.
fn functions(file: &str, code: &str) -> Vec<Function> {
    let lines: Vec<_> = code.lines().collect();
    let mut found = Vec::new();
    for (first, line) in lines.iter().enumerate() {
        let Some((before, rest)) = line.split_once("fn ") else { continue };
        if before.trim().split(' ').any(|word| !is_qualifier(word)) {
            continue;
        }
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = lines[first..].iter().position(|line| *line == format!("{indent}}}"));
        let last = end.map_or(first, |length| first + length);
        let body = lines[first..=last].join("\n");
        found.push(Function { place: format!("{file}::{name}"), body });
    }
    found
}

fn is_qualifier(word: &str) -> bool {
    ["", "pub", "pub(super)", "pub(crate)", "pub(in", "crate::raft)", "const"].contains(&word)
}

/// Whether `code` names exactly this variant, and not one whose name only begins like it.
fn names(code: &str, rule: Rule) -> bool {
    let variant = format!("Rule::{rule:?}");
    code.match_indices(&variant).any(|(at, _)| {
        let next = code[at + variant.len()..].chars().next();
        !next.is_some_and(char::is_alphanumeric)
    })
}

/// Whether decisions of Raft are made in this file. `rules/mod.rs` is only the table of the rules.
fn decides(file: &str) -> bool {
    (file.starts_with("raft/") && file != "raft/rules/mod.rs")
        || ["server/mod.rs", "server/timing.rs"].contains(&file)
}

fn deciding_functions() -> Vec<Function> {
    let sources = sources();
    sources.iter().filter(|(file, _)| decides(file)).flat_map(|(f, c)| functions(f, c)).collect()
}

#[test]
fn every_rule_is_asked_in_the_function_that_the_table_names() {
    let functions = deciding_functions();
    for rule in Rule::ALL {
        let place = rule.enforced_in();
        let named: Vec<_> = functions.iter().filter(|function| function.place == place).collect();
        assert_eq!(named.len(), 1, "{rule}: {place} is one function");
        assert!(names(&named[0].body, rule), "{rule}: {place} does not ask Rule::{rule:?}");
    }
}

#[test]
fn no_other_function_of_the_protocol_names_the_rule() {
    let functions = deciding_functions();
    for rule in Rule::ALL {
        let places = functions.iter().filter(|f| names(&f.body, rule)).map(|f| f.place.as_str());
        let mut found: Vec<_> = places.collect();
        let also = ALSO.iter().filter(|(other, ..)| *other == rule).map(|&(_, place, _)| place);
        let mut expected: Vec<_> = also.chain([rule.enforced_in()]).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "the functions that name {rule}");
    }
}

/// A rule that is named outside a function, for example in a constant, would escape the test above.
#[test]
fn no_rule_is_named_outside_a_function_of_the_protocol() {
    for (file, code) in sources().iter().filter(|(file, _)| decides(file)) {
        let inside: usize = functions(file, code)
            .iter()
            .map(|function| function.body.matches("Rule::").count())
            .sum();
        assert_eq!(code.matches("Rule::").count(), inside, "{file}");
    }
}

/// The other rooms run, check, record and tell; none of them decides by a rule.
#[test]
fn no_other_room_asks_whether_a_rule_is_kept() {
    for (file, code) in sources().iter().filter(|(file, _)| !decides(file)) {
        let asks = code.contains("keeps(Rule::");
        assert!(!asks, "{file} asks a rule");
    }
}
