//! What of all that happens in a node moves a story on, and which rules are its reasons.

use super::words::Speaker;
use super::{event_text, message};
use crate::raft::{Event, Facts, MessageKind, Outcome, RaftNode, RoleKind, Rule, Term, Verdict};

/// Whether an event moves the story on. The rest is for those who ask for every step. Where single
/// moves are told, what a follower stores and commits moves it on too, and what a node ignores.
pub(super) fn is_worth_telling(event: &Event, node: &RaftNode, by_hand: bool) -> bool {
    match *event {
        Event::ElectionStarted { .. }
        | Event::TermsExhausted
        | Event::VoteRefused { .. }
        | Event::BecameLeader { .. }
        | Event::Appended { .. }
        | Event::Truncated { .. }
        | Event::EntriesRefused { .. }
        | Event::BackedOff { .. } => true,
        Event::VoteGranted { to, .. } => to != node.id(),
        Event::RoleChanged { from, to, .. } => {
            to == RoleKind::Follower && from != RoleKind::Follower
        }
        Event::CommitAdvanced { .. } => node.is_leader() || by_hand,
        Event::EntriesAccepted { new_from, .. } => new_from.is_some() && by_hand,
        Event::Ignored { .. } => by_hand,
        _ => false,
    }
}

/// Whether an event that is worth telling is one without which the run would have gone another way, so that it is
/// told in brief too. The rest follows from those, and from what clients asked for and were told.
pub(super) const fn is_turning_point(event: &Event) -> bool {
    !matches!(
        event,
        Event::VoteGranted { .. }
            | Event::Appended { .. }
            | Event::CommitAdvanced { .. }
            | Event::BackedOff { .. }
    )
}

/// Whether a verdict is the reason for an event: a refusal has one, a deed may have several.
pub(super) fn is_reason(event: &Event, verdict: &Verdict) -> bool {
    let refusal = matches!(
        event,
        Event::VoteRefused { .. } | Event::EntriesRefused { .. } | Event::Ignored { .. }
    );
    let is_spared = matches!(event, Event::EntriesAccepted { .. }) && spares(verdict);
    is_spared
        || reasons(event).contains(&verdict.rule)
            && (!refusal || verdict.outcome == Outcome::Refused)
}

/// Whether a kept rule left the end of a log as it was, or out of an acknowledgement.
pub(super) const fn spares(verdict: &Verdict) -> bool {
    matches!(verdict.rule, Rule::TruncateOnlyOnConflict | Rule::AcknowledgeOnlyVerified)
        && matches!(verdict.outcome, Outcome::Holds)
}

/// The rules whose verdicts are the reason for an event.
const fn reasons(event: &Event) -> &'static [Rule] {
    match event {
        Event::VoteGranted { .. } => &[Rule::OneVotePerTerm, Rule::UpToDateLog],
        Event::VoteRefused { .. } => {
            &[Rule::OneVotePerTerm, Rule::UpToDateLog, Rule::StaleTermRejected]
        }
        Event::BecameLeader { .. } => &[Rule::MajorityQuorum],
        Event::RoleChanged { .. } => &[Rule::HigherTermStepsDown, Rule::CandidateYieldsToLeader],
        Event::CommitAdvanced { .. } => {
            &[Rule::MajorityQuorum, Rule::CommitOnlyCurrentTerm, Rule::CommitOnlyVerified]
        }
        Event::EntriesAccepted { .. } => &[Rule::LogMatchingCheck, Rule::AcknowledgeOnlyVerified],
        Event::Truncated { .. } => &[Rule::ConflictTruncates, Rule::LeaderAppendOnly],
        Event::EntriesRefused { .. } => &[Rule::LogMatchingCheck, Rule::StaleTermRejected],
        Event::Ignored { .. } => {
            &[Rule::VotesCountedOnceAndInTerm, Rule::RepliesMatchedToTerm, Rule::MatchIndexMonotone]
        }
        _ => &[],
    }
}

/// A message of an older term.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooOld {
    pub(super) kind: MessageKind,
    pub(super) message: Term,
    own: Term,
}

impl TooOld {
    /// Its refusal, in one line: its reason is its whole story.
    pub(super) fn sentence(&self, speaker: Speaker) -> String {
        let Self { message, own, .. } = self;
        let (node, sender, kind) = (speaker.node, speaker.sender(), message::kind(self.kind));
        let rule = Rule::StaleTermRejected;
        let section = event_text::section(rule);
        format!(
            "refuses {sender}'s {kind} of term {message}: {node} is in term {own} ({rule}, {section})"
        )
    }
}

/// Whether an event is the refusal of a message of an older term.
pub(super) fn too_old(event: &Event, verdicts: &[Verdict]) -> Option<TooOld> {
    let kind = match event {
        Event::VoteRefused { .. } => MessageKind::VoteRequest,
        Event::EntriesRefused { .. } => MessageKind::AppendEntriesRequest,
        _ => return None,
    };
    let stale = |verdict: &&Verdict| {
        verdict.rule == Rule::StaleTermRejected && verdict.outcome == Outcome::Refused
    };
    let Facts::Terms { message, own } = verdicts.iter().find(stale)?.facts else { return None };
    Some(TooOld { kind, message, own })
}
