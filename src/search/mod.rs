//! Looks for a run in which Raft fails, and makes it short.
//!
//! * [`random`]: walks of single moves and worlds with drawn faults, one for each seed.
//! * [`exhaustive`]: every run of a small cluster.
//! * [`best_counterexample`]: the best counterexample that both find for a rule, within a budget.
//! * [`schedule`]: a run as named moves, which [`manual_cluster`] makes one by one in a cluster where nothing
//!   else happens; [`shrink`] leaves out what is not needed, and [`schedule_parts`] groups what is left.
//! * [`objective`]: what counts as a fall.
//! * `share_out`: work that threads do side by side.
//! * [`first_divergence`]: where a node that keeps the rule parts from the run that breaks it.

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
