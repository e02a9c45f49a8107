//! The first move at which an intact node would have acted differently, with both sides.

use super::output::Output;
use super::table::{Table, paragraph};
use super::what_to_tell::{sentence, too_old, verdicts};
use super::words::{Speaker, joined, log_end};
use super::{colour, deeds, event_text};
use crate::raft::{Event, LogPosition, Outcome, RaftNode, Rule, Verdict};
use crate::search::first_divergence::{Divergence, Side};

/// The length up to which a log is listed entry by entry.
const LISTED: usize = 6;

/// Tells the first move after which the runs with and without the rule differ: what the nodes did in
/// it, why, and the state of the first node that differs then.
pub(super) fn tell(divergence: &Divergence, output: &Output) {
    let Divergence { after, verb, broken, intact } = divergence;
    let place = if broken.steps.is_empty() {
        format!("after step {after}")
    } else {
        format!("at step {}", after + 1)
    };
    let head = format!("Where an intact node acts differently: {place}, '{verb}'");
    output.put_all(paragraph(&colour::heading(&head), "", ""));
    let mut table = Table::new(2);
    for (name, side, other) in
        [("without the rule", broken, intact), ("with the rule", intact, broken)]
    {
        for (nth, line) in told(side, other).into_iter().enumerate() {
            table.row([if nth == 0 { name.to_owned() } else { String::new() }, line]);
        }
    }
    output.put_all(table.lines());
}

/// One side, without the parts that are the same on both.
fn told(side: &Side, other: &Side) -> Vec<String> {
    let mut lines = Vec::new();
    if side.steps != other.steps {
        lines.extend(
            side.steps
                .iter()
                .flat_map(|(node, input, events)| sentences(Speaker::of(*node, input), events)),
        );
    }
    if side.answers != other.answers {
        lines.extend(side.answers.iter().map(|answer| format!("a client {}", deeds::told(answer))));
    }
    match (&side.stands, &other.stands) {
        (Some(node), Some(before)) if stand(node) != stand(before) => {
            lines.push(format!("⇒ {}", stand(node)));
        }
        _ => {}
    }
    lines
}

fn stand(node: &RaftNode) -> String {
    let (id, term) = (node.id(), node.current_term());
    let vote = match node.voted_for() {
        Some(vote) if vote == id => "voted for itself".to_owned(),
        Some(vote) => format!("voted for {vote}"),
        None => "has voted for nobody".to_owned(),
    };
    let (role, commit) = (node.role().kind(), node.commit_index());
    // A short log is listed whole, because two logs can also differ before their ends.
    let log = match node.last().index.count() {
        2..=LISTED => {
            let entries = node.log().iter();
            let entries = entries.map(|(index, entry)| LogPosition { term: entry.term, index });
            format!("is {}", joined(entries, " "))
        }
        _ => log_end(node.last()),
    };
    format!("{id} is a {role} in term {term} and {vote}; its log {log}, commitIndex {commit}")
}

/// What a node did, and the verdicts that decided. Verdicts that merely held are left out, and so is the
/// election timer that is not reset, which follows every refusal.
fn sentences(speaker: Speaker, events: &[Event]) -> Vec<String> {
    let verdicts = verdicts(events);
    // The sentence on the refusal of a message of an older term already gives its reason.
    let aged = |event: &Event| too_old(event, &verdicts).is_some();
    let is_told = |verdict: &Verdict| {
        verdict.rule == Rule::StaleTermRejected
            && verdict.outcome == Outcome::Refused
            && events.iter().any(aged)
    };
    let mut lines = Vec::new();
    for event in events {
        match event {
            Event::Checked(verdict) if is_beside_the_point(verdict) || is_told(verdict) => {}
            Event::Checked(verdict) => lines.push(event_text::verdict(speaker, verdict)),
            _ => lines.push(sentence(speaker, event, &verdicts)),
        }
    }
    lines
}

fn is_beside_the_point(verdict: &Verdict) -> bool {
    let timer = verdict.rule == Rule::TimerResetOnlyByAuthority;
    verdict.outcome == Outcome::Holds || timer && verdict.outcome == Outcome::Refused
}
