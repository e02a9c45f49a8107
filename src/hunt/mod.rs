//! Hunts.
pub mod calm;
pub mod clients;
pub mod schedule;
pub mod shrink;
pub mod trial;
pub mod vigil;
pub mod walk;
