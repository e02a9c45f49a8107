//! The errors that end a program with exit code 2.

use std::io;
use std::path::PathBuf;

use crate::cluster::{Panicked, StartError};
use crate::own_file::NotWritten;
use crate::record::TraceError;
use crate::scenario::error::FileError;
use crate::view::words::complaint_line;

/// The reason why a program could not do what it was asked to do. Each message is one sentence: what is
/// wrong, with what, and what to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The command line is invalid, or asks for something that cannot be done.
    #[error("{0}")]
    Usage(String),
    /// The scenario does not exist, or its text has an error.
    #[error(transparent)]
    Scenario(FileError),
    #[error(
        "the scenario '{0}' controls time itself, which threads do not allow; leave out --speed \
         and --threads"
    )]
    OnlyVirtual(String),
    /// A scenario or a report cannot be written.
    #[error(transparent)]
    NotWritten(NotWritten),
    #[error("'{0}' cannot be read: {1}")]
    Unreadable(PathBuf, #[source] io::Error),
    /// A scenario that ships was named where a trace belongs, and no file has its name.
    #[error(
        "'{0}' is a scenario, and a trace was expected; 'raft-cluster run {0} --trace FILE' writes one"
    )]
    ScenarioForTrace(String),
    /// A trace cannot be run again.
    #[error("{0}: {1}")]
    Trace(PathBuf, #[source] TraceError),
    /// A trace would overwrite a file that is not a trace.
    #[error("'{0}' exists and is not a trace; it is kept")]
    NoTrace(PathBuf),
    #[error("the trace '{0}' cannot be written: {1}")]
    TraceUnwritable(PathBuf, #[source] io::Error),
    #[error(transparent)]
    Start(StartError),
    #[error(transparent)]
    Cluster(Panicked),
    #[error(
        "port {0} cannot be listened on ({1}); name another with --port, or leave it out for one that is \
         free"
    )]
    Port(u16, #[source] io::Error),
    #[error("no port can be listened on: {0}")]
    AnyPort(#[source] io::Error),
    #[error("no token can be drawn: {0}")]
    Random(getrandom::Error),
    #[error(
        "a search needs {needs} MB of addresses, and 'ulimit -v' leaves {has} MB; raise it, or set \
         MALLOC_ARENA_MAX=1, with which it needs less"
    )]
    NoRoom { needs: u64, has: u64 },
    #[error("the terminal fails: {0}")]
    Terminal(#[source] io::Error),
    #[error("nothing more can be read: {0}")]
    Input(#[source] io::Error),
    #[error("the output cannot be written: {0}")]
    Output(#[source] io::Error),
}

impl Error {
    /// The exit code: 2, because 1 means that something was checked and does not hold. That is so only of a step
    /// that comes out differently.
    pub(super) const fn code(&self) -> u8 {
        match self {
            Self::Trace(_, TraceError::Diverged { .. }) => 1,
            _ => 2,
        }
    }

    /// The text to print. It is one line, except for an error in a script, which takes several.
    pub(super) fn told(&self) -> String {
        let text = self.to_string();
        match self {
            Self::Scenario(FileError::Script(_)) => {
                text.lines().map(complaint_line).collect::<Vec<_>>().join("\n")
            }
            _ => complaint_line(&text),
        }
    }
}
