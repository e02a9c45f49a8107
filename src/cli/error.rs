//! The errors that end a program with exit code 2.

use std::io;
use std::path::PathBuf;

use crate::cluster::{Panicked, StartError};
use crate::own_file::NotWritten;
use crate::record::TraceError;
use crate::scenario::error::FileError;
use crate::visible::complaint;

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
    /// The scenario cannot run on threads.
    #[error(
        "the scenario '{0}' controls time itself, which threads do not allow; leave out --speed \
         and --threads"
    )]
    OnlyVirtual(String),
    /// A scenario or a report cannot be written.
    #[error(transparent)]
    NotWritten(NotWritten),
    /// A file cannot be opened.
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
    /// A trace cannot be written.
    #[error("the trace '{0}' cannot be written: {1}")]
    TraceUnwritable(PathBuf, #[source] io::Error),
    /// A cluster could not be started.
    #[error(transparent)]
    Start(StartError),
    /// Threads of a cluster panicked.
    #[error(transparent)]
    Cluster(Panicked),
    /// The program cannot listen on this port.
    #[error(
        "port {0} cannot be listened on ({1}); name another with --port, or leave it out for one that is \
         free"
    )]
    Port(u16, #[source] io::Error),
    /// The program cannot listen on any port.
    #[error("no port can be listened on: {0}")]
    AnyPort(#[source] io::Error),
    /// The system provides no random bytes for a token.
    #[error("no token can be drawn: {0}")]
    Random(getrandom::Error),
    /// There is too little address space to begin a search.
    #[error(
        "a search needs {needs} MB of addresses, and 'ulimit -v' leaves {has} MB; raise it, or set \
         MALLOC_ARENA_MAX=1, with which it needs less"
    )]
    NoRoom {
        /// What a search needs, in megabytes.
        needs: u64,
        /// What the limit leaves, in megabytes.
        has: u64,
    },
    /// The terminal cannot be set up or read.
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
    /// The text to print. It is one line, except for an error in a script, which takes several.
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
