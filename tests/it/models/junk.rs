//! What one node guarantees whatever it is told, in any order, whether it makes sense or not. Correct
//! peers would never send most of this, but it must not break a node.

use std::num::NonZeroUsize;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use raft_in_practice::raft::{
    Envelope, Event, Input, LogIndex, Message, NodeId, RaftNode, RoleKind, Rule, RuleSet, Settings,
    Term,
};

use crate::common::{
    accepted, append, at, candidate, follower, id, leader, progress, receive, rejected,
    request_vote, server, settings, timeout, vote,
};
use crate::models::cases;
use crate::models::histories::any_log;

/// Terms and indexes small enough to meet each other often.
const TERMS: std::ops::Range<u64> = 0..9;
const INDEXES: std::ops::Range<u64> = 0..12;

fn message(from: u8) -> impl Strategy<Value = Message> {
    prop_oneof![
        (TERMS, INDEXES, TERMS).prop_map(move |(t, i, last)| request_vote(from, t, at(i, last))),
        (TERMS, any::<bool>()).prop_map(|(term, granted)| vote(term, granted)),
        (TERMS, INDEXES, TERMS, vec(TERMS, 0..4), INDEXES).prop_map(
            move |(term, prev, prev_term, new, commit)| append(
                from,
                term,
                at(prev, prev_term),
                &new,
                commit
            )
        ),
        (TERMS, INDEXES).prop_map(|(term, index)| accepted(term, index)),
        (TERMS, INDEXES, proptest::option::of(TERMS), INDEXES)
            .prop_map(|(term, prev, found, first)| rejected(term, prev, found, first)),
    ]
}

/// Messages from any of nine servers, including the node itself and servers outside its cluster. Some name
/// another server as their sender, and some are addressed to another server.
pub fn input() -> impl Strategy<Value = Input> {
    let from = |from: u8| {
        let name = prop_oneof![9 => Just(from), 1 => 0..9u8];
        let to = prop_oneof![9 => Just(0), 1 => 0..9u8];
        (Just(from), to, name.prop_flat_map(message))
    };
    let heard = (0..9u8).prop_flat_map(from);
    prop_oneof![
        8 => heard.prop_map(|(from, to, message)| Input::Receive(Envelope {
            from: id(from),
            to: id(to),
            message,
        })),
        1 => Just(Input::ElectionTimeout),
        1 => Just(Input::HeartbeatDue),
        1 => vec(Just("x".into()), 0..3).prop_map(Input::Propose),
    ]
}

pub fn any_settings() -> impl Strategy<Value = Settings> {
    (1..=5usize, any::<bool>(), proptest::option::of(1..3usize)).prop_map(
        |(nodes, no_op, batch)| Settings {
            no_op,
            max_batch: batch.and_then(NonZeroUsize::new),
            ..settings(nodes)
        },
    )
}

/// Checks what a step must not do, whatever its input is.
fn check_step(before: &RaftNode, after: &RaftNode) -> Result<(), TestCaseError> {
    prop_assert!(before.current_term() <= after.current_term(), "terms grow");
    prop_assert!(before.commit_index() <= after.commit_index(), "commit indexes grow");
    let same_term = before.current_term() == after.current_term();
    if let Some(vote) = before.voted_for()
        && same_term
    {
        prop_assert_eq!(after.voted_for(), Some(vote), "a vote stays while the term does");
    }
    if before.is_leader() && same_term {
        prop_assert!(after.is_leader(), "only a later term ends a leadership");
        let kept = after.log().slice(LogIndex::FIRST, before.log().last_index().count());
        prop_assert_eq!(kept, before.log().slice(LogIndex::FIRST, usize::MAX), "append-only");
        for peer in NodeId::all(after.settings().nodes) {
            let known = |node: &RaftNode| node.progress(peer).map(|p| p.match_index);
            prop_assert!(known(before) <= known(after), "match indexes grow");
        }
    }
    if after.role().kind() == RoleKind::Candidate {
        prop_assert_eq!(after.voted_for(), Some(after.id()), "a candidate votes for itself");
    }
    Ok(())
}

/// Checks match < next ≤ last + 1 for every peer of a leader.
fn check_progress(node: &RaftNode) -> Result<(), TestCaseError> {
    let end = node.log().last_index().next();
    for peer in NodeId::all(node.settings().nodes) {
        if let Some(progress) = node.progress(peer) {
            prop_assert!(progress.match_index < progress.next_index, "{}: {:?}", peer, progress);
            prop_assert!(progress.next_index <= end, "{}: {:?}", peer, progress);
        }
    }
    Ok(())
}

/// Checks that a node sends messages only in its own name, in its own term, and with entries that it has.
fn check_message(node: &RaftNode, envelope: &Envelope) -> Result<(), TestCaseError> {
    prop_assert_eq!(envelope.from, node.id());
    prop_assert_eq!(envelope.message.term(), node.current_term());
    if let Message::AppendEntries(request) = &envelope.message {
        prop_assert!(node.is_leader() && envelope.to != node.id());
        prop_assert!(node.log().contains(request.prev_log()), "{:?}", request);
        let sent = node.log().slice(request.prev_log_index.next(), request.entries.len());
        prop_assert_eq!(sent, &request.entries[..]);
        prop_assert!(request.leader_commit <= node.commit_index());
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(4000))]

    #[test]
    fn a_node_holds_its_invariants_whatever_it_is_told(
        settings in any_settings(),
        log in any_log(),
        inputs in vec(input(), 1..60),
    ) {
        let mut node = server(0, settings, log.last().copied().unwrap_or(0), None, &log);
        let mut disk = node.persistent().clone();
        for input in inputs {
            let before = node.clone();
            let Ok(sent) = node.step(input).persist(&mut disk);
            check_step(&before, &node)?;
            check_progress(&node)?;
            for envelope in sent.messages() {
                check_message(&node, envelope)?;
            }
            prop_assert_eq!(&disk, node.persistent());
        }
    }

    /// A node with a broken rule may do wrong, but it does not panic, and every change is on its disk.
    #[test]
    fn a_node_with_broken_rules_stays_upright_and_saves_what_it_does(
        settings in any_settings(),
        broken in vec(select(&Rule::ALL[..]), 1..4),
        log in any_log(),
        inputs in vec(input(), 1..60),
    ) {
        let rules: RuleSet = broken.into_iter().collect();
        let settings = Settings { rules, ..settings };
        let mut node = server(0, settings, log.last().copied().unwrap_or(0), None, &log);
        let mut disk = node.persistent().clone();
        for input in inputs {
            let before = node.clone();
            let Ok(sent) = node.step(input).persist(&mut disk);
            prop_assert!(before.current_term() <= node.current_term());
            prop_assert!(before.commit_index() <= node.commit_index());
            let late = sent.saved_too_late();
            prop_assert!(late.is_empty() || !rules.keeps(Rule::PersistBeforeReply));
            let Ok(()) = node.save_late(late, &mut disk);
            prop_assert_eq!(&disk, node.persistent(), "with {:?}", rules);
        }
    }
}

/// This acknowledgement would otherwise break match < next ≤ last + 1.
#[test]
fn an_acknowledgement_of_more_than_the_leader_has_is_not_believed() {
    let mut node = leader(settings(3), 1, &[]);
    let _ = receive(&mut node, 1, accepted(1, 9));
    let (match_index, next_index) = progress(&node, 1);
    assert!(match_index < next_index && next_index == 2, "{match_index}, {next_index}");
}

/// A vote for n1 does not count for n0, and a server cannot ask for a vote, or lead, in another's name.
#[test]
fn what_was_meant_for_another_or_speaks_for_another_is_ignored() {
    let mut node = candidate(settings(3), 1, &[]);
    let (from, to) = (id(2), id(1));
    let turn = node.step(Input::Receive(Envelope { from, to, message: vote(1, true) }));
    assert!(turn.is_idle());
    assert_eq!(node.role().kind(), RoleKind::Candidate);

    let mut node = follower(settings(3), 1, &[]);
    let before = node.clone();
    let _ = receive(&mut node, 1, request_vote(8, 2, at(0, 0)));
    let _ = receive(&mut node, 1, append(2, 2, at(0, 0), &[], 0));
    assert_eq!(node, before);
}

/// The cluster has three nodes; a fourth has no vote.
#[test]
fn a_vote_from_outside_the_cluster_does_not_count() {
    let mut node = candidate(settings(3), 1, &[]);
    let _ = receive(&mut node, 3, vote(1, true));
    assert_eq!(node.role().kind(), RoleKind::Candidate);
}

/// A message with a term beyond the largest is ignored, whatever its kind.
#[test]
fn a_term_beyond_the_largest_is_ignored() {
    for term in [Term::MAX.get() + 1, u64::MAX] {
        for message in [
            request_vote(1, term, at(0, 0)),
            vote(term, true),
            append(1, term, at(0, 0), &[1], 1),
            accepted(term, 1),
        ] {
            let mut node = follower(settings(3), 1, &[]);
            let before = node.clone();
            let sent = receive(&mut node, 1, message);
            assert!(matches!(sent.events(), [Event::Ignored { .. }]), "{:?}", sent.events());
            assert_eq!((node, sent.messages().len()), (before, 0));
        }
    }
}

/// If terms could run out, a node would vote twice in the last one.
#[test]
fn a_node_in_the_largest_term_holds_no_election_and_keeps_its_vote() {
    let mut node = follower(settings(3), Term::MAX.get() - 1, &[]);
    let _ = receive(&mut node, 1, request_vote(1, Term::MAX.get(), at(0, 0)));
    assert_eq!((node.current_term(), node.voted_for()), (Term::MAX, Some(id(1))));
    let before = node.clone();
    let sent = timeout(&mut node);
    assert_eq!((sent.events(), node), (&[Event::TermsExhausted][..], before));
}
