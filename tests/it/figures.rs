//! The two figures of the paper that show what can go wrong, played as drawn.
//!
//! Figure 7 is also etcd's `TestLeaderSyncFollowerLog` (`raft_paper_test.go`, Apache-2.0).

use raft_in_practice::raft::{
    Event, LogIndex, LogPosition, MessageKind, Rule, RuleSet, Settings, Term,
};

use crate::common::{Cluster, at, bare, entry, id, server, settings};

/// The leader of Figure 7, at the top, and the followers (a) to (f) below it.
const FIGURE_7: [&[u64]; 7] = [
    &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
    &[1, 1, 1, 4, 4, 5, 5, 6, 6],
    &[1, 1, 1, 4],
    &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    &[1, 1, 1, 4, 4, 4, 4],
    &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
];

/// The whole figure as one cluster. Of its seven servers (a), (b), (e) and (f) have logs that are
/// less up to date than the leader's; with itself that makes five, and it wins term 8.
#[test]
fn figure_7_every_follower_takes_over_the_leaders_log() {
    for settings in [settings(7), bare(7, RuleSet::INTACT)] {
        let mut cluster = Cluster::with_logs(settings, 7, &FIGURE_7);
        cluster.elect(0);
        let leader = cluster.node(0);
        assert!(leader.is_leader() && leader.current_term() == Term::new(8));
        let refusals = |&(node, event): &_| match event {
            Event::VoteRefused { rule, .. } => Some((node, rule)),
            _ => None,
        };
        let refusals: Vec<_> = cluster.events.iter().filter_map(refusals).collect();
        assert_eq!(refusals, [(id(3), Rule::UpToDateLog), (id(4), Rule::UpToDateLog)]);

        cluster.propose(0, "x");
        cluster.heartbeat(0);
        for node in 1..7 {
            assert_eq!(cluster.node(node).log(), cluster.node(0).log(), "follower {node}");
            assert_eq!(cluster.commit(node), cluster.commit(0), "follower {node}");
        }
        let last = FIGURE_7[0].len() as u64 + 1 + u64::from(settings.no_op);
        assert_eq!(cluster.commit(0), last);
    }
}

/// Each follower alone with the leader, as in etcd's test; a third server, which holds nothing,
/// votes. The refusals a follower needs are counted: one for each of its terms at most, and one
/// if its log is too short.
#[test]
fn figure_7_each_follower_is_repaired_in_a_few_round_trips() {
    // (a) and (b) are too short. (c) and (d) agree at once, and their tails are cut. (e) is too
    // short and differs in one term; (f) is long enough and differs in two.
    let refusals = [1, 1, 0, 0, 2, 2];
    for (follower, refused) in FIGURE_7[1..].iter().zip(refusals) {
        let mut cluster = Cluster::of(vec![
            server(0, settings(3), 7, None, FIGURE_7[0]),
            server(1, settings(3), 7, None, follower),
            server(2, settings(3), 7, None, &[]),
        ]);
        cluster.elect(0);
        assert_eq!(cluster.node(1).log(), cluster.node(0).log(), "{follower:?}");
        let backed_off =
            |(_, event): &&(_, _)| matches!(event, Event::BackedOff { peer, .. } if *peer == id(1));
        let count = cluster.events.iter().filter(backed_off).count();
        assert_eq!(count, refused, "{follower:?}");
    }
}

/// The servers of Figure 8, S1 to S5, up to (c): S1 leads again, in term 4, and its old entry of
/// term 2 has just reached a majority. Figure 8 needs leaders that have nothing of their own term
/// to replicate first, so leaders begin without a no-op, and one entry a message.
fn figure_8_up_to_c(rules: RuleSet) -> Cluster {
    let settings: Settings = bare(5, rules);
    let mut cluster = Cluster::with_logs(settings, 1, &[[1].as_slice(); 5]);
    // (a) S1 leads term 2 and replicates index 2 to S2 only.
    cluster.elect(0);
    for far in [2, 3, 4] {
        cluster.cut(0, far);
    }
    cluster.propose(0, "x");
    assert_eq!((cluster.terms(0), cluster.terms(1)), (vec![1, 2], vec![1, 2]));
    // (b) S1 crashes; S5 leads term 3 with the votes of S3 and S4, and takes another entry in.
    cluster.crash(0);
    cluster.heal();
    cluster.elect(4);
    assert!(cluster.node(4).is_leader() && cluster.node(4).current_term() == Term::new(3));
    cluster.isolate(4);
    cluster.propose(4, "y");
    assert_eq!(cluster.terms(4), [1, 3]);
    // (c) S5 crashes; S1 restarts, leads term 4 (term 3 is S5's), and goes on: S3 gets index 2.
    cluster.crash(4);
    cluster.heal();
    cluster.restart(0);
    cluster.cut(0, 3);
    cluster.elect(0);
    assert!(!cluster.node(0).is_leader(), "S3 and S4 voted in term 3");
    cluster.heal();
    cluster.ignore(MessageKind::AppendEntries);
    cluster.elect(0);
    assert!(cluster.node(0).is_leader() && cluster.node(0).current_term() == Term::new(4));
    cluster.heal();
    cluster.cut(0, 3);
    cluster.heartbeat(0);
    for holder in [0, 1, 2] {
        assert_eq!(cluster.terms(holder), [1, 2], "S{}", holder + 1);
    }
    cluster
}

fn position(cluster: &Cluster, node: u8, index: u64) -> LogPosition {
    let index = LogIndex::new(index);
    LogPosition { term: cluster.node(node).log().term_at(index).expect("it is there"), index }
}

/// (c) and (d): S1 does not commit the entry, although it is on a majority. So no committed entry is
/// lost when S5, with the votes of S2, S3 and S4, overwrites it.
#[test]
fn figure_8_an_old_entry_on_a_majority_is_not_committed_and_may_be_overwritten() {
    let mut cluster = figure_8_up_to_c(RuleSet::INTACT);
    cluster.heartbeat(0);
    assert_eq!(cluster.commits(), [0; 5]);
    // (d) S1 takes in an entry of term 4 that reaches nobody, and crashes; S5 restarts.
    cluster.isolate(0);
    cluster.propose(0, "z");
    assert_eq!(cluster.terms(0), [1, 2, 4]);
    cluster.crash(0);
    cluster.heal();
    cluster.restart(4);
    cluster.elect(4);
    cluster.elect(4);
    assert!(cluster.node(4).is_leader() && cluster.node(4).current_term() == Term::new(5));
    for node in [1, 2, 3] {
        assert_eq!(cluster.terms(node), [1, 3], "S{}", node + 1);
    }
    // S5's own term has no entry yet, so 2@3 is not committed by counting either.
    cluster.heartbeat(4);
    assert_eq!(cluster.commits(), [0; 5]);
    cluster.propose(4, "w");
    assert_eq!(cluster.commit(4), 3);
}

/// (e): had S1's entry of term 4 reached a majority, all would be committed, and S5 could not win.
#[test]
fn figure_8_an_entry_of_the_leaders_own_term_commits_all_before_it() {
    let mut cluster = figure_8_up_to_c(RuleSet::INTACT);
    cluster.propose(0, "z");
    assert_eq!(cluster.commit(0), 3);
    cluster.crash(0);
    cluster.heal();
    cluster.restart(4);
    for _ in 0..3 {
        cluster.elect(4);
        assert!(!cluster.node(4).is_leader());
    }
    cluster.elect(1);
    assert!(cluster.node(1).is_leader());
    cluster.propose(1, "w");
    cluster.heartbeat(1);
    for node in [1, 2, 3, 4] {
        assert_eq!(cluster.terms(node)[..3], [1, 2, 4], "S{}", node + 1);
        assert_eq!(cluster.commit(node), 4, "S{}", node + 1);
    }
}

/// The same schedule with the rule broken: S1 commits by counting and tells S2 and S3, and (d)
/// overwrites an entry that all three have committed.
#[test]
fn figure_8_without_the_rule_a_committed_entry_is_overwritten() {
    let mut cluster = figure_8_up_to_c(RuleSet::INTACT.without(Rule::CommitOnlyCurrentTerm));
    cluster.heartbeat(0);
    // S5 counted an old entry too when it led: the first, which all nodes have. By luck this did no harm.
    assert_eq!(cluster.commits(), [2, 2, 2, 0, 1]);
    let committed = position(&cluster, 0, 2);
    assert_eq!(committed, at(2, 2));

    cluster.crash(0);
    cluster.heal();
    cluster.restart(4);
    cluster.elect(4);
    cluster.elect(4);
    assert!(cluster.node(4).is_leader());
    cluster.heartbeat(4);
    assert_eq!(cluster.commits(), [2, 2, 2, 2, 2]);
    for node in [1, 2, 3, 4] {
        assert_eq!(position(&cluster, node, 2), at(2, 3), "S{}", node + 1);
    }
    assert_eq!(position(&cluster, 0, 2), committed, "two entries are committed at one index");
    assert_ne!(cluster.node(0).log().get(LogIndex::new(2)), Some(&entry(2, 3)));
}
