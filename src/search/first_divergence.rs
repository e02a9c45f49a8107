//! Finds the first move at which nodes that keep every rule would have acted differently.

use std::mem::take;
use std::sync::{Arc, Mutex};

use super::manual_cluster::ManualCluster;
use super::schedule::Schedule;
use crate::panics::lock;
use crate::properties::linearizability::ClientHistory;
use crate::raft::{
    Envelope, Event, Input, LogIndex, NodeId, PersistentState, RaftNode, Role, RuleSet, Settings,
};
use crate::record::deed::Deed;
use crate::record::journal::{Batch, Observer};
use crate::scenario::verb_table::Verb;
use crate::scenario::world::World;
use crate::server::Answer;
use crate::server::timing::Time;
use crate::server::turn_order::Detail;

/// The first move at which nodes that keep every rule would have acted differently.
#[derive(Clone, Debug)]
pub struct Divergence {
    /// How many steps were made before it.
    pub after: u64,
    /// The move.
    pub verb: Verb,
    /// What happened with the rules broken.
    pub broken: Side,
    /// What would have happened with every rule kept.
    pub intact: Side,
}

/// What a move led to in one of the two clusters.
#[derive(Clone, Debug)]
pub struct Side {
    /// The steps of the nodes: the input of each, what the node did, and why.
    pub steps: Vec<(NodeId, Input, Vec<Event>)>,
    /// What clients were told.
    pub answers: Vec<Answer>,
    /// The first node whose state differs from its state on the other side.
    pub stands: Option<RaftNode>,
}

/// An observer that keeps what happened in the last move.
#[derive(Default)]
struct Heard {
    steps: Vec<(NodeId, Input, Vec<Event>)>,
    answers: Vec<Answer>,
}

impl Observer for Heard {
    fn batch(&mut self, batch: &Batch<'_>) {
        let node = batch.server.node().id();
        let each = batch.each();
        self.steps
            .extend(each.map(|(_, step, events, _)| (node, step.input.clone(), events.to_vec())));
    }

    fn deed(&mut self, _: Time, deed: &Deed) {
        if let Deed::Answered { answer, .. } = deed {
            self.answers.push(answer.clone());
        }
    }

    fn wants(&self) -> Detail {
        Detail::Steps
    }
}

impl Schedule {
    /// Makes the moves in two clusters side by side, one with the rules broken and one that keeps them all,
    /// and returns the first move after which the two differ.
    pub fn divergence(&self) -> Option<Divergence> {
        let (left, right) = <(Arc<Mutex<Heard>>, Arc<Mutex<Heard>>)>::default();
        let intact = Settings { rules: RuleSet::INTACT, ..self.settings };
        let mut broken = ManualCluster::new(self.settings, vec![Box::new(Arc::clone(&left))]);
        let mut kept = ManualCluster::new(intact, vec![Box::new(Arc::clone(&right))]);
        let mut after = 0;
        for verb in &self.moves {
            broken.make(verb);
            kept.make(verb);
            let (without, with) = (take(&mut *lock(&left)), take(&mut *lock(&right)));
            if outlook(&broken) != outlook(&kept) {
                let node =
                    |cluster: &ManualCluster, id| Some(cluster.sim().server(id)?.node().clone());
                let stands = NodeId::all(self.settings.nodes)
                    .filter_map(|id| Some((node(&broken, id)?, node(&kept, id)?)))
                    .find(|(broken, kept)| stand(broken) != stand(kept));
                let (left, right) = stands.unzip();
                let side = |Heard { steps, answers }, stands| Side { steps, answers, stands };
                let (broken, intact) = (side(without, left), side(with, right));
                return Some(Divergence { after, verb: verb.clone(), broken, intact });
            }
            after += without.steps.len() as u64;
        }
        None
    }
}

/// The state of a running node without its settings.
type Stand = (Role, PersistentState, LogIndex);

fn stand(node: &RaftNode) -> Stand {
    (node.role().clone(), node.persistent().clone(), node.commit_index())
}

/// Returns the whole state of a cluster: its nodes without their settings, the messages they have sent,
/// and what its clients asked and were told.
fn outlook(cluster: &ManualCluster) -> (Vec<Option<Stand>>, Vec<Envelope>, ClientHistory) {
    let sim = cluster.sim();
    let stands = NodeId::all(sim.size()).map(|id| Some(stand(sim.server(id)?.node())));
    (
        stands.collect(),
        sim.sent().map(|flight| flight.envelope.clone()).collect(),
        cluster.history().clone(),
    )
}
