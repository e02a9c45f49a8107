//! The requests of the page to a session, and the answers.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::branched_run::{BranchedRun, NotDone, TreeLine, refused, world_of};
use crate::cli::inspect::Inspection;
use crate::cli::play::words::{self, Word};
use crate::explain::{self, Question};
use crate::panics::lock;
use crate::raft::{NodeId, Rule};
use crate::record::Clock;
use crate::record::message_name::MessageName;
use crate::scenario::line_outcome::{LineOutcome, ScriptObserver};
use crate::scenario::run::Runner;
use crate::scenario::script::Script;
use crate::scenario::verb_table::Verb;
use crate::scenario::world::{NextEvent, VirtualWorld, World};
use crate::server::timing::Time;
use crate::view::page::live::{Comparison, Growth, LiveHeading, Text, answer};
use crate::view::{failure_text, message, prompt, script_text, why};

/// What the page knows already.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct KnownMoments {
    /// The number of the world that the page shows; 0 if it shows none yet.
    world: u64,
    /// How many moments of that world the page has.
    moments: usize,
    /// How many it had when it was told last of all clients.
    #[serde(default)]
    clients: usize,
    /// How often the lines that it has had been changed.
    #[serde(default)]
    changes: u64,
}

/// What the page asks the session to do.
#[derive(Debug, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub(super) enum Act {
    /// Do nothing; the page only asks how the session stands.
    Look,
    /// Carry a line out at this moment, or at the last one if none is named.
    Line { line: String, at: Option<usize> },
    /// Carry out the scenario's next line, or let the next event happen if no line is left.
    On,
    /// The same while the page plays, with this many events.
    Pass { events: u64 },
    /// Go back to a moment, so that the next line begins a branch there.
    Fork { at: usize },
    /// Let the run go on until a moment has this mark.
    Until { mark: String, at: Option<usize> },
    /// Carry out the scenario's next line.
    Next,
    /// Carry out the rest of the scenario.
    Rest,
    /// Undo the last line.
    Undo,
    /// Do again what was undone last.
    Redo,
    /// Go to where this line has just been carried out, or to the beginning.
    GoTo { line: Option<usize> },
}

/// A request to act, and what the page knows.
#[derive(Debug, Deserialize)]
pub(super) struct Ask {
    known: KnownMoments,
    #[serde(flatten)]
    act: Act,
}

/// The answer to an act.
#[derive(Serialize)]
struct Update<'a> {
    /// The number of the world. If it differs from the one the page knows, the page must forget what it knows.
    world: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    heading: Option<LiveHeading>,
    #[serde(flatten)]
    growth: Growth<'a>,
    now: Time,
    manual: bool,
    timers: Vec<Option<Time>>,
    /// Which nodes are to crash within their next step.
    crashes: Vec<bool>,
    flights: Vec<ShownFlight>,
    /// How many lines, from the first one on, the page knows already. The others follow.
    lines_from: usize,
    lines: Vec<ShownLine>,
    /// How often lines were changed by now.
    changes: u64,
    tip: Option<usize>,
    /// The lines of the scenario; none, if the page knows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    planned: Option<Vec<String>>,
    done: usize,
    /// Why the act was refused, or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    complaint: Option<String>,
    /// The answer to a line that asks for something, and the last event that leaves no trace in a node.
    said: Vec<String>,
}

#[derive(Serialize)]
struct ShownLine {
    text: String,
    parent: Option<usize>,
    /// The last moment of the run after this line.
    moment: usize,
    /// Whether no branch can begin within it: what is done at a moment in it comes after it.
    whole: bool,
}

/// A message that is in flight now, and can be acted on.
#[derive(Serialize)]
struct ShownFlight {
    id: u64,
    /// The name by which a line can act on it; `None` if a line with that name acts on another message.
    name: Option<String>,
    due: Option<Time>,
    /// Whether it has arrived, and can arrive again.
    delivered: bool,
}

/// An observer that keeps the events that leave no trace in a node: a message is lost, or waits.
#[derive(Clone, Default)]
pub(super) struct UnseenEvents {
    said: Arc<Mutex<Vec<String>>>,
}

impl UnseenEvents {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.said))
    }
}

impl ScriptObserver for UnseenEvents {
    fn line_outcome(&mut self, _: Time, outcome: &LineOutcome) {
        if let LineOutcome::Happens(event @ (NextEvent::Lost(..) | NextEvent::Waits(_))) = outcome {
            let (who, text) = script_text::happening(event);
            let said = if who.is_empty() { text } else { format!("{who} {text}") };
            lock(&self.said).push(said);
        }
    }
}

/// The session, as the page acts on it.
pub(super) struct Desk<'a> {
    pub(super) session: BranchedRun<'a>,
    pub(super) heard: UnseenEvents,
    /// The number of the world. The next session must begin with another.
    pub(super) world: u64,
    /// Why the lines of a recorded run were not all carried out. It is told to every page that begins to show the
    /// session, until the session goes elsewhere.
    pub(super) cut: Option<String>,
}

impl<'a> Desk<'a> {
    /// Does what the page asks for, and returns how the session stands then, as JSON.
    pub(super) fn act(&mut self, ask: Ask) -> Vec<u8> {
        let mut said = Vec::new();
        let passes = matches!(ask.act, Act::Pass { .. });
        let is_seen = matches!(ask.act, Act::Look) || self.is_seen(ask.known);
        let done = if is_seen {
            self.carry_out(ask.act, &mut said)
        } else {
            // The page shows an older state, so the act could do something that its user did not mean.
            refused(
                "another window has changed the session, and nothing was done here; this is how it stands now",
            )
        };
        // Only the last event counts: the others happened on the way to it. While the page plays, none is told.
        let events = self.heard.take();
        if let [.., last] = events.as_slice()
            && !passes
        {
            said.push(last.clone());
        }
        let is_new = ask.known.world != self.world;
        let complaint =
            done.err().map(NotDone::told).or_else(|| self.cut.clone().filter(|_| is_new));
        self.told(ask.known, passes, said, complaint)
    }

    /// Whether the page shows the current state of the session. A page that knows no state yet may act too.
    const fn is_seen(&self, known: KnownMoments) -> bool {
        known.world == 0 || known.world == self.world && known.moments == self.session.shown.len()
    }

    fn carry_out(&mut self, act: Act, said: &mut Vec<String>) -> Result<(), NotDone> {
        match act {
            Act::Look => Ok(()),
            Act::Line { line, at } => self.line(&line, at, said),
            Act::On => self.session.go_on(1),
            Act::Pass { events } => self.session.go_on(events.max(1)),
            Act::Fork { at } => self.fork(Some(at)),
            Act::Until { mark, at } => {
                self.fork(at)?;
                self.session.until(&mark)
            }
            Act::Next => self.session.next_planned(),
            Act::Rest => self.session.rest(),
            Act::Undo => self.elsewhere(|session| session.undo(1)),
            Act::Redo => self.elsewhere(|session| session.redo(1)),
            Act::GoTo { line } => {
                if line.is_some_and(|line| line >= self.session.lines.len()) {
                    return refused("there is no such line");
                }
                self.elsewhere(|session| {
                    session.go_to(line);
                    Ok(())
                })
            }
        }
    }

    /// Does an act that may replace the world, which gets a new number.
    fn elsewhere(
        &mut self,
        act: impl FnOnce(&mut BranchedRun<'a>) -> Result<(), NotDone>,
    ) -> Result<(), NotDone> {
        self.world += 1;
        self.cut = None;
        act(&mut self.session)
    }

    /// Goes back to a moment, unless it is the last.
    fn fork(&mut self, at: Option<usize>) -> Result<(), NotDone> {
        match at.filter(|&at| at + 1 < self.session.shown.len()) {
            Some(at) => self.elsewhere(|session| session.fork(at)),
            None => Ok(()),
        }
    }

    /// Carries out what was typed, in the words of the prompt.
    fn line(
        &mut self,
        line: &str,
        at: Option<usize>,
        said: &mut Vec<String>,
    ) -> Result<(), NotDone> {
        let word = match words::parse(line, self.session.head.nodes).map_err(NotDone::Refused)? {
            // As a line of the session it would change nothing, and the page would not show its answer.
            Word::Line(Verb::Status) => Word::Inspect(Inspection::Show(None)),
            word => word,
        };
        said.extend(match word {
            Word::Nothing => return Ok(()),
            Word::Run(_) if self.session.done() < self.session.planned.len() => {
                return self.session.rest();
            }
            Word::Line(verb) | Word::Run(verb) => {
                self.fork(at)?;
                return self.session.carry_out(&verb);
            }
            Word::Back(count) => return self.elsewhere(|session| session.undo(count)),
            Word::Forward(count) => return self.elsewhere(|session| session.redo(count)),
            Word::Next(count) => {
                return (0..count).try_for_each(|_| self.session.next_planned());
            }
            Word::Help(None) => prompt::help(words::WORDS),
            Word::Help(Some(word)) => words::help_on(&word).map_err(NotDone::Refused)?,
            Word::Inspect(asked) => {
                let step = at.map_or(u64::MAX, |at| self.session.shown.last_step(at));
                let answered = self
                    .session
                    .recorder
                    .look(|history| asked.answer(history, step.min(history.last())));
                answered.map_err(NotDone::Refused)?
            }
            Word::Save(_) | Word::Load(_) | Word::Messages(_) | Word::Log(_) | Word::Quit => {
                let word = line.split_whitespace().next().unwrap_or_default();
                return refused(&format!(
                    "'{word}' is for the prompt; the page has a place for it"
                ));
            }
        });
        Ok(())
    }

    fn told(
        &mut self,
        known: KnownMoments,
        passes: bool,
        said: Vec<String>,
        complaint: Option<String>,
    ) -> Vec<u8> {
        let session = &mut self.session;
        let is_known = known.world == self.world;
        let all = session.shown.len();
        let known = if is_known {
            let (moments, clients) = (known.moments.min(all), known.clients.min(all));
            KnownMoments { moments, clients, ..known }
        } else {
            KnownMoments { world: self.world, moments: 0, clients: 0, changes: 0 }
        };
        let heading = (!is_known)
            .then(|| LiveHeading::of(&session.head.header(Clock::Virtual), &session.head));
        // Auditing all logs takes time in proportion to their length, and is not needed while the page plays.
        let safety = (!passes).then(|| session.safety());
        let (tip, done, changes) = (session.tip, session.done(), session.changes);
        let lines_from = session.unchanged(known.changes);
        let lines = session.lines[lines_from..].iter().map(shown_line).collect();
        let planned =
            (!is_known).then(|| session.planned.iter().map(ToString::to_string).collect());
        let sim = session.world();
        let (now, manual, flights) = (sim.now(), sim.is_manual(), flights(sim));
        let timers = NodeId::all(sim.size()).map(|id| sim.deadline(id)).collect();
        let crashes = NodeId::all(sim.size()).map(|id| sim.crash_within(id).is_some()).collect();
        let shown = &mut session.shown;
        let told = session.recorder.look(|history| {
            let growth = shown.growth(history, safety.as_ref(), (known.moments, known.clients));
            let world = self.world;
            serde_json::to_vec(&Update {
                world,
                heading,
                growth,
                now,
                manual,
                timers,
                crashes,
                flights,
                lines_from,
                lines,
                changes,
                tip,
                planned,
                done,
                complaint,
                said,
            })
        });
        told.expect("what the page is told has only names as keys")
    }

    /// Answers a question about the end of a moment, or says why there is no answer.
    pub(super) fn why(&self, question: &str, moment: usize) -> Result<Text, String> {
        let step = self.session.shown.last_step(moment);
        let asked = Question::parse(question, self.session.head.nodes);
        let answered = asked.and_then(|question| {
            self.session
                .recorder
                .look(|history| explain::why(history, step, &question).map(|it| answer(&it)))
        });
        answered.map_err(|error| why::unanswerable(&error))
    }

    /// Compares the run with the same run with this rule broken, or kept if it is broken here. Lines that
    /// cannot be carried out there are passed over.
    pub(super) fn otherwise(&self, rule: Rule) -> Comparison {
        let script = self.session.as_script();
        let others = script.broken.broken().filter(|&other| other != rule);
        let broken = others.chain(script.broken.keeps(rule).then_some(rule)).collect();
        let script = Script { broken, ..script };
        let (sim, recorder) = world_of(&script);
        let mut told = ();
        let mut runner = Runner::new(sim, &mut told);
        let lines = (1..).zip(&script.lines);
        let failed = lines.filter_map(|(nth, line)| runner.execute(nth, &line.verb).err());
        let failed = failed.map(|failure| failure_text::sentence(&failure)).collect();
        let safety = runner.finish();
        recorder.look(|other| {
            self.session.recorder.look(|own| Comparison::of(rule, own, other, &safety, failed))
        })
    }
}

fn shown_line(line: &TreeLine) -> ShownLine {
    ShownLine {
        text: line.verb.to_string(),
        parent: line.parent,
        moment: line.last_moment(),
        whole: line.is_whole(),
    }
}

/// The messages in flight, with the names by which they can be acted on.
fn flights(sim: &impl VirtualWorld) -> Vec<ShownFlight> {
    let all = sim.in_flight();
    let key = |name: MessageName| (name.kind, name.from, name.to);
    let arriving: HashSet<_> =
        all.iter().filter(|it| it.due.is_some()).map(|it| key(it.name)).collect();
    let mut named = HashSet::new();
    all.iter()
        .map(|flight| {
            // A name means a message that arrives by itself rather than one that is held.
            let can = match flight.due {
                Some(_) => named.insert(key(flight.name)),
                None => !arriving.contains(&key(flight.name)),
            };
            ShownFlight {
                id: flight.id.0,
                name: can.then(|| message::name(flight.name)),
                due: flight.due,
                delivered: flight.delivered,
            }
        })
        .collect()
}
