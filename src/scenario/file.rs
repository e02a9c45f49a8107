//! Scenarios in files: read within a bound, and written in the place of nothing else.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::error::FileError;
use super::library::nearest;
use super::script::Script;

/// As long as a scenario may be, in bytes. The longest that ships has not a hundredth of that.
const LONGEST: u64 = 1 << 20;

/// The first line of what is saved here: no other file is replaced.
const MARKER: &str = "# Written by raft-cluster, which may replace this file.";

/// The beginning of a file, at most one byte more than a scenario may have: a device may have no end.
fn beginning(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a file.
///
/// # Errors
/// If it cannot be read, is too long, or is no text in UTF-8.
pub(super) fn read(name: &str) -> Result<String, FileError> {
    let bytes = beginning(Path::new(name)).map_err(|error| {
        let meant =
            nearest(name).map_or_else(String::new, |near| format!("did you mean '{near}'? "));
        let sentence = format!(
            "'{name}' is no scenario that ships with the program, and no file that can be read \
             ({error}); {meant}'raft-cluster scenarios' lists what ships"
        );
        FileError::Io(sentence, error)
    })?;
    let content = |what| FileError::Content(format!("'{name}' {what}"));
    if bytes.len() as u64 > LONGEST {
        return Err(content("is longer than 1 MiB, and a scenario may have no more than that"));
    }
    let utf_16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    String::from_utf8(bytes).map_err(|_| {
        content(if utf_16 {
            "is written in UTF-16, and a scenario is text in UTF-8; save it as that"
        } else {
            "is no text in UTF-8, and a scenario is text in UTF-8; save it as that"
        })
    })
}

impl Script {
    /// Writes it as a file: beside it first, so that nothing half written ever has its name.
    ///
    /// # Errors
    /// If there is a file of this name that was not saved here, or it cannot be written.
    pub fn save(&self, file: &Path) -> Result<(), FileError> {
        Self::may_be_saved(file)?;
        let text = format!("{MARKER}\n{self}");
        let part = beside(file);
        let written = OpenOptions::new().write(true).create_new(true).open(&part);
        let written = written.and_then(|mut part| part.write_all(text.as_bytes()));
        written.and_then(|()| fs::rename(&part, file)).map_err(|error| {
            // What is half written is of no use to anyone.
            let _ = fs::remove_file(&part);
            unwritten(file, error)
        })
    }

    /// Whether a scenario can be saved under this name: there is no such file, or it is empty or was
    /// saved here.
    /// A slip of the tongue must not cost anyone a file that is something else.
    ///
    /// # Errors
    /// If there is a file of this name that was not saved here, or its folder cannot be written.
    pub fn may_be_saved(file: &Path) -> Result<(), FileError> {
        match fs::metadata(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.unwrap_or_else(|| Path::new("."));
                fs::metadata(folder).map(|_| ()).map_err(|error| unwritten(file, error))
            }
            Err(error) => Err(unwritten(file, error)),
            Ok(found) if found.is_file() => {
                let bytes = beginning(file).map_err(|error| unwritten(file, error))?;
                if bytes.is_empty() || bytes.starts_with(MARKER.as_bytes()) {
                    Ok(())
                } else {
                    Err(other(file))
                }
            }
            Ok(found) if found.is_dir() => Err(unwritten(file, io::ErrorKind::IsADirectory.into())),
            Ok(_) => Err(other(file)),
        }
    }
}

/// Where a file is written before it gets its name.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    file.with_file_name(name)
}

fn other(file: &Path) -> FileError {
    let file = file.display();
    FileError::Content(format!(
        "'{file}' exists and is no scenario that was saved here; it stays, so choose another name"
    ))
}

fn unwritten(file: &Path, error: io::Error) -> FileError {
    FileError::Io(format!("'{}' cannot be written: {error}", file.display()), error)
}
