//! What can be wrong with a trace.

use std::fmt;

use super::format::VERSION;
use crate::raft::NodeId;

/// What is wrong with a trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TraceError {
    /// It cannot be read at all.
    Io(String),
    /// It is not a trace, or not one of ours.
    NotATrace(String),
    /// It is of another version, which is this number.
    Version(String),
    /// A line is not of the format.
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// It stops before its last line.
    Truncated {
        /// Its lines.
        lines: usize,
        /// The steps up to there, all of which replayed.
        steps: u64,
    },
    /// A line was changed since it was written.
    Altered,
    /// There is no such step.
    NoStep {
        /// Which was asked for.
        asked: u64,
        /// The last one.
        last: u64,
    },
    /// A step did not come out as it was recorded.
    Diverged {
        /// The line, from 1.
        line: usize,
        /// The step.
        step: u64,
        /// The node.
        node: NodeId,
    },
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(what) => write!(f, "the trace cannot be read: {what}"),
            Self::NotATrace(what) => {
                write!(f, "this is not a trace: {what}; 'raft-cluster run --trace FILE' writes one")
            }
            Self::Version(version) => write!(
                f,
                "this trace is of format version {version}, and this program reads version \
                 {VERSION}; record the run again with 'raft-cluster run --trace FILE', from its \
                 scenario and its seed"
            ),
            Self::NoStep { asked, last } => {
                write!(f, "there is no step {asked} in this run; its steps are 1 to {last}")
            }
            Self::Line { line, what } => write!(f, "line {line} of the trace: {what}"),
            Self::Truncated { lines, steps } => write!(
                f,
                "the trace stops after line {lines} without its last line, as if the program that \
                 wrote it was stopped; the {steps} steps up to there replay"
            ),
            Self::Altered => f.write_str(
                "the trace was changed after it was written: its last line counts other lines \
                 than these",
            ),
            Self::Diverged { line, step, node } => write!(
                f,
                "line {line} of the trace: step {step} of {node} does not come out as it was \
                 recorded"
            ),
        }
    }
}

impl std::error::Error for TraceError {}
