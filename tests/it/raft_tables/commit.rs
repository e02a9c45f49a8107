//! What a leader may commit, and when it may count its own copy.

use raft_in_practice::raft::{
    Command, Event, Input, LogIndex, MessageKind, Outcome, PersistentState, Rule, RuleSet, Settings,
};

use crate::common::{
    Cluster, accepted, append, at, bare, commit, follower, id, leader, progress, propose, receive,
    settings, terms, verdicts,
};

/// `TestCommit`: match indexes (the leader's own first), log, term ⇒ commit index. Sizes 1, 3 and
/// 4; the entry must be of the leader's own term.
#[test]
fn an_entry_of_the_own_term_on_a_majority_is_committed() {
    let table: [(&[u64], &[u64], u64, u64); 14] = [
        (&[1], &[1], 1, 1),
        (&[1], &[1], 2, 0),
        (&[2], &[1, 2], 2, 2),
        (&[1], &[2], 2, 1),
        (&[2, 1, 1], &[1, 2], 1, 1),
        (&[2, 1, 1], &[1, 1], 2, 0),
        (&[2, 1, 2], &[1, 2], 2, 2),
        (&[2, 1, 2], &[1, 1], 2, 0),
        (&[2, 1, 1, 1], &[1, 2], 1, 1),
        (&[2, 1, 1, 1], &[1, 1], 2, 0),
        (&[2, 1, 1, 2], &[1, 2], 1, 1),
        (&[2, 1, 1, 2], &[1, 1], 2, 0),
        (&[2, 1, 2, 2], &[1, 2], 2, 2),
        (&[2, 1, 2, 2], &[1, 1], 2, 0),
    ];
    for (matches, log, term, expected) in table {
        let without_no_op = Settings { no_op: false, ..settings(matches.len()) };
        let mut node = leader(without_no_op, term, log);
        for (peer, &match_index) in (1..).zip(&matches[1..]) {
            let _ = receive(&mut node, peer, accepted(term, match_index));
            assert_eq!(progress(&node, peer).0, match_index);
        }
        assert_eq!(progress(&node, 0).0, matches[0], "its own log counts");
        assert_eq!(commit(&node), expected, "{matches:?} {log:?} in term {term}");
    }
}

/// Two nodes hold the entries of the leader of term 1. Then node 1 becomes leader, and gets no answers.
fn two_old_entries_on_two_of_five() -> Cluster {
    let mut cluster = Cluster::new(settings(5));
    cluster.elect(0);
    for far in [2, 3, 4] {
        cluster.cut(0, far);
    }
    cluster.propose(0, "a");
    cluster.propose(0, "b");
    assert_eq!(cluster.commit(0), 1, "two of five are no majority");
    cluster.heal();
    cluster
}

/// `TestCannotCommitWithoutNewTermEntry`: as long as the new leader's own entry reaches nobody,
/// the older ones stay uncommitted.
#[test]
fn old_entries_wait_for_one_of_the_current_term() {
    let mut cluster = two_old_entries_on_two_of_five();
    cluster.ignore(MessageKind::AppendEntries);
    cluster.elect(1);
    assert!(cluster.node(1).is_leader());
    assert_eq!(cluster.commit(1), 1);
    cluster.heal();
    cluster.heartbeat(1);
    cluster.propose(1, "c");
    assert_eq!(cluster.commit(1), 5);
}

/// `TestCommitWithoutNewTermEntry`: the no-op alone commits what went before.
#[test]
fn the_no_op_commits_what_earlier_leaders_left() {
    let mut cluster = two_old_entries_on_two_of_five();
    cluster.elect(1);
    assert_eq!(cluster.commit(1), 4);
    assert_eq!(cluster.terms(4), [1, 1, 1, 2]);
}

/// `TestProgressLeader`: etcd's leader counts its own copy when its disk says so. Ours counts it at
/// once, because nothing can leave the step, not even the news of a commit, before it is saved:
/// however many entries wait in an output, its messages come only after one write of them all.
#[test]
fn a_leaders_own_copy_is_durable_before_anyone_hears_of_it() {
    let mut node = leader(settings(2), 1, &[]);
    let mut disk = PersistentState::default();
    let mut turn = node.turn();
    for _ in 0..5 {
        turn.step(Input::Propose(vec![Command::new("foo")]));
    }
    assert_eq!(progress(&turn, 0), (6, 7));
    assert_eq!(turn.unsaved().log_from, Some(LogIndex::new(2)));
    assert_eq!(disk.log.last_index(), LogIndex::ZERO, "the disk knows nothing yet");

    disk = PersistentState::new(turn.current_term(), Some(id(0)), crate::common::log(&[1]));
    let Ok(sent) = turn.persist(&mut disk);
    assert_eq!(sent.messages().len(), 5);
    assert_eq!(disk.log.last_index(), LogIndex::new(6));
}

/// Acknowledgements out of order: the commit index is the maximum of what they prove, and a late
/// one takes nothing back.
#[test]
fn a_late_acknowledgement_takes_nothing_back() {
    let mut node = leader(settings(3), 1, &[]);
    let _ = propose(&mut node, "x");
    for (acknowledged, expected) in [(2, 2), (1, 2), (0, 2), (2, 2)] {
        let _ = receive(&mut node, 1, accepted(1, acknowledged));
        assert_eq!((progress(&node, 1).0, commit(&node)), (2, expected), "{acknowledged}");
    }
    assert_eq!(terms(&node), [1, 1]);
}

/// A leader that cannot commit yet tells its count each time it learns of one more copy.
#[test]
fn too_few_copies_are_a_reason_that_is_told() {
    let mut node = leader(settings(5), 1, &[1, 1]);
    for (peer, outcome) in [(1, Outcome::Refused), (2, Outcome::Holds)] {
        let heard = receive(&mut node, peer, accepted(1, 2));
        assert_eq!(verdicts(heard.events(), Rule::MajorityQuorum), [outcome], "n{peer}");
    }
    assert_eq!(commit(&node), 2);
}

/// Entries that are committed already are not committed again, however far the leader is.
#[test]
fn a_commit_index_that_stays_where_it_is_is_no_event() {
    let mut node = follower(settings(3), 1, &[1, 1]);
    for (leader_commit, events) in [(2, 1), (2, 0), (5, 0)] {
        let heard = receive(&mut node, 1, append(1, 1, at(2, 1), &[], leader_commit));
        let advanced = |event: &&Event| matches!(event, Event::CommitAdvanced { .. });
        assert_eq!(heard.events().iter().filter(advanced).count(), events, "{leader_commit}");
        assert_eq!(commit(&node), 2);
    }
}

/// Without `majority-quorum` half of the cluster is enough, even if a true majority holds new entries of an
/// older term.
#[test]
fn half_of_a_broken_cluster_is_enough_beside_an_older_majority() {
    let rules = RuleSet::INTACT.without(Rule::MajorityQuorum);
    let mut node = leader(bare(4, rules), 4, &[2]);
    let _ = receive(&mut node, 2, accepted(4, 1));
    let _ = propose(&mut node, "x");
    let _ = receive(&mut node, 1, accepted(4, 2));
    assert_eq!(commit(&node), 2, "index 1 is on three nodes, index 2 on two of four");
}
