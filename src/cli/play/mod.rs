//! `raft-cluster play`: a prompt on a running cluster.
//!
//! In virtual time nothing happens unless a line lets it happen, so the lines determine the whole session.
//! Going back means carrying out all but the last lines again in a new world, and saving means writing the
//! lines to a file. On threads the cluster keeps running between lines.

mod above;
pub mod lines;
mod session;
pub(super) mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::Error;
use super::inspect::Inspection;
use super::interrupt;
use super::pager;
use super::run::{ClockedWorld, Trace, check_clock};
use crate::cluster::RaftCluster;
use crate::raft::NodeId;
use crate::record::Clock;
use crate::record::history::{History, MOST_STEPS, Recorder};
use crate::scenario::library;
use crate::scenario::script::Script;
use crate::scenario::verb_table::Verb;
use crate::sim::Sim;
use crate::view::output::Output;
use crate::view::words::complaint_line;
use crate::view::{STORY, View, failure_text, header, prompt, violation};
use lines::Lines;
use session::Session;
use words::{WORDS, Word, help_on};

/// A session, as the command line asks for it.
#[derive(Debug)]
pub(super) struct Play {
    /// The cluster, and the lines that wait to be carried out.
    pub(super) script: Script,
    /// Whether the lines are a recorded run. They are then carried out first, and the session begins at their end.
    pub(super) is_recorded: bool,
    /// Virtual time, or threads.
    pub(super) clock: Clock,
    /// Where to write a trace.
    pub(super) trace: Option<PathBuf>,
    /// The view that tells what happens. Questions are answered in every view.
    pub(super) view: &'static View,
}

/// Plays until the input ends or a line asks to quit. Returns exit code 1 if a property was violated while every
/// rule was kept.
pub(super) fn play(play: Play) -> Result<ExitCode, Error> {
    let live = play.clock != Clock::Virtual;
    let (mut typed, output) = Lines::open(live, lines::following).map_err(Error::Terminal)?;
    let output = output.of_one_run();
    let stop = Arc::default();
    // Where somebody types, a signal interrupts the line that is carried out, and not the session.
    let _while_played = typed.is_terminal().then(|| interrupt::line_by_line(&stop));
    let mut setup = Setup { play, output, writing: None, recorder: None, stop };
    let played = match setup.play.clock {
        Clock::Virtual => sessions::<Sim>(&mut setup, &mut typed),
        Clock::Threads { .. } => sessions::<RaftCluster>(&mut setup, &mut typed),
    };
    typed.close();
    let written = setup.output.settle();
    let good = played?;
    written.map_err(Error::Output)?;
    let stopped = setup.stop.load(Ordering::Relaxed);
    Ok(if stopped { interrupt::code() } else { ExitCode::from(u8::from(!good)) })
}

/// Runs one session after the other, as scenarios are loaded. Returns whether all was well in each.
fn sessions<W: ClockedWorld>(setup: &mut Setup, typed: &mut Lines) -> Result<bool, Error> {
    let clock = setup.play.clock;
    let begun = if setup.play.is_recorded { Begun::Recorded } else { Begun::Not };
    let mut next = Some((setup.play.script.clone(), begun));
    // The session that 'back' returns to.
    let mut before = None;
    let mut good = true;
    while let Some((script, begun)) = next {
        check_clock(&script, clock)?;
        let mut told = (STORY.open)(&setup.output, script.nodes, false);
        let head = Script { lines: Vec::new(), ..script.clone() };
        setup.output.put_all(header::lines(&head, clock));
        let world: W = setup.start(&head)?;
        let session = Session::new(&script, world, setup, &mut told);
        let mut table = PlayPrompt { session, setup, can_return: before.is_some() };
        table.begin(begun);
        next = match table.talk(typed)? {
            Then::Ends => {
                typed.close();
                None
            }
            Then::Loads(script) => {
                let (left, done) = table.session.as_begun();
                before = table.setup.is_virtual().then_some((left, Begun::Left(done)));
                Some((*script, Begun::Not))
            }
            Then::Returns => before.take(),
        };
        good &= table.close()?;
    }
    Ok(good)
}

/// Which lines of a scenario are carried out before anything is typed.
#[derive(Clone, Copy)]
enum Begun {
    /// None.
    Not,
    /// All: they are a recorded run.
    Recorded,
    /// So many: they are a session that was left for another.
    Left(usize),
}

/// What comes after a session.
enum Then {
    Ends,
    /// A session with this scenario.
    Loads(Box<Script>),
    /// The session before it.
    Returns,
}

/// The prompt of a session: it carries out typed lines and prints the answers.
struct PlayPrompt<'a, W> {
    session: Session<'a, W>,
    setup: &'a mut Setup,
    /// Whether there is a session before it to return to.
    can_return: bool,
}

impl<W: ClockedWorld> PlayPrompt<'_, W> {
    /// Carries out the lines that come before anything that is typed, and says which line of the scenario is next.
    fn begin(&mut self, begun: Begun) {
        self.setup.output.put("");
        let (count, then) = match begun {
            Begun::Not => (0, None),
            Begun::Recorded => (usize::MAX, Some(prompt::RECORDED)),
            Begun::Left(count) => (count, Some(prompt::RETURNED)),
        };
        self.setup.output.hush(true);
        for _ in 0..count {
            if !matches!(self.session.next_planned(), Some(Ok(()))) {
                break;
            }
        }
        self.setup.output.hush(false);
        if let Some(then) = then {
            self.say(then);
        }
        if self.can_return {
            self.say(prompt::CAN_RETURN);
        }
        self.say_next();
        let world = self.session.world().as_virtual();
        let manual = world.is_some_and(|world| world.is_manual());
        self.setup.output.put_all(prompt::welcome(manual));
    }

    /// Says which line of the scenario is next, if one is left.
    fn say_next(&self) {
        if let left @ [next, ..] = self.session.left() {
            self.say(&prompt::next(next, left.len()));
        }
    }

    /// Says which line of the scenario is next, or that the last one has been carried out.
    fn say_how_far(&self) {
        if self.session.left().is_empty() {
            self.say(prompt::LAST_LINE);
        }
        self.say_next();
    }

    /// Carries out the next line of the scenario. Returns whether there was one and it succeeded.
    fn planned(&mut self) -> bool {
        if self.setup.stop.load(Ordering::Relaxed) {
            self.say(prompt::INTERRUPTED);
            return false;
        }
        match self.session.next_planned() {
            Some(Ok(())) => true,
            Some(Err(failure)) => {
                self.setup.output.put_all(failure_text::complaint(&failure));
                self.say(prompt::FAILED);
                false
            }
            None => false,
        }
    }

    /// Carries out the next `count` lines of the scenario.
    fn next(&mut self, count: u64) -> Result<(), String> {
        if self.session.left().is_empty() {
            return Err(prompt::NO_LINE_LEFT.to_owned());
        }
        for _ in 0..count {
            let Some(verb) = self.session.left().first() else { break };
            self.setup.output.put_all(prompt::carried_out(verb));
            if !self.planned() {
                break;
            }
        }
        self.say_how_far();
        Ok(())
    }

    /// Reads lines and answers them. Returns what comes after the session.
    fn talk(&mut self, typed: &mut Lines) -> Result<Then, Error> {
        loop {
            let step = self.setup.recorder().look(History::last);
            let cluster = self.session.world();
            let prompt = match self.setup.play.clock {
                Clock::Virtual => prompt::prompt(step, cluster.now(), &cluster.status()),
                // The state of a live cluster would be out of date before anything is typed.
                Clock::Threads { .. } => prompt::LIVE.to_owned(),
            };
            // Whoever is there can type on.
            if typed.is_terminal() && self.setup.stop.swap(false, Ordering::Relaxed) {
                typed.forget_pasted();
            }
            let line = typed.next(&prompt, &self.setup.output).map_err(Error::Input)?;
            if typed.is_terminal() {
                self.setup.stop.store(false, Ordering::Relaxed);
            }
            let Some(line) = line else { return Ok(Then::Ends) };
            match words::parse(&line, self.session.script.nodes) {
                Ok(Word::Quit) => return Ok(Then::Ends),
                Ok(Word::Load(name)) => match self.load(&name) {
                    Ok(script) => return Ok(Then::Loads(Box::new(script))),
                    Err(error) => self.setup.output.put_all(prompt::complaint(&error.told())),
                },
                Ok(Word::Back(_)) if self.can_return && self.session.is_new() => {
                    return Ok(Then::Returns);
                }
                Ok(word) => {
                    // Who has ended a session that nobody types wants all of it to end, but for its report.
                    let until_done =
                        (!typed.is_terminal()).then(|| interrupt::first(&self.setup.stop, || ()));
                    if let Err(sentence) = self.answer(word) {
                        self.complain(&sentence);
                    }
                    drop(until_done);
                    if !typed.is_terminal() && self.setup.stop.load(Ordering::Relaxed) {
                        return Ok(Then::Ends);
                    }
                }
                Err(sentence) => match words::wrong_line(&line, self.session.script.nodes) {
                    Some(wrong) => self.setup.output.put_all(prompt::complaint(&wrong.told())),
                    None => self.complain(&sentence),
                },
            }
        }
    }

    fn load(&self, name: &str) -> Result<Script, Error> {
        let script = library::load(name, None).map_err(Error::Scenario)?;
        check_clock(&script, self.setup.play.clock)?;
        Ok(script)
    }

    /// Checks that the session has room for what a line lets happen, and for the line.
    fn check_room(&self) -> Result<(), String> {
        let has = if self.setup.recorder().is_full() {
            format!("this run has {MOST_STEPS} steps")
        } else if self.session.line_count() as u64 >= Script::MOST_LINES {
            format!("this session has {} lines", Script::MOST_LINES)
        } else {
            return Ok(());
        };
        Err(format!("{has}, and takes no more; 'save' keeps it, and 'load' begins another"))
    }

    fn answer(&mut self, word: Word) -> Result<(), String> {
        let lets_happen = matches!(word, Word::Line(_) | Word::Run(_) | Word::Next(_));
        if lets_happen {
            self.check_room()?;
        }
        match word {
            Word::Nothing | Word::Quit | Word::Load(_) => {}
            Word::Line(verb) => self.carry_out(verb),
            Word::Help(None) => self.show(prompt::help(WORDS)),
            Word::Help(Some(word)) => self.show(help_on(&word)?),
            Word::Back(count) => self.back(count)?,
            Word::Forward(count) => match self.session.forward(count) {
                again if again.is_empty() => return Err(prompt::NOTHING_TO_DO_AGAIN.to_owned()),
                again => self.say(&prompt::became("done again", &again)),
            },
            Word::Next(count) => self.next(count)?,
            Word::Run(verb) if self.session.left().is_empty() => self.carry_out(verb),
            Word::Run(_) => {
                while self.planned() {}
                self.say_how_far();
            }
            Word::Inspect(it) => self.inspect(it)?,
            Word::Save(file) => {
                let lines = self.session.save(&file, self.setup.is_virtual())?;
                self.say(&prompt::saved(&file, lines, self.setup.is_virtual()));
            }
            Word::Messages(all) => {
                let cluster = self.session.world().as_virtual();
                let cluster = cluster.ok_or_else(|| prompt::ONLY_VIRTUAL.to_owned())?;
                let messages = prompt::messages(&cluster.in_flight(), &cluster.at_paused(), all);
                self.show(messages);
            }
            Word::Log(node) => self.log(node),
        }
        Ok(())
    }

    /// Answers a question about the run as it stands.
    fn inspect(&self, asked: Inspection) -> Result<(), String> {
        let recorder = self.setup.recorder();
        self.show(recorder.look(|history| asked.answer(history, history.last()))?);
        Ok(())
    }

    fn carry_out(&mut self, verb: Verb) {
        let before = self.setup.output.lines_put();
        let done = prompt::done(&verb);
        if let Verb::Deliver(name) = &verb
            && let Some(world) = self.session.world().as_virtual()
        {
            let all = world.in_flight();
            let found = all.iter().find(|message| message.name == *name);
            let told = found.map(|found| prompt::delivered(found, &all));
            self.setup.output.put_all(told.into_iter().flatten());
        }
        if let Err(failure) = self.session.carry_out(verb) {
            self.setup.output.put_all(failure_text::complaint(&failure));
        }
        if self.setup.is_virtual() && self.setup.output.lines_put() == before {
            self.say(done);
        }
    }

    fn back(&mut self, count: u64) -> Result<(), String> {
        if !self.setup.is_virtual() {
            return Err(prompt::NO_WAY_BACK.to_owned());
        }
        self.setup.output.hush(true);
        let undone = self.session.back(count, self.setup);
        self.setup.output.hush(false);
        let undone = undone?;
        if undone.is_empty() {
            return Err(prompt::NOTHING_TO_UNDO.to_owned());
        }
        self.say(&prompt::undone(&undone));
        self.say_next();
        Ok(())
    }

    fn log(&mut self, node: Option<NodeId>) {
        let world = self.session.world();
        let statuses = world.status();
        let logs: Vec<_> = statuses.iter().map(|status| world.log(status.id)).collect();
        self.show(prompt::logs(node, &statuses, &logs));
    }

    /// Ends the session and prints what the checker found. Returns whether all is well.
    fn close(self) -> Result<bool, Error> {
        let (nodes, broken) = (self.session.script.nodes, self.session.script.broken);
        let (safety, world) = self.session.finish();
        let stopped = self.setup.stop(world);
        self.setup.output.set_waiting(true);
        self.setup.output.put("");
        self.setup.output.put_all(violation::report(&safety, nodes));
        if !broken.is_intact() {
            self.setup.output.put("");
            self.setup.output.put_all(header::broken(broken));
        }
        stopped?;
        Ok(safety.violation_count() == 0 || !broken.is_intact())
    }

    /// Shows an answer, through the pager if it is long. On threads there is no pager, because the lines of
    /// the live cluster would disturb it.
    fn show(&self, lines: Vec<String>) {
        if self.setup.is_virtual() {
            pager::answer(&self.setup.output, lines);
        } else {
            self.setup.output.put_all(lines);
        }
    }

    fn say(&self, text: &str) {
        self.setup.output.put_all(prompt::said(text));
    }

    fn complain(&self, sentence: &str) {
        self.setup.output.put_all(prompt::complaint(&complaint_line(sentence)));
    }
}

/// The settings for every world of a session, and the trace and history of the current one.
struct Setup {
    play: Play,
    output: Output,
    writing: Option<Trace>,
    /// The history of the world that was set up last.
    recorder: Option<Recorder>,
    /// Set by a signal to interrupt the line that is being carried out.
    stop: Arc<AtomicBool>,
}

impl Setup {
    /// Starts a new world for this scenario. The trace begins anew too, because a trace holds one run.
    fn start<W: ClockedWorld>(&mut self, script: &Script) -> Result<W, Error> {
        // A live cluster must not wait for the reader. In virtual time the cluster can wait, so no line is
        // left out.
        self.output.set_waiting(self.is_virtual());
        let mut observers = (self.play.view.open)(&self.output, script.nodes, false).observers;
        let recorder = Recorder::new(&script.header(self.play.clock));
        observers.push(Box::new(recorder.clone()));
        self.recorder = Some(recorder);
        if let Some(path) = &self.play.trace {
            let trace = Trace::open(script, self.play.clock, path)?;
            observers.push(trace.observer());
            self.writing = Some(trace);
        }
        W::start(script, self.play.clock, observers)
    }

    /// Stops a world, and completes its trace.
    fn stop<W: ClockedWorld>(&mut self, world: W) -> Result<(), Error> {
        world.stop()?;
        self.writing.take().map_or(Ok(()), Trace::finish)
    }

    /// The history of the world that was started last.
    const fn recorder(&self) -> &Recorder {
        self.recorder.as_ref().expect("a history is kept of every world that is started")
    }

    /// Whether the session is in virtual time, where the same lines give the same run.
    fn is_virtual(&self) -> bool {
        self.play.clock == Clock::Virtual
    }
}
