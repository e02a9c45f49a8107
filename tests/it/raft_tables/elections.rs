//! Elections in a whole cluster.

use raft_in_practice::raft::{Event, MessageKind, RoleKind, Rule, Term};

use crate::common::{
    Cluster, append, at, candidate, follower, receive, server, settings, verdicts, vote,
};

fn role_and_term(cluster: &Cluster, number: u8) -> (RoleKind, u64) {
    let node = cluster.node(number);
    (node.role().kind(), node.current_term().get())
}

/// `TestLeaderElection`: size, nodes that are down, logs ⇒ the first node's role in term 1. In the
/// last row etcd's candidate gives up when a majority refuses it; ours waits for its timer.
#[test]
fn a_candidate_wins_with_a_majority_that_lives_and_agrees() {
    use RoleKind::{Candidate, Leader};
    type Logs = [&'static [u64]; 5];
    let empty: Logs = [&[]; 5];
    let table: [(usize, &[u8], Logs, RoleKind); 6] = [
        (3, &[], empty, Leader),
        (3, &[2], empty, Leader),
        (3, &[1, 2], empty, Candidate),
        (4, &[1, 2], empty, Candidate),
        (5, &[1, 2], empty, Leader),
        (5, &[], [&[], &[1], &[1], &[1, 1], &[]], Candidate),
    ];
    for (size, down, logs, role) in table {
        let term = u64::from(logs != empty);
        let mut cluster = Cluster::with_logs(settings(size), term, &logs[..size]);
        for &node in down {
            cluster.crash(node);
        }
        cluster.elect(0);
        assert_eq!(role_and_term(&cluster, 0), (role, term + 1), "{size}, {down:?}, {logs:?}");
    }
}

/// `TestLeaderCycle`: each node can win in its turn, and the others follow it.
#[test]
fn every_node_can_lead_in_turn() {
    let mut cluster = Cluster::new(settings(3));
    for campaigner in 0..3 {
        cluster.elect(campaigner);
        for node in 0..3 {
            let expected = if node == campaigner { RoleKind::Leader } else { RoleKind::Follower };
            let term = u64::from(campaigner) + 1;
            assert_eq!(role_and_term(&cluster, node), (expected, term), "after {campaigner}");
        }
    }
}

/// `TestLeaderElectionOverwriteNewerLogs`: node 0 led term 1 and reached node 1; node 2 led term 2
/// with the votes of 3 and 4 and reached nobody. Node 0 fails in term 2, whose votes are given,
/// and wins in term 3; the newer entry, never committed, is lost, and that is right.
#[test]
fn an_entry_of_a_later_term_may_be_lost_while_it_is_not_committed() {
    let s = settings(5);
    let mut cluster = Cluster::of(vec![
        server(0, s, 1, Some(0), &[1]),
        server(1, s, 1, Some(0), &[1]),
        server(2, s, 2, Some(2), &[2]),
        server(3, s, 2, Some(2), &[]),
        server(4, s, 2, Some(2), &[]),
    ]);
    cluster.elect(0);
    assert_eq!(role_and_term(&cluster, 0), (RoleKind::Candidate, 2));
    cluster.elect(0);
    assert_eq!(role_and_term(&cluster, 0), (RoleKind::Leader, 3));
    for node in 0..5 {
        assert_eq!(cluster.terms(node), [1, 3], "node {node}");
    }
}

/// `TestDuelingCandidates`: a node that was cut off comes back with a higher term and an older
/// log. It deposes the leader, and does not win.
#[test]
fn a_candidate_with_an_old_log_deposes_the_leader_and_loses() {
    let mut cluster = Cluster::new(settings(3));
    cluster.cut(0, 2);
    cluster.elect(0);
    cluster.elect(2);
    assert_eq!(role_and_term(&cluster, 0), (RoleKind::Leader, 1));
    assert_eq!(role_and_term(&cluster, 2), (RoleKind::Candidate, 1));
    cluster.heal();
    cluster.elect(2);
    assert_eq!(role_and_term(&cluster, 0), (RoleKind::Follower, 2));
    assert_eq!(role_and_term(&cluster, 1), (RoleKind::Follower, 2));
    assert_eq!(role_and_term(&cluster, 2), (RoleKind::Candidate, 2));
    assert_eq!([cluster.terms(0), cluster.terms(1), cluster.terms(2)], [vec![1], vec![1], vec![]]);
}

/// `TestCandidateConcede`: a candidate that was alone in its term finds, when the cut heals, that
/// the term has a leader, and takes over its log.
#[test]
fn a_candidate_that_was_cut_off_follows_the_leader_of_its_term() {
    let mut cluster = Cluster::new(settings(3));
    cluster.isolate(0);
    cluster.elect(0);
    cluster.elect(2);
    cluster.heal();
    cluster.heartbeat(2);
    cluster.propose(2, "force follower");
    cluster.heartbeat(2);
    assert_eq!(role_and_term(&cluster, 0), (RoleKind::Follower, 1));
    for node in 0..3 {
        assert_eq!(cluster.node(node).log(), cluster.node(2).log(), "node {node}");
        assert_eq!((cluster.terms(node), cluster.commit(node)), (vec![1, 1], 2), "node {node}");
    }
}

/// `TestCandidateResetTermMsgHeartbeat`, `TestCandidateResetTermMsgApp`: the isolated node stood
/// for election in a term that the others have passed; the leader's word, with or without entries,
/// brings it back.
#[test]
fn an_isolated_candidate_returns_to_the_leaders_term() {
    for with_entry in [false, true] {
        let mut cluster = Cluster::new(settings(3));
        cluster.elect(0);
        cluster.isolate(2);
        cluster.elect(1);
        cluster.elect(0);
        assert_eq!(role_and_term(&cluster, 0), (RoleKind::Leader, 3));
        cluster.elect(2);
        assert_eq!(role_and_term(&cluster, 2), (RoleKind::Candidate, 2));
        cluster.heal();
        if with_entry {
            cluster.propose(0, "x");
        } else {
            cluster.heartbeat(0);
        }
        assert_eq!(role_and_term(&cluster, 2), (RoleKind::Follower, 3), "entry: {with_entry}");
        assert_eq!(cluster.terms(2), cluster.terms(0), "entry: {with_entry}");
    }
}

/// `TestDisruptiveFollower`: a follower whose requests for votes are still on their way hears its
/// old leader. Its refusal names its term, and the leader steps down for it.
#[test]
fn a_refusal_with_a_later_term_deposes_the_leader() {
    let mut cluster = Cluster::with_logs(settings(3), 1, &[&[], &[], &[]]);
    cluster.elect(0);
    assert_eq!(role_and_term(&cluster, 0), (RoleKind::Leader, 2));
    cluster.ignore(MessageKind::RequestVote);
    cluster.elect(2);
    assert_eq!(role_and_term(&cluster, 2), (RoleKind::Candidate, 3));
    cluster.inject(0, 2, append(0, 2, at(1, 2), &[], 0));
    assert_eq!(role_and_term(&cluster, 0), (RoleKind::Follower, 3));
    assert_eq!(role_and_term(&cluster, 1), (RoleKind::Follower, 2));
    assert_eq!(role_and_term(&cluster, 2), (RoleKind::Candidate, 3));
}

/// Even-sized clusters: of two halves neither can elect (a mistake seen in the wild), and the half
/// with one node more can.
#[test]
fn half_of_an_even_cluster_elects_nobody() {
    for size in [2, 4, 6, 8] {
        let mut cluster = Cluster::new(settings(size));
        for down in (0..).take(size).skip(size / 2) {
            cluster.crash(down);
        }
        cluster.elect(0);
        assert_eq!(role_and_term(&cluster, 0), (RoleKind::Candidate, 1), "{size} nodes");
        cluster.restart((size / 2) as u8);
        cluster.elect(0);
        assert_eq!(role_and_term(&cluster, 0), (RoleKind::Leader, 2), "{size} nodes");
        assert_eq!(cluster.node(0).current_term(), Term::new(2));
    }
}

/// When a term grows, there is one event, with both terms. When it stays, there is none.
#[test]
fn a_term_that_grows_is_told_once() {
    let mut node = follower(settings(3), 1, &[1]);
    for (term, expected) in [(1, None), (4, Some((1, 4))), (4, None)] {
        let heard = receive(&mut node, 1, append(1, term, at(1, 1), &[], 0));
        let advanced = heard.events().iter().filter_map(|event| match event {
            Event::TermAdvanced { from, to } => Some((from.get(), to.get())),
            _ => None,
        });
        assert_eq!(advanced.collect::<Vec<_>>(), Vec::from_iter(expected), "term {term}");
    }
}

/// A new leader gives a reason for keeping its log if it holds more than it knows to be committed. For an
/// empty log there is none to give.
#[test]
fn a_new_leader_gives_a_reason_for_keeping_its_tail_if_it_has_one() {
    for (log, asked) in [(&[][..], 0), (&[1][..], 1)] {
        let mut node = candidate(settings(3), 2, log);
        let sent = receive(&mut node, 1, vote(2, true));
        assert!(node.is_leader());
        assert_eq!(verdicts(sent.events(), Rule::LeaderAppendOnly).len(), asked, "{log:?}");
    }
}
