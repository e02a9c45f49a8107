//! Why an entry is not committed.

use super::entry::IndexedEntry;
use super::{Asked, Change, Elsewhere, Explanation, Finding, Ground, Standing};
use crate::raft::{
    Event, Facts, LogIndex, LogPosition, NodeId, Outcome, ProgressTable, Role, Rule,
};
use crate::record::history::NodeState;

use super::commits::{COMMIT_RULES, commits};

impl Asked<'_, '_> {
    /// Explains that another entry was committed where the `node` has, or had, this one, if that is so.
    pub(super) fn superseded(&self, entry: &IndexedEntry, node: NodeId) -> Option<Explanation> {
        let index = entry.position().index;
        let (committed, step, by) = self.first_entry(index)?;
        let is_another = committed != *entry;
        let (entry, committed) = (entry.position(), committed.position());
        let finding = Finding::Superseded { entry, node, committed, step };
        is_another.then(|| Explanation {
            follows_from: Some(Box::new(self.is_committed(index, by, step))),
            ..self.answer(finding)
        })
    }

    /// Explains that an entry before this one lost its index to another, if that is so. Logs that differ at
    /// an index differ from there on, so the last committed index is the only one to look at.
    fn on_superseded(&self, entry: LogPosition, stood: &NodeState<'_>) -> Option<Explanation> {
        let index =
            Some(self.history().committed(self.step)).filter(|&index| index < entry.index)?;
        let below = IndexedEntry::at(stood.node.log(), index)?;
        let (committed, step, by) = self.first_entry(index)?;
        let is_another = committed != below;
        let (node, below, committed) = (stood.node.id(), below.position(), committed.position());
        let finding = Finding::OnSuperseded { entry, node, below, committed, step };
        is_another.then(|| Explanation {
            follows_from: Some(Box::new(self.is_committed(index, by, step))),
            ..self.answer(finding)
        })
    }

    /// Who has committed this entry, which this node does not know to be committed.
    fn elsewhere(&self, entry: &IndexedEntry, stood: &NodeState<'_>) -> Option<Elsewhere> {
        let index = entry.position().index;
        let (committed, step, by) = self.first_entry(index)?;
        let id = stood.node.id();
        let knew = || {
            let known = self.latest(id, |event| commits(event, index).then_some(()))?;
            let mut crashes = self.history().crashes(id, known.0.step - 1, self.step);
            crashes.find(|&after| after >= known.0.step)
        };
        // Only a node that has crashed can have forgotten it.
        let forgot_after = if stood.starts > 1 || !stood.up { knew() } else { None };
        (committed == *entry).then_some(Elsewhere { step, by, forgot_after })
    }

    /// Explains why a node has not committed what stands at `index`.
    pub(super) fn not_committed(
        &self,
        index: LogIndex,
        stood: &NodeState<'_>,
        nodes: &[NodeState<'_>],
    ) -> Explanation {
        let id = stood.node.id();
        let held = IndexedEntry::at(stood.node.log(), index);
        if let Some(answer) = held.as_ref().and_then(|entry| self.superseded(entry, id)) {
            return answer;
        }
        let on_superseded = |entry: &IndexedEntry| self.on_superseded(entry.position(), stood);
        if let Some(answer) = held.as_ref().and_then(on_superseded) {
            return answer;
        }
        if !stood.up {
            let change = Some(Change::Restart { node: id, index: Some(index) });
            let elsewhere = held.and_then(|entry| self.elsewhere(&entry, stood));
            return Explanation { change, ..self.answer(Finding::Down { node: id, elsewhere }) };
        }
        let Some(entry) = held else { return self.lacks(index, stood, nodes) };
        if let Role::Leader { progress } = stood.node.role() {
            self.leader_waits(stood, progress, &entry, nodes)
        } else {
            self.follower_waits(stood, &entry, nodes)
        }
    }

    /// Explains that a node has no entry at `index`.
    fn lacks(
        &self,
        index: LogIndex,
        stood: &NodeState<'_>,
        nodes: &[NodeState<'_>],
    ) -> Explanation {
        let (id, term) = (stood.node.id(), stood.node.current_term());
        let is_able = |other: &&NodeState<'_>| other.node.current_term() <= term;
        let able = nodes.iter().filter(is_able).count();
        // Nobody sends a leader entries.
        let change = Some(if !stood.node.is_leader() {
            Change::Replication { index }
        } else if able < stood.node.settings().majority() {
            Change::StepDown { leader: id, term, index }
        } else {
            Change::Proposal { leader: id, index }
        });
        let committed = self.first_entry(index).map(|(entry, step, by)| {
            (entry.position(), Elsewhere { step, by, forgot_after: None })
        });
        let finding = Finding::Lacks { node: id, index, last: stood.node.last(), committed };
        Explanation { change, ..self.answer(finding) }
    }

    /// Explains why a leader that counts copies does not commit.
    fn leader_waits(
        &self,
        stood: &NodeState<'_>,
        progress: &ProgressTable,
        held: &IndexedEntry,
        nodes: &[NodeState<'_>],
    ) -> Explanation {
        let (id, term, entry) = (stood.node.id(), stood.node.current_term(), held.position());
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
            standing.counted = progress.of(node).match_index >= entry.index;
            standing.holds = Some(self.holding(node, held, standing.counted));
        };
        let others = self.others(id, holds);
        let decided_in = self.states.since(id, self.step, &held.counts(term, have >= need));
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
        let finding = match self.elsewhere(held, stood) {
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
        held: &IndexedEntry,
        nodes: &[NodeState<'_>],
    ) -> Explanation {
        let (id, entry) = (stood.node.id(), held.position());
        let index = entry.index;
        // Only a leader that holds the same entry there can commit it.
        let leads = |leader: &NodeId| {
            let there = &nodes[leader.index()];
            there.up && there.node.is_leader() && held.is_in(there.node.log())
        };
        let later = |leader: &NodeId| {
            nodes[leader.index()].node.current_term() >= stood.node.current_term()
        };
        let leader = stood.node.leader().filter(leads);
        let leader = leader.or_else(|| self.ids().find(|other| leads(other) && later(other)));
        let waits = |leader: &NodeId| nodes[leader.index()].node.commit_index() < index;
        let since = self.states.since(id, self.step, &held.waits());
        let follows = stood.node.leader();
        let decided = self.states.since(id, self.step, &held.waits_for(follows));
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
                elsewhere: self.elsewhere(held, stood),
            })
        }
    }
}
