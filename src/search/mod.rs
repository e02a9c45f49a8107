//! Looks for a run in which Raft fails, and makes it short.
//!
//! * [`random`]: walks of single moves and worlds with drawn faults, one for each seed.
//! * [`exhaustive`]: every run of a small cluster.
//! * [`mod@best`]: the best counterexample that both find for a rule, within a budget.
//! * [`schedule`]: a run as named moves, which [`manual`] makes one by one in a cluster where nothing
//!   else happens; [`shrink`] leaves out what is not needed, and [`parts`] groups what is left.
//! * [`objective`]: what counts as a fall.
//! * [`divergence`]: where a node that keeps the rule parts from the run that breaks it.

pub mod best;
pub mod divergence;
pub mod exhaustive;
pub mod manual;
pub mod objective;
pub mod parts;
pub mod random;
pub mod schedule;
pub mod shrink;
