//! One clear sentence for each event, with the values on both sides and the paper's section.
//!
//! Entries are written `index@term`, nodes `n0`, `n1`, ... A sentence has no subject of its own: the
//! caller puts the node's name in front, as a word or as a column. Inside the sentence every node has
//! its name, so that a reader understands it out of context.

use super::words::{Speaker, joined, log_end, plural};
use super::{facts, message};
use crate::raft::{Event, Input, LogIndex, LogPosition, NodeId, Outcome, Rule, Term, Verdict};

/// An input in one sentence.
pub fn input(node: NodeId, input: &Input) -> String {
    match input {
        Input::ElectionTimeout => format!("{node}'s election timer ends (§5.2)"),
        Input::HeartbeatDue => format!("{node}'s heartbeat is due (§5.2)"),
        Input::Propose(commands) => {
            format!("clients ask {node} for: {}", joined(commands.iter(), ", "))
        }
        Input::Receive(envelope) => {
            format!("{} → {node}  {}", envelope.from, message::arguments(&envelope.message))
        }
    }
}

/// The section of the paper that states a rule, without the clause of Figure 2.
pub fn section(rule: Rule) -> &'static str {
    let paper = rule.paper();
    let section = paper.split_once(", Figure").map_or(paper, |(section, _)| section);
    section.split_once(';').map_or(section, |(section, _)| section)
}

/// The outcome of a check in one word. If a condition does not hold, what the node does depends on
/// the rule: it refuses, waits for more, takes no notice, or goes only part of the way.
pub const fn outcome(verdict: &Verdict) -> &'static str {
    match (verdict.outcome, verdict.rule) {
        (Outcome::Holds, _) => "kept",
        (Outcome::Overridden, _) => "broken",
        (Outcome::Refused, Rule::MajorityQuorum | Rule::CommitOnlyCurrentTerm) => "waits",
        (
            Outcome::Refused,
            Rule::VotesCountedOnceAndInTerm
            | Rule::RepliesMatchedToTerm
            | Rule::MatchIndexMonotone
            | Rule::TimerResetOnlyByAuthority,
        ) => "ignored",
        (Outcome::Refused, Rule::CommitOnlyVerified) => "limited",
        (Outcome::Refused, _) => "refused",
    }
}

/// A verdict without its outcome: the rule, its section, and what was compared.
pub fn reason(speaker: Speaker, verdict: &Verdict) -> String {
    let rule = verdict.rule;
    format!("{rule} ({}): {}", section(rule), facts::compared(speaker, verdict))
}

/// A verdict in one sentence: the outcome, the rule, its section, and what was compared.
pub fn verdict(speaker: Speaker, verdict: &Verdict) -> String {
    format!("{}: {}", outcome(verdict), reason(speaker, verdict))
}

/// An event in one sentence.
pub fn event(speaker: Speaker, event: &Event) -> String {
    let node = speaker.node;
    match *event {
        Event::Checked(ref checked) => verdict(speaker, checked),
        Event::TermAdvanced { from, to } => format!("goes from term {from} to term {to} (§5.1)"),
        Event::RoleChanged { from, to, term } => {
            format!("becomes {to} in term {term}, was {from} (§5.1)")
        }
        Event::ElectionStarted { term, last } => {
            let log = log_end(last);
            format!("campaigns in term {term}, telling voters that its log {log} (§5.2)")
        }
        Event::TermsExhausted => {
            "holds no election: it is in the largest term there can be (§5.1)".to_owned()
        }
        Event::VoteGranted { to, term } if to == node => {
            format!("votes for itself in term {term} (§5.2)")
        }
        Event::VoteGranted { to, term } => format!("votes for {to} in term {term} (§5.2)"),
        Event::VoteRefused { to, term, rule } => {
            // `StaleTermRejected` means that the request is of an older term, and `term` is the voter's own.
            let when = if rule == Rule::StaleTermRejected { ", and is" } else { "" };
            format!("refuses {to} its vote{when} in term {term} ({rule}, {})", section(rule))
        }
        Event::VoteCounted { from, votes } => {
            format!("counts the vote of {from}: {} so far (§5.2)", plural(votes, "vote", "votes"))
        }
        Event::VoteDenied { by } => format!("gets no vote from {by} (§5.2)"),
        Event::BecameLeader { term } => format!("has won the election of term {term} (§5.2)"),
        Event::Appended { first, last, term } => {
            format!("appends {} to its own log (§5.3)", positions(first, last, term))
        }
        Event::ProposalRefused { leader: Some(leader) } => {
            format!("takes no command: {leader} leads, not {node} (§8)")
        }
        Event::ProposalRefused { leader: None } => {
            format!("takes no command: {node} does not lead, and knows of no leader (§8)")
        }
        Event::LeaderRecognised { leader, term } => {
            format!("recognises {leader} as the leader of term {term} (§5.2)")
        }
        Event::Truncated { from, to } => {
            format!("deletes {} of its log (§5.3)", indexes(from, to))
        }
        Event::EntriesAccepted { count, new_from, acknowledged } => {
            accepted(count, new_from, acknowledged)
        }
        Event::EntriesRefused { prev } => {
            format!("refuses {}'s AppendEntries built on {prev} (§5.3)", speaker.sender())
        }
        Event::Matched { peer, match_index } => {
            format!("now knows that {peer}'s log matches up to index {match_index} (§5.3)")
        }
        Event::BackedOff { peer, from, to } => {
            format!("steps back for {peer}: nextIndex {to}, was {from} (§5.3)")
        }
        Event::CommitAdvanced { from, to } => {
            format!("commits {}, commitIndex was {from} (§5.3)", indexes(from.next(), to))
        }
        Event::Ignored { from, kind } => {
            format!("does nothing more with the {} from {from}", message::kind(kind))
        }
    }
}

fn accepted(count: usize, new_from: Option<LogIndex>, acknowledged: LogIndex) -> String {
    let carried = plural(count, "entry", "entries");
    match (count, new_from) {
        (0, _) => {
            format!("accepts an empty AppendEntries, and acknowledges index {acknowledged} (§5.3)")
        }
        (_, Some(new)) => format!(
            "accepts {carried}, new from index {new} on, and acknowledges index {acknowledged} (§5.3)"
        ),
        (_, None) => format!(
            "accepts {carried}, none of them new, and acknowledges index {acknowledged} (§5.3)"
        ),
    }
}

fn positions(first: LogIndex, last: LogIndex, term: Term) -> String {
    let [first, last] = [first, last].map(|index| LogPosition { term, index });
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

fn indexes(first: LogIndex, last: LogIndex) -> String {
    if first == last { format!("index {first}") } else { format!("indexes {first} to {last}") }
}
