//! `raft-cluster report`: a run as one page to look at and to step through.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

use super::error::Error;
use crate::own_file::OwnFile;
use crate::properties::report::SafetyReport;
use crate::record::history::History;
use crate::view::page;

/// A page that is written here; no other file is replaced.
const PAGE: OwnFile = OwnFile { kind: "report", marker: page::MARKER };

/// Whether a page can be written under this name.
pub(super) fn check(file: &Path) -> Result<(), Error> {
    PAGE.check(file).map_err(Error::NotWritten)
}

/// Writes the page of a run.
pub(super) fn write(file: &Path, history: &History, safety: &SafetyReport) -> Result<(), Error> {
    PAGE.write(file, &page::html(history, safety)).map_err(Error::NotWritten)
}

/// The page of a run that was recorded. A trace that was cut is shown as far as it goes.
pub(super) fn of_trace(trace: &Path, file: &Path) -> Result<ExitCode, Error> {
    check(file)?;
    let opened = File::open(trace).map_err(|error| Error::Unreadable(trace.to_owned(), error))?;
    let history = History::read(BufReader::new(opened))
        .map_err(|error| Error::Trace(trace.to_owned(), error))?;
    let safety = history.summary().map(|summary| summary.safety.clone()).unwrap_or_default();
    write(file, &history, &safety)?;
    Ok(ExitCode::from(u8::from(safety.fallen() > 0)))
}
