//! The prompt on a trace: it moves between steps, and shows the state at each step and the reasons for it.

use std::process::ExitCode;

use super::words::{WORDS, Word, following, parse};
use super::{AT_PROMPT, made_again};
use crate::cli::error::Error;
use crate::cli::inspect;
use crate::cli::pager;
use crate::cli::play::lines::Lines;
use crate::cli::play::{Play, play};
use crate::explain::{Kind, Place};
use crate::record::history::NodeState;
use crate::record::{Clock, History};
use crate::scenario::script::Script;
use crate::view::output::Output;
use crate::view::{STORY, history as told, places, prompt};

/// Runs the prompt on a history, beginning at step `from`, until the input ends or a line asks to quit.
/// After `fork` it plays on from the current step.
pub(super) fn talk(history: &History, from: u64) -> Result<ExitCode, Error> {
    if history.last() == 0 {
        let nothing = "no step was made in this run, so there is none to go to";
        let instead = "'raft-cluster play TRACE' goes on from its beginning";
        return Err(Error::Usage(format!("{nothing}; {instead}")));
    }
    let (mut typed, output) = Lines::open(false, following).map_err(Error::Terminal)?;
    output.put_all(told::welcome(history));
    let mut table = TracePrompt { history, step: from, output: output.clone() };
    let first = table.go(from);
    output.put_all(first);
    let talked = table.answer_all(&mut typed);
    drop(typed);
    let written = output.settle();
    let forked = talked?;
    written.map_err(Error::Output)?;
    let Some(script) = forked else { return Ok(ExitCode::SUCCESS) };
    play(Play { script, is_recorded: true, clock: Clock::Virtual, trace: None, view: &STORY })
}

/// A prompt on a history, with its current step.
struct TracePrompt<'h> {
    history: &'h History,
    step: u64,
    output: Output,
}

impl TracePrompt<'_> {
    /// Reads lines and answers them until the end. Returns the scenario to go on with, if the last line was `fork`.
    fn answer_all(&mut self, typed: &mut Lines) -> Result<Option<Script>, Error> {
        loop {
            let line = typed.next(&told::prompt(self.history, self.step), &self.output);
            let Some(line) = line.map_err(Error::Input)? else { return Ok(None) };
            let answered = match parse(&line, self.history.header().nodes) {
                Ok(Word::Quit) => return Ok(None),
                Ok(Word::Fork) => match made_again(self.history, self.step, AT_PROMPT.lines) {
                    Ok(script) => return Ok(Some(script)),
                    Err(error) => Err(error.to_string()),
                },
                Ok(word) => self.answer(word),
                Err(sentence) => Err(sentence),
            };
            match answered {
                Ok(lines) => pager::answer(&self.output, lines),
                Err(sentence) => self.output.put_all(prompt::complaint(&sentence)),
            }
        }
    }

    fn answer(&mut self, word: Word) -> Result<Vec<String>, String> {
        let (history, step, last) = (self.history, self.step, self.history.last());
        match word {
            Word::Nothing | Word::Quit | Word::Fork => Ok(Vec::new()),
            Word::Help(None) => Ok(prompt::rows(WORDS)),
            Word::Help(Some(word)) => prompt::help_on(WORDS, &word),
            Word::Next(_) if step == last => Err(format!("step {last} is the last")),
            Word::Next(count) => Ok(self.go(step.saturating_add(count).min(last))),
            Word::Back(_) if step == 1 => Err("step 1 is the first".to_owned()),
            Word::Back(count) => Ok(self.go(step.saturating_sub(count).max(1))),
            Word::NextOf(kind) => self.go_to(kind, kind.next(history, step), "after"),
            Word::PreviousOf(kind) => self.go_to(kind, kind.previous(history, step), "before"),
            Word::Goto(place) => {
                let step = place.of(history).ok_or_else(|| match place {
                    Place::Step(step) => inspect::no_step(step, last),
                    _ => places::no_place(place, history),
                })?;
                Ok(self.go(step))
            }
            Word::Inspect(it) => it.answer(history, step),
            Word::Log(id) => {
                let nodes = inspect::nodes(history, step)?;
                let statuses: Vec<_> = nodes.iter().map(NodeState::status).collect();
                let logs: Vec<_> = nodes.iter().map(|stood| stood.node.log().clone()).collect();
                Ok(prompt::logs(id, &statuses, &logs))
            }
            Word::Messages => Ok(told::messages(history, step)),
        }
    }

    /// Goes to a step, and returns the lines that tell it.
    fn go(&mut self, step: u64) -> Vec<String> {
        self.step = step;
        let record = self.history.step(step).expect("whoever goes, goes to a step that there is");
        told::told(self.history, &record)
    }

    fn go_to(&mut self, kind: Kind, step: Option<u64>, side: &str) -> Result<Vec<String>, String> {
        let none = || {
            let elsewhere = match kind.next(self.history, 0) {
                Some(step) => format!("the first is in step {step}"),
                None => "none in this run".to_owned(),
            };
            format!("no '{kind}' {side} step {} ({elsewhere})", self.step)
        };
        let step = step.ok_or_else(none)?;
        Ok(self.go(step))
    }
}
