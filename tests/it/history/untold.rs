//! Why a committed entry is not known to be committed, which entries can never be committed, and which
//! clients are told nothing.

use raft_in_practice::explain::{Change, Elsewhere, Finding, Silent};
use raft_in_practice::raft::{LogIndex, LogPosition, Outcome, Rule, Term};
use raft_in_practice::server::turn_order::MessageId;

use super::why::{ask, find, grounds};
use super::{history, shipped};
use crate::common::{at, id};

/// An entry of an older term is not committed by its copies, not even by the one more that a majority needs.
#[test]
fn what_an_older_entry_waits_for_is_one_of_the_leader_s_term() {
    let history = history(&shipped("figure-8"));
    for (step, question, leader, term, own) in
        [(32, "not committed 2", 0, 4, None::<LogIndex>), (42, "not committed 2 on 4", 4, 5, None)]
    {
        let answer = ask(&history, step, question);
        let rules = [
            (Rule::MajorityQuorum, Outcome::Refused),
            (Rule::CommitOnlyCurrentTerm, Outcome::Refused),
        ];
        assert_eq!(grounds(&answer), rules, "{step}");
        let (leader, term) = (id(leader), Term::new(term));
        let Some(Change::EntryOfOwnTerm { leader: of, term: in_term, index, .. }) = answer.change
        else {
            panic!("{step}: {:?}", answer.change)
        };
        assert_eq!((of, in_term, index), (leader, term, own), "{step}");
    }
}

#[test]
fn what_lost_its_index_to_another_entry_is_never_committed() {
    for (scenario, step, question, node, entry, committed, decided) in [
        ("figure-8", 155, "not committed 4 on 4", 4, at(4, 8), at(4, 7), 105),
        ("partition", 97, "not committed 3 on 1", 1, at(3, 1), at(3, 2), 64),
        // The leader that is cut off still counts copies, but the entry can never be committed.
        ("partition", 66, "not committed 3 on 0", 0, at(3, 1), at(3, 2), 64),
    ] {
        let answer = ask(&history(&shipped(scenario)), step, question);
        let finding = Finding::Superseded { entry, node: id(node), committed, step: decided };
        assert_eq!((answer.finding, answer.change), (finding, None), "{question}");
        let deeper = answer.follows_from.unwrap();
        assert!(
            matches!(deeper.finding, Finding::Committed { entry, .. } if entry == committed),
            "{deeper:?}"
        );
    }
}

#[test]
fn a_client_whose_answer_was_lost_was_told_nothing_for_that_reason() {
    let retry = history(&shipped("retry"));
    let told = |client: &str| ask(&retry, retry.last(), &format!("told client {client}"));
    let Finding::Told { silent: Some(Silent::AnswerLostIn(step)), .. } = told("8").finding else {
        panic!("{:?}", told("8").finding)
    };
    let committed = told("8").follows_from.expect("the entry of an answer is committed");
    assert!(matches!(committed.finding, Finding::Committed { .. }));
    assert_eq!(committed.decided_in, Some(step));
    assert!(matches!(told("9").finding, Finding::Told { silent: None, .. }));
}

#[test]
fn a_node_that_does_not_know_of_a_commit_says_who_does_and_what_would_tell_it() {
    let figure_8 = history(&shipped("figure-8"));
    let answer = ask(&figure_8, 150, "committed 4 on 0");
    let crash = figure_8.crashes(id(0), 105, 150).next();
    let elsewhere = Elsewhere { step: 105, by: id(0), forgot_after: crash };
    let (leader, term) = (id(0), Term::new(14));
    assert!(answer.contradicts && crash.is_some());
    assert_eq!(answer.finding, Finding::NotKnown { entry: at(4, 7), leader, term, elsewhere });
    assert!(matches!(answer.change, Some(Change::EntryOfOwnTerm { .. })), "{:?}", answer.change);

    let paused = history(&shipped("paused-leader"));
    let answer = ask(&paused, 31, "not committed 3 on 2");
    let elsewhere = Some(Elsewhere { step: 30, by: id(1), forgot_after: None });
    let leader = Some(id(1));
    let finding = Finding::NotTold { entry: at(3, 2), node: id(2), leader, elsewhere };
    assert_eq!(answer.finding, finding);
    let Some(Change::Arrival { message, from, leader_commit, arrives_in: Some(step), .. }) =
        answer.change
    else {
        panic!("{:?}", answer.change)
    };
    assert_eq!((message, from, leader_commit), (MessageId(31), id(1), LogIndex::new(3)));
    assert_eq!(paused.step(step).unwrap().received, Some(message));
    assert!(ask(&paused, step, "committed 3 on 2").decided_in == Some(step));
}

/// The request that brought an entry also says how far the leader had committed. Later steps of other nodes
/// change nothing about that.
#[test]
fn what_a_follower_was_told_with_an_entry_is_the_reason_why_it_waits() {
    let demo = history(&shipped("demo"));
    for step in [37, 39] {
        let answer = ask(&demo, step, "not committed 3 on 3");
        assert!(matches!(answer.finding, Finding::NotTold { .. }), "{:?}", answer.finding);
        assert_eq!(answer.decided_in, Some(37), "{step}");
        assert_eq!(grounds(&answer), [(Rule::CommitOnlyVerified, Outcome::Holds)], "{step}");
        assert_eq!(answer.grounds[0].step, Some(37), "{step}");
    }
}

/// A node forgets in a crash which clients asked it. This is the reason why they get no answer, whatever
/// the node does later.
#[test]
fn who_is_told_nothing_hears_why() {
    let history = history(&shipped("figure-8"));
    for (step, question, node) in [
        (60, "told x=other", 4),
        (60, "told x=first", 0),
        (170, "told x=first", 0),
        (170, "told y=other", 4),
    ] {
        let answer = ask(&history, step, question);
        let Finding::Told { call, silent: Some(Silent::CrashedAfter(after)), .. } = &answer.finding
        else {
            panic!("{question}: {answer:?}")
        };
        assert_eq!((call.node, &call.told), (id(node), &None), "{question}");
        assert_eq!(
            history.crashes(id(node), call.asked_in, step).next(),
            Some(*after),
            "{question}"
        );
        let down = |deeper: &Finding| matches!(deeper, Finding::Down { .. });
        assert!(!answer.follows_from.is_some_and(|deeper| down(&deeper.finding)), "{question}");
    }
    let other = ask(&history, 170, "told y=other").follows_from.unwrap().finding;
    assert!(matches!(other, Finding::Superseded { entry, .. } if entry == at(4, 8)), "{other:?}");
    // A client's answer is explained by the commit of its own step, not by a later one.
    let answer = ask(&history, 155, "told y=last");
    assert_eq!(answer.decided_in, Some(105));
    let deeper = answer.follows_from.unwrap();
    let entry = LogPosition::new(5, 10);
    assert_eq!(deeper.decided_in, Some(105));
    assert!(matches!(deeper.finding, Finding::Committed { entry: of, .. } if of == entry));
    assert_eq!(find(&history, "first commit"), 56);
}
