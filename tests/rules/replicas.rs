//! The rules that live at the edge of the core: saving, waiting, answering.

use std::collections::BTreeSet;

use raft_in_practice::raft::{
    Envelope, Event, Input, LogIndex, Message, NodeId, PersistentState, Rule, RuleSet, Sendable,
    Settings,
};
use raft_in_practice::replica::{Answer, Disk, Replica, ReplicaConfig, Ticket};
use raft_in_practice::state_machine::Reply;
use raft_in_practice::timing::{Time, Timing};

use crate::common::{append, at, follower, id, vote, vote_request, with_rules};
use crate::shows;

/// A vote leaves. Is it on the disk?
pub fn persist_before_reply() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = follower(with_rules(3, rules), 0, &[]);
        let mut disk = PersistentState::default();
        let message = vote_request(1, 1, at(0, 0));
        let input = Input::Receive(Envelope { from: id(1), to: id(0), message });
        let Ok(sent) = node.step(input).persist(&mut disk);
        events.extend_from_slice(sent.events());
        assert_eq!(sent.messages().len(), 1, "the answer leaves in either case");
        assert_eq!(sent.saved_too_late().is_empty(), disk == *node.persistent());
        disk.voted_for
    };
    shows(Rule::PersistBeforeReply, &Some(id(1)), &None, situation)
}

/// A hundred timeouts: whether nearly all differ, and whether all are the shortest.
pub fn randomised_timeout() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut replica = replica(rules);
        let timeouts: BTreeSet<_> = (0..100)
            .map(|_| {
                let heard = hear(&mut replica, from(id(1), append(1, 2, at(0, 0), &[], 0)));
                events.extend_from_slice(heard.events());
                replica.next_deadline().expect("a follower's timer runs") - Time::ZERO
            })
            .collect();
        (timeouts.len() > 90, timeouts == [Timing::PAPER.election_min].into())
    };
    shows(Rule::RandomisedTimeout, &(true, false), &(false, true), situation)
}

fn replica(rules: RuleSet) -> Replica {
    let settings: Settings = with_rules(3, rules);
    let config = ReplicaConfig { settings, timing: Some(Timing::PAPER), seed: 1 };
    Replica::start(id(0), config, Disk::default(), Time::ZERO)
}

fn hear(replica: &mut Replica, input: Input) -> Sendable {
    let mut turn = replica.turn();
    turn.step(input);
    let Ok(sent) = turn.persist(Time::ZERO);
    sent
}

const fn from(peer: NodeId, message: Message) -> Input {
    Input::Receive(Envelope { from: peer, to: id(0), message })
}

/// A leader takes a client's command in at index 2, is deposed, and learns that another entry was
/// committed there.
pub fn answer_only_applied() -> Rule {
    let answers = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut replica = replica(rules);
        let _ = hear(&mut replica, Input::ElectionTimeout);
        let _ = hear(&mut replica, from(id(1), vote(1, true)));
        replica.expect_answers(&[Ticket(7)]).expect("it leads");
        let _ = hear(&mut replica, Input::Propose(vec!["SET x=1".into()]));
        let heard = hear(&mut replica, from(id(1), append(1, 2, at(0, 0), &[2, 2], 2)));
        events.extend_from_slice(heard.events());
        assert_eq!(replica.last_applied(), LogIndex::new(2));
        assert_eq!(replica.machine().get("x"), None, "the command never took effect");
        replica.take_answers()
    };
    let lost = at(2, 1);
    let truth = vec![(Ticket(7), Answer::Superseded { lost })];
    let lie = vec![(Ticket(7), Answer::Applied { position: lost, reply: Reply::Done })];
    shows(Rule::AnswerOnlyApplied, &truth, &lie, answers)
}
