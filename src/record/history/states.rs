//! The states of nodes, and the messages in flight, for whoever asks about many moments one after the other.
//!
//! A history computes each state from the last copy before it. What that made again for one question is kept here
//! for the next ones, so that questions about moments in ascending order make each step again only once, also if
//! they look back and ahead in between.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::rerun::kept;
use super::since::{Lasting, NodeCondition};
use super::{History, NodeState, Rerun, SentMessage};
use crate::raft::{LogIndex, NodeId};
use crate::record::deed::Deed;

/// The most reruns that are kept of each node, and the most sets of messages in flight: there are that many orders of
/// ascending moments among the questions of one answer.
const MOST_RERUNS: usize = 4;
/// The most states that are kept of each node.
const MOST_STATES: usize = 16;

/// The states of the nodes of a history, with what was made again to find them.
pub struct States<'h> {
    history: &'h History,
    nodes: Vec<RefCell<Recent<'h>>>,
    in_flight: RefCell<Vec<InFlightSet>>,
    /// For steps that were asked about: how often the node that made the step had started right after it, and how far
    /// it had committed.
    committed_after: RefCell<HashMap<u64, Option<(u64, LogIndex)>>>,
    pub(super) lasting: RefCell<HashMap<(NodeId, NodeCondition), Lasting>>,
}

/// What was made again of a node. In each list, what was used last is at the end.
#[derive(Default)]
struct Recent<'h> {
    reruns: Vec<Rerun<'h>>,
    /// States, each with how much had happened to the node.
    states: Vec<(usize, NodeState<'static>)>,
    /// How many steps were made again.
    made: usize,
}

/// The messages that were written by the moment of a step and not all gone by then.
#[derive(Default)]
struct InFlightSet {
    step: u64,
    messages: BTreeSet<u64>,
}

impl<'h> States<'h> {
    /// The states of the nodes of this history.
    pub fn of(history: &'h History) -> Self {
        let nodes = NodeId::all(history.nodes.len());
        Self {
            history,
            nodes: nodes.map(|_| RefCell::default()).collect(),
            in_flight: RefCell::default(),
            committed_after: RefCell::default(),
            lasting: RefCell::default(),
        }
    }

    /// The history.
    pub const fn history(&self) -> &'h History {
        self.history
    }

    /// How many steps were made again so far to find states: what they cost.
    pub fn steps_made(&self) -> usize {
        self.nodes.iter().map(|recent| recent.borrow().made).sum()
    }

    /// The same as [`History::node_at`].
    pub fn node_at(&self, id: NodeId, step: u64) -> Option<NodeState<'static>> {
        let own = self.history.nodes.get(id.index())?;
        let until = (step <= self.history.last()).then(|| own.until(step, self.history))?;
        Some(self.node_up_to(id, until))
    }

    /// The same as [`History::node_after`].
    pub fn node_after(&self, step: u64) -> Option<NodeState<'static>> {
        let (id, until) = self.history.place_after(step)?;
        Some(self.node_up_to(id, until))
    }

    /// How often the node that made `step` had started right after it, and how far it had committed.
    pub fn committed_after(&self, step: u64) -> Option<(u64, LogIndex)> {
        if let Some(&known) = self.committed_after.borrow().get(&step) {
            return known;
        }
        let found = self.node_after(step).map(|stood| (stood.starts, stood.node.commit_index()));
        self.committed_after.borrow_mut().insert(step, found);
        found
    }

    /// The state of a node after the first `until` things that happened to it.
    pub(super) fn node_up_to(&self, id: NodeId, until: usize) -> NodeState<'static> {
        let Recent { reruns, states, made } = &mut *self.nodes[id.index()].borrow_mut();
        if let Some(nth) = states.iter().position(|(at, _)| *at == until) {
            states[nth..].rotate_left(1);
        } else {
            let copy = self.history.nodes[id.index()].last_copy(until);
            let nearest = nearest(reruns, Rerun::place, until);
            let rerun = nearest.filter(|rerun| rerun.place() >= copy);
            let mut rerun = rerun.unwrap_or_else(|| self.history.rerun_from(id, until));
            let before = rerun.steps_made();
            states.push((until, rerun.up_to(until, kept)));
            *made += rerun.steps_made() - before;
            keep(reruns, rerun);
            if states.len() > MOST_STATES {
                states.remove(0);
            }
        }
        states[states.len() - 1].1.clone()
    }

    /// The same as [`History::in_flight`].
    pub fn in_flight(&self, step: u64) -> Vec<&'h SentMessage> {
        let sets = &mut *self.in_flight.borrow_mut();
        let mut set = nearest(sets, |set| set.step, step).unwrap_or_default();
        set.go_on(self.history, step);
        let messages = set.messages.iter().map(|&nth| &self.history.messages[nth as usize]);
        let moment = self.history.moment_end(step);
        let in_flight = messages.filter(|sent| sent.is_in_flight(moment)).collect();
        keep(sets, set);
        in_flight
    }
}

impl InFlightSet {
    /// Goes on to the moment of `step`.
    fn go_on(&mut self, history: &History, step: u64) {
        while self.step < step {
            self.step += 1;
            let record = history.step(self.step).expect("it is a step");
            self.messages.extend(record.messages.iter().map(|sent| sent.message.0));
            let lost = history.deeds_of(self.step).filter_map(|done| match done.deed {
                Deed::Lost { message, .. } => Some(message),
                _ => None,
            });
            let moment = history.moment_end(self.step);
            for message in lost.chain(record.received) {
                if history.message(message).is_none_or(|sent| sent.is_gone(moment)) {
                    self.messages.remove(&message.0);
                }
            }
        }
    }
}

/// Takes out what is the furthest, but not beyond `most`.
fn nearest<T, P: Ord + Copy>(all: &mut Vec<T>, place: impl Fn(&T) -> P, most: P) -> Option<T> {
    let places = all.iter().map(place).enumerate().filter(|(_, place)| *place <= most);
    let (nth, _) = places.max_by_key(|(_, place)| *place)?;
    Some(all.remove(nth))
}

/// Keeps what was used last, and of the others only the last few.
fn keep<T>(all: &mut Vec<T>, used: T) {
    if all.len() == MOST_RERUNS {
        all.remove(0);
    }
    all.push(used);
}
