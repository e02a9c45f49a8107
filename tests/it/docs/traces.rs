//! The example lines of the trace format are lines of real traces.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use raft_in_practice::record::{Clock, Header, TraceWriter};
use raft_in_practice::scenario::library::SHIPPED;
use raft_in_practice::scenario::run::Runner;
use raft_in_practice::scenario::script::Script;
use raft_in_practice::sim::{Sim, SimConfig};
use serde_json::Value;

use crate::docs::pages;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Every line of the trace of a scenario in virtual time.
fn trace(name: &str, text: &str) -> Vec<String> {
    let script = Script::parse(name, text).unwrap();
    let sink = Sink::default();
    let header = Header::new(
        name,
        Clock::Virtual,
        script.seed,
        &script.settings(),
        script.timing,
        script.conditions,
    );
    let trace = TraceWriter::new(sink.clone(), &header);
    let sim = Sim::new(SimConfig::of(&script), vec![Box::new(trace.clone())]);
    let mut narrator = ();
    Runner::new(sim, &mut narrator).run(&script.lines).unwrap();
    trace.finish().unwrap();
    let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
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
    let field = |name| value.get(name);
    if let Some(input) = field("input") {
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
    let page = pages.iter().find(|page| page.name() == "trace-format.md").unwrap();
    let blocks = page.blocks().into_iter().filter(|block| block.kind == "json");
    let examples: BTreeSet<String> =
        blocks.flat_map(|b| b.text.lines().map(ToOwned::to_owned).collect::<Vec<_>>()).collect();
    let real: Vec<String> = SHIPPED.iter().flat_map(|(name, text)| trace(name, text)).collect();
    let mut text = page.text.clone();
    for example in examples.iter().filter(|example| !real.contains(example)) {
        let alike = real.iter().find(|line| kind(line) == kind(example));
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
