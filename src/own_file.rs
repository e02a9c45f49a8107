//! Files that this program writes and may write again: beside their place first, and in the place of
//! nothing that it did not write.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process;

/// A kind of file that is known by how it begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnFile {
    /// What it is called in a complaint, as in "a scenario".
    pub kind: &'static str,
    /// What every file of this kind begins with.
    pub marker: &'static str,
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// It cannot be, or its folder cannot.
    #[error("'{0}' cannot be written: {1}")]
    Unwritable(PathBuf, #[source] io::Error),
    /// There is one of this name, which is something else.
    #[error(
        "'{0}' exists and is no {kind} that was saved here; it stays, so choose another name",
        kind = .1.kind
    )]
    Other(PathBuf, OwnFile),
}

impl OwnFile {
    /// Writes a text that begins with the marker: beside the file first, so that nothing half written
    /// ever has its name.
    ///
    /// # Errors
    /// If there is a file of this name that is something else, or it cannot be written.
    pub fn write(self, file: &Path, text: &str) -> Result<(), NotWritten> {
        assert!(text.starts_with(self.marker), "what is written here can be told from other files");
        self.check(file)?;
        let target = &followed(file);
        let part = beside(target);
        let opened = OpenOptions::new().write(true).create_new(true).open(&part);
        // What was there before is somebody else's: a trace that is being written to this file.
        let mut opened = opened.map_err(|error| NotWritten::Unwritable(file.to_owned(), error))?;
        let written = opened.write_all(text.as_bytes());
        written.and_then(|()| fs::rename(&part, target)).map_err(|error| {
            // What is half written is of no use to anyone.
            let _ = fs::remove_file(&part);
            NotWritten::Unwritable(file.to_owned(), error)
        })
    }

    /// Whether a file of this kind can be written under this name: there is no such file, or it is empty
    /// or of this kind. A slip of the tongue must not cost anyone a file that is something else.
    ///
    /// # Errors
    /// If there is a file of this name that is something else, or its folder cannot be written.
    pub fn check(self, file: &Path) -> Result<(), NotWritten> {
        let unwritten = |error| NotWritten::Unwritable(file.to_owned(), error);
        match fs::metadata(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let target = followed(file);
                let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.unwrap_or_else(|| Path::new("."));
                fs::metadata(folder).map(|_| ()).map_err(unwritten)
            }
            Err(error) => Err(unwritten(error)),
            Ok(found) if found.is_file() => {
                let mut begins = Vec::new();
                let length = self.marker.len() as u64;
                let read = File::open(file).and_then(|it| it.take(length).read_to_end(&mut begins));
                read.map_err(unwritten)?;
                if begins.is_empty() || begins == self.marker.as_bytes() {
                    Ok(())
                } else {
                    Err(NotWritten::Other(file.to_owned(), self))
                }
            }
            Ok(found) if found.is_dir() => Err(unwritten(io::ErrorKind::IsADirectory.into())),
            Ok(_) => Err(NotWritten::Other(file.to_owned(), self)),
        }
    }
}

/// The file that is meant: a link stays one, and what it points to is written, which may not exist yet.
pub(crate) fn followed(file: &Path) -> PathBuf {
    let mut file = file.to_owned();
    // Links in a circle end as they do for the system.
    for _ in 0..40 {
        let Ok(target) = fs::read_link(&file) else { break };
        file = file.parent().map_or_else(|| target.clone(), |folder| folder.join(&target));
    }
    file
}

/// Where a file is written before it gets its name.
pub(crate) fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", process::id()));
    file.with_file_name(name)
}
