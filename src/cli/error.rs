//! Why a program could not do what it was asked for.

use std::io;
use std::path::PathBuf;

use crate::cluster::{Panicked, StartError};
use crate::own_file::NotWritten;
use crate::record::TraceError;
use crate::scenario::error::FileError;
use crate::visible::complaint;

/// Each in one sentence: what is wrong, with what, and what to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The command line is not understood, or asks for what does not go together.
    #[error("{0}")]
    Usage(String),
    /// There is no such scenario, or it is not of the language.
    #[error(transparent)]
    Scenario(FileError),
    /// The scenario cannot run on threads.
    #[error(
        "the scenario '{0}' takes time into its own hands, which threads do not allow; leave --speed \
         out, and --threads"
    )]
    OnlyVirtual(String),
    /// A scenario or a report cannot be written.
    #[error(transparent)]
    NotWritten(NotWritten),
    /// A file cannot be opened.
    #[error("'{0}' cannot be read: {1}")]
    Unreadable(PathBuf, #[source] io::Error),
    /// A trace cannot be run again.
    #[error("{0}: {1}")]
    Trace(PathBuf, #[source] TraceError),
    /// A trace would take the place of another file.
    #[error("'{0}' exists and is no trace; it stays")]
    NoTrace(PathBuf),
    /// A trace cannot be written.
    #[error("the trace '{0}' cannot be written: {1}")]
    TraceUnwritable(PathBuf, #[source] io::Error),
    /// A cluster has not started.
    #[error(transparent)]
    Start(StartError),
    /// A cluster has not stopped as it should.
    #[error(transparent)]
    Cluster(Panicked),
    /// This port cannot be listened on.
    #[error(
        "port {0} cannot be listened on ({1}); name another with --port, or leave it out for one that is \
         free"
    )]
    Port(u16, #[source] io::Error),
    /// No port can.
    #[error("no port can be listened on: {0}")]
    AnyPort(#[source] io::Error),
    /// The system gives nothing that nobody guesses.
    #[error("no token can be drawn: {0}")]
    Random(getrandom::Error),
    /// A search has too little memory to begin.
    #[error(
        "a search needs {needs} MB of addresses, and 'ulimit -v' leaves {has} MB; raise it, or set \
         MALLOC_ARENA_MAX=1, with which it needs less"
    )]
    NoRoom {
        /// In megabytes.
        needs: u64,
        /// In megabytes.
        has: u64,
    },
    /// Nothing can be asked at the terminal.
    #[error("the terminal fails: {0}")]
    Terminal(#[source] io::Error),
    /// Nothing more can be read from standard input.
    #[error("nothing more can be read: {0}")]
    Input(#[source] io::Error),
    /// Standard output cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(#[source] io::Error),
}

impl Error {
    /// As it is told: only what is wrong with a script takes more than a line.
    pub(super) fn told(&self) -> String {
        let text = self.to_string();
        match self {
            Self::Scenario(FileError::Script(_)) => {
                text.lines().map(complaint).collect::<Vec<_>>().join("\n")
            }
            _ => complaint(&text),
        }
    }
}
