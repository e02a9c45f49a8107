//! What the checker found, in words.

use super::colour;
use super::rules::promise;
use super::table::{Table, paragraph};
use super::words::plural;
use crate::properties::linearizability::{Done, FalseSuccess, Misled, NotJudged, NotLinearizable};
use crate::properties::report::SafetyReport;
use crate::properties::safety::{Counter, Earlier, Evidence, Violation};
use crate::raft::{LogIndex, LogPosition, NodeId, Property, Term};
use crate::server::state_machine::Reply;

/// The evidence in one sentence: the facts that cannot all be true while the property holds.
pub fn sentence(evidence: &Evidence) -> String {
    match *evidence {
        Evidence::TwoLeaders { term, first, second } => {
            format!("{first} became leader of term {term}, and {second} of the same term")
        }
        Evidence::TwoVotes { voter, term, first, second } => {
            format!("{voter} voted for {first} in term {term}, and for {second} in the same term")
        }
        Evidence::VoteChanged { node, term, from, to } => {
            let name = |vote: Option<NodeId>| {
                vote.map_or_else(|| "nobody".to_owned(), |node| node.to_string())
            };
            let (from, to) = (name(from), name(to));
            format!("{node}'s vote in term {term} was for {from}, and is for {to} now")
        }
        Evidence::LeaderCut { leader, term, from } => {
            format!("{leader} led term {term}, and deleted its own log from index {from} on")
        }
        Evidence::LogsDiffer { position, a, earlier, b } => logs_differ(position, a, earlier, b),
        Evidence::LeaderLacks { leader, term, missing, instead, committed_in, committed_by } => {
            let lacks = format!(
                "{committed_by} committed {missing} in term {committed_in}, and {leader} became \
                 leader of term {term} without it"
            );
            match instead {
                None => lacks,
                Some(term) => format!("{lacks}, with {} in its place", other(missing, term)),
            }
        }
        Evidence::CommitsDiffer { index, first, first_term, second, second_term } => {
            let committed = LogPosition { term: first_term, index };
            let another = other(committed, second_term);
            if first == second {
                format!("at index {index} {first} committed {committed}, and later {another}")
            } else {
                format!("at index {index} {first} committed {committed}, and {second} {another}")
            }
        }
        Evidence::CommittedReplaced { index, first, first_term, node, now } => {
            let committed = LogPosition { term: first_term, index };
            let now = now.map_or_else(|| "nothing".to_owned(), |term| other(committed, term));
            let who = if first == node {
                String::new()
            } else {
                format!("{node}, which had committed index {index} too, ")
            };
            format!("at index {index} {first} committed {committed}, and {who}has {now} there now")
        }
        Evidence::NotDurable { leader, position, copies, need } => {
            let logs = plural(copies, "durable log", "durable logs");
            format!("{leader} committed {position} while {logs} held it, not {need}")
        }
        Evidence::WentBack { node, counter, from, to } => {
            format!("{node}'s {} was {from}, and is {to} now", counted(counter))
        }
        Evidence::ProgressOutOfBounds { leader, peer, match_index, next_index, last } => format!(
            "{leader}'s bookkeeping of {peer} says match {match_index}, next {next_index}, with a \
             log that ends at {last}"
        ),
        Evidence::ShadowDiffers { node } => {
            format!("{node}'s log is not what its own steps made it")
        }
        Evidence::StoreDiffers { node, applied } => {
            format!("{node}'s store is not what its log makes it up to index {applied}")
        }
    }
}

fn counted(counter: Counter) -> String {
    match counter {
        Counter::Term => "current term".to_owned(),
        Counter::CommitIndex => "commit index".to_owned(),
        Counter::LastApplied => "last applied index".to_owned(),
        Counter::MatchIndex(peer) => format!("match index for {peer}"),
    }
}

/// Names the entry of `term` at the index of the entry `than`. Both may have the same term and name.
fn other(than: LogPosition, term: Term) -> String {
    if term == than.term {
        return format!("another entry {than}");
    }
    LogPosition { term, index: than.index }.to_string()
}

fn logs_differ(position: LogPosition, a: NodeId, earlier: Earlier, b: NodeId) -> String {
    let (index, of_a, of_b) = match earlier {
        Earlier::Differs { index, a, b } => (index, a, b),
        Earlier::Lost { in_term } => {
            let lost = format!("{a} had an entry {position} until it lost it in term {in_term}");
            return if position.index == LogIndex::FIRST {
                format!("{lost}, and {b} has another entry {position} now")
            } else {
                format!("{lost}, and {b} has one now, in a log that is not the same up to there")
            };
        }
    };
    let both = format!("{a} and {b} both hold an entry {position}");
    if index == position.index {
        return format!("{both}, and it is not the same entry");
    }
    if of_a == of_b {
        return format!("{both}, but before it not the same entry at index {index}");
    }
    let at = |term| LogPosition { term, index };
    format!("{both}, but before it {a} has {} and {b} {}", at(of_a), at(of_b))
}

/// A violation: the violated property, and the evidence.
pub fn lines(violation: &Violation) -> Vec<String> {
    let name = colour::wrong(violation.property.name());
    let text = format!("{name} is violated: {}.", sentence(&violation.evidence));
    paragraph(&text, "  ✗ ", "    ")
}

/// The most operations that are listed. Of false successes this many are listed, and the rest counted.
const LISTED: usize = 6;

/// How clients were misled: what each asked and was told, in the order in which it happened, and which
/// entries were committed instead of theirs.
pub fn misled(misled: &Misled) -> Vec<String> {
    let Misled { false_successes, unexplained } = misled;
    let head = match unexplained {
        Some(unexplained) => unexplained_sentence(unexplained),
        None => false_successes_sentence(false_successes),
    };
    let mut lines = paragraph(&colour::wrong(&head), "  ✗ ", "    ");
    let told = unexplained.iter().filter(|key| key.calls.len() <= LISTED).flat_map(history);
    let instead = false_successes.iter().take(LISTED).map(false_success);
    let rest = false_successes.len().saturating_sub(LISTED);
    let rest = (rest > 0).then(|| format!("and so were {}", plural(rest, "other", "others")));
    let listed = told.chain(instead).chain(rest);
    lines.extend(listed.flat_map(|line| paragraph(&line, "      ", "        ")));
    lines
}

/// What clients asked of a key and were told, in the order in which it happened.
fn history(key: &NotLinearizable) -> impl Iterator<Item = String> {
    let mut history = Vec::new();
    for call in &key.calls {
        let client = call.client;
        history.push((call.called, format!("client {client} asks for {}", call.command)));
        if let Some(Done { at, reply, .. }) = &call.done {
            history.push((*at, format!("client {client} is told: {}", reply_words(reply))));
        }
    }
    history.sort_by_key(|(when, _)| *when);
    history.into_iter().map(|(_, line)| line)
}

fn false_success(found: &FalseSuccess) -> String {
    let FalseSuccess { client, command, told, committed } = found;
    let index = told.index;
    let instead = match committed {
        Some(other) if other == told => format!("{told} is another command"),
        Some(other) => format!("{other} was committed there first"),
        None => format!("the log that was committed first ends before index {index}"),
    };
    format!("client {client} was told of success for {told}, {command}, and {instead}")
}

/// The reply of a store, in words.
pub(super) fn reply_words(reply: &Reply) -> String {
    match reply {
        Reply::Set | Reply::Done => "done".to_owned(),
        Reply::Deleted(true) => "the key is gone".to_owned(),
        Reply::Deleted(false) => "there was nothing to delete".to_owned(),
        Reply::Value(Some(value)) => format!("the value is {value}"),
        Reply::Value(None) => "there is no value".to_owned(),
    }
}

/// How clients were misled in one sentence, with the first of the facts.
pub fn misled_sentence(misled: &Misled) -> String {
    match (&misled.unexplained, misled.false_successes.first()) {
        (None, Some(first)) => format!("Linearizability is violated: {}.", false_success(first)),
        (None, None) => "Linearizability is violated.".to_owned(),
        (Some(unexplained), _) => unexplained_sentence(unexplained),
    }
}

fn false_successes_sentence(found: &[FalseSuccess]) -> String {
    let who = match found.len() {
        1 => {
            "a client was told of success for an entry that is not in the committed log".to_owned()
        }
        n => format!(
            "{n} clients were told of success for entries that are not in the committed log"
        ),
    };
    format!("Linearizability is violated: {who}.")
}

fn unexplained_sentence(unexplained: &NotLinearizable) -> String {
    let NotLinearizable { key, explained, calls } = unexplained;
    let calls = calls.len();
    if unexplained.is_of_reads_alone() {
        return format!(
            "Linearizability is violated: a client that asked for {key} was told a value, and nobody \
             has ever written {key}."
        );
    }
    if calls == 1 {
        return format!(
            "Linearizability is violated: no single machine would have told the client of the one \
             operation on {key} what it was told."
        );
    }
    format!(
        "Linearizability is violated: no order of the {calls} operations on {key} explains what \
         their clients were told; the one that goes furthest explains \
         {explained} of {}.",
        plural(unexplained.answers(), "answer", "answers")
    )
}

/// Why linearizability was not judged. The search for an order is bounded, because there are more orders
/// than it can try.
pub fn not_judged(key: &NotJudged) -> String {
    let NotJudged { key, operations, open } = key;
    format!(
        "Linearizability was not judged: too many open operations. Of {operations} on {key}, {open} \
         were open at one time, and the search for an order that explains their answers was given up."
    )
}

/// What can be said of a whole run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunVerdict {
    /// Its script ran to the end, and nothing was violated that the script does not expect.
    Passed,
    /// Its script failed, or a property was violated.
    Failed,
    /// It was interrupted before its end.
    Interrupted,
    /// It was made again from a trace, which does not say what the script expected.
    MadeAgain,
}

/// The result of a run in one line.
pub fn one_line(name: &str, verdict: RunVerdict, report: &SafetyReport) -> String {
    let verdict = match verdict {
        RunVerdict::Passed => colour::good("✓ passed"),
        RunVerdict::Failed => colour::wrong("✗ failed"),
        RunVerdict::Interrupted => "interrupted, so far".to_owned(),
        RunVerdict::MadeAgain => "made again from its trace".to_owned(),
    };
    let not_judged = match report.not_judged() {
        Some(_) => "; Linearizability was not judged: too many open operations",
        None => "",
    };
    format!(
        "{name}: {verdict}; {} committed under {}, {}, {} of steps checked{not_judged}",
        plural(report.committed as usize, "entry", "entries"),
        plural(report.leaders, "leader", "leaders"),
        plural(report.violation_count(), "violation", "violations"),
        plural(report.steps as usize, "batch", "batches"),
    )
}

/// The safety report: the properties that were checked, how often, and the results.
pub fn report(report: &SafetyReport, nodes: usize) -> Vec<String> {
    let mut table = Table::new(2);
    for (property, checks, held) in report.rows() {
        let mark = match held {
            Some(true) => colour::good("✓ held"),
            Some(false) => colour::wrong("✗ violated"),
            None => colour::strong("? not judged"),
        };
        let noun = if property == Property::Linearizability { "answer" } else { "check" };
        let many = if checks == 1 { "" } else { "s" };
        table.row([
            mark,
            format!("{property:<20}"),
            format!("{checks:>6} {noun}{many}"),
            colour::faint(promise(property)),
        ]);
    }
    let mut lines = table.lines();
    lines.push(String::new());
    let agreed =
        !report.violations.iter().any(|found| found.property == Property::StateMachineSafety);
    if agreed {
        let checked =
            |batches| format!("Checked live, after {batches} of steps, before its messages left.");
        let checked = match report.steps {
            0 => "Nothing has happened yet, so nothing was checked.".to_owned(),
            1 => checked("one batch".to_owned()),
            steps => checked(format!("each of {steps} batches")),
        };
        let text = format!("{} {checked}", committed(report, nodes));
        lines.extend(paragraph(&text, "  ", "  "));
    }
    if !report.violations.is_empty() {
        lines.push("  What was found, as it was then:".to_owned());
    }
    lines.extend(report.violations.iter().flat_map(self::lines));
    lines.extend(report.misled().into_iter().flat_map(misled));
    let not_judged = report.not_judged().map(not_judged);
    lines.extend(not_judged.iter().flat_map(|text| paragraph(text, "  ? ", "    ")));
    lines
}

/// Says how much was committed, and that the nodes agree on it.
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
