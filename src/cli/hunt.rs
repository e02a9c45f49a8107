//! `raft-cluster hunt`: looks for a run in which Raft fails, and tells the shortest one it finds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Format;
use crate::raft::{Property, Rule, RuleSet};
use crate::scenario::library;
use crate::scenario::line_outcome::{LineOutcome, ScriptObserver};
use crate::scenario::run::Runner;
use crate::scenario::script::Script;
use crate::scenario::verb::Verb;
use crate::search;
use crate::search::best::{Best, Searches};
use crate::search::random;
use crate::search::random::trial::Finding;
use crate::search::random::{Hunt, Progress};
use crate::server::timing::Time;
use crate::sim::{Sim, SimConfig};
use crate::view::output::Output;
use crate::view::script_text::ScriptText;
use crate::view::story::Story;
use crate::view::table::paragraph;
use crate::view::{hunt as view, json, opening, paint, script_text};

/// A hunt, as the command line asks for it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The rules that are off.
    pub broken: Vec<Rule>,
    /// Every rule in turn.
    pub break_each: bool,
    /// The first seed.
    pub first: u64,
    /// How many seeds, if that is said.
    pub seeds: Option<u64>,
    /// How long, if that is said.
    pub within: Option<Duration>,
    /// How many threads.
    pub jobs: usize,
    /// Where to keep the counterexample.
    pub save: Option<PathBuf>,
    /// How to write what comes of it.
    pub format: Format,
}

/// Hunts. Exit code 1 if a property fell, 0 if none did; with every rule in turn, 0 if each was
/// caught.
///
/// # Errors
/// A sentence, if what was found cannot be saved.
pub fn run(options: &Options) -> Result<ExitCode, String> {
    options.save.as_deref().map_or(Ok(()), Script::may_be_saved)?;
    let (output_thread, output) = Output::open();
    let progress = Arc::new(Progress::default());
    let interrupted = Arc::clone(&progress);
    // Without a handler Ctrl-C ends the program at once; with it the hunt ends and says what it has.
    let _ = ctrlc::set_handler(move || interrupted.stop.store(true, Ordering::Relaxed));
    let code = if options.break_each {
        Ok(break_each(options, &progress, &output))
    } else {
        let rules = options.broken.iter().copied().collect();
        one(options, rules, &progress, &output)
    };
    drop(output);
    drop(output_thread);
    code
}

fn one(
    options: &Options,
    rules: RuleSet,
    progress: &Arc<Progress>,
    output: &Output,
) -> Result<ExitCode, String> {
    let json = options.format == Format::Json;
    if !json {
        output.put_all(opening::broken(rules));
    }
    let hunt = Hunt {
        rules,
        first: options.first,
        // Without a limit an intact core would be hunted for ever.
        seeds: match (options.seeds, options.within) {
            (Some(seeds), _) => seeds,
            (None, Some(_)) => u64::MAX,
            (None, None) => 10_000,
        },
        within: options.within,
        jobs: options.jobs,
        enough: search::best::catches_wanted(rules),
    };
    let only = random::sole_rule(rules);
    let bar = Bar::show(progress, options.seeds);
    let best = search::best::best(&hunt, Searches::Quick, progress);
    drop(bar);
    if json {
        output.put(json::hunt(rules, &best, progress));
        let script = best.short.as_ref().map(|short| view::script(short, &name(options)));
        let saved = options.save.as_deref().zip(script).map(|(path, script)| script.save(path));
        let stopped = progress.stop.load(Ordering::Relaxed);
        let code = ExitCode::from(u8::from(stopped || best.has_caught()));
        return saved.unwrap_or(Ok(())).map(|()| code).map_err(|error| error.to_string());
    }
    output.put(view::figures(progress, best.result.took));
    if !best.has_caught() {
        // With nothing caught only Ctrl-C stops a hunt.
        let stopped = progress.stop.load(Ordering::Relaxed);
        let unjudged = view::unjudged(progress);
        if stopped {
            output.put("Stopped. In what was played no property has fallen.");
        } else {
            if unjudged.is_none() {
                output.put(paint::good("✓ no property has fallen").to_string());
            }
            if let Some(rule) = only {
                output.put_all(paragraph(&view::too_few_seeds(rule), "", ""));
            }
        }
        output.put_all(unjudged.iter().flat_map(|text| paragraph(text, "", "")));
        output.put_all(opening::broken(rules));
        return Ok(if stopped { ExitCode::from(1) } else { ExitCode::SUCCESS });
    }
    tell_catch(&best, rules, output);
    output.put("");
    let mut saved = Ok(());
    if let Some(short) = &best.short {
        view::tell(short, output);
        if only.is_some_and(|rule| rule.protects() == Property::Monotonicity) {
            output.put("");
            output.put_all(paragraph(view::ONLY_COUNTERS, "", ""));
        }
        saved = keep(options, &view::script(short, &name(options)), output);
    } else if let Some(script) = only.and_then(library::broken) {
        tell_stall(&script, output);
        saved = keep(options, &script, output);
    } else if options.save.is_some() {
        output.put("Nothing is saved: a stall is about time, and no list of moves shows it.");
    }
    output.put("");
    output.put_all(opening::broken(rules));
    saved.map(|()| ExitCode::from(1))
}

/// Says what was caught first, and how the run that is told next came to be as short as it is.
fn tell_catch(best: &Best, rules: RuleSet, output: &Output) {
    match best.result.catches.first() {
        Some(first) => {
            let found = format!("Seed {}: {}", first.seed, view::finding(&first.finding));
            output.put_all(paragraph(&found, "", ""));
            let stalled = matches!(first.finding, Finding::Stalled(_));
            if best.short.is_none() && stalled && !rules.is_intact() {
                output.put(if random::intact_recovers(first.seed) {
                    "In the world of the same seed the intact core recovers, and disturbs nobody."
                } else {
                    "The intact core does not recover in the world of this seed either."
                });
            }
        }
        None => output.put("No seed found it; an exhaustive search did."),
    }
    if let Some(short) = &best.short {
        output.put_all(paragraph(&view::how_short(short), "", ""));
    }
}

/// Tells the run that ships for a rule whose breaking only time can show: what stalls without the
/// rule, and how soon it comes with it.
fn tell_stall(script: &Script, output: &Output) {
    let title = format!("The shortest story of it: 'raft-cluster run {}'", script.name);
    output.put(paint::heading(&title).to_string());
    if let Some(question) = &script.question {
        output.put_all(paragraph(question, "Question: ", "          "));
    }
    let mut told = ScriptText::new(output.clone(), script.nodes);
    let story = Story::new(output.clone());
    let world = Sim::new(SimConfig::of(script), vec![Box::new(story)]);
    // What fails here is told as it fails.
    if let Err(failure) = Runner::new(world, &mut told).run(&script.lines) {
        output.put_all(script_text::failure(&failure));
    }
    output.put("");
    let title = format!("The same with the rule: 'raft-cluster run {} --intact'", script.name);
    output.put(paint::heading(&title).to_string());
    let intact = Script { broken: RuleSet::INTACT, ..script.clone() };
    let mut last = Ending { output, stall: false };
    let world = Sim::new(SimConfig::of(&intact), Vec::new());
    if let Err(failure) = Runner::new(world, &mut last).spared(true).run(&script.lines) {
        output.put_all(script_text::complaint(&failure));
    }
}

/// Says of an intact run only what came of the stall.
struct Ending<'a> {
    output: &'a Output,
    stall: bool,
}

impl ScriptObserver for Ending<'_> {
    fn line_outcome(&mut self, time: Time, outcome: &LineOutcome) {
        if let LineOutcome::Began(verb) = outcome {
            self.stall = matches!(verb, Verb::ExpectStall { .. });
        } else if self.stall {
            ScriptText::new(self.output.clone(), 0).line_outcome(time, outcome);
        }
    }
}

/// What a saved scenario is called: like its file.
fn name(options: &Options) -> String {
    let stem = options.save.as_deref().and_then(Path::file_stem);
    stem.map_or_else(|| "counterexample".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

fn keep(options: &Options, script: &Script, output: &Output) -> Result<(), String> {
    options.save.as_ref().map_or(Ok(()), |path| save(path, script, output))
}

/// Writes a counterexample as a file, and says how to run it.
pub(super) fn save(path: &Path, script: &Script, output: &Output) -> Result<(), String> {
    script.save(path)?;
    let file = path.display();
    let text = format!(
        "Saved: 'raft-cluster run {file}' plays it again; with --intact every rule is kept in it."
    );
    output.put("");
    output.put_all(paragraph(&text, "", ""));
    Ok(())
}

fn break_each(options: &Options, progress: &Arc<Progress>, output: &Output) -> ExitCode {
    let bar = Bar::show(progress, None);
    let mut rows = Vec::new();
    for rule in Rule::ALL {
        let rules = RuleSet::INTACT.without(rule);
        let hunt = Hunt {
            rules,
            first: options.first,
            seeds: options.seeds.unwrap_or(u64::MAX),
            within: Some(options.within.unwrap_or(Duration::from_secs(10))),
            jobs: options.jobs,
            enough: search::best::catches_wanted(rules),
        };
        let own = Progress::default();
        let best = search::best::best(&hunt, Searches::Quick, &own);
        progress.add(&own);
        let seeds = own.seeds.load(Ordering::Relaxed);
        let first = best.result.catches.first();
        let tried = first.map_or(seeds, |first| first.seed - options.first + 1);
        if options.format == Format::Json {
            output.put(json::hunt(rules, &best, &own));
        }
        rows.push(view::Row { rule, best, tried });
        if progress.stop.load(Ordering::Relaxed) {
            break;
        }
    }
    drop(bar);
    let caught = rows.iter().filter(|row| row.best.has_caught()).count();
    let code = if caught == Rule::ALL.len() { ExitCode::SUCCESS } else { ExitCode::from(1) };
    if options.format == Format::Json {
        return code;
    }
    output.put_all(view::matrix(&rows));
    output.put("");
    output.put_all(paragraph(view::LEGEND, "", ""));
    output.put("");
    if rows.len() < Rule::ALL.len() {
        output.put(format!("Stopped: only the first {} rules were tried.", rows.len()));
    }
    output.put(format!("{caught} of {} rules were caught when broken", Rule::ALL.len()));
    code
}

/// A progress bar on standard error, while a person watches.
struct Bar {
    done: Sender<()>,
    /// Nothing if the machine gives no more threads.
    thread: Option<thread::JoinHandle<()>>,
}

impl Bar {
    fn show(progress: &Arc<Progress>, seeds: Option<u64>) -> Self {
        let progress = Arc::clone(progress);
        let (done, ended) = bounded(1);
        let watch = move || watch(&progress, seeds, &ended);
        Self { done, thread: thread::Builder::new().spawn(watch).ok() }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        let _ = self.done.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn watch(progress: &Progress, seeds: Option<u64>, ended: &Receiver<()>) {
    let bar = seeds.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} {elapsed} {pos} seeds ({per_sec}) {msg}")
    {
        bar.set_style(style);
    }
    while ended.recv_timeout(Duration::from_millis(100)).is_err() {
        bar.set_position(progress.seeds.load(Ordering::Relaxed));
        let hours = progress.simulated.load(Ordering::Relaxed) as f64 / 3.6e9;
        let faults = progress.faults.load(Ordering::Relaxed);
        let caught = progress.caught.load(Ordering::Relaxed);
        bar.set_message(format!("{hours:.1} simulated hours, {faults} faults, {caught} caught"));
    }
    bar.finish_and_clear();
}
