//! What must hold in every run, and the ledgers that watch it.
//!
//! * [`safety`]: the properties of Figure 3 and a few more, asked after every step.
//! * [`linearizability`]: what clients asked and were told, and whether that can be.
//! * [`report`]: what both came to.

pub mod linearizability;
pub mod report;
pub mod safety;
