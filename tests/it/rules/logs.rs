//! The rules of a follower's log.

use raft_in_practice::raft::{Event, Rule, RuleSet};

use crate::common::{acknowledged, append, at, commit, follower, receive, terms, with_rules};
use crate::rules::elections::noted;
use crate::rules::shows;

/// Gives a follower with this log one AppendEntries of the leader of term 2. Returns the answer, the log and
/// the commit index.
fn after(
    own: &[u64],
    prev: (u64, u64),
    new: &[u64],
    leader_commit: u64,
    rules: RuleSet,
    events: &mut Vec<Event>,
) -> (Option<u64>, Vec<u64>, u64) {
    let mut node = follower(with_rules(3, rules), 2, own);
    let request = append(1, 2, at(prev.0, prev.1), new, leader_commit);
    let sent = noted(receive(&mut node, 1, request), events);
    (acknowledged(&sent), terms(&node), commit(&node))
}

/// An entry for index 2 comes to an empty log, and to a log with an entry of another term at index 1.
pub fn log_matching_check() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        [after(&[], (1, 1), &[2], 0, rules, events), after(&[1], (1, 2), &[2], 0, rules, events)]
    };
    let kept = [(None, vec![], 0), (None, vec![1], 0)];
    let broken = [(Some(2), vec![2], 0), (Some(2), vec![1, 2], 0)];
    shows(Rule::LogMatchingCheck, &kept, &broken, situation)
}

/// The leader has another entry at index 1.
pub fn conflict_truncates() -> Rule {
    let situation =
        |rules: RuleSet, events: &mut Vec<Event>| after(&[1, 1], (0, 0), &[2], 0, rules, events);
    let (kept, broken) = ((Some(1), vec![2], 0), (Some(1), vec![1, 1], 0));
    shows(Rule::ConflictTruncates, &kept, &broken, situation)
}

/// The message with entry 1 comes a second time, and a heartbeat that was sent before entry 2.
pub fn truncate_only_on_conflict() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        [
            after(&[1, 1], (0, 0), &[1], 0, rules, events),
            after(&[1, 1], (1, 1), &[], 0, rules, events),
        ]
    };
    let kept = [(Some(1), vec![1, 1], 0), (Some(1), vec![1, 1], 0)];
    let broken = [(Some(1), vec![1], 0), (Some(1), vec![1], 0)];
    shows(Rule::TruncateOnlyOnConflict, &kept, &broken, situation)
}

/// A heartbeat with prevLogIndex 1 to a follower whose later entries it does not verify.
pub fn acknowledge_only_verified() -> Rule {
    let situation =
        |rules: RuleSet, events: &mut Vec<Event>| after(&[1, 1, 1], (1, 1), &[], 0, rules, events);
    let (kept, broken) = ((Some(1), vec![1; 3], 0), (Some(3), vec![1; 3], 0));
    shows(Rule::AcknowledgeOnlyVerified, &kept, &broken, situation)
}

/// The same heartbeat says that index 2 is committed: the leader's entry there, not the follower's.
pub fn commit_only_verified() -> Rule {
    let situation =
        |rules: RuleSet, events: &mut Vec<Event>| after(&[1, 1, 1], (1, 1), &[], 2, rules, events);
    let (kept, broken) = ((Some(1), vec![1; 3], 1), (Some(1), vec![1; 3], 2));
    shows(Rule::CommitOnlyVerified, &kept, &broken, situation)
}
