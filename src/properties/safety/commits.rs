//! State Machine Safety and Durable Quorum: what is committed, where, in which term and by whom, and what was
//! applied.

use super::ledger::{FirstCommit, Link};
use super::{Checker, Evidence, Violation, Watched};
use crate::raft::{Log, LogIndex, LogPosition, NodeId, Property, Term};
use crate::server::Server;
use crate::server::state_machine::KeyValue;

/// An advance of a node's commit index.
#[derive(Clone, Copy)]
pub(super) struct Commit {
    pub(super) node: NodeId,
    pub(super) from: LogIndex,
    pub(super) to: LogIndex,
    /// The term that the node was in.
    pub(super) in_term: Term,
    /// Whether it led that term.
    pub(super) leads: bool,
    /// The index up to which its log has not changed since that moment.
    pub(super) stays: LogIndex,
}

impl Checker {
    pub(super) fn check_commit(&mut self, commit: Commit) {
        let Commit { node, from, to, leads, stays, .. } = commit;
        if to <= from {
            return;
        }
        self.compare_with_committed(node, from, to, stays);
        if let Some(first) = self.enter(commit) {
            self.ask_later_leaders(commit, first);
        }
        if leads && to <= stays {
            self.check_durable(node, to);
        }
    }

    /// Enters the committed entries in the ledger, which is one log: an entry that differs from the one
    /// committed first, and all that come after it, are not entered. A commit may become known after one of
    /// the same entry in a later term; then the earlier term counts. Returns the first index where it is
    /// news that the entry was committed, or in so early a term. An entry that is not entered is news if a
    /// leader committed it.
    fn enter(&mut self, commit: Commit) -> Option<LogIndex> {
        let Commit { node: by, from, to, in_term, leads, stays } = commit;
        let mut agrees = self.agrees(by, from);
        let mut first = None;
        for index in from.get() + 1..=to.min(stays).get() {
            let index = LogIndex::new(index);
            let Link { term, digest } = self.watched[by.index()].memory.at(index)?;
            let entry = FirstCommit { term, digest, in_term, by };
            let news = match self.committed.get_mut(index.prev().count()) {
                Some(known) if known.digest == digest => {
                    let news = known.in_term > in_term;
                    if news {
                        *known = entry;
                    }
                    news
                }
                None if agrees => {
                    self.committed.push(entry);
                    true
                }
                _ => {
                    agrees = false;
                    leads
                }
            };
            if news {
                first = first.or(Some(index));
            }
        }
        first
    }

    /// Compares a node's entries after `from` up to `to`, its commit index, with what was committed there
    /// first. The entries up to `stays` are those that it committed; the ones after `stays` came into its
    /// log later.
    pub(super) fn compare_with_committed(
        &mut self,
        node: NodeId,
        from: LogIndex,
        to: LogIndex,
        stays: LogIndex,
    ) {
        let shared = to.min(self.committed_len());
        if shared <= from {
            return;
        }
        self.checks[Property::StateMachineSafety as usize] += shared.get() - from.get();
        if self.agrees(node, shared) {
            return;
        }
        let mut index = LogIndex::FIRST;
        while self.agrees(node, index) {
            index = index.next();
        }
        let FirstCommit { term: first_term, by: first, .. } = self.committed[index.prev().count()];
        let now = self.watched[node.index()].memory.at(index).map(|link| link.term);
        let evidence = match now {
            Some(second_term) if from < index && index <= stays => {
                Evidence::CommitsDiffer { index, first, first_term, second: node, second_term }
            }
            _ if self.is_told(index, node, now) => return,
            _ => Evidence::CommittedReplaced { index, first, first_term, node, now },
        };
        self.report(Property::StateMachineSafety, evidence);
    }

    /// Whether a node's log, up to this index, is what was committed first.
    fn agrees(&self, node: NodeId, index: LogIndex) -> bool {
        let committed = self.committed.get(index.prev().count());
        let held = self.watched[node.index()].memory.at(index);
        index == LogIndex::ZERO
            || held.is_some() && held.map(|link| link.digest) == committed.map(|it| it.digest)
    }

    /// Whether it was reported already that a node has this in place of a committed entry: an entry of the
    /// term `has`, or none.
    fn is_told(&self, at: LogIndex, by: NodeId, has: Option<Term>) -> bool {
        self.violations.iter().any(|found| match found.evidence {
            Evidence::CommitsDiffer { index, second, second_term, .. } => {
                (index, second, Some(second_term)) == (at, by, has)
            }
            Evidence::CommittedReplaced { index, node, now, .. } => {
                (index, node, now) == (at, by, has)
            }
            _ => false,
        })
    }

    fn check_durable(&mut self, leader: NodeId, index: LogIndex) {
        self.checks[Property::DurableQuorum as usize] += 1;
        let Some(link) = self.watched[leader.index()].memory.at(index) else { return };
        let holds = |watched: &&Watched| watched.durable.at(index) == Some(link);
        let copies = self.watched.iter().filter(holds).count();
        let need = self.nodes / 2 + 1;
        if copies < need {
            let position = LogPosition { term: link.term, index };
            let evidence = Evidence::NotDurable { leader, position, copies, need };
            self.report(Property::DurableQuorum, evidence);
        }
    }

    /// Compares a store with what the log of its node makes of a new one. Where a committed entry was replaced,
    /// that was reported, and the store may have applied what the log has lost.
    pub(super) fn check_applied(&mut self, server: &Server) {
        let reported = |found: &Violation| found.property == Property::StateMachineSafety;
        let (node, applied) = (server.node(), server.last_applied());
        if !self.violations.iter().any(reported)
            && !is_made_by(server.machine(), node.log(), applied)
        {
            let evidence = Evidence::StoreDiffers { node: node.id(), applied };
            self.report(Property::StateMachineSafety, evidence);
        }
    }
}

/// Whether a store is what the entries of this log up to `applied` make of a new one.
pub fn is_made_by(store: &KeyValue, log: &Log, applied: LogIndex) -> bool {
    let mut fresh = KeyValue::default();
    for entry in log.slice(LogIndex::FIRST, applied.count()) {
        fresh.apply(&entry.payload);
    }
    applied <= log.last_index() && fresh == *store
}
