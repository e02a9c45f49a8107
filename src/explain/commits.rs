//! Why an entry is committed, and why it is not.

use super::entry::IndexedEntry;
use super::{Asked, Explanation, Finding, Ground, Holding, Standing, Unanswerable};
use crate::raft::{Event, LogIndex, LogPosition, Message, NodeId, Role, Rule, Term};
use crate::record::history::{NodeCondition, NodeState, SentMessage, StepRecord};
use crate::server::status::{NodeStatus, leader_of};

pub(super) const COMMIT_RULES: &[Rule] =
    &[Rule::MajorityQuorum, Rule::CommitOnlyCurrentTerm, Rule::CommitOnlyVerified];

impl Asked<'_, '_> {
    /// Explains why the entry at `index`, of this `term` if one is named, is committed or not. `expected`
    /// says which of these the question assumes.
    pub(super) fn committed(
        &self,
        index: LogIndex,
        term: Option<Term>,
        on: Option<NodeId>,
        expected: bool,
    ) -> Result<Explanation, Unanswerable> {
        let nodes: Vec<NodeState<'_>> = self.ids().map(|id| self.node(id)).collect();
        let last = nodes.iter().map(|stood| stood.node.last().index).max().unwrap_or_default();
        let entry = term.map(|term| LogPosition { term, index });
        if index > last {
            let deleted = entry.and_then(|entry| self.deleted(entry, on, &[]));
            let answer = deleted.ok_or(Unanswerable::NoSuchEntry { index, last })?;
            return Ok(Explanation { contradicts: expected, ..answer });
        }
        let another = entry.and_then(|entry| self.another(entry, on, &nodes));
        let found = || self.at_index(index, entry, on, &nodes);
        let (answer, committed) = another.map_or_else(found, |answer| (answer, false));
        let paused = on.and_then(|id| self.paused(id));
        Ok(Explanation { paused, contradicts: committed != expected, ..answer })
    }

    /// Explains why what stands at `index` is committed or not, and says which. If `entry` is named, that
    /// is what stands there.
    fn at_index(
        &self,
        index: LogIndex,
        entry: Option<LogPosition>,
        on: Option<NodeId>,
        nodes: &[NodeState<'_>],
    ) -> (Explanation, bool) {
        let commits = |stood: &NodeState<'_>| stood.up && stood.node.commit_index() >= index;
        let committed = match on {
            Some(id) if commits(&nodes[id.index()]) => Some((self.learned(id, index), id)),
            Some(_) => None,
            None => self.first_commit(index),
        };
        if let Some((step, id)) = committed {
            let answer = self.is_committed(index, id, step);
            let replaced = match on {
                Some(id) => self.gone_from(index, id, step, nodes),
                None => self.replaced(index, nodes),
            };
            let follows_from = || Some(Box::new(answer.clone()));
            let replaced = replaced.map(|finding| Explanation {
                follows_from: follows_from(),
                ..self.answer(finding)
            });
            return (replaced.unwrap_or(answer), true);
        }
        let has = |stood: &NodeState<'_>| match entry {
            Some(entry) => stood.node.log().contains(entry),
            None => stood.node.last().index >= index,
        };
        let subject = on.unwrap_or_else(|| subject(nodes, has));
        (self.not_committed(index, &nodes[subject.index()], nodes), false)
    }

    /// Explains that another entry stands at the index of this one, or was committed there, if that is so.
    fn another(
        &self,
        entry: LogPosition,
        on: Option<NodeId>,
        nodes: &[NodeState<'_>],
    ) -> Option<Explanation> {
        let index = entry.index;
        let holds = |id: &NodeId| nodes[id.index()].node.log().contains(entry);
        let holders: Vec<NodeId> = self.ids().filter(holds).collect();
        let first = self.first_entry(index);
        let node = match on {
            Some(id) => id,
            None if first.as_ref().is_some_and(|(it, ..)| it.position() == entry) => return None,
            None => match holders.first() {
                // Either another entry was committed at its index, or none was so far.
                Some(&holder) => {
                    let held = IndexedEntry::at(nodes[holder.index()].node.log(), index)?;
                    return self.superseded(&held, holder);
                }
                None => first.as_ref().map_or_else(
                    || subject(nodes, |stood| stood.node.last().index >= index),
                    |(.., id)| *id,
                ),
            },
        };
        let step = first.filter(|_| on.is_none()).map_or(self.step, |(_, step, _)| step);
        let term = self.right_after(node, step).node.log().term_at(index)?;
        let there = LogPosition { term, index };
        if there == entry {
            return None;
        }
        let deleted = self.deleted(entry, on, &holders);
        let another = || self.answer(Finding::Another { entry, node, there, holders });
        Some(Explanation {
            follows_from: Some(Box::new(self.at_index(index, None, on, nodes).0)),
            ..deleted.unwrap_or_else(another)
        })
    }

    /// Explains that an entry which the `holders` have was deleted, by the node `on` that is asked about or, if no log
    /// holds it any more, by the last one to do so.
    fn deleted(
        &self,
        entry: LogPosition,
        on: Option<NodeId>,
        holders: &[NodeId],
    ) -> Option<Explanation> {
        let deletes = |step: &StepRecord<'_>| {
            let before = || self.states.node_at(step.node, step.step - 1);
            step.events.iter().any(|event| truncates(event, entry.index))
                && before().is_some_and(|stood| stood.node.log().contains(entry))
        };
        let ids = self.ids().filter(|id| on.map_or(holders.is_empty(), |on| on == *id));
        let last = ids.filter_map(|id| Some((self.steps_of(id).find(deletes)?.step, id))).max();
        let (step, node) = last?;
        Some(self.answer(Finding::Deleted { entry, node, step, holders: holders.to_vec() }))
    }

    /// The step in which an entry was first committed at `index`, and the node that did so; `None` if that
    /// was not by the step of the question.
    pub(super) fn first_commit(&self, index: LogIndex) -> Option<(u64, NodeId)> {
        self.history().first_commit(index).filter(|(step, _)| *step <= self.step)
    }

    /// The step in which a node that has committed the entry at `index` did so. In a trace that was changed
    /// by hand no event may say so; then it is the step since which the node has it committed.
    fn learned(&self, id: NodeId, index: LogIndex) -> u64 {
        let found = self.latest(id, |event| commits(event, index).then_some(()));
        let since = || self.states.since(id, self.step, &NodeCondition::Commits { index });
        found.map(|(step, ())| step.step).or_else(since).map_or(self.step, |step| step.max(1))
    }

    /// The state of a node right after a step of its own, before a crash that belongs to the moment of that step;
    /// at the end of that moment, if the step is another node's.
    fn right_after(&self, id: NodeId, step: u64) -> NodeState<'static> {
        let own = self.states.node_after(step).filter(|stood| stood.node.id() == id);
        own.unwrap_or_else(|| (Self { step, ..*self }).node(id))
    }

    /// The entry that was committed first at `index`, with the step and the node that did so.
    pub(super) fn first_entry(&self, index: LogIndex) -> Option<(IndexedEntry, u64, NodeId)> {
        let (step, id) = self.first_commit(index)?;
        Some((IndexedEntry::at(self.right_after(id, step).node.log(), index)?, step, id))
    }

    /// Finds nodes that have another entry committed at `index` than the one that was committed there first.
    fn replaced(&self, index: LogIndex, nodes: &[NodeState<'_>]) -> Option<Finding> {
        let (entry, ..) = self.first_entry(index)?;
        let now = |stood: &NodeState<'_>| {
            let commits = stood.up && stood.node.commit_index() >= index;
            IndexedEntry::at(stood.node.log(), index).filter(|there| commits && *there != entry)
        };
        let there = nodes.iter().find_map(now)?;
        let same = nodes.iter().filter(|stood| now(stood).as_ref() == Some(&there));
        let nodes = same.map(|stood| stood.node.id()).collect();
        let (entry, now) = (entry.position(), there.position());
        Some(Finding::Replaced { entry, now, nodes })
    }

    /// Finds that a node, which committed the entry at `index` in the step `learned`, has deleted it or has another one
    /// committed there now, or that another one was committed there first.
    fn gone_from(
        &self,
        index: LogIndex,
        id: NodeId,
        learned: u64,
        nodes: &[NodeState<'_>],
    ) -> Option<Finding> {
        let then = IndexedEntry::at(self.right_after(id, learned).node.log(), index)?;
        let Some(now) = IndexedEntry::at(nodes[id.index()].node.log(), index) else {
            let holds = |id: &NodeId| then.is_in(nodes[id.index()].node.log());
            let holders: Vec<NodeId> = self.ids().filter(holds).collect();
            let deleted = self.deleted(then.position(), Some(id), &holders)?;
            return Some(deleted.finding);
        };
        let first = || self.first_entry(index).map(|(entry, ..)| entry);
        let entry = Some(then).filter(|then| *then != now).or_else(first)?;
        let is_another = entry != now;
        let (entry, now) = (entry.position(), now.position());
        is_another.then(|| Finding::Replaced { entry, now, nodes: vec![id] })
    }

    /// Explains that a node committed the entry at `index` in the step `decided`.
    pub(super) fn is_committed(&self, index: LogIndex, id: NodeId, decided: u64) -> Explanation {
        let then = Self { step: decided, ..*self };
        let step = self.history().step(decided).expect("it is a step");
        let stood = self.right_after(id, decided);
        let told_by = step.heard().and_then(|SentMessage { envelope, .. }| {
            matches!(envelope.message, Message::AppendEntries(_)).then_some(envelope.from)
        });
        let log = stood.node.log();
        let entry = IndexedEntry::at(log, index).expect("a node commits what is in its log");
        let up_to = step.events.iter().find_map(|event| match event {
            Event::CommitAdvanced { to, .. } if told_by.is_none() => Some(*to),
            _ => None,
        });
        let with = up_to.filter(|&to| to > index).and_then(|to| IndexedEntry::at(log, to));
        let counted = with.as_ref().unwrap_or(&entry);
        let others = then.others(id, |node, standing: &mut Standing| {
            let counts = match stood.node.role() {
                Role::Leader { progress } => {
                    Some(progress.of(node).match_index >= counted.position().index)
                }
                _ => None,
            };
            let holding = then.holding(node, counted, counts == Some(true));
            standing.counted = counts.unwrap_or(holding == Holding::Has);
            standing.holds = Some(holding);
        });
        let first = self.first_entry(index).filter(|(it, ..)| *it == entry && told_by.is_some());
        // A leader may speak of another entry than the one that stands there.
        let of = step.heard().and_then(|sent| {
            let leader = self.right_after(told_by?, sent.written_in);
            IndexedEntry::at(leader.node.log(), index).filter(|of| *of != entry)
        });
        let (entry, with) = (entry.position(), with.map(|with| with.position()));
        let of = of.map(|of| of.position());
        Explanation {
            decided_in: Some(decided),
            grounds: Ground::of(&step, COMMIT_RULES),
            others,
            follows_from: first
                .filter(|&(_, step, _)| step != decided)
                .map(|(_, step, first)| Box::new(self.is_committed(index, first, step))),
            ..self.answer(Finding::Committed { entry, node: id, told_by, of, with })
        }
    }
}

/// The node to ask why an entry is not committed, if the question names none: the leader if it has the
/// entry, or else another node that has it, a running one if possible.
fn subject(nodes: &[NodeState<'_>], has: impl Fn(&NodeState<'_>) -> bool) -> NodeId {
    let statuses: Vec<NodeStatus> = nodes.iter().map(NodeState::status).collect();
    let has = |id: NodeId| has(&nodes[id.index()]);
    let leader = leader_of(&statuses).map(|status| status.id).filter(|&id| has(id));
    let running = statuses.iter().filter(|status| status.up).map(|status| status.id);
    let any = || statuses.iter().map(|status| status.id).find(|&id| has(id));
    let found = leader.or_else(|| running.clone().find(|&id| has(id))).or_else(any);
    found.expect("some log has the entry that is asked about")
}

pub(super) const fn commits(event: &Event, index: LogIndex) -> bool {
    match event {
        Event::CommitAdvanced { from, to } => from.get() < index.get() && index.get() <= to.get(),
        _ => false,
    }
}

/// Whether an event deletes the entry at this index.
pub(super) fn truncates(event: &Event, index: LogIndex) -> bool {
    matches!(event, Event::Truncated { from, to } if (*from..=*to).contains(&index))
}
