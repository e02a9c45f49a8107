//! Whether a condition is true of a world.

use std::sync::Arc;

use super::found::found;
use super::line_outcome::Why;
use super::verb_table::{Condition, Who};
use crate::raft::{Log, LogIndex, LogPosition, NodeId, Payload};
use crate::scenario::world::World;
use crate::server::state_machine::{Operation, Reply};
use crate::server::status::{NodeStatus, leader_of};
use crate::server::{Answer, Proposal, Ticket};

/// What a condition may refer to that no node knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// The nodes that are down, the one that crashed last at the end.
    crashed: Vec<NodeId>,
    /// The tickets and commands of the clients, in the order in which they asked.
    pub(super) asked: Vec<(Ticket, String)>,
}

impl Memory {
    /// Returns the node that `who` refers to now.
    pub(super) fn resolve(&self, who: Who, statuses: &[NodeStatus]) -> Result<NodeId, Why> {
        match who {
            Who::Node(node) => Ok(node),
            Who::Leader => leader_of(statuses).map(|leader| leader.id).ok_or(Why::NoLeader),
            Who::Crashed => self.crashed.last().copied().ok_or(Why::NoneCrashed),
        }
    }

    /// Notes which nodes have crashed since the last call. The runner calls it before each line, because a
    /// crash may come within a later step than the line that asks for it.
    pub(super) fn note_crashes(&mut self, statuses: &[NodeStatus]) {
        self.crashed.retain(|node| !statuses[node.index()].up);
        let down = statuses.iter().filter(|status| !status.up).map(|status| status.id);
        let news: Vec<NodeId> = down.filter(|node| !self.crashed.contains(node)).collect();
        self.crashed.extend(news);
    }

    /// Returns the client that a condition is about, with its command; `None` if the condition is not about
    /// what a client was told.
    pub(super) fn asker(&self, condition: &Condition) -> Option<Result<(Ticket, &str), Why>> {
        match condition {
            Condition::Answered(client)
            | Condition::Told(client, _)
            | Condition::ToldNo(client, _)
            | Condition::Refused(client)
            | Condition::Lost(client)
            | Condition::Uncertain(client)
            | Condition::Unanswered(client) => Some(self.client(*client)),
            _ => None,
        }
    }

    /// Returns the client of this number, or without one the last that asked, with its command.
    fn client(&self, number: Option<u64>) -> Result<(Ticket, &str), Why> {
        let is_it = |asked: &&(Ticket, String)| number.is_none_or(|it| asked.0.client() == it);
        let found = self.asked.iter().rev().find(is_it).ok_or(Why::NoClient(number))?;
        Ok((found.0, &found.1))
    }
}

pub(super) fn positions(log: &Log) -> Vec<LogPosition> {
    log.iter().map(|(index, entry)| LogPosition { term: entry.term, index }).collect()
}

/// Checks that a condition is true of a world now.
///
/// # Errors
/// How things stand instead, as they were looked at for the answer: a world on threads may change meanwhile.
pub(super) fn judge<W: World>(
    world: &W,
    condition: &Condition,
    memory: &Memory,
) -> Result<(), Why> {
    if let Some(client) = memory.asker(condition) {
        let (ticket, command) = client?;
        let told = world.proposal(ticket);
        let as_said = was_told(condition, command, &told);
        return if as_said { Ok(()) } else { Err(Why::WasTold(ticket.client(), told)) };
    }
    if let Condition::Campaigns(amount) | Condition::Leaders(amount) = condition {
        let campaigns = world.campaigns();
        let are_held = matches!(condition, Condition::Campaigns(_));
        let count = if are_held { campaigns.held } else { campaigns.won };
        return if amount.admits(count) { Ok(()) } else { Err(Why::Campaigns(campaigns)) };
    }
    let statuses = world.status();
    // If a rule is broken, several nodes may lead the highest term, and each of them is its leader.
    let highest = leader_of(&statuses).map(|leader| leader.term);
    let is_leader = |status: &&NodeStatus| status.leads() && Some(status.term) == highest;
    let mut leaders = statuses.iter().filter(is_leader);
    let leads = match condition {
        Condition::Leader(None) => Some(highest.is_some()),
        Condition::NoLeader => Some(highest.is_none()),
        Condition::Leader(Some(who)) => {
            let node = memory.resolve(*who, &statuses)?;
            Some(leaders.any(|leader| leader.id == node))
        }
        Condition::LeaderOther(who) => {
            let node = memory.resolve(*who, &statuses)?;
            Some(leaders.any(|leader| leader.id != node))
        }
        Condition::LeaderSince(term) => Some(highest.is_some_and(|highest| highest.get() >= *term)),
        Condition::InStep => Some(in_step(world, &statuses)),
        _ => None,
    };
    if leads == Some(true) {
        return Ok(());
    }
    let found = found(world, &statuses, condition, memory)?;
    let fits = found.iter().filter(|(_, found)| found.fits(condition)).count();
    let need = if condition.asks_majority() { statuses.len() / 2 + 1 } else { found.len() };
    if leads.is_none() && fits >= need { Ok(()) } else { Err(Why::NotSo(found)) }
}

/// Whether a client that asked for `command` was told what the condition says.
fn was_told(condition: &Condition, command: &str, told: &Proposal) -> bool {
    let read = |key: &str, value: Option<&str>| {
        let Proposal::Answered(Answer::Applied { reply: Reply::Value(read), .. }) = told else {
            return false;
        };
        Operation::parse(command).key() == Some(key) && read.as_deref() == value
    };
    match (condition, told) {
        (Condition::Told(_, (key, value)), _) => read(key, Some(value)),
        (Condition::ToldNo(_, key), _) => read(key, None),
        (Condition::Answered(_), Proposal::Answered(Answer::Applied { .. }))
        | (Condition::Refused(_), Proposal::Refused { .. })
        | (Condition::Lost(_), Proposal::Answered(Answer::Superseded { .. }))
        | (Condition::Uncertain(_), Proposal::Answered(Answer::Uncertain { .. }))
        | (Condition::Unanswered(_), Proposal::Pending) => true,
        _ => false,
    }
}

pub(super) fn is_committed<W: World>(world: &W, status: &NodeStatus, text: &str) -> bool {
    let (text, commit) = (text.to_owned(), status.commit);
    world.look_at_log(status.id, move |log| {
        let is_it = |payload: &Payload| matches!(payload, Payload::Command(command) if command.as_str() == text);
        log.iter().any(|(index, entry)| index <= commit && is_it(&entry.payload))
    })
}

fn in_step<W: World>(world: &W, statuses: &[NodeStatus]) -> bool {
    let mut up = statuses.iter().filter(|status| status.up);
    let Some(first) = up.next() else { return false };
    let log = Arc::new(world.log(first.id));
    let level =
        |status: &NodeStatus| status.commit == status.last.index && status.applied == status.commit;
    first.last.index > LogIndex::ZERO
        && level(first)
        && up.all(|status| {
            let log = Arc::clone(&log);
            level(status) && world.look_at_log(status.id, move |other| *other == *log)
        })
}
