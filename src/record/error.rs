//! The errors of reading a trace.

use super::format::VERSION;
use super::history::MOST_STEPS;
use crate::raft::NodeId;

/// The reasons why a trace cannot be read or replayed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum TraceError {
    /// The trace cannot be read at all.
    #[error("the trace cannot be read: {0}")]
    Io(String),
    /// The file is not a trace, or not one of this program.
    #[error("this is not a trace: {0}; 'raft-cluster run --trace FILE' writes one")]
    NotATrace(String),
    /// The trace is of another format version, which is this number.
    #[error(
        "this trace is of format version {0}, and this program reads version {VERSION}; record the run \
         again with 'raft-cluster run --trace FILE', from its scenario and its seed"
    )]
    Version(String),
    /// The `line`, counted from 1, does not fit the format: `what` is wrong with it.
    #[error("line {line} of the trace: {what}")]
    Line { line: usize, what: String },
    /// The trace stops after so many `lines`, before its last line. All `steps` up to there replayed.
    #[error(
        "the trace stops after line {lines} without its last line, as if the program that wrote it was \
         stopped; {}", up_to_there(*steps)
    )]
    Truncated { lines: usize, steps: u64 },
    /// The trace has more steps than a history.
    #[error(
        "the trace has more than {MOST_STEPS} steps, and only so many can be asked about; 'raft-cluster \
         replay --view story' tells all"
    )]
    TooLong,
    /// A line was changed since it was written.
    #[error(
        "the trace was changed after it was written: its last line does not fit the lines before it"
    )]
    Altered,
    /// There is no step `asked`: the last is `last`.
    #[error("there is no step {asked} in this run; {}", steps(*last))]
    NoStep { asked: u64, last: u64 },
    /// In this `line`, counted from 1, the `step` of the `node` did not come out as it was recorded.
    #[error("line {line} of the trace: step {step} of {node} does not come out as it was recorded")]
    Diverged { line: usize, step: u64, node: NodeId },
}

/// Says that the steps before the end of a trace were made again.
fn up_to_there(steps: u64) -> String {
    match steps {
        0 => "no step comes before".to_owned(),
        1 => "the step up to there replays".to_owned(),
        _ => format!("the {steps} steps up to there replay"),
    }
}

/// Says in words which steps a run has, given its `last` one.
pub(crate) fn steps(last: u64) -> String {
    if last == 0 { "it has none".to_owned() } else { format!("its steps are 1 to {last}") }
}
