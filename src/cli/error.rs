//! Why a program could not do what it was asked for.

use std::path::PathBuf;
use std::{error, fmt, io};

use crate::cluster::{Panicked, StartError};
use crate::own_file::NotWritten;
use crate::record::TraceError;
use crate::scenario::error::FileError;
use crate::visible::complaint;

/// Each in one sentence: what is wrong, with what, and what to do.
#[derive(Debug)]
pub(super) enum Error {
    /// The command line is not understood, or asks for what does not go together.
    Usage(String),
    /// There is no such scenario, or it is not of the language.
    Scenario(FileError),
    /// The scenario cannot run on threads.
    OnlyVirtual(String),
    /// A scenario or a report cannot be written.
    NotWritten(NotWritten),
    /// A file cannot be opened.
    Unreadable(PathBuf, io::Error),
    /// A trace cannot be run again.
    Trace(PathBuf, TraceError),
    /// A trace would take the place of another file.
    NoTrace(PathBuf),
    /// A trace cannot be written.
    TraceUnwritable(PathBuf, io::Error),
    /// A cluster has not started.
    Start(StartError),
    /// A cluster has not stopped as it should.
    Cluster(Panicked),
    /// A port cannot be listened on: this one, or any.
    Port(Option<u16>, io::Error),
    /// The system gives nothing that nobody guesses.
    Random(getrandom::Error),
    /// Nothing can be asked at the terminal.
    Terminal(io::Error),
    /// Nothing more can be read from standard input.
    Input(io::Error),
    /// Standard output cannot be written.
    Output(io::Error),
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

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(sentence) => f.write_str(sentence),
            Self::Scenario(error) => error.fmt(f),
            Self::NotWritten(error) => error.fmt(f),
            Self::OnlyVirtual(name) => write!(
                f,
                "the scenario '{name}' takes time into its own hands, which threads do not allow; \
                 leave --speed out, and --threads"
            ),
            Self::Unreadable(path, error) => {
                write!(f, "'{}' cannot be read: {error}", path.display())
            }
            Self::Trace(path, error) => write!(f, "{}: {error}", path.display()),
            Self::NoTrace(path) => {
                write!(f, "'{}' exists and is no trace; it stays", path.display())
            }
            Self::TraceUnwritable(path, error) => {
                write!(f, "the trace '{}' cannot be written: {error}", path.display())
            }
            Self::Start(error) => error.fmt(f),
            Self::Cluster(error) => error.fmt(f),
            Self::Port(Some(port), error) => write!(
                f,
                "port {port} cannot be listened on ({error}); name another with --port, or leave it \
                 out for one that is free"
            ),
            Self::Port(None, error) => write!(f, "no port can be listened on: {error}"),
            Self::Random(error) => write!(f, "no token can be drawn: {error}"),
            Self::Terminal(error) => write!(f, "the terminal fails: {error}"),
            Self::Input(error) => write!(f, "nothing more can be read: {error}"),
            Self::Output(error) => write!(f, "the output cannot be written: {error}"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Scenario(error) => Some(error),
            Self::NotWritten(error) => Some(error),
            Self::Trace(_, error) => Some(error),
            Self::Start(error) => Some(error),
            Self::Cluster(error) => Some(error),
            Self::Unreadable(_, error)
            | Self::TraceUnwritable(_, error)
            | Self::Port(_, error)
            | Self::Terminal(error)
            | Self::Input(error)
            | Self::Output(error) => Some(error),
            Self::Usage(_) | Self::OnlyVirtual(_) | Self::NoTrace(_) | Self::Random(_) => None,
        }
    }
}
