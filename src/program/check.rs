//! `raft-cluster check`: everything that can happen to a small cluster within bounds.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::check::{self, Bounds, Reach, Stats, chance_of_a_miss};
use crate::hunt::schedule::Schedule;
use crate::hunt::{Short, aim_of};
use crate::raft::RuleSet;
use crate::view::page::Page;
use crate::view::table::Table;
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

/// Searches. Exit code 0 if nothing falls within the bounds, 1 if something does, or memory ends.
///
/// # Errors
/// A sentence, if the counterexample cannot be saved.
pub fn run(options: &Options) -> Result<ExitCode, String> {
    let (page, press) = Page::open();
    page.put_all(opening::broken(options.rules));
    let told = page.clone();
    let outcome = check::explore(options.rules, &options.bounds, |stats| {
        told.put(format!(
            "depth {:>3}  {:>10} states  {:>10} new  {:>6.1} s  {:>6} MB",
            stats.depth,
            stats.states,
            stats.newest,
            stats.elapsed.as_secs_f64(),
            stats.memory >> 20
        ));
        ControlFlow::Continue(())
    });
    drop(told);
    page.put("");
    page.put_all(figures(&outcome.stats));
    page.put("");
    let code = match outcome.reach {
        Reach::Exhausted => {
            let held = "✓ every state within the bounds was seen, and no property falls in any";
            page.put(paint::good(held).to_string());
            Ok(ExitCode::SUCCESS)
        }
        Reach::Stopped | Reach::OutOfMemory => {
            page.put("The memory that it may use is full; try smaller bounds.");
            Ok(ExitCode::from(1))
        }
        Reach::Fell => Ok(ExitCode::from(1)),
    };
    let mut saved = Ok(());
    if let Some(found) = &outcome.violation {
        page.put(format!("{} falls, and no way to it is shorter:", found.property));
        let moves = found.script.lines.iter().map(|line| line.verb.clone()).collect();
        let settings = options.bounds.settings(options.rules);
        let played = Schedule { settings, moves }.play(aim_of(options.rules));
        if let Some(fallen) = played.fallen {
            let schedule = Schedule { settings, moves: played.moves };
            view::tell(&Short { schedule, fallen, proven: true }, &page);
        }
        if let Some(path) = &options.save {
            saved = fs::write(path, found.script.to_string())
                .map_err(|error| format!("'{}' cannot be written: {error}", path.display()));
        }
    }
    drop(page);
    drop(press);
    saved.and(code)
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
