//! Entries on their way through a cluster, and into one follower.

use std::sync::Arc;

use raft_in_practice::raft::{
    Event, Input, LogEntry, LogIndex, MessageKind, NodeId, Payload, RoleKind, Rule, RuleSet, Term,
};

use crate::common::{
    Cluster, accepted, acknowledged, append, appends, at, bare, commit, follower, heartbeat, id,
    leader, propose, receive, rejected, settings, terms, verdicts,
};

fn commands(cluster: &Cluster, node: u8) -> Vec<String> {
    let command = |(_, entry): (LogIndex, &LogEntry)| match &entry.payload {
        Payload::Command(command) => Some(command.to_string()),
        Payload::NoOp => None,
    };
    cluster.node(node).log().iter().filter_map(command).collect()
}

/// `TestLogReplication`: proposals before and after a change of leader reach every node in order.
#[test]
fn proposals_reach_every_node_across_a_change_of_leader() {
    let mut cluster = Cluster::new(settings(3));
    cluster.elect(0);
    cluster.propose(0, "a");
    cluster.heartbeat(0);
    assert_eq!(cluster.commits(), [2, 2, 2]);
    cluster.elect(1);
    cluster.propose(1, "b");
    cluster.heartbeat(1);
    assert_eq!(cluster.commits(), [4, 4, 4]);
    for node in 0..3 {
        assert_eq!(commands(&cluster, node), ["a", "b"], "node {node}");
        assert_eq!(cluster.terms(node), [1, 1, 2, 2], "node {node}");
    }
}

/// `TestProposal`: size, nodes that are down ⇒ whether a proposal is committed. Without a leader
/// it is refused, not kept.
#[test]
fn a_proposal_is_committed_where_a_majority_lives() {
    let table: [(usize, &[u8], bool); 5] = [
        (3, &[], true),
        (3, &[2], true),
        (3, &[1, 2], false),
        (4, &[1, 2], false),
        (5, &[1, 2], true),
    ];
    for (size, down, success) in table {
        let mut cluster = Cluster::new(settings(size));
        for &node in down {
            cluster.crash(node);
        }
        cluster.elect(0);
        cluster.propose(0, "x");
        assert_eq!(cluster.node(0).current_term(), Term::new(1), "{size}, {down:?}");
        for node in (0..).take(size) {
            let lives = !down.contains(&node);
            let expected = if success && lives { vec![1, 1] } else { vec![] };
            assert_eq!(cluster.terms(node), expected, "{size}, {down:?}, node {node}");
        }
        assert_eq!(cluster.commit(0), if success { 2 } else { 0 }, "{size}, {down:?}");
    }
}

/// `TestProposalByProxy`: etcd's followers forward a proposal. Ours refuse it and say who leads;
/// the client goes there (§8).
#[test]
fn a_follower_says_where_the_leader_is() {
    let mut cluster = Cluster::new(settings(3));
    cluster.propose(1, "too early");
    cluster.elect(0);
    cluster.propose(1, "x");
    let refusals: Vec<(NodeId, Event)> = cluster.events.iter().copied().filter(refusal).collect();
    let refused = |leader| (id(1), Event::ProposalRefused { leader });
    assert_eq!(refusals, [refused(None), refused(Some(id(0)))]);
    assert_eq!(cluster.terms(0), [1], "nothing but the no-op");
}

const fn refusal(event: &(NodeId, Event)) -> bool {
    matches!(event.1, Event::ProposalRefused { .. })
}

/// `TestOldMessages`: a deposed leader goes on talking; nobody takes its entry in.
#[test]
fn an_append_of_a_deposed_leader_changes_nothing() {
    let mut cluster = Cluster::new(settings(3));
    cluster.elect(0);
    cluster.elect(1);
    cluster.elect(0);
    cluster.inject(1, 0, append(1, 2, at(2, 2), &[2], 3));
    cluster.inject(1, 2, append(1, 2, at(2, 2), &[2], 3));
    cluster.propose(0, "x");
    for node in 0..3 {
        assert_eq!(cluster.terms(node), [1, 2, 3, 3], "node {node}");
        assert_eq!(cluster.node(node).log(), cluster.node(0).log(), "node {node}");
    }
}

/// `TestHandleMsgApp`: Figure 2, AppendEntries receiver 2, 3 and 5, for a follower of term 2 with
/// the log [1, 2]. Commit goes "up to the last new entry", not up to the follower's own last one.
#[test]
fn a_follower_handles_append_entries_as_figure_2_says() {
    // The entry before, new entries, leaderCommit ⇒ log, commit, acknowledged.
    type Row = (u64, u64, &'static [u64], u64, &'static [u64], u64, Option<u64>);
    let table: [Row; 11] = [
        // 2: refused. Another entry there, and none.
        (2, 3, &[], 3, &[1, 2], 0, None),
        (3, 3, &[], 3, &[1, 2], 0, None),
        // 3 and 4: deleted and appended.
        (1, 1, &[], 1, &[1, 2], 1, Some(1)),
        (0, 0, &[2], 1, &[2], 1, Some(1)),
        (2, 2, &[2, 2], 3, &[1, 2, 2, 2], 3, Some(4)),
        (2, 2, &[2], 4, &[1, 2, 2], 3, Some(3)),
        (1, 1, &[2], 4, &[1, 2], 2, Some(2)),
        // 5: no further than what the request verified.
        (1, 1, &[], 3, &[1, 2], 1, Some(1)),
        (0, 0, &[1], 3, &[1, 2], 1, Some(1)),
        (2, 2, &[], 3, &[1, 2], 2, Some(2)),
        (2, 2, &[], 4, &[1, 2], 2, Some(2)),
    ];
    for (index, term, new, leader_commit, log, expected, answer) in table {
        let mut node = follower(settings(3), 2, &[1, 2]);
        let sent = receive(&mut node, 1, append(1, 2, at(index, term), new, leader_commit));
        let row = format!("{index}@{term} {new:?} {leader_commit}");
        assert_eq!(terms(&node), log, "{row}");
        assert_eq!(commit(&node), expected, "{row}");
        assert_eq!(acknowledged(&sent), answer, "{row}");
    }
}

/// `TestHandleHeartbeat`: a heartbeat moves the commit index on, never back.
#[test]
fn a_heartbeat_never_takes_back_what_is_committed() {
    for (leader_commit, expected) in [(3, 3), (1, 2)] {
        let mut node = follower(settings(2), 3, &[1, 2, 3]);
        let _ = receive(&mut node, 1, append(1, 3, at(3, 3), &[], 2));
        let sent = receive(&mut node, 1, append(1, 3, at(3, 3), &[], leader_commit));
        assert_eq!((commit(&node), acknowledged(&sent)), (expected, Some(3)));
    }
}

/// Entries arrive twice and out of order: what was acknowledged stays (a mistake seen in the wild
/// is to cut the log at every AppendEntries).
#[test]
fn late_and_repeated_appends_remove_nothing() {
    let first = append(1, 1, at(0, 0), &[1], 0);
    let second = append(1, 1, at(1, 1), &[1, 1], 2);
    let mut node = follower(settings(3), 1, &[]);
    assert_eq!(acknowledged(&receive(&mut node, 1, second.clone())), None, "too early");
    for (message, answer) in [(&first, 1), (&second, 3), (&first, 1), (&second, 3)] {
        let sent = receive(&mut node, 1, message.clone());
        assert_eq!(acknowledged(&sent), Some(answer));
    }
    assert_eq!((terms(&node), commit(&node)), (vec![1, 1, 1], 2));
}

/// Half of the entries get lost on the way to one follower; heartbeats find that out.
#[test]
fn heartbeats_repair_what_the_network_lost() {
    let mut cluster = Cluster::new(settings(3));
    cluster.elect(0);
    cluster.cut(0, 2);
    for command in ["a", "b", "c"] {
        cluster.propose(0, command);
    }
    assert_eq!(cluster.terms(2), [1]);
    cluster.heal();
    cluster.heartbeat(0);
    assert_eq!(cluster.node(2).log(), cluster.node(0).log());
    cluster.heartbeat(0);
    assert_eq!(cluster.commits(), [4, 4, 4]);
}

/// The same with the answers lost instead: the follower holds all, and the leader learns it.
#[test]
fn heartbeats_also_make_up_for_lost_answers() {
    let mut cluster = Cluster::new(settings(3));
    cluster.elect(0);
    cluster.ignore(MessageKind::AppendEntriesReply);
    cluster.propose(0, "a");
    assert_eq!(cluster.commits(), [1, 1, 1]);
    cluster.heal();
    cluster.heartbeat(0);
    assert_eq!(cluster.commit(0), 2);
}

/// The result of a step can be looked at before it is saved, but not its messages.
#[test]
fn a_turn_can_be_looked_at() {
    let mut node = follower(settings(3), 1, &[1]);
    let turn = node.step(Input::ElectionTimeout);
    assert!(turn.events().iter().any(|event| matches!(event, Event::ElectionStarted { .. })));
    assert!(!turn.is_idle());
    assert_eq!(turn.role().kind(), RoleKind::Candidate);
    _ = turn.crash_before_saving();
}

/// Heartbeats are for idle periods: once a leader has sent to every peer, it waits a whole interval again.
#[test]
fn the_heartbeat_timer_restarts_when_everyone_was_spoken_to_and_only_then() {
    let mut node = leader(settings(3), 1, &[1]);
    assert!(heartbeat(&mut node).restart_heartbeat_timer());
    assert!(!receive(&mut node, 1, accepted(1, 1)).restart_heartbeat_timer());
    assert!(propose(&mut node, "SET x=1").restart_heartbeat_timer());
}

/// A reason is given only where there is something to decide: whether to cut, if the log goes on after the
/// entries that the leader sent. If the log ends there, the rule is not asked.
#[test]
fn a_follower_gives_a_reason_for_keeping_what_a_request_does_not_reach() {
    // The entry before, new entries ⇒ how often the rule is asked, for the log [1, 1, 1].
    let table: [(u64, &[u64], usize); 6] =
        [(1, &[1], 1), (1, &[], 1), (3, &[], 0), (2, &[1], 0), (0, &[1, 1, 1], 0), (3, &[1], 0)];
    for (prev, new, asked) in table {
        let mut node = follower(settings(3), 1, &[1, 1, 1]);
        let prev_term = u64::from(prev > 0);
        let sent = receive(&mut node, 1, append(1, 1, at(prev, prev_term), new, 0));
        let reasons = verdicts(sent.events(), Rule::TruncateOnlyOnConflict);
        assert_eq!(reasons.len(), asked, "{prev} {new:?}");
        assert!(terms(&node).len() >= 3, "{prev} {new:?}");
    }
}

/// Followers at the same place are sent the same entries, not copies of them.
#[test]
fn followers_at_the_same_place_share_one_batch() {
    let mut node = leader(settings(5), 1, &[]);
    for peer in 1..5 {
        let _ = receive(&mut node, peer, accepted(1, 1));
    }
    let sent = propose(&mut node, "x");
    let batches: Vec<_> = appends(&sent).into_iter().map(|(_, request)| &request.entries).collect();
    assert_eq!(batches.len(), 4);
    assert!(batches.iter().all(|batch| batch.len() == 1 && Arc::ptr_eq(batch, batches[0])));
}

/// Followers at different places are each sent the entries that follow there.
#[test]
fn followers_at_different_places_are_sent_different_entries() {
    let mut node = leader(bare(3, RuleSet::INTACT), 2, &[1, 1, 1]);
    let _ = receive(&mut node, 1, rejected(2, 3, None, 1));
    let _ = receive(&mut node, 1, accepted(2, 1));
    let sent = propose(&mut node, "x");
    let places: Vec<(u8, u64, usize)> = appends(&sent)
        .into_iter()
        .map(|(to, request)| {
            let first = request.prev_log_index.next();
            assert_eq!(request.entries[..], *node.log().slice(first, 1), "n{to}");
            (to, first.get(), request.entries.len())
        })
        .collect();
    assert_eq!(places, [(1, 3, 1), (2, 4, 1)]);
}
