//! `raft-cluster run`: a scenario, on threads or in virtual time.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::Error;
use super::interrupt;
use super::printing_for;
use super::report::Report;
use crate::cluster::{ClusterConfig, RaftCluster, check_speed};
use crate::own_file::{followed, part_of};
use crate::properties::report::SafetyReport;
use crate::record::history::Recorder;
use crate::record::journal::Observer;
use crate::record::{Clock, TraceWriter, is_trace};
use crate::scenario::line_outcome::Failure;
use crate::scenario::run::Runner;
use crate::scenario::script::Script;
use crate::scenario::usage::Kind;
use crate::scenario::world::World;
use crate::sim::{Sim, SimConfig};
use crate::view::output::WhenFull;
use crate::view::reader::Reader;
use crate::view::summary::EndedRun;
use crate::view::{Listeners, View};

/// A run, as the command line asks for it.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) script: Script,
    /// Virtual time, or threads.
    pub(super) clock: Clock,
    /// Where to write a trace.
    pub(super) trace: Option<PathBuf>,
    /// Where to write the run as a page.
    pub(super) report: Option<Report>,
    pub(super) view: &'static View,
    pub(super) reader: Reader,
    /// Whether the nodes keep rules that the scenario breaks. Properties that it expects to be violated may then hold.
    pub(super) spared: bool,
}

/// Runs a scenario. Returns exit code 0 if all is well, 1 if an expectation failed or a property was violated
/// that was not expected to, and 130 if a signal interrupted the run.
pub(super) fn run(run: &Run) -> Result<ExitCode, Error> {
    let Run { script, clock, view, .. } = run;
    check_clock(script, *clock)?;
    run.report.as_ref().map_or(Ok(()), Report::check)?;
    if let (Some(trace), Some(report)) = (&run.trace, &run.report) {
        check_apart(trace, &report.file, "the trace and the report")?;
    }
    if script.lines.iter().all(|line| line.verb.kind() == Kind::Tell) {
        let nothing = "no line that does anything, so there is nothing to check";
        return Err(Error::Usage(format!("the scenario '{}' has {nothing}", script.name)));
    }
    let trace = run.trace.as_deref().map(|path| Trace::open(script, *clock, path)).transpose()?;
    let when_full = match clock {
        Clock::Virtual => WhenFull::Wait,
        Clock::Threads { .. } => WhenFull::LeaveOut(view.left_out),
    };
    let (stop, mut until_written) = (Arc::default(), None);
    let code = printing_for(run.reader, when_full, |output| {
        let waits_for_reader = run.reader.pace.is_some() || run.reader.steps;
        let rest = output.clone();
        until_written = Some(interrupt::first(&stop, move || {
            // The rest of an interrupted story is not held back to the reader's pace.
            if waits_for_reader {
                rest.skip();
            }
        }));
        output.put_all((view.opening)(script, *clock));
        let mut told = (view.open)(output, script.nodes, script.is_by_hand());
        let mut observers = std::mem::take(&mut told.observers);
        observers.extend(trace.iter().map(Trace::observer));
        let recorder = run.report.as_ref().map(|_| Recorder::new(&script.header(*clock)));
        observers.extend(recorder.iter().map(|recorder| Box::new(recorder.clone()) as _));
        let record = view.record.map(|open| open(output, &script.header(*clock)));
        observers.extend(record.iter().map(|record| Box::new(record.clone()) as _));
        let (ended, safety, stopped) = match *clock {
            Clock::Virtual => play::<Sim>(run, &stop, told, observers, recorder.as_ref())?,
            Clock::Threads { .. } => {
                play::<RaftCluster>(run, &stop, told, observers, recorder.as_ref())?
            }
        };
        output.set_waiting(true);
        output.end_story();
        let expected = if run.spared { Vec::new() } else { script.expected_violations() };
        let violated = safety.violated_properties();
        let good = ended.is_ok() && violated.iter().all(|property| expected.contains(property));
        let failure = ended.as_ref().err().map(AsRef::as_ref);
        let ended = EndedRun { script, good, failure, safety: &safety };
        output.put_all((view.ending)(&ended));
        // `printing_for` returns the error if the output cannot be written.
        _ = record.map(|record| record.finish_with(ended.in_record()));
        if let (Some(recorder), Some(report)) = (recorder, &run.report) {
            report.write(&recorder.history(), &safety, Some(script))?;
            output.put(report.written());
        }
        stopped.map(|()| ExitCode::from(u8::from(!good)))
    });
    drop(until_written);
    trace.map_or(Ok(()), Trace::finish)?;
    code.map(|code| if stop.load(Ordering::Relaxed) { interrupt::code() } else { code })
}

/// How a script ended, what the checker found, and whether the world stopped as it should.
type Played = (Result<(), Box<Failure>>, SafetyReport, Result<(), Error>);

/// Runs the script in a world of type `W`.
fn play<W: ClockedWorld>(
    run: &Run,
    stop: &Arc<AtomicBool>,
    mut told: Listeners,
    observers: Vec<Box<dyn Observer>>,
    recorder: Option<&Recorder>,
) -> Result<Played, Error> {
    let world = W::start(&run.script, run.clock, observers)?;
    let mut runner = Runner::new(world, &mut told).spared(run.spared).stopped_by(stop);
    if let Some(recorder) = recorder {
        runner.recorded_by(recorder);
    }
    let ended = runner.run(&run.script.lines);
    let safety = runner.finish();
    Ok((ended, safety, runner.into_world().stop()))
}

/// A world that can be started with a clock, and stopped.
pub(super) trait ClockedWorld: World + Sized {
    /// Starts the scenario's cluster.
    fn start(
        script: &Script,
        clock: Clock,
        observers: Vec<Box<dyn Observer>>,
    ) -> Result<Self, Error>;

    /// Stops the world.
    fn stop(self) -> Result<(), Error>;
}

impl ClockedWorld for Sim {
    fn start(script: &Script, _: Clock, observers: Vec<Box<dyn Observer>>) -> Result<Self, Error> {
        Ok(Self::new(SimConfig::of(script), observers))
    }

    fn stop(self) -> Result<(), Error> {
        Ok(())
    }
}

impl ClockedWorld for RaftCluster {
    fn start(
        script: &Script,
        clock: Clock,
        observers: Vec<Box<dyn Observer>>,
    ) -> Result<Self, Error> {
        let mut config = ClusterConfig { observers, ..ClusterConfig::of(script) };
        if let Clock::Threads { speed } = clock {
            config.speed = speed;
        }
        Self::start(config).map_err(Error::Start)
    }

    fn stop(self) -> Result<(), Error> {
        Self::stop(self).map_err(Error::Cluster)
    }
}

/// Refuses two paths that name one file, which was to hold `both`.
pub(super) fn check_apart(a: &Path, b: &Path, both: &str) -> Result<(), Error> {
    if !is_same_place(a, b) {
        return Ok(());
    }
    let why = format!("'{}' is to hold {both}; give each a file of its own", a.display());
    Err(Error::Usage(why))
}

/// Whether two paths name one file, which need not exist yet. Links are followed, as they are when the
/// file is written.
fn is_same_place(a: &Path, b: &Path) -> bool {
    let place = |file: &Path| {
        let file = followed(file);
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new(".")).canonicalize().ok()?;
        Some(folder.join(file.file_name()?))
    };
    place(a).is_some_and(|a| place(b) == Some(a))
}

/// Checks that the scenario can run on this clock.
pub(super) fn check_clock(script: &Script, clock: Clock) -> Result<(), Error> {
    match clock {
        Clock::Virtual => Ok(()),
        Clock::Threads { .. } if !script.on_threads => Err(Error::OnlyVirtual(script.name.clone())),
        Clock::Threads { speed } => check_speed(script.timing, speed).map_err(Error::Start),
    }
}

/// A trace that is being written. It goes to a temporary file beside `path`, so that two runs never write
/// to the same file, and a trace that is still being written never has the final name.
pub(super) struct Trace {
    path: PathBuf,
    /// The temporary file. `None` if `path` is not a file, such as a pipe: that is written directly.
    part: Option<PathBuf>,
    writer: TraceWriter,
}

impl Trace {
    /// Begins a trace of this scenario. If a signal ends the program, the incomplete trace gets the final name.
    pub(super) fn open(script: &Script, clock: Clock, path: &Path) -> Result<Self, Error> {
        let found = fs::metadata(path).ok();
        // A mistyped path must not replace a file that is not a trace.
        let is_file = found.as_ref().is_some_and(fs::Metadata::is_file);
        if is_file && found.as_ref().is_some_and(|it| it.len() > 0) && !is_trace(path) {
            return Err(Error::NoTrace(path.to_owned()));
        }
        let target = followed(path);
        let unwritable = |error| Error::TraceUnwritable(path.to_owned(), error);
        let is_replaced = is_file || found.is_none();
        let part = is_replaced.then(|| part_of(path)).transpose().map_err(unwritable)?;
        let file = File::create(part.as_deref().unwrap_or(path)).map_err(unwritable)?;
        if let Some(part) = part.clone() {
            let target = target.clone();
            interrupt::on(move || {
                // This fails if the trace has its final name already, which is fine.
                let _ = fs::rename(&part, &target);
                interrupt::end();
            });
        }
        Ok(Self { path: target, part, writer: TraceWriter::new(file, &script.header(clock)) })
    }

    /// The observer that writes the trace.
    pub(super) fn observer(&self) -> Box<dyn Observer> {
        Box::new(self.writer.clone())
    }

    /// Writes the last line, and gives the trace its final name.
    pub(super) fn finish(self) -> Result<(), Error> {
        let Self { path, part, writer } = self;
        let Some(part) = part else {
            return writer.finish().map_err(|error| Error::TraceUnwritable(path, error));
        };
        writer.finish().and_then(|()| fs::rename(&part, &path)).map_err(|error| {
            // A trace that could not be completed is not kept.
            let _ = fs::remove_file(&part);
            Error::TraceUnwritable(path, error)
        })
    }
}
