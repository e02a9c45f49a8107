//! Terms (§5.1), elections (§5.2) and who may win them (§5.4.1).

use raft_in_practice::raft::{
    AppendOutcome, LogIndex, Message, RequestVote, RequestVoteReply, RoleKind, Term,
};

use crate::common::{
    ROLES, acknowledged, append, appends, at, candidate, follower, granted, heartbeat, id, in_role,
    leader, only, outcome, propose, receive, request_vote, server, settings, terms, timeout, vote,
};

/// `TestFollowerUpdateTermFromMessage`, `TestCandidateUpdateTermFromMessage`,
/// `TestLeaderUpdateTermFromMessage`: "if one server's current term is smaller than the other's,
/// then it updates its current term … if a candidate or leader discovers that its term is out of
/// date, it immediately reverts to follower state".
#[test]
fn a_higher_term_is_taken_over_in_every_role() {
    for role in ROLES {
        let mut node = in_role(role, settings(3), 1, &[]);
        assert_eq!(node.role().kind(), role);
        let _ = receive(&mut node, 1, append(1, 2, at(0, 0), &[], 0));
        assert_eq!(node.current_term(), Term::new(2), "{role}");
        assert_eq!(node.role().kind(), RoleKind::Follower, "{role}");
        assert_eq!(node.leader(), Some(id(1)), "{role}");
    }
}

/// `TestRejectStaleTermMessage`: "if a server receives a request with a stale term number, it
/// rejects the request". Ours names its own term, so that the sender catches up; a stale reply is
/// dropped. Neither leaves a trace in the node.
#[test]
fn a_message_of_an_older_term_changes_nothing_in_any_role() {
    for role in ROLES {
        let mut node = in_role(role, settings(3), 2, &[1]);
        let before = node.clone();
        let sent = receive(&mut node, 1, append(1, 1, at(0, 0), &[1, 1], 2));
        assert_eq!(only(&sent).term(), Term::new(2), "{role}");
        assert_eq!(outcome(&sent), AppendOutcome::StaleTerm, "{role}");
        let sent = receive(&mut node, 1, request_vote(1, 1, at(9, 1)));
        let refusal = RequestVoteReply { term: Term::new(2), vote_granted: false };
        assert_eq!(only(&sent), &Message::RequestVoteReply(refusal), "{role}");
        for reply in [vote(1, true), crate::common::accepted(1, 1)] {
            assert!(receive(&mut node, 1, reply).messages().is_empty(), "{role}");
        }
        assert_eq!(node, before, "{role}");
    }
}

/// `TestStartAsFollower`: "when servers start up, they begin as followers".
#[test]
fn a_server_starts_as_a_follower_also_for_the_second_time() {
    let first = follower(settings(3), 0, &[]);
    let again = server(0, settings(3), 4, Some(0), &[1, 4]);
    for node in [first, again] {
        assert_eq!(node.role().kind(), RoleKind::Follower);
        assert_eq!((node.leader(), node.commit_index()), (None, LogIndex::ZERO));
    }
}

/// `TestLeaderBcastBeat`: "heartbeats (AppendEntries RPCs that carry no log entries) to all
/// followers", however many entries wait.
#[test]
fn a_heartbeat_goes_to_every_peer_and_carries_no_entries() {
    let mut node = leader(settings(3), 1, &[]);
    for _ in 0..10 {
        let _ = propose(&mut node, "x");
    }
    let sent = heartbeat(&mut node);
    let beats: Vec<_> = appends(&sent).into_iter().map(|(to, r)| (to, r.entries.len())).collect();
    assert_eq!(beats, [(1, 0), (2, 0)]);
    assert!(sent.restart_heartbeat_timer());
}

/// `TestFollowerStartElection`, `TestCandidateStartNewElection`: "increments its current term and
/// transitions to candidate state … votes for itself and issues RequestVote RPCs in parallel to
/// each of the other servers".
#[test]
fn an_election_timeout_begins_an_election_in_a_new_term() {
    for role in [RoleKind::Follower, RoleKind::Candidate] {
        let mut node = in_role(role, settings(3), 1, &[]);
        let sent = timeout(&mut node);
        assert_eq!(node.current_term(), Term::new(2), "{role}");
        assert_eq!(node.role().kind(), RoleKind::Candidate, "{role}");
        assert_eq!(node.voted_for(), Some(id(0)), "{role}");
        assert!(sent.restart_election_timer(), "{role}");
        let request = |to: u8| (id(to), request_vote(0, 2, at(0, 0)));
        let asked: Vec<_> = sent.messages().iter().map(|m| (m.to, m.message.clone())).collect();
        assert_eq!(asked, [request(1), request(2)], "{role}");
    }
}

/// `TestLeaderElectionInOneRoundRPC`: the three outcomes of an election. The second group is
/// where etcd gives up at once; the paper lets the candidate wait for its timer, and so do we.
#[test]
fn a_majority_of_one_round_decides_an_election() {
    use RoleKind::{Candidate, Leader};
    type Votes = &'static [(u8, bool)];
    let table: [(usize, Votes, RoleKind); 14] = [
        (1, &[], Leader),
        (3, &[(1, true), (2, true)], Leader),
        (3, &[(1, true)], Leader),
        (5, &[(1, true), (2, true), (3, true), (4, true)], Leader),
        (5, &[(1, true), (2, true), (3, true)], Leader),
        (5, &[(1, true), (2, true)], Leader),
        (3, &[(1, false), (2, false)], Candidate),
        (5, &[(1, false), (2, false), (3, false), (4, false)], Candidate),
        (5, &[(1, true), (2, false), (3, false), (4, false)], Candidate),
        (3, &[], Candidate),
        (5, &[(1, true)], Candidate),
        (5, &[(1, false), (2, false)], Candidate),
        (5, &[], Candidate),
        // Ours: half of an even cluster is no majority.
        (4, &[(1, true)], Candidate),
    ];
    for (size, votes, role) in table {
        let mut node = candidate(settings(size), 1, &[]);
        for &(voter, grant) in votes {
            let _ = receive(&mut node, voter, vote(1, grant));
        }
        assert_eq!(node.role().kind(), role, "{size} nodes, {votes:?}");
        assert_eq!(node.current_term(), Term::new(1), "{size} nodes, {votes:?}");
    }
}

/// `TestFollowerVote`: "each server will vote for at most one candidate in a given term, on a
/// first-come-first-served basis". The same candidate may ask again: its answer was perhaps lost.
#[test]
fn one_vote_a_term_and_the_same_again_for_the_same_candidate() {
    let table = [
        (None, 1, true),
        (None, 2, true),
        (Some(1), 1, true),
        (Some(2), 2, true),
        (Some(1), 2, false),
        (Some(2), 1, false),
    ];
    for (before, asks, expected) in table {
        let mut node = server(0, settings(3), 1, before, &[]);
        let sent = receive(&mut node, asks, request_vote(asks, 1, at(0, 0)));
        assert_eq!(granted(&sent), expected, "{before:?}, then {asks}");
        assert_eq!(sent.restart_election_timer(), expected, "{before:?}, then {asks}");
        assert_eq!(node.voted_for(), before.or(Some(asks)).map(id), "{before:?}, then {asks}");
    }
}

/// `TestCandidateFallback`: "if the leader's term is at least as large as the candidate's current
/// term, then the candidate recognizes the leader as legitimate and returns to follower state".
#[test]
fn a_candidate_returns_to_follower_for_a_leader_of_its_term_or_a_later_one() {
    for term in [1, 2] {
        let mut node = candidate(settings(3), 1, &[]);
        let sent = receive(&mut node, 1, append(1, term, at(0, 0), &[], 0));
        assert_eq!(node.role().kind(), RoleKind::Follower, "term {term}");
        assert_eq!(node.current_term(), Term::new(term), "term {term}");
        assert_eq!(node.leader(), Some(id(1)), "term {term}");
        assert_eq!(acknowledged(&sent), Some(0), "term {term}");
    }
}

/// `TestVoteRequest`: "the RPC includes information about the candidate's log".
#[test]
fn a_candidate_shows_where_its_log_ends() {
    let table: [(&[u64], u64); 2] = [(&[1], 2), (&[1, 2], 3)];
    for (stored, term) in table {
        let mut node = follower(settings(3), 0, &[]);
        let _ = receive(&mut node, 1, append(1, term - 1, at(0, 0), stored, 0));
        assert_eq!(terms(&node), stored);
        let sent = timeout(&mut node);
        assert_eq!(sent.messages().len(), 2);
        for envelope in sent.messages() {
            let expected = RequestVote {
                term: Term::new(term),
                candidate_id: id(0),
                last_log_index: LogIndex::new(stored.len() as u64),
                last_log_term: Term::new(term - 1),
            };
            assert_eq!(envelope.message, Message::RequestVote(expected));
        }
    }
}

/// `TestVoter`: "the voter denies its vote if its own log is more up-to-date than that of the
/// candidate". The later last term decides; with equal terms the longer log does.
#[test]
fn a_voter_refuses_a_log_less_up_to_date_than_its_own() {
    let table: [(&[u64], _, bool); 10] = [
        // Equal last terms.
        (&[1], at(1, 1), true),
        (&[1], at(2, 1), true),
        (&[1, 1], at(1, 1), false),
        // The candidate's is later.
        (&[1], at(1, 2), true),
        (&[1], at(2, 2), true),
        (&[1, 1], at(1, 2), true),
        // The voter's is later.
        (&[2], at(1, 1), false),
        (&[2], at(2, 1), false),
        (&[2, 2], at(1, 1), false),
        (&[1, 2], at(9, 1), false),
    ];
    for (own, last, expected) in table {
        let mut node = follower(settings(2), 2, own);
        let sent = receive(&mut node, 1, request_vote(1, 3, last));
        assert_eq!(granted(&sent), expected, "{own:?}, asked with {last}");
        assert_eq!(node.voted_for(), expected.then_some(id(1)), "{own:?}, asked with {last}");
    }
}
