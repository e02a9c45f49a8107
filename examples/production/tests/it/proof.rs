//! The proof at the end of the story: that it fails when it should.

use openraft::CommittedLeaderId;
use raft_in_production::{
    server::Written,
    state_machine::{State, Value},
    story::proof::{Acknowledged, check},
    types::{Command, LogId},
};

fn acknowledged(key: &str, value: &str, index: u64, version: u64) -> Acknowledged {
    let log_id = LogId::new(CommittedLeaderId::new(1, 0), index);
    let command = Command { key: key.to_owned(), value: value.to_owned() };
    Acknowledged { command, written: Written { log_id, version } }
}

fn state(values: &[(&str, &str, u64, u64)]) -> State {
    let mut state = State::default();
    for &(key, value, index, version) in values {
        state.values.insert(key.to_owned(), Value { value: value.to_owned(), version, index });
    }
    state
}

/// Which findings hold.
fn verdict(states: [State; 2], writes: &[Acknowledged]) -> Vec<bool> {
    let [first, second] = states;
    check(&[(0, first), (1, second)], writes).into_iter().map(|finding| finding.holds).collect()
}

fn writes() -> [Acknowledged; 3] {
    [acknowledged("x", "1", 2, 1), acknowledged("x", "2", 3, 2), acknowledged("y", "3", 4, 1)]
}

const ALL: [(&str, &str, u64, u64); 2] = [("x", "2", 3, 2), ("y", "3", 4, 1)];

#[test]
fn it_holds_if_all_is_there() {
    assert_eq!(verdict([state(&ALL), state(&ALL)], &writes()), [true; 4]);
}

#[test]
fn it_fails_if_a_node_differs_or_a_write_is_lost() {
    assert_eq!(verdict([state(&ALL), state(&ALL[..1])], &writes()), [false, true, true, false]);
    assert_eq!(verdict([state(&ALL[..1]), state(&ALL[..1])], &writes()), [true, true, true, false]);
}

#[test]
fn it_fails_if_a_write_is_lost_whose_place_a_later_one_has_taken() {
    let lost = state(&[("x", "2", 3, 1), ALL[1]]);
    assert_eq!(verdict([lost.clone(), lost], &writes()), [true, false, false, true]);
}

#[test]
fn it_fails_if_a_write_was_applied_twice_or_out_of_order() {
    for values in [[("x", "2", 5, 3), ALL[1]], [("x", "1", 3, 2), ALL[1]]] {
        assert_eq!(
            verdict([state(&values), state(&values)], &writes()),
            [true, false, false, true]
        );
    }
}

#[test]
fn it_fails_without_a_node() {
    assert!(!check(&[], &[])[0].holds);
}
