//! The states within bounds without their messages, for comparing searches that merge states in
//! different ways.
//!
//! Merging may leave a state out only if another state stays that differs only in messages that do not matter.
//! So whatever is merged, a search must reach the same combinations of nodes and ledger.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use rustc_hash::FxHashSet;

use super::bounds::Bounds;
use super::search::Scratch;
use super::state::{Catalogue, ClusterState, Model};
use crate::raft::RuleSet;

/// Returns fingerprints of all combinations of nodes and ledger that are reached within `bounds`, and
/// within `depth` steps if that is given.
///
/// It runs on one thread, with whole depths in memory, so it is for small bounds.
pub fn outlines(rules: RuleSet, bounds: &Bounds, depth: Option<u32>) -> BTreeSet<u64> {
    let catalogue = Catalogue::default();
    let mut model = Model::new(bounds, rules, &catalogue);
    let mut scratch = Scratch::default();
    let initial = model.initial();
    let mut seen: FxHashSet<u64> = std::iter::once(model.fingerprint(&initial)).collect();
    let mut outlines = BTreeSet::new();
    let mut newest = vec![initial];
    let mut left = depth.unwrap_or(u32::MAX);
    while !newest.is_empty() {
        let mut next = Vec::new();
        for state in newest {
            let outline = ClusterState { in_flight: Vec::new(), ..state.clone() };
            outlines.insert(model.fingerprint(&outline));
            if left == 0 {
                continue;
            }
            model.expand(&state, &mut scratch, &mut |model, found| {
                if found.violated.is_none() && seen.insert(model.fingerprint(found.state)) {
                    next.push(found.state.clone());
                }
                ControlFlow::Continue(())
            });
        }
        newest = next;
        left = left.saturating_sub(1);
    }
    outlines
}
