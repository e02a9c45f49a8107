//! `raft-cluster check`: everything that can happen to a small cluster within bounds.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::arguments::Format;
use super::error::Error;
use super::hunt::save;
use super::interrupt;
use super::printing;
use super::room;
use crate::raft::RuleSet;
use crate::scenario::script::Script;
use crate::search::best_counterexample::as_short;
use crate::search::exhaustive::{self, Bounds, Pause, Reach, SearchOutcome, Stats};
use crate::view::output::{Output, WhenFull};
use crate::view::{header, hunt_result, json, search_result};

/// A search, as the command line asks for it.
#[derive(Clone, Debug)]
pub(super) struct Check {
    /// The rules of the nodes.
    pub(super) rules: RuleSet,
    /// How far the search goes.
    pub(super) bounds: Bounds,
    /// Where to keep a counterexample.
    pub(super) save: Option<PathBuf>,
    /// How to write the result.
    pub(super) format: Format,
}

/// Searches. Returns exit code 0 if no property is violated within the bounds, 1 if one is violated or memory runs
/// out, and 130 if the search is interrupted.
pub(super) fn run(check: &Check) -> Result<ExitCode, Error> {
    let Check { rules, bounds, save: file, format } = check;
    file.as_deref().map_or(Ok(()), Script::may_be_saved).map_err(Error::NotWritten)?;
    room::check()?;
    printing(WhenFull::Wait, |output| {
        if *format == Format::Json {
            return for_programs(check, output);
        }
        output.put_all(header::broken(*rules));
        output.put_all(search_result::within(bounds));
        let outcome = explore(*rules, bounds, |stats| output.put(search_result::depth(stats)));
        looked(&outcome)?;
        output.put_all(search_result::ended(&outcome, bounds, *rules));
        let mut saved = Ok(());
        if let Some(found) = &outcome.violation {
            let short = as_short(found.clone(), bounds, *rules);
            output.put_all(search_result::violated(found, short.as_ref()));
            if let Some(short) = short {
                hunt_result::tell(&short, output);
                saved =
                    save(file.as_deref(), || hunt_result::script(&short, "counterexample"), output);
            }
        }
        output.put("");
        output.put_all(header::broken(*rules));
        saved.map(|()| code(outcome.reach))
    })
}

/// Refuses an outcome in which nothing could happen: it does not show that the properties hold.
fn looked(outcome: &SearchOutcome) -> Result<(), Error> {
    if outcome.stats.transitions > 0 || outcome.reach != Reach::Exhausted {
        return Ok(());
    }
    let nothing =
        "within these bounds nothing can happen, so nothing was checked; allow more terms";
    Err(Error::Usage(nothing.to_owned()))
}

fn code(reach: Reach) -> ExitCode {
    match reach {
        Reach::Exhausted => ExitCode::SUCCESS,
        Reach::Stopped => interrupt::code(),
        Reach::Violated | Reach::OutOfMemory => ExitCode::from(1),
    }
}

/// Does the same as `run`, with JSON for programs.
fn for_programs(check: &Check, output: &Output) -> Result<ExitCode, Error> {
    let Check { rules, bounds, save: file, .. } = check;
    let outcome = explore(*rules, bounds, |stats| output.put(json::text(stats)));
    looked(&outcome)?;
    let short = outcome.violation.clone().and_then(|found| as_short(found, bounds, *rules));
    output.put(json::search(*rules, bounds, &outcome, short.as_ref()));
    if let (Some(file), Some(short)) = (file, &short) {
        hunt_result::script(short, "counterexample").save(file).map_err(Error::NotWritten)?;
    }
    Ok(code(outcome.reach))
}

/// Explores until every state is seen, a property is violated, memory runs out, or a signal comes.
fn explore(rules: RuleSet, bounds: &Bounds, tell: impl Fn(&Stats)) -> SearchOutcome {
    let stop = Arc::new(AtomicBool::new(false));
    let interrupted = Arc::clone(&stop);
    // A signal does not end the program: the search ends and reports how far it came.
    interrupt::on(move || interrupted.store(true, Ordering::Relaxed));
    exhaustive::explore(rules, bounds, |stats, pause| {
        if pause == Pause::Depth {
            tell(stats);
        }
        if stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
}
