//! Every message, and the words that its text must contain.

use raft_in_practice::raft::{
    AppendEntries, AppendEntriesReply, AppendOutcome, Command, ConflictHint, Entries, LogEntry,
    LogIndex, LogPosition, Message, NodeId, RequestVote, RequestVoteReply, Term,
};
use raft_in_practice::view::message::{arguments, entry, sentence};

const TERM: Term = Term::new(7);

fn request(count: usize) -> Message {
    let entry = |nth| LogEntry::command(TERM, Command::new(format!("SET x={nth}")));
    Message::AppendEntries(AppendEntries {
        term: TERM,
        leader_id: NodeId::new(2),
        prev_log_index: LogIndex::new(3),
        prev_log_term: Term::new(1),
        entries: (1..=count).map(entry).collect::<Entries>(),
        leader_commit: LogIndex::new(2),
    })
}

const fn reply(outcome: AppendOutcome) -> Message {
    Message::AppendEntriesReply(AppendEntriesReply { term: TERM, outcome })
}

fn rejected(conflict_term: Option<u64>, first_index: u64) -> Message {
    let hint = ConflictHint {
        conflict_term: conflict_term.map(Term::new),
        first_index: LogIndex::new(first_index),
    };
    reply(AppendOutcome::Rejected { prev_log_index: LogIndex::new(9), hint })
}

#[test]
fn every_message_is_told_with_its_values_both_ways() {
    let vote = Message::RequestVote(RequestVote {
        term: TERM,
        candidate_id: NodeId::new(2),
        last_log_index: LogIndex::new(5),
        last_log_term: Term::new(4),
    });
    let answered =
        |vote_granted| Message::RequestVoteReply(RequestVoteReply { term: TERM, vote_granted });
    let accepted = reply(AppendOutcome::Accepted { match_index: LogIndex::new(6) });
    let table: &[(Message, &[&str], &[&str])] = &[
        (vote, &["5@4"], &["candidateId n2", "lastLogIndex 5", "lastLogTerm 4"]),
        (answered(true), &["gives its vote"], &["voteGranted true"]),
        (answered(false), &["no vote"], &["voteGranted false"]),
        (request(0), &["heartbeat", "3@1"], &["entries []", "leaderCommit 2"]),
        (request(1), &["1 entry"], &["[4@7 SET x=1]", "prevLogIndex 3", "prevLogTerm 1"]),
        (request(4), &["4 entries"], &["[4@7 SET x=1 ... 7@7 SET x=4]", "leaderId n2"]),
        (accepted, &["index 6"], &["success true", "index 6"]),
        (rejected(Some(3), 8), &["index 9", "term 3", "index 8"], &["term 3", "index 8"]),
        (rejected(None, 8), &["index 9", "index 8"], &["success false", "before index 8"]),
        (rejected(None, 0), &["index 9"], &["success false"]),
    ];
    for (message, told, called) in table {
        let (sentence, arguments) = (sentence(message), arguments(message));
        assert!(sentence.contains('§') && sentence.contains("term 7"), "{sentence}");
        assert!(arguments.contains("term 7"), "{arguments}");
        assert!(told.iter().all(|word| sentence.contains(word)), "{sentence}: {told:?}");
        assert!(called.iter().all(|word| arguments.contains(word)), "{arguments}: {called:?}");
    }
}

#[test]
fn a_no_op_is_named() {
    let told = entry(LogPosition::new(1, 7), &LogEntry::no_op(TERM));
    assert_eq!(told, "1@7 no-op");
}
