//! The votes of a campaign: which ones were counted, what became of the others, and which can still come.

use super::{Asked, Ground, Standing, Uncounted};
use crate::raft::{
    Event, Facts, LogPosition, Message, NodeId, Outcome, RaftNode, RequestVote, Rule, Term,
};
use crate::record::history::{SentMessage, StepRecord};

/// The rules by which a vote is refused.
const VOTE_RULES: &[Rule] =
    &[Rule::StaleTermRejected, Rule::OneVotePerTerm, Rule::UpToDateLog, Rule::TermBeforeLength];

/// A campaign. A term does not tell it apart: a candidate whose disk was lost, or without `new-term-per-election`,
/// may campaign twice in one.
#[derive(Clone, Copy)]
pub(super) struct Campaign {
    pub(super) candidate: NodeId,
    pub(super) term: Term,
    /// The step in which it began. The candidate asks for votes in that step and never again.
    pub(super) began: u64,
}

impl<'h> Asked<'_, 'h> {
    /// The last campaign of a node, if it has campaigned.
    pub(super) fn campaign(&self, candidate: NodeId) -> Option<Campaign> {
        let (began, term) = self.latest(candidate, |event| match event {
            Event::ElectionStarted { term, .. } => Some(*term),
            _ => None,
        })?;
        Some(Campaign { candidate, term, began: began.step })
    }

    /// The steps of the candidate since the campaign began, the latest first.
    pub(super) fn steps_since(
        &self,
        campaign: Campaign,
    ) -> impl Iterator<Item = StepRecord<'h>> + use<'h> {
        let steps = self.steps_of(campaign.candidate);
        steps.take_while(move |step| step.step >= campaign.began)
    }

    /// The votes that a candidate counted in a campaign, each with its step. Its own vote counts from the step in
    /// which it campaigned, also if a broken rule keeps it from writing that vote down.
    pub(super) fn votes(&self, campaign: Campaign) -> Vec<(NodeId, u64)> {
        let mut votes: Vec<_> = self
            .steps_since(campaign)
            .flat_map(|step| step.events.iter().rev().map(move |event| (step.step, event)))
            .filter_map(|(step, event)| match *event {
                Event::VoteCounted { from, .. } => Some((from, step)),
                Event::ElectionStarted { .. } => Some((campaign.candidate, step)),
                _ => None,
            })
            .collect();
        votes.reverse();
        votes
    }

    /// The verdicts of broken rules that would have refused votes which this campaign has counted.
    pub(super) fn given_against_rules(&self, campaign: Campaign) -> Vec<Ground> {
        let counted = |step: &StepRecord<'_>| {
            step.events.iter().any(|event| matches!(event, Event::VoteCounted { .. }))
        };
        let steps = self.steps_since(campaign).filter(counted);
        let given = steps.filter_map(|step| self.history().step(step.heard()?.written_in));
        let mut grounds: Vec<Ground> =
            given.flat_map(|step| Ground::of(&step, VOTE_RULES)).collect();
        grounds.retain(|ground| ground.verdict.outcome == Outcome::Overridden);
        grounds.reverse();
        grounds
    }

    /// How the other nodes stand to a candidate that has counted these votes.
    pub(super) fn voters(&self, campaign: Campaign, votes: &[(NodeId, u64)]) -> Vec<Standing> {
        self.others(campaign.candidate, |node, standing| {
            standing.counted = votes.iter().any(|(voter, _)| *voter == node);
            if standing.counted {
                return;
            }
            let uncounted = self.uncounted(standing, campaign);
            // Who has given its vote may refuse a copy of the request that comes later.
            let is_given = matches!(
                uncounted,
                Uncounted::VoteUnderWay { .. }
                    | Uncounted::VoteLost { .. }
                    | Uncounted::Late { .. }
            );
            standing.refused = self.refusal(node, campaign).filter(|_| !is_given);
            standing.uncounted = standing.refused.is_none().then_some(uncounted);
        })
    }

    /// The requests for this voter's vote.
    fn requests(&self, voter: NodeId, campaign: Campaign) -> impl Iterator<Item = &'h SentMessage> {
        let began = self.history().step(campaign.began).into_iter();
        began.flat_map(|step| step.messages).filter(move |sent| {
            sent.envelope.to == voter && matches!(sent.envelope.message, Message::RequestVote(_))
        })
    }

    /// The messages that are in flight between the center and another node.
    fn flying(&self, other: &Standing) -> impl Iterator<Item = &'h SentMessage> {
        let history = self.history();
        other.in_flight.iter().filter_map(move |&message| history.message(message))
    }

    /// What became of the vote of a voter, which was neither counted nor refused.
    fn uncounted(&self, other: &Standing, campaign: Campaign) -> Uncounted {
        let (voter, until) = (other.node, self.history().moment_end(self.step));
        // Also a vote from before the candidate's disk was lost counts, if it is of this term.
        let flies = self.flying(other).filter(|sent| grants(&sent.envelope.message, campaign.term));
        if let Some(vote) = flies.last() {
            return Uncounted::VoteUnderWay { given: vote.written_in };
        }
        let lost =
            |sent: &SentMessage| sent.lost(until).map(|step| step.min(self.history().last()));
        let answers = self.requests(voter, campaign).flat_map(|sent| &sent.received_in);
        let answers = answers.filter(|step| **step <= self.step);
        let answers = answers.filter_map(|&step| self.history().step(step));
        let given = answers.flat_map(|step| step.messages).filter(|sent| {
            let message = &sent.envelope.message;
            sent.left_in.is_some() && grants(message, message.term())
        });
        if let Some(vote) = given.max_by_key(|vote| vote.written_in) {
            let given = vote.written_in;
            return match (vote.arrived(until), lost(vote)) {
                (Some(came), _) => Uncounted::Late { given, came },
                (None, Some(lost)) => Uncounted::VoteLost { given, lost },
                (None, None) => Uncounted::VoteUnderWay { given },
            };
        }
        let asked = self.requests(voter, campaign).last();
        let Some(asked) = asked else { return Uncounted::NotAsked };
        match (asked.arrived(until), lost(asked)) {
            (Some(arrived), _) => Uncounted::Unanswered { arrived },
            (None, Some(lost)) => Uncounted::RequestLost { lost },
            (None, None) => Uncounted::RequestUnderWay { asked: asked.written_in },
        }
    }

    /// The verdict by which a voter refused the vote that the candidate asked for in this campaign.
    fn refusal(&self, voter: NodeId, campaign: Campaign) -> Option<Ground> {
        let candidate = campaign.candidate;
        let steps = self.steps_of(voter).take_while(|step| step.step >= campaign.began);
        let mut steps = steps.filter(|step| {
            step.heard()
                .is_some_and(|it| it.envelope.from == candidate && it.written_in == campaign.began)
        });
        let refused =
            |event: &Event| matches!(event, Event::VoteRefused { to, .. } if *to == candidate);
        let step = steps.find(|step| step.events.iter().any(refused))?;
        Ground::of(&step, VOTE_RULES).into_iter().next_back()
    }

    /// Whether the vote of another node may still be counted: it is in flight, or a request for it is, and the voter
    /// would give it as it stands. That holds of a copy of a message that has arrived, too, and of a message from before
    /// the candidate's disk was lost.
    pub(super) fn may_come(&self, other: &Standing, campaign: Campaign) -> bool {
        let Campaign { candidate, term, .. } = campaign;
        let gives = |asks: &RequestVote| {
            let voter = self.node(other.node).node;
            let is_free = !has_voted_for_another(&voter, candidate);
            let may_vote = voter.current_term() < term || voter.current_term() == term && is_free;
            may_vote && !has_better_log(&voter, asks.last_log())
        };
        let mut flying = self.flying(other).map(|sent| &sent.envelope);
        let may_come = flying.any(|envelope| {
            let gives = match &envelope.message {
                Message::RequestVote(asks) if envelope.from == candidate => {
                    asks.term == term && gives(asks)
                }
                _ => false,
            };
            gives || grants(&envelope.message, term)
        });
        may_come && !other.counted
    }

    /// Whether votes may come that only count without `votes-counted-once-and-in-term`: one that was counted already,
    /// or one of an earlier term.
    pub(super) fn may_come_again(&self, other: &Standing, campaign: Campaign) -> bool {
        let (voter, candidate) = (other.node, campaign.candidate);
        let facts = Facts::VoteReceived { voter, counted_before: true };
        let rules = self.node(candidate).node.settings().rules;
        let verdict = rules.verdict(Rule::VotesCountedOnceAndInTerm, false, facts);
        let mut flying = self.flying(other).map(|sent| &sent.envelope.message);
        verdict.outcome != Outcome::Refused
            && flying.any(|it| grants(it, it.term()) || matches!(it, Message::RequestVote(_)))
    }
}

/// The verdicts of `majority-quorum` on votes in a step.
pub(super) fn vote_counts(step: &StepRecord<'_>) -> Vec<Ground> {
    let mut grounds = Ground::of(step, &[Rule::MajorityQuorum]);
    grounds.retain(|ground| matches!(ground.verdict.facts, Facts::Quorum { .. }));
    grounds
}

/// Whether a node's vote in its term is given to another than this candidate, so that it refuses the candidate.
pub(super) fn has_voted_for_another(voter: &RaftNode, candidate: NodeId) -> bool {
    let (term, voted_for) = (voter.current_term(), voter.voted_for());
    let is_free = voted_for.is_none_or(|voted| voted == candidate);
    let facts = Facts::Vote { term, voted_for, candidate };
    let verdict = voter.settings().rules.verdict(Rule::OneVotePerTerm, is_free, facts);
    verdict.outcome == Outcome::Refused
}

/// Whether a node's log is more up to date than one that ends there, so that it refuses that log's candidate.
pub(super) fn has_better_log(voter: &RaftNode, candidate: LogPosition) -> bool {
    let own = voter.last();
    let refuses = |rule| {
        let facts = Facts::Logs { candidate, own };
        let verdict = voter.settings().rules.verdict(rule, candidate >= own, facts);
        verdict.outcome == Outcome::Refused
    };
    [Rule::UpToDateLog, Rule::TermBeforeLength].into_iter().all(refuses)
}

/// Whether a message gives a vote in this term.
fn grants(message: &Message, term: Term) -> bool {
    message.term() == term && matches!(message, Message::RequestVoteReply(it) if it.vote_granted)
}
