//! The clients of a trace: what they asked, what became of it, and what they were told.

use std::collections::BTreeMap;

use crate::properties::linearizability::ClientHistory;
use crate::raft::{Command, NodeId};
use crate::server::{Answer, Proposal, Ticket};

/// What became of a client's command.
#[derive(PartialEq)]
enum Asked {
    /// The node has not been given this command yet.
    Waits(NodeId, Command),
    /// The node did not lead when it was given the command, and has not said so.
    NotTaken(NodeId),
    /// The node has taken it in, or refused it.
    Settled,
}

/// All clients that have asked.
#[derive(Default)]
pub(super) struct Clients {
    asked: BTreeMap<Ticket, Asked>,
    /// Its clock counts the lines of the trace.
    history: ClientHistory,
}

impl Clients {
    /// Records that a client asks a node, in this line.
    pub(super) fn ask(
        &mut self,
        ticket: Ticket,
        node: NodeId,
        command: &Command,
        line: u64,
    ) -> Result<(), String> {
        if self.asked.contains_key(&ticket) {
            return Err(format!("client {} has asked already", ticket.client()));
        }
        self.asked.insert(ticket, Asked::Waits(node, command.clone()));
        self.history.asked(ticket, command.as_str(), line);
        Ok(())
    }

    /// Records that a node is given a command. Returns the ticket of the client, which must have asked this node for it.
    pub(super) fn given(
        &mut self,
        node: NodeId,
        ticket: Option<Ticket>,
        command: &Command,
    ) -> Result<Ticket, String> {
        let waits = Some(Asked::Waits(node, command.clone()));
        let is_it = |ticket: &Ticket| self.asked.insert(*ticket, Asked::Settled) == waits;
        let nobody = || format!("no client that waits has asked {node} for '{command}'");
        ticket.filter(is_it).ok_or_else(nobody)
    }

    /// Records that a node that did not lead was given these commands.
    pub(super) fn not_taken(&mut self, node: NodeId, tickets: &[Ticket]) {
        self.asked.extend(tickets.iter().map(|ticket| (*ticket, Asked::NotTaken(node))));
    }

    /// Records that a node refuses a client, in this line.
    pub(super) fn refuse(
        &mut self,
        ticket: Ticket,
        node: NodeId,
        leader: Option<NodeId>,
        line: u64,
    ) -> Result<(), String> {
        match self.asked.insert(ticket, Asked::Settled) {
            Some(Asked::Waits(asked, _) | Asked::NotTaken(asked)) if asked == node => {
                self.history.told(ticket, &Proposal::Refused { leader }, line);
                Ok(())
            }
            _ => Err(format!("client {} does not wait for {node}", ticket.client())),
        }
    }

    /// Records that a client gets its answer, in this line.
    pub(super) fn answer(&mut self, ticket: Ticket, answer: &Answer, line: u64) {
        self.history.told(ticket, &Proposal::Answered(answer.clone()), line);
    }

    /// What the clients asked and were told.
    pub(super) const fn history(&self) -> &ClientHistory {
        &self.history
    }
}
