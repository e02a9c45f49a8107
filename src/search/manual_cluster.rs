//! A cluster under manual control: nothing happens in it except the moves that a caller makes.

use super::objective::Objective;
use crate::network::Conditions;
use crate::properties::linearizability::{ClientHistory, Judgement};
use crate::properties::report::{Judged, SafetyReport};
use crate::raft::{Property, Settings};
use crate::record::journal::Observer;
use crate::scenario::verb_table::Verb;
use crate::scenario::world::{VirtualWorld, World};
use crate::server::timing::Timing;
use crate::server::{Proposal, Ticket};
use crate::sim::{Sim, SimConfig};

/// A cluster under manual control, with its clients.
pub struct ManualCluster {
    sim: Sim,
    history: ClientHistory,
    made: u64,
    told: u64,
}

impl ManualCluster {
    /// A new cluster in which nothing happens by itself.
    pub fn new(settings: Settings, observers: Vec<Box<dyn Observer>>) -> Self {
        let config =
            SimConfig { settings, timing: Timing::PAPER, conditions: Conditions::PERFECT, seed: 0 };
        let mut sim = Sim::new(config, observers);
        sim.set_manual(true);
        Self { sim, history: ClientHistory::default(), made: 0, told: 0 }
    }

    /// Returns the simulated cluster.
    pub const fn sim(&self) -> &Sim {
        &self.sim
    }

    /// Returns what the clients asked and were told.
    pub(super) const fn history(&self) -> &ClientHistory {
        &self.history
    }

    /// Returns of how many commands the clients were told something. While this does not grow, a judgement
    /// cannot become a violation: a command that is only asked for contradicts nothing, and a client is told of an
    /// entry only after one was committed at its index, which stays the first.
    pub(super) const fn told(&self) -> u64 {
        self.told
    }

    /// Announces a part of the run with this title to the observers.
    pub fn begin_part(&mut self, title: String) {
        self.sim.phase(title);
    }

    /// Makes a move, if it can be made. Returns whether it was.
    pub fn make(&mut self, verb: &Verb) -> bool {
        self.made += 1;
        let made = self.carry_out(verb).is_some();
        self.collect_answers();
        made
    }

    fn carry_out(&mut self, verb: &Verb) -> Option<()> {
        let sim = &mut self.sim;
        match verb {
            Verb::Timeout(who) => sim.election_timeout(who.numbered()?).ok(),
            Verb::Heartbeat(who) => sim.heartbeat(who.numbered()?).ok(),
            Verb::Deliver(name) => {
                sim.server(name.to)?;
                sim.deliver(*name).ok()
            }
            Verb::Crash { who, point } => sim.crash(who.numbered()?, *point).ok(),
            Verb::Restart(who) => sim.restart(who.numbered()?).ok(),
            Verb::Submit { to, command } => {
                let node = to.numbered()?;
                sim.server(node).filter(|server| server.node().is_leader())?;
                let ticket = sim.propose(node, command);
                self.history.asked(ticket, command, self.made * 2);
                Some(())
            }
            _ => None,
        }
    }

    fn collect_answers(&mut self) {
        let waiting: Vec<Ticket> = self.history.waiting().collect();
        for ticket in waiting {
            let proposal = self.sim.take_proposal(ticket);
            self.told += u64::from(proposal != Proposal::Pending);
            self.history.told(ticket, &proposal, self.made * 2 + 1);
        }
    }

    /// Returns every property that was violated, in the order of their violations; Linearizability comes last.
    pub(super) fn violated_properties(&self) -> Vec<Property> {
        let clients =
            Judged::of(&self.history, |told, command| self.sim.is_committed(told, command));
        let report = SafetyReport::of(self.sim.journal().checker());
        SafetyReport { clients, ..report }.violated_properties()
    }

    /// Judges whether what the clients were told can be true; [`Judgement::Held`] if `objective` does not
    /// ask for that.
    pub fn judge(&self, objective: Objective) -> Judgement {
        if !objective.is_met_by(Property::Linearizability) {
            return Judgement::Held;
        }
        self.history.judge(|told, command| self.sim.is_committed(told, command))
    }
}
