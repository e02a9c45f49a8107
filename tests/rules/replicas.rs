//! The rules that live at the edge of the core: saving, waiting, answering. The timer knows no
//! events, so its rule is shown by its effect alone.

use std::collections::BTreeSet;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use raft_in_practice::raft::{
    Envelope, Event, Input, LogIndex, Message, NodeId, Output, PersistentState, Rule, RuleSet,
    Sendable, Settings,
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
        let out = node.step(Input::Receive(Envelope { from: id(1), to: id(0), message }));
        let sent = out.persist(&node, &mut disk);
        events.extend_from_slice(sent.events());
        assert_eq!(sent.messages().len(), 1, "the answer leaves in either case");
        assert_eq!(sent.saved_too_late().is_empty(), disk == *node.persistent());
        disk.voted_for()
    };
    shows(Rule::PersistBeforeReply, &Some(id(1)), &None, situation)
}

/// A hundred timeouts.
pub fn randomised_timeout() -> Rule {
    let rule = Rule::RandomisedTimeout;
    let different = |rules| {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        (0..100).map(|_| Timing::PAPER.draw_timeout(rules, &mut rng)).collect::<BTreeSet<_>>()
    };
    assert!(different(RuleSet::INTACT).len() > 90);
    let broken = different(RuleSet::INTACT.without(rule));
    assert_eq!(broken, [Timing::PAPER.election_min].into());
    rule
}

fn hear(replica: &mut Replica, input: Input) -> Sendable {
    let mut out = Output::new();
    replica.step(input, &mut out);
    replica.persist(out, Time::ZERO)
}

const fn from(peer: NodeId, message: Message) -> Input {
    Input::Receive(Envelope { from: peer, to: id(0), message })
}

/// A leader takes a client's command in at index 2, is deposed, and learns that another entry was
/// committed there.
pub fn answer_only_applied() -> Rule {
    let answers = |rules: RuleSet, events: &mut Vec<Event>| {
        let settings: Settings = with_rules(3, rules);
        let config = ReplicaConfig { settings, timing: Timing::PAPER, seed: 1 };
        let mut replica = Replica::start(id(0), config, Disk::default(), Time::ZERO);
        let _ = hear(&mut replica, Input::ElectionTimeout);
        let _ = hear(&mut replica, from(id(1), vote(1, true)));
        replica.expect_answers(&[Ticket(7)]).expect("it leads");
        let _ = hear(&mut replica, Input::Propose(vec!["SET x=1".into()]));
        let heard = hear(&mut replica, from(id(1), append(1, 2, at(0, 0), &[2, 2], 2)));
        events.extend_from_slice(heard.events());
        assert_eq!(replica.last_applied(), LogIndex::new(2));
        assert_eq!(replica.machine().get("x"), None, "the command never took effect");
        replica.drain_answers().collect::<Vec<_>>()
    };
    let lost = at(2, 1);
    let truth = vec![(Ticket(7), Answer::Superseded { lost })];
    let lie = vec![(Ticket(7), Answer::Applied { position: lost, reply: Reply::Done })];
    shows(Rule::AnswerOnlyApplied, &truth, &lie, answers)
}
