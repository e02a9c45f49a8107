//! The clients of a script: how they send commands, how long they wait, and what they have been told.

use std::time::Duration;

use super::line_outcome::{LineOutcome, Why};
use super::run::{PATIENCE, Runner};
use super::verb_table::Who;
use super::world::World;
use crate::raft::NodeId;
use crate::server::status::leader_of;
use crate::server::{Answer, Proposal, Ticket};

/// How long a client waits for an answer before it repeats a numbered command.
const AGAIN: Duration = Duration::from_secs(1);

impl<W: World> Runner<'_, W> {
    /// Hands a command over and enters it in the clients' history.
    pub(super) fn submit(&mut self, node: NodeId, command: &str) -> Ticket {
        let ticket = self.world.propose(node, command);
        self.memory.asked.push((ticket, command.to_owned()));
        self.history.asked(ticket, command, self.moment * 2);
        ticket
    }

    /// Sends a command as a patient client: it asks the leader and waits. It asks again if it is refused,
    /// if its entry was lost, or if no answer comes within `again`. It also asks the next leader if the node
    /// it asked crashes or steps down, or another leads a later term: then an answer may never come. So the
    /// command can be committed twice, and takes effect twice unless it has a number (§8).
    pub(super) fn write(&mut self, command: &str, again: Duration) -> Result<(), Why> {
        let began = self.world.now();
        let mut attempts = 0;
        loop {
            let left = PATIENCE.saturating_sub(self.world.now() - began);
            self.wait_for_leader(left)?;
            let leader = self.resolve(Who::Leader)?;
            let ticket = self.submit(leader, command);
            attempts += 1;
            let mut proposal = Proposal::Pending;
            let left = PATIENCE.saturating_sub(self.world.now() - began);
            self.run_until(left.min(again), |world| {
                proposal = world.proposal(ticket);
                let leads = leader_of(&world.status()).is_some_and(|status| status.id == leader);
                proposal != Proposal::Pending || !leads
            })?;
            if let Proposal::Answered(Answer::Applied { .. }) = proposal {
                let (took, command) = (self.world.now() - began, command.to_owned());
                self.tell(&LineOutcome::Written { command, took, attempts });
                return Ok(());
            }
            if self.world.now() - began >= PATIENCE {
                return Err(Why::Unanswered(PATIENCE));
            }
        }
    }

    /// Sends a numbered command in the same way. The store carries out each number once, so the client can
    /// safely ask again each second until it gets an answer, even if earlier answers were lost.
    pub(super) fn retry(&mut self, command: &str) -> Result<(), Why> {
        let number = self.memory.asked.len() + 1;
        self.write(&format!("ONCE {number} {command}"), AGAIN)
    }

    /// Enters in the history what the clients have been told since the last call.
    pub(super) fn listen(&mut self) {
        let settled = self.world.settled();
        if settled == self.heard {
            return;
        }
        self.heard = settled;
        let waiting: Vec<Ticket> = self.history.waiting().collect();
        for ticket in waiting {
            self.history.told(ticket, &self.world.proposal(ticket), self.moment * 2 + 1);
        }
    }
}
