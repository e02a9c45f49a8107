//! `raft-cluster play`: a prompt on a running cluster.
//!
//! In virtual time nothing happens unless a line lets it happen, so the lines are all there is to a
//! session: to go back is to live through all but the last of them again, and to save is to write
//! them down. On threads the cluster goes on while somebody thinks.

mod lines;
mod session;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::run::{check_clock, open_trace};
use crate::cluster::{ClusterConfig, RaftCluster};
use crate::raft::NodeId;
use crate::record::TraceWriter;
use crate::record::journal::Observer;
use crate::scenario::library;
use crate::scenario::script::Script;
use crate::scenario::verb::Verb;
use crate::scenario::world::World;
use crate::sim::{Sim, SimConfig};
use crate::view::opening::Clock;
use crate::view::output::Output;
use crate::view::script_text::ScriptText;
use crate::view::story::Story;
use crate::view::{opening, paint, prompt, script_text, violation};
use lines::Lines;
use session::{Session, Stage};
use words::{WORDS, Word};

/// A session, as the command line asks for it.
#[derive(Clone, PartialEq, Debug)]
pub struct Play {
    /// The cluster, and the lines that come first.
    pub script: Script,
    /// Virtual time, or threads.
    pub clock: Clock,
    /// Where to write a trace.
    pub trace: Option<PathBuf>,
    /// Whether only what was asked for is answered.
    pub quiet: bool,
}

/// Plays until whoever types has had enough. Exit code 1 if a property fell while every rule was
/// kept.
///
/// # Errors
/// A sentence, if the cluster could not start, or a file of its own could not be written.
pub fn play(play: &Play) -> Result<ExitCode, String> {
    let live = play.clock != Clock::Virtual;
    let (mut typed, output_thread, output) =
        Lines::open(live).map_err(|error| format!("the terminal fails: {error}"))?;
    let setup = Setup {
        output: output.clone(),
        clock: play.clock,
        quiet: play.quiet,
        trace: play.trace.clone(),
        writer: None,
    };
    let played = match play.clock {
        Clock::Virtual => sessions(&mut Virtual(setup), play, &mut typed, &output),
        Clock::Threads { speed } => sessions(&mut Threads(setup, speed), play, &mut typed, &output),
    };
    // The editor goes first: what is still to be written must not wait for it.
    drop(typed);
    drop(output);
    drop(output_thread);
    Ok(if played? { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// One session after the other, as scenarios are loaded. Returns whether all was well.
fn sessions<S: Stage>(
    stage: &mut S,
    play: &Play,
    typed: &mut Lines,
    output: &Output,
) -> Result<bool, String> {
    let mut next = Some(play.script.clone());
    let mut good = true;
    while let Some(script) = next {
        check_clock(&script, play.clock)?;
        let mut narrator = ScriptText::new(output.clone(), script.nodes);
        let head = Script { lines: Vec::new(), ..script.clone() };
        output.put_all(opening::lines(&head, play.clock));
        let world = stage.raise(&head)?;
        let mut table = Table {
            session: Session::new(head, world, &mut narrator),
            stage,
            output,
            clock: play.clock,
        };
        table.begin(&script);
        next = table.talk(typed)?;
        good &= table.close()?;
    }
    Ok(good)
}

/// Where a session is played: what is typed comes in, and answers go out.
struct Table<'a, S: Stage> {
    session: Session<'a, S::World>,
    stage: &'a mut S,
    output: &'a Output,
    clock: Clock,
}

impl<S: Stage> Table<'_, S> {
    /// Carries out the lines that a scenario brings along.
    fn begin(&mut self, script: &Script) {
        for line in &script.lines {
            if let Err(failure) = self.session.carry_out(line.verb.clone()) {
                self.output.put_all(script_text::complaint(&failure));
                self.say("the scenario's other lines were not carried out");
                break;
            }
        }
        self.output.put("");
        self.output.put_all(prompt::welcome());
    }

    /// Reads and answers. Returns the scenario with which to begin anew, if that is asked for.
    fn talk(&mut self, typed: &mut Lines) -> Result<Option<Script>, String> {
        loop {
            let cluster = self.session.world();
            let prompt = match self.clock {
                Clock::Virtual => prompt::prompt(cluster.now(), &cluster.status()),
                // It would be out of date before anything is typed.
                Clock::Threads { .. } => prompt::LIVE.to_owned(),
            };
            let line = typed
                .next(&prompt, self.output)
                .map_err(|error| format!("nothing more can be read: {error}"))?;
            let Some(line) = line else { return Ok(None) };
            match words::parse(&line, self.session.script().nodes) {
                Ok(Word::Quit) => return Ok(None),
                Ok(Word::Load(name)) => match self.load(&name) {
                    Ok(script) => return Ok(Some(script)),
                    Err(sentence) => self.complain(&sentence),
                },
                Ok(word) => {
                    if let Err(sentence) = self.answer(word) {
                        self.complain(&sentence);
                    }
                }
                Err(sentence) => self.complain(&sentence),
            }
        }
    }

    fn load(&self, name: &str) -> Result<Script, String> {
        let script = library::load(name, None)?;
        check_clock(&script, self.clock)?;
        Ok(script)
    }

    fn answer(&mut self, word: Word) -> Result<(), String> {
        match word {
            Word::Nothing | Word::Quit | Word::Load(_) => {}
            Word::Line(verb) => self.carry_out(verb),
            Word::Help(None) => self.output.put_all(prompt::help(WORDS)),
            Word::Help(Some(word)) => {
                let help = prompt::help_on(WORDS, &word);
                self.output.put_all(help.ok_or_else(|| format!("'{word}' is no word here"))?);
            }
            Word::Back(count) => self.back(count)?,
            Word::Save(file) => {
                let lines = self.session.save(&file, self.stage.is_virtual())?;
                let file = file.display();
                self.say(&if self.stage.is_virtual() {
                    format!("{lines} lines; 'raft-cluster run {file} --virtual' does it all again")
                } else {
                    format!("{lines} lines; 'raft-cluster run {file}' asks for the same again")
                });
            }
            Word::Messages => {
                let cluster = self.session.world().as_virtual();
                let cluster = cluster.ok_or_else(|| "only virtual time can tell".to_owned())?;
                self.output.put_all(prompt::messages(&cluster.in_flight()));
            }
            Word::Log(node) => self.log(node),
        }
        Ok(())
    }

    fn carry_out(&mut self, verb: Verb) {
        let before = self.output.lines_put();
        if let Verb::Deliver(name) = &verb
            && let Some(world) = self.session.world().as_virtual()
            && let Some(found) = world.in_flight().iter().find(|message| message.name == *name)
        {
            self.output.put_all(prompt::delivered(&found.envelope));
        }
        if let Err(failure) = self.session.carry_out(verb) {
            self.output.put_all(script_text::complaint(&failure));
        }
        if self.stage.is_virtual() && self.output.lines_put() == before {
            self.say("done");
        }
    }

    fn back(&mut self, count: u64) -> Result<(), String> {
        if !self.stage.is_virtual() {
            return Err("threads run as they please; there is no way back".to_owned());
        }
        self.output.hush(true);
        let undone = self.session.back(count, self.stage);
        self.output.hush(false);
        let undone: Vec<String> = undone?.iter().map(|verb| format!("'{verb}'")).collect();
        if undone.is_empty() {
            return Err("there is nothing to undo".to_owned());
        }
        self.say(&format!("as if this had not been typed: {}", undone.join(", ")));
        Ok(())
    }

    fn log(&mut self, node: Option<NodeId>) {
        let world = self.session.world();
        let statuses = world.status();
        let lines = if let Some(node) = node {
            prompt::one_log(&statuses[node.index()], &world.log(node))
        } else {
            let logs: Vec<_> = statuses.iter().map(|status| world.log(status.id)).collect();
            prompt::all_logs(&statuses, &logs)
        };
        self.output.put_all(lines);
    }

    /// The end of a session: what the checker found. Returns whether all is well.
    fn close(self) -> Result<bool, String> {
        let (nodes, broken) = (self.session.script().nodes, self.session.script().broken);
        let (safety, world) = self.session.finish();
        self.output.put("");
        self.output.put_all(violation::report(&safety, nodes));
        if !broken.is_intact() {
            self.output.put("");
            self.output.put_all(opening::broken(broken));
        }
        self.stage.strike(world)?;
        Ok(safety.fallen() == 0 || !broken.is_intact())
    }

    fn say(&self, text: &str) {
        self.output.put(paint::faint(&format!("  ({text})")).to_string());
    }

    fn complain(&self, sentence: &str) {
        self.output.put(paint::wrong(&format!("  ✗ {sentence}")).to_string());
    }
}

/// What every world of a session is set up with.
struct Setup {
    output: Output,
    clock: Clock,
    quiet: bool,
    trace: Option<PathBuf>,
    writer: Option<TraceWriter>,
}

impl Setup {
    /// The listeners of a new world. A trace begins anew with it: it tells of one run.
    fn observers(&mut self, script: &Script) -> Result<Vec<Box<dyn Observer>>, String> {
        let mut observers: Vec<Box<dyn Observer>> = Vec::new();
        if !self.quiet {
            observers.push(Box::new(Story::new(self.output.clone())));
        }
        if let Some(path) = &self.trace {
            let writer = open_trace(script, self.clock, path)?;
            observers.push(Box::new(writer.clone()));
            self.writer = Some(writer);
        }
        Ok(observers)
    }

    fn finish(&mut self) -> Result<(), String> {
        match self.writer.take().map(|writer| writer.finish()) {
            Some(Err(error)) => Err(format!("the trace could not be written: {error}")),
            _ => Ok(()),
        }
    }
}

struct Virtual(Setup);

impl Stage for Virtual {
    type World = Sim;

    fn raise(&mut self, script: &Script) -> Result<Sim, String> {
        Ok(Sim::new(SimConfig::of(script), self.0.observers(script)?))
    }

    fn strike(&mut self, _: Sim) -> Result<(), String> {
        self.0.finish()
    }

    fn is_virtual(&self) -> bool {
        true
    }
}

struct Threads(Setup, f64);

impl Stage for Threads {
    type World = RaftCluster;

    fn raise(&mut self, script: &Script) -> Result<RaftCluster, String> {
        let observers = self.0.observers(script)?;
        let config = ClusterConfig { speed: self.1, observers, ..ClusterConfig::of(script) };
        RaftCluster::start(config).map_err(|error| error.to_string())
    }

    fn strike(&mut self, cluster: RaftCluster) -> Result<(), String> {
        cluster.stop().map_err(|error| error.to_string())?;
        self.0.finish()
    }

    fn is_virtual(&self) -> bool {
        false
    }
}
