//! The page on records: its example lines come from real records, and its tables have every field and
//! every word that is written, and no others.

use std::collections::BTreeSet;
use std::fs;

use raft_in_practice::raft::Property;
use raft_in_practice::record::{Clock, Ending, Header, TraceWriter};
use raft_in_practice::scenario::library::{BROKEN, SHIPPED};
use raft_in_practice::scenario::run::Runner;
use raft_in_practice::scenario::script::Script;
use raft_in_practice::sim::{Sim, SimConfig};
use serde_json::Value;

use crate::common::MemoryFile;
use crate::docs::pages;

/// The page on records.
pub(super) const PAGE: &str = "trace-format.md";

/// Every line of the record of a scenario in virtual time, as a trace or with all that is computed.
fn record(name: &str, text: &str, computed: bool) -> Vec<String> {
    let script = Script::parse(name, text).unwrap();
    let sink = MemoryFile::default();
    let (settings, timing, conditions) = (script.settings(), script.timing, script.conditions);
    let header = Header::new(name, Clock::Virtual, script.seed, &settings, timing, conditions);
    let begin = if computed { TraceWriter::computed } else { TraceWriter::new };
    let writer = begin(sink.clone(), &header);
    let sim = Sim::new(SimConfig::of(&script), vec![Box::new(writer.clone())]);
    let mut observer = ();
    let mut runner = Runner::new(sim, &mut observer);
    runner.run(&script.lines).unwrap();
    if computed {
        writer.finish_with(Ending::new(Some(true), None, &runner.finish())).unwrap();
    } else {
        writer.finish().unwrap();
    }
    let text = String::from_utf8(sink.bytes()).unwrap();
    text.lines().map(ToOwned::to_owned).collect()
}

/// What kind of line it is: `step election-timeout`, `deed crash`, ...
fn kind(line: &str) -> String {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let word = |value: &Value| match value {
        Value::String(word) => word.clone(),
        Value::Object(fields) => fields.keys().next().unwrap().clone(),
        _ => panic!("{line}"),
    };
    let field = |name: &str| value.get(name);
    let computed = [
        ("begins", "begin"),
        ("events", "step"),
        ("state", "restart"),
        ("violation", "violation"),
        ("ending", "ending"),
    ];
    if let Some((_, line)) = computed.iter().find(|(name, _)| field(name).is_some()) {
        format!("computed {line}")
    } else if let Some(input) = field("input") {
        let lost = field("batch").is_some_and(|end| end == "lost");
        format!("step {}{}", word(input), if lost { " lost" } else { "" })
    } else if let Some(deed) = field("deed") {
        format!("deed {}", word(deed))
    } else {
        if field("format").is_some() { "header" } else { "end" }.to_owned()
    }
}

#[test]
fn every_example_line_is_from_a_trace_and_every_kind_of_line_has_an_example() {
    let pages = pages::all();
    let page = pages.iter().find(|page| page.name() == PAGE).unwrap();
    let blocks = page.blocks().into_iter().filter(|block| block.kind == "json");
    let examples: BTreeSet<String> =
        blocks.flat_map(|b| b.text.lines().map(ToOwned::to_owned).collect::<Vec<_>>()).collect();
    let shipped = SHIPPED.iter().chain(&[("rare", RARE)]);
    let traces = shipped.flat_map(|(name, text)| record(name, text, false));
    // The computed fields are shown in a run that fails after a few moves.
    let (name, text) = BROKEN.iter().find(|row| row.0 == "broken/persist-before-reply").unwrap();
    let computed = record(name, text, true).into_iter();
    let real: Vec<String> =
        traces.chain(computed.filter(|line| kind(line).starts_with("computed"))).collect();
    let mut text = page.text.clone();
    for example in examples.iter().filter(|example| !real.contains(example)) {
        let alike = real.iter().filter(|line| kind(line) == kind(example));
        let alike = alike.min_by_key(|line| line.len());
        assert!(pages::updating(), "no trace has {example}\nbut one has {alike:?}");
        text = text.replace(example, alike.unwrap());
    }
    if pages::updating() {
        return fs::write(&page.path, text).unwrap();
    }
    let shown: BTreeSet<String> = examples.iter().map(|line| kind(line)).collect();
    let there: BTreeSet<String> = real.iter().map(|line| kind(line)).collect();
    assert_eq!(shown, there, "kinds of lines");
}

/// A script of what happens in no scenario that ships: commands and messages at the wrong moment, by hand and
/// otherwise, and links that are changed.
const RARE: &str = "nodes 3\nthreads off\ntimeout 0\nwait until leader is 0\nheartbeat 0\nsubmit to 1 SET x=1\n\
                    crash 2\nsubmit to 2 SET x=1\nsubmit to 0 SET x=1\nwait 1s\nwipe 2\ndrop 50% of 0 -> 1\ncut 1\nheal 0 -> 1\nheal\nmanual\ntimeout 1\nautomatic\n\
                    wait 1s\n";

/// Words of the page that no run here writes: those that need a fault of the checker or the core or a very
/// late term, and those that only threads, hunts or the walkthrough write.
const UNSEEN: [&str; 9] = [
    "commit-index",
    "last-applied",
    "not-judged",
    "progress",
    "progress-out-of-bounds",
    "proposal-refused",
    "shadow-differs",
    "store-differs",
    "terms-exhausted",
];

/// What is written in this value: the names of its fields, and all texts.
fn words(value: &Value, names: &mut BTreeSet<String>, texts: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                names.insert(name.clone());
                let tells = ["event", "kind", "deed", "input", "verdict", "world", "batch", "why"];
                if let (true, Value::String(word)) = (tells.contains(&name.as_str()), value) {
                    names.insert(word.clone());
                }
                words(value, names, texts);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| words(item, names, texts)),
        Value::String(text) => _ = texts.insert(text.clone()),
        _ => {}
    }
}

/// The names in backticks in these cells.
fn named<'a>(cells: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let spans = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let is_name = |span: &&str| {
        span.starts_with(|c: char| c.is_ascii_lowercase())
            && span.chars().all(|c| c.is_ascii_lowercase() || "-_".contains(c))
    };
    spans.filter(is_name).map(ToOwned::to_owned).collect()
}

#[test]
fn every_field_and_word_that_is_written_is_in_a_table_and_the_reverse() {
    let pages = pages::all();
    let page = pages.iter().find(|page| page.name() == PAGE).unwrap();
    let (mut written, mut texts) = (BTreeSet::new(), BTreeSet::new());
    for (name, text) in SHIPPED.iter().chain(BROKEN).chain(&[("rare", RARE)]) {
        for line in record(name, text, true) {
            words(&serde_json::from_str(&line).unwrap(), &mut written, &mut texts);
        }
    }
    let properties = Property::ALL.map(|it| serde_json::to_value(it).unwrap());
    let told = named(page.text.lines());
    let is_told = |word: &&String| told.contains(*word) || properties.iter().any(|it| it == *word);
    let missing: Vec<&String> = written.iter().filter(|word| !is_told(word)).collect();
    assert!(missing.is_empty(), "the page does not tell of {missing:?}");

    // The first column of a table has names. With hyphens, any word in the place of a name counts.
    let rows = page.text.lines().filter(|line| line.starts_with("| "));
    let first = named(rows.filter_map(|row| row.split('|').nth(1)));
    let spans = page.spans();
    let hyphened = spans.iter().filter(|span| span.contains('-') && told.contains(*span));
    let others = hyphened.filter(|span| !texts.contains(*span));
    let unseen = first.iter().chain(others).filter(|word| !written.contains(*word));
    let unseen: BTreeSet<&str> = unseen.map(String::as_str).collect();
    assert_eq!(unseen, BTreeSet::from(UNSEEN), "on the page, and not written");
}

#[test]
fn the_version_in_the_table_is_the_one_that_is_written() {
    let (name, text) = SHIPPED[0];
    let header: Value = serde_json::from_str(&record(name, text, false)[0]).unwrap();
    let page = fs::read_to_string(format!("docs/{PAGE}")).unwrap();
    let row = format!("| `version` | {} |", header["version"]);
    assert!(page.contains(&row), "the page lacks '{row}'");
}
