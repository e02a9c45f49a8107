//! What must be so at the end, and whether it is.

use std::collections::BTreeMap;

use crate::{
    server::Written,
    state_machine::State,
    types::{Command, NodeId},
};

/// A write that was answered: it must never be lost.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// What was written.
    pub command: Command,
    /// The answer.
    pub written: Written,
}

/// One thing that must be so.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Whether it is.
    pub holds: bool,
    /// What it is.
    pub text: String,
}

/// Compares the nodes with each other and with what clients were told.
///
/// A key counts how often it was written. So a write that is lost is noticed even if a later one has taken its place,
/// and so is one that was applied twice.
pub fn check(states: &[(NodeId, State)], acknowledged: &[Acknowledged]) -> Vec<Finding> {
    let mut findings = vec![equal(states)];
    let mut writes: BTreeMap<&str, Vec<&Acknowledged>> = BTreeMap::new();
    for write in acknowledged {
        writes.entry(&write.command.key).or_default().push(write);
    }
    for write in acknowledged {
        let index = write.written.log_id.index;
        let of_key = &writes[write.command.key.as_str()];
        let missing: Vec<_> =
            states.iter().filter(|(_, state)| !holds(state, write, of_key)).map(name).collect();
        let text = if missing.is_empty() {
            format!("{} at index {index}: applied on all {} nodes", write.command, states.len())
        } else {
            format!("{} at index {index}: not as answered on {}", write.command, missing.join(", "))
        };
        findings.push(Finding { holds: missing.is_empty(), text });
    }
    findings
}

fn equal(states: &[(NodeId, State)]) -> Finding {
    let differ: Vec<_> =
        states.iter().skip(1).filter(|(_, state)| *state != states[0].1).map(name).collect();
    let text = match states.first() {
        Some((_, first)) if differ.is_empty() => {
            let values: Vec<_> =
                first.values.iter().map(|(key, value)| format!("{key}={}", value.value)).collect();
            format!("{} nodes are equal: {}", states.len(), values.join(", "))
        }
        _ => format!("these are not as the first node is: {}", differ.join(", ")),
    };
    Finding { holds: !states.is_empty() && differ.is_empty(), text }
}

/// Whether the state has this write: its key was written as often as clients were told, this write came when they
/// were told, and the last one has given the value.
fn holds(state: &State, write: &Acknowledged, of_key: &[&Acknowledged]) -> bool {
    let (Some(value), Some(last)) = (state.values.get(&write.command.key), of_key.last()) else {
        return false;
    };
    let place = of_key.iter().position(|other| other.written.log_id == write.written.log_id);
    let counted = place.is_some_and(|place| write.written.version == place as u64 + 1);
    counted
        && value.version == of_key.len() as u64
        && value.value == last.command.value
        && value.index == last.written.log_id.index
}

fn name((id, _): &(NodeId, State)) -> String {
    format!("n{id}")
}
