//! `raft-cluster run`: a scenario, on threads or in virtual time.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cluster::{ClusterConfig, RaftCluster};
use crate::properties::report::SafetyReport;
use crate::record::journal::Observer;
use crate::record::{Ending, Header, TraceWriter, is_trace};
use crate::scenario::line_outcome::{Failure, ScriptObserver};
use crate::scenario::run::Runner;
use crate::scenario::script::{Line, Script};
use crate::scenario::verb::Verb;
use crate::scenario::world::World;
use crate::sim::{Sim, SimConfig};
use crate::view::opening::Clock;
use crate::view::output::Output;
use crate::view::script_text::ScriptText;
use crate::view::story::Story;
use crate::view::{json, opening, script_text, violation};

/// How a run is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Telling {
    /// As a story, while it happens.
    Story,
    /// Only how it ended.
    Quiet,
    /// One JSON object a line.
    Json,
}

/// A run, as the command line asks for it.
#[derive(Clone, PartialEq, Debug)]
pub struct Run {
    /// The scenario.
    pub script: Script,
    /// Virtual time, or threads.
    pub clock: Clock,
    /// Where to write a trace.
    pub trace: Option<PathBuf>,
    /// How to tell it.
    pub telling: Telling,
    /// Whether rules are kept that the scenario breaks, so that what it expects to fall may not.
    pub spared: bool,
}

/// Runs it. Exit code 0 if all is well, 1 if an expectation failed, or a property fell that was
/// not expected to.
///
/// # Errors
/// A sentence, if the run could not begin or its trace could not be written.
pub fn run(run: &Run) -> Result<ExitCode, String> {
    let script = &run.script;
    check_clock(script, run.clock)?;
    let trace = run.trace.as_ref().map(|path| open_trace(script, run.clock, path)).transpose()?;
    let (output_thread, output) = Output::open();
    let mut observers: Vec<Box<dyn Observer>> = Vec::new();
    match run.telling {
        Telling::Story => {
            output.put_all(opening::lines(script, run.clock));
            let (numbered, output) = (script.is_by_hand(), output.clone());
            let story = if numbered { Story::numbered(output) } else { Story::new(output) };
            observers.push(Box::new(story));
        }
        Telling::Json => {}
        Telling::Quiet => output.put_all(opening::broken(script.broken)),
    }
    let header = header(script, run.clock);
    let lines = || TraceWriter::computed(json::Lines(output.clone()), &header);
    let told = (run.telling == Telling::Json).then(lines);
    for writer in [&told, &trace].into_iter().flatten() {
        observers.push(Box::new(writer.clone()));
    }
    let (good, ending) = match run.clock {
        Clock::Virtual => play(run, &output, Sim::new(SimConfig::of(script), observers)).0,
        Clock::Threads { speed } => {
            let config = ClusterConfig { speed, observers, ..ClusterConfig::of(script) };
            let cluster = RaftCluster::start(config).map_err(|error| error.to_string())?;
            let (ended, cluster) = play(run, &output, cluster);
            cluster.stop().map_err(|error| error.to_string())?;
            ended
        }
    };
    // What the output cannot take, it has complained of itself.
    _ = told.map(|told| told.finish_with(ending));
    drop(output);
    drop(output_thread);
    if let Some(trace) = trace {
        trace.finish().map_err(|error| format!("the trace could not be written: {error}"))?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Whether the scenario can run on this clock.
pub(super) fn check_clock(script: &Script, clock: Clock) -> Result<(), String> {
    if clock == Clock::Virtual || script.on_threads {
        return Ok(());
    }
    Err(format!(
        "the scenario '{}' takes time into its own hands, which threads do not allow; leave \
         --speed out, and --threads",
        script.name
    ))
}

/// Begins a trace of this scenario.
pub(super) fn open_trace(
    script: &Script,
    clock: Clock,
    path: &Path,
) -> Result<TraceWriter, String> {
    // A slip of the tongue must not cost anyone a file that is something else.
    let is_file = fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > 0);
    if is_file && !is_trace(path) {
        return Err(format!("'{}' exists and is no trace; it stays", path.display()));
    }
    let file = File::create(path)
        .map_err(|error| format!("the trace '{}' cannot be written: {error}", path.display()))?;
    Ok(TraceWriter::new(file, &header(script, clock)))
}

/// What a record of this scenario begins with.
fn header(script: &Script, clock: Clock) -> Header {
    let (settings, timing, conditions) = (script.settings(), script.timing, script.conditions);
    Header::new(&script.name, clock, script.seed, &settings, timing, conditions)
}

/// Carries the script out and says how it ended. Returns whether all is well, what programs are told
/// of that, and the world.
fn play<W: World>(run: &Run, output: &Output, world: W) -> ((bool, Ending), W) {
    let script = &run.script;
    let mut told = ScriptText::new(output.clone(), script.nodes).by_hand(script.is_by_hand());
    let mut silent = ();
    let narrator: &mut dyn ScriptObserver =
        if run.telling == Telling::Story { &mut told } else { &mut silent };
    let mut runner = Runner::new(world, narrator).spared(run.spared);
    let ended = runner.run(&script.lines);
    let safety = runner.finish();
    let world = runner.into_world();
    let awaited = script.lines.iter().any(|line| matches!(line.verb, Verb::ExpectViolation(_)));
    let good = ended.is_ok() && (safety.fallen() == 0 || awaited && !run.spared);
    let failure = ended.as_ref().err().map(AsRef::as_ref);
    if run.telling != Telling::Json {
        close(run, output, failure, &safety, good);
    }
    ((good, Ending::new(good, failure.map(script_text::sentence), &safety)), world)
}

/// The last lines: why it ended early, what the checker found, and which rules were off.
fn close(run: &Run, output: &Output, failure: Option<&Failure>, safety: &SafetyReport, good: bool) {
    let script = &run.script;
    if let Some(failure) = failure {
        output.put_all(script_text::failure(failure));
    }
    let reported =
        failure.is_none() && script.lines.iter().any(|line| line.verb == Verb::ExpectSafe);
    if run.telling == Telling::Quiet {
        output.put(violation::one_line(&script.name, good, safety));
    } else if !reported {
        output.put("");
        output.put_all(violation::report(safety, script.nodes));
    }
    if !script.broken.is_intact() {
        output.put("");
        output.put_all(opening::broken(script.broken));
        let awaited =
            |line: &Line| matches!(line.verb, Verb::ExpectStall { .. } | Verb::ExpectViolation(_));
        let shown = script.lines.iter().any(awaited);
        let judged = safety.not_judged().is_none();
        if good && safety.fallen() == 0 && judged && !shown {
            output.put_all(opening::unharmed(script.broken));
        }
    }
}
