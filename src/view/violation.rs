//! What the checker found, in words.

use super::paint;
use super::rules::promise;
use super::table::{Table, paragraph};
use super::words::plural;
use crate::linearizability::NotLinearizable;
use crate::raft::{LogPosition, Property};
use crate::safety::{Counter, Evidence, Violation};
use crate::state_machine::Reply;
use crate::world::{Judged, SafetyReport};

/// The two facts that cannot both be, in one sentence.
pub fn sentence(evidence: &Evidence) -> String {
    match *evidence {
        Evidence::TwoLeaders { term, first, second } => {
            format!("{first} leads term {term}, and {second} leads term {term} too")
        }
        Evidence::TwoVotes { voter, term, first, second } => {
            format!("{voter} voted for {first} in term {term}, and for {second} in the same term")
        }
        Evidence::VoteChanged { node, term, from, to } => {
            let name = |vote: Option<crate::raft::NodeId>| {
                vote.map_or_else(|| "nobody".to_owned(), |node| node.to_string())
            };
            let (from, to) = (name(from), name(to));
            format!("{node}'s vote in term {term} was for {from}, and is for {to} now")
        }
        Evidence::LeaderCut { leader, term, from } => {
            format!("{leader} leads term {term} and deleted its own log from index {from} on")
        }
        Evidence::LogsDiffer { position, a, b, parts } => {
            let both = format!("{a} and {b} both hold an entry {position}");
            match parts {
                Some((index, ..)) if index == position.index => {
                    format!("{both}, and it is not the same entry")
                }
                Some((index, of_a, of_b)) if of_a != of_b => {
                    let at = |term| LogPosition { term, index };
                    format!("{both}, but before it {a} has {} and {b} {}", at(of_a), at(of_b))
                }
                Some((index, ..)) => {
                    format!("{both}, but before it not the same entry at index {index}")
                }
                None => format!("{both}, but not the same entries up to it"),
            }
        }
        Evidence::LeaderLacks { leader, term, missing, committed_in } => format!(
            "{missing} was committed in term {committed_in}, and {leader}, elected in term {term}, \
             does not have it"
        ),
        Evidence::CommitsDiffer { index, first, second } => format!(
            "at index {index} {} committed an entry of term {}, and {} one of term {}",
            first.0, first.1, second.0, second.1
        ),
        Evidence::NotDurable { leader, position, copies, need } => {
            let logs = plural(copies, "durable log", "durable logs");
            format!("{leader} committed {position} while {logs} held it, not {need}")
        }
        Evidence::WentBack { node, counter, from, to } => {
            let what = match counter {
                Counter::Term => "current term".to_owned(),
                Counter::CommitIndex => "commit index".to_owned(),
                Counter::LastApplied => "last applied index".to_owned(),
                Counter::MatchIndex(peer) => format!("match index for {peer}"),
            };
            format!("{node}'s {what} was {from}, and is {to} now")
        }
        Evidence::ProgressOutOfBounds { leader, peer, match_index, next_index, last } => format!(
            "{leader}'s bookkeeping of {peer} says match {match_index}, next {next_index}, with a \
             log that ends at {last}"
        ),
        Evidence::ShadowDiffers { node } => {
            format!("{node}'s log is not what its own steps made it")
        }
    }
}

/// A violation: the property, and the facts.
pub fn lines(violation: &Violation) -> Vec<String> {
    let name = paint::wrong(violation.property.name());
    let text = format!("{name} has fallen: {}.", sentence(&violation.evidence));
    paragraph(&text, "  ✗ ", "    ")
}

/// Operations that are listed one by one; of a longer history the number has to do.
const LISTED: usize = 6;

/// What clients were told that no single machine could have told them: who asked and heard what, in
/// the order in which it happened.
pub fn misled(misled: &NotLinearizable) -> Vec<String> {
    let text = paint::wrong(&misled_sentence(misled)).to_string();
    let mut lines = paragraph(&text, "  ✗ ", "    ");
    if misled.calls.len() > LISTED {
        return lines;
    }
    let mut history = Vec::new();
    for call in &misled.calls {
        let client = call.client;
        history.push((call.called, format!("client {client} asks for {}", call.command)));
        if let Some((when, reply)) = &call.returned {
            history.push((*when, format!("client {client} is told: {}", reply_words(reply))));
        }
    }
    history.sort_by_key(|(when, _)| *when);
    lines.extend(history.into_iter().flat_map(|(_, line)| paragraph(&line, "      ", "        ")));
    lines
}

/// What a store's reply says.
pub(super) fn reply_words(reply: &Reply) -> String {
    match reply {
        Reply::Set | Reply::Done => "done".to_owned(),
        Reply::Deleted(true) => "the key is gone".to_owned(),
        Reply::Deleted(false) => "there was nothing to delete".to_owned(),
        Reply::Value(Some(value)) => format!("the value is {value}"),
        Reply::Value(None) => "there is no value".to_owned(),
    }
}

/// The same as a sentence.
pub fn misled_sentence(misled: &NotLinearizable) -> String {
    let NotLinearizable { key, explained, calls } = misled;
    let calls = calls.len();
    if misled.is_of_reads_alone() {
        return format!(
            "Linearizability has fallen: a client that asked for {key} was told a value, and nobody \
             has ever written {key}."
        );
    }
    if calls == 1 {
        return format!(
            "Linearizability has fallen: no single machine would have told the client of the one \
             operation on {key} what it was told."
        );
    }
    format!(
        "Linearizability has fallen: no order of the {calls} operations on {key} explains what \
         their clients were told; {explained} can be explained."
    )
}

/// A whole run in one line.
pub fn one_line(name: &str, good: bool, report: &SafetyReport) -> String {
    let verdict = if good { paint::good("✓ passed") } else { paint::wrong("✗ failed") };
    format!(
        "{name}: {verdict}; {} committed under {}, {}, {} of steps checked",
        plural(report.committed as usize, "entry", "entries"),
        plural(report.leaders, "leader", "leaders"),
        plural(report.fallen(), "violation", "violations"),
        plural(report.steps as usize, "batch", "batches"),
    )
}

/// What was checked, how often, and what came of it.
pub fn report(report: &SafetyReport, nodes: usize) -> Vec<String> {
    let mut table = Table::new(2);
    let mut row = |property: Property, fell: bool, checks: u64, one: &str, many: &str| {
        let mark = if fell { paint::wrong("✗ fallen") } else { paint::good("✓ held") };
        let noun = if checks == 1 { one } else { many };
        table.row([
            mark.to_string(),
            format!("{property:<20}"),
            format!("{checks:>6} {noun}"),
            paint::faint(promise(property)).to_string(),
        ]);
    };
    for &(property, checks) in &report.checks {
        let fell = report.violations.iter().any(|violation| violation.property == property);
        if checks > 0 || fell {
            row(property, fell, checks, "check", "checks");
        }
    }
    if let Some(Judged { answers, misled }) = &report.clients {
        row(Property::Linearizability, misled.is_some(), *answers, "answer", "answers");
    }
    let mut lines = table.lines();
    lines.push(String::new());
    let agreed =
        !report.violations.iter().any(|found| found.property == Property::StateMachineSafety);
    if agreed {
        let batches = match report.steps {
            1 => "one batch".to_owned(),
            steps => format!("each of {steps} batches"),
        };
        let text = format!(
            "{} Checked live, after {batches} of steps, before its messages left.",
            committed(report, nodes)
        );
        lines.extend(paragraph(&text, "  ", "  "));
    }
    lines.extend(report.violations.iter().flat_map(self::lines));
    lines.extend(report.misled().into_iter().flat_map(misled));
    lines
}

/// What was committed, and that it is the same everywhere.
fn committed(report: &SafetyReport, nodes: usize) -> String {
    let leaders = plural(report.leaders, "leader", "leaders");
    let agreement = match nodes {
        1 => "The one node never committed two entries at one index.".to_owned(),
        _ => {
            format!("At every index, no two of the {nodes} nodes ever committed different entries.")
        }
    };
    match report.committed {
        0 => "No entry was committed.".to_owned(),
        1 => format!("1 entry was committed under {leaders}. {agreement}"),
        n => format!("{n} entries were committed under {leaders}. {agreement}"),
    }
}
