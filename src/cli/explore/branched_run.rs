//! A session in the browser: a tree of the lines that were carried out, and the world that the lines on the
//! path to the tip make.
//!
//! In virtual time the same lines give the same run. So to go elsewhere in the tree, a session carries out
//! the lines on the path there in a new world. Going back loses nothing that was done.

use std::time::Duration;

use crate::properties::report::SafetyReport;
use crate::record::Clock;
use crate::record::history::{History, Recorder};
use crate::scenario::line_outcome::{Failure, ScriptObserver};
use crate::scenario::run::{PATIENCE, Runner};
use crate::scenario::script::{Script, unrolled};
use crate::scenario::verb_table::Verb;
use crate::scenario::world::{VirtualWorld, World};
use crate::server::timing::Time;
use crate::sim::{Sim, SimConfig};
use crate::view::page::moments::Moments;
use crate::view::words::complaint_line;
use crate::view::{failure_text, prompt};

/// A session takes no further line once its run has this many steps.
const MOST_STEPS: u64 = 50_000;
/// The most lines that a session keeps, in all branches together.
pub(super) const MOST_LINES: usize = 5_000;
/// The longest time for which one line may let the cluster run.
const LONGEST: Duration = Duration::from_mins(5);
/// The most events that one `step` line may let happen.
const MOST_EVENTS: u64 = 10_000;
/// The most events that happen while the session waits for one of a kind.
const PATIENT_EVENTS: u64 = 5_000;

/// A line that was carried out.
#[derive(Clone, Debug)]
pub(super) struct TreeLine {
    /// The line before it; `None` for a first line.
    pub(super) parent: Option<usize>,
    pub(super) verb: Verb,
    /// How many moments the run had after this line.
    moments: usize,
    /// How many lines of the scenario were done after it.
    planned: usize,
    /// The number of the change that made it what it is.
    changed: u64,
}

impl TreeLine {
    /// The last moment of the run after this line.
    pub(super) const fn last_moment(&self) -> usize {
        self.moments - 1
    }

    /// Whether no branch can begin within this line, because it does more than let time pass.
    pub(super) const fn is_whole(&self) -> bool {
        !matches!(self.verb, Verb::Wait(_) | Verb::WaitUntil { .. } | Verb::Step(_))
    }
}

/// The session.
pub(super) struct BranchedRun<'a> {
    /// The scenario's settings.
    pub(super) head: Script,
    /// The lines of the scenario, done or not.
    pub(super) planned: Vec<Verb>,
    /// All lines that were carried out, in every branch. `parent` and `tip` are indexes into this list.
    pub(super) lines: Vec<TreeLine>,
    /// How often lines were added or changed.
    pub(super) changes: u64,
    /// The last line of the current run; `None` at the beginning.
    pub(super) tip: Option<usize>,
    runner: Runner<'a, Sim>,
    pub(super) recorder: Recorder,
    pub(super) shown: Moments,
}

/// Why a line or an act was not done.
pub(super) enum NotDone {
    Failed(Box<Failure>),
    /// The session refuses it, for this reason.
    Refused(String),
}

impl NotDone {
    /// A sentence that says why.
    pub(super) fn told(self) -> String {
        match self {
            Self::Refused(why) => complaint_line(&why),
            Self::Failed(failure) => failure_text::sentence(&failure),
        }
    }
}

pub(super) fn refused(why: &str) -> Result<(), NotDone> {
    Err(NotDone::Refused(why.to_owned()))
}

impl<'a> BranchedRun<'a> {
    /// A session on this scenario, with no line carried out yet.
    pub(super) fn new(script: &Script, observer: &'a mut dyn ScriptObserver) -> Self {
        let head = Script { lines: Vec::new(), ..script.clone() };
        let planned = unrolled(&script.lines).into_iter().map(|line| line.verb.clone()).collect();
        let (sim, recorder) = world_of(&head);
        Self {
            planned,
            lines: Vec::new(),
            changes: 0,
            tip: None,
            runner: Runner::new(sim, observer),
            recorder,
            shown: Moments::begin(head.nodes),
            head,
        }
    }

    /// The current world.
    pub(super) const fn world(&mut self) -> &mut Sim {
        self.runner.world()
    }

    /// What the checker has found so far.
    pub(super) fn safety(&mut self) -> SafetyReport {
        self.runner.safety()
    }

    /// How many lines of the scenario are done.
    pub(super) fn done(&self) -> usize {
        self.tip.map_or(0, |tip| self.lines[tip].planned)
    }

    /// Carries out the next line of the scenario. It counts as done even if it fails, but not if it is refused.
    pub(super) fn next_planned(&mut self) -> Result<(), NotDone> {
        let (done, tip) = (self.done(), self.tip);
        let Some(next) = self.planned.get(done).cloned() else {
            return refused("the scenario has no further line");
        };
        let carried = self.carry_out(&next);
        if matches!(carried, Err(NotDone::Refused(_))) {
            return carried;
        }
        if carried.is_err() && self.tip == tip {
            self.keep(Verb::Try(Box::new(next)));
        }
        let tip = self.tip.expect("a line was kept");
        self.lines[tip].planned = done + 1;
        carried
    }

    /// Carries out the rest of the scenario, until a line fails.
    pub(super) fn rest(&mut self) -> Result<(), NotDone> {
        while self.done() < self.planned.len() {
            self.next_planned()?;
        }
        Ok(())
    }

    /// Carries a line out, and keeps it. A failed line that has moved the world is kept as a `try` line.
    pub(super) fn carry_out(&mut self, verb: &Verb) -> Result<(), NotDone> {
        self.check(verb)?;
        let before = self.stands();
        let done = self.runner.execute(0, verb);
        self.recorder.look(|history| self.shown.follow(history, history.last()));
        match done {
            Ok(()) => self.keep(verb.clone()),
            Err(failure) => {
                if verb.may_move_and_fail() && self.stands() != before {
                    self.keep(Verb::Try(Box::new(verb.clone())));
                }
                return Err(NotDone::Failed(failure));
            }
        }
        Ok(())
    }

    /// How far the world has come. A line that waits in vain without any change of this has moved nothing.
    fn stands(&mut self) -> (u64, usize, Time, [usize; 2]) {
        let (steps, deeds) = self.recorder.look(|it| (it.last(), it.deeds_until(it.last())));
        let world = self.runner.world();
        (steps, deeds, world.now(), [world.in_flight().len(), world.at_paused().len()])
    }

    /// Checks that a line is within the limits of a session.
    fn check(&mut self, verb: &Verb) -> Result<(), NotDone> {
        if self.recorder.look(History::last) >= MOST_STEPS {
            return refused(
                "this run has 50000 steps, and a session takes no more; save it, or go back",
            );
        }
        if self.lines.len() >= MOST_LINES {
            return refused(
                "this session has 5000 lines, and takes no more; save it, and load what is saved",
            );
        }
        // Under manual control nothing happens while time passes, so that a wait of any length is carried out at once.
        if matches!(verb, Verb::Wait(_)) && self.world().is_manual() {
            return Ok(());
        }
        within_bounds(verb)
    }

    /// Keeps a line after the tip and makes it the tip. If the same line was carried out there before, that one
    /// becomes the tip. Two `step` lines in a row, or two `wait` lines, become one, because the second goes on
    /// where the first has ended; they stay apart if a branch begins between them,
    /// or if the line they make would be out of bounds.
    fn keep(&mut self, verb: Verb) {
        self.changes += 1;
        let (moments, planned) = (self.shown.len(), self.done());
        let mut after = (0..self.lines.len()).filter(|&line| self.lines[line].parent == self.tip);
        if let Some(same) = after.clone().find(|&line| self.lines[line].verb == verb) {
            self.tip = Some(same);
            return;
        }
        if after.next().is_none()
            && let Some(tip) = self.tip
        {
            let last = &mut self.lines[tip];
            let together = match (&last.verb, &verb) {
                (Verb::Step(before), Verb::Step(more)) => Some(Verb::Step(before + more)),
                (Verb::Wait(before), Verb::Wait(more)) => Some(Verb::Wait(*before + *more)),
                _ => None,
            };
            // A saved session can be opened again only if each of its lines is within the bounds.
            if let Some(together) = together.filter(|it| within_bounds(it).is_ok()) {
                (last.verb, last.moments, last.changed) = (together, moments, self.changes);
                return;
            }
        }
        let changed = self.changes;
        self.lines.push(TreeLine { parent: self.tip, verb, moments, planned, changed });
        self.tip = Some(self.lines.len() - 1);
    }

    /// Carries out the next line of the scenario, or lets this many events happen if no line is left. Events
    /// before a line that is left would make it another scenario, whose expectations can fail.
    pub(super) fn go_on(&mut self, events: u64) -> Result<(), NotDone> {
        if self.done() < self.planned.len() {
            return self.next_planned();
        }
        self.carry_out(&Verb::Step(events))
    }

    /// Lets the run go on until a moment has this mark. If none has, the events after the scenario's lines are undone.
    pub(super) fn until(&mut self, mark: &str) -> Result<(), NotDone> {
        let mut events = 0;
        for _ in 0..PATIENT_EVENTS {
            let before = self.shown.len();
            events += u64::from(self.done() >= self.planned.len());
            self.go_on(1)?;
            if self.shown.marked(before, mark) {
                return Ok(());
            }
        }
        self.undo(events)?;
        refused(&format!("nothing of this kind comes in {PATIENT_EVENTS} events; they are undone"))
    }

    /// The path of lines to a line, from the first one on.
    fn way_to(&self, tip: Option<usize>) -> Vec<usize> {
        let mut way: Vec<usize> =
            std::iter::successors(tip, |&line| self.lines[line].parent).collect();
        way.reverse();
        way
    }

    /// Makes a line the tip if it is not, by carrying out the lines up to it in a new world.
    pub(super) fn go_to(&mut self, tip: Option<usize>) {
        if tip == self.tip {
            return;
        }
        let (sim, recorder) = world_of(&self.head);
        self.runner.start_over(sim);
        self.recorder = recorder;
        self.shown = Moments::begin(self.head.nodes);
        for line in self.way_to(tip) {
            let done = self.runner.execute(0, &self.lines[line].verb);
            assert!(done.is_ok(), "the same lines of the same world have the same outcome");
        }
        self.recorder.look(|history| self.shown.follow(history, history.last()));
        self.tip = tip;
    }

    /// Undoes `count` lines, or all if there are fewer. Of `step N` each step counts as a line.
    pub(super) fn undo(&mut self, count: u64) -> Result<(), NotDone> {
        let (mut tip, mut left) = (self.tip, count);
        while let Some(line) = tip.filter(|_| left > 0) {
            tip = self.lines[line].parent;
            match self.lines[line].verb {
                Verb::Step(events) if events > left => {
                    self.go_to(tip);
                    return self.step_into(line, |done, _| done < events - left);
                }
                Verb::Step(events) => left -= events,
                _ => left -= 1,
            }
        }
        self.go_to(tip);
        if left > 0 {
            return refused(prompt::NOTHING_TO_UNDO);
        }
        Ok(())
    }

    /// Carries out `count` undone lines again, along the newest branch, or all if there are fewer. They are
    /// counted as in [`undo`](Self::undo).
    pub(super) fn redo(&mut self, count: u64) -> Result<(), NotDone> {
        let (mut tip, mut left) = (self.tip, count);
        let next = |lines: &[TreeLine], tip| lines.iter().rposition(|line| line.parent == tip);
        while let Some(line) = next(&self.lines, tip).filter(|_| left > 0) {
            match self.lines[line].verb {
                Verb::Step(events) if events > left => {
                    self.go_to(tip);
                    return self.step_into(line, |done, _| done < left);
                }
                Verb::Step(events) => left -= events,
                _ => left -= 1,
            }
            tip = Some(line);
        }
        self.go_to(tip);
        if left > 0 {
            return refused(prompt::NOTHING_TO_DO_AGAIN);
        }
        Ok(())
    }

    /// Goes back to a moment, so that what comes next begins a branch there. Within a line that is kept whole,
    /// it goes to the end of that line.
    pub(super) fn fork(&mut self, moment: usize) -> Result<(), NotDone> {
        let way = self.way_to(self.tip);
        let wanted = moment + 1;
        let kept = way.iter().take_while(|&&line| self.lines[line].moments <= wanted).count();
        let Some(&crossing) = way.get(kept) else { return Ok(()) };
        let tip = kept.checked_sub(1).map(|last| way[last]);
        let there = tip.map_or(1, |tip| self.lines[tip].moments);
        if self.lines[crossing].is_whole() && there < wanted {
            self.go_to(Some(crossing));
            return Ok(());
        }
        self.go_to(tip);
        self.step_into(crossing, |_, session| session.shown.len() < wanted)
    }

    /// Steps into `line`, which comes after the tip and only lets time pass. It goes on as long as `on` returns
    /// true for the number of steps made, and makes these steps a line of their own.
    fn step_into(&mut self, line: usize, on: impl Fn(u64, &Self) -> bool) -> Result<(), NotDone> {
        let mut events = 0;
        while on(events, self) {
            self.runner.execute(0, &Verb::Step(1)).map_err(NotDone::Failed)?;
            self.recorder.look(|history| self.shown.follow(history, history.last()));
            events += 1;
        }
        match self.lines[line].verb {
            _ if events == 0 => {}
            Verb::Step(all) if all == events => self.tip = Some(line),
            Verb::Step(all) => self.split(line, events, all - events),
            _ => self.keep(Verb::Step(events)),
        }
        Ok(())
    }

    /// Splits a line of several steps in two. The first of the two becomes the tip.
    fn split(&mut self, line: usize, first: u64, rest: u64) {
        self.changes += 1;
        let (second, changed) = (self.lines.len(), self.changes);
        let whole = TreeLine { changed, ..self.lines[line].clone() };
        for other in self.lines.iter_mut().filter(|other| other.parent == Some(line)) {
            (other.parent, other.changed) = (Some(second), changed);
        }
        self.lines.push(TreeLine { parent: Some(line), verb: Verb::Step(rest), ..whole });
        let planned = self.done();
        let moments = self.shown.len();
        self.lines[line] = TreeLine { verb: Verb::Step(first), moments, planned, ..whole };
        self.tip = Some(line);
    }

    /// How many lines, from the first one on, are as they were after this many changes.
    pub(super) fn unchanged(&self, changes: u64) -> usize {
        let first = self.lines.iter().position(|line| line.changed > changes);
        first.unwrap_or(self.lines.len())
    }

    /// The lines up to the tip, as a scenario.
    pub(super) fn as_script(&self) -> Script {
        let way = self.way_to(self.tip).into_iter().map(|line| self.lines[line].verb.clone());
        self.head.with_lines("A session in the browser.", way)
    }
}

/// Checks that a line does not ask for too much at once.
fn within_bounds(verb: &Verb) -> Result<(), NotDone> {
    let wait = match verb {
        Verb::Wait(time) => *time,
        Verb::WaitUntil { within, .. } => within.unwrap_or(PATIENCE),
        Verb::ExpectStall { within, .. } => *within,
        Verb::Step(events) if *events > MOST_EVENTS => {
            return refused("no line may let more than 10000 events happen here");
        }
        Verb::Try(verb) => return within_bounds(verb),
        _ => Duration::ZERO,
    };
    if wait > LONGEST {
        return refused("no line may let the cluster run for more than 5 minutes here");
    }
    Ok(())
}

/// A new world of a scenario, and who keeps its history.
pub(super) fn world_of(head: &Script) -> (Sim, Recorder) {
    let recorder = Recorder::new(&head.header(Clock::Virtual));
    (Sim::new(SimConfig::of(head), vec![Box::new(recorder.clone())]), recorder)
}
