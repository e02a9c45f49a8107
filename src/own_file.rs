//! Files that this program writes and may write again. Each is written beside its place first, and replaces
//! only an empty file or one of the same kind.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf, is_separator};
use std::process;

/// A kind of file that is recognised by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnFile {
    /// The name of the kind in a complaint, such as "scenario".
    pub kind: &'static str,
    /// The text that every file of this kind begins with.
    pub marker: &'static str,
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// The file cannot be written, or its folder cannot.
    #[error("'{0}' cannot be written: {1}")]
    Unwritable(PathBuf, #[source] io::Error),
    /// A file with this name exists and is of another kind.
    #[error(
        "'{0}' exists and is not a {kind} that was saved here; it is kept, so choose another name",
        kind = .1.kind
    )]
    Other(PathBuf, OwnFile),
    /// The scenario would be too long to be read again.
    #[error(
        "'{0}' is not written: it would be longer than 1 MiB, and no scenario of that length can be read again; \
         save fewer lines, or record the run with --trace"
    )]
    TooLong(PathBuf),
}

impl OwnFile {
    /// Writes a text that begins with the marker. It is written beside the file first, so that no
    /// half-written file ever has the file's name.
    ///
    /// # Errors
    /// If a file with this name is of another kind, or the file cannot be written.
    pub fn write(self, file: &Path, text: &str) -> Result<(), NotWritten> {
        assert!(text.starts_with(self.marker), "what is written here can be told from other files");
        self.check(file)?;
        let unwritten = |error| NotWritten::Unwritable(file.to_owned(), error);
        let part = part_of(file).map_err(unwritten)?;
        // An existing part file belongs to a trace that is being written to this file.
        let mut opened = File::create_new(&part).map_err(unwritten)?;
        let written = opened.write_all(text.as_bytes());
        written.and_then(|()| fs::rename(&part, followed(file))).map_err(|error| {
            // What is half written is of no use to anyone.
            let _ = fs::remove_file(&part);
            unwritten(error)
        })
    }

    /// Checks that a file of this kind can be written under this name: there is no such file, or it is
    /// empty or of this kind. So a mistyped name does not overwrite a file of another kind.
    ///
    /// # Errors
    /// If a file with this name is of another kind or cannot be read, or its folder cannot be found.
    pub fn check(self, file: &Path) -> Result<(), NotWritten> {
        let unwritten = |error| NotWritten::Unwritable(file.to_owned(), error);
        match fs::metadata(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unwritten(error)),
            Ok(found) if found.is_file() => {
                let mut begins = Vec::new();
                let length = self.marker.len() as u64;
                let read = File::open(file).and_then(|it| it.take(length).read_to_end(&mut begins));
                read.map_err(unwritten)?;
                if !begins.is_empty() && begins != self.marker.as_bytes() {
                    return Err(NotWritten::Other(file.to_owned(), self));
                }
            }
            Ok(found) if found.is_dir() => {
                return Err(unwritten(io::ErrorKind::IsADirectory.into()));
            }
            Ok(_) => return Err(NotWritten::Other(file.to_owned(), self)),
        }
        // A long run should not end without its file, so the program tries now whether it can begin one.
        let part = part_of(file).map_err(unwritten)?;
        File::create_new(&part).and_then(|_| fs::remove_file(part)).map_err(unwritten)
    }
}

/// Returns where to write what will replace `file`, or become it, once it is complete: a part file beside it.
///
/// # Errors
/// If `file` names a folder, or is write-protected, because then it must not be replaced either.
pub(crate) fn part_of(file: &Path) -> io::Result<PathBuf> {
    let name = file.as_os_str().as_encoded_bytes();
    if name.last().is_some_and(|&last| is_separator(last.into())) {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let target = followed(file);
    match fs::metadata(&target) {
        // To an administrator the system would grant the access all the same.
        Ok(found) if found.permissions().readonly() => {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(_) => _ = OpenOptions::new().append(true).open(&target)?,
        Err(_) => {}
    }
    Ok(beside(&target))
}

/// The file that is meant: a link stays one, and what it points to is written, which may not exist yet.
pub(crate) fn followed(file: &Path) -> PathBuf {
    let mut file = file.to_owned();
    // Like the system, this gives up after 40 links, which ends a circle of them.
    for _ in 0..40 {
        let Ok(target) = fs::read_link(&file) else { break };
        file = file.parent().map_or_else(|| target.clone(), |folder| folder.join(&target));
    }
    file
}

/// Where a file is written before it gets its name.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", process::id()));
    file.with_file_name(name)
}
