//! The choice of events that move a story on, and of the rules that are their reasons.

use super::words::Speaker;
use super::{event_text, message};
use crate::raft::{Event, Facts, MessageKind, Outcome, RaftNode, RoleKind, Rule, Term, Verdict};

/// Whether an event moves the story on. The other events are only for readers who ask for every step. In a
/// run moved by hand, what a follower stores and commits counts too, and what a node ignores.
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

/// Whether an event is what a message did to its receiver.
pub(super) const fn is_effect(event: &Event) -> bool {
    matches!(
        event,
        Event::VoteCounted { .. }
            | Event::VoteDenied { .. }
            | Event::LeaderRecognised { .. }
            | Event::EntriesAccepted { .. }
            | Event::Matched { .. }
    )
}

/// Whether an event that is worth telling is told in brief too, because it decides how the run goes on. The
/// other events follow from these, and from what clients asked for and were told.
pub(super) const fn is_turning_point(event: &Event) -> bool {
    !matches!(
        event,
        Event::VoteGranted { .. }
            | Event::Appended { .. }
            | Event::CommitAdvanced { .. }
            | Event::BackedOff { .. }
    )
}

/// Whether a verdict is a reason for an event. Only a verdict that refused is a reason for a refusal.
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

/// Whether a rule held that keeps the end of a log from being deleted, or from being acknowledged unverified.
pub(super) const fn spares(verdict: &Verdict) -> bool {
    matches!(verdict.rule, Rule::TruncateOnlyOnConflict | Rule::AcknowledgeOnlyVerified)
        && matches!(verdict.outcome, Outcome::Holds)
}

/// What a node does after a refusal that causes no event, if that is told: nothing changes, and this matters.
pub(super) fn without_event(verdict: &Verdict, by_hand: bool) -> Option<String> {
    match (verdict.rule, verdict.facts) {
        _ if verdict.outcome != Outcome::Refused => None,
        (Rule::CommitOnlyCurrentTerm, Facts::EntryTerm { entry, .. }) => Some(format!(
            "does not commit {entry}, an entry of an older term that a majority holds (§5.4.2)"
        )),
        (Rule::MatchIndexMonotone, _) if by_hand => Some("takes no notice:".to_owned()),
        _ => None,
    }
}

/// The rules whose verdicts can be the reason for an event.
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
    /// The refusal with its reason, in one sentence.
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

/// Returns the message of an older term, if the event is its refusal.
pub(super) fn too_old(event: &Event, verdicts: &[Verdict]) -> Option<TooOld> {
    let kind = match event {
        Event::VoteRefused { .. } => MessageKind::RequestVote,
        Event::EntriesRefused { .. } => MessageKind::AppendEntries,
        _ => return None,
    };
    let stale = |verdict: &&Verdict| {
        verdict.rule == Rule::StaleTermRejected && verdict.outcome == Outcome::Refused
    };
    let Facts::Terms { message, own } = verdicts.iter().find(stale)?.facts else { return None };
    Some(TooOld { kind, message, own })
}

/// The verdicts among these events.
pub(super) fn verdicts(events: &[Event]) -> Vec<Verdict> {
    let verdict = |event: &Event| if let Event::Checked(it) = event { Some(*it) } else { None };
    events.iter().filter_map(verdict).collect()
}

/// An event of a node with its name in front; the refusal of a message of an older term with its reason.
pub(super) fn sentence(speaker: Speaker, event: &Event, verdicts: &[Verdict]) -> String {
    let old = too_old(event, verdicts).map(|old| old.sentence(speaker));
    format!("{} {}", speaker.node, old.unwrap_or_else(|| event_text::event(speaker, event)))
}
