//! Looks for a run in which Raft fails, and makes that run short.
//!
//! * [`random`]: random walks of single moves, and worlds with random faults, for each seed.
//! * [`exhaustive`]: every run of a small cluster.
//! * [`best_counterexample`]: the best counterexample for a rule that these two find, within a budget.
//! * [`schedule`]: a run as named moves. [`manual_cluster`] makes them one by one in a cluster where nothing
//!   else happens; [`shrink`] leaves out the moves that are not needed, and [`schedule_parts`] groups the others.
//! * [`objective`]: what counts as a violation.
//! * `share_out`: distributes work over threads.
//! * [`first_divergence`]: the first move at which nodes that keep the rule act differently from nodes
//!   that break it.

pub mod best_counterexample;
pub mod exhaustive;
pub mod first_divergence;
pub mod manual_cluster;
pub mod objective;
pub mod random;
pub mod schedule;
pub mod schedule_parts;
mod share_out;
pub mod shrink;
