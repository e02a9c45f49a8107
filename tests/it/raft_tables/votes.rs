//! Votes and roles, one node at a time.

use raft_in_practice::raft::{Event, Input, MessageKind, RoleKind, Term};

use crate::common::{
    ROLES, accepted, acknowledged, append, at, candidate, commit, follower, granted, id, in_role,
    leader, propose, receive, rejected, request_vote, server, settings, step, terms, timeout, vote,
};

/// `TestRecvMsgVote`: role, candidate's last entry, vote before ⇒ granted? The voter holds two
/// entries of term 2, and its term is the candidate's.
#[test]
fn a_vote_depends_on_the_logs_and_on_the_vote_before() {
    use RoleKind::{Candidate, Follower, Leader};
    let table = [
        (Follower, at(0, 0), None, false),
        (Follower, at(0, 1), None, false),
        (Follower, at(0, 2), None, false),
        (Follower, at(0, 3), None, true),
        (Follower, at(1, 0), None, false),
        (Follower, at(1, 1), None, false),
        (Follower, at(1, 2), None, false),
        (Follower, at(1, 3), None, true),
        (Follower, at(2, 0), None, false),
        (Follower, at(2, 1), None, false),
        (Follower, at(2, 2), None, true),
        (Follower, at(2, 3), None, true),
        (Follower, at(3, 0), None, false),
        (Follower, at(3, 1), None, false),
        (Follower, at(3, 2), None, true),
        (Follower, at(3, 3), None, true),
        (Follower, at(3, 2), Some(1), true),
        (Follower, at(3, 2), Some(2), false),
        (Leader, at(3, 3), Some(0), false),
        (Candidate, at(3, 3), Some(0), false),
    ];
    for (role, last, before, expected) in table {
        let term = last.term.get().max(2);
        let mut node = match role {
            Follower => server(0, settings(3), term, before, &[2, 2]),
            _ => in_role(role, settings(3), term, &[2, 2]),
        };
        let sent = receive(&mut node, 1, request_vote(1, term, last));
        assert_eq!(granted(&sent), expected, "{role}, {last}, {before:?}");
        assert_eq!(node.role().kind(), role, "the same term changes no role");
    }
}

/// `TestVoteFromAnyState`: whatever the node was, for a candidate of a later term with a fresh
/// log it becomes a follower and votes.
#[test]
fn a_vote_in_a_later_term_is_given_in_every_role() {
    for role in ROLES {
        let mut node = in_role(role, settings(3), 1, &[]);
        let sent = receive(&mut node, 1, request_vote(1, 2, at(42, 2)));
        assert!(granted(&sent), "{role}");
        assert_eq!(node.role().kind(), RoleKind::Follower, "{role}");
        assert_eq!((node.current_term(), node.voted_for()), (Term::new(2), Some(id(1))), "{role}");
    }
}

/// `TestAllServerStepdown`: a later term, in a RequestVote or an AppendEntries, makes a follower
/// of every role and leaves its log alone. Only AppendEntries tells who leads.
#[test]
fn a_later_term_deposes_every_role_and_leaves_the_log_alone() {
    for role in ROLES {
        let before = in_role(role, settings(3), 1, &[]);
        let messages =
            [(request_vote(1, 3, at(0, 0)), None), (append(1, 3, at(3, 3), &[], 0), Some(id(1)))];
        for (message, expected_leader) in messages {
            let mut node = before.clone();
            let _ = receive(&mut node, 1, message);
            assert_eq!(node.role().kind(), RoleKind::Follower, "{role}");
            assert_eq!(node.current_term(), Term::new(3), "{role}");
            assert_eq!(node.log(), before.log(), "{role}");
            assert_eq!(node.leader(), expected_leader, "{role}");
        }
    }
}

/// The rule behind `TestDisruptiveFollower`, which some implementations have inverted: replies, too,
/// carry a term that deposes, whatever the role that hears them and whatever they say.
#[test]
fn a_later_term_in_a_reply_deposes_every_role() {
    for role in ROLES {
        for reply in [vote(3, true), vote(3, false), accepted(3, 9), rejected(3, 0, None, 1)] {
            let mut node = in_role(role, settings(3), 1, &[]);
            let sent = receive(&mut node, 1, reply.clone());
            assert_eq!(node.role().kind(), RoleKind::Follower, "{role}, {reply:?}");
            assert_eq!(node.current_term(), Term::new(3), "{role}, {reply:?}");
            assert_eq!(node.voted_for(), None, "{role}, {reply:?}");
            assert_eq!(node.leader(), None, "{role}, {reply:?}");
            assert!(sent.messages().is_empty(), "{role}, {reply:?}");
        }
    }
}

/// `TestStateTransition`: which role follows which. etcd sets roles directly and panics at the
/// forbidden ones; here only inputs change a role, so the table is about them.
#[test]
fn roles_change_only_in_the_ways_of_figure_4() {
    use RoleKind::{Candidate, Follower, Leader};
    let heard = |node: &mut _, message| drop(receive(node, 1, message));
    for role in ROLES {
        let before = in_role(role, settings(3), 1, &[]);
        let after = |change: &dyn Fn(&mut _)| {
            let mut node = before.clone();
            change(&mut node);
            (node.role().kind(), node.current_term().get())
        };
        let timed_out = after(&|node| drop(timeout(node)));
        assert_eq!(timed_out, if role == Leader { (Leader, 1) } else { (Candidate, 2) }, "{role}");
        let won = if role == Follower { Follower } else { Leader };
        assert_eq!(after(&|node| heard(node, vote(1, true))), (won, 1), "{role}: a vote");
        let led = if role == Leader { Leader } else { Follower };
        let append = |term| append(1, term, at(0, 0), &[], 0);
        assert_eq!(after(&|node| heard(node, append(1))), (led, 1), "{role}: a leader");
        assert_eq!(after(&|node| heard(node, append(2))), (Follower, 2), "{role}: a later one");
        assert_eq!(after(&|node| drop(step(node, Input::HeartbeatDue))), (role, 1), "{role}");
    }
}

/// `TestSingleNodeCandidate`, `TestSingleNodeCommit`: a cluster of one elects itself and commits
/// alone, in the step in which it stands or is asked.
#[test]
fn a_cluster_of_one_needs_nobody() {
    let mut node = follower(settings(1), 0, &[]);
    let sent = timeout(&mut node);
    assert!(node.is_leader() && sent.messages().is_empty());
    assert_eq!(commit(&node), 1);
    for expected in [2, 3] {
        let sent = propose(&mut node, "x");
        assert!(sent.messages().is_empty());
        assert_eq!(commit(&node), expected);
    }
}

/// `TestCandidateSelfVoteAfterLostElection`: in etcd a candidate's vote for itself comes back from
/// its disk as a message. Ours is counted in the step that saves it; a message that claims to be
/// one counts neither twice in an election nor at all after it was lost.
#[test]
fn a_vote_from_oneself_is_of_no_use() {
    let mut node = candidate(settings(3), 1, &[]);
    let _ = receive(&mut node, 0, vote(1, true));
    assert_eq!(node.role().kind(), RoleKind::Candidate, "its own vote was counted before");
    let _ = receive(&mut node, 1, append(1, 1, at(0, 0), &[], 0));
    let sent = receive(&mut node, 0, vote(1, true));
    assert_eq!((node.role().kind(), node.leader()), (RoleKind::Follower, Some(id(1))));
    assert_eq!(
        sent.events(),
        [Event::Ignored { from: id(0), kind: MessageKind::RequestVoteReply }]
    );
}

/// `TestLeaderMsgAppSelfAckAfterTermChange`: an acknowledgement that comes when the leader has
/// been deposed does nothing, whether its term is the old one or, after a restart in the same
/// term, the current one.
#[test]
fn an_acknowledgement_after_the_leadership_is_ignored() {
    let mut deposed = leader(settings(3), 1, &[]);
    let _ = propose(&mut deposed, "x");
    let _ = receive(&mut deposed, 1, append(1, 2, at(0, 0), &[], 0));
    let restarted = server(0, settings(3), 1, Some(0), &[1, 1]);
    for mut node in [deposed, restarted] {
        let before = node.clone();
        for late in [accepted(1, 2), rejected(1, 0, None, 1), vote(1, true)] {
            let sent = receive(&mut node, 2, late);
            assert!(sent.messages().is_empty());
        }
        assert_eq!(node, before);
    }
}

/// A leader receives AppendEntries from another leader of its own term, which should not exist. It does not
/// follow, and its log stays as it is.
#[test]
fn a_leader_does_not_follow_another_of_its_term() {
    let mut node = leader(settings(3), 1, &[]);
    let before = node.clone();
    let sent = receive(&mut node, 1, append(1, 1, at(0, 0), &[1, 1, 1], 3));
    assert!(sent.messages().is_empty());
    assert_eq!(node, before);
}

/// A follower that has voted in its term, and hears the leader, keeps its vote: a second candidate
/// of the term comes too late, though several implementations have let it in.
#[test]
fn hearing_the_leader_does_not_free_the_vote() {
    let mut node = follower(settings(3), 0, &[]);
    assert!(granted(&receive(&mut node, 1, request_vote(1, 1, at(0, 0)))));
    assert_eq!(acknowledged(&receive(&mut node, 1, append(1, 1, at(0, 0), &[1], 0))), Some(1));
    assert!(!granted(&receive(&mut node, 2, request_vote(2, 1, at(9, 1)))));
    assert_eq!(terms(&node), [1]);
}
