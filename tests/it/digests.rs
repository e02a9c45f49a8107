//! Digests are of the bytes that `docs/trace-format.md` describes, and their values are pinned.

use raft_in_practice::digest::{chain, chain_line, of_step};
use raft_in_practice::raft::{
    AppendEntries, AppendEntriesReply, AppendOutcome, ConflictHint, Envelope, Input, Log, LogEntry,
    LogIndex, Message, NodeId, PersistentState, RaftNode, RequestVote, RequestVoteReply, Settings,
    Term,
};
use siphasher::sip::SipHasher13;

/// The bytes of a description: `#7` is a number, `7` a byte, anything else a text.
fn bytes(description: &str) -> Vec<u8> {
    let bytes = |word: &str| match (word.strip_prefix('#'), word.parse::<u8>()) {
        (Some(number), _) => number.parse::<u64>().unwrap().to_le_bytes().to_vec(),
        (None, Ok(byte)) => vec![byte],
        (None, Err(_)) => word.as_bytes().to_vec(),
    };
    description.split_whitespace().flat_map(bytes).collect()
}

/// A follower with a vote and two entries, and a message of each kind. An implementation of the encoding
/// from its description gives these bytes, and this digest.
#[test]
fn the_digest_of_a_step_is_that_of_the_bytes_that_are_described() {
    let term = Term::new(3);
    let log = vec![LogEntry::no_op(Term::new(1)), LogEntry::command(term, "PING".into())];
    let saved = PersistentState::new(term, Some(NodeId::new(1)), Log::new(log));
    let node = RaftNode::new(NodeId::new(2), Settings::new(3), saved);
    let hint = ConflictHint { conflict_term: None, first_index: LogIndex::new(1) };
    let outcomes = [
        AppendOutcome::Accepted { match_index: LogIndex::new(2) },
        AppendOutcome::StaleTerm,
        AppendOutcome::Rejected { prev_log_index: LogIndex::new(9), hint },
    ];
    let append = AppendEntries {
        term,
        leader_id: NodeId::new(0),
        prev_log_index: LogIndex::new(1),
        prev_log_term: Term::new(1),
        entries: [LogEntry::no_op(term)].into(),
        leader_commit: LogIndex::new(1),
    };
    let vote = RequestVote::new(term, NodeId::new(0), node.last());
    let others: [Message; 3] =
        [vote.into(), RequestVoteReply { term, vote_granted: true }.into(), append.into()];
    let responses = outcomes.map(|outcome| AppendEntriesReply { term, outcome }.into());
    let all = others.into_iter().chain(responses);
    let messages: Vec<Envelope> =
        all.map(|message| Envelope { from: NodeId::new(0), to: NodeId::new(2), message }).collect();
    // A no-op of term 1, and a command of term 3.
    let log = SipHasher13::new_with_keys(0, !1).hash(&[]);
    let log = SipHasher13::new_with_keys(log, 3).hash(b"PING");
    let described = [
        "2 #3 1 1",                    // n2, in term 3, voted for n1
        &format!("#2 #{log}"),         // two entries, and their digest
        "#0 0 0",                      // nothing committed; a follower that knows no leader
        "#6",                          // six messages:
        "0 2 0 #3 0 #2 #3",            // RequestVote
        "0 2 1 #3 1",                  // granted
        "0 2 2 #3 0 #1 #1 #1 #3 0 #1", // AppendEntries after 1@1, with one no-op, committed up to 1
        "0 2 3 #3 0 #2",               // accepted up to 2
        "0 2 3 #3 1",                  // of an older term
        "0 2 3 #3 2 #9 0 #1",          // refused at 9: the log ends, and lacks index 1
    ];
    let expected = SipHasher13::new_with_keys(0, 0).hash(&bytes(&described.join(" ")));
    assert_eq!(of_step(&node, &messages), expected);
}

#[test]
fn the_digest_of_a_step_is_what_it_was_when_this_test_was_written() {
    let mut node = RaftNode::new(NodeId::new(0), Settings::new(3), PersistentState::default());
    let mut disk = PersistentState::default();
    let mut digests = vec![of_step(&node, &[])];
    let granted = RequestVoteReply { term: Term::new(1), vote_granted: true };
    let from = NodeId::new(1);
    let vote = Envelope { from, to: NodeId::new(0), message: granted.into() };
    for input in
        [Input::ElectionTimeout, Input::Receive(vote), Input::Propose(vec!["SET x=1".into()])]
    {
        let mut turn = node.turn();
        turn.step(input);
        let sendable = turn.persist(&mut disk).unwrap();
        digests.push(of_step(&node, sendable.messages()));
    }
    let expected = [
        13_101_946_481_022_257_434,
        15_782_541_762_006_654_029,
        16_701_185_163_062_090_979,
        13_764_299_804_916_397_881,
    ];
    assert_eq!(digests, expected, "every stored trace depends on these numbers");
    assert_eq!(chain_line(chain_line(0, "{}"), "a line"), 14_880_838_862_621_989_427);
}

#[test]
fn a_chain_depends_on_order() {
    assert_ne!(chain_line(chain_line(0, "a"), "b"), chain_line(chain_line(0, "b"), "a"));
    assert_ne!(chain(chain(0, &1_u64), &2_u64), chain(chain(0, &2_u64), &1_u64));
}
