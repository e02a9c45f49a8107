//! The engine's view of the disk: it appends, truncates and purges entries, and saves votes.

use std::{
    fmt::Debug,
    io,
    ops::RangeBounds,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use openraft::{
    LogState, OptionalSend, RaftLogReader, StorageIOError,
    storage::{LogFlushed, RaftLogStorage},
};

use super::{
    folder::{damaged, in_background, read_json, replace, replace_unsynced},
    journal::Journal,
    log::{Log, Record},
};
use crate::types::{Entry, LogId, StorageError, TypeConfig, Vote};

/// A log and a vote that outlive the process. Clones share both.
///
/// Reads are served from memory, writes go to disk one after the other.
#[derive(Clone, Debug)]
pub struct LogStore {
    log: Arc<RwLock<Log>>,
    /// One write at a time, of the log or of the vote, as the engine demands.
    disk: Arc<Mutex<Disk>>,
}

#[derive(Debug)]
struct Disk {
    journal: Journal,
    vote: PathBuf,
    committed: PathBuf,
}

impl LogStore {
    /// Opens the log and the vote in this folder, with what a former process saved there.
    ///
    /// # Errors
    ///
    /// If the disk fails, or if a file is damaged in a way that no crash can bring about.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join("log.jsonl");
        let (journal, records) = Journal::open(&path)?;
        let mut log = Log::default();
        for record in records {
            log.take(record);
        }
        if let Some(index) = log.hole() {
            return Err(damaged(&path, &format!("there is no entry {index}")));
        }
        let disk = Disk {
            journal,
            vote: folder.join("vote.json"),
            committed: folder.join("committed.json"),
        };
        Ok(Self { log: Arc::new(RwLock::new(log)), disk: Arc::new(Mutex::new(disk)) })
    }

    /// Works with the disk, on a thread that may wait for it, while nobody else does.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Disk) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let disk = Arc::clone(&self.disk);
        in_background(move || work(&mut *lock(&disk)?)).await
    }

    fn take(&self, record: Record) {
        self.log.write().unwrap_or_else(PoisonError::into_inner).take(record);
    }
}

fn read<T>(log: &RwLock<Log>, read: impl FnOnce(&Log) -> T) -> T {
    read(&log.read().unwrap_or_else(PoisonError::into_inner))
}

/// A thread that panicked in the middle of a write leaves a disk that nobody knows.
fn lock(disk: &Mutex<Disk>) -> io::Result<MutexGuard<'_, Disk>> {
    disk.lock().map_err(|_| io::Error::other("a write has panicked"))
}

impl RaftLogReader<TypeConfig> for LogStore {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> Result<Vec<Entry>, StorageError> {
        Ok(read(&self.log, |log| log.range(range)))
    }
}

impl RaftLogStorage<TypeConfig> for LogStore {
    type LogReader = Self;

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn get_log_state(&mut self) -> Result<LogState<TypeConfig>, StorageError> {
        Ok(read(&self.log, |log| LogState {
            last_purged_log_id: log.purged(),
            last_log_id: log.last(),
        }))
    }

    /// `persist-before-reply` for votes: this returns when the vote is durable, and the engine answers after it.
    async fn save_vote(&mut self, vote: &Vote) -> Result<(), StorageError> {
        let vote = *vote;
        let saved = self.on_disk(move |disk| replace(&disk.vote, &vote)).await;
        Ok(saved.map_err(|error| StorageIOError::write_vote(&error))?)
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, StorageError> {
        let vote = self.on_disk(|disk| read_json(&disk.vote)).await;
        Ok(vote.map_err(|error| StorageIOError::read_vote(&error))?)
    }

    /// How far the log was committed is a hint: it lets a node that starts again apply its entries without waiting
    /// for a leader. If it is lost, the node waits. So it is not synced; and it never runs ahead of the log on disk,
    /// because the engine commits only what this node has saved.
    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), StorageError> {
        let saved = self.on_disk(move |disk| replace_unsynced(&disk.committed, &committed)).await;
        Ok(saved.map_err(|error| StorageIOError::write(&error))?)
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, StorageError> {
        let committed =
            self.on_disk(|disk| Ok(read_json(&disk.committed).ok().flatten().flatten())).await;
        Ok(committed.map_err(|error| StorageIOError::read(&error))?)
    }

    /// `persist-before-reply` for entries: they can be read at once, so that a leader may send them already, but
    /// `flushed` is called after they are durable. Only then does this node's copy count, or an answer leave.
    async fn append<I>(
        &mut self,
        entries: I,
        flushed: LogFlushed<TypeConfig>,
    ) -> Result<(), StorageError>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<_> = entries.into_iter().collect();
        let record = Record::Append(entries.clone());
        self.take(Record::Append(entries));
        flushed.log_io_completed(self.on_disk(move |disk| disk.journal.append(&record)).await);
        Ok(())
    }

    /// `conflict-truncates`: what contradicts the leader goes, this entry and all after it. It is gone from disk
    /// before anything comes in its place.
    async fn truncate(&mut self, from: LogId) -> Result<(), StorageError> {
        let record = Record::Truncate(from.index);
        let cut = self.on_disk(move |disk| disk.journal.append(&record)).await;
        cut.map_err(|error| StorageIOError::write_logs(&error))?;
        self.take(Record::Truncate(from.index));
        Ok(())
    }

    /// The file is written anew without the entries that a snapshot covers, and takes the old one's place.
    async fn purge(&mut self, upto: LogId) -> Result<(), StorageError> {
        self.take(Record::Purge(upto));
        let log = Arc::clone(&self.log);
        let rewrite = move |disk: &mut Disk| disk.journal.rewrite(&read(&log, Log::records));
        Ok(self.on_disk(rewrite).await.map_err(|error| StorageIOError::write_logs(&error))?)
    }
}
