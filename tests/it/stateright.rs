//! The model checker `stateright`, on a model that shares only the core with `src/search/exhaustive/`. It must
//! find as many states as our search finds when that merges nothing.

use std::collections::{BTreeMap, BTreeSet};

use raft_in_practice::raft::{
    Command, Envelope, Input, LogEntry, NodeId, PersistentState, RaftNode, RuleSet, Settings, Term,
};
use raft_in_practice::search::exhaustive;
use raft_in_practice::search::exhaustive::{Bounds, Merge, Reach};
use stateright::util::HashableHashSet;
use stateright::{Checker, Model, Property};

/// A cluster, all messages that were ever sent, and the part of its past that still matters.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Cluster {
    nodes: Vec<RaftNode>,
    sent: HashableHashSet<Envelope>,
    leaders: BTreeMap<Term, NodeId>,
    committed: Vec<(LogEntry, Term)>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Act(usize, Input);

struct Raft {
    settings: Settings,
    terms: u64,
    log: u64,
}

impl Model for Raft {
    type State = Cluster;
    type Action = Act;

    fn init_states(&self) -> Vec<Cluster> {
        let fresh = |id| RaftNode::new(id, self.settings, PersistentState::default());
        vec![Cluster {
            nodes: NodeId::all(self.settings.nodes).map(fresh).collect(),
            sent: HashableHashSet::new(),
            leaders: BTreeMap::new(),
            committed: Vec::new(),
        }]
    }

    fn actions(&self, state: &Cluster, actions: &mut Vec<Act>) {
        for (at, node) in state.nodes.iter().enumerate() {
            if node.is_leader() {
                actions.push(Act(at, Input::HeartbeatDue));
                if node.last().index.get() < self.log {
                    actions.push(Act(at, Input::Propose(vec![Command::from("SET x=1")])));
                }
            } else {
                actions.push(Act(at, Input::ElectionTimeout));
            }
        }
        let arrivals = state.sent.iter().cloned();
        actions.extend(arrivals.map(|letter| Act(letter.to.index(), Input::Receive(letter))));
    }

    fn next_state(&self, before: &Cluster, Act(at, input): Act) -> Option<Cluster> {
        let mut next = before.clone();
        let mut disk = next.nodes[at].persistent().clone();
        let Ok(mut sendable) = next.nodes[at].step(input).persist(&mut disk);
        next.sent.extend(sendable.drain_messages());
        let node = &next.nodes[at];
        if node.current_term().get() > self.terms || node.last().index.get() > self.log + self.terms
        {
            return None;
        }
        if node.is_leader() {
            next.leaders.insert(node.current_term(), node.id());
        }
        for (index, entry) in node.log().iter() {
            if index <= node.commit_index() && index.count() > next.committed.len() {
                next.committed.push((entry.clone(), node.current_term()));
            }
        }
        // Terms before the lowest current term cannot matter to any node any more.
        let oldest = next.nodes.iter().map(RaftNode::current_term).min()?;
        next.leaders.retain(|&term, _| term >= oldest);
        for (_, in_term) in &mut next.committed {
            if *in_term < oldest {
                *in_term = Term::ZERO;
            }
        }
        (next != *before).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("Election Safety", |_, state: &Cluster| {
            let leaders = state.nodes.iter().filter(|node| node.is_leader());
            let mut terms = BTreeSet::new();
            leaders.into_iter().all(|leader| terms.insert(leader.current_term()))
        })]
    }
}

#[test]
fn stateright_counts_as_many_states_as_our_search() {
    for (nodes, terms, log) in [(2, 2, 1), (2, 1, 2), (3, 1, 0), (3, 1, 1)] {
        let bounds = Bounds::new(nodes, terms, log).without_no_op();
        let bounds = Bounds { merge: Merge::NONE, jobs: 2, memory: 4 << 30, ..bounds };
        let ours = exhaustive::find(None, &bounds);
        assert_eq!(ours.reach, Reach::Exhausted, "{bounds:?}");

        let model = Raft { settings: bounds.settings(RuleSet::INTACT), terms, log };
        let theirs = model.checker().threads(2).spawn_bfs().join();
        theirs.assert_properties();
        let states = theirs.unique_state_count() as u64;
        assert_eq!(states, ours.stats.states, "{nodes} nodes, {terms} terms, log {log}");
    }
}
