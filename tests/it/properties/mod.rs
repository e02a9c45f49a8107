//! What must hold, and the ledgers that watch it.

mod linearizability;
mod safety;
