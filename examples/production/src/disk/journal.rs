//! A file to which records are appended, a line each, and synced before they count.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use super::folder::{damaged, replace_bytes, sync_folder_of};

/// The open file. Each record is one line of JSON, and is synced before the next one is written. So a crash can
/// leave at most the last line torn, and nobody was told that this line had been saved.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// Whether a write has failed. Nobody knows what the disk holds then, and to try once more could make it worse.
    failed: bool,
}

impl Journal {
    /// Opens the file, and returns what is in it. A torn last line is cut off.
    pub(super) fn open<R: DeserializeOwned>(path: &Path) -> io::Result<(Self, Vec<R>)> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let (records, whole) = read_records(path, &bytes)?;
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        file.set_len(whole)?;
        // The last record may have been written, but not synced, when the process ended: now it is, before anyone
        // relies on it (`persist-before-reply`).
        file.sync_all()?;
        sync_folder_of(path)?;
        Ok((Self { path: path.to_owned(), file, failed: false }, records))
    }

    /// Appends a record. When this returns, the record is durable.
    pub(super) fn append<R: Serialize>(&mut self, record: &R) -> io::Result<()> {
        let line = line(record)?;
        self.unless_failed(|journal| {
            journal.file.write_all(&line)?;
            journal.file.sync_data()
        })
    }

    /// Puts these records in the place of all that there are: all or none of it, whenever a crash comes.
    pub(super) fn rewrite<R: Serialize>(&mut self, records: &[R]) -> io::Result<()> {
        let lines = records.iter().map(line).collect::<io::Result<Vec<_>>>()?.concat();
        self.unless_failed(|journal| {
            replace_bytes(&journal.path, &lines)?;
            journal.file = OpenOptions::new().append(true).open(&journal.path)?;
            Ok(())
        })
    }

    fn unless_failed(&mut self, write: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other(format!(
                "{}: an earlier write has failed",
                self.path.display()
            )));
        }
        self.failed = true;
        write(self)?;
        self.failed = false;
        Ok(())
    }
}

/// The records, and how many bytes of the file they take. What a crash left is at the end and torn: it has no end of
/// line, or is not JSON, since what was never written reads as zeros. Anything else is damage.
fn read_records<R: DeserializeOwned>(path: &Path, bytes: &[u8]) -> io::Result<(Vec<R>, u64)> {
    let mut records = Vec::new();
    let mut whole = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        if !line.ends_with(b"\n") {
            break;
        }
        match serde_json::from_slice(line) {
            Ok(record) => records.push(record),
            Err(_) if whole + line.len() == bytes.len() => break,
            Err(error) => {
                return Err(damaged(path, &format!("line {}: {error}", records.len() + 1)));
            }
        }
        whole += line.len();
    }
    Ok((records, whole as u64))
}

fn line<R: Serialize>(record: &R) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    Ok(line)
}
