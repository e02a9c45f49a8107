//! What clients were told, and why some were told nothing.

use super::commits::truncates;
use super::entry::IndexedEntry;
use super::{Asked, Change, Explanation, Finding, Silent, Unanswerable};
use crate::raft::{Event, LogIndex, LogPosition};
use crate::record::history::{ClientCall, Told};
use crate::server::Answer as Reply;

impl Asked<'_, '_> {
    /// Explains what a client was told: its entry is committed, or is not.
    pub(super) fn told(&self, text: &str) -> Result<Explanation, Unanswerable> {
        let client = text.strip_prefix("client ").and_then(|number| number.parse::<u64>().ok());
        let fits = |call: &ClientCall| match client {
            Some(client) => call.ticket.client() == client,
            None => call.command.as_str().contains(text),
        };
        let calls = self.history().clients().iter().rev();
        let mut calls = calls.filter_map(|call| self.by_now(call)).filter(fits);
        let call = calls.next().ok_or_else(|| self.never())?;
        let earlier = calls.count();
        let silent = if call.told.is_none() { self.silent(&call) } else { None };
        let why = match &call.told {
            Some((step, Told::Answered(Reply::Applied { position, .. }))) => {
                // The answer is about the commit as it was in that step.
                let then = Self { step: *step, ..*self };
                let answer = then.committed(position.index, None, Some(call.node), true).ok();
                // It may have crashed after the last step, and then commits nothing.
                let first = then.first_entry(position.index);
                let first = first.filter(|(it, ..)| it.position() == *position);
                let first = first.filter(|_| answer.as_ref().is_some_and(|it| it.contradicts));
                let first = first.map(|(_, step, by)| then.is_committed(position.index, by, step));
                first.or(answer)
            }
            Some((step, Told::Answered(Reply::Superseded { lost }))) => {
                (Self { step: *step, ..*self })
                    .superseded(&IndexedEntry::of_command(*lost, &call.command), call.node)
            }
            Some((_, Told::Answered(Reply::Uncertain { position }))) => {
                let deleted = self.deleted_by_asked(&call, position.index);
                deleted.map(|deleted| Explanation { change: None, ..deleted })
            }
            Some(_) => None,
            None => self.fate(&call, silent),
        };
        Ok(Explanation {
            // A refusal comes between two steps.
            decided_in: match &call.told {
                Some((step, Told::Answered(_))) => Some(*step),
                Some((_, Told::Refused { .. })) | None => None,
            },
            follows_from: why.map(|why| Box::new(Explanation { contradicts: false, ..why })),
            ..self.answer(Finding::Told { call, silent, earlier })
        })
    }

    /// A call that was made by the step of the question, with what was told by then. What comes after the last
    /// step belongs to it.
    pub(super) fn by_now(&self, call: &ClientCall) -> Option<ClientCall> {
        let is_over = |moment: u64| moment.min(self.history().last()) <= self.step;
        let told = call.told.clone().filter(|(moment, _)| is_over(*moment));
        is_over(call.asked_in).then(|| ClientCall { told, ..call.clone() })
    }

    /// Why the node that was asked has not answered, if the reason is not a missing commit.
    pub(super) fn silent(&self, call: &ClientCall) -> Option<Silent> {
        if let Some(step) = self.history().answer_lost(call.ticket, self.step) {
            return Some(Silent::AnswerLostIn(step));
        }
        // A node that is down refuses its clients. So a crash in the same moment came after the call.
        let before = call.asked_in.saturating_sub(1);
        if let Some(after) = self.history().crashes(call.node, before, self.step).next() {
            return Some(Silent::CrashedAfter(after));
        }
        self.paused(call.node).map(|(_, after)| Silent::PausedAfter(after))
    }

    /// Explains what became of a command that no node has answered.
    fn fate(&self, call: &ClientCall, silent: Option<Silent>) -> Option<Explanation> {
        // The answer that was lost was given in that step, so what had happened by then explains it.
        let heard = match silent {
            Some(Silent::AnswerLostIn(step)) => Self { step, ..*self },
            _ => *self,
        };
        let entry = self.entry_of(call)?;
        let index = entry.position().index;
        match heard.first_entry(index) {
            Some((committed, step, by)) if committed == entry => {
                Some(self.is_committed(index, by, step))
            }
            Some(_) => self.superseded(&entry, call.node),
            // A node that has forgotten its client, or has answered, does not wait for the entry any more.
            None if !matches!(silent, None | Some(Silent::PausedAfter(_))) => None,
            None if !entry.is_in(self.node(call.node).node.log()) => {
                self.deleted_by_asked(call, index)
            }
            None => self.committed(index, None, Some(call.node), false).ok(),
        }
    }

    /// Explains that the node that was asked has deleted the entry at `index` since, and tells the client so once
    /// another is committed there.
    fn deleted_by_asked(&self, call: &ClientCall, index: LogIndex) -> Option<Explanation> {
        let mut steps = self.history().steps_of(call.node, self.step);
        let step = steps.find(|step| {
            let is_later = step.saved && step.step >= call.asked_in;
            is_later && step.events.iter().any(|event| truncates(event, index))
        })?;
        let then = Self { step: step.step, ..*self };
        let deleted = then.truncated(call.node).ok()?;
        Some(Explanation { change: Some(Change::CommitAt { index }), ..deleted })
    }

    /// The entry that the node appended for this call; `None` if it has not taken the command in.
    fn entry_of(&self, call: &ClientCall) -> Option<IndexedEntry> {
        let mut steps = self.history().steps_of(call.node, self.step);
        steps.find_map(|step| {
            let nth = step.tickets().position(|ticket| ticket == Some(call.ticket))?;
            step.events.iter().find_map(|event| match *event {
                Event::Appended { first, term, .. } => {
                    let at = LogPosition { term, index: first.plus(nth) };
                    Some(IndexedEntry::of_command(at, &call.command))
                }
                _ => None,
            })
        })
    }
}
