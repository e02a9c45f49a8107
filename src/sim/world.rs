//! The simulated cluster as a world that scripts can drive, even one event at a time.

use std::time::Duration;

use super::queue::SimEvent;
use super::{Process, Sim, Waiting};
use crate::network::Network;
use crate::properties::linearizability::IsCommitted;
use crate::properties::report::SafetyReport;
use crate::raft::{Command, Envelope, Input, Log, LogPosition, NodeId, Progress};
use crate::record::deed::{Deed, Loss};
use crate::record::journal::Flight;
use crate::record::message_name::MessageName;
use crate::scenario::world::{
    Campaigns, CannotDo, InFlight, NextEvent, ScriptDeed, VirtualWorld, World,
};
use crate::server::state_machine::KeyValue;
use crate::server::status::NodeStatus;
use crate::server::timing::Time;
use crate::server::turn_order::CrashPoint;
use crate::server::{Proposal, Server, Ticket};

impl World for Sim {
    fn size(&self) -> usize {
        self.nodes.len()
    }

    fn now(&self) -> Time {
        self.now
    }

    fn status(&self) -> Vec<NodeStatus> {
        NodeId::all(self.nodes.len()).map(|node| self.status_of(node)).collect()
    }

    fn look_at_log<T: Send + 'static>(
        &self,
        node: NodeId,
        look: impl Fn(&Log) -> T + Clone + Send + 'static,
    ) -> T {
        match &self.nodes[node.index()].process {
            Process::Up(server) => look(server.node().log()),
            Process::Down(disk) => look(&disk.state().log),
        }
    }

    fn machine(&self, node: NodeId) -> Option<KeyValue> {
        self.server(node).map(|server| server.machine().clone())
    }

    fn run_until(&mut self, bound: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
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

    fn propose(&mut self, node: NodeId, command: &str) -> Ticket {
        let (ticket, command) = (Ticket(self.tickets), Command::new(command));
        self.tickets += 1;
        let deed = Deed::Asked { ticket, node, command: command.clone() };
        self.journal.deed(self.now, &deed);
        self.proposals.insert(ticket, Proposal::Pending);
        match &mut self.nodes[node.index()].waiting {
            Some(waiting) => waiting.commands.push((ticket, command)),
            None => self.hear(node, ticket, command),
        }
        ticket
    }

    fn proposal(&self, ticket: Ticket) -> Proposal {
        self.proposals.get(&ticket).cloned().unwrap_or(Proposal::Pending)
    }

    fn position_of(&self, ticket: Ticket) -> Option<LogPosition> {
        if let Proposal::Answered(answer) = self.proposal(ticket) {
            return Some(answer.position());
        }
        NodeId::all(self.nodes.len()).find_map(|node| self.server(node)?.waits_at(ticket))
    }

    fn settled(&self) -> u64 {
        self.settled
    }

    fn crash(&mut self, node: NodeId, point: CrashPoint) -> Result<(), CannotDo> {
        self.check_up(node)?;
        match point {
            CrashPoint::Between => self.go_down(node, point),
            _ => self.nodes[node.index()].crash_at = Some(point),
        }
        Ok(())
    }

    fn restart(&mut self, node: NodeId) -> Result<(), CannotDo> {
        let process = &mut self.nodes[node.index()].process;
        let Process::Down(disk) = process else { return Err(CannotDo::IsUp(node)) };
        let disk = std::mem::take(disk);
        let server = Server::start(node, self.config.server(), disk, self.now);
        self.journal.restarted(self.now, &server);
        *process = Process::Up(server);
        self.set_alarm(node);
        Ok(())
    }

    fn wipe(&mut self, node: NodeId) -> Result<(), CannotDo> {
        let process = &mut self.nodes[node.index()].process;
        let Process::Down(disk) = process else { return Err(CannotDo::IsUp(node)) };
        disk.wipe();
        self.journal.deed(self.now, &Deed::Wipe { node });
        Ok(())
    }

    fn pause(&mut self, node: NodeId) -> Result<(), CannotDo> {
        self.check_runs(node)?;
        self.nodes[node.index()].waiting = Some(Waiting::default());
        self.journal.deed(self.now, &Deed::Pause { node });
        Ok(())
    }

    fn resume(&mut self, node: NodeId) -> Result<(), CannotDo> {
        self.check_up(node)?;
        let waited = self.nodes[node.index()].waiting.take().ok_or(CannotDo::IsNotPaused(node))?;
        self.journal.deed(self.now, &Deed::Resume { node });
        // As on threads, messages come before commands, because they may have changed which node leads.
        for flight in waited.messages {
            // The node may crash while it handles them.
            if self.server(node).is_some() {
                self.receive(flight);
            } else {
                self.lose(&flight, Loss::Down);
            }
        }
        for (ticket, command) in waited.commands {
            if self.server(node).is_some() {
                self.hear(node, ticket, command);
            }
        }
        self.set_alarm(node);
        Ok(())
    }

    fn lose_answer(&mut self, node: NodeId) -> Result<(), CannotDo> {
        let Process::Up(server) = &mut self.nodes[node.index()].process else {
            return Err(CannotDo::IsDown(node));
        };
        server.lose_next_answer();
        Ok(())
    }

    fn election_timeout(&mut self, node: NodeId) -> Result<(), CannotDo> {
        self.check_runs(node)?;
        if self.status_of(node).leads() {
            return Err(CannotDo::Leads(node));
        }
        self.act_by_hand(node, Input::ElectionTimeout);
        Ok(())
    }

    fn enact(&mut self, deed: ScriptDeed) {
        let deed = Deed::from(deed);
        deed.apply_to(&mut self.network);
        self.journal.deed(self.now, &deed);
    }

    fn network(&self) -> Network {
        self.network.clone()
    }

    fn is_committed(&self, position: LogPosition, command: &str) -> IsCommitted {
        self.journal.checker().is_committed(position, command)
    }

    fn progress(&self, node: NodeId, peer: NodeId) -> Option<Progress> {
        self.server(node)?.node().progress(peer)
    }

    fn campaigns(&self) -> Campaigns {
        Campaigns::of(self.journal.checker())
    }

    fn safety(&mut self) -> SafetyReport {
        for node in &self.nodes {
            if let Process::Up(server) = &node.process {
                self.journal.audit(self.now, server);
            }
        }
        SafetyReport::of(self.journal.checker())
    }

    fn as_virtual(&mut self) -> Option<&mut dyn VirtualWorld> {
        Some(self)
    }
}

impl VirtualWorld for Sim {
    fn heartbeat(&mut self, node: NodeId) -> Result<(), CannotDo> {
        self.check_runs(node)?;
        if !self.status_of(node).leads() {
            return Err(CannotDo::DoesNotLead(node));
        }
        self.act_by_hand(node, Input::HeartbeatDue);
        Ok(())
    }

    fn is_manual(&self) -> bool {
        self.manual
    }

    fn set_manual(&mut self, manual: bool) {
        if manual != self.manual {
            let deed = if manual { Deed::Manual } else { Deed::Automatic };
            self.journal.deed(self.now, &deed);
        }
        self.manual = manual;
        if manual {
            let flights = self.queue.take_all_flights();
            self.held.extend(flights.into_iter().map(super::Held::new));
            return;
        }
        for held in std::mem::take(&mut self.held) {
            if !held.delivered {
                self.send(held.flight);
            }
        }
        for node in NodeId::all(self.nodes.len()) {
            self.set_alarm(node);
        }
    }

    fn deliver(&mut self, name: MessageName) -> Result<(), CannotDo> {
        let flight = self.find_message(name, true).ok_or(CannotDo::NoSuchMessage(name))?;
        self.say_by_hand(flight.envelope.to);
        self.arrive(flight);
        Ok(())
    }

    fn remove(&mut self, name: MessageName) -> Result<(), CannotDo> {
        let flight = self.find_message(name, false).ok_or(CannotDo::NoSuchMessage(name))?;
        self.lose(&flight, Loss::Removed);
        Ok(())
    }

    fn hold(&mut self, name: MessageName) -> Result<(), CannotDo> {
        self.first_to_arrive(name)?;
        let flight = self.queue.take_flight(|flight| name.matches(&flight.envelope));
        self.held.extend(flight.map(super::Held::new));
        Ok(())
    }

    fn duplicate(&mut self, name: MessageName) -> Result<(), CannotDo> {
        let held = name.find(self.held.iter().map(|held| &held.flight.envelope));
        if let Some(held) = held.map(|at| &mut self.held[at]).filter(|held| held.delivered) {
            held.delivered = false;
            let message = held.flight.id;
            self.journal.deed(self.now, &Deed::Duplicated { message });
            return Ok(());
        }
        let (due, flight) = self.first_to_arrive(name)?;
        let flight = flight.clone();
        self.journal.deed(self.now, &Deed::Duplicated { message: flight.id });
        self.queue.push(due, SimEvent::Arrive(flight));
        Ok(())
    }

    fn next_event(&mut self, told: &mut dyn FnMut(Time, NextEvent)) -> Result<(), CannotDo> {
        let (time, event) = self.look_ahead().ok_or(CannotDo::NoEvent)?;
        told(time, event);
        self.step(time);
        Ok(())
    }

    fn in_flight(&self) -> Vec<InFlight> {
        let shown = |flight: &Flight, name, due, delivered| InFlight {
            id: flight.id,
            name,
            envelope: flight.envelope.clone(),
            due,
            delivered,
        };
        let names = MessageName::of_all(self.held.iter().map(|held| &held.flight.envelope));
        let held = self.held.iter().zip(names);
        let held = held.map(|(held, name)| shown(&held.flight, name, None, held.delivered));
        let arrivals = self.queue.arrivals();
        let name = |flight: &Flight| MessageName::of(&flight.envelope, std::iter::empty());
        let arrivals = arrivals.map(|(due, flight)| shown(flight, name(flight), Some(due), false));
        held.chain(arrivals).collect()
    }

    fn at_paused(&self) -> Vec<Envelope> {
        let waiting = self.nodes.iter().filter_map(|node| node.waiting.as_ref());
        waiting.flat_map(|it| &it.messages).map(|flight| flight.envelope.clone()).collect()
    }
}

impl Sim {
    fn check_up(&self, node: NodeId) -> Result<(), CannotDo> {
        self.server(node).map(|_| ()).ok_or(CannotDo::IsDown(node))
    }

    fn check_runs(&self, node: NodeId) -> Result<(), CannotDo> {
        self.check_up(node)?;
        let runs = self.nodes[node.index()].waiting.is_none();
        if runs { Ok(()) } else { Err(CannotDo::IsPaused(node)) }
    }

    /// Lets a node accept or refuse a client's command.
    fn hear(&mut self, node: NodeId, ticket: Ticket, command: Command) {
        let server = self.server(node);
        if server.is_some_and(|server| server.node().is_leader()) {
            self.act(node, |steps| _ = steps.propose(vec![command], vec![ticket]));
            return;
        }
        let leader = server.and_then(|server| server.node().leader());
        self.settled += 1;
        self.journal.deed(self.now, &Deed::Refused { ticket, node, leader });
        self.proposals.insert(ticket, Proposal::Refused { leader });
    }

    /// Finds a message by name. Of the messages that arrive by themselves, this is the one that would arrive
    /// first. If there is none, it is a held message, whether delivered before or not: the name says how many
    /// newer ones of its kind between the same nodes to skip. `keep` says whether a held message stays held.
    fn find_message(&mut self, name: MessageName, keep: bool) -> Option<Flight> {
        if let Some(flight) = self.queue.take_flight(|flight| name.matches(&flight.envelope)) {
            return Some(flight);
        }
        let at = name.find(self.held.iter().map(|held| &held.flight.envelope))?;
        if !keep {
            return Some(self.held.remove(at).flight);
        }
        self.held[at].delivered = true;
        Some(self.held[at].flight.clone())
    }

    /// The message of this name that arrives first by itself, and when it does.
    fn first_to_arrive(&self, name: MessageName) -> Result<(Time, &Flight), CannotDo> {
        let first = self.queue.first_flight(|flight| name.matches(&flight.envelope));
        first.ok_or_else(|| {
            let mut held = self.held.iter();
            let is_held = held.any(|held| name.matches(&held.flight.envelope));
            if is_held { CannotDo::WaitsForName(name) } else { CannotDo::NoSuchMessage(name) }
        })
    }

    /// What happens next, and when. On the way, this removes or resets alarms that have no effect,
    /// because a timer was restarted or a node has crashed.
    fn look_ahead(&mut self) -> Option<(Time, NextEvent)> {
        if self.manual {
            return None;
        }
        loop {
            let (time, event) = self.queue.peek()?;
            let node = match event {
                SimEvent::Alarm(node) => *node,
                SimEvent::Arrive(flight) => {
                    let envelope = flight.envelope.clone();
                    let event = match self.hindrance(&envelope) {
                        Some(why) => NextEvent::Lost(envelope, why),
                        None if self.nodes[envelope.to.index()].waiting.is_some() => {
                            NextEvent::Waits(envelope)
                        }
                        None => NextEvent::Arrives(envelope),
                    };
                    return Some((time, event));
                }
            };
            let is_set = self.nodes[node.index()].alarm == Some(time);
            let runs = self.nodes[node.index()].waiting.is_none();
            let due = self.server(node).and_then(|server| server.due(time));
            match due.filter(|_| is_set && runs) {
                Some(Input::ElectionTimeout) => {
                    return Some((time, NextEvent::ElectionTimeout(node)));
                }
                Some(_) => return Some((time, NextEvent::HeartbeatDue(node))),
                None => {}
            }
            self.queue.pop(time);
            if is_set {
                self.nodes[node.index()].alarm = None;
                self.set_alarm(node);
            }
        }
    }
}
