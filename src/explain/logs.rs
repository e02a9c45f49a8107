//! Why entries were deleted, refused or acknowledged.

use super::election_votes::{has_better_log, has_voted_for_another};
use super::{Asked, Change, Explanation, Finding, Ground, Unanswerable};
use crate::raft::{Envelope, Event, Facts, LogIndex, LogPosition, Message, NodeId, Outcome, Rule};
use crate::record::history::{SentMessage, StepRecord};

impl Asked<'_, '_> {
    /// Explains why `to` refused what `from` had sent, the last time it did.
    pub(super) fn refused(&self, from: NodeId, to: NodeId) -> Result<Explanation, Unanswerable> {
        let refuses = |event: &Event| {
            matches!(event, Event::VoteRefused { .. } | Event::EntriesRefused { .. })
        };
        let is_from = |sent: &SentMessage| sent.envelope.from == from;
        let mut steps = self.steps_of(to).filter(|step| step.heard().is_some_and(is_from));
        let step = steps.find(|step| step.events.iter().any(refuses));
        let step = step.ok_or_else(|| self.never())?;
        let sent = step.heard().expect("what is refused was received");
        let mut grounds = Ground::of(&step, &Rule::ALL);
        grounds.retain(|ground| ground.verdict.outcome == Outcome::Refused);
        // That the timer was not started over is a consequence of the refusal, not a reason.
        grounds.retain(|ground| ground.verdict.rule != Rule::TimerResetOnlyByAuthority);
        // The first refusal ends the turn, so what the rules after it would have refused has no verdict.
        let (is_given, log) = self.vote_needs(&step, &sent.envelope);
        let sent_from = self.lacks_prev(&step, &sent.envelope);
        let change = grounds.first().and_then(|ground| match ground.verdict.facts {
            Facts::Terms { own, .. } if is_given => Some(Change::LaterTerm { after: own, log }),
            Facts::Terms { own, .. } => Some(Change::Term { least: own, log, sent_from }),
            Facts::Vote { term, .. } => Some(Change::LaterTerm { after: term, log }),
            Facts::Logs { own, .. } => Some(Change::Log { least: own }),
            Facts::PrevEntry { prev, .. } => Some(Change::EarlierEntry { index: prev.index }),
            _ => None,
        });
        let (message, written_in) = (sent.envelope.message.kind(), sent.written_in);
        let unsent = is_unsent(&step, from);
        Ok(Explanation {
            decided_in: Some(step.step),
            grounds,
            change,
            ..self.answer(Finding::Refused { from, to, message, written_in, unsent })
        })
    }

    /// What stood in the way of a vote when this request arrived: whether the vote in the voter's term was given
    /// to another, and the end of the voter's log, if that is more up to date.
    fn vote_needs(&self, step: &StepRecord<'_>, asks: &Envelope) -> (bool, Option<LogPosition>) {
        let Message::RequestVote(request) = &asks.message else { return (false, None) };
        let Some(voter) = self.states.node_at(step.node, step.step - 1) else {
            return (false, None);
        };
        let is_behind = has_better_log(&voter.node, request.last_log());
        let own = voter.node.last();
        (has_voted_for_another(&voter.node, asks.from), is_behind.then_some(own))
    }

    /// The index before which entries would have had to be sent, if the log lacked the one before those that this
    /// request brought.
    fn lacks_prev(&self, step: &StepRecord<'_>, asks: &Envelope) -> Option<LogIndex> {
        let Message::AppendEntries(request) = &asks.message else { return None };
        let follower = self.states.node_at(step.node, step.step - 1)?;
        let (log, prev) = (follower.node.log(), request.prev_log());
        let (found, last) = (log.term_at(prev.index), follower.node.last().index);
        let facts = Facts::PrevEntry { prev, found, last };
        let rules = follower.node.settings().rules;
        let verdict = rules.verdict(Rule::LogMatchingCheck, log.contains(prev), facts);
        (verdict.outcome == Outcome::Refused).then_some(prev.index)
    }

    /// Explains why a node deleted entries, the last time it did.
    pub(super) fn truncated(&self, id: NodeId) -> Result<Explanation, Unanswerable> {
        let deleted = self.latest(id, |event| match *event {
            Event::Truncated { from, to } => Some((from, to)),
            _ => None,
        });
        let (step, (from, to)) = deleted.ok_or_else(|| self.never())?;
        let before = self.states.node_at(id, step.step - 1);
        let position = |index| {
            let term = before.as_ref().and_then(|stood| stood.node.log().term_at(index));
            LogPosition { term: term.unwrap_or_default(), index }
        };
        let rules = [Rule::ConflictTruncates, Rule::TruncateOnlyOnConflict, Rule::LeaderAppendOnly];
        let grounds = Ground::of(&step, &rules);
        let change = grounds.iter().find_map(|ground| match ground.verdict.facts {
            Facts::Conflict { leader, own } => {
                Some(Change::SameEntry { index: leader.index, term: own })
            }
            _ => None,
        });
        let (from, to) = (position(from), position(to));
        Ok(Explanation {
            decided_in: Some(step.step),
            grounds,
            change,
            ..self.answer(Finding::Truncated { node: id, from, to })
        })
    }

    /// Explains why a node acknowledged what it did, the last time.
    pub(super) fn acknowledged(&self, id: NodeId) -> Result<Explanation, Unanswerable> {
        let accepted = self.latest(id, |event| match *event {
            Event::EntriesAccepted { acknowledged, .. } => Some(acknowledged),
            _ => None,
        });
        let (step, index) = accepted.ok_or_else(|| self.never())?;
        let sent = &step.heard().expect("what is accepted was received").envelope;
        let Message::AppendEntries(request) = &sent.message else {
            unreachable!("only AppendEntries are accepted")
        };
        let (prev, count) = (request.prev_log(), request.entries.len());
        let (to, unsent) = (sent.from, is_unsent(&step, sent.from));
        let rules =
            [Rule::LogMatchingCheck, Rule::ConflictTruncates, Rule::AcknowledgeOnlyVerified];
        Ok(Explanation {
            decided_in: Some(step.step),
            grounds: Ground::of(&step, &rules),
            ..self.answer(Finding::Acknowledged { node: id, to, index, prev, count, unsent })
        })
    }
}

/// Whether a crash kept the reply that a step wrote from leaving.
fn is_unsent(step: &StepRecord<'_>, to: NodeId) -> bool {
    let mut replies = step.messages.iter().filter(|sent| sent.envelope.to == to);
    replies.any(|sent| sent.left_in.is_none())
}
