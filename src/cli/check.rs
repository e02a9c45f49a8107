//! `raft-cluster check`: everything that can happen to a small cluster within bounds.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use super::arguments::Format;
use super::arguments::search::CheckOptions;
use super::error::Error;
use super::hunt::save;
use super::interrupt;
use super::printing;
use super::room;
use crate::raft::RuleSet;
use crate::scenario::script::Script;
use crate::search::best_counterexample::as_short;
use crate::search::exhaustive::{self, Bounds, Pause, Reach, SearchOutcome, Stats};
use crate::view::output::Output;
use crate::view::{header, hunt_result, json, search_result};

/// Searches. Returns exit code 0 if no property is violated within the bounds, 1 if one is violated or memory runs
/// out, and 130 if the search is interrupted.
pub(super) fn run(options: &CheckOptions) -> Result<ExitCode, Error> {
    let CheckOptions { bounds, broken, save: file, format } = options;
    let (rules, bounds) = (broken.iter().copied().collect(), bounds.for_rules(broken));
    let file = file.as_deref();
    file.map_or(Ok(()), Script::may_be_saved).map_err(Error::NotWritten)?;
    room::check()?;
    printing(|output| {
        if *format == Format::Json {
            return for_programs(rules, &bounds, file, output);
        }
        output.put_all(header::broken(rules));
        output.put_all(search_result::within(&bounds));
        let outcome = explore(rules, &bounds, |stats| output.put(search_result::depth(stats)));
        looked(&outcome)?;
        output.put_all(search_result::ended(&outcome, &bounds, rules));
        let mut saved = Ok(());
        if let Some(found) = &outcome.violation {
            let short = as_short(found.clone(), &bounds, rules);
            output.put_all(search_result::violated(found, short.as_ref()));
            if let Some(short) = short {
                hunt_result::tell(&short, output);
                saved = save(file, &hunt_result::script(&short, "counterexample"), output);
            }
        }
        output.put("");
        output.put_all(header::broken(rules));
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
fn for_programs(
    rules: RuleSet,
    bounds: &Bounds,
    file: Option<&Path>,
    output: &Output,
) -> Result<ExitCode, Error> {
    let outcome = explore(rules, bounds, |stats| output.put(json::text(stats)));
    looked(&outcome)?;
    let short = outcome.violation.clone().and_then(|found| as_short(found, bounds, rules));
    output.put(json::search(rules, bounds, &outcome, short.as_ref()));
    if let (Some(file), Some(short)) = (file, &short) {
        hunt_result::script(short, "counterexample").save(file).map_err(Error::NotWritten)?;
    }
    Ok(code(outcome.reach))
}

/// Explores until every state is seen, a property is violated, memory runs out, or a signal comes.
fn explore(rules: RuleSet, bounds: &Bounds, tell: impl Fn(&Stats)) -> SearchOutcome {
    let stop = interrupt::asked();
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
