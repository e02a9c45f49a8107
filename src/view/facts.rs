//! What a check compared, in words: the values on both sides, then what follows from them.
//!
//! What a message says of its sender is told as what it says. It may be old, and the sender's log another by now.

use std::time::Duration;

use crate::raft::{Facts, LogIndex, LogPosition, NodeId, Outcome, Rule, Term, TimerCause, Verdict};

use super::words::{Speaker, duration, log_end, plural};

/// The values that a verdict compared, and why they lead to its outcome. If the rule is broken, also
/// what the node does instead.
pub fn compared(speaker: Speaker, verdict: &Verdict) -> String {
    let values = values(speaker, verdict);
    if verdict.outcome == Outcome::Overridden {
        format!("{values}; the rule is broken: {}", as_clause(verdict.rule.when_broken()))
    } else {
        values
    }
}

fn values(speaker: Speaker, verdict: &Verdict) -> String {
    let node = speaker.node;
    let rule = verdict.rule;
    // What the node does is only named if the rule holds.
    let kept = verdict.outcome == Outcome::Holds;
    let done = |deed: String| if kept { deed } else { String::new() };
    match verdict.facts {
        Facts::Terms { message, own } => terms(speaker, rule, message, own),
        Facts::Vote { term, voted_for, candidate } => vote(node, term, voted_for, candidate, kept),
        Facts::Logs { candidate, own } => logs(speaker, rule, candidate, own),
        Facts::Lengths { candidate, own } => lengths(speaker, candidate, own),
        Facts::VoteReceived { voter, counted_before } => vote_received(voter, counted_before),
        Facts::Quorum { have, need, nodes } => {
            let count = format!("{have} of {}", plural(nodes, "vote", "votes"));
            majority(&count, have, need)
        }
        Facts::Copies { index, have, need, nodes } => {
            let count = format!(
                "index {index} is known to be on {have} of {}",
                plural(nodes, "node", "nodes")
            );
            majority(&count, have, need)
        }
        Facts::EntryTerm { entry, own } => entry_term(node, entry, own),
        Facts::PrevEntry { prev, found, last } => prev_entry(speaker, prev, found, last),
        Facts::Conflict { leader, own } => conflict(speaker, leader, own),
        Facts::NoConflict { from, last } => format!(
            "{node}'s log goes on to index {last}, and nothing from index {from} on contradicts the \
             request{}",
            done(": nothing is cut".to_owned())
        ),
        Facts::Verified { verified, last } => format!(
            "the request verified {node}'s log up to {verified}, though it goes on to {last}{}",
            done(format!(": {verified} is acknowledged"))
        ),
        Facts::CommitLimit { leader_commit, verified, last } => {
            commit_limit(speaker, leader_commit, verified, last, kept)
        }
        Facts::Match { peer, known, acknowledged } => {
            format!("{peer} acknowledges index {acknowledged}, but is known to hold {known}")
        }
        Facts::Timer { cause } => timer(speaker, cause),
        Facts::Leader { leader, term } => {
            format!("{leader} won term {term}, in which {node} campaigns")
        }
        Facts::VoteKept { term, voted_for } => vote_kept(node, term, voted_for, kept),
        Facts::Election { before, term } => {
            format!("the timer ended in term {before}, so term {term} is the election's")
        }
        Facts::Tail { last, commit } => tail(node, last, commit, kept),
        Facts::Leadership { term } if rule == Rule::NoOpOnElection => format!(
            "{node} leads term {term}{}",
            done(", and begins it with an empty entry of its own".to_owned())
        ),
        Facts::Leadership { term } => format!(
            "{node} leads term {term}{}",
            done(", and says so before anyone's timer ends".to_owned())
        ),
        Facts::Durable { term_or_vote, log_from, messages } => {
            durable(term_or_vote, log_from, messages, kept)
        }
        Facts::Timeout { shortest_us, longest_us, drawn_us } => {
            timeout(shortest_us, longest_us, drawn_us, kept)
        }
        Facts::Applied { awaited, applied } => answered(awaited, applied),
    }
}

fn conflict(speaker: Speaker, leader: LogPosition, own: Term) -> String {
    let mine = LogPosition { term: own, index: leader.index };
    let (node, sender) = (speaker.node, speaker.sender());
    format!(
        "{node} has {mine} where {sender} sends {leader}: from there on the leader's log counts"
    )
}

fn vote_received(voter: NodeId, counted_before: bool) -> String {
    if counted_before {
        format!("{voter}'s vote was counted already, and each voter has one")
    } else {
        format!("{voter}'s vote was not counted yet")
    }
}

fn vote_kept(node: NodeId, term: Term, voted_for: Option<NodeId>, kept: bool) -> String {
    let Some(vote) = voted_for else { return format!("{node}'s votedFor in term {term} is null") };
    let vote = if vote == node { "itself".to_owned() } else { vote.to_string() };
    let remembers = if kept { ", and remembers it" } else { "" };
    format!("{node} voted for {vote} in term {term}{remembers}")
}

fn commit_limit(
    speaker: Speaker,
    leader_commit: LogIndex,
    verified: LogIndex,
    last: LogIndex,
    kept: bool,
) -> String {
    let (node, leader) = (speaker.node, speaker.sender());
    let committed = format!("{leader} has committed up to {leader_commit}");
    match verified {
        _ if kept => format!("{committed}, and the request verified {node}'s log up to {verified}"),
        LogIndex::ZERO => format!(
            "{committed}, and the request verified nothing of {node}'s log, which goes on to {last}"
        ),
        _ => format!(
            "{committed}, and the request verified {node}'s log only up to {verified} of {last}"
        ),
    }
}

fn tail(node: NodeId, last: LogPosition, commit: LogIndex, kept: bool) -> String {
    let known = if commit == LogIndex::ZERO {
        "knows of nothing committed".to_owned()
    } else {
        format!("knows index {commit} to be committed")
    };
    let keeps = if kept { ": it keeps all of it" } else { "" };
    format!("{node}'s log {}, and it {known}{keeps}", log_end(last))
}

fn answered(awaited: LogPosition, applied: Term) -> String {
    if applied == awaited.term {
        return format!("{awaited} was applied, and that is the entry the client waits for");
    }
    let applied = LogPosition { term: applied, index: awaited.index };
    format!("{applied} was applied, and the client waits for {awaited}")
}

fn terms(speaker: Speaker, rule: Rule, message: Term, own: Term) -> String {
    let (node, sender) = (speaker.node, speaker.sender());
    if message == own {
        return format!("{sender}'s message is of term {message}, and {node} is in that term");
    }
    let consequence = match rule {
        Rule::HigherTermStepsDown => "the higher term wins",
        Rule::VotesCountedOnceAndInTerm => "a vote of another election does not count",
        Rule::RepliesMatchedToTerm => "a reply to another leadership does not count",
        _ if message < own => "the older term has to be refused",
        _ => "the terms differ",
    };
    format!("{sender}'s message is of term {message}, {node} is in term {own}: {consequence}")
}

fn vote(
    node: NodeId,
    term: Term,
    voted_for: Option<NodeId>,
    candidate: NodeId,
    kept: bool,
) -> String {
    match voted_for {
        None if candidate == node && kept => {
            format!("{node}'s vote for itself in term {term} is recorded, then counted")
        }
        None if candidate == node => {
            format!("{node}'s vote for itself in term {term} ought to be recorded before it counts")
        }
        Some(vote) if candidate == node && vote != node => {
            format!("{node} votes for itself in term {term}, in which it has voted for {vote}")
        }
        // Not "has not voted": votedFor is also null in a node that has forgotten its vote.
        None => format!("{candidate} asks, and {node}'s votedFor in term {term} is null"),
        Some(vote) if vote == candidate => {
            format!("{candidate} asks, and has {node}'s vote in term {term} already")
        }
        Some(vote) => {
            let vote = if vote == node { "itself".to_owned() } else { vote.to_string() };
            format!("{candidate} asks, but {node} voted for {vote} in term {term}")
        }
    }
}

fn logs(speaker: Speaker, rule: Rule, candidate: LogPosition, own: LogPosition) -> String {
    let node = speaker.node;
    let says = format!("{} says its log {}", speaker.sender(), log_end(candidate));
    let why = if rule == Rule::TermBeforeLength {
        "their last terms decide, not their lengths"
    } else if candidate.term != own.term {
        "the log with the later last term is more up to date"
    } else if candidate.index != own.index {
        "with equal last terms the longer log is more up to date"
    } else if own.index == LogIndex::ZERO {
        return format!("{says}, as {node}'s is: good enough");
    } else {
        return format!("{says}, as {node}'s: good enough");
    };
    format!("{says}, {node}'s {}: {why}", log_end(own))
}

/// The comparison of two logs if `term-before-length` is broken: only their lengths count.
fn lengths(speaker: Speaker, candidate: LogIndex, own: LogIndex) -> String {
    let (sender, node) = (speaker.sender(), speaker.node);
    let (theirs, why) =
        (plural(candidate.count(), "entry", "entries"), "for term-before-length is broken");
    if candidate == own {
        format!(
            "{sender} says it has {theirs}, {node} has as many: they are equally long, and only length counts, {why}"
        )
    } else {
        let own = own.count();
        format!("{sender} says it has {theirs}, {node} has {own}: the longer log counts, {why}")
    }
}

fn majority(count: &str, have: usize, need: usize) -> String {
    match need {
        _ if have < need => format!("{count}, a majority needs {need}"),
        1 => format!("{count}, and 1 is a majority"),
        _ => format!("{count}, and {need} are a majority"),
    }
}

fn entry_term(node: NodeId, entry: LogPosition, own: Term) -> String {
    if entry.term == own {
        format!("{entry} is of term {own}, which {node} leads")
    } else {
        format!(
            "{entry} is of term {}, {node} leads term {own}: copies must not commit an older entry",
            entry.term
        )
    }
}

fn prev_entry(speaker: Speaker, prev: LogPosition, found: Option<Term>, last: LogIndex) -> String {
    let (node, leader) = (speaker.node, speaker.sender());
    match found {
        _ if prev.index == LogIndex::ZERO => {
            format!("{leader} begins at index 1: nothing comes before it")
        }
        Some(term) if term == prev.term => format!("{leader} builds on {prev}, and {node} has it"),
        _ => format!("{leader} builds on {prev}, but {}", instead(node, prev, found, last)),
    }
}

/// What a node has in place of the entry on which a leader builds.
pub(super) fn instead(
    node: NodeId,
    prev: LogPosition,
    found: Option<Term>,
    last: LogIndex,
) -> String {
    match found {
        Some(term) => format!("{node} has {}", LogPosition { term, index: prev.index }),
        None if last == LogIndex::ZERO => format!("{node}'s log is empty"),
        None => format!("{node}'s log ends at index {last}"),
    }
}

fn timer(speaker: Speaker, cause: TimerCause) -> String {
    let (node, sender) = (speaker.node, speaker.sender());
    match cause {
        TimerCause::CurrentLeader => {
            format!("{node} heard {sender}, who leads its term: the timer starts over")
        }
        TimerCause::VoteGranted => {
            format!("{node} has given {sender} its vote: the timer starts over")
        }
        TimerCause::ElectionStarted => {
            format!("{node} begins an election: the timer starts over")
        }
        TimerCause::StaleRequest => {
            format!("{sender}'s message is of an older term, so {node}'s timer runs on")
        }
        TimerCause::VoteRefused => {
            format!("{sender} got no vote, so {node}'s timer runs on")
        }
    }
}

fn timeout(shortest_us: u64, longest_us: u64, drawn_us: u64, kept: bool) -> String {
    let time = |us| duration(Duration::from_micros(us));
    let (shortest, longest, drawn) = (time(shortest_us), time(longest_us), time(drawn_us));
    let how = if kept { "drawn from" } else { "and it ought to be drawn from" };
    format!("the timer runs {drawn} this time, {how} {shortest} to {longest}")
}

fn durable(term_or_vote: bool, log_from: Option<LogIndex>, messages: usize, kept: bool) -> String {
    let (what, verb) = match (term_or_vote, log_from) {
        (true, Some(from)) => (format!("term, vote and the log from index {from}"), "are"),
        (true, None) => ("term and vote".to_owned(), "are"),
        (false, Some(from)) => (format!("the log from index {from}"), "is"),
        (false, None) => ("nothing".to_owned(), "is"),
    };
    let verb = if kept { verb } else { "ought to be" };
    match messages {
        0 => format!("{what} {verb} on disk; no message waits for it"),
        1 => format!("{what} {verb} on disk before 1 message leaves"),
        _ => format!("{what} {verb} on disk before {messages} messages leave"),
    }
}

/// Turns a sentence into a part of another: without its capital and its full stop.
pub fn as_clause(sentence: &str) -> String {
    let mut letters = sentence.trim_end_matches('.').chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}
