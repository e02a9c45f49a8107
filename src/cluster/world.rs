//! What a script can do, implemented on threads.

use std::collections::BTreeMap;
use std::io;
use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use super::client::{Applied, WriteOutcome};
use super::cluster::RaftCluster;
use super::error::WriteError;
use super::node_command::NodeCommand;
use super::shared::{Shared, TimeHad};
use crate::network::Network;
use crate::panics::lock;
use crate::properties::linearizability::IsCommitted;
use crate::properties::report::SafetyReport;
use crate::raft::{Log, LogPosition, NodeId, Progress};
use crate::record::deed::Deed;
use crate::scenario::world::{Campaigns, CannotDo, ScriptDeed, World};
use crate::server::state_machine::KeyValue;
use crate::server::status::NodeStatus;
use crate::server::timing::Time;
use crate::server::turn_order::CrashPoint;
use crate::server::{Answer, Proposal, Server, Ticket};

impl World for RaftCluster {
    fn size(&self) -> usize {
        self.config.settings.nodes
    }

    fn now(&self) -> Time {
        self.shared.clock.now()
    }

    fn status(&self) -> Vec<NodeStatus> {
        self.shared.registry.statuses()
    }

    fn look_at_log<T: Send + 'static>(
        &self,
        node: NodeId,
        look: impl Fn(&Log) -> T + Clone + Send + 'static,
    ) -> T {
        let at_server = look.clone();
        let running = self.inspect(node, move |server| at_server(server.node().log()));
        let durable = || self.shared.registry.inspect_disk(node, |disk| look(&disk.state().log));
        running.or_else(durable).unwrap_or_else(|| look(&Log::default()))
    }

    fn machine(&self, node: NodeId) -> Option<KeyValue> {
        self.inspect(node, |server| server.machine().clone())
    }

    /// The bound is in the cluster's time, whatever its speed. If the machine was too busy to give every node
    /// that time, the wait goes on until each has had it, but for no more than five real seconds in all.
    fn run_until(&mut self, bound: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        let Shared { clock, registry, .. } = &*self.shared;
        let real = clock.real(bound);
        let had = TimeHad::begin(real, self.tick, self.shared.ticks());
        let more = || had.more(&registry.statuses(), &self.shared.ticks());
        registry.wait(Instant::now() + real, more, || done(self))
    }

    fn propose(&mut self, node: NodeId, command: &str) -> Ticket {
        let (ticket, reached) = self.scripted.hand_over(node, command.into());
        if !reached {
            lock(&self.told).insert(ticket, Proposal::Refused { leader: None });
        }
        ticket
    }

    fn proposal(&self, ticket: Ticket) -> Proposal {
        self.told_so_far().get(&ticket).cloned().unwrap_or(Proposal::Pending)
    }

    fn position_of(&self, ticket: Ticket) -> Option<LogPosition> {
        let waits_at = |node| self.inspect(node, move |server| server.waits_at(ticket))?;
        // The nodes are asked first, because an answer may come between the two.
        let waiting = NodeId::all(self.size()).find_map(waits_at);
        waiting.or_else(|| match self.proposal(ticket) {
            Proposal::Answered(answer) => Some(answer.position()),
            _ => None,
        })
    }

    fn settled(&self) -> u64 {
        self.told_so_far().len() as u64
    }

    fn crash(&mut self, node: NodeId, point: CrashPoint) -> Result<(), CannotDo> {
        self.tell(node, NodeCommand::Crash(point))?;
        if point == CrashPoint::Between {
            self.join(node);
        }
        Ok(())
    }

    fn restart(&mut self, node: NodeId) -> Result<(), CannotDo> {
        if self.shared.registry.status(node).up {
            return Err(CannotDo::IsUp(node));
        }
        self.join(node);
        let no_thread = |error: io::Error| CannotDo::NoThread(node, error.to_string());
        let thread = self.spawn(node).map_err(no_thread)?;
        let disk = self.shared.registry.take_disk(node).ok_or(CannotDo::LeftNoDisk(node))?;
        let server = Server::start(node, self.config, disk, self.now());
        self.shared.at_now(|journal, now| journal.restarted(now, &server));
        self.shared.connect(node);
        self.launch(&thread, server);
        Ok(())
    }

    fn wipe(&mut self, node: NodeId) -> Result<(), CannotDo> {
        let registry = &self.shared.registry;
        if registry.status(node).up {
            return Err(CannotDo::IsUp(node));
        }
        registry.inspect_disk(node, |_| ()).ok_or(CannotDo::LeftNoDisk(node))?;
        self.shared.record([Deed::Wipe { node }], || registry.wipe_disk(node));
        Ok(())
    }

    fn pause(&mut self, node: NodeId) -> Result<(), CannotDo> {
        self.check_runs(node)?;
        self.tell(node, NodeCommand::Pause)?;
        // This waits until the node has paused, so that every later command reaches a paused node.
        self.inspect(node, |_| ()).ok_or(CannotDo::IsDown(node))
    }

    fn resume(&mut self, node: NodeId) -> Result<(), CannotDo> {
        let status = self.shared.registry.status(node);
        if status.up && !status.paused {
            return Err(CannotDo::IsNotPaused(node));
        }
        self.tell(node, NodeCommand::Resume)?;
        self.inspect(node, |_| ());
        Ok(())
    }

    fn lose_answer(&mut self, node: NodeId) -> Result<(), CannotDo> {
        self.tell(node, NodeCommand::LoseAnswer)
    }

    fn election_timeout(&mut self, node: NodeId) -> Result<(), CannotDo> {
        self.check_runs(node)?;
        if self.shared.registry.status(node).leads() {
            return Err(CannotDo::Leads(node));
        }
        self.tell(node, NodeCommand::ElectionTimeout)
    }

    fn enact(&mut self, deed: ScriptDeed) {
        self.shared.enact(&deed.into());
    }

    fn network(&self) -> Network {
        self.shared.links.network()
    }

    fn is_committed(&self, position: LogPosition, command: &str) -> IsCommitted {
        self.shared.journal().checker().is_committed(position, command)
    }

    fn progress(&self, node: NodeId, peer: NodeId) -> Option<Progress> {
        self.inspect(node, move |server| server.node().progress(peer)).flatten()
    }

    fn campaigns(&self) -> Campaigns {
        Campaigns::of(self.shared.journal().checker())
    }

    fn safety(&mut self) -> SafetyReport {
        self.audit();
        SafetyReport::of(self.shared.journal().checker())
    }

    fn end(&mut self) {
        self.audit();
        self.stop_threads();
    }
}

impl RaftCluster {
    /// Sends a command to a node, if it is up.
    fn tell(&self, node: NodeId, command: NodeCommand) -> Result<(), CannotDo> {
        if !self.shared.registry.status(node).up {
            return Err(CannotDo::IsDown(node));
        }
        self.shared.channels.tell(node, command);
        Ok(())
    }

    fn check_runs(&self, node: NodeId) -> Result<(), CannotDo> {
        let paused = self.shared.registry.status(node).paused;
        if paused { Err(CannotDo::IsPaused(node)) } else { Ok(()) }
    }

    /// What the script's client knows so far about its proposals.
    fn told_so_far(&self) -> MutexGuard<'_, BTreeMap<Ticket, Proposal>> {
        let mut told = lock(&self.told);
        while let Some((ticket, outcome)) = self.scripted.try_next() {
            if let Some(proposal) = as_scripted(outcome) {
                told.insert(ticket, proposal);
            }
        }
        told
    }
}

/// The state of a proposal for a script. If a node went down before it could answer, there is no
/// answer: the command may have reached another node.
fn as_scripted(outcome: WriteOutcome) -> Option<Proposal> {
    let answer = match outcome {
        Ok(Applied { position, reply }) => Answer::Applied { position, reply },
        Err(WriteError::Superseded { lost }) => Answer::Superseded { lost },
        Err(WriteError::Uncertain { position }) => Answer::Uncertain { position },
        Err(WriteError::NotLeader { leader, .. }) => return Some(Proposal::Refused { leader }),
        Err(_) => return None,
    };
    Some(Proposal::Answered(answer))
}
