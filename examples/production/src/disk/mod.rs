//! What a node must still know after a crash: its vote and its log.

mod folder;
mod journal;
mod log;
mod log_store;

pub use folder::Folder;
pub(crate) use folder::{in_background, read_json, replace};
pub use log_store::LogStore;
