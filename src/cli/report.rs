//! `raft-cluster report`: a run as one page to look at and to step through.

use std::io::BufRead;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::Error;
use super::printing;
use super::replay::history_of;
use crate::own_file::OwnFile;
use crate::properties::report::SafetyReport;
use crate::record::TraceError;
use crate::record::history::History;
use crate::scenario::script::Script;
use crate::view::page::{self, ReportKind};
use crate::view::violation::{self, RunVerdict};

/// A report to write: its file, its kind, and the steps in it.
#[derive(Clone, Debug)]
pub(super) struct Report {
    pub(super) file: PathBuf,
    pub(super) kind: ReportKind,
    /// Which steps. `None` means the first ones, as many as the kind of report shows.
    pub(super) steps: Option<RangeInclusive<u64>>,
}

impl Report {
    /// A page of the run, from its first step.
    pub(super) const fn page(file: PathBuf) -> Self {
        Self { file, kind: ReportKind::Page, steps: None }
    }

    const fn own_file(&self) -> OwnFile {
        OwnFile { kind: "report", marker: self.kind.marker() }
    }

    /// Checks that the report can be written to its file.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.own_file().check(&self.file).map_err(Error::NotWritten)
    }

    /// Writes the report of a run; `script` is its scenario, if that is known.
    pub(super) fn write(
        &self,
        history: &History,
        safety: &SafetyReport,
        script: Option<&Script>,
    ) -> Result<(), Error> {
        let (asked, last) = (self.steps.as_ref().map_or(0, |steps| *steps.start()), history.last());
        if asked > last {
            return Err(Error::Usage(TraceError::NoStep { asked, last }.to_string()));
        }
        let text = self.kind.write(history, safety, self.steps.as_ref(), script);
        self.own_file().write(&self.file, &text).map_err(Error::NotWritten)
    }

    /// The line that says where the report was written.
    pub(super) fn written(&self) -> String {
        page::written(&self.file, self.kind)
    }

    /// The report of a run that was recorded. A trace that was cut is shown as far as it goes, without a
    /// verdict, and what is wrong with it is the error.
    pub(super) fn of_trace(&self, name: &Path, trace: impl BufRead) -> Result<ExitCode, Error> {
        self.check()?;
        let history = history_of(name, trace)?;
        let safety = history.summary().map(|summary| summary.safety.clone()).unwrap_or_default();
        self.write(&history, &safety, None)?;
        let good = safety.violation_count() == 0;
        let scenario = &history.header().scenario;
        printing(|output| {
            if let Some(error) = history.stopped() {
                output.put(self.written());
                return Err(Error::Trace(name.to_owned(), error.clone()));
            }
            output.put(violation::one_line(scenario, RunVerdict::MadeAgain, &safety));
            output.put(self.written());
            Ok(ExitCode::from(u8::from(!good)))
        })
    }
}
