//! Reads scenarios from files up to a size limit, and saves them without replacing other files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::error::FileError;
use super::library::nearest;
use super::script::Script;
use crate::own_file::{NotWritten, OwnFile};
use crate::record::begins_trace;

/// The longest that a scenario may be, in bytes. The longest that ships has less than a hundredth of that.
pub(crate) const LONGEST: u64 = 1 << 20;

/// The kind of file that is saved here. No file of another kind is replaced.
const SAVED: OwnFile =
    OwnFile { kind: "scenario", marker: "# Written by raft-cluster, which may replace this file." };

/// Reads the text of a scenario's file.
///
/// # Errors
/// If it cannot be read, or cannot be the text of a scenario.
pub(super) fn read(name: &str) -> Result<String, FileError> {
    let opened = File::open(name).and_then(beginning);
    let bytes = opened.map_err(|error| {
        let meant =
            nearest(name).map_or_else(String::new, |near| format!("did you mean '{near}'? "));
        let sentence = format!(
            "'{name}' is neither a scenario that ships with the program nor a readable file \
             ({error}); {meant}'raft-cluster scenarios' lists what ships"
        );
        FileError::Io(sentence, error)
    })?;
    text(name, bytes)
}

/// Reads at most one byte more than a scenario may have, because a device may have no end.
pub(super) fn beginning(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns these bytes as the text of a scenario. `name` appears in the errors.
///
/// # Errors
/// If they are a trace, too long, or not text in UTF-8.
pub(super) fn text(name: &str, bytes: Vec<u8>) -> Result<String, FileError> {
    let content = |what: &str| FileError::Content(format!("'{name}' {what}"));
    if begins_trace(&*bytes) {
        return Err(content(
            "is a trace, and no scenario; 'raft-cluster replay' runs it again from its file",
        ));
    }
    if bytes.len() as u64 > LONGEST {
        return Err(content("is longer than 1 MiB, and a scenario may have no more than that"));
    }
    if let Some(encoding) = wide_encoding(&bytes) {
        let what = format!("is written in {encoding}; save the scenario as UTF-8");
        return Err(content(&what));
    }
    String::from_utf8(bytes)
        .map_err(|_| content("is not text in UTF-8; save the scenario as UTF-8"))
}

/// The encoding of a text that begins like UTF-16 or UTF-32: with a byte order mark, or with an ASCII character
/// of two or four bytes.
pub(crate) const fn wide_encoding(text: &[u8]) -> Option<&'static str> {
    match text {
        [0xff, 0xfe, 0, 0, ..]
        | [0, 0, 0xfe, 0xff, ..]
        | [0, 0, 0, b' '..=b'~', ..]
        | [b' '..=b'~', 0, 0, 0, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, b' '..=b'~', ..] | [b' '..=b'~', 0, ..] => {
            Some("UTF-16")
        }
        _ => None,
    }
}

impl Script {
    /// Saves the scenario as a file.
    ///
    /// # Errors
    /// If the text is longer than a scenario may be, there is a file of this name that was not saved here, or
    /// the file cannot be written.
    pub fn save(&self, file: &Path) -> Result<(), NotWritten> {
        let text = format!("{}\n{self}", SAVED.marker);
        if text.len() as u64 > LONGEST {
            return Err(NotWritten::TooLong(file.to_owned()));
        }
        SAVED.write(file, &text)
    }

    /// Whether a scenario can be saved under this name.
    ///
    /// # Errors
    /// If there is a file of this name that was not saved here, or its folder cannot be written.
    pub fn may_be_saved(file: &Path) -> Result<(), NotWritten> {
        SAVED.check(file)
    }
}
