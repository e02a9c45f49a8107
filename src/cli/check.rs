//! `raft-cluster check`: everything that can happen to a small cluster within bounds.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::Format;
use crate::cli::hunt::save;
use crate::raft::RuleSet;
use crate::scenario::script::Script;
use crate::search::best::as_short;
use crate::search::exhaustive;
use crate::search::exhaustive::{Bounds, Pause, Reach, Stats, chance_of_a_miss};
use crate::view::output::Output;
use crate::view::table::{Table, paragraph};
use crate::view::{hunt as view, json, opening, paint};

/// A search, as the command line asks for it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The rules of the nodes.
    pub rules: RuleSet,
    /// How far it goes.
    pub bounds: Bounds,
    /// Where to keep a counterexample.
    pub save: Option<PathBuf>,
    /// How to write what comes of it.
    pub format: Format,
}

/// Searches. Exit code 0 if nothing falls within the bounds, 1 if something does, or memory ends.
///
/// # Errors
/// A sentence, if the counterexample cannot be saved.
pub fn run(options: &Options) -> Result<ExitCode, String> {
    let bounds = &options.bounds;
    options.save.as_deref().map_or(Ok(()), Script::may_be_saved)?;
    let (output_thread, output) = Output::open();
    let json = options.format == Format::Json;
    if !json {
        output.put_all(opening::broken(options.rules));
        output.put_all(paragraph(&view::within(bounds), "", ""));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let interrupted = Arc::clone(&stop);
    // Without a handler Ctrl-C ends the program at once; with it the search says how far it came.
    let _ = ctrlc::set_handler(move || interrupted.store(true, Ordering::Relaxed));
    let told = output.clone();
    let outcome = exhaustive::explore(options.rules, bounds, |stats, pause| {
        if pause == Pause::Depth {
            told.put(if json { json::search_depth(stats) } else { depth(stats) });
        }
        if stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    drop(told);
    if json {
        let violation = outcome.violation.clone();
        let short = violation.and_then(|found| as_short(found, bounds, options.rules));
        output.put(json::search(options.rules, bounds, &outcome, short.as_ref()));
        let script = short.map(|short| view::script(&short, "counterexample"));
        let saved = options.save.as_deref().zip(script).map(|(path, script)| script.save(path));
        let code = ExitCode::from(u8::from(outcome.reach != Reach::Exhausted));
        return saved.unwrap_or(Ok(())).map(|()| code).map_err(|error| error.to_string());
    }
    output.put("");
    output.put_all(figures(&outcome.stats));
    output.put("");
    let code = match outcome.reach {
        Reach::Exhausted => {
            let held = "✓ every state within the bounds was seen, and no property falls in any";
            output.put(paint::good(held).to_string());
            let unseen = options.rules.broken().map(view::unseen);
            unseen.for_each(|why| output.put_all(paragraph(&why, "", "")));
            ExitCode::SUCCESS
        }
        Reach::Stopped => {
            output.put_all(paragraph(&unfinished(&outcome.stats, ""), "", ""));
            ExitCode::from(1)
        }
        Reach::OutOfMemory => {
            let megabytes = bounds.memory >> 20;
            let full = format!(
                " The {megabytes} MB that it may use are full; smaller bounds need less, and \
                 --memory MB allows more."
            );
            output.put_all(paragraph(&unfinished(&outcome.stats, &full), "", ""));
            ExitCode::from(1)
        }
        Reach::Fell => ExitCode::from(1),
    };
    let mut saved = Ok(());
    if let Some(found) = &outcome.violation {
        let (property, length) = (found.property, found.steps.len());
        output.put(format!("{property} falls after {length} moves, and no way to it is shorter:"));
        if let Some(short) = as_short(found.clone(), bounds, options.rules) {
            let moves = short.schedule.moves.len();
            if moves != length {
                let crash = "a crash and its restart are one step of a search, and two moves below";
                output.put(format!("({moves} moves as they are told: {crash}.)"));
            }
            view::tell(&short, &output);
            if let Some(path) = &options.save {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                saved = save(path, &view::script(&short, &name), &output);
            }
        }
    }
    if !options.rules.is_intact() {
        output.put("");
        output.put_all(opening::broken(options.rules));
    }
    drop(output);
    drop(output_thread);
    saved.map(|()| code)
}

/// How far a search came that was not finished.
fn unfinished(stats: &Stats, why: &str) -> String {
    format!(
        "Stopped at depth {} of an unfinished search: up to there every state was seen, and no \
         property falls.{why}",
        stats.depth
    )
}

fn depth(stats: &Stats) -> String {
    let seconds = stats.elapsed.as_secs_f64();
    format!(
        "depth {:>3}  {:>10} states  {:>10} new  {:>7.0} a second  {seconds:>6.1} s  {:>6} MB",
        stats.depth,
        stats.states,
        stats.newest,
        stats.states as f64 / seconds.max(1e-3),
        stats.memory >> 20
    )
}

fn figures(stats: &Stats) -> Vec<String> {
    let seconds = stats.elapsed.as_secs_f64();
    let mut table = Table::new(2);
    for (what, how_much) in [
        ("states", stats.states.to_string()),
        ("transitions", stats.transitions.to_string()),
        ("depth", stats.depth.to_string()),
        ("seconds", format!("{seconds:.1}")),
        ("states a second", format!("{:.0}", stats.states as f64 / seconds.max(1e-3))),
        ("memory", format!("{} MB", stats.memory >> 20)),
        ("chance of a miss", format!("{:.1e}", chance_of_a_miss(stats.states))),
    ] {
        table.row([what.to_owned(), how_much]);
    }
    table.lines()
}
