//! `raft-cluster check`: everything that can happen to a small cluster within bounds.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::check::{self, Bounds, Pause, Reach, Stats, Tier, chance_of_a_miss};
use crate::hunt::as_short;
use crate::program::hunt::save;
use crate::raft::RuleSet;
use crate::scenario::script::Script;
use crate::view::page::Page;
use crate::view::table::{Table, paragraph};
use crate::view::{hunt as view, opening, paint};

/// A search, as the command line asks for it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The rules of the nodes.
    pub rules: RuleSet,
    /// How far it goes.
    pub bounds: Bounds,
    /// Where to keep a counterexample.
    pub save: Option<PathBuf>,
}

/// Half of the memory that is free, in bytes; 4 GB where that cannot be known.
pub fn spare_memory() -> u64 {
    let kilobytes = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok()
    });
    kilobytes.map_or(4 << 30, |free| free * 1024 / 2)
}

/// Searches. Exit code 0 if nothing falls within the bounds, 1 if something does, or memory ends.
///
/// # Errors
/// A sentence, if the bounds ask for more memory than there is, or the counterexample cannot be
/// saved.
pub fn run(options: &Options) -> Result<ExitCode, String> {
    let bounds = &options.bounds;
    options.save.as_deref().map_or(Ok(()), Script::may_be_saved)?;
    refuse_the_hopeless(options)?;
    let (press, page) = Page::open();
    page.put_all(opening::broken(options.rules));
    page.put_all(paragraph(&view::within(bounds), "", ""));
    let stop = Arc::new(AtomicBool::new(false));
    let interrupted = Arc::clone(&stop);
    // Without a handler Ctrl-C ends the program at once; with it the search says how far it came.
    let _ = ctrlc::set_handler(move || interrupted.store(true, Ordering::Relaxed));
    let told = page.clone();
    let outcome = check::explore(options.rules, bounds, |stats, pause| {
        if pause == Pause::Depth {
            told.put(depth(stats));
        }
        if stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    drop(told);
    page.put("");
    page.put_all(figures(&outcome.stats));
    page.put("");
    let code = match outcome.reach {
        Reach::Exhausted => {
            let held = "✓ every state within the bounds was seen, and no property falls in any";
            page.put(paint::good(held).to_string());
            let unseen = options.rules.broken().filter_map(|rule| view::unseen(rule, bounds.tier));
            unseen.for_each(|why| page.put_all(paragraph(&why, "", "")));
            ExitCode::SUCCESS
        }
        Reach::Stopped => {
            page.put("Stopped. Up to the depth above every state was seen, and no property falls.");
            ExitCode::from(1)
        }
        Reach::OutOfMemory => {
            page.put("The memory that it may use is full; try smaller bounds, or more --memory.");
            ExitCode::from(1)
        }
        Reach::Fell => ExitCode::from(1),
    };
    let mut saved = Ok(());
    if let Some(found) = &outcome.violation {
        let what = match bounds.tier {
            Tier::Messages => "moves",
            Tier::Exchanges => "exchanges",
        };
        let (property, length) = (found.property, found.panels.len());
        page.put(format!("{property} falls after {length} {what}, and no way to it is shorter:"));
        if let Some(short) = as_short(found.clone(), bounds, options.rules) {
            let moves = short.schedule.moves.len();
            if bounds.tier == Tier::Messages && moves != length {
                let crash = "a crash and its restart are one step of a search, and two moves below";
                page.put(format!("({moves} moves as they are told: {crash}.)"));
            }
            view::tell(&short, &page);
            if let Some(path) = &options.save {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                saved = save(path, &view::script(&short, &name), &page);
            }
        }
    }
    if !options.rules.is_intact() {
        page.put("");
        page.put_all(opening::broken(options.rules));
    }
    drop(page);
    drop(press);
    saved.map(|()| code)
}

/// Says what fits, where the bounds ask for far more memory than there is. Once a rule is broken a
/// search ends with the failure, which can come soon.
fn refuse_the_hopeless(options: &Options) -> Result<(), String> {
    let bounds = &options.bounds;
    let Some(needed) = check::estimated_bytes(bounds).filter(|_| options.rules.is_intact()) else {
        return Ok(());
    };
    if needed <= bounds.memory {
        return Ok(());
    }
    let fits = check::what_fits(bounds).map_or_else(
        || "fewer nodes would fit".to_owned(),
        |fits| {
            let crashes = match fits.crashes {
                0 => String::new(),
                crashes => format!(" --crashes {crashes}"),
            };
            format!("--terms {} --log {}{crashes} would fit", fits.terms, fits.log)
        },
    );
    let needed = match needed >> 30 {
        0 => format!("about {} MB of memory", needed >> 20),
        gigabytes @ 1..100_000 => format!("about {gigabytes} GB of memory"),
        _ => "far more memory than any machine has".to_owned(),
    };
    Err(format!(
        "these bounds would take {needed}, and there are {} MB for it; {fits}, or say --memory MB \
         to try all the same",
        bounds.memory >> 20
    ))
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
