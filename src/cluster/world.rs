//! What a script can do, done to threads.

use std::time::Duration;

use super::cluster::RaftCluster;
use super::error::RestartError;
use super::order::{Outcome, SubmitError};
use crate::network::Conditions;
use crate::properties::report::SafetyReport;
use crate::raft::{Log, LogIndex, LogPosition, NodeId, NodeSet};
use crate::record::journal::Deed;
use crate::scenario::world::{CannotDo, World};
use crate::server::engine::CrashPoint;
use crate::server::state_machine::KeyValue;
use crate::server::status::NodeStatus;
use crate::server::timing::Time;
use crate::server::{Answer, Ticket};

impl World for RaftCluster {
    fn size(&self) -> usize {
        Self::size(self)
    }

    fn now(&self) -> Time {
        Self::now(self)
    }

    fn status(&self) -> Vec<NodeStatus> {
        Self::status(self)
    }

    fn log(&self, node: NodeId) -> Log {
        Self::log(self, node)
    }

    fn machine(&self, node: NodeId) -> Option<KeyValue> {
        Self::machine(self, node)
    }

    /// Besides, `done` is asked when `bound` has passed, so a script waits for a moment by
    /// `|world| world.now() >= moment`. If the story is told fast and `done` says no then, it has
    /// five real seconds from the beginning, which a busy machine may need.
    fn run_until(&mut self, bound: Duration, done: &mut dyn FnMut(&Self) -> bool) -> bool {
        self.wait_for(bound, || done(self))
    }

    fn submit(&mut self, node: NodeId, command: &str) -> Ticket {
        let (ticket, reached) = self.scripted.hand_over(node, command.into());
        if !reached {
            self.unreached.insert(ticket);
        }
        ticket
    }

    fn outcome(&self, ticket: Ticket) -> Option<Result<Answer, Option<NodeId>>> {
        if self.unreached.contains(&ticket) {
            return Some(Err(None));
        }
        self.told_so_far().get(&ticket).and_then(as_scripted)
    }

    fn outcomes(&self) -> u64 {
        self.told_so_far().len() as u64
    }

    fn crash(&mut self, node: NodeId, point: CrashPoint) -> Result<(), CannotDo> {
        Self::crash(self, node, point)
    }

    fn restart(&mut self, node: NodeId) -> Result<(), CannotDo> {
        Self::restart(self, node).map_err(|error| CannotDo::WrongState {
            node,
            up: matches!(error, RestartError::Up(_)),
        })
    }

    fn stand(&mut self, node: NodeId) -> Result<(), CannotDo> {
        Self::stand(self, node)
    }

    fn cut(&mut self, from: NodeId, to: NodeId) {
        self.bus().cut_one_way(from, to);
    }

    fn partition(&mut self, groups: &[NodeSet]) {
        Self::partition(self, groups);
    }

    fn heal(&mut self) {
        Self::heal(self);
    }

    fn conditions(&self) -> Conditions {
        self.bus().conditions()
    }

    fn set_conditions(&mut self, conditions: Conditions) {
        self.bus().set_conditions(conditions);
    }

    fn tell(&mut self, deed: &Deed) {
        Self::tell(self, deed);
    }

    fn committed(&self, index: LogIndex) -> Option<LogPosition> {
        self.committed_at(index)
    }

    fn safety(&mut self) -> SafetyReport {
        Self::safety(self)
    }

    fn end(&mut self) {
        self.audit();
        self.stop_threads();
    }
}

/// What a script is told. That a node went down before it could answer is no answer: the command may
/// have reached another node.
fn as_scripted(outcome: &Outcome) -> Option<Result<Answer, Option<NodeId>>> {
    match outcome {
        Ok(applied) => {
            let (position, reply) = (applied.position, applied.reply.clone());
            Some(Ok(Answer::Applied { position, reply }))
        }
        &Err(SubmitError::Superseded { lost }) => Some(Ok(Answer::Superseded { lost })),
        &Err(SubmitError::Uncertain { position }) => Some(Ok(Answer::Uncertain { position })),
        &Err(SubmitError::NotLeader { leader, .. }) => Some(Err(leader)),
        Err(_) => None,
    }
}
