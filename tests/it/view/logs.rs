//! Logs drawn under each other.

use raft_in_practice::raft::{Log, LogEntry, NodeId, PersistentState, RaftNode, Settings, Term};
use raft_in_practice::view::logs::draw;

fn node(id: u8, terms: &[u64]) -> RaftNode {
    let entries = terms.iter().map(|&term| LogEntry::no_op(Term::new(term))).collect();
    let saved = PersistentState::new(Term::new(9), None, Log::new(entries));
    RaftNode::new(NodeId::new(id), Settings::new(3), saved)
}

#[test]
fn what_differs_from_the_first_log_carries_a_star() {
    let lines = draw(&[node(0, &[1, 4]), node(1, &[1, 2, 2])]);
    assert!(lines[1].contains("  1   4      "), "{lines:?}");
    assert!(lines[2].contains("  1   2*  2*"), "{lines:?}");
    assert!(lines[3].contains("not in n0's log"));
}

#[test]
fn equal_logs_need_no_explanation() {
    assert_eq!(draw(&[node(0, &[1]), node(1, &[1])]).len(), 3);
    assert_eq!(draw(&[]).len(), 1);
}
