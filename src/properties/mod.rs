//! What must hold in every run, and the ledgers that check it.
//!
//! * [`safety`]: the properties of Figure 3 and a few more, checked after every batch of steps.
//! * [`linearizability`]: what clients asked and were told, and whether that is possible.
//! * [`report`]: the results of both.

pub mod linearizability;
pub mod report;
pub mod safety;
