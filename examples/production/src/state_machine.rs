//! What the commands act on: keys and values. It lives in memory; on disk are its snapshots and the log.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use openraft::{
    EntryPayload, OptionalSend, RaftSnapshotBuilder, StorageIOError, storage::RaftStateMachine,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::{
    disk::{in_background, read_json, replace},
    types::{Applied, Entry, LogId, Membership, Snapshot, SnapshotMeta, StorageError, TypeConfig},
};

/// What is stored, by key.
pub type Values = BTreeMap<String, Value>;

/// A value, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// What was written last.
    pub value: String,
    /// How many times it was written.
    pub version: u64,
    /// The entry that wrote it last.
    pub index: u64,
}

/// All that applied entries have brought about. Two nodes that have applied the same entries have equal states.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The last entry that was applied.
    pub last_applied: Option<LogId>,
    /// Who is in the cluster.
    pub membership: Membership,
    /// What is stored.
    pub values: Values,
}

impl State {
    /// Applies one entry. Nothing but the entry and the state decides what comes of it, so that all nodes agree.
    fn apply(&mut self, entry: Entry) -> Applied {
        self.last_applied = Some(entry.log_id);
        match entry.payload {
            // `no-op-on-election`: the first entry of a leader's term has no command.
            EntryPayload::Blank => Applied::default(),
            EntryPayload::Membership(membership) => {
                self.membership = Membership::new(Some(entry.log_id), membership);
                Applied::default()
            }
            EntryPayload::Normal(command) => {
                let version = self.values.get(&command.key).map_or(0, |old| old.version) + 1;
                let value = Value { value: command.value, version, index: entry.log_id.index };
                self.values.insert(command.key, value);
                Applied { version }
            }
        }
    }
}

/// A snapshot as it is on disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Saved {
    meta: SnapshotMeta,
    values: Values,
}

impl Saved {
    fn to_snapshot(&self) -> Snapshot {
        Snapshot { meta: self.meta.clone(), snapshot: Box::new(self.values.clone()) }
    }
}

/// The state, and the snapshot that is newest. Clones share both.
#[derive(Clone, Debug)]
pub struct StateMachine {
    state: Arc<RwLock<State>>,
    /// Held while a snapshot is built or installed: of two snapshots the newer one stays.
    newest: Arc<Mutex<Option<Saved>>>,
    file: PathBuf,
}

impl StateMachine {
    /// The state as the snapshot in this folder has it. The engine applies the entries that come after.
    ///
    /// # Errors
    ///
    /// If the snapshot cannot be read.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let file = folder.join("snapshot.json");
        let newest: Option<Saved> = read_json(&file)?;
        let state = newest.as_ref().map(restored).unwrap_or_default();
        Ok(Self { state: Arc::new(RwLock::new(state)), newest: Arc::new(Mutex::new(newest)), file })
    }

    /// The state as it is now on this node, which may be behind.
    pub fn state(&self) -> State {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The value of a key as it is now on this node, which may be behind.
    pub fn value(&self, key: &str) -> Option<Value> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).values.get(key).cloned()
    }

    /// Makes a snapshot durable. The log may be purged up to it only after this.
    async fn save(&self, saved: Saved, newest: &mut Option<Saved>) -> Result<(), StorageError> {
        let (file, copy) = (self.file.clone(), saved.clone());
        let written = in_background(move || replace(&file, &copy)).await;
        written.map_err(|error| {
            StorageIOError::write_snapshot(Some(saved.meta.signature()), &error)
        })?;
        *newest = Some(saved);
        Ok(())
    }
}

fn restored(saved: &Saved) -> State {
    State {
        last_applied: saved.meta.last_log_id,
        membership: saved.meta.last_membership.clone(),
        values: saved.values.clone(),
    }
}

impl RaftSnapshotBuilder<TypeConfig> for StateMachine {
    async fn build_snapshot(&mut self) -> Result<Snapshot, StorageError> {
        let mut newest = self.newest.lock().await;
        let State { last_applied, membership, values } = self.state();
        let snapshot_id = last_applied.map_or_else(|| "empty".to_owned(), |last| last.to_string());
        let meta =
            SnapshotMeta { last_log_id: last_applied, last_membership: membership, snapshot_id };
        let saved = Saved { meta, values };
        self.save(saved.clone(), &mut newest).await?;
        Ok(saved.to_snapshot())
    }
}

impl RaftStateMachine<TypeConfig> for StateMachine {
    type SnapshotBuilder = Self;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, Membership), StorageError> {
        let state = self.state();
        Ok((state.last_applied, state.membership))
    }

    /// `answer-only-applied`: the engine calls this with committed entries, in order, and sends to each client what
    /// comes out of its entry.
    async fn apply<I>(&mut self, entries: I) -> Result<Vec<Applied>, StorageError>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        Ok(entries.into_iter().map(|entry| state.apply(entry)).collect())
    }

    async fn get_snapshot_builder(&mut self) -> Self {
        self.clone()
    }

    async fn begin_receiving_snapshot(&mut self) -> Result<Box<Values>, StorageError> {
        Ok(Box::default())
    }

    /// The leader's snapshot takes the place of all that was applied here. It is on disk first.
    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta,
        snapshot: Box<Values>,
    ) -> Result<(), StorageError> {
        let mut newest = self.newest.lock().await;
        let saved = Saved { meta: meta.clone(), values: *snapshot };
        let state = restored(&saved);
        self.save(saved, &mut newest).await?;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot>, StorageError> {
        Ok(self.newest.lock().await.as_ref().map(Saved::to_snapshot))
    }
}
