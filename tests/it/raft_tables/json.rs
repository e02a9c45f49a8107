//! Inputs and messages as JSON: what a recorded run is made of.

use raft_in_practice::raft::{
    AppendEntries, AppendEntriesReply, AppendOutcome, Command, ConflictHint, Entries, Envelope,
    Input, LogEntry, LogIndex, Message, NodeId, Payload, RequestVote, RequestVoteReply, Term,
};

/// Inputs and messages must be the same after they are written as JSON and read back.
#[test]
fn inputs_and_their_messages_read_back_from_json() {
    let (term, index) = (Term::new(3), LogIndex::new(4));
    let entries = [
        LogEntry::no_op(term),
        LogEntry { term, payload: Payload::Command(Command::new("SET x=\"1\"\n")) },
    ];
    let hint = ConflictHint { conflict_term: Some(Term::new(2)), first_index: index };
    let messages = [
        Message::RequestVote(RequestVote {
            term,
            candidate_id: NodeId::new(1),
            last_log_index: index,
            last_log_term: term,
        }),
        Message::RequestVoteReply(RequestVoteReply { term, vote_granted: true }),
        Message::AppendEntries(AppendEntries {
            term,
            leader_id: NodeId::new(1),
            prev_log_index: index,
            prev_log_term: term,
            entries: Entries::from(entries),
            leader_commit: LogIndex::FIRST,
        }),
        Message::AppendEntriesReply(AppendEntriesReply {
            term,
            outcome: AppendOutcome::Accepted { match_index: index },
        }),
        Message::AppendEntriesReply(AppendEntriesReply {
            term,
            outcome: AppendOutcome::Rejected { prev_log_index: index, hint },
        }),
        Message::AppendEntriesReply(AppendEntriesReply { term, outcome: AppendOutcome::StaleTerm }),
    ];
    let received = messages.map(|message| {
        Input::Receive(Envelope { from: NodeId::new(1), to: NodeId::new(2), message })
    });
    let others = [
        Input::Propose(vec![Command::new("a"), Command::new("")]),
        Input::ElectionTimeout,
        Input::HeartbeatDue,
    ];
    for input in received.into_iter().chain(others) {
        let json = serde_json::to_string(&input).unwrap();
        assert_eq!(serde_json::from_str::<Input>(&json).unwrap(), input, "{json}");
    }
}

#[test]
fn a_node_that_no_cluster_has_is_not_read() {
    let error = serde_json::from_str::<NodeId>("9").unwrap_err();
    assert!(error.to_string().contains("from 0 to 8"), "{error}");
}
