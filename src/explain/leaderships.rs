//! A summary of a run: who led when, and what clients asked and were told.

use super::{Asked, Question, Silent};
use crate::raft::{Event, NodeId, RoleKind, Term};
use crate::record::History;
use crate::record::deed::Deed;
use crate::record::history::{ClientCall, States};

/// How a leadership ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeadEnd {
    /// The node stepped down, in this step.
    SteppedDown(u64),
    /// The node crashed, after this step.
    Crashed(u64),
}

/// The leadership of a node in a term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leadership {
    /// The node.
    pub node: NodeId,
    /// The term.
    pub term: Term,
    /// The step in which the node won the election.
    pub from: u64,
    /// How the leadership ended, if it has.
    pub end: Option<LeadEnd>,
}

/// All leaderships, in the order in which they began.
pub fn leaderships(history: &History) -> Vec<Leadership> {
    let mut all: Vec<Leadership> = Vec::new();
    let end = |all: &mut Vec<Leadership>, node: NodeId, end: LeadEnd| {
        let open = all.iter_mut().rev().find(|it| it.node == node && it.end.is_none());
        if let Some(leadership) = open {
            leadership.end = Some(end);
        }
    };
    let crash = |all: &mut Vec<Leadership>, deed: &Deed, after: u64| {
        if let Deed::Crash { node, .. } = deed {
            end(all, *node, LeadEnd::Crashed(after));
        }
    };
    for step in history.steps() {
        history.deeds_before(step.step).for_each(|(_, deed)| crash(&mut all, deed, step.step - 1));
        for event in step.events {
            match *event {
                Event::BecameLeader { term } => {
                    all.push(Leadership { node: step.node, term, from: step.step, end: None });
                }
                Event::RoleChanged { from: RoleKind::Leader, .. } => {
                    end(&mut all, step.node, LeadEnd::SteppedDown(step.step));
                }
                _ => {}
            }
        }
        history.deeds_after(step.step).for_each(|(_, deed)| crash(&mut all, deed, step.step));
    }
    all
}

/// What clients had asked by the moment of `step`, what they were told by then, and why those that were
/// told nothing were not.
pub fn client_calls(history: &History, step: u64) -> Vec<(ClientCall, Option<Silent>)> {
    client_calls_from(history, step, 0)
}

/// The same without the first `nth` clients.
pub fn client_calls_from(
    history: &History,
    step: u64,
    nth: usize,
) -> Vec<(ClientCall, Option<Silent>)> {
    let states = States::of(history);
    let calls = history.clients()[nth..].iter().filter_map(|call| {
        let question = Question::Told { command: format!("client {}", call.ticket.client()) };
        let asked = Asked { states: &states, step, question: &question };
        let call = asked.by_now(call)?;
        let silent = if call.told.is_none() { asked.silent(&call) } else { None };
        Some((call, silent))
    });
    calls.collect()
}
