//! The messages between nodes: each as one sentence, and as a call whose arguments have the names of
//! the paper's Figure 2.

use crate::raft::{
    AppendEntries, AppendOutcome, ConflictHint, LogEntry, LogIndex, LogPosition, Message,
    MessageKind, Payload,
};

use super::words::{joined, log_end, plural};
use crate::record::message_name::MessageName;
use crate::scenario::verb_table::Verb;

/// Up to this many entries of a request are listed. Of more, only the first and the last are.
const LISTED: usize = 3;

/// A message in one sentence. The caller puts its subject, the sender, in front.
pub fn sentence(message: &Message) -> String {
    let term = message.term();
    match message {
        Message::RequestVote(m) => {
            format!("asks for a vote in term {term}; its log {} (§5.2)", log_end(m.last_log()))
        }
        Message::RequestVoteReply(m) if m.vote_granted => {
            format!("gives its vote in term {term} (§5.2)")
        }
        Message::RequestVoteReply(_) => format!("gives no vote, and is in term {term} (§5.2)"),
        Message::AppendEntries(m) => {
            let what = if m.entries.is_empty() {
                "a heartbeat".to_owned()
            } else {
                plural(m.entries.len(), "entry", "entries")
            };
            let place = match m.prev_log() {
                LogPosition::START => "from index 1 on".to_owned(),
                prev => format!("after {prev}"),
            };
            let commit = m.leader_commit;
            format!(
                "sends {what} {place} in term {term}, having committed up to index {commit} (§5.3)"
            )
        }
        Message::AppendEntriesReply(m) => match m.outcome {
            AppendOutcome::Accepted { match_index } => {
                format!("holds the log of term {term}'s leader up to index {match_index} (§5.3)")
            }
            AppendOutcome::StaleTerm => {
                format!("refuses what is of an older term, and is in term {term} (§5.1)")
            }
            AppendOutcome::Rejected { prev_log_index, hint } => format!(
                "does not take what builds on index {prev_log_index}, and is in term {term}{} (§5.3)",
                hint_clause(hint)
            ),
        },
    }
}

fn hint_clause(hint: ConflictHint) -> String {
    match hint {
        ConflictHint { conflict_term: Some(term), first_index } => {
            format!(": its entries of term {term} begin at index {first_index}")
        }
        ConflictHint { conflict_term: None, first_index } if first_index > LogIndex::ZERO => {
            format!(": it has nothing from index {first_index} on")
        }
        ConflictHint { .. } => String::new(),
    }
}

/// A message as a call: its name, and its arguments under the paper's names.
pub fn arguments(message: &Message) -> String {
    let name = kind(message.kind());
    let term = message.term();
    match message {
        Message::RequestVote(m) => format!(
            "{name}: term {term}, candidateId {}, lastLogIndex {}, lastLogTerm {}",
            m.candidate_id, m.last_log_index, m.last_log_term
        ),
        Message::RequestVoteReply(m) => {
            format!("{name}: term {term}, voteGranted {}", m.vote_granted)
        }
        Message::AppendEntries(m) => format!(
            "{name}: term {term}, leaderId {}, prevLogIndex {}, prevLogTerm {}, entries [{}], \
             leaderCommit {}",
            m.leader_id,
            m.prev_log_index,
            m.prev_log_term,
            entries(m),
            m.leader_commit
        ),
        Message::AppendEntriesReply(m) => match m.outcome {
            AppendOutcome::Accepted { match_index } => {
                format!("{name}: term {term}, success true, acknowledges index {match_index}")
            }
            AppendOutcome::StaleTerm => format!("{name}: term {term}, success false"),
            AppendOutcome::Rejected { prev_log_index, hint } => {
                format!(
                    "{name}: term {term}, success false{}",
                    hint_arguments(prev_log_index, hint)
                )
            }
        },
    }
}

fn hint_arguments(prev: LogIndex, hint: ConflictHint) -> String {
    let first = hint.first_index;
    match hint.conflict_term {
        Some(term) => format!(", at index {prev} term {term}, which begins at index {first}"),
        None if first > LogIndex::ZERO => format!(", log ends before index {first}"),
        None => String::new(),
    }
}

fn entries(request: &AppendEntries) -> String {
    let positions = request.entries.iter().enumerate().map(|(nth, e)| {
        let index = request.prev_log_index.plus(nth + 1);
        (LogPosition { term: e.term, index }, e)
    });
    let count = request.entries.len();
    if count <= LISTED {
        joined(positions.map(|(at, e)| entry(at, e)), ", ")
    } else {
        let ends = [0, count - 1];
        let ends = positions.enumerate().filter(|(nth, _)| ends.contains(nth));
        joined(ends.map(|(_, (at, e))| entry(at, e)), " ... ")
    }
}

/// An entry: its index and term, and what it carries.
pub fn entry(at: LogPosition, entry: &LogEntry) -> String {
    format!("{at} {}", payload(&entry.payload))
}

/// What an entry carries.
pub fn payload(payload: &Payload) -> String {
    match payload {
        Payload::NoOp => "no-op".to_owned(),
        Payload::Command(command) => command.to_string(),
    }
}

/// The name of a call or its answer.
pub const fn kind(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::RequestVote => "RequestVote",
        MessageKind::RequestVoteReply => "RequestVote reply",
        MessageKind::AppendEntries => "AppendEntries",
        MessageKind::AppendEntriesReply => "AppendEntries reply",
    }
}

/// The name of a message, as a line writes it.
pub(crate) fn name(name: MessageName) -> String {
    Verb::Deliver(name).to_string().trim_start_matches("deliver ").to_owned()
}
