//! Log replication (§5.3) and committing entries of earlier terms (§5.4.2).

use raft_in_practice::raft::{
    AppendOutcome, Command, Event, Input, LogIndex, Payload, PersistentState, RaftNode, Settings,
    Term,
};

use crate::common::{
    accept, accepted, acknowledged, append, appends, at, commit, entries, follower, heartbeat,
    hint, id, leader, log, outcome, propose, receive, settings, terms,
};

/// The leader of term 1 whose no-op is committed.
fn leader_at_work(settings: Settings) -> RaftNode {
    let mut node = leader(settings, 1, &[]);
    for peer in (1..).take(settings.nodes - 1) {
        let _ = receive(&mut node, peer, accepted(1, 1));
    }
    assert_eq!((terms(&node), commit(&node)), (vec![1], 1));
    node
}

/// `TestLeaderStartReplication`: "the leader appends the command to its log as a new entry, then
/// issues AppendEntries RPCs in parallel to each of the other servers". The entry must be saved, and it
/// is not committed yet.
#[test]
fn a_proposal_is_appended_saved_and_sent_behind_the_entry_before_it() {
    let mut node = leader_at_work(settings(3));
    let turn = node.step(Input::Propose(vec![Command::new("x")]));
    assert_eq!(turn.unsaved().log_from, Some(LogIndex::new(2)));
    let mut disk = PersistentState::new(Term::new(1), Some(id(0)), log(&[1]));
    let Ok(sent) = turn.persist(&mut disk);
    assert_eq!(disk.log.last(), at(2, 1), "the disk takes over what is new: one entry");

    assert_eq!((terms(&node), commit(&node)), (vec![1, 1], 1));
    let sent = appends(&sent);
    assert_eq!(sent.iter().map(|&(to, _)| to).collect::<Vec<_>>(), [1, 2]);
    for (_, request) in sent {
        assert_eq!((request.term, request.leader_id), (Term::new(1), id(0)));
        assert_eq!(request.prev_log(), at(1, 1));
        assert_eq!(request.leader_commit, LogIndex::new(1));
        assert_eq!(request.entries.len(), 1);
        assert_eq!(request.entries[0].payload, Payload::Command("x".into()));
        assert_eq!(request.entries[0].term, Term::new(1));
    }
}

/// `TestLeaderCommitEntry`: "when the entry has been safely replicated, the leader applies the
/// entry … keeps track of the highest index it knows to be committed, and includes that index in
/// future AppendEntries RPCs".
#[test]
fn an_acknowledged_entry_is_committed_and_the_followers_hear_of_it() {
    let mut node = leader_at_work(settings(3));
    let sent = propose(&mut node, "x");
    let mut advances = Vec::new();
    for envelope in sent.messages() {
        let sent = receive(&mut node, envelope.to.index() as u8, accept(envelope));
        advances.extend(sent.events().iter().copied().filter(is_commit));
    }
    assert_eq!(commit(&node), 2);
    let (from, to) = (LogIndex::new(1), LogIndex::new(2));
    assert_eq!(advances, [Event::CommitAdvanced { from, to }], "released once, and only this");
    for (_, request) in appends(&heartbeat(&mut node)) {
        assert_eq!(request.leader_commit, to);
    }
}

const fn is_commit(event: &Event) -> bool {
    matches!(event, Event::CommitAdvanced { .. })
}

/// `TestLeaderAcknowledgeCommit`: "a log entry is committed once the leader that created the entry
/// has replicated it on a majority of the servers". The rows of even size are ours.
#[test]
fn an_entry_is_committed_when_a_majority_acknowledges_it() {
    let table: [(usize, &[u8], bool); 13] = [
        (1, &[], true),
        (3, &[], false),
        (3, &[1], true),
        (3, &[1, 2], true),
        (5, &[], false),
        (5, &[1], false),
        (5, &[1, 2], true),
        (5, &[1, 2, 3], true),
        (5, &[1, 2, 3, 4], true),
        (2, &[], false),
        (2, &[1], true),
        (4, &[1], false),
        (4, &[1, 2], true),
    ];
    for (size, acceptors, expected) in table {
        let mut node = leader_at_work(settings(size));
        let sent = propose(&mut node, "x");
        for envelope in sent.messages() {
            let peer = envelope.to.index() as u8;
            if acceptors.contains(&peer) {
                let _ = receive(&mut node, peer, accept(envelope));
            }
        }
        assert_eq!(commit(&node) == 2, expected, "{size} nodes, {acceptors:?}");
    }
}

/// `TestLeaderCommitPrecedingEntries`: "this also commits all preceding entries in the leader's
/// log, including entries created by previous leaders".
#[test]
fn committing_an_entry_commits_all_that_stand_before_it() {
    let table: [&[u64]; 4] = [&[], &[2], &[1, 2], &[1]];
    for older in table {
        let mut node = leader(settings(3), 3, older);
        let sent = propose(&mut node, "x");
        let mut released = Vec::new();
        for envelope in sent.messages() {
            let sent = receive(&mut node, envelope.to.index() as u8, accept(envelope));
            released.extend(sent.events().iter().copied().filter(is_commit));
        }
        assert_eq!(terms(&node), [older, &[3, 3]].concat(), "{older:?}");
        let (from, to) = (LogIndex::ZERO, LogIndex::new(older.len() as u64 + 2));
        assert_eq!(released, [Event::CommitAdvanced { from, to }], "{older:?}");
    }
}

/// `TestFollowerCommitEntry`: "once a follower learns that a log entry is committed, it applies
/// the entry to its local state machine (in log order)".
#[test]
fn a_follower_commits_the_prefix_that_the_leader_names() {
    let table: [(&[u64], u64); 4] = [(&[1], 1), (&[1, 1], 2), (&[1, 1, 1], 2), (&[1, 1], 1)];
    for (new, leader_commit) in table {
        let mut node = follower(settings(3), 1, &[]);
        let sent = receive(&mut node, 1, append(1, 1, at(0, 0), new, leader_commit));
        let (from, to) = (LogIndex::ZERO, LogIndex::new(leader_commit));
        assert!(sent.events().contains(&Event::CommitAdvanced { from, to }), "{new:?}");
        assert_eq!(commit(&node), leader_commit, "{new:?}");
        assert_eq!(node.log().slice(LogIndex::FIRST, usize::MAX), entries(0, new), "{new:?}");
    }
}

/// `TestFollowerCheckMsgApp`: "if the follower does not find an entry in its log with the same
/// index and term, then it refuses the new entries". The hints are ours.
#[test]
fn a_follower_refuses_what_does_not_fit_behind_its_own_entries() {
    let yes = |index| AppendOutcome::Accepted { match_index: LogIndex::new(index) };
    let no = |prev, found, first| AppendOutcome::Rejected {
        prev_log_index: LogIndex::new(prev),
        hint: hint(found, first),
    };
    let table = [
        // The entry is there; nothing behind it is verified.
        (at(0, 0), yes(0)),
        (at(1, 1), yes(1)),
        (at(2, 2), yes(2)),
        // Another entry is there, or none.
        (at(2, 1), no(2, Some(2), 2)),
        (at(3, 3), no(3, None, 3)),
    ];
    for (prev, expected) in table {
        let mut node = follower(settings(3), 2, &[1, 2]);
        let sent = receive(&mut node, 1, append(1, 2, prev, &[], 0));
        assert_eq!(outcome(&sent), expected, "{prev}");
        assert_eq!(terms(&node), [1, 2], "{prev}");
    }
}

/// `TestFollowerAppendEntries`: "if an existing entry conflicts with a new one …, delete the
/// existing entry and all that follow it; append any new entries not already in the log". What is
/// there already is neither removed nor written again.
#[test]
fn a_follower_deletes_at_a_conflict_and_appends_what_is_new() {
    type Row = (u64, u64, &'static [u64], &'static [u64], Option<u64>);
    let table: [Row; 4] = [
        (2, 2, &[3], &[1, 2, 3], Some(3)),
        (1, 1, &[3, 4], &[1, 3, 4], Some(2)),
        (0, 0, &[1], &[1, 2], None),
        (0, 0, &[3], &[3], Some(1)),
    ];
    for (index, term, new, expected, written_from) in table {
        let mut node = follower(settings(3), 4, &[1, 2]);
        let message = append(1, 4, at(index, term), new, 0);
        let envelope =
            raft_in_practice::raft::Envelope { from: id(1), to: id(0), message: message.clone() };
        let mut twin = node.clone();
        let turn = twin.step(Input::Receive(envelope));
        assert_eq!(turn.unsaved().log_from, written_from.map(LogIndex::new), "{index}, {new:?}");
        _ = turn.crash_before_saving();
        let sent = receive(&mut node, 1, message);
        assert_eq!(terms(&node), expected, "{index}, {new:?}");
        assert_eq!(acknowledged(&sent), Some(index + new.len() as u64), "{index}, {new:?}");
    }
}

/// `TestLeaderOnlyCommitsLogFromCurrentTerm`: "only log entries from the leader's current term are
/// committed by counting servers".
#[test]
fn entries_of_older_terms_are_not_committed_by_counting() {
    for (acknowledged, expected) in [(1, 0), (2, 0), (3, 3)] {
        let mut node = leader(settings(2), 3, &[1, 2]);
        let _ = propose(&mut node, "x");
        let _ = receive(&mut node, 1, accepted(3, acknowledged));
        assert_eq!(commit(&node), expected, "acknowledged up to {acknowledged}");
    }
}
