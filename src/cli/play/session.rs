//! A session: the lines that were carried out, and the world that they made.

use std::path::Path;
use std::time::Duration;

use super::Setup;
use crate::cli::run::ClockedWorld;
use crate::properties::report::SafetyReport;
use crate::scenario::line_outcome::{Failure, ScriptObserver};
use crate::scenario::quantity::MOST_EVENTS;
use crate::scenario::run::Runner;
use crate::scenario::script::{Script, unrolled};
use crate::scenario::usage::Kind;
use crate::scenario::verb_table::Verb;
use crate::scenario::world::World;
use crate::server::timing::Time;
use crate::view::prompt;

/// A line of the session, as a scenario would have it.
#[derive(Clone, PartialEq, Debug)]
struct Entry {
    /// How long the cluster ran by itself before this line. In virtual time it is zero.
    pause: Duration,
    verb: Verb,
    /// How many lines of the scenario were done after it.
    planned: usize,
}

impl Entry {
    /// The first `count` steps of this line, and a line of those that are left, if there are any.
    fn parted(self, count: u64) -> (Self, Option<Self>) {
        match self.verb {
            Verb::Step(steps) if steps > count => {
                let rest = Self { verb: Verb::Step(steps - count), ..self.clone() };
                (Self { verb: Verb::Step(count), ..self }, Some(rest))
            }
            _ => (self, None),
        }
    }
}

/// The shortest pause that is saved as a line of its own.
const WORTH_WRITING: Duration = Duration::from_millis(100);

/// A cluster, and the lines that brought it to its current state.
pub(super) struct Session<'a, W> {
    /// The scenario's cluster, without its lines.
    pub(super) script: Script,
    /// The lines of the scenario, done or not.
    planned: Vec<Verb>,
    entries: Vec<Entry>,
    /// The undone lines that can be done again. The next one is at the end.
    undone: Vec<Entry>,
    runner: Runner<'a, W>,
    ended: Time,
}

impl<'a, W: World> Session<'a, W> {
    /// A session on this scenario's cluster, with no line carried out yet.
    pub(super) fn new(
        script: &Script,
        world: W,
        setup: &Setup,
        observer: &'a mut dyn ScriptObserver,
    ) -> Self {
        let mut runner = Runner::new(world, observer).stopped_by(&setup.stop);
        runner.recorded_by(setup.recorder());
        let planned = unrolled(&script.lines).into_iter().map(|line| line.verb.clone()).collect();
        Self {
            script: Script { lines: Vec::new(), ..script.clone() },
            planned,
            entries: Vec::new(),
            undone: Vec::new(),
            runner,
            ended: Time::ZERO,
        }
    }

    /// The lines of the scenario that are not done yet.
    pub(super) fn left(&self) -> &[Verb] {
        &self.planned[self.done()..]
    }

    fn done(&self) -> usize {
        self.entries.last().map_or(0, |entry| entry.planned)
    }

    /// Carries out the next line of the scenario, which counts as done even if it fails. Returns `None` if
    /// no line is left.
    pub(super) fn next_planned(&mut self) -> Option<Result<(), Box<Failure>>> {
        let verb = self.left().first()?.clone();
        // An undone line of the scenario is this one or comes after it, so it would be done twice.
        self.undone.clear();
        let (done, before) = (self.done() + 1, self.entries.len());
        let carried = self.carry_out(verb.clone());
        if self.entries.len() == before {
            let verb = tried(verb);
            self.entries.push(Entry { pause: Duration::ZERO, verb, planned: done });
        }
        self.entries.last_mut().expect("a line was kept").planned = done;
        Some(carried)
    }

    /// Does again what was undone last: `count` lines that move the world, and the lines after them that only
    /// look at it. Of several steps in one line each counts. Returns the lines that moved the world.
    pub(super) fn forward(&mut self, count: u64) -> Vec<Verb> {
        let (mut left, mut again) = (count, Vec::new());
        while let Some(entry) = self.undone.pop() {
            if left == 0 && moves(&entry.verb) > 0 {
                self.undone.push(entry);
                break;
            }
            let (entry, later) = entry.parted(left);
            self.undone.extend(later);
            left -= moves(&entry.verb);
            let rest = std::mem::take(&mut self.undone);
            // The line has the same outcome as before, because the world is in the same state.
            let _ = self.carry_out(entry.verb.clone());
            self.undone = rest;
            self.entries.last_mut().expect("a line was kept").planned = entry.planned;
            again.push(entry.verb);
        }
        again.retain(|verb| moves(verb) > 0);
        again
    }

    /// How many lines were carried out.
    pub(super) const fn line_count(&self) -> usize {
        self.entries.len()
    }

    /// Whether it is as it began.
    pub(super) const fn is_new(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) const fn world(&mut self) -> &mut W {
        self.runner.world()
    }

    /// Ends the session. Returns the safety report on all of it, and the world.
    pub(super) fn finish(mut self) -> (SafetyReport, W) {
        let report = self.runner.finish();
        (report, self.runner.into_world())
    }

    /// Carries a line out and records it. A failed line that may have moved the world is recorded as a `try` line; of
    /// a wait that was ended early, the time that has passed is recorded. A line that has moved the world makes it
    /// another run, in which the undone lines cannot be done again.
    pub(super) fn carry_out(&mut self, verb: Verb) -> Result<(), Box<Failure>> {
        let planned = self.done();
        let began = self.world().now();
        let pause = began - self.ended;
        let done = self.runner.execute(0, &verb);
        let ended_early = done.as_ref().is_err_and(|failure| failure.why.ends_run());
        let kept = if done.is_ok() {
            Some(verb)
        } else if ended_early && only_waits(&verb) {
            // A recorded wait lets everything happen that is due at its last moment.
            self.world().run_until(Duration::ZERO, |_| false);
            Some(Verb::Wait(self.world().now() - began))
        } else {
            let may_have_moved = verb.may_move_and_fail() || ended_early;
            may_have_moved.then(|| tried(verb))
        };
        self.ended = self.world().now();
        if let Some(verb) = kept {
            if moves(&verb) > 0 {
                self.undone.clear();
            }
            self.entries.push(Entry { pause, verb, planned });
        }
        done
    }

    /// Undoes the last `count` lines by carrying out all the others in a new world. The same happens there,
    /// because all random draws come from the same seed. Returns the undone lines that moved the world, the
    /// last first.
    pub(super) fn back(&mut self, count: u64, setup: &mut Setup) -> Result<Vec<Verb>, String>
    where
        W: ClockedWorld,
    {
        let mut kept = self.entries.clone();
        let undone = take_back(&mut kept, count);
        if undone.iter().all(|entry| moves(&entry.verb) == 0) {
            return Ok(Vec::new());
        }
        self.runner.start_over(setup.start(&self.script).map_err(|error| error.to_string())?);
        self.runner.recorded_by(setup.recorder());
        for entry in &kept {
            // The line has the same outcome as before, because the world is in the same state.
            self.runner.execute(0, &entry.verb).map_err(|failure| {
                format!("'{}' came out differently than before", failure.verb)
            })?;
        }
        self.undone.extend(undone.iter().cloned());
        self.entries = kept;
        self.ended = self.world().now();
        Ok(undone.into_iter().map(|entry| entry.verb).collect())
    }

    /// The session as a scenario.
    fn as_script(&self, is_virtual: bool) -> Script {
        let verbs = self.verbs();
        let script = self.script.with_lines("A session at the prompt.", verbs);
        Script { on_threads: !is_virtual, ..script }
    }

    /// The session as a scenario of which so many lines are done, and those that are left come after them.
    pub(super) fn as_begun(&self) -> (Script, usize) {
        let verbs = self.verbs().into_iter().chain(self.left().iter().cloned());
        let script = self.script.with_lines(&self.script.shows, verbs);
        let done = script.lines.len() - self.left().len();
        (script, done)
    }

    /// The lines that were carried out. Steps in a row are one line, if a line may have as many.
    fn verbs(&self) -> Vec<Verb> {
        let mut verbs = Vec::new();
        for Entry { pause, verb, .. } in &self.entries {
            if *pause >= WORTH_WRITING {
                verbs.extend(Verb::waits(Duration::from_millis(pause.as_millis() as u64)));
            }
            match (verbs.last_mut(), verb) {
                (Some(Verb::Step(before)), Verb::Step(more)) if *before + more <= MOST_EVENTS => {
                    *before += more;
                }
                _ => verbs.push(verb.clone()),
            }
        }
        verbs
    }

    /// Saves the session as a scenario. Returns how many lines it has.
    pub(super) fn save(&self, file: &Path, is_virtual: bool) -> Result<usize, String> {
        let script = self.as_script(is_virtual);
        if script.lines.iter().all(|line| line.verb.kind() == Kind::Tell) {
            return Err(prompt::NOTHING_TO_SAVE.to_owned());
        }
        script.save(file).map_err(|error| error.to_string())?;
        Ok(script.lines.len())
    }
}

/// How many times a line moves the world: as often as it has steps, and not at all if it only looks or prints.
const fn moves(verb: &Verb) -> u64 {
    match verb {
        Verb::Step(steps) => *steps,
        _ => !matches!(verb.kind(), Kind::Look | Kind::Tell) as u64,
    }
}

/// The line as one that may fail. A line that may fail already stays as it is, because no line tries another `try`.
fn tried(verb: Verb) -> Verb {
    if matches!(verb, Verb::Try(_)) { verb } else { Verb::Try(Box::new(verb)) }
}

/// Whether a line does nothing but let time pass.
fn only_waits(verb: &Verb) -> bool {
    match verb {
        Verb::Wait(_) | Verb::WaitUntil { .. } | Verb::ExpectStall { .. } => true,
        Verb::Try(verb) => only_waits(verb),
        _ => false,
    }
}

/// Removes the last `count` lines that moved the world, and the lines after them that only looked at it.
/// Of several steps in one line each counts.
fn take_back(entries: &mut Vec<Entry>, count: u64) -> Vec<Entry> {
    let mut left = count;
    let mut undone = Vec::new();
    while left > 0
        && let Some(last) = entries.pop()
    {
        let stays = moves(&last.verb).saturating_sub(left);
        left -= moves(&last.verb) - stays;
        if stays == 0 {
            undone.push(last);
        } else {
            let (first, rest) = last.parted(stays);
            entries.push(first);
            undone.extend(rest);
        }
    }
    undone
}
