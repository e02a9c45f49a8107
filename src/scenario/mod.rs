//! The small language of scripts.

mod world;

pub use world::{CannotDo, SafetyReport, Ticket, World};
