//! The lines of a record: JSON, one object a line. The trace fields of a line are what it takes to run it
//! again. Computed fields may stand beside them, and a replay does not read those.
//!
//! Names of fields are in `snake_case`, all other words in `kebab-case`, and times are microseconds.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::TraceError;
use crate::network::Conditions;
use crate::raft::{Command, Input, MAX_NODES, NodeId, Rule, RuleSet, Settings};
use crate::record::deed::Deed;
use crate::server::timing::{Time, Timing};
use crate::server::turn_order::MessageId;
use crate::server::{ServerConfig, Ticket};

/// The `format` field of every header, by which a trace is recognised.
pub(super) const FORMAT: &str = "raft-in-practice trace";
/// The version that this program writes, and the only one it reads.
pub(super) const VERSION: u64 = 5;

/// The shortest heartbeat interval. With shorter ones a moment of a run would fill the memory.
const SHORTEST_HEARTBEAT: Duration = Duration::from_millis(1);

/// Why conditions of links are refused.
pub(super) const NO_SUCH_LINK: &str =
    "a probability that is not from 0 to 1, or a latency that is longer at least than at most";

/// Every line of a trace has fewer bytes than this, its end included. A script has at most 1 MiB, and so
/// have all its commands together; a letter takes at most six bytes in JSON.
pub(super) const LONGEST_LINE: usize = 8 << 20;

/// The clock on which a scenario runs.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "world", rename_all = "kebab-case")]
pub enum Clock {
    /// One thread, in virtual time.
    Virtual,
    /// One thread for each node.
    Threads {
        /// How many seconds of the story pass in one real second.
        speed: f64,
    },
}

/// The first line: what kind of cluster this was.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Header {
    /// The word that marks a trace, always the same.
    pub format: String,
    /// The version of the format.
    pub version: u64,
    /// The scenario, if the run had one.
    pub scenario: String,
    /// The clock on which it ran.
    #[serde(flatten)]
    pub clock: Clock,
    /// The seed.
    pub seed: u64,
    /// The number of nodes.
    pub nodes: usize,
    /// Whether a new leader appends a no-op.
    pub no_op: bool,
    /// The largest number of entries in one AppendEntries; `None` for no limit.
    pub max_batch: Option<NonZeroUsize>,
    /// The rules that were switched off.
    pub broken: Vec<Rule>,
    /// The durations of the timers.
    pub timing: Timing,
    /// The conditions of the links at the start.
    pub conditions: Conditions,
}

impl Header {
    /// The header of a run.
    pub fn new(
        scenario: &str,
        clock: Clock,
        seed: u64,
        settings: &Settings,
        timing: Timing,
        conditions: Conditions,
    ) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            scenario: scenario.to_owned(),
            clock,
            seed,
            nodes: settings.nodes,
            no_op: settings.no_op,
            max_batch: settings.max_batch,
            broken: settings.rules.broken().collect(),
            timing,
            conditions,
        }
    }

    /// The rules that the nodes kept.
    pub fn rules(&self) -> RuleSet {
        self.broken.iter().copied().collect()
    }

    /// The settings of every node.
    pub(super) fn settings(&self) -> Settings {
        let Self { nodes, no_op, max_batch, .. } = *self;
        Settings { nodes, rules: self.rules(), no_op, max_batch }
    }

    /// The configuration of every server.
    pub(super) fn server(&self) -> ServerConfig {
        ServerConfig { settings: self.settings(), timing: self.timing, seed: self.seed }
    }

    /// Reads the first line.
    ///
    /// # Errors
    /// If it is not a header of this program, is of another version, or names something that this program
    /// does not know.
    pub(super) fn read(line: &str) -> Result<Self, TraceError> {
        let value: Value = serde_json::from_str(line).unwrap_or_default();
        if value.get("format").is_none_or(|format| format != FORMAT) {
            let what = "its first line is not the header of one".to_owned();
            return Err(TraceError::NotATrace(what));
        }
        match value.get("version") {
            Some(Value::Number(version)) if version.as_u64() != Some(VERSION) => {
                return Err(TraceError::Version(version.to_string()));
            }
            _ => {}
        }
        let wrong = |what: String| TraceError::Line { line: 1, what };
        if let Some(world) =
            value.get("world").filter(|world| *world != "virtual" && *world != "threads")
        {
            let known = "there are \"virtual\" and \"threads\"";
            return Err(wrong(format!("{world} is not a world in which a cluster runs; {known}")));
        }
        let header: Self = fields(value).map_err(wrong)?;
        if !(1..=MAX_NODES).contains(&header.nodes) {
            let what = format!("a cluster of {} nodes; sizes 1 to {MAX_NODES} run", header.nodes);
            return Err(wrong(what));
        }
        let Self { timing, conditions, clock, .. } = &header;
        let impossible = if !timing.heartbeats_are_in_time() {
            "a heartbeat that comes no sooner than the shortest election timeout ends"
        } else if timing.heartbeat < SHORTEST_HEARTBEAT {
            "a heartbeat more often than each millisecond"
        } else if timing.election_min > timing.election_max {
            "an election timeout that is longer at least than at most"
        } else if !conditions.are_possible() {
            NO_SUCH_LINK
        } else if matches!(clock, Clock::Threads { speed } if !(speed.is_normal() && *speed > 0.0))
        {
            "a speed that is no number above 0"
        } else {
            return Ok(header);
        };
        Err(wrong(impossible.to_owned()))
    }
}

/// The input that a node was given. A message is named only by its number, because a replay computes the
/// content again from the sender's steps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum InputLine {
    /// Its election timer ended.
    ElectionTimeout,
    /// Its heartbeat was due.
    HeartbeatDue,
    /// The message of this number arrived.
    Receive(MessageId),
    /// Clients asked for these commands.
    Propose(Vec<Proposed>),
}

/// A command that a node was given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Proposed {
    pub(crate) command: Command,
    /// The claim of its client to an answer; `None` if no client waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ticket: Option<Ticket>,
}

impl InputLine {
    /// The line for this input; `received` is the number of the message, and `tickets` are the claims of the clients
    /// whose commands they are.
    pub(crate) fn of(input: &Input, received: Option<MessageId>, tickets: &[Ticket]) -> Self {
        let mut tickets = tickets.iter().copied();
        match input {
            Input::ElectionTimeout => Self::ElectionTimeout,
            Input::HeartbeatDue => Self::HeartbeatDue,
            Input::Receive(_) => Self::Receive(received.unwrap_or_default()),
            Input::Propose(commands) => {
                let commands = commands.iter().cloned();
                let proposed = commands.map(|command| Proposed { command, ticket: tickets.next() });
                Self::Propose(proposed.collect())
            }
        }
    }
}

/// What became of a batch of steps. Only the line of its last step says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum BatchEnd {
    /// It was saved, and its messages left.
    Saved,
    /// A crash came before it was saved.
    Lost,
}

/// The line of a step: a node handled an input.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct StepLine {
    pub(super) step: u64,
    pub(super) time_us: Time,
    pub(super) node: NodeId,
    pub(super) input: InputLine,
    pub(super) sent: usize,
    pub(super) digest: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) batch: Option<BatchEnd>,
}

/// The line of a deed: the world did something.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct DeedLine<D = Deed> {
    pub(super) time_us: Time,
    pub(super) deed: D,
}

/// The last line: how many steps the run had, and the digest of all lines before this one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndLine {
    pub(super) steps: u64,
    pub(super) lines: String,
}

/// Any line but the first.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Record {
    Step(StepLine),
    Deed(DeedLine),
    End(EndLine),
    /// A node began, a property was violated, or how the run ended. These lines are computed, so they are not read.
    Computed,
}

impl Record {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(line: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(line).map_err(|_| {
            "it is not a whole line of a trace; it may have been cut or changed".to_owned()
        })?;
        let has = |field| value.get(field).is_some();
        if has("deed") {
            fields(value).map(Self::Deed)
        } else if has("begins") || has("violation") || has("ending") {
            Ok(Self::Computed)
        } else if has("step") {
            fields(value).map(Self::Step)
        } else if has("steps") {
            fields(value).map(Self::End)
        } else {
            Err("this is not a line of a trace: it has no 'step', no 'deed' and no 'steps'"
                .to_owned())
        }
    }
}

fn fields<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value)
        .map_err(|error| format!("{error}; docs/trace-format.md says what stands in each field"))
}
