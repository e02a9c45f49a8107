//! The simulated cluster as a world that scripts can drive.

use std::time::Duration;

use super::{Process, Sim};
use crate::network::Conditions;
use crate::properties::report::SafetyReport;
use crate::raft::{Command, Input, Log, LogIndex, LogPosition, NodeId, NodeSet};
use crate::record::journal::{Deed, Loss};
use crate::record::message_name::MessageName;
use crate::scenario::world::{CannotDo, Happening, OnItsWay, World};
use crate::server::engine::CrashPoint;
use crate::server::state_machine::KeyValue;
use crate::server::status::NodeStatus;
use crate::server::timing::Time;
use crate::server::{Answer, Server, Ticket};

impl World for Sim {
    fn size(&self) -> usize {
        self.processes.len()
    }

    fn now(&self) -> Time {
        self.now
    }

    fn status(&self) -> Vec<NodeStatus> {
        NodeId::all(self.processes.len()).map(|node| self.status_of(node)).collect()
    }

    fn log(&self, node: NodeId) -> Log {
        match &self.processes[node.index()] {
            Process::Up(server) => server.node().log().clone(),
            Process::Down(disk) => disk.state().log.clone(),
        }
    }

    fn machine(&self, node: NodeId) -> Option<KeyValue> {
        self.server(node).map(|server| server.machine().clone())
    }

    fn run_until(&mut self, bound: Duration, done: &mut dyn FnMut(&Self) -> bool) -> bool {
        let until = self.now + bound;
        loop {
            if done(self) {
                return true;
            }
            if !self.step(until) {
                return done(self);
            }
        }
    }

    fn submit(&mut self, node: NodeId, command: &str) -> Ticket {
        self.ask(node, Command::new(command))
    }

    fn outcome(&self, ticket: Ticket) -> Option<Result<Answer, Option<NodeId>>> {
        self.asked.get(&ticket)?.outcome.clone()
    }

    fn outcomes(&self) -> u64 {
        self.outcomes
    }

    fn crash(&mut self, node: NodeId, point: CrashPoint) -> Result<(), CannotDo> {
        if self.server(node).is_none() {
            return Err(CannotDo::WrongState { node, up: false });
        }
        match point {
            CrashPoint::Between => self.go_down(node, point),
            _ => self.crash_points[node.index()] = Some(point),
        }
        Ok(())
    }

    fn restart(&mut self, node: NodeId) -> Result<(), CannotDo> {
        let Process::Down(disk) = &mut self.processes[node.index()] else {
            return Err(CannotDo::WrongState { node, up: true });
        };
        let disk = std::mem::take(disk);
        let server = Server::start(node, self.config.server(), disk, self.now);
        self.journal.restarted(self.now, &server);
        self.processes[node.index()] = Process::Up(server);
        self.set_alarm(node);
        Ok(())
    }

    fn stand(&mut self, node: NodeId) -> Result<(), CannotDo> {
        if self.server(node).is_none() {
            return Err(CannotDo::WrongState { node, up: false });
        }
        self.act(node, Input::ElectionTimeout, None);
        Ok(())
    }

    fn heartbeat(&mut self, node: NodeId) -> Result<(), CannotDo> {
        if self.server(node).is_none() {
            return Err(CannotDo::WrongState { node, up: false });
        }
        self.act(node, Input::HeartbeatDue, None);
        Ok(())
    }

    fn deliver(&mut self, name: MessageName) -> Result<(), CannotDo> {
        let flight = self.find_message(name, true).ok_or(CannotDo::NoSuchMessage(name))?;
        self.arrive(flight);
        Ok(())
    }

    fn remove(&mut self, name: MessageName) -> Result<(), CannotDo> {
        let flight = self.find_message(name, false).ok_or(CannotDo::NoSuchMessage(name))?;
        self.lose(&flight, Loss::Removed);
        Ok(())
    }

    fn set_manual(&mut self, manual: bool) -> Result<(), CannotDo> {
        Self::set_manual(self, manual);
        Ok(())
    }

    fn let_happen(&mut self, told: &mut dyn FnMut(Time, Happening)) -> Result<(), CannotDo> {
        let (time, happening) = self.look_ahead().ok_or(CannotDo::NothingComes)?;
        told(time, happening);
        self.step(time);
        Ok(())
    }

    fn on_their_way(&self) -> Result<Vec<OnItsWay>, CannotDo> {
        Ok(self.list_messages())
    }

    fn cut(&mut self, from: NodeId, to: NodeId) {
        self.network.cut_one_way(from, to);
        self.journal.deed(self.now, &Deed::Cut { from, to });
    }

    fn partition(&mut self, groups: &[NodeSet]) {
        self.network.partition(groups);
        self.journal.deed(self.now, &Deed::Partition { groups: groups.to_vec() });
    }

    fn heal(&mut self) {
        self.network.heal();
        self.journal.deed(self.now, &Deed::Heal);
    }

    fn conditions(&self) -> Conditions {
        self.network.conditions()
    }

    fn set_conditions(&mut self, conditions: Conditions) {
        self.network.set_conditions(conditions);
        self.journal.deed(self.now, &Deed::Conditions(conditions));
    }

    fn tell(&mut self, deed: &Deed) {
        self.journal.deed(self.now, deed);
    }

    fn committed(&self, index: LogIndex) -> Option<LogPosition> {
        self.journal.checker().committed_at(index)
    }

    fn safety(&mut self) -> SafetyReport {
        for server in &self.processes {
            if let Process::Up(server) = server {
                self.journal.audit(self.now, server);
            }
        }
        SafetyReport::of(self.journal.checker())
    }
}
