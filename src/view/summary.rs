//! The last lines of a run: why it ended early, what the checker found, and which rules were off.

use std::path::Path;

use super::table::{apart, one_line, paragraph};
use super::violation::{self, RunVerdict};
use super::walkthrough::where_to_go;
use super::words::plural;
use super::{failure_text, header, status};
use crate::properties::report::SafetyReport;
use crate::record::{Ending, Summary, TraceError};
use crate::scenario::line_outcome::{Failure, Why};
use crate::scenario::script::{Line, Script};
use crate::scenario::verb_table::Verb;

/// The end of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndedRun<'a> {
    /// The script that was run.
    pub(crate) script: &'a Script,
    /// Whether the script ran to its end and no property was violated that it does not expect.
    pub(crate) good: bool,
    /// Why the run ended early, if it did.
    pub(crate) failure: Option<&'a Failure>,
    /// What the checker found.
    pub(crate) safety: &'a SafetyReport,
}

/// The last lines of a story: with the whole safety report, unless the script asked for it and did not fail.
pub(super) fn full(ended: &EndedRun<'_>) -> Vec<String> {
    let EndedRun { script, failure, safety, .. } = *ended;
    let mut lines = ended.failure();
    if failure.is_some() || !script.lines.iter().any(|line| line.verb == Verb::ExpectSafe) {
        lines.push(String::new());
        lines.extend(violation::report(safety, script.nodes));
    }
    lines.extend(ended.broken());
    lines.push(String::new());
    lines.extend(paragraph(&ended.result(), "", ""));
    lines.extend(ended.what_next());
    lines
}

/// The result in one line, after the failure and before the rules that were off, if there are any.
pub(super) fn brief(ended: &EndedRun<'_>) -> Vec<String> {
    [ended.failure(), one_line(&ended.result()), ended.broken()].concat()
}

impl EndedRun<'_> {
    /// Returns the ending as the last line of the run's record holds it.
    pub(crate) fn in_record(&self) -> Ending {
        Ending::new(Some(self.good), self.failure.map(failure_text::sentence), self.safety)
    }

    /// What to try after the demo, with which every reader begins, if it passed with all rules kept.
    pub(super) fn what_next(&self) -> Vec<String> {
        let is_demo = self.script.name == "demo" && self.script.broken.is_intact() && self.good;
        let commands = [
            ("raft-cluster report demo -o demo.html", "the demo as a page to step through"),
            ("raft-cluster hunt --break one-vote-per-term", "what happens without a rule"),
            ("raft-cluster play", "a cluster in your own hands"),
        ];
        if is_demo { where_to_go(&commands) } else { Vec::new() }
    }

    fn was_interrupted(&self) -> bool {
        self.failure.is_some_and(|failure| failure.why == Why::Interrupted)
    }

    /// The result, in a few words.
    fn result(&self) -> String {
        let Self { script, good, safety, .. } = *self;
        // An interrupted run has a verdict only if a property was violated.
        let is_open = self.was_interrupted() && safety.violation_count() == 0;
        let verdict = match good {
            _ if is_open => RunVerdict::Interrupted,
            true => RunVerdict::Passed,
            false => RunVerdict::Failed,
        };
        violation::one_line(&script.name, verdict, safety)
    }

    fn failure(&self) -> Vec<String> {
        self.failure.map_or_else(Vec::new, failure_text::failure)
    }

    /// Which rules were off, and how to find a failing run if no property was violated.
    fn broken(&self) -> Vec<String> {
        let Self { script, safety, .. } = *self;
        if script.broken.is_intact() {
            return Vec::new();
        }
        let mut lines = vec![String::new()];
        lines.extend(header::broken(script.broken));
        let awaited =
            |line: &Line| matches!(line.verb, Verb::ExpectStall { .. } | Verb::ExpectViolation(_));
        let shown = script.lines.iter().any(awaited);
        let judged = safety.not_judged().is_none();
        if !self.was_interrupted() && safety.violation_count() == 0 && judged && !shown {
            lines.extend(header::unharmed(script.broken));
        }
        lines
    }
}

/// The last lines of a trace that was run again. If its story is `told`, they begin with the state of the
/// nodes and the safety report.
pub(crate) fn replayed(trace: &Path, summary: &Summary, told: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if told {
        let report = violation::report(&summary.safety, summary.header.nodes);
        lines.extend(apart([Vec::new(), status::table(&summary.status), report, Vec::new()]));
    }
    let steps = plural(summary.steps as usize, "step", "steps");
    let made = format!("{steps} replayed, each with the recorded digest");
    lines.extend(one_line(&format!("✓ {}: {made}", trace.display())));
    lines.extend(header::broken(summary.header.rules()));
    lines
}

/// The last lines of a trace that did not come out as recorded, or could not be run.
pub(crate) fn diverged(trace: &Path, error: &TraceError) -> Vec<String> {
    one_line(&format!("✗ {}: {error}", trace.display()))
}
