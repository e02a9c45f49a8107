//! The first lines of a run: its title, its settings, and the question it asks.

use super::table::{apart, paragraph};
use super::words::{duration, plural};
use super::{colour, deeds};
use crate::raft::RuleSet;
use crate::record::{Clock, Header};
use crate::scenario::script::Script;

/// The first lines of a scenario's story.
pub(crate) fn lines(script: &Script, clock: Clock) -> Vec<String> {
    let timing = script.timing;
    let more = format!(
        ", a heartbeat every {}; messages take {}",
        duration(timing.heartbeat),
        deeds::links(&script.conditions)
    );
    apart([begin(script, clock, &more), asks(script)])
}

/// The first lines of a story in brief, with fewer settings.
pub(super) fn brief(script: &Script, clock: Clock) -> Vec<String> {
    [begin(script, clock, ""), asks(script)].concat()
}

/// A title, as the lines of a heading.
pub(super) fn heading(title: &str) -> Vec<String> {
    paragraph(&colour::heading(title), "", "  ")
}

/// The title, what the scenario shows, and its settings, with `more` of them at the end.
fn begin(script: &Script, clock: Clock, more: &str) -> Vec<String> {
    let mut lines = heading(&format!("raft-cluster: {}", script.name));
    if !script.shows.is_empty() {
        lines.extend(paragraph(&script.shows, "", ""));
    }
    let clock = match clock {
        Clock::Virtual => "virtual time".to_owned(),
        Clock::Threads { speed } if (speed - 1.0).abs() < f64::EPSILON => "threads".to_owned(),
        Clock::Threads { speed } => format!("threads, {speed} times as fast"),
    };
    let timing = script.timing;
    let setting = format!(
        "{}{}, seed {}, {clock}; election timeouts {} to {}{more}",
        plural(script.nodes, "node", "nodes"),
        if script.no_op { "" } else { " without no-ops" },
        script.seed,
        duration(timing.election_min),
        duration(timing.election_max),
    );
    lines.extend(paragraph(&colour::faint(&setting), "", ""));
    lines
}

fn asks(script: &Script) -> Vec<String> {
    let mut lines = question(script);
    if !script.broken.is_intact() {
        lines.push(String::new());
        lines.extend(broken(script.broken));
    }
    lines.push(String::new());
    lines
}

pub(super) fn question(script: &Script) -> Vec<String> {
    let asks = |question: &String| paragraph(question, "Question: ", "          ");
    script.question.as_ref().map_or_else(Vec::new, asks)
}

/// The first lines of a replay.
pub(crate) fn replayed(header: &Header) -> Vec<String> {
    let title = format!("raft-cluster: {}, run again from its trace", header.scenario);
    let world = if header.clock == Clock::Virtual { "in virtual time" } else { "on threads" };
    let mut lines = heading(&title);
    lines.push(format!(
        "{}, seed {}, recorded {world}",
        plural(header.nodes, "node", "nodes"),
        header.seed
    ));
    lines.extend(broken(header.rules()));
    lines.push(String::new());
    lines
}

/// Says that no property was violated, though rules were off, and how to find a run in which one is.
pub(crate) fn unharmed(rules: RuleSet) -> Vec<String> {
    let hunts: Vec<String> =
        rules.broken().map(|rule| format!("'raft-cluster hunt --break {rule}'")).collect();
    let plays: Vec<String> =
        rules.broken().map(|rule| format!("'raft-cluster run broken/{rule}'")).collect();
    let text = format!(
        "Still, no property was violated: that takes the right messages at the right moment. {} \
         searches for such a run, and {} plays one.",
        hunts.join(" or "),
        plays.join(" or ")
    );
    paragraph(&text, "", "")
}

/// Says which rules are off, and what the nodes do instead.
pub(crate) fn broken(rules: RuleSet) -> Vec<String> {
    let line = |rule: crate::raft::Rule| {
        let text =
            format!("THIS RUN BREAKS A RULE: {rule} ({}). {}", rule.paper(), rule.when_broken());
        paragraph(&colour::wrong(&text), "", "")
    };
    rules.broken().flat_map(line).collect()
}
