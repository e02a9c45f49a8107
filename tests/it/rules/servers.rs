//! The rules outside the core: saving, waiting, answering.

use std::collections::BTreeSet;

use raft_in_practice::raft::{
    Envelope, Event, Input, LogIndex, Message, NodeId, Outcome, PersistentState, Rule, RuleSet,
    Sendable, Settings,
};
use raft_in_practice::server::state_machine::Reply;
use raft_in_practice::server::timing::{Time, Timing};
use raft_in_practice::server::turn_order::{Detail, Ended, MessageId, take_turn_of};
use raft_in_practice::server::{Answer, Disk, Server, ServerConfig, Ticket};

use crate::common::{append, at, follower, id, request_vote, verdicts, vote, with_rules};
use crate::rules::shows;

/// Whether a vote is on the disk when its message leaves.
pub fn persist_before_reply() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = follower(with_rules(3, rules), 0, &[]);
        let mut disk = PersistentState::default();
        let message = request_vote(1, 1, at(0, 0));
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
        let mut server = server(rules);
        let timeouts: BTreeSet<_> = (0..100)
            .map(|_| {
                let heard = hear(&mut server, from(id(1), append(1, 2, at(0, 0), &[], 0)));
                events.extend_from_slice(heard.events());
                server.next_deadline().expect("a follower's timer runs") - Time::ZERO
            })
            .collect();
        (timeouts.len() > 90, timeouts == [Timing::PAPER.election_min].into())
    };
    shows(Rule::RandomisedTimeout, &(true, false), &(false, true), situation)
}

fn server(rules: RuleSet) -> Server {
    let settings: Settings = with_rules(3, rules);
    let config = ServerConfig { settings, timing: Timing::PAPER, seed: 1 };
    Server::start(id(0), config, Disk::default(), Time::ZERO)
}

fn hear(server: &mut Server, input: Input) -> Sendable {
    let mut turn = server.turn();
    turn.step(input);
    let Ok(sent) = turn.persist(Time::ZERO);
    sent
}

const fn from(peer: NodeId, message: Message) -> Input {
    Input::Receive(Envelope { from: peer, to: id(0), message })
}

/// A leader appends a client's command at index 2, is deposed, and learns that another entry was
/// committed there.
pub fn answer_only_applied() -> Rule {
    let answers = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut server = server(rules);
        let _ = hear(&mut server, Input::ElectionTimeout);
        let _ = hear(&mut server, from(id(1), vote(1, true)));
        assert!(server.node().is_leader());
        let (commands, tickets) = (vec!["SET x=1".into()], vec![Ticket(7)]);
        let ended = take_turn_of(
            &mut server,
            Time::ZERO,
            Detail::Batches,
            &mut None,
            |steps| _ = steps.propose(commands, tickets),
            |_| MessageId(0),
        );
        assert!(matches!(ended, Ended::Saved { .. }));
        let heard = hear(&mut server, from(id(1), append(1, 2, at(0, 0), &[2, 2], 2)));
        events.extend_from_slice(heard.events());
        assert_eq!(server.last_applied(), LogIndex::new(2));
        assert_eq!(server.machine().get("x"), None, "the command never took effect");
        (server.take_answers(), verdicts(heard.events(), Rule::AnswerOnlyApplied))
    };
    let lost = at(2, 1);
    let truth = (vec![(Ticket(7), Answer::Superseded { lost })], vec![Outcome::Refused]);
    let lie = Answer::Applied { position: lost, reply: Reply::Done };
    let lie = (vec![(Ticket(7), lie)], vec![Outcome::Overridden]);
    shows(Rule::AnswerOnlyApplied, &truth, &lie, answers)
}
