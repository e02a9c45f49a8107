//! Why a node leads, why it does not, and why it gave up.

use super::{Asked, Change, Explanation, Finding, Ground, Standing, Unanswerable, Uncounted};
use crate::raft::{Event, Facts, Message, NodeId, Outcome, Role, RoleKind, Rule, Term, Verdict};
use crate::record::history::{NodeState, SentMessage, StepRecord};

/// The rules by which a vote is refused.
const VOTE_RULES: &[Rule] =
    &[Rule::StaleTermRejected, Rule::OneVotePerTerm, Rule::UpToDateLog, Rule::TermBeforeLength];

impl Asked<'_> {
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
        let votes = self.votes(id, term);
        let mut grounds = won.as_ref().map_or_else(Vec::new, |(step, _)| self.vote_counts(step));
        // Only without higher-term-steps-down does a leader come to a later term.
        let now = Some(current).filter(|&now| now != term);
        let rule = Rule::HigherTermStepsDown;
        let adopted = self.steps_of(id).map(|step| self.grounds(&step, &[rule]));
        let adopted = adopted.filter(|grounds| now.is_some() && !grounds.is_empty());
        grounds.extend(adopted.take(1).flatten());
        Explanation {
            decided_in: won.as_ref().map(|(step, _)| step.step),
            grounds,
            others: self.voters(id, term, &votes),
            ..self.answer(Finding::Leads { node: id, term, votes, now })
        }
    }

    /// The verdicts of `majority-quorum` on votes in a step.
    fn vote_counts(&self, step: &StepRecord<'_>) -> Vec<Ground> {
        let mut grounds = self.grounds(step, &[Rule::MajorityQuorum]);
        grounds.retain(|ground| matches!(ground.verdict.facts, Facts::Quorum { .. }));
        grounds
    }

    /// The votes that a candidate counted in its last campaign, that of `term`, each with its step. Its own
    /// vote comes with the step in which it campaigned.
    fn votes(&self, id: NodeId, term: Term) -> Vec<(NodeId, u64)> {
        let begins = |event: &Event| matches!(event, Event::ElectionStarted { .. });
        let mut campaign: Vec<StepRecord<'_>> = Vec::new();
        for step in self.steps_of(id) {
            campaign.push(step);
            if step.events.iter().any(begins) {
                break;
            }
        }
        let mut votes: Vec<_> = campaign
            .into_iter()
            .flat_map(|step| step.events.iter().rev().map(move |event| (step.step, event)))
            .filter_map(|(step, event)| match *event {
                Event::VoteCounted { from, .. } => Some((from, step)),
                Event::VoteGranted { to, term: of } if to == id && of == term => Some((id, step)),
                _ => None,
            })
            .collect();
        votes.reverse();
        votes
    }

    /// How the other nodes stand to a candidate that has counted these votes.
    fn voters(&self, candidate: NodeId, term: Term, votes: &[(NodeId, u64)]) -> Vec<Standing> {
        self.others(candidate, |node, standing| {
            standing.counted = votes.iter().any(|(voter, _)| *voter == node);
            if standing.counted {
                return;
            }
            let uncounted = self.uncounted(node, candidate, term);
            // Who has given its vote may refuse a copy of the request that comes later.
            let is_given = matches!(
                uncounted,
                Uncounted::VoteUnderWay { .. }
                    | Uncounted::VoteLost { .. }
                    | Uncounted::Late { .. }
            );
            standing.refused = self.refusal(node, candidate, term).filter(|_| !is_given);
            standing.uncounted = standing.refused.is_none().then_some(uncounted);
        })
    }

    /// What became of the vote of `voter`, which was neither counted nor refused.
    fn uncounted(&self, voter: NodeId, candidate: NodeId, term: Term) -> Uncounted {
        let newest = |from, to, is_it: fn(&Message) -> bool| {
            let these = self.history.messages().iter().rev();
            these.skip_while(|sent| sent.written_in > self.step).find(|sent| {
                let (link, message) =
                    ((sent.envelope.from, sent.envelope.to), &sent.envelope.message);
                link == (from, to) && message.term() == term && is_it(message)
            })
        };
        let arrived = |sent: &SentMessage| {
            sent.received_in.first().copied().filter(|&step| step <= self.step)
        };
        let lost = |sent: &SentMessage| {
            let mut lost = sent.lost_in.iter().map(|(step, _)| *step).rev();
            lost.find(|&step| step <= self.step).filter(|_| !sent.is_in_flight(self.step))
        };
        let grants = |it: &Message| matches!(it, Message::VoteResponse(it) if it.vote_granted);
        if let Some(vote) = newest(voter, candidate, grants).filter(|vote| vote.left_in.is_some()) {
            let given = vote.written_in;
            return match (arrived(vote), lost(vote)) {
                (Some(came), _) => Uncounted::Late { given, came },
                (None, Some(lost)) => Uncounted::VoteLost { given, lost },
                (None, None) => Uncounted::VoteUnderWay { given },
            };
        }
        let asked = newest(candidate, voter, |it| matches!(it, Message::VoteRequest(_)));
        // With broken rules, a candidate may ask in another term than that of its campaign.
        let Some(asked) = asked else { return Uncounted::NotAsked };
        match (arrived(asked), lost(asked)) {
            (Some(arrived), _) => Uncounted::Unanswered { arrived },
            (None, Some(lost)) => Uncounted::RequestLost { lost },
            (None, None) => Uncounted::RequestUnderWay { asked: asked.written_in },
        }
    }

    /// The verdict by which `voter` refused the vote that `candidate` asked for in `term`.
    fn refusal(&self, voter: NodeId, candidate: NodeId, term: Term) -> Option<Ground> {
        let mut steps = self.steps_of(voter).filter(|step| {
            let sent = step.received.and_then(|message| self.history.message(message));
            sent.is_some_and(|it| {
                it.envelope.from == candidate && it.envelope.message.term() == term
            })
        });
        let refused =
            |event: &Event| matches!(event, Event::VoteRefused { to, .. } if *to == candidate);
        let step = steps.find(|step| step.events.iter().any(refused))?;
        self.grounds(&step, VOTE_RULES).into_iter().next_back()
    }

    fn no_leader(&self, id: NodeId) -> Result<Explanation, Unanswerable> {
        let stood = self.node(id);
        if !stood.up {
            let change = Some(Change::Restart { node: id, index: None });
            return Ok(Explanation { change, ..self.answer(Finding::Down { node: id }) });
        }
        let campaign = self.latest(id, |event| match event {
            Event::ElectionStarted { term, .. } => Some(*term),
            _ => None,
        });
        let same_life = |step: &StepRecord<'_>| {
            self.history.node_at(id, step.step).is_some_and(|it| it.starts == stood.starts)
        };
        let campaign = campaign.filter(|(began, _)| same_life(began));
        if campaign.is_none() && stood.starts > 1 {
            let leader = self.leading(&stood);
            return Ok(Explanation {
                decided_in: self.history.since(id, self.step, |it| it.starts),
                change: Some(Change::Timeout { node: id }),
                ..self.answer(Finding::StartedAgain { node: id, leader })
            });
        }
        let Some((began, term)) = campaign else {
            let leader = self.leading(&stood);
            // Looks for what last started its timer over, not for what was ignored since.
            let rule = Rule::TimerResetOnlyByAuthority;
            let timer = self.latest(id, |event| match event {
                Event::Checked(Verdict { rule: asked, outcome, .. }) => {
                    (*asked == rule && *outcome != Outcome::Refused).then_some(())
                }
                _ => None,
            });
            let mut grounds =
                timer.map_or_else(Vec::new, |(step, ())| self.grounds(&step, &[rule]));
            grounds.retain(|ground| ground.verdict.outcome != Outcome::Refused);
            return Ok(Explanation {
                decided_in: timer.map(|(step, ())| step.step),
                grounds,
                change: Some(Change::Timeout { node: id }),
                ..self.answer(Finding::NeverCampaigned { node: id, leader })
            });
        };
        let won = |event: &Event| matches!(event, Event::BecameLeader { term: of } if *of == term);
        if self.steps_of(id).any(|step| step.events.iter().any(won)) {
            return self.stepped_down(id);
        }
        Ok(self.too_few_votes(id, term, began.step))
    }

    /// The leader that a node follows, if that leader is up, runs, leads in the same term, and reaches the node.
    fn leading(&self, stood: &NodeState<'_>) -> Option<NodeId> {
        let term = stood.node.current_term();
        stood.node.leader().filter(|&leader| {
            let there = self.node(leader);
            let network = self.history.network_at(self.step);
            let leads = there.up && !there.paused && there.node.is_leader();
            leads
                && !network.loses_all(leader, stood.node.id())
                && there.node.current_term() == term
        })
    }

    fn too_few_votes(&self, id: NodeId, term: Term, began: u64) -> Explanation {
        let stood = self.node(id);
        let votes = self.votes(id, term);
        let (have, need) = (votes.len(), stood.node.settings().majority());
        let others = self.voters(id, term, &votes);
        let missing = others.iter().filter(|other| !other.counted).map(|other| other.node);
        let missing: Vec<NodeId> = missing.collect();
        let more = need.saturating_sub(have);
        // A candidate asks once. A voter that the request has yet to reach has a vote left unless it is in a later
        // term, or has voted for another.
        let may_come = |other: &&Standing| match other.uncounted {
            Some(Uncounted::VoteUnderWay { .. }) => true,
            Some(Uncounted::RequestUnderWay { .. }) => {
                let stood = self.node(other.node);
                let (now, vote) = (stood.node.current_term(), stood.node.voted_for());
                now < term || now == term && vote.is_none_or(|voted| voted == id)
            }
            _ => false,
        };
        let may_come = others.iter().filter(may_come).count();
        let counting = self.steps_of(id).take_while(|step| step.step >= began);
        let quorum = counting.flat_map(|step| self.vote_counts(&step)).next();
        let campaigns = matches!(stood.node.role(), Role::Candidate { .. })
            && stood.node.current_term() == term;
        let ended = if campaigns { None } else { self.ended(id, began) };
        // No vote counts once the campaign is over.
        let change = Some(if !campaigns {
            Change::Timeout { node: id }
        } else if may_come < more {
            Change::LaterElection { term }
        } else {
            Change::Votes { more, missing }
        });
        let mut grounds: Vec<Ground> = quorum.clone().into_iter().collect();
        if let Some(step) = ended.and_then(|step| self.history.step(step)) {
            let rules = [Rule::HigherTermStepsDown, Rule::CandidateYieldsToLeader];
            grounds.extend(self.grounds(&step, &rules));
        }
        let finding = Finding::TooFewVotes { node: id, term, have, need, ended_in: ended };
        let decided_in = ended.or_else(|| quorum.and_then(|ground| ground.step));
        Explanation { decided_in, grounds, others, change, ..self.answer(finding) }
    }

    /// The first step after `began` in which a node stopped being a candidate.
    fn ended(&self, id: NodeId, began: u64) -> Option<u64> {
        let gave_up =
            |event: &Event| matches!(event, Event::RoleChanged { from: RoleKind::Candidate, .. });
        let since = self.steps_of(id).take_while(|step| step.step > began);
        since.filter(|step| step.events.iter().any(gave_up)).map(|step| step.step).last()
    }

    /// Explains why a node gave up leading or campaigning.
    pub(super) fn stepped_down(&self, id: NodeId) -> Result<Explanation, Unanswerable> {
        let found = self.latest(id, |event| match *event {
            Event::RoleChanged { from, to: RoleKind::Follower, term } => Some((from, term)),
            _ => None,
        });
        let (step, (role, term)) = found.ok_or_else(|| self.never())?;
        let grounds =
            self.grounds(&step, &[Rule::HigherTermStepsDown, Rule::CandidateYieldsToLeader]);
        let own = grounds.iter().find_map(|ground| match ground.verdict.facts {
            Facts::Terms { own: term, .. } | Facts::Leader { term, .. } => Some(term.get()),
            _ => None,
        });
        // A candidate yields to the leader of its own term too.
        let heard = step.received.and_then(|message| self.history.message(message));
        let from_leader = heard
            .is_some_and(|sent| matches!(sent.envelope.message, Message::AppendEntriesRequest(_)));
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
