//! The last lines of a run: why it ended early, what the checker found, and which rules were off.

use std::path::Path;

use super::table::one_line;
use super::walkthrough::where_to_go;
use super::{header, script_text, status, violation};
use crate::properties::report::SafetyReport;
use crate::record::{Ending, Summary, TraceError};
use crate::scenario::line_outcome::{Failure, Why};
use crate::scenario::script::{Line, Script};
use crate::scenario::verb_table::Verb;

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndedRun<'a> {
    /// What was run.
    pub(crate) script: &'a Script,
    /// Whether all is well.
    pub(crate) good: bool,
    /// Why it ended early, if it did.
    pub(crate) failure: Option<&'a Failure>,
    /// What the checker found.
    pub(crate) safety: &'a SafetyReport,
}

/// With all that was checked, unless the script has asked for that at its end.
pub(super) fn full(ended: &EndedRun<'_>) -> Vec<String> {
    let EndedRun { script, failure, safety, .. } = *ended;
    let mut lines = ended.failure();
    if failure.is_some() || !script.lines.iter().any(|line| line.verb == Verb::ExpectSafe) {
        lines.push(String::new());
        lines.extend(violation::report(safety, script.nodes));
    }
    lines.extend(ended.broken());
    lines.extend(ended.what_next());
    lines
}

/// In one line, behind a run that was told in brief.
pub(super) fn told_in_brief(ended: &EndedRun<'_>) -> Vec<String> {
    let mut lines = brief(ended);
    lines.extend(ended.what_next());
    lines
}

/// In one line.
pub(super) fn brief(ended: &EndedRun<'_>) -> Vec<String> {
    let mut lines = ended.failure();
    let interrupted = ended.failure.is_some_and(|failure| failure.why == Why::Interrupted);
    // Of what was broken off only a fall is a verdict.
    let is_open = interrupted && ended.safety.fallen() == 0;
    let good = (!is_open).then_some(ended.good);
    lines.extend(one_line(&violation::one_line(&ended.script.name, good, ended.safety)));
    lines.extend(ended.broken());
    lines
}

impl EndedRun<'_> {
    /// As the last line of its record says it.
    pub(crate) fn in_record(&self) -> Ending {
        Ending::new(self.good, self.failure.map(script_text::sentence), self.safety)
    }

    /// What to try after the story with which everybody begins, if it went as it goes.
    fn what_next(&self) -> Vec<String> {
        let is_demo = self.script.name == "demo" && self.script.broken.is_intact() && self.good;
        let commands = [
            ("raft-cluster report demo -o demo.html", "the demo as a page to step through"),
            ("raft-cluster hunt --break one-vote-per-term", "what happens without a rule"),
            ("raft-cluster play", "a cluster in your own hands"),
        ];
        if is_demo { where_to_go(&commands) } else { Vec::new() }
    }

    fn failure(&self) -> Vec<String> {
        self.failure.map_or_else(Vec::new, script_text::failure)
    }

    /// Which rules were off, and where to look if nothing came of it.
    fn broken(&self) -> Vec<String> {
        let Self { script, good, safety, .. } = *self;
        if script.broken.is_intact() {
            return Vec::new();
        }
        let mut lines = vec![String::new()];
        lines.extend(header::broken(script.broken));
        let awaited =
            |line: &Line| matches!(line.verb, Verb::ExpectStall { .. } | Verb::ExpectViolation(_));
        let shown = script.lines.iter().any(awaited);
        let judged = safety.not_judged().is_none();
        if good && safety.fallen() == 0 && judged && !shown {
            lines.extend(header::unharmed(script.broken));
        }
        lines
    }
}

/// The last lines of a trace that was run again, with how the nodes stand and what was checked if
/// its story is told.
pub(crate) fn replayed(trace: &Path, summary: &Summary, told: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if told {
        lines.push(String::new());
        lines.extend(status::table(&summary.status));
        lines.push(String::new());
        lines.extend(violation::report(&summary.safety, summary.header.nodes));
        lines.push(String::new());
    }
    let (name, steps) = (trace.display(), summary.steps);
    let made = "steps made again, each with the digest that was recorded";
    lines.extend(one_line(&format!("✓ {name}: {steps} {made}")));
    lines.extend(header::broken(summary.header.rules()));
    lines
}

/// The last line of a trace that came out otherwise.
pub(crate) fn diverged(trace: &Path, error: &TraceError) -> Vec<String> {
    one_line(&format!("✗ {}: {error}", trace.display()))
}
