//! The state of everything at the end of a step.

use super::rerun::NodeState;
use super::{History, SentMessage, StepRecord};
use crate::network::Network;
use crate::raft::NodeId;

/// The state of everything at the end of a step.
#[derive(Clone, Debug)]
pub struct Moment<'h> {
    history: &'h History,
    /// The step and its results.
    pub record: StepRecord<'h>,
    /// The state of every node.
    pub nodes: Vec<NodeState<'static>>,
    /// The links: which ones are cut, and their conditions.
    pub network: Network,
}

impl<'h> Moment<'h> {
    /// The messages that were in flight.
    pub fn in_flight(&self) -> impl Iterator<Item = &'h SentMessage> {
        self.history.in_flight(self.record.step)
    }
}

impl History {
    /// The state of everything at the end of `step`, if there is such a step.
    pub fn at(&self, step: u64) -> Option<Moment<'_>> {
        let record = self.step(step)?;
        let nodes = NodeId::all(self.nodes.len()).map(|id| self.node_at(id, step));
        let nodes = nodes.collect::<Option<Vec<_>>>()?;
        Some(Moment { history: self, record, nodes, network: self.network_at(step) })
    }

    /// The links at the end of `step`.
    pub fn network_at(&self, step: u64) -> Network {
        let mut network = Network::new(self.header.conditions);
        self.deeds[..self.deeds_until(step)]
            .iter()
            .for_each(|done| done.deed.apply_to(&mut network));
        network
    }
}
