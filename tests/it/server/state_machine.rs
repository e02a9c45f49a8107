//! What the key-value store does with a command.

use raft_in_practice::raft::Payload;
use raft_in_practice::server::state_machine::{KeyValue, Reply};

fn apply(store: &mut KeyValue, text: &str) -> Reply {
    store.apply(&Payload::Command(text.into()))
}

#[test]
fn set_delete_and_get_do_what_they_say() {
    let mut store = KeyValue::default();
    assert_eq!(apply(&mut store, "SET x=1"), Reply::Set);
    assert_eq!(apply(&mut store, "SET x = a=b "), Reply::Set);
    assert_eq!(apply(&mut store, "GET x"), Reply::Value(Some("a=b".to_owned())));
    assert_eq!(apply(&mut store, "DELETE x"), Reply::Deleted(true));
    assert_eq!(apply(&mut store, "DELETE x"), Reply::Deleted(false));
    assert_eq!(store, KeyValue::default());
}

#[test]
fn add_adds_as_often_as_it_is_applied() {
    let mut store = KeyValue::default();
    let value = |number: i64| Reply::Value(Some(number.to_string()));
    assert_eq!(apply(&mut store, "ADD x 2"), value(2));
    assert_eq!(apply(&mut store, "ADD x 2"), value(4));
    assert_eq!(apply(&mut store, "ADD x -5"), value(-1));
    apply(&mut store, "SET x=text");
    assert_eq!(apply(&mut store, "ADD x 1"), value(1));
    assert_eq!(apply(&mut store, &format!("ADD x {}", i64::MAX)), value(i64::MAX));
}

#[test]
fn what_has_a_number_is_done_once_and_answered_as_it_was() {
    let mut store = KeyValue::default();
    let first = apply(&mut store, "ONCE 1 ADD x 2");
    assert_eq!(apply(&mut store, "ADD x 5"), Reply::Value(Some("7".to_owned())));
    assert_eq!(apply(&mut store, "ONCE 1 ADD x 2"), first);
    assert_eq!(apply(&mut store, "ONCE 2 ADD x 2"), Reply::Value(Some("9".to_owned())));
    assert_eq!(store.get("x"), Some("9"));
}

#[test]
fn any_other_text_is_applied_without_effect() {
    let mut store = KeyValue::default();
    for text in [
        "",
        "SET",
        "SET x",
        "SET =1",
        "DELETE ",
        "set x=1",
        "AUDIT log entry",
        "ADD x",
        "ADD x y",
        "ONCE",
        "ONCE 1",
    ] {
        assert_eq!(apply(&mut store, text), Reply::Done, "{text:?}");
    }
    assert_eq!(store.apply(&Payload::NoOp), Reply::Done);
    assert_eq!(store, KeyValue::default());
}
