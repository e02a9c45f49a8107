//! Why an entry is committed, and why it is not.

use super::{Asked, Change, Elsewhere, Explanation, Finding, Ground, Standing, Unanswerable};
use crate::raft::{
    Event, Facts, LogIndex, LogPosition, Message, NodeId, Outcome, ProgressTable, Role, Rule, Term,
};
use crate::record::history::{NodeState, SentMessage, StepRecord};
use crate::server::status::{NodeStatus, leader_of};

const COMMIT_RULES: &[Rule] =
    &[Rule::MajorityQuorum, Rule::CommitOnlyCurrentTerm, Rule::CommitOnlyVerified];

impl Asked<'_> {
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
            let replaced = if on.is_none() { self.replaced(index, nodes) } else { None };
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
            None if first.is_some_and(|(committed, ..)| committed == entry) => return None,
            None => match holders.first() {
                // Either another entry was committed at its index, or none was so far.
                Some(&holder) => return self.superseded(entry, holder),
                None => first.map_or_else(
                    || subject(nodes, |stood| stood.node.last().index >= index),
                    |(.., id)| id,
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
            let before = || self.history.node_at(step.node, step.step - 1);
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
        self.history.first_commit(index).filter(|(step, _)| *step <= self.step)
    }

    /// The step in which a node that has committed the entry at `index` did so. In a trace that was changed
    /// by hand no event may say so; then it is the step since which the node has it committed.
    fn learned(&self, id: NodeId, index: LogIndex) -> u64 {
        let found = self.latest(id, |event| commits(event, index).then_some(()));
        let has = |stood: NodeState<'_>| stood.node.commit_index() >= index;
        let since = || self.history.since(id, self.step, has);
        found.map(|(step, ())| step.step).or_else(since).map_or(self.step, |step| step.max(1))
    }

    /// The state of a node right after a step of its own, before a crash that belongs to the moment of that step;
    /// at the end of that moment, if the step is another node's.
    fn right_after(&self, id: NodeId, step: u64) -> NodeState<'_> {
        let own = self.history.node_after(step).filter(|stood| stood.node.id() == id);
        own.unwrap_or_else(|| (Self { step, ..*self }).node(id))
    }

    /// The entry that was committed first at `index`, with the step and the node that did so.
    pub(super) fn first_entry(&self, index: LogIndex) -> Option<(LogPosition, u64, NodeId)> {
        let (step, id) = self.first_commit(index)?;
        let term = self.right_after(id, step).node.log().term_at(index)?;
        Some((LogPosition { term, index }, step, id))
    }

    /// Finds nodes that have another entry committed at `index` than the one that was committed there first.
    fn replaced(&self, index: LogIndex, nodes: &[NodeState<'_>]) -> Option<Finding> {
        let (entry, ..) = self.first_entry(index)?;
        let now = |stood: &NodeState<'_>| {
            let term = stood.node.log().term_at(index).filter(|term| *term != entry.term)?;
            let commits = stood.up && stood.node.commit_index() >= index;
            commits.then_some(LogPosition { term, index })
        };
        let there = nodes.iter().find_map(now)?;
        let same = nodes.iter().filter(|stood| now(stood) == Some(there));
        let nodes = same.map(|stood| stood.node.id()).collect();
        Some(Finding::Replaced { entry, now: there, nodes })
    }

    /// Explains that another entry was committed where the `node` has, or had, this one, if that is so.
    pub(super) fn superseded(&self, entry: LogPosition, node: NodeId) -> Option<Explanation> {
        let (committed, step, by) = self.first_entry(entry.index)?;
        let finding = Finding::Superseded { entry, node, committed, step };
        (committed != entry).then(|| Explanation {
            follows_from: Some(Box::new(self.is_committed(entry.index, by, step))),
            ..self.answer(finding)
        })
    }

    /// Explains that an entry before this one lost its index to another, if that is so. Logs that differ at
    /// an index differ from there on, so the last committed index is the only one to look at.
    fn on_superseded(&self, entry: LogPosition, stood: &NodeState<'_>) -> Option<Explanation> {
        let index = Some(self.history.committed(self.step)).filter(|&index| index < entry.index)?;
        let below = LogPosition { term: stood.node.log().term_at(index)?, index };
        let (committed, step, by) = self.first_entry(index)?;
        let node = stood.node.id();
        let finding = Finding::OnSuperseded { entry, node, below, committed, step };
        (committed != below).then(|| Explanation {
            follows_from: Some(Box::new(self.is_committed(index, by, step))),
            ..self.answer(finding)
        })
    }

    /// Who has committed this entry, which this node does not know to be committed.
    fn elsewhere(&self, entry: LogPosition, stood: &NodeState<'_>) -> Option<Elsewhere> {
        let (committed, step, by) = self.first_entry(entry.index)?;
        let id = stood.node.id();
        let knew = || {
            let known = self.latest(id, |event| commits(event, entry.index).then_some(()))?;
            let mut crashes = self.history.crashes(id, known.0.step - 1, self.step);
            crashes.find(|&after| after >= known.0.step)
        };
        // Only a node that has crashed can have forgotten it.
        let forgot_after = if stood.starts > 1 || !stood.up { knew() } else { None };
        (committed == entry).then_some(Elsewhere { step, by, forgot_after })
    }

    /// Explains that a node committed the entry at `index` in the step `decided`.
    pub(super) fn is_committed(&self, index: LogIndex, id: NodeId, decided: u64) -> Explanation {
        let then = Self { step: decided, ..*self };
        let step = self.history.step(decided).expect("it is a step");
        let stood = self.right_after(id, decided);
        let told_by = step.heard().and_then(|SentMessage { envelope, .. }| {
            matches!(envelope.message, Message::AppendEntries(_)).then_some(envelope.from)
        });
        let entry =
            LogPosition { term: stood.node.log().term_at(index).unwrap_or_default(), index };
        let up_to = step.events.iter().find_map(|event| match event {
            Event::CommitAdvanced { to, .. } if told_by.is_none() => Some(*to),
            _ => None,
        });
        let with = up_to
            .filter(|&to| to > index)
            .and_then(|index| Some(LogPosition { term: stood.node.log().term_at(index)?, index }));
        let counted = with.unwrap_or(entry);
        let others = then.others(id, |node, standing: &mut Standing| {
            standing.holds = Some(then.node(node).node.log().contains(counted));
            standing.counted = match stood.node.role() {
                Role::Leader { progress } => progress.of(node).match_index >= counted.index,
                _ => standing.holds == Some(true),
            };
        });
        let first = self.first_entry(index).filter(|(it, ..)| *it == entry && told_by.is_some());
        Explanation {
            decided_in: Some(decided),
            grounds: Ground::of(&step, COMMIT_RULES),
            others,
            follows_from: first
                .filter(|&(_, step, _)| step != decided)
                .map(|(_, step, first)| Box::new(self.is_committed(index, first, step))),
            ..self.answer(Finding::Committed { entry, node: id, told_by, with })
        }
    }

    fn not_committed(
        &self,
        index: LogIndex,
        stood: &NodeState<'_>,
        nodes: &[NodeState<'_>],
    ) -> Explanation {
        let id = stood.node.id();
        let held = stood.node.log().term_at(index).map(|term| LogPosition { term, index });
        if let Some(answer) = held.and_then(|entry| self.superseded(entry, id)) {
            return answer;
        }
        if let Some(answer) = held.and_then(|entry| self.on_superseded(entry, stood)) {
            return answer;
        }
        if !stood.up {
            let change = Some(Change::Restart { node: id, index: Some(index) });
            let elsewhere = held.and_then(|entry| self.elsewhere(entry, stood));
            return Explanation { change, ..self.answer(Finding::Down { node: id, elsewhere }) };
        }
        let Some(entry) = held else {
            let last = stood.node.last();
            // Nobody sends a leader entries.
            let change = Some(if stood.node.is_leader() {
                Change::Proposal { leader: id, index }
            } else {
                Change::Replication { index }
            });
            let finding = Finding::Lacks { node: id, index, last };
            return Explanation { change, ..self.answer(finding) };
        };
        if let Role::Leader { progress } = stood.node.role() {
            self.leader_waits(stood, progress, entry, nodes)
        } else {
            self.follower_waits(stood, entry, nodes)
        }
    }

    /// Explains why a leader that counts copies does not commit.
    fn leader_waits(
        &self,
        stood: &NodeState<'_>,
        progress: &ProgressTable,
        entry: LogPosition,
        nodes: &[NodeState<'_>],
    ) -> Explanation {
        let (id, term) = (stood.node.id(), stood.node.current_term());
        let settings = *stood.node.settings();
        let copies = |index| progress.copies(index, settings.nodes);
        let (have, need) = (copies(entry.index), settings.majority());
        // The verdicts of the rules on the state as it is.
        let ground = |rule, holds, facts| {
            let verdict = settings.rules.verdict(rule, holds, facts);
            Ground { step: None, node: id, from: None, verdict }
        };
        let facts = Facts::Copies { index: entry.index, have, need, nodes: settings.nodes };
        let quorum = ground(Rule::MajorityQuorum, have >= need, facts);
        let facts = Facts::EntryTerm { entry, own: term };
        let own_term = ground(Rule::CommitOnlyCurrentTerm, entry.term == term, facts);
        let holds = |node: NodeId, standing: &mut Standing| {
            standing.holds = Some(nodes[node.index()].node.log().contains(entry));
            standing.counted = progress.of(node).match_index >= entry.index;
        };
        let others = self.others(id, holds);
        let decided_in = self.history.since(id, self.step, |stood| match stood.node.role() {
            Role::Leader { progress } => Some((
                progress.copies(entry.index, settings.nodes) >= need,
                stood.node.current_term(),
                stood.node.log().contains(entry),
            )),
            _ => None,
        });
        let older = own_term.verdict.outcome == Outcome::Refused;
        // Terms do not decrease along a log, and the leader's own is the last.
        let own = stood.node.log().iter().find(|(_, entry)| entry.term == term);
        let own = own.map(|(index, _)| index);
        let awaited = if older { own } else { Some(entry.index) };
        // What was acknowledged before its sender came to a later term counts, also if it has yet to arrive.
        let is_able = |other: &&Standing| {
            let acknowledged = |index| {
                progress.of(other.node).match_index >= index
                    || self.acknowledges(other, index, term)
            };
            nodes[other.node.index()].node.current_term() <= term
                || awaited.is_some_and(acknowledged)
        };
        let able: Vec<&Standing> = others.iter().filter(is_able).collect();
        let change = if able.len() + 1 < need {
            Change::LaterLeader { leader: id, term }
        } else if older {
            let have = own.map_or(0, copies);
            Change::EntryOfOwnTerm { leader: id, term, index: own, have, need }
        } else {
            let more = need.saturating_sub(have);
            let missing = able.iter().filter(|other| !other.counted).map(|other| other.node);
            let missing = missing.collect();
            Change::Acknowledgements { leader: id, index: entry.index, more, missing }
        };
        let finding = match self.elsewhere(entry, stood) {
            Some(elsewhere) => Finding::NotKnown { entry, leader: id, term, elsewhere },
            // An entry of the leader's own term is never kept from being committed by its age.
            None if have < need || entry.term == term => {
                Finding::TooFewCopies { entry, leader: id, term }
            }
            None => Finding::OlderTerm { entry, leader: id, term },
        };
        let mut grounds = vec![quorum];
        grounds.extend((older || have >= need).then_some(own_term));
        let change = Some(change);
        Explanation { decided_in, grounds, others, change, ..self.answer(finding) }
    }

    /// Explains why a follower does not commit: no leader has told it to.
    fn follower_waits(
        &self,
        stood: &NodeState<'_>,
        entry: LogPosition,
        nodes: &[NodeState<'_>],
    ) -> Explanation {
        let (id, index) = (stood.node.id(), entry.index);
        // Only a leader that holds the same entry there can commit it.
        let leads = |leader: &NodeId| {
            let there = &nodes[leader.index()];
            there.up && there.node.is_leader() && there.node.log().contains(entry)
        };
        let later = |leader: &NodeId| {
            nodes[leader.index()].node.current_term() >= stood.node.current_term()
        };
        let leader = stood.node.leader().filter(leads);
        let leader = leader.or_else(|| self.ids().find(|other| leads(other) && later(other)));
        let waits = |leader: &NodeId| nodes[leader.index()].node.commit_index() < index;
        let since = self.history.since(id, self.step, |stood| {
            stood.node.log().contains(entry) && stood.node.commit_index() < index
        });
        let follows = stood.node.leader();
        let decided = self.history.since(id, self.step, |stood| {
            let waits = stood.node.log().contains(entry) && stood.node.commit_index() < index;
            waits && stood.node.leader() == follows
        });
        // What it was told last by a leader, since it has had the entry.
        let heard = self.steps_of(id).take_while(|step| Some(step.step) >= since).find(|step| {
            step.events.iter().any(|event| matches!(event, Event::EntriesAccepted { .. }))
        });
        let telling = self.telling(stood, entry);
        Explanation {
            decided_in: decided.filter(|&step| step > 0),
            change: Some(telling.clone().unwrap_or_else(|| match leader {
                Some(leader) if !waits(&leader) => Change::LeaderSays { leader, index },
                _ => Change::LeaderCommits { leader, index },
            })),
            grounds: heard.map_or_else(Vec::new, |step| Ground::of(&step, COMMIT_RULES)),
            follows_from: leader
                .filter(|leader| waits(leader) && telling.is_none())
                .map(|leader| Box::new(self.not_committed(index, &nodes[leader.index()], nodes))),
            ..self.answer(Finding::NotTold {
                entry,
                node: id,
                leader: follows,
                elsewhere: self.elsewhere(entry, stood),
            })
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

const fn commits(event: &Event, index: LogIndex) -> bool {
    match event {
        Event::CommitAdvanced { from, to } => from.get() < index.get() && index.get() <= to.get(),
        _ => false,
    }
}

/// Whether an event deletes the entry at this index.
pub(super) fn truncates(event: &Event, index: LogIndex) -> bool {
    matches!(event, Event::Truncated { from, to } if (*from..=*to).contains(&index))
}
