//! The engine's own tests of a store.

use openraft::{
    StorageIOError,
    testing::{StoreBuilder, Suite},
};
use raft_in_production::{
    disk::LogStore,
    state_machine::StateMachine,
    types::{StorageError, TypeConfig},
};
use tempfile::TempDir;

struct OnDisk;

impl StoreBuilder<TypeConfig, LogStore, StateMachine, TempDir> for OnDisk {
    async fn build(&self) -> Result<(TempDir, LogStore, StateMachine), StorageError> {
        let folder = tempfile::tempdir().map_err(|error| StorageIOError::write(&error))?;
        let log =
            LogStore::open(folder.path()).map_err(|error| StorageIOError::read_logs(&error))?;
        let state_machine =
            StateMachine::open(folder.path()).map_err(|error| StorageIOError::read(&error))?;
        Ok((folder, log, state_machine))
    }
}

#[test]
fn the_engines_suite_passes() {
    Suite::test_all(OnDisk).expect("what the engine demands of a store");
}
