//! Exhaustive search: everything that can happen to a small cluster within stated bounds.
//!
//! The nodes are the same [`RaftNode`](crate::raft::RaftNode)s that run on threads and in virtual
//! time. From the initial state the search tries every order of delivery, loss, duplication, timeout,
//! crash and restart, and checks the five properties of Figure 3 after each step. If none is violated, none
//! *can* be violated within these bounds. That proves nothing for larger bounds, but it is more than any number
//! of random runs shows.
//!
//! What makes it feasible, each in its own file:
//!
//! * `server_state`, `state`: a state holds no time, and each distinct server, message and step is kept once;
//! * `actions`: the network is the set of all messages ever sent, so that loss, reordering and
//!   duplication need no actions of their own;
//! * `dead_messages`: messages that can no longer have an effect are taken out, which relies on the rules
//!   that `premises` names;
//! * `symmetry`: states that differ only in the names of the nodes are one;
//! * `search`: once a state's successors are known, only its fingerprint is kept.
//!
//! `bounds`, `preset` and `memory_limit` say how far a search goes, `ledger` and `properties` what must
//! hold; `counterexample` turns the steps that lead to a violation into moves. `outline` compares searches
//! that merge states in different ways.

pub mod actions;
mod bounds;
mod counterexample;
mod dead_messages;
mod frontier;
mod interner;
mod ledger;
pub mod memory_limit;
mod outline;
mod premises;
mod preset;
mod properties;
mod search;
pub mod server_state;
pub mod state;
mod symmetry;

use std::ops::ControlFlow;

use serde::Serialize;

use crate::raft::{Rule, RuleSet};

pub use bounds::{Bounds, Merge};
pub use counterexample::Counterexample;
pub use outline::outlines;
pub use preset::{is_quick, preset};
pub use search::{Pause, Stats};
pub use symmetry::chance_of_a_miss;

use search::Search;
use state::Catalogue;

/// How far a search came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Every state within the bounds was seen.
    Exhausted,
    /// A property was violated, which ended the search.
    Violated,
    /// The memory bound was reached. Every state up to the last complete depth was seen.
    OutOfMemory,
    /// The caller's `progress` told it to stop.
    Stopped,
}

/// What a search found.
#[derive(Clone, PartialEq, Debug)]
pub struct SearchOutcome {
    /// The shortest way to a violated property, if there is one.
    pub violation: Option<Counterexample>,
    /// How far it came.
    pub reach: Reach,
    /// The search's statistics.
    pub stats: Stats,
}

/// Searches everything within `bounds`, with this rule broken or with none.
pub fn find(rule: Option<Rule>, bounds: &Bounds) -> SearchOutcome {
    explore(rule.into_iter().collect(), bounds, |_, _| ControlFlow::Continue(()))
}

/// Searches everything within `bounds`, with these rules. The search calls `progress` whenever a depth is
/// complete, and now and then in between; `progress` may stop it.
pub fn explore(
    rules: RuleSet,
    bounds: &Bounds,
    mut progress: impl FnMut(&Stats, Pause) -> ControlFlow<()>,
) -> SearchOutcome {
    let catalogue = Catalogue::default();
    // With a rule broken the caller wants the shortest way to the violation, so each step has to count.
    let free_sends = bounds.merge.free_sends && rules.is_intact();
    let bounds = &Bounds { merge: Merge { free_sends, ..bounds.merge }, ..*bounds };
    let mut search = Search::new(bounds, rules, &catalogue);
    let (reach, violated) = search.run(&mut progress);
    let violation =
        violated.map(|(property, way)| Counterexample::new(search.model(), property, &way));
    SearchOutcome { violation, reach, stats: search.stats }
}
