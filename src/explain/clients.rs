//! What clients were told, and why some were told nothing.

use super::{Asked, Explanation, Finding, Silent, Unanswerable};
use crate::raft::{LogPosition, NodeId, Payload};
use crate::record::history::{ClientCall, Told};
use crate::server::Answer as Reply;

impl Asked<'_> {
    /// Explains what a client was told: its entry is committed, or is not.
    pub(super) fn told(&self, text: &str) -> Result<Explanation, Unanswerable> {
        let client = text.strip_prefix("client ").and_then(|number| number.parse::<u64>().ok());
        let fits = |call: &ClientCall| match client {
            Some(client) => call.ticket.client() == client,
            None => call.command.as_str().contains(text),
        };
        let calls = self.history.clients().iter().rev();
        let mut calls = calls.filter(|call| call.asked_in <= self.step && fits(call));
        let call = calls.next().ok_or_else(|| self.never())?;
        let earlier = calls.count();
        let mut call = call.clone();
        call.told = call.told.filter(|(step, _)| *step <= self.step);
        let silent = if call.told.is_none() { self.silent(&call) } else { None };
        let why = match &call.told {
            Some((step, Told::Answered(Reply::Applied { position, .. }))) => {
                // The answer is about the commit as it was in that step.
                let then = Self { step: *step, ..*self };
                then.committed(position.index, None, Some(call.node), true).ok()
            }
            Some((step, Told::Answered(Reply::Superseded { lost }))) => {
                (Self { step: *step, ..*self }).superseded(*lost, call.node)
            }
            Some(_) => None,
            None => self.fate(&call, silent),
        };
        Ok(Explanation {
            decided_in: call.told.as_ref().map(|(step, _)| *step),
            follows_from: why.map(|why| Box::new(why.contradicting(false))),
            ..self.answer(Finding::Told { call, silent, earlier })
        })
    }

    /// Why the node that was asked has not answered, if the reason is not a missing commit.
    pub(super) fn silent(&self, call: &ClientCall) -> Option<Silent> {
        if let Some(step) = self.history.answer_lost(call.ticket, self.step) {
            return Some(Silent::AnswerLostIn(step));
        }
        // A node that is down refuses its clients. So a crash in the same moment came after the call.
        let before = call.asked_in.saturating_sub(1);
        if let Some(after) = self.history.crashed(call.node, before, self.step) {
            return Some(Silent::CrashedAfter(after));
        }
        self.paused(call.node).map(|(_, since)| Silent::PausedSince(since))
    }

    /// Explains what became of a command that no node has answered.
    fn fate(&self, call: &ClientCall, silent: Option<Silent>) -> Option<Explanation> {
        let then = Self { step: call.asked_in, ..*self };
        // The answer that was lost then is about the entry of this call, not of one that asks again.
        let heard = match silent {
            Some(Silent::AnswerLostIn(step)) => Self { step, ..*self },
            _ => *self,
        };
        let of = |asked: &Self| asked.entry_of(call.node, call.command.as_str());
        // The state when the client asked comes first, because others may have asked for the same since.
        let entry = of(&then).or_else(|| of(&heard))?;
        match heard.first_entry(entry.index) {
            Some((committed, step, by)) if committed == entry => {
                Some(self.is_committed(entry.index, by, step))
            }
            Some(_) => self.superseded(entry, call.node),
            // If the node is silent for another reason, what delays the entry does not explain it.
            None if silent.is_some() => None,
            None => self.committed(entry.index, None, Some(call.node), false).ok(),
        }
    }

    /// The position of the latest entry with this command in a node's log.
    fn entry_of(&self, id: NodeId, command: &str) -> Option<LogPosition> {
        let stood = self.node(id);
        let mut entries = stood.node.log().iter().rev();
        let is_it = |payload: &Payload| match payload {
            Payload::Command(own) => own.as_str() == command,
            Payload::NoOp => false,
        };
        let (index, entry) = entries.find(|(_, entry)| is_it(&entry.payload))?;
        Some(LogPosition { term: entry.term, index })
    }
}
