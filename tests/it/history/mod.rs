//! The history of a run: its state at any step, and the questions that can be asked about it.

mod ascending;
mod campaigns;
mod corners;
mod entries;
mod prompt;
mod states;
mod untold;
mod why;

use raft_in_practice::record::History;
use raft_in_practice::record::journal::Observer;
use raft_in_practice::record::{Clock, TraceWriter};
use raft_in_practice::scenario::library;
use raft_in_practice::scenario::run::Runner;
use raft_in_practice::scenario::script::Script;
use raft_in_practice::sim::{Sim, SimConfig};

use crate::common::MemoryFile;

/// The trace of a script in virtual time. These observers watch the run too.
fn traced(script: &Script, mut observers: Vec<Box<dyn Observer>>) -> Vec<u8> {
    let paper = MemoryFile::default();
    let writer = TraceWriter::new(paper.clone(), &script.header(Clock::Virtual));
    observers.push(Box::new(writer.clone()));
    let mut silent = ();
    let mut runner = Runner::new(Sim::new(SimConfig::of(script), observers), &mut silent);
    // The script may break a rule and then fail, which does not matter here.
    _ = runner.run(&script.lines);
    writer.finish().unwrap();
    paper.bytes()
}

fn shipped(name: &str) -> Script {
    library::load(name, None).unwrap()
}

fn script(text: &str) -> Script {
    Script::parse("test", text).unwrap()
}

/// The history of a script in virtual time.
fn history(script: &Script) -> History {
    History::read(&traced(script, Vec::new())[..]).unwrap()
}
