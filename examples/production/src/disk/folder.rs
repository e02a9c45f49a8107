//! A node's folder, and files that are replaced as a whole: after a crash there is the old one or the new one.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::types::NodeId;

/// The folder in which one node, and no other, keeps its files while this value lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The lock ends with the process, however that ends.
    _lock: File,
}

impl Folder {
    /// Takes the folder for node `id`, and makes it if there is none.
    ///
    /// # Errors
    ///
    /// If another process has it, or if it is another node's. A node that woke up with a disk that is not its own
    /// would have promised what it does not know, and could vote twice (`one-vote-per-term`).
    pub fn open(path: &Path, id: NodeId) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(other(format!("another process has {}", path.display())));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let owner = path.join("id.json");
        match read_json::<NodeId>(&owner)? {
            Some(found) if found != id => {
                return Err(other(format!("{} belongs to n{found}, not to n{id}", path.display())));
            }
            Some(_) => {}
            None => replace(&owner, &id)?,
        }
        // A rename that a crash left half done is read as done; from here on it is.
        File::open(path)?.sync_all()?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Puts `value` in the place of the file, durably: written beside it and synced, renamed, and the folder synced.
/// When this returns, a crash cannot bring the old file back.
pub(crate) fn replace<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    replace_bytes(path, &serde_json::to_vec(value)?)
}

/// As [`replace`], for bytes.
pub(super) fn replace_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    sync_folder_of(path)
}

/// As [`replace`], but not synced: after a power failure the file may be old, empty or gone. Only for a hint.
pub(super) fn replace_unsynced<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, serde_json::to_vec(value)?)?;
    std::fs::rename(&beside, path)
}

/// Makes durable that a file has this name.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| other(format!("{}: no folder", path.display())))?;
    File::open(folder)?.sync_all()
}

/// What the file holds, or nothing if there is no file.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let value = serde_json::from_slice(&bytes).map_err(|error| damaged(path, &error))?;
            Ok(Some(value))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A file that no crash can have left like this: a person must look at it.
pub(super) fn damaged(path: &Path, what: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{} is damaged: {what}", path.display()))
}

fn other(text: String) -> io::Error {
    io::Error::other(text)
}

/// Waits for the disk on a thread that may wait, so that the tasks of the engine go on.
pub(crate) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
