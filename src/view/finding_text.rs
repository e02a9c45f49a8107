//! The finding of an answer to why, and what would change it, in words.

use super::words::{joined, log_end, plural};
use super::{deeds, message};
use crate::explain::{Change, Elsewhere, Finding, Silent};
use crate::raft::{LogIndex, LogPosition, NodeId, Term};
use crate::record::history::{ClientCall, Told};

/// The finding of an answer, in words.
pub(super) fn finding(finding: &Finding) -> String {
    match finding {
        Finding::Committed { entry, node, told_by: Some(leader), of, .. } => {
            told_by(*entry, *node, *leader, *of)
        }
        Finding::Committed { entry, node, told_by: None, with, .. } => {
            committed(*entry, *node, *with)
        }
        Finding::TooFewCopies { entry, leader, term } => format!(
            "{entry} is not committed: {leader} leads term {term} and knows of too few copies."
        ),
        Finding::OlderTerm { entry, leader, term } => format!(
            "{entry} is not committed, though a majority holds it: it is of term {}, and {leader} \
             leads term {term}. A leader counts only entries of its own term; earlier entries \
             are committed with them.",
            entry.term
        ),
        Finding::NotTold { entry, node, leader, .. } => not_told(*entry, *node, *leader),
        Finding::NotKnown { entry, leader, term, .. } => {
            format!("{leader}, which leads term {term}, does not know that {entry} is committed.")
        }
        Finding::Superseded { entry, node, committed, step } => {
            superseded(*entry, *node, *committed, *step)
        }
        Finding::OnSuperseded { entry, node, below, committed, step } => {
            on_superseded(*entry, *node, *below, *committed, *step)
        }
        Finding::Another { entry, node, there, holders } => {
            let held = held_by(holders);
            format!("{node} has {there} at index {}, and not {entry}, {held}.", entry.index)
        }
        Finding::Deleted { entry, node, step, holders } => deleted(*entry, *node, *step, holders),
        Finding::Replaced { entry, now, nodes } => replaced(*entry, *now, nodes),
        Finding::Lacks { node, index, last, .. } => {
            format!("{node} has no entry at index {index}: its log {}.", log_end(*last))
        }
        Finding::Down { node, .. } => {
            format!("{node} is down: it leads nothing and commits nothing.")
        }
        Finding::Refused { from, to, message: kind, written_in, unsent } => {
            let (kind, crashed) = (message::kind(*kind), crashed(*unsent));
            format!("{to} refused {from}'s {kind} (written in step {written_in}){crashed}.")
        }
        Finding::Leads { node, term, votes, now } => leads(*node, *term, votes, *now),
        Finding::NeverCampaigned { node, leader } => {
            format!("{node} has never campaigned{}.", following(*leader))
        }
        Finding::StartedAgain { node, leader } => format!(
            "{node} has started again as a follower and not campaigned since{}.",
            following(*leader)
        ),
        Finding::TooFewVotes { node, term, have, need, ended_in } => {
            too_few_votes(*node, *term, *have, *need, *ended_in)
        }
        Finding::SteppedDown { node, role, term } => {
            format!("{node} was {role} and became follower in term {term}.")
        }
        Finding::Truncated { node, from, to } if from == to => format!("{node} deleted {from}."),
        Finding::Truncated { node, from, to } => format!("{node} deleted {from} to {to}."),
        Finding::Acknowledged { node, to, index, prev, count, unsent } => format!(
            "{node} acknowledged its log up to index {index}{}: {to} had sent {}.",
            crashed(*unsent),
            entries_after(*count, *prev)
        ),
        Finding::Told { call, silent, earlier: 0 } => told(call, *silent),
        Finding::Told { call, silent, earlier } => {
            let verb = if *earlier == 1 { "matches" } else { "match" };
            format!("{} {earlier} more, asked before, also {verb}.", told(call, *silent))
        }
    }
}

fn told_by(entry: LogPosition, node: NodeId, leader: NodeId, of: Option<LogPosition>) -> String {
    let told = of.map_or_else(
        || "told it so".to_owned(),
        |of| {
            let of = other_than(entry, of);
            format!("had said that it had committed up to there, but its own entry there was {of}")
        },
    );
    format!("{entry} is committed on {node}: {leader}, then its leader, {told}.")
}

fn committed(entry: LogPosition, node: NodeId, with: Option<LogPosition>) -> String {
    match with {
        None => format!("{entry} is committed: {node}, then the leader, counted its copies."),
        Some(with) => format!(
            "{entry} is committed with {with}: {node}, then the leader, counted the copies of {with}, and \
             the entries before it are committed with it."
        ),
    }
}

fn leads(node: NodeId, term: Term, votes: &[(NodeId, u64)], now: Option<Term>) -> String {
    let counted = |(voter, step): &(NodeId, u64)| format!("{voter} (counted in step {step})");
    let votes = joined(votes.iter().map(counted), ", ");
    match now {
        None => format!("{node} leads term {term}, by the votes of {votes}."),
        Some(now) => format!(
            "{node} won term {term}, by the votes of {votes}, and leads still, though it is in term {now}."
        ),
    }
}

fn superseded(entry: LogPosition, node: NodeId, committed: LogPosition, step: u64) -> String {
    format!(
        "{entry} is not committed on {node} and, if State Machine Safety holds, never will be: {} was committed at \
         index {} in step {step}.",
        other_than(entry, committed),
        entry.index
    )
}

fn on_superseded(
    entry: LogPosition,
    node: NodeId,
    below: LogPosition,
    committed: LogPosition,
    step: u64,
) -> String {
    format!(
        "{entry} is not committed on {node} and, if Log Matching holds, never will be as it stands there: \
         {node} has it behind {below}, and {} was committed at index {} in step {step}.",
        other_than(below, committed),
        below.index
    )
}

fn too_few_votes(
    node: NodeId,
    term: Term,
    have: usize,
    need: usize,
    ended_in: Option<u64>,
) -> String {
    let votes = plural(have, "vote", "votes");
    let ended = match ended_in {
        Some(step) => format!("its election ended in step {step}"),
        None => "its election goes on".to_owned(),
    };
    format!("{node} campaigned in term {term} and got {votes}, where {need} are needed: {ended}.")
}

fn not_told(entry: LogPosition, node: NodeId, leader: Option<NodeId>) -> String {
    let leader = match leader {
        Some(leader) => format!("its leader, {leader}, has not told it that it is"),
        None => "it knows of no leader that could tell it".to_owned(),
    };
    format!("{entry} is not committed on {node}: {leader}.")
}

fn deleted(entry: LogPosition, node: NodeId, step: u64, holders: &[NodeId]) -> String {
    let held = match holders {
        [] => ", and no log holds it any more".to_owned(),
        _ => format!("; it is in the log of {}", joined(holders, ", ")),
    };
    format!("{node} deleted {entry} in step {step}{held}.")
}

fn replaced(entry: LogPosition, now: LogPosition, nodes: &[NodeId]) -> String {
    let have = if nodes.len() == 1 { "has" } else { "have" };
    format!(
        "{entry} was committed, and {} {have} committed {} in its place: State Machine Safety is violated.",
        joined(nodes, ", "),
        other_than(entry, now)
    )
}

/// So many entries, and the one before them.
fn entries_after(count: usize, prev: LogPosition) -> String {
    let entries = plural(count, "entry", "entries");
    match (count, prev.index) {
        (0, LogIndex::ZERO) => "an AppendEntries without entries, from index 1 on".to_owned(),
        (0, _) => format!("an AppendEntries without entries, built on {prev}"),
        (_, LogIndex::ZERO) => format!("{entries}, from index 1 on"),
        _ => format!("{entries} after {prev}"),
    }
}

/// Names an entry that is not this one, but may have the same index and term.
fn other_than(entry: LogPosition, other: LogPosition) -> String {
    if entry == other { format!("another {other}") } else { other.to_string() }
}

/// Says that a crash kept the reply of a node from leaving, if that is so.
const fn crashed(unsent: bool) -> &'static str {
    if unsent { ", and crashed before its reply left it" } else { "" }
}

fn held_by(holders: &[NodeId]) -> String {
    match holders {
        [] => "which no log holds".to_owned(),
        [holder] => format!("which {holder} holds"),
        holders => format!("which {} hold", joined(holders, ", ")),
    }
}

/// Says since when and by whom an entry has been committed that the node of the finding does not know to be
/// committed, and whether that node knew it and forgot. It stands behind the step of the finding, which is another.
pub(super) fn committed_elsewhere(finding: &Finding) -> Option<String> {
    if let Finding::Lacks { committed: Some((entry, Elsewhere { step, by, .. })), .. } = finding {
        return Some(format!("{by} committed {entry} in step {step}."));
    }
    let (node, Elsewhere { step, by, forgot_after }) = match finding {
        Finding::NotTold { node, elsewhere: Some(elsewhere), .. }
        | Finding::Down { node, elsewhere: Some(elsewhere) } => (node, elsewhere),
        Finding::NotKnown { leader, elsewhere, .. } => (leader, elsewhere),
        _ => return None,
    };
    let forgot = forgot_after.map_or_else(String::new, |after| {
        format!(" {node} knew, and lost its commitIndex when it crashed after step {after}.")
    });
    Some(format!("The entry has been committed since step {step}, by {by}.{forgot}"))
}

fn following(leader: Option<NodeId>) -> String {
    match leader {
        Some(leader) => format!(": {leader} leads, and each of its messages starts the timer over"),
        None => ": its election timer has not ended".to_owned(),
    }
}

/// When something was done to the cluster: after how many steps.
pub(super) fn after(step: u64) -> String {
    if step == 0 { "before the first step".to_owned() } else { format!("after step {step}") }
}

/// What a client asked and was told, in a sentence.
pub(super) fn told(call: &ClientCall, silent: Option<Silent>) -> String {
    let ClientCall { ticket, node, command, asked_in, told } = call;
    // A patient client waits for the node.
    let then = |moment: u64| {
        if moment == *asked_in { String::new() } else { format!(" {}", after(moment - 1)) }
    };
    let client =
        format!("Client {} asked {node} for {command} {}", ticket.client(), after(*asked_in - 1));
    match told {
        None => match silent {
            Some(Silent::CrashedAfter(step)) => format!(
                "{client} and was told nothing: {node} crashed after step {step} and forgot who had \
                 asked, so nobody will answer."
            ),
            Some(Silent::PausedAfter(step)) => format!(
                "{client} and has been told nothing yet: {node} was paused {}, and still is.",
                after(step)
            ),
            Some(Silent::AnswerLostIn(step)) => {
                format!(
                    "{client} and was told nothing: {node} answered in step {step}, and the answer was lost."
                )
            }
            None => format!("{client} and has been told nothing yet."),
        },
        Some((moment, Told::Refused { leader, down })) => {
            let why = match leader {
                _ if *down => "was down".to_owned(),
                Some(leader) => format!("did not lead, and named {leader}"),
                None => "did not lead, and knew of no leader".to_owned(),
            };
            format!("{client} and was refused{}: {node} {why}.", then(*moment))
        }
        Some((step, Told::Answered(answer))) => {
            let told = deeds::told(answer);
            let told = told.strip_prefix("is told ").unwrap_or(&told);
            format!("{client} and was told by {node}, in step {step}, {told}.")
        }
    }
}

/// What would change the finding, as a clause behind "if".
pub(super) fn changes(change: &Change) -> String {
    match change {
        Change::Acknowledgements { leader, index, more, missing } => format!(
            "{more} more of {} acknowledged {leader}'s log up to index {index}",
            joined(missing, ", ")
        ),
        Change::EntryOfOwnTerm { leader, term, index, have, need } => {
            entry_of_own_term(*leader, *term, *index, *have, *need)
        }
        Change::LeaderCommits { leader, index } => leader_commits(*leader, *index),
        Change::LaterLeader { leader, term } => format!(
            "a later leader whose log holds it committed an entry of its own term: {}",
            is_over(*leader, *term)
        ),
        Change::LeaderSays { leader, index } => format!(
            "{leader}, which has committed index {index}, said so in an AppendEntries that it accepts"
        ),
        Change::Arrival { .. } => arrival(change),
        Change::Proposal { leader, index } => format!(
            "a client proposed to {leader} what then stood at index {index}, and that entry came to be known to \
             {leader} to be on a majority"
        ),
        Change::StepDown { leader, term, index } => format!(
            "{leader} followed a later leader, and {}: {}",
            replication(*index),
            is_over(*leader, *term)
        ),
        Change::Replication { index } => replication(*index),
        Change::CommitAt { index } => format!(
            "another entry were committed at index {index}: then the client would hear that its own is lost"
        ),
        Change::Restart { node, index } => restart(*node, *index),
        Change::Votes { more, missing } => {
            let votes = if *more == 1 { "vote" } else { "votes" };
            format!("{more} more {votes} of {} came and were counted", joined(missing, ", "))
        }
        Change::LaterElection { term } => {
            format!(
                "a timer ended and a later term began: too few votes can still come in term {term}"
            )
        }
        Change::Timeout { node } => {
            format!("{node}'s election timer ended, and a majority voted for it")
        }
        Change::Term { least, log, sent_from } => format!(
            "the sender were in term {least} or a later one{}{}",
            and_log(*log),
            and_sent_from(*sent_from)
        ),
        Change::NoLaterTerm { most } => {
            format!("the message were of term {most} or an earlier one")
        }
        Change::LaterTerm { after, log } => {
            let log = and_log(*log);
            format!("the candidate asked in a later term{log}: the vote in term {after} is given")
        }
        Change::Log { least } => {
            format!("the candidate's log ended at {least}, or were more up to date")
        }
        Change::EarlierEntry { index: LogIndex::FIRST } => {
            "the leader sent its log from index 1 on".to_owned()
        }
        Change::EarlierEntry { index } => {
            format!("the leader sent from an entry before index {index} that both have")
        }
        Change::SameEntry { index, term } => {
            format!("the leader's entry at index {index} were of term {term} too")
        }
    }
}

fn replication(index: LogIndex) -> String {
    format!(
        "a leader's AppendEntries brought it the entry at index {index}, and said that it is committed"
    )
}

/// Says that the term of a leader is over for too many nodes.
fn is_over(leader: NodeId, term: Term) -> String {
    format!("too many nodes are past term {term} for {leader} to commit anything more in it")
}

/// Says which message would have to arrive, and when it does if it then tells what it would tell now.
fn arrival(change: &Change) -> String {
    let &Change::Arrival { message, from, written_in, leader_commit, up_to, arrives_in, in_vain } =
        change
    else {
        unreachable!("the caller has an arrival")
    };
    let when = match arrives_in {
        Some(step) => format!("(it does in step {step})"),
        None if in_vain => "now".to_owned(),
        None => "(by the last step it had not)".to_owned(),
    };
    format!(
        "message {}, the AppendEntries that {from} wrote in step {written_in}, arrived {when}: it has \
         leaderCommit {leader_commit} and verifies the log up to index {up_to} (commit-only-verified)",
        message.0
    )
}

/// What else would have to be so of the log of a candidate whose term comes too late.
fn and_log(least: Option<LogPosition>) -> String {
    least.map_or_else(String::new, |least| {
        format!(", with a log that ended at {least} or were more up to date")
    })
}

/// What else would have to be so of entries whose sender's term comes too late.
fn and_sent_from(before: Option<LogIndex>) -> String {
    match before {
        None => String::new(),
        Some(LogIndex::FIRST) => ", and sent its log from index 1 on".to_owned(),
        Some(index) => format!(", and sent from an entry before index {index} that both have"),
    }
}

fn entry_of_own_term(
    leader: NodeId,
    term: Term,
    index: Option<LogIndex>,
    have: usize,
    need: usize,
) -> String {
    match index {
        Some(index) => format!(
            "the entry of term {term} at index {index} came to be known to {leader} to be on a majority: {leader} \
             knows of {have} of the {need} copies that it needs"
        ),
        None => format!(
            "a client proposed a command to {leader}, and that entry of term {term} came to be known to {leader} to \
             be on a majority"
        ),
    }
}

fn leader_commits(leader: Option<NodeId>, index: LogIndex) -> String {
    match leader {
        Some(leader) => format!(
            "{leader} committed index {index} and said so in an AppendEntries that it accepts"
        ),
        None => {
            format!("a leader that holds it were elected, committed index {index}, and said so")
        }
    }
}

fn restart(node: NodeId, index: Option<LogIndex>) -> String {
    match index {
        None => {
            format!("{node} started again, its election timer ended, and a majority voted for it")
        }
        Some(index) => format!(
            "{node} started again, and a leader whose log holds it committed index {index} and told {node}"
        ),
    }
}
