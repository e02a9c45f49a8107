//! The rules of a leader.

use raft_in_practice::raft::{Event, Rule, RuleSet};

use crate::common::{
    accepted, candidate, commit, heartbeat, leader, progress, receive, terms, vote, with_rules,
};
use crate::rules::elections::noted;
use crate::rules::shows;

/// An entry of term 1 is on two of three; the leader is that of term 2.
pub fn commit_only_current_term() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = leader(with_rules(3, rules), 2, &[1]);
        let _ = noted(receive(&mut node, 1, accepted(2, 1)), events);
        commit(&node)
    };
    shows(Rule::CommitOnlyCurrentTerm, &0, &1, situation)
}

/// The leader of term 3 also led term 1, and receives an answer from that term now.
pub fn replies_matched_to_term() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = leader(with_rules(3, rules), 3, &[1, 1]);
        let _ = noted(receive(&mut node, 1, accepted(1, 2)), events);
        progress(&node, 1).0
    };
    shows(Rule::RepliesMatchedToTerm, &0, &2, situation)
}

/// Two acknowledgements arrive in the opposite order.
pub fn match_index_monotone() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = leader(with_rules(5, rules), 2, &[1]);
        for acknowledged in [2, 1] {
            let _ = noted(receive(&mut node, 1, accepted(2, acknowledged)), events);
        }
        progress(&node, 1).0
    };
    shows(Rule::MatchIndexMonotone, &2, &1, situation)
}

/// A node with two entries wins an election.
fn log_of_winner(rules: RuleSet, events: &mut Vec<Event>) -> Vec<u64> {
    let mut node = candidate(with_rules(3, rules), 2, &[1, 1]);
    let _ = noted(receive(&mut node, 1, vote(2, true)), events);
    assert!(node.is_leader());
    terms(&node)
}

/// The winner keeps its entries.
pub fn leader_append_only() -> Rule {
    shows(Rule::LeaderAppendOnly, &vec![1, 1, 2], &vec![2], log_of_winner)
}

/// The winner adds one of its own.
pub fn no_op_on_election() -> Rule {
    shows(Rule::NoOpOnElection, &vec![1, 1, 2], &vec![1, 1], log_of_winner)
}

/// A heartbeat is due, and there are no new entries.
pub fn leader_heartbeat() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = leader(with_rules(3, rules), 1, &[]);
        noted(heartbeat(&mut node), events).messages().len()
    };
    shows(Rule::LeaderHeartbeat, &2, &0, situation)
}
