//! Why a node leads, why it does not, and why it gave up.

use super::election_votes::{Campaign, vote_counts};
use super::{Asked, Change, Explanation, Finding, Ground, Standing, Unanswerable};
use crate::raft::{Event, Facts, Message, NodeId, Outcome, Role, RoleKind, Rule, Term, Verdict};
use crate::record::deed::Deed;
use crate::record::history::NodeState;

impl Asked<'_, '_> {
    /// Explains why a node leads or does not; `expected` says which of these the question assumes.
    pub(super) fn leads(&self, id: NodeId, expected: bool) -> Result<Explanation, Unanswerable> {
        let stood = self.node(id);
        let leads = stood.up && stood.node.is_leader();
        let answer = if leads { self.is_leader(id) } else { self.no_leader(id)? };
        Ok(Explanation { paused: self.paused(id), contradicts: leads != expected, ..answer })
    }

    fn is_leader(&self, id: NodeId) -> Explanation {
        let current = self.node(id).node.current_term();
        let won = self.latest(id, |event| match event {
            Event::BecameLeader { term } => Some(*term),
            _ => None,
        });
        let term = won.as_ref().map_or(current, |(_, term)| *term);
        let campaign = self.campaign(id).unwrap_or(Campaign { candidate: id, term, began: 1 });
        let votes = self.votes(campaign);
        let mut grounds = self.given_against_rules(campaign);
        grounds.extend(won.iter().flat_map(|(step, _)| vote_counts(step)));
        // Only without higher-term-steps-down does a leader come to a later term.
        let now = Some(current).filter(|&now| now != term);
        let rule = Rule::HigherTermStepsDown;
        let adopted = self.steps_of(id).map(|step| Ground::of(&step, &[rule]));
        let adopted = adopted.filter(|grounds| now.is_some() && !grounds.is_empty());
        grounds.extend(adopted.take(1).flatten());
        Explanation {
            decided_in: won.as_ref().map(|(step, _)| step.step),
            grounds,
            others: self.voters(campaign, &votes),
            ..self.answer(Finding::Leads { node: id, term, votes, now })
        }
    }

    fn no_leader(&self, id: NodeId) -> Result<Explanation, Unanswerable> {
        let stood = self.node(id);
        if !stood.up {
            let change = Some(Change::Restart { node: id, index: None });
            let down = Finding::Down { node: id, elsewhere: None };
            return Ok(Explanation { change, ..self.answer(down) });
        }
        let same_life = |campaign: &Campaign| {
            let began = self.states.node_at(id, campaign.began);
            began.is_some_and(|it| it.starts == stood.starts)
        };
        let campaign = self.campaign(id).filter(same_life);
        if campaign.is_none() && stood.starts > 1 {
            let leader = self.leading(&stood);
            return Ok(Explanation {
                decided_in: self.last_after(|deed| *deed == Deed::Restart { node: id }),
                change: Some(Change::Timeout { node: id }),
                ..self.answer(Finding::StartedAgain { node: id, leader })
            });
        }
        let Some(campaign) = campaign else {
            let leader = self.leading(&stood);
            // Looks for what last started its timer over, not for what was ignored since.
            let rule = Rule::TimerResetOnlyByAuthority;
            let timer = self.latest(id, |event| match event {
                Event::Checked(Verdict { rule: asked, outcome, .. }) => {
                    (*asked == rule && *outcome != Outcome::Refused).then_some(())
                }
                _ => None,
            });
            let mut grounds = timer.map_or_else(Vec::new, |(step, ())| Ground::of(&step, &[rule]));
            grounds.retain(|ground| ground.verdict.outcome != Outcome::Refused);
            return Ok(Explanation {
                decided_in: timer.map(|(step, ())| step.step),
                grounds,
                change: Some(Change::Timeout { node: id }),
                ..self.answer(Finding::NeverCampaigned { node: id, leader })
            });
        };
        let won = |event: &Event| matches!(event, Event::BecameLeader { .. });
        if self.steps_since(campaign).any(|step| step.events.iter().any(won)) {
            let change = Some(Change::Timeout { node: id });
            return Ok(Explanation { change, ..self.stepped_down(id)? });
        }
        Ok(self.too_few_votes(campaign))
    }

    /// The leader that a node follows, if that leader is up, runs, leads in the same term, and reaches the node.
    fn leading(&self, stood: &NodeState<'_>) -> Option<NodeId> {
        let term = stood.node.current_term();
        stood.node.leader().filter(|&leader| {
            let there = self.node(leader);
            let network = self.history().network_at(self.step);
            let leads = there.up && !there.paused && there.node.is_leader();
            leads
                && !network.loses_all(leader, stood.node.id())
                && there.node.current_term() == term
        })
    }

    fn too_few_votes(&self, campaign: Campaign) -> Explanation {
        let Campaign { candidate: id, term, .. } = campaign;
        let stood = self.node(id);
        let votes = self.votes(campaign);
        let quorum = self.steps_since(campaign).flat_map(|step| vote_counts(&step)).next();
        // What the candidate has counted, whatever rules are broken.
        let have = quorum.as_ref().map_or(votes.len(), |ground| match ground.verdict.facts {
            Facts::Quorum { have, .. } => have,
            _ => votes.len(),
        });
        let need = stood.node.settings().majority();
        let others = self.voters(campaign, &votes);
        let more = need.saturating_sub(have);
        let may_come_again = others.iter().any(|other| self.may_come_again(other, campaign));
        let may_come =
            |other: &&Standing| self.may_come(other, campaign) || may_come_again && !other.counted;
        let missing = others.iter().filter(may_come).map(|other| other.node);
        let missing: Vec<NodeId> = missing.collect();
        let campaigns = matches!(stood.node.role(), Role::Candidate { .. })
            && stood.node.current_term() == term;
        let ended = if campaigns { None } else { self.ended(campaign) };
        // No vote counts once the campaign is over.
        let change = Some(if !campaigns {
            Change::Timeout { node: id }
        } else if missing.len() < more && !may_come_again {
            Change::LaterElection { term }
        } else {
            Change::Votes { more, missing }
        });
        let mut grounds: Vec<Ground> = quorum.clone().into_iter().collect();
        if let Some(step) = ended.and_then(|step| self.history().step(step)) {
            let rules = [Rule::HigherTermStepsDown, Rule::CandidateYieldsToLeader];
            grounds.extend(Ground::of(&step, &rules));
        }
        let finding = Finding::TooFewVotes { node: id, term, have, need, ended_in: ended };
        let decided_in = ended.or_else(|| quorum.and_then(|ground| ground.step));
        Explanation { decided_in, grounds, others, change, ..self.answer(finding) }
    }

    /// The step in which a campaign ended without a winner: the candidate stopped being one or, without
    /// `higher-term-steps-down`, came to a later term, in which no vote for it counts.
    fn ended(&self, campaign: Campaign) -> Option<u64> {
        let ends = |event: &Event| {
            matches!(
                event,
                Event::RoleChanged { from: RoleKind::Candidate, .. } | Event::TermAdvanced { .. }
            )
        };
        let since = self.steps_since(campaign).filter(|step| step.step > campaign.began);
        since.filter(|step| step.events.iter().any(ends)).map(|step| step.step).last()
    }

    /// Explains why a node gave up leading or campaigning.
    pub(super) fn stepped_down(&self, id: NodeId) -> Result<Explanation, Unanswerable> {
        let found = self.latest(id, |event| match *event {
            Event::RoleChanged { from, to: RoleKind::Follower, term } => Some((from, term)),
            _ => None,
        });
        let (step, (role, term)) = found.ok_or_else(|| self.never())?;
        let grounds =
            Ground::of(&step, &[Rule::HigherTermStepsDown, Rule::CandidateYieldsToLeader]);
        let own = grounds.iter().find_map(|ground| match ground.verdict.facts {
            Facts::Terms { own: term, .. } | Facts::Leader { term, .. } => Some(term.get()),
            _ => None,
        });
        // A candidate yields to the leader of its own term too.
        let heard = step.heard().map(|sent| &sent.envelope.message);
        let from_leader = matches!(heard, Some(Message::AppendEntries(_)));
        let yields = role == RoleKind::Candidate && from_leader;
        let most = own.map(|own| own - u64::from(yields)).filter(|&most| most > 0);
        Ok(Explanation {
            decided_in: Some(step.step),
            grounds,
            change: most.map(|most| Change::NoLaterTerm { most: Term::new(most) }),
            ..self.answer(Finding::SteppedDown { node: id, role, term })
        })
    }
}
