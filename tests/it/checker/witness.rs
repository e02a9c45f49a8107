//! A witness that keeps every log as it was after every step. It can therefore say whether each piece of
//! evidence is true, and whether Leader Completeness was violated in a run. It shares nothing with the checker
//! except the steps that both observe.

use std::sync::{Arc, Mutex, PoisonError};

use raft_in_practice::properties::safety::{Earlier, Evidence, Violation};
use raft_in_practice::raft::{
    Event, Log, LogEntry, LogIndex, LogPosition, MAX_NODES, NodeId, Term,
};
use raft_in_practice::record::deed::Deed;
use raft_in_practice::record::journal::{Batch, Observer};
use raft_in_practice::server::timing::Time;

/// The state of a node after a step.
#[derive(Clone, Default)]
struct Stood {
    term: Term,
    leads: bool,
    commit: LogIndex,
    log: Log,
}

impl Stood {
    fn up_to(&self, index: LogIndex) -> &[LogEntry] {
        self.log.slice(LogIndex::FIRST, index.count())
    }

    fn has(&self, position: LogPosition) -> bool {
        position.index > LogIndex::ZERO && self.log.contains(position)
    }

    /// Whether it had committed an entry of this term at this index.
    fn committed(&self, index: LogIndex, term: Term) -> bool {
        self.commit >= index && self.has(LogPosition { term, index })
    }
}

/// A node began to lead a term, with this log.
struct Began {
    leader: NodeId,
    term: Term,
    log: Log,
}

#[derive(Default)]
struct Seen {
    /// The past states of each node, the newest last.
    past: [Vec<Stood>; MAX_NODES],
    disks: [Log; MAX_NODES],
    began: Vec<Began>,
    /// The entry that was committed first at each index.
    committed: Vec<LogEntry>,
    incomplete: bool,
    /// Like `incomplete`, but also for entries that were not the first to be committed at their index.
    perhaps_incomplete: bool,
    told: Vec<(Violation, bool)>,
}

impl Seen {
    fn now(&self, node: NodeId) -> Stood {
        self.past[node.index()].last().cloned().unwrap_or_default()
    }

    fn ever(&self, node: NodeId, it: impl Fn(&Stood) -> bool) -> bool {
        self.past[node.index()].iter().any(it)
    }

    /// `node` has committed what its log holds from `from` up to its commit index.
    fn commits(&mut self, node: NodeId, from: LogIndex) {
        let stood = self.now(node);
        let own = stood.up_to(stood.commit);
        for at in from.count()..own.len() {
            // Where two nodes committed different entries, only the first counts, and the entries that follow it.
            if self.committed.get(..at) == Some(&own[..at]) && at == self.committed.len() {
                self.committed.push(own[at].clone());
            }
            let first = self.committed.get(..=at) == Some(&own[..=at]);
            let lacks = |began: &Began| {
                began.term > stood.term && began.log.slice(LogIndex::FIRST, at + 1) != &own[..=at]
            };
            if self.began.iter().any(lacks) {
                self.perhaps_incomplete = true;
                self.incomplete |= first;
            }
        }
    }

    /// A node began to lead, with this log.
    fn begins(&mut self, leader: NodeId, term: Term, log: Log) {
        for node in NodeId::all(MAX_NODES) {
            self.incomplete |= self.ever(node, |stood| {
                let own = stood.up_to(stood.commit);
                let same = own.iter().zip(&self.committed).take_while(|(a, b)| a == b).count();
                stood.term < term && log.slice(LogIndex::FIRST, same) != &own[..same]
            });
        }
        self.began.push(Began { leader, term, log });
    }

    fn batch(&mut self, batch: &Batch<'_>) {
        let node = batch.server.node();
        let id = node.id();
        self.disks[id.index()] = batch.server.disk().state().log.clone();
        if !batch.saved {
            return;
        }
        let before = self.now(id);
        self.past[id.index()].push(Stood {
            term: node.current_term(),
            leads: node.is_leader(),
            commit: node.commit_index(),
            log: node.log().clone(),
        });
        for event in batch.events {
            if let Event::BecameLeader { term } = *event {
                self.begins(id, term, before.log.clone());
            }
        }
        if before.leads && node.is_leader() && before.term != node.current_term() {
            self.begins(id, node.current_term(), before.log.clone());
        }
        if node.commit_index() > before.commit {
            self.commits(id, before.commit);
        }
    }

    /// Whether this evidence is true.
    fn is_true(&self, evidence: &Evidence) -> bool {
        let led = |node, term| self.ever(node, |stood| stood.leads && stood.term == term);
        let committed = |node, index, term| self.ever(node, |stood| stood.committed(index, term));
        match *evidence {
            Evidence::TwoLeaders { term, first, second } => {
                first != second && led(first, term) && led(second, term)
            }
            Evidence::LeaderCut { leader, term, from } => {
                let now = self.now(leader);
                let past = &self.past[leader.index()];
                let before = past.len().checked_sub(2).map(|at| past[at].clone());
                led(leader, term) && before.is_some_and(|it| it.up_to(from) != now.up_to(from))
            }
            Evidence::LogsDiffer { position, a, earlier, b } => {
                self.now(b).has(position) && self.differed(position, a, earlier, b)
            }
            Evidence::LeaderLacks {
                leader,
                term,
                missing,
                instead,
                committed_in,
                committed_by,
            } => {
                let index = missing.index;
                let lacked = |began: &Began| {
                    let own = (began.leader, began.term) == (leader, term);
                    own && began.log.term_at(index) == instead
                };
                let committed = |stood: &Stood| {
                    let it = stood.committed(index, missing.term);
                    let differs = |began: &Began| {
                        lacked(began) && began.log.get(index) != stood.log.get(index)
                    };
                    it && stood.term == committed_in && self.began.iter().any(differs)
                };
                committed_in < term && self.ever(committed_by, committed)
            }
            Evidence::CommitsDiffer { index, first, first_term, second, second_term } => {
                committed(first, index, first_term)
                    && self.now(second).committed(index, second_term)
                    && self.ever(first, |it| {
                        it.committed(index, first_term)
                            && it.log.get(index) != self.now(second).log.get(index)
                    })
            }
            Evidence::CommittedReplaced { index, first, first_term, node, now } => {
                committed(first, index, first_term)
                    && self.ever(node, |stood| stood.commit >= index)
                    && self.now(node).log.term_at(index) == now
                    && self.ever(first, |it| {
                        it.committed(index, first_term)
                            && it.log.get(index) != self.now(node).log.get(index)
                    })
            }
            Evidence::NotDurable { leader, position, copies, need } => {
                let own = self.now(leader);
                let holds = |disk: &&Log| {
                    disk.slice(LogIndex::FIRST, position.index.count()) == own.up_to(position.index)
                };
                let copied = self.disks.iter().filter(holds).count();
                own.committed(position.index, position.term) && copied == copies && copies < need
            }
            // The numbers in these all come from the step itself, so there is nothing else to compare.
            Evidence::TwoVotes { .. }
            | Evidence::VoteChanged { .. }
            | Evidence::WentBack { .. }
            | Evidence::ProgressOutOfBounds { .. }
            | Evidence::ShadowDiffers { .. }
            | Evidence::StoreDiffers { .. } => true,
        }
    }

    fn differed(&self, position: LogPosition, a: NodeId, earlier: Earlier, b: NodeId) -> bool {
        let theirs = self.now(b);
        let other = |stood: &Stood| {
            stood.has(position) && stood.up_to(position.index) != theirs.up_to(position.index)
        };
        match earlier {
            Earlier::Differs { index, a: of_a, b: of_b } => {
                let ours = self.now(a);
                let before = index.prev();
                other(&ours)
                    && ours.up_to(before) == theirs.up_to(before)
                    && ours.log.get(index) != theirs.log.get(index)
                    && ours.log.term_at(index) == Some(of_a)
                    && theirs.log.term_at(index) == Some(of_b)
            }
            Earlier::Lost { in_term } => {
                let nobody = NodeId::all(MAX_NODES).all(|node| !other(&self.now(node)));
                let past = &self.past[a.index()];
                let lost = past
                    .windows(2)
                    .any(|pair| other(&pair[0]) && !other(&pair[1]) && pair[1].term == in_term);
                nobody && lost
            }
        }
    }
}

/// The observer that watches a run.
#[derive(Clone, Default)]
pub(crate) struct Witness {
    seen: Arc<Mutex<Seen>>,
}

impl Witness {
    fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a leader began without an entry that was committed in an earlier term. `None` if that is true only
    /// of entries committed where another had been committed before: then the checker may tell it or not.
    pub(crate) fn saw_an_incomplete_leader(&self) -> Option<bool> {
        self.with(|seen| (seen.incomplete || !seen.perhaps_incomplete).then_some(seen.incomplete))
    }

    /// What the checker told, and whether it was true at that step.
    pub(crate) fn told(&self) -> Vec<(Violation, bool)> {
        self.with(|seen| seen.told.clone())
    }
}

impl Observer for Witness {
    fn batch(&mut self, batch: &Batch<'_>) {
        self.with(|seen| seen.batch(batch));
    }

    fn deed(&mut self, _: Time, deed: &Deed) {
        let (Deed::Crash { node, .. } | Deed::Restart { node }) = deed else { return };
        self.with(|seen| {
            let log = seen.disks[node.index()].clone();
            let term = seen.now(*node).term;
            seen.past[node.index()].push(Stood { term, log, ..Stood::default() });
        });
    }

    fn violation(&mut self, _: Time, violation: &Violation) {
        self.with(|seen| {
            let true_now = seen.is_true(&violation.evidence);
            seen.told.push((*violation, true_now));
        });
    }
}
