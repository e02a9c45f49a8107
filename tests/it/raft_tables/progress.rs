//! What a leader assumes about a follower, and how it finds out where their logs differ.

use std::num::NonZeroUsize;

use raft_in_practice::raft::{
    AppendEntries, Event, Message, MessageKind, RaftNode, RoleKind, Sendable, Settings,
};

use crate::common::{
    ROLES, accepted, acknowledged, append, appends, commit, heartbeat, id, in_role, leader, log,
    only, progress, propose, receive, rejected, server, settings,
};

/// prevLogIndex, number of entries and leaderCommit of what goes to peer 1.
fn to_first(sent: &Sendable) -> Vec<(u64, usize, u64)> {
    let facts = |(to, request): (u8, &AppendEntries)| {
        (to == 1).then(|| {
            (request.prev_log_index.get(), request.entries.len(), request.leader_commit.get())
        })
    };
    appends(sent).into_iter().filter_map(facts).collect()
}

const fn batches_of(limit: usize, nodes: usize) -> Settings {
    Settings { max_batch: NonZeroUsize::new(limit), ..settings(nodes) }
}

/// A leader of term 9 that was refused. It probes peer 1 at `next`, and knows nothing of its log.
fn probing(next: u64, log: &[u64]) -> RaftNode {
    let mut node = leader(batches_of(1, 3), 9, log);
    let prev = log.len() as u64;
    let sent = receive(&mut node, 1, rejected(9, prev, None, next));
    assert_eq!(to_first(&sent), [(next - 1, 1, 0)]);
    assert!(node.progress(id(1)).is_some_and(|progress| progress.probing));
    node
}

/// `TestRecvMsgBeat`: only a leader speaks when a heartbeat is due.
#[test]
fn only_a_leader_sends_heartbeats() {
    for role in ROLES {
        let mut node = in_role(role, settings(3), 1, &[1, 1]);
        let expected = if role == RoleKind::Leader { 2 } else { 0 };
        assert_eq!(heartbeat(&mut node).messages().len(), expected, "{role}");
    }
}

/// `TestBcastBeat`: each follower hears a heartbeat behind what the leader last sent it. etcd caps
/// the commit index at what the follower is known to hold; ours is the leader's own, and the
/// follower commits no more than the request verified.
#[test]
fn a_heartbeat_stands_behind_what_was_sent_to_each_peer() {
    let mut node = probing(4, &[1, 1, 1, 1, 1]);
    let _ = receive(&mut node, 2, accepted(9, 6));
    assert_eq!(commit(&node), 6);
    let sent = heartbeat(&mut node);
    let beats: Vec<_> = appends(&sent)
        .into_iter()
        .map(|(to, r)| (to, r.prev_log_index.get(), r.entries.len(), r.leader_commit.get()))
        .collect();
    assert_eq!(beats, [(1, 3, 0, 6), (2, 6, 0, 6)]);
}

/// `TestHandleHeartbeatResp`: as long as a follower that is behind answers heartbeats, it is sent
/// what it lacks, again and again; once it has acknowledged all, no more.
#[test]
fn a_follower_that_is_behind_is_sent_entries_until_it_acknowledges_them() {
    let mut node = leader(settings(2), 4, &[1, 2, 3]);
    assert_eq!(to_first(&heartbeat(&mut node)), [(4, 0, 0)]);
    let sent = receive(&mut node, 1, rejected(4, 4, None, 1));
    assert_eq!(to_first(&sent), [(0, 4, 0)]);
    // They get lost; the next heartbeat is accepted, at the place of the probe.
    assert_eq!(to_first(&heartbeat(&mut node)), [(0, 0, 0)]);
    let sent = receive(&mut node, 1, accepted(4, 0));
    assert_eq!(to_first(&sent), [(0, 4, 0)]);
    assert!(receive(&mut node, 1, accepted(4, 4)).messages().is_empty());
    assert_eq!(to_first(&heartbeat(&mut node)), [(4, 0, 4)]);
    assert!(receive(&mut node, 1, accepted(4, 4)).messages().is_empty());
}

/// `TestLeaderAppResp`: one answer to a leader with the log [1, 1] and its no-op at 3, which it
/// has sent optimistically ⇒ match, next, messages to that follower, commit.
#[test]
fn an_answer_moves_match_next_and_commit() {
    type Row = (Message, u64, u64, &'static [(u64, usize, u64)], u64);
    let table: [Row; 6] = [
        // It refuses an entry that was never sent.
        (rejected(2, 4, None, 1), 0, 4, &[], 0),
        // It lacks the entry before: back to its hint, and a probe.
        (rejected(2, 2, None, 2), 0, 2, &[(1, 2, 0)], 0),
        // It holds all.
        (accepted(2, 3), 3, 4, &[], 3),
        // It holds the entries of terms older than the leader's: a match, but no commit.
        (accepted(2, 2), 2, 4, &[], 0),
        // It acknowledges what was known already.
        (accepted(2, 0), 0, 4, &[], 0),
        // A hint before the first index is not followed.
        (rejected(2, 2, Some(0), 0), 0, 1, &[(0, 3, 0)], 0),
    ];
    for (answer, match_index, next_index, messages, committed) in table {
        let mut node = leader(settings(3), 2, &[1, 1]);
        assert_eq!(progress(&node, 1), (0, 4));
        let sent = receive(&mut node, 1, answer.clone());
        assert_eq!(progress(&node, 1), (match_index, next_index), "{answer:?}");
        assert_eq!(to_first(&sent), messages, "{answer:?}");
        assert_eq!(commit(&node), committed, "{answer:?}");
    }
}

/// `TestProgressUpdate`: an acknowledgement moves match and next on, never back. The follower is
/// known to hold 3 of the 4 entries and has been sent them all.
#[test]
fn an_acknowledgement_never_moves_progress_back() {
    for (update, expected) in [(2, (3, 5)), (3, (3, 5)), (4, (4, 5))] {
        let mut node = leader(settings(3), 2, &[1, 1, 1]);
        let _ = receive(&mut node, 1, accepted(2, 3));
        assert_eq!(progress(&node, 1), (3, 5));
        let _ = receive(&mut node, 1, accepted(2, update));
        assert_eq!(progress(&node, 1), expected, "acknowledged {update}");
    }
    // While it probes further back, an acknowledgement that comes late takes next with it.
    let mut node = probing(2, &[1, 1, 1, 1]);
    let sent = receive(&mut node, 1, accepted(9, 4));
    assert_eq!(to_first(&sent), [(4, 1, 0)]);
    assert_eq!(progress(&node, 1), (4, 6));
}

/// `TestProgressMaybeDecr`: which refusals move next back, and where to. Late ones, and copies,
/// do not; none moves it to or behind match, or before the first entry.
#[test]
fn only_a_refusal_of_what_was_asked_last_moves_next_back() {
    let log = [1; 9];
    // Refused prevLogIndex, hinted first index ⇒ next. Sent optimistically up to 10, matched 5.
    for (prev, first, expected) in [(5, 1, 11), (4, 1, 11), (9, 9, 9), (9, 1, 6), (11, 1, 11)] {
        let mut node = leader(settings(3), 9, &log);
        let _ = receive(&mut node, 1, accepted(9, 5));
        let _ = receive(&mut node, 1, rejected(9, prev, None, first));
        assert_eq!(progress(&node, 1), (5, expected), "{prev} refused, {first} hinted");
    }
    // Probing at 8, nothing matched: only a refusal of 7 is the answer.
    let table = [(5, 1, 8), (8, 1, 8), (7, 7, 7), (7, 9, 7), (7, 3, 3), (7, 0, 1), (7, 1, 1)];
    for (prev, first, expected) in table {
        let mut node = probing(8, &log);
        let _ = receive(&mut node, 1, rejected(9, prev, None, first));
        assert_eq!(progress(&node, 1), (0, expected), "{prev} refused, {first} hinted");
    }
    // Probing at 1: there is nothing before it, however often it is refused.
    let mut node = probing(1, &log);
    for _ in 0..2 {
        let sent = receive(&mut node, 1, rejected(9, 0, None, 0));
        assert!(sent.messages().is_empty());
        assert_eq!(progress(&node, 1), (0, 1));
    }
}

/// `TestLeaderIncreaseNext`, `TestSendAppendForProgressReplicate`: while all is well every
/// proposal is sent at once and next runs ahead; while it probes, nothing is.
#[test]
fn next_runs_ahead_while_all_is_well_and_waits_while_probing() {
    let mut node = leader(settings(2), 4, &[1, 2, 3]);
    for next in 5..15 {
        assert_eq!(progress(&node, 1), (0, next));
        assert_eq!(to_first(&propose(&mut node, "x")), [(next - 1, 1, 0)]);
    }
    let mut node = probing(2, &[1, 2, 3]);
    assert_eq!(to_first(&propose(&mut node, "x")), []);
    assert_eq!(progress(&node, 1), (0, 2));
}

/// `TestSendAppendForProgressProbe`: a probe is one message; proposals add none, a heartbeat asks
/// again without entries, and its answer is what lets the next one go.
#[test]
fn a_probe_is_one_message_at_a_time() {
    let mut node = probing(1, &[1, 2, 3]);
    for round in 0..3 {
        for _ in 0..10 {
            assert_eq!(to_first(&propose(&mut node, "x")), [], "round {round}");
        }
        assert_eq!(to_first(&heartbeat(&mut node)), [(0, 0, 0)], "round {round}");
    }
    let sent = receive(&mut node, 1, accepted(9, 0));
    assert_eq!(to_first(&sent), [(0, 1, 0)]);
}

/// Lets a leader find out about a follower's log, beginning with a heartbeat after its own old entries.
/// Returns the prevLogIndex of each request.
fn conversation(leader_log: &[u64], follower_log: &[u64]) -> Vec<u64> {
    let term = leader_log.iter().chain(follower_log).max().map_or(1, |term| term + 1);
    let mut lead = leader(settings(3), term, leader_log);
    let mut other = server(1, settings(3), term, None, follower_log);
    let mut next = Some(append(0, term, log(leader_log).last(), &[], 0));
    let mut asked = Vec::new();
    while let Some(request) = next {
        if let Message::AppendEntries(request) = &request {
            asked.push(request.prev_log_index.get());
        }
        let answer = only(&receive(&mut other, 0, request)).clone();
        let sent = receive(&mut lead, 1, answer);
        next = sent.messages().first().map(|envelope| envelope.message.clone());
    }
    assert_eq!(other.log(), lead.log());
    asked
}

/// `TestFastLogRejection`: leader's log, follower's log ⇒ the entries that the leader asks for,
/// one after the other. A whole term is skipped at each refusal. etcd's hint also uses the
/// leader's term in the request, which saves it a round in some rows. etcd's row with a compacted log is
/// left out, because this crate has no compaction.
#[test]
fn a_refusal_skips_a_whole_term() {
    let table: [(&[u64], &[u64], &[u64]); 8] = [
        (&[1, 2, 2, 4, 4, 4, 4], &[1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3], &[7, 3]),
        (&[1, 2, 2, 3, 4, 4, 4, 5], &[1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3], &[8, 4]),
        (&[1, 1, 1, 1], &[1, 2, 2, 4], &[4, 3, 1]),
        (&[1, 1, 1, 1, 1, 1], &[1, 2, 2, 4], &[6, 4, 3, 1]),
        (&[1, 1, 1, 1], &[1, 2, 2, 4, 4, 4], &[4, 3, 1]),
        (&[1, 1, 1, 4, 5], &[1, 1, 1, 4], &[5, 4]),
        (&[2, 5, 5, 5, 5, 5, 5, 5, 5], &[2, 4, 4, 4, 4, 4], &[9, 6, 1]),
        (&[2, 2, 2, 2, 2], &[2, 4, 4, 4, 4, 4, 4, 4], &[5, 1]),
    ];
    for (leader_log, follower_log, expected) in table {
        assert_eq!(conversation(leader_log, follower_log), expected, "{leader_log:?}");
    }
}

/// `TestLogReplicationWithReorderedMessage`: the second of two messages overtakes the first and is
/// refused. When the refusal arrives late, the leader knows better: next stays above match.
#[test]
fn a_late_refusal_does_not_undo_what_is_known_to_match() {
    let mut lead = leader(settings(2), 1, &[]);
    let _ = receive(&mut lead, 1, accepted(1, 1));
    let mut other = server(1, settings(2), 1, None, &[1]);
    let first = only(&propose(&mut lead, "a")).clone();
    let second = only(&propose(&mut lead, "b")).clone();
    let late = receive(&mut other, 0, second);
    assert_eq!(acknowledged(&late), None);
    let sent = receive(&mut other, 0, first);
    assert_eq!(acknowledged(&sent), Some(2));
    let _ = receive(&mut lead, 1, only(&sent).clone());
    assert_eq!(progress(&lead, 1), (2, 4));

    // The refusal names the entry 2, which the leader meanwhile knows to match: it is ignored.
    let sent = receive(&mut lead, 1, only(&late).clone());
    let kind = MessageKind::AppendEntriesReply;
    assert_eq!(sent.events(), [Event::Ignored { from: id(1), kind }]);
    assert_eq!(progress(&lead, 1), (2, 4));

    // The next heartbeat finds the gap, and a second copy of its refusal opens no other.
    let beat = only(&heartbeat(&mut lead)).clone();
    let refusal = only(&receive(&mut other, 0, beat)).clone();
    let sent = receive(&mut lead, 1, refusal.clone());
    assert_eq!(to_first(&sent), [(2, 1, 2)]);
    assert!(receive(&mut lead, 1, refusal).messages().is_empty());
    assert_eq!(progress(&lead, 1), (2, 3));
}
