//! What all answers read of the history, up to the step that is asked about.

use super::{Explanation, Finding, Ground, Question, Standing, Unanswerable};
use crate::raft::{Event, NodeId, Rule};
use crate::record::History;
use crate::record::deed::Deed;
use crate::record::history::{NodeState, SentMessage, States, StepRecord};

/// A question that is being answered.
#[derive(Clone, Copy)]
pub(super) struct Asked<'q, 'h> {
    pub(super) states: &'q States<'h>,
    pub(super) step: u64,
    pub(super) question: &'q Question,
}

impl<'h> Asked<'_, 'h> {
    pub(super) const fn history(&self) -> &'h History {
        self.states.history()
    }

    pub(super) fn answer(&self, finding: Finding) -> Explanation {
        Explanation {
            question: self.question.clone(),
            step: self.step,
            contradicts: false,
            finding,
            paused: None,
            decided_in: None,
            grounds: Vec::new(),
            others: Vec::new(),
            change: None,
            follows_from: None,
        }
    }

    pub(super) fn never(&self) -> Unanswerable {
        let (question, step) = (self.question.clone(), self.step);
        Unanswerable::NotHappened { question, step, others: Vec::new() }
    }

    pub(super) fn node(&self, id: NodeId) -> NodeState<'static> {
        let stood = self.states.node_at(id, self.step);
        stood.expect("the question names nodes and a step that there are")
    }

    /// The node and the step after which it was paused, if it is paused.
    pub(super) fn paused(&self, id: NodeId) -> Option<(NodeId, u64)> {
        let after = || self.last_after(|deed| *deed == Deed::Pause { node: id });
        self.node(id).paused.then(after).flatten().map(|after| (id, after))
    }

    /// The step after which such a deed was done last, by the step that was asked about.
    pub(super) fn last_after(&self, is_it: impl Fn(&Deed) -> bool) -> Option<u64> {
        let deeds = self.history().deeds_from(0, self.step);
        deeds.rev().find_map(|(after, _, deed)| is_it(deed).then_some(after))
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        NodeId::all(self.history().header().nodes)
    }

    /// The steps of a node up to the one that was asked about, the latest first, without those that a crash has
    /// undone by then.
    pub(super) fn steps_of(&self, id: NodeId) -> impl Iterator<Item = StepRecord<'h>> + use<'h> {
        let (history, until) = (self.history(), self.step);
        let is_undone = move |step: &StepRecord<'_>| {
            let mut crashes = history.crashes(id, step.step - 1, until);
            !step.saved && crashes.any(|after| after >= step.step)
        };
        history.steps_of(id, until).rev().filter(move |step| !is_undone(step))
    }

    /// The latest step of a node in which something happened, and what it was.
    pub(super) fn latest<T>(
        &self,
        id: NodeId,
        what: impl Fn(&Event) -> Option<T>,
    ) -> Option<(StepRecord<'h>, T)> {
        self.steps_of(id).find_map(|step| {
            let happened = step.events.iter().rev().find_map(&what)?;
            Some((step, happened))
        })
    }

    /// How every other node stands to `center`, which counts them.
    pub(super) fn others(
        &self,
        center: NodeId,
        stands: impl Fn(NodeId, &mut Standing),
    ) -> Vec<Standing> {
        let network = self.history().network_at(self.step);
        let flying = self.states.in_flight(self.step);
        let others = self.ids().filter(|&id| id != center).map(|node| {
            let stood = self.node(node);
            let both = [(center, node), (node, center)];
            let between =
                |sent: &&&SentMessage| both.contains(&(sent.envelope.from, sent.envelope.to));
            let between = || flying.iter().filter(between);
            let mut standing = Standing {
                node,
                up: stood.up,
                paused: stood.paused,
                counted: false,
                holds: None,
                link: (!network.loses_all(center, node), !network.loses_all(node, center)),
                in_flight: between().map(|sent| sent.message).collect(),
                in_flight_to: between().filter(|sent| sent.envelope.to == node).count(),
                refused: None,
                uncounted: None,
            };
            stands(node, &mut standing);
            standing
        });
        others.collect()
    }
}

impl Ground {
    /// The verdicts of some rules in a step.
    pub(super) fn of(step: &StepRecord<'_>, rules: &[Rule]) -> Vec<Self> {
        let from = step.heard().map(|sent| sent.envelope.from);
        let verdicts = step.events.iter().filter_map(|event| match event {
            Event::Checked(verdict) if rules.contains(&verdict.rule) => Some(*verdict),
            _ => None,
        });
        verdicts
            .map(|verdict| Self { step: Some(step.step), node: step.node, from, verdict })
            .collect()
    }
}
