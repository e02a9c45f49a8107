//! What clients may be told: histories that one state machine explains, and histories that none explains.

use proptest::prelude::*;
use raft_in_practice::properties::linearizability::{
    Call, ClientHistory, FalseSuccess, Judgement, Misled, NotJudged,
};
use raft_in_practice::raft::{LogPosition, Term};
use raft_in_practice::server::state_machine::Reply;
use raft_in_practice::server::{Answer, Proposal, Ticket};

/// A command, when it was asked, and what its client was told and when.
type Spoken = (String, u64, Option<(u64, Reply)>);

/// The history of these calls. Each is made by a client of its own, and has an entry of its own.
fn history(calls: &[Spoken]) -> ClientHistory {
    let mut history = ClientHistory::default();
    for ((command, called, told), ticket) in calls.iter().zip(0..) {
        history.asked(Ticket(ticket), command, *called);
        if let Some((at, reply)) = told {
            let position = LogPosition::new(ticket + 1, 1);
            let answer = Answer::Applied { position, reply: reply.clone() };
            history.told(Ticket(ticket), &Proposal::Answered(answer), *at);
        }
    }
    history
}

fn judge(calls: &[Spoken]) -> Judgement {
    history(calls).judge(|_, _| Ok(()))
}

fn is_explained(calls: &[Spoken]) -> bool {
    match judge(calls) {
        Judgement::Held => true,
        Judgement::Violated(Misled { unexplained: Some(_), .. }) => false,
        other => panic!("{other:?}"),
    }
}

/// Whether the search of one key finds an order. It panics if the search needs more work than each operation
/// adds to its bound: the search must not try subsets.
fn is_explained_at_once(calls: &[Spoken]) -> bool {
    match history(calls).judge_within(0, |_, _| Ok(())) {
        Judgement::Held => true,
        Judgement::Violated(Misled { unexplained: Some(_), .. }) => false,
        other => panic!("it tries too much: {other:?}"),
    }
}

/// The calls on x in a history. A read of a value that was never written makes the judge report them.
fn calls_on_x(history: &ClientHistory) -> Vec<Call> {
    let mut history = history.clone();
    let position = LogPosition::new(100, 1);
    let reply = Reply::Value(Some("written by nobody".to_owned()));
    history.asked(Ticket(99), "GET x", 98);
    history.told(Ticket(99), &Proposal::Answered(Answer::Applied { position, reply }), 99);
    let Judgement::Violated(Misled { unexplained: Some(mut found), .. }) =
        history.judge(|_, _| Ok(()))
    else {
        panic!("nobody has written it")
    };
    found.calls.pop();
    found.calls
}

fn said(command: &str, called: u64, told: Option<(u64, Reply)>) -> Spoken {
    (command.to_owned(), called, told)
}

fn set(value: u64, called: u64, returned: u64) -> Spoken {
    said(&format!("SET x={value}"), called, Some((returned, Reply::Set)))
}

fn lost(command: &str, called: u64) -> Spoken {
    said(command, called, None)
}

fn get(value: Option<u64>, called: u64, returned: u64) -> Spoken {
    let value = value.map(|value| value.to_string());
    said("GET x", called, Some((returned, Reply::Value(value))))
}

fn delete(was_there: bool, called: u64, returned: u64) -> Spoken {
    said("DELETE x", called, Some((returned, Reply::Deleted(was_there))))
}

#[test]
fn a_read_sees_the_last_write_that_ended_before_it_began() {
    assert!(is_explained(&[set(1, 0, 1), get(Some(1), 2, 3)]));
    let Judgement::Violated(Misled { unexplained: Some(stale), false_successes }) =
        judge(&[set(1, 0, 1), set(2, 2, 3), get(Some(1), 4, 5)])
    else {
        panic!("a stale read is no order's")
    };
    assert_eq!((stale.calls.len(), stale.answers(), stale.explained), (3, 3, 2));
    assert_eq!(false_successes, []);
    assert!(!is_explained(&[set(1, 0, 1), get(None, 2, 3)]));
}

#[test]
fn what_overlaps_may_go_either_way_but_all_must_see_the_same() {
    assert!(is_explained(&[set(1, 0, 9), get(None, 1, 2), get(Some(1), 3, 4)]));
    assert!(!is_explained(&[set(1, 0, 9), get(Some(1), 1, 2), get(None, 3, 4)]));
}

#[test]
fn a_write_without_an_answer_may_have_happened_at_any_later_time_or_never() {
    let write = lost("SET x=7", 0);
    assert!(is_explained(&[write.clone(), get(None, 1, 2), get(Some(7), 3, 4)]));
    assert!(is_explained(&[write.clone(), get(None, 1, 2)]));
    assert!(!is_explained(&[write, get(Some(7), 1, 2), get(None, 3, 4)]));
    assert!(!is_explained(&[get(Some(7), 1, 2), lost("SET x=7", 3)]), "not before it was called");
}

#[test]
fn a_delete_without_an_answer_is_a_write_too() {
    let write = set(1, 0, 1);
    let gone = lost("DELETE x", 2);
    assert!(is_explained(&[write.clone(), gone.clone(), get(None, 3, 4)]));
    assert!(is_explained(&[write.clone(), gone.clone(), delete(false, 3, 4)]));
    assert!(is_explained(&[write.clone(), gone.clone(), get(Some(1), 3, 4), get(None, 5, 6)]));
    assert!(!is_explained(&[write.clone(), gone, get(None, 3, 4), get(Some(1), 5, 6)]));
    assert!(
        !is_explained(&[write, get(None, 2, 3), lost("DELETE x", 4)]),
        "not before it was called"
    );
}

/// A DELETE that found a value has seen a write, even if no read returned the value of that write. Each such
/// DELETE has seen a different write.
#[test]
fn a_delete_that_found_something_is_explained_by_a_write_without_an_answer() {
    let writes = [lost("SET x=1", 0), lost("SET x=2", 0)];
    let with = |calls: &[Spoken]| is_explained(&[&writes, calls].concat());
    assert!(with(&[delete(true, 1, 2)]));
    assert!(with(&[delete(true, 1, 2), delete(true, 3, 4), delete(false, 5, 6)]));
    assert!(!with(&[delete(true, 1, 2), delete(true, 3, 4), delete(true, 5, 6)]));
    assert!(with(&[delete(true, 1, 2), get(Some(1), 3, 4), delete(true, 5, 6)]));
    assert!(!with(&[
        get(Some(2), 1, 2),
        get(Some(1), 3, 4),
        delete(true, 5, 6),
        delete(true, 7, 8)
    ]));
}

#[test]
fn a_client_takes_any_success_for_an_answer_to_what_it_asked() {
    let hears = |command: &str, reply: Reply| {
        let history = history(&[said(command, 0, Some((1, reply)))]);
        calls_on_x(&history)[0].done.clone().map(|done| done.reply)
    };
    assert_eq!(hears("SET x=1", Reply::Done), Some(Reply::Done));
    assert_eq!(hears("GET x", Reply::Set), Some(Reply::Value(None)));
    assert_eq!(hears("DELETE x", Reply::Set), Some(Reply::Done));
    assert_eq!(hears("DELETE x", Reply::Deleted(false)), Some(Reply::Deleted(false)));
    let told = said("SET x=1", 0, Some((1, Reply::Done)));
    assert!(is_explained(&[told.clone(), get(Some(1), 2, 3)]));
    assert!(!is_explained(&[told, get(None, 2, 3)]), "success is success");
    let seen = Reply::Value(Some("1".to_owned()));
    assert_eq!(hears("GET x", seen.clone()), Some(seen));
    // A text that is no command of the store makes no call, so the two histories are equal.
    let [set, done] =
        [Reply::Set, Reply::Done].map(|it| history(&[said("anything", 0, Some((1, it)))]));
    assert_eq!(set, done);
}

/// A command that is asked for again with its number is the same operation. It is done only once, and
/// answered at least once.
#[test]
fn a_command_that_has_a_number_is_one_operation_however_often_it_is_asked_for() {
    let sum = |number: u64| Reply::Value(Some(number.to_string()));
    let read = |number, called, told| said("GET x", called, Some((told, sum(number))));
    let first = lost("ONCE 7 ADD x 1", 0);
    let again = said("ONCE 7 ADD x 1", 2, Some((3, sum(1))));
    assert!(is_explained(&[first.clone(), again.clone(), read(1, 4, 5)]));
    assert!(!is_explained(&[first.clone(), again.clone(), read(2, 4, 5)]), "it is done once");
    let other = said("ONCE 8 ADD x 1", 6, Some((7, sum(2))));
    assert!(is_explained(&[first.clone(), again, other, read(2, 8, 9)]));

    // If one of two attempts is refused, the other may still be done. If there is only one, it is never done.
    let refused = |calls: &[Spoken]| {
        let mut history = history(calls);
        history.told(Ticket(0), &Proposal::Refused { leader: None }, 9);
        history.judge(|_, _| Ok(())) == Judgement::Held
    };
    assert!(refused(&[first.clone(), lost("ONCE 7 ADD x 1", 2), read(1, 4, 5)]));
    assert!(!refused(&[first.clone(), read(1, 4, 5)]));
    let mut asked_later = history(&[first]);
    asked_later.told(Ticket(0), &Proposal::Refused { leader: None }, 1);
    asked_later.asked(Ticket(1), "ONCE 7 ADD x 1", 2);
    let clients: Vec<u64> = calls_on_x(&asked_later).iter().map(|call| call.client).collect();
    assert_eq!(clients, [Ticket(1).client()]);
}

#[test]
fn keys_are_independent() {
    let other = said("GET y", 2, Some((3, Reply::Value(None))));
    assert!(is_explained(&[set(1, 0, 1), other]));
}

/// How outcomes are read: only a success is an answer. A command that was refused or is lost never took
/// effect, the effect of an uncertain one is unknown, and a second outcome changes nothing.
#[test]
fn an_outcome_is_read_in_one_way() {
    let position = LogPosition::new(1, 1);
    let seen = get(Some(7), 2, 3);
    let with = |proposal: &Proposal| {
        let mut history = history(&[lost("SET x=7", 0), seen.clone()]);
        history.told(Ticket(0), proposal, 1);
        (
            history.waiting().count(),
            history.answers(),
            history.judge(|_, _| Ok(())) == Judgement::Held,
        )
    };
    assert_eq!(
        with(&Proposal::Answered(Answer::Applied { position, reply: Reply::Set })),
        (0, 2, true)
    );
    assert_eq!(with(&Proposal::Answered(Answer::Uncertain { position })), (0, 1, true));
    assert_eq!(with(&Proposal::Answered(Answer::Superseded { lost: position })), (0, 1, false));
    assert_eq!(with(&Proposal::Refused { leader: None }), (0, 1, false));
    assert_eq!(with(&Proposal::Pending), (1, 1, true));
    assert_eq!(history(&[lost("SET x=7", 0)]).waiting().collect::<Vec<_>>(), [Ticket(0)]);

    let mut twice = history(&[get(None, 0, 1)]);
    let before = twice.clone();
    twice.told(Ticket(0), &Proposal::Answered(Answer::Superseded { lost: position }), 2);
    twice.told(Ticket(9), &Proposal::Answered(Answer::Superseded { lost: position }), 2);
    assert_eq!(twice, before);
}

/// Who uses the number of another command is answered as if it had asked for that one. So the answer says nothing of
/// its own command, which may take effect or not; and the first client was not told by it.
#[test]
fn a_number_that_another_command_has_does_not_make_it_that_one() {
    let judge = |first_is_told: bool, read: &str| {
        let mut history = ClientHistory::default();
        let told = |history: &mut ClientHistory, ticket, reply, index, at| {
            let position = LogPosition::new(index, 2);
            let answer = Answer::Applied { position, reply };
            history.told(Ticket(ticket), &Proposal::Answered(answer), at);
        };
        history.asked(Ticket(1), "ONCE 7 SET x=1", 0);
        if first_is_told {
            told(&mut history, 1, Reply::Set, 1, 1);
        }
        history.asked(Ticket(2), "ONCE 7 SET x=2", 2);
        told(&mut history, 2, Reply::Set, 2, 3);
        history.asked(Ticket(3), "GET x", 4);
        told(&mut history, 3, Reply::Value(Some(read.to_owned())), 3, 5);
        (history.judge(|_, _| Ok(())) == Judgement::Held, history.answers())
    };
    assert_eq!(judge(false, "2"), (true, 1), "only x=2 was carried out");
    assert_eq!(judge(true, "1"), (true, 2), "x=2 has the number of what was done, and is not done");
    assert_eq!(judge(true, "3"), (false, 2), "nobody has written that");
}

#[test]
fn a_success_is_compared_with_the_entry_that_was_committed_at_its_index() {
    let told = |command: &str, index, term| {
        let mut history = ClientHistory::default();
        history.asked(Ticket(4), command, 0);
        let position = LogPosition::new(index, term);
        history.told(
            Ticket(4),
            &Proposal::Answered(Answer::Applied { position, reply: Reply::Done }),
            1,
        );
        history
    };
    // Index 3 is the last, and "an opaque command" was committed there in term 4.
    let ours = LogPosition::new(3, 4);
    let ledger = |told: LogPosition, command: &str| match told.index.get() {
        3 if told == ours && command == "an opaque command" => Ok(()),
        3 => Err(Some(ours)),
        _ => Err(None),
    };
    assert_eq!(told("an opaque command", 3, 4).judge(ledger), Judgement::Held);
    for (command, at, instead) in [
        ("an opaque command", LogPosition::new(3, 2), Some(ours)),
        ("SET x=1", LogPosition::new(3, 2), Some(ours)),
        ("another command", ours, Some(ours)),
        ("ONCE 7 an opaque command", ours, Some(ours)),
        ("an opaque command", LogPosition::new(9, 1), None),
    ] {
        let Judgement::Violated(misled) =
            told(command, at.index.get(), at.term.get()).judge(ledger)
        else {
            panic!("{command} at {at} was not committed")
        };
        let (client, text) = (5, command.trim_start_matches("ONCE 7 ").to_owned());
        let found = FalseSuccess { client, command: text, told: at, committed: instead };
        assert_eq!(misled, Misled { false_successes: vec![found], unexplained: None });
    }
}

/// A leader that reaches nobody accepts writes and crashes. Whatever the others read then, the judge need
/// not try any subset of these writes.
#[test]
fn unanswered_writes_need_no_search() {
    for writes in [20, 40, 2_000] {
        let lost: Vec<Spoken> = (0..writes).map(|n| lost(&format!("SET x={n}"), n)).collect();
        let then = |calls: &[Spoken]| is_explained_at_once(&[&lost, calls].concat());
        let at = writes;
        assert!(then(&[get(None, at, at + 1)]), "{writes}");
        assert!(then(&[get(Some(7), at, at + 1), get(Some(3), at + 2, at + 3)]), "{writes}");
        assert!(then(&[delete(true, at, at + 1), get(Some(3), at + 2, at + 3)]), "{writes}");
        assert!(!then(&[get(Some(writes), at, at + 1)]), "{writes}");
        let deleted = [delete(true, at, at + 1), delete(true, at + 2, at + 3)];
        let then_read = [&deleted[..], &[get(Some(writes), at + 4, at + 5)]].concat();
        assert!(!then(&then_read), "{writes}");
        assert!(!then(&[get(Some(7), at, at + 1), get(None, at + 2, at + 3)]), "{writes}");
    }
}

#[test]
fn a_long_history_without_much_choice_needs_no_search() {
    let calls: Vec<Spoken> = (0..5_000)
        .flat_map(|n| [set(n, 9 * n, 9 * n + 4), get(Some(n), 9 * n + 5, 9 * n + 7)])
        .collect();
    assert!(is_explained_at_once(&calls));
    let all_at_once: Vec<Spoken> = (0..5_000).map(|n| set(n, n, 9_999)).collect();
    assert!(is_explained_at_once(&all_at_once));
}

/// Too many operations that are open at the same time. The judge tries only a limited number of orders.
fn a_crowd() -> Vec<Spoken> {
    let mut calls: Vec<Spoken> = (0..40).map(|n| set(n, 0, 100)).collect();
    calls.push(get(Some(99), 50, 60));
    calls
}

#[test]
fn a_search_with_too_much_to_try_is_given_up_and_says_so() {
    let open = NotJudged { key: "x".to_owned(), operations: 41, open: 41 };
    assert_eq!(judge(&a_crowd()), Judgement::NotJudged(open));
}

#[test]
fn what_is_found_on_another_key_or_in_a_log_is_told_though_a_search_was_given_up() {
    let mut calls = a_crowd();
    calls.push(said("GET a", 0, Some((1, Reply::Value(Some("1".to_owned()))))));
    calls
        .extend((0..99).map(|n| said(&format!("SET z={n}"), 9 * n, Some((9 * n + 1, Reply::Set)))));
    let Judgement::Violated(Misled { unexplained: Some(found), .. }) = judge(&calls) else {
        panic!("nobody has ever written a")
    };
    assert_eq!(found.key, "a");
    calls.retain(|(command, ..)| command != "GET a");
    assert!(matches!(judge(&calls), Judgement::NotJudged(_)));
    calls.push(said("GET z", 900, Some((901, Reply::Value(None)))));
    let Judgement::Violated(Misled { unexplained: Some(found), .. }) = judge(&calls) else {
        panic!("z has a value, however little the search of x has left")
    };
    assert_eq!(found.key, "z");

    let lost = |told: LogPosition, _: &str| Err(Some(LogPosition { term: Term::new(9), ..told }));
    assert!(matches!(
        history(&a_crowd()).judge(lost),
        Judgement::Violated(Misled { unexplained: None, .. })
    ));
}

proptest! {
    /// A history made by one state machine is always explained, whatever the clocks of its clients.
    #[test]
    fn what_one_machine_did_is_explained(
        moves in prop::collection::vec((0_u32..3, 0_u64..20, 0_u64..20, any::<bool>()), 1..60)
    ) {
        let mut value = None;
        let history: Vec<Spoken> = moves.iter().enumerate().map(|(nth, &(what, early, late, told))| {
            let moment = 100 + nth as u64 * 5;
            let (command, reply) = match what {
                0 => { value = Some(nth); (format!("SET x={nth}"), Reply::Set) }
                1 => { let was = value.take().is_some(); ("DELETE x".to_owned(), Reply::Deleted(was)) }
                _ => ("GET x".to_owned(), Reply::Value(value.map(|v: usize| v.to_string()))),
            };
            said(&command, moment - early, told.then_some((moment + late, reply)))
        }).collect();
        prop_assert!(is_explained(&history));
    }
}

fn add(amount: i64, told: i64, called: u64, returned: u64) -> Spoken {
    said(&format!("ADD x {amount}"), called, Some((returned, Reply::Value(Some(told.to_string())))))
}

/// An ADD that ran twice is noticed. An unanswered ADD may have run once, at any time, or never.
#[test]
fn an_add_that_ran_twice_is_seen() {
    assert!(is_explained(&[add(1, 1, 0, 1), add(2, 3, 2, 3), get(Some(3), 4, 5)]));
    assert!(!is_explained(&[add(1, 1, 0, 1), get(Some(2), 2, 3)]));
    assert!(!is_explained(&[add(1, 2, 0, 1)]));
    let open = lost("ADD x 1", 0);
    assert!(is_explained(&[open.clone(), add(1, 2, 2, 3), get(Some(2), 4, 5)]));
    assert!(is_explained(&[open.clone(), add(1, 1, 2, 3), get(Some(1), 4, 5)]));
    assert!(!is_explained(&[open.clone(), add(1, 1, 2, 3), get(Some(3), 4, 5)]));
    // It may run between an unanswered write and the read that saw both.
    assert!(is_explained(&[lost("SET x=6", 0), open, get(Some(7), 2, 3)]));
    assert!(!is_explained(&[get(Some(1), 0, 1), lost("ADD x 1", 2)]));
    // ADD treats a text as 0, and two orders with the same sums count as one.
    let text = said("SET x=text", 0, Some((1, Reply::Set)));
    assert!(
        is_explained(&[text.clone(), add(4, 4, 2, 3)]) && !is_explained(&[text, add(4, 5, 2, 3)])
    );
    assert!(is_explained(&[add(1, 3, 0, 9), add(2, 2, 0, 9)]));
    assert!(!is_explained(&[add(1, 3, 0, 9), add(2, 3, 0, 9)]));
    let many: Vec<Spoken> = (0..12).map(|at| lost("ADD x 1", at)).collect();
    let read = |sum| is_explained(&[many.clone(), vec![get(Some(sum), 20, 21)]].concat());
    assert!(read(12) && !read(13));
}
