//! `raft-cluster hunt`: looks for a run in which Raft fails, and tells the shortest one it finds.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::Format;
use super::arguments::search::HuntOptions;
use super::error::Error;
use super::interrupt;
use super::printing;
use super::room::{self, jobs_or_all};
use crate::raft::{Rule, RuleSet};
use crate::scenario::library;
use crate::scenario::line_outcome::{LineOutcome, ScriptObserver};
use crate::scenario::run::Runner;
use crate::scenario::script::Script;
use crate::scenario::verb_table::Verb;
use crate::search::best_counterexample::{Best, Searches, best, catches_wanted};
use crate::search::random::trial::HuntFinding;
use crate::search::random::{Hunt, HuntProgress, intact_recovers, sole_rule};
use crate::server::timing::Time;
use crate::sim::{Sim, SimConfig};
use crate::view::output::Output;
use crate::view::table::paragraph;
use crate::view::{Listeners, STORY, failure_text, header, hunt_result as view, json};

impl HuntOptions {
    /// The hunt that these options ask for, on nodes with these rules.
    fn hunt(&self, rules: RuleSet, seeds: u64, within: Option<Duration>) -> Hunt {
        let (jobs, enough) = (jobs_or_all(self.jobs), catches_wanted(rules));
        Hunt { rules, first: self.seed, seeds, within, jobs, enough }
    }
}

/// Hunts. Returns exit code 1 if a property was violated and 0 if none was; with `--break-each`, 0 if every rule
/// was caught and else 1. A hunt that is interrupted before that returns 130.
pub(super) fn run(options: &HuntOptions) -> Result<ExitCode, Error> {
    options.save.as_deref().map_or(Ok(()), Script::may_be_saved).map_err(Error::NotWritten)?;
    room::check()?;
    let stop = interrupt::asked();
    printing(|output| {
        if options.break_each {
            break_each(options, &stop, output)
        } else {
            one(options, &HuntProgress::until(&stop), output)
        }
    })
}

fn one(options: &HuntOptions, progress: &HuntProgress, output: &Output) -> Result<ExitCode, Error> {
    let rules = options.broken.iter().copied().collect();
    let json = options.format == Format::Json;
    if !json {
        output.put_all(header::broken(rules));
    }
    let seeds = match (options.seeds, options.within) {
        (Some(seeds), _) => seeds,
        (None, Some(_)) => u64::MAX,
        // Without a limit, a hunt on an intact core would never end.
        (None, None) => 10_000,
    };
    let hunt = options.hunt(rules, seeds, options.within);
    let best = watched(&hunt, progress, options.seeds, "", output)?;
    let stopped = progress.is_stopped();
    if progress.seeds.load(Ordering::Relaxed) == 0 && !stopped {
        let nothing = "no seed was tried, so nothing is known; raise --seeds or --for";
        return Err(Error::Usage(nothing.to_owned()));
    }
    if json {
        return for_programs(options, rules, &best, progress, output);
    }
    output.put_all(paragraph(&view::figures(progress, best.result.took), "", ""));
    if !best.has_caught() {
        output.put_all(view::nothing(progress, stopped, sole_rule(rules)));
        output.put_all(header::broken(rules));
        return Ok(if stopped { interrupt::code() } else { ExitCode::SUCCESS });
    }
    output.put_all(view::caught(&best, recovers(&best, rules)));
    output.put("");
    let saved = tell(&best, rules, options.save.as_deref(), output);
    output.put("");
    output.put_all(header::broken(rules));
    saved.map(|()| ExitCode::from(1))
}

/// Writes the result of a hunt as JSON, for programs.
fn for_programs(
    options: &HuntOptions,
    rules: RuleSet,
    best: &Best,
    progress: &HuntProgress,
    output: &Output,
) -> Result<ExitCode, Error> {
    output.put(json::hunt(rules, best, progress));
    if let Some(file) = options.save.as_deref().filter(|_| best.has_caught()) {
        match worth_saving(best, rules) {
            Some(script) => script.save(file).map_err(Error::NotWritten)?,
            // Standard output holds only results, so this goes to standard error.
            None => _ = writeln!(io::stderr(), "{}", view::NOT_SAVED),
        }
    }
    Ok(if progress.is_stopped() && !best.has_caught() {
        interrupt::code()
    } else {
        ExitCode::from(u8::from(best.has_caught()))
    })
}

/// Whether the intact core recovers on the seed on which the first catch stalls. `None` if the hunt found
/// more than a stall, or hunted the intact core.
fn recovers(best: &Best, rules: RuleSet) -> Option<bool> {
    let first = best.result.catches.first()?;
    let stalled = best.short.is_none() && matches!(first.finding, HuntFinding::Stalled(_));
    (stalled && !rules.is_intact()).then(|| intact_recovers(first.seed))
}

/// The shortest counterexample as a scenario. If only a stall was caught, the scenario that ships for the rule.
fn worth_saving(best: &Best, rules: RuleSet) -> Option<Script> {
    match &best.short {
        Some(short) => Some(view::script(short, "counterexample")),
        None => sole_rule(rules).and_then(library::broken),
    }
}

/// Tells the shortest counterexample, or the story that ships for a stall, and saves it.
fn tell(best: &Best, rules: RuleSet, file: Option<&Path>, output: &Output) -> Result<(), Error> {
    let script = worth_saving(best, rules);
    if let Some(short) = &best.short {
        view::tell(short, output);
        output.put_all(view::worth(rules));
    } else if let Some(script) = &script {
        tell_stall(script, output);
    }
    match script {
        Some(script) => return save(file, &script, output),
        None if file.is_some() => output.put_all(paragraph(view::NOT_SAVED, "", "")),
        None => {}
    }
    Ok(())
}

/// Tells the run that ships for a rule whose absence shows only as a stall: what stalls without the rule,
/// and how soon it comes true with the rule.
fn tell_stall(script: &Script, output: &Output) {
    output.put_all(view::stall_story(script));
    let mut told = (STORY.open)(output, script.nodes, false);
    let world = Sim::new(SimConfig::of(script), std::mem::take(&mut told.observers));
    if let Err(failure) = Runner::new(world, &mut told).run(&script.lines) {
        output.put_all(failure_text::failure(&failure));
    }
    output.put_all(view::intact_story(script));
    let intact = Script { broken: RuleSet::INTACT, ..script.clone() };
    let mut last = StallEnding { told, stall: false };
    let world = Sim::new(SimConfig::of(&intact), Vec::new());
    if let Err(failure) = Runner::new(world, &mut last).spared(true).run(&script.lines) {
        output.put_all(failure_text::complaint(&failure));
    }
}

/// An observer of the intact run that passes on only the outcome of `expect stall` lines.
struct StallEnding {
    told: Listeners,
    stall: bool,
}

impl ScriptObserver for StallEnding {
    fn line_outcome(&mut self, time: Time, outcome: &LineOutcome) {
        if let LineOutcome::Began(verb) = outcome {
            self.stall = matches!(verb, Verb::ExpectStall { .. });
        } else if self.stall {
            self.told.line_outcome(time, outcome);
        }
    }
}

/// Saves a counterexample, if a file is asked for, and says how to run it.
pub(super) fn save(file: Option<&Path>, script: &Script, output: &Output) -> Result<(), Error> {
    let Some(file) = file else { return Ok(()) };
    script.save(file).map_err(Error::NotWritten)?;
    output.put_all(view::saved(file));
    Ok(())
}

fn break_each(
    options: &HuntOptions,
    stop: &Arc<AtomicBool>,
    output: &Output,
) -> Result<ExitCode, Error> {
    let text = options.format == Format::Text;
    if text {
        output.put_all(view::matrix_head());
    }
    let mut rows = Vec::new();
    for (nth, rule) in Rule::ALL.into_iter().enumerate() {
        let within = options.within.unwrap_or(Duration::from_secs(10));
        let seeds = options.seeds.unwrap_or(u64::MAX);
        let hunt = options.hunt(RuleSet::INTACT.without(rule), seeds, Some(within));
        let progress = HuntProgress::until(stop);
        let best = watched(&hunt, &progress, None, &view::at_work(nth), output)?;
        if progress.is_stopped() && !best.has_caught() {
            // Nothing is known of a rule whose hunt did not come to its end.
            break;
        }
        if !text {
            output.put(json::hunt(RuleSet::INTACT.without(rule), &best, &progress));
        }
        let first = best.result.catches.first();
        let tried = first.map(|first| first.seed - options.seed + 1);
        let tried = tried.unwrap_or_else(|| progress.seeds.load(Ordering::Relaxed));
        let row = view::MatrixRow { rule, best, tried };
        if text {
            output.put_all(view::matrix_row(&row));
        }
        rows.push(row);
        if progress.is_stopped() {
            break;
        }
    }
    if text {
        output.put_all(view::matrix_end(&rows));
    }
    let caught = rows.iter().filter(|row| row.best.has_caught()).count();
    if stop.load(Ordering::Relaxed) && caught < Rule::ALL.len() {
        return Ok(interrupt::code());
    }
    Ok(ExitCode::from(u8::from(caught < Rule::ALL.len())))
}

/// Hunts, with a progress bar on standard error while a person watches. `seeds` is the number to try, if it is
/// known; `at_work` names the rule that is hunted, if there are several.
fn watched(
    hunt: &Hunt,
    progress: &HuntProgress,
    seeds: Option<u64>,
    at_work: &str,
    output: &Output,
) -> Result<Best, Error> {
    // The bar takes back only its own line, so what was put before must stand above it.
    output.settle().map_err(Error::Output)?;
    let (done, ended) = bounded(0);
    Ok(thread::scope(|scope| {
        let watch = || watch(progress, seeds, at_work, &ended);
        // If the machine has no more threads, there is no bar.
        let _ = thread::Builder::new().spawn_scoped(scope, watch);
        let best = best(hunt, Searches::Quick, progress);
        drop(done);
        best
    }))
}

fn watch(progress: &HuntProgress, seeds: Option<u64>, at_work: &str, ended: &Receiver<()>) {
    let bar = seeds.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let template = match seeds {
        Some(_) => "{spinner} {elapsed}, {eta} left: {pos} of {len} seeds  {wide_msg}",
        None => "{spinner} {elapsed} {prefix} {pos} seeds  {wide_msg}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(at_work.to_owned());
    while ended.recv_timeout(Duration::from_millis(100)) == Err(RecvTimeoutError::Timeout) {
        bar.set_position(progress.seeds.load(Ordering::Relaxed));
        bar.set_message(view::so_far(progress));
    }
    bar.finish_and_clear();
}
