//! Whatever is written in a file or typed at the prompt: no parser panics, an error names its
//! place, and valid input means the same after it is written out and read again.
//!
//! Each test draws a few hundred to a few thousand cases. `PROPTEST_CASES=300000` asks all of them
//! for as many.

mod lines;
mod programs;
mod traces;
mod verbs;
mod worlds;

use proptest::prelude::*;
use raft_in_practice::record::journal::Observer;
use raft_in_practice::record::{Clock, TraceWriter};
use raft_in_practice::scenario::run::Runner;
use raft_in_practice::scenario::script::{Script, unrolled};
use raft_in_practice::sim::{Sim, SimConfig};

use crate::common::MemoryFile;

/// This many cases, unless the environment asks for another number.
fn cases(default: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(default),
        // A failed case is printed in full, so that it can become a test with a name of its own.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Carries out all lines of a script, even after one fails. Returns the world, and its trace.
fn record(script: &Script) -> (Sim, Vec<u8>) {
    let paper = MemoryFile::default();
    let header = script.header(Clock::Virtual);
    let writer = TraceWriter::new(paper.clone(), &header);
    let observers: Vec<Box<dyn Observer>> = vec![Box::new(writer.clone())];
    let mut silent = ();
    let mut runner = Runner::new(Sim::new(SimConfig::of(script), observers), &mut silent);
    for line in unrolled(&script.lines) {
        // A line that fails would end a script, but this test goes on.
        let _ = runner.execute(line.number, &line.verb);
    }
    let sim = runner.into_world();
    writer.finish().unwrap();
    let trace = paper.bytes();
    (sim, trace)
}
