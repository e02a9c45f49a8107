//! Replicas without a cluster: alone, crashing, answering.

use super::*;
use crate::raft::{Command, Log};

fn alone() -> Replica {
    let config = ReplicaConfig { settings: Settings::new(1), timing: Some(Timing::PAPER), seed: 1 };
    Replica::start(NodeId::new(0), config, Disk::default(), Time::ZERO)
}

fn run(replica: &mut Replica, input: Input, now: Time) -> Sendable {
    let mut turn = replica.turn();
    turn.step(input);
    let Ok(sendable) = turn.persist(now);
    sendable
}

fn elect(replica: &mut Replica) -> Time {
    let now = replica.next_deadline().unwrap();
    let input = replica.expired(now).unwrap();
    let _ = run(replica, input, now);
    now
}

#[test]
fn a_cluster_of_one_elects_itself_commits_and_answers() {
    let mut replica = alone();
    assert_eq!(replica.expired(Time::ZERO), None);
    let now = elect(&mut replica);
    assert!(replica.node().is_leader());
    replica.expect_answers(&[Ticket(7)]).unwrap();
    let _ = run(&mut replica, Input::Propose(vec![Command::new("SET x=1")]), now);
    let answers = replica.take_answers();
    let position = LogPosition::new(2, 1);
    assert_eq!(answers, [(Ticket(7), Answer::Applied { position, reply: Reply::Set })]);
    assert_eq!(replica.machine().get("x"), Some("1"));
}

#[test]
fn a_follower_promises_no_answer() {
    assert_eq!(alone().expect_answers(&[Ticket(1)]), Err(NotLeader { leader: None }));
}

#[test]
fn a_crash_between_deciding_and_saving_loses_the_step_and_a_later_one_does_not() {
    let mut replica = alone();
    let mut turn = replica.turn();
    turn.step(Input::ElectionTimeout);
    let lost = turn.crash_before_saving();
    assert!(lost.events.contains(&Event::BecameLeader { term: Term::new(1) }));
    assert_eq!(replica.crash().state(), &PersistentState::default());

    let mut replica = alone();
    let _ = run(&mut replica, Input::ElectionTimeout, Time::ZERO);
    let saved = replica.crash();
    assert_eq!(saved.state().current_term, Term::new(1));
    assert_eq!(saved.starts(), 1);
}

#[test]
fn a_restart_keeps_the_disk_and_applies_again_from_the_start() {
    let mut replica = alone();
    let now = elect(&mut replica);
    let _ = run(&mut replica, Input::Propose(vec![Command::new("SET x=1")]), now);
    let config = replica.rest.config;
    let mut again = Replica::start(NodeId::new(0), config, replica.crash(), now);
    assert_eq!(again.machine(), &KeyValue::default());
    assert_eq!((again.incarnation(), again.last_applied()), (2, LogIndex::ZERO));
    elect(&mut again);
    assert_eq!(again.machine().get("x"), Some("1"));
}

#[test]
fn a_client_whose_entry_was_replaced_is_told_so() {
    let mut replica = alone();
    let awaited = LogPosition::new(1, 1);
    let (answer, verdict) = replica.rest.answer(awaited, Term::new(2), Reply::Done);
    assert_eq!(answer, Answer::Superseded { lost: awaited });
    assert_eq!(verdict.outcome, Outcome::Refused);
    let rules = &mut replica.rest.config.settings.rules;
    *rules = rules.without(Rule::AnswerOnlyApplied);
    let (lie, verdict) = replica.rest.answer(awaited, Term::new(2), Reply::Done);
    assert_eq!(lie, Answer::Applied { position: awaited, reply: Reply::Done });
    assert_eq!(verdict.outcome, Outcome::Overridden);
}

#[test]
fn without_persist_before_reply_a_crash_loses_what_was_promised() {
    let mut replica = alone();
    replica.node = RaftNode::new(
        NodeId::new(0),
        Settings {
            rules: replica.rest.config.settings.rules.without(Rule::PersistBeforeReply),
            ..Settings::new(3)
        },
        PersistentState::new(Term::new(1), None, Log::default()),
    );
    let sendable = run(&mut replica, Input::ElectionTimeout, Time::ZERO);
    assert_eq!(sendable.messages().len(), 2, "the messages left");
    assert_eq!(replica.disk().state(), &PersistentState::default(), "nothing was saved");
    let _ = run(&mut replica, Input::HeartbeatDue, Time::ZERO);
    assert_eq!(replica.disk().state().current_term, Term::new(2), "saved a step too late");
}
