//! Servers without a cluster: alone, crashing, answering.

mod state_machine;
mod timing;

use raft_in_practice::raft::{
    Command, Event, Input, Log, LogIndex, LogPosition, PersistentState, Rule, RuleSet, Sendable,
    Settings, Term,
};
use raft_in_practice::server::state_machine::{KeyValue, Reply};
use raft_in_practice::server::timing::{Time, Timing};
use raft_in_practice::server::turn_order::{Detail, Ended, MessageId, take_turn_of};
use raft_in_practice::server::{Answer, Disk, Server, ServerConfig, Ticket};

use crate::common::{id, with_rules};

const ALONE: ServerConfig =
    ServerConfig { settings: Settings::new(1), timing: Timing::PAPER, seed: 1 };

fn alone() -> Server {
    Server::start(id(0), ALONE, Disk::default(), Time::ZERO)
}

fn run(server: &mut Server, input: Input, now: Time) -> Sendable {
    let mut turn = server.turn();
    turn.step(input);
    let Ok(sendable) = turn.persist(now);
    sendable
}

/// Lets a client propose a command, in a turn of its own. Returns the answers that are due then.
fn propose(server: &mut Server, command: &str, ticket: Ticket, now: Time) -> Vec<(Ticket, Answer)> {
    let ended = take_turn_of(
        server,
        now,
        Detail::Batches,
        &mut None,
        |steps| _ = steps.propose(vec![command.into()], vec![ticket]),
        |_| MessageId(0),
    );
    let Ended::Saved { answers, .. } = ended else { panic!("nobody asks for a crash") };
    answers
}

fn elect(server: &mut Server) -> Time {
    let now = server.next_deadline().unwrap();
    let input = server.expired(now).unwrap();
    let _ = run(server, input, now);
    now
}

#[test]
fn a_cluster_of_one_elects_itself_commits_and_answers() {
    let mut server = alone();
    assert_eq!(server.expired(Time::ZERO), None);
    let now = elect(&mut server);
    assert!(server.node().is_leader());
    let answers = propose(&mut server, "SET x=1", Ticket(7), now);
    let position = LogPosition::new(2, 1);
    assert_eq!(answers, [(Ticket(7), Answer::Applied { position, reply: Reply::Set })]);
    assert_eq!(server.machine().get("x"), Some("1"));
}

#[test]
fn a_follower_promises_no_answer() {
    let mut server = alone();
    assert_eq!(propose(&mut server, "SET x=1", Ticket(1), Time::ZERO), []);
    let now = elect(&mut server);
    assert_eq!(server.waits_at(Ticket(1)), None);
    assert_eq!(
        propose(&mut server, "SET x=2", Ticket(2), now).len(),
        1,
        "only to whom it promised"
    );
}

#[test]
fn a_crash_between_deciding_and_saving_loses_the_step_and_a_later_one_does_not() {
    let mut server = alone();
    let mut turn = server.turn();
    turn.step(Input::ElectionTimeout);
    let lost = turn.crash_before_saving();
    let won = Event::BecameLeader { term: Term::new(1) };
    assert!(format!("{lost:?}").contains(&format!("{won:?}")), "{lost:?}");
    assert_eq!(server.crash().state(), &PersistentState::default());

    let mut server = alone();
    let _ = run(&mut server, Input::ElectionTimeout, Time::ZERO);
    let saved = server.crash();
    assert_eq!(saved.state().current_term, Term::new(1));
    assert_eq!(saved.starts(), 1);
}

#[test]
fn a_restart_keeps_the_disk_and_applies_again_from_the_start() {
    let mut server = alone();
    let now = elect(&mut server);
    let _ = run(&mut server, Input::Propose(vec![Command::new("SET x=1")]), now);
    let mut again = Server::start(id(0), ALONE, server.crash(), now);
    assert_eq!(again.machine(), &KeyValue::default());
    assert_eq!((again.disk().starts(), again.last_applied()), (2, LogIndex::ZERO));
    elect(&mut again);
    assert_eq!(again.machine().get("x"), Some("1"));
}

#[test]
fn without_persist_before_reply_a_crash_loses_what_was_promised() {
    let rules = RuleSet::INTACT.without(Rule::PersistBeforeReply);
    let config = ServerConfig { settings: with_rules(3, rules), ..ALONE };
    let saved = PersistentState::new(Term::new(1), None, Log::default());
    let mut server = Server::start(id(0), config, Disk::new(saved.clone()), Time::ZERO);
    let sendable = run(&mut server, Input::ElectionTimeout, Time::ZERO);
    assert_eq!(sendable.messages().len(), 2, "the messages left");
    assert_eq!(server.disk().state(), &saved, "nothing was saved");
    let _ = run(&mut server, Input::HeartbeatDue, Time::ZERO);
    assert_eq!(server.disk().state().current_term, Term::new(2), "saved a step too late");
}

/// The state of a disk with this vote and this term, and an empty log.
fn disk(voted_for: Option<u8>, term: u64) -> Disk {
    Disk::new(PersistentState::new(Term::new(term), voted_for.map(id), Log::default()))
}

#[test]
#[should_panic(expected = "a vote is for a node of the cluster")]
fn a_vote_for_a_node_of_another_cluster_is_no_start() {
    Server::start(id(0), ALONE, disk(Some(1), 1), Time::ZERO);
}

#[test]
#[should_panic(expected = "no node enters a term beyond the largest")]
fn a_term_that_no_node_enters_is_no_start() {
    Server::start(id(0), ALONE, disk(None, Term::MAX.get() + 1), Time::ZERO);
}

#[test]
#[should_panic(expected = "a heartbeat comes before the shortest election timeout ends")]
fn a_heartbeat_that_comes_too_late_is_no_start() {
    let timing = Timing { heartbeat: Timing::PAPER.election_min, ..Timing::PAPER };
    Server::start(id(0), ServerConfig { timing, ..ALONE }, disk(None, 0), Time::ZERO);
}
