//! Whether a condition is true of a world.

use super::line_outcome::Why;
use super::verb_table::{Committed, Condition, On, Who};
use crate::raft::{Log, LogIndex, LogPosition, NodeId, Payload};
use crate::scenario::world::World;
use crate::server::status::{NodeStatus, leader_of};

pub(super) fn positions(log: &Log) -> Vec<LogPosition> {
    log.iter().map(|(index, entry)| LogPosition { term: entry.term, index }).collect()
}

/// The node that is meant, if there is one now.
pub(super) fn resolve(
    who: Who,
    statuses: &[NodeStatus],
    crashed: Option<NodeId>,
) -> Result<NodeId, Why> {
    match who {
        Who::Node(node) => Ok(node),
        Who::Leader => leader_of(statuses).map(|leader| leader.id).ok_or(Why::NoLeader),
        Who::Crashed => crashed.ok_or(Why::NoneCrashed),
    }
}

/// Whether a condition is true of a world now.
///
/// # Errors
/// If it speaks of a leader, or of a crashed node, that is not there.
pub fn holds<W: World>(
    world: &W,
    condition: &Condition,
    crashed: Option<NodeId>,
) -> Result<bool, Why> {
    let statuses = world.status();
    let resolve = |who: &Who| resolve(*who, &statuses, crashed);
    let of = |node: NodeId| statuses[node.index()];
    let on = |on: &On, test: &mut dyn FnMut(&NodeStatus) -> bool| match on {
        On::One(who) => Ok(test(&of(resolve(who)?))),
        On::All => Ok(statuses.iter().filter(|status| status.up).all(&mut *test)),
        On::Majority => {
            let count = statuses.iter().filter(|status| status.up && test(status)).count();
            Ok(count > statuses.len() / 2)
        }
    };
    Ok(match condition {
        Condition::Leader(None) => leader_of(&statuses).is_some(),
        Condition::Leader(Some(who)) => {
            let node = resolve(who)?;
            leader_of(&statuses).is_some_and(|leader| leader.id == node)
        }
        Condition::NoLeader => leader_of(&statuses).is_none(),
        Condition::Role(who, role) => {
            let status = of(resolve(who)?);
            status.up && status.role == *role
        }
        Condition::Committed(Committed::Count(count), place) => {
            on(place, &mut |status| status.commit.get() >= *count)?
        }
        Condition::Committed(Committed::Command(text), place) => {
            on(place, &mut |status| is_committed(world, status, text))?
        }
        Condition::NotCommitted(text, place) => {
            on(place, &mut |status| !is_committed(world, status, text))?
        }
        Condition::Log(who, expected) => positions(&world.log(resolve(who)?)) == *expected,
        Condition::Term(who, term) => of(resolve(who)?).term.get() == *term,
        Condition::Vote(who, vote) => of(resolve(who)?).voted_for == *vote,
        Condition::Value((key, value), place) => {
            on(place, &mut |status| is_value(world, status, key, Some(value)))?
        }
        Condition::NoValue(key, place) => {
            on(place, &mut |status| is_value(world, status, key, None))?
        }
        Condition::InStep => in_step(world, &statuses),
    })
}

fn is_value<W: World>(world: &W, status: &NodeStatus, key: &str, value: Option<&str>) -> bool {
    world.machine(status.id).is_some_and(|machine| machine.get(key) == value)
}

fn is_committed<W: World>(world: &W, status: &NodeStatus, text: &str) -> bool {
    let is_it = |payload: &Payload| matches!(payload, Payload::Command(command) if command.as_str() == text);
    let log = world.log(status.id);
    log.iter().any(|(index, entry)| index <= status.commit && is_it(&entry.payload))
}

fn in_step<W: World>(world: &W, statuses: &[NodeStatus]) -> bool {
    let mut up = statuses.iter().filter(|status| status.up);
    let Some(first) = up.next() else { return false };
    let log = world.log(first.id);
    let level =
        |status: &NodeStatus| status.commit == status.last.index && status.applied == status.commit;
    first.last.index > LogIndex::ZERO
        && level(first)
        && up.all(|status| level(status) && world.log(status.id) == log)
}
