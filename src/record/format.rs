//! The lines of a trace: JSON, one object a line.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::network::Conditions;
use crate::raft::{Command, LogPosition, MAX_NODES, NodeId, NodeSet, Rule, RuleSet, Settings};
use crate::record::journal::{Deed, Loss};
use crate::server::engine::{CrashPoint, MessageId};
use crate::server::state_machine::Reply;
use crate::server::{Answer, Ticket};

/// The word by which a trace is known.
pub(super) const FORMAT: &str = "raft-in-practice trace";
/// The version that this program writes, and the only one it reads so far.
pub(super) const VERSION: u32 = 1;

/// The first line: what kind of cluster this was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Header {
    /// Always the same word.
    pub format: String,
    /// The version of the format.
    pub version: u32,
    /// The scenario, if the run had one.
    pub scenario: String,
    /// `virtual` or `threads`.
    pub world: String,
    /// The seed.
    pub seed: u64,
    /// How many nodes.
    pub nodes: usize,
    /// Whether a new leader appends a no-op.
    pub no_op: bool,
    /// How many entries one AppendEntries may carry; nothing for as many as there are.
    pub max_batch: Option<NonZeroUsize>,
    /// The ids of the rules that were off.
    pub broken: Vec<String>,
}

impl Header {
    /// The header of a run.
    pub fn new(scenario: &str, world: &str, seed: u64, settings: &Settings) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            scenario: scenario.to_owned(),
            world: world.to_owned(),
            seed,
            nodes: settings.nodes,
            no_op: settings.no_op,
            max_batch: settings.max_batch,
            broken: settings.rules.broken().map(|rule| rule.id().to_owned()).collect(),
        }
    }

    /// The rules that were off, as far as this program knows them.
    pub fn rules(&self) -> RuleSet {
        self.broken.iter().filter_map(|id| Rule::of_id(id)).collect()
    }

    /// The settings of every node.
    ///
    /// # Errors
    /// If the header speaks of a rule or a size that this program does not know.
    pub(super) fn settings(&self) -> Result<Settings, String> {
        if !(1..=MAX_NODES).contains(&self.nodes) {
            return Err(format!("a cluster of {} nodes; sizes 1 to {MAX_NODES} run", self.nodes));
        }
        let known =
            |id: &String| Rule::of_id(id).ok_or_else(|| format!("no rule is called '{id}'"));
        let rules = self.broken.iter().map(known).collect::<Result<RuleSet, _>>()?;
        Ok(Settings { nodes: self.nodes, rules, no_op: self.no_op, max_batch: self.max_batch })
    }
}

/// What a node was given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum InputLine {
    /// Its election timer ended.
    ElectionTimeout,
    /// Its heartbeat was due.
    HeartbeatDue,
    /// The message of this number arrived.
    Receive(u64),
    /// Clients asked for these commands.
    Propose(Vec<String>),
}

/// What became of a batch of steps; only its last step says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum BatchEnd {
    /// It was saved, and its messages left.
    Saved,
    /// A crash came before it was saved.
    Lost,
}

/// What the world did.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DeedLine {
    Crash { node: u8, point: Point },
    Restart { node: u8 },
    Cut { from: u8, to: u8 },
    Partition { groups: Vec<Vec<u8>> },
    Heal,
    Conditions { drop: f64, duplicate: f64, latency_us: (u64, u64), stray: f64, stray_us: u64 },
    Lost { message: u64, from: u8, to: u8, why: Why },
    Duplicated { message: u64 },
    Asked { ticket: u64, node: u8, command: String },
    Answered { ticket: u64, index: u64, term: u64, reply: Option<ReplyLine>, lost: bool },
    Phase { text: String },
    Note { text: String },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Point {
    Between,
    BeforeSave,
    BeforeSend,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Why {
    Dropped,
    Cut,
    Down,
    Removed,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ReplyLine {
    Set,
    Deleted(bool),
    Value(Option<String>),
    Done,
}

/// Any line but the first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Record {
    /// A node handled an input.
    Step {
        step: u64,
        time: u64,
        node: u8,
        input: InputLine,
        sent: usize,
        digest: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<BatchEnd>,
    },
    /// The world did something.
    Deed { time: u64, deed: DeedLine },
    /// The run ended here, after so many steps; the digest of all lines before.
    End { steps: u64, lines: String },
}

/// What is wrong with a trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TraceError {
    /// It cannot be read at all.
    Io(String),
    /// It is not a trace, or not one of ours.
    NotATrace(String),
    /// It is of another version.
    Version(u32),
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
                 {VERSION}; record the run again"
            ),
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

const fn number(node: NodeId) -> u8 {
    node.index() as u8
}

fn node(number: u8, nodes: usize) -> Result<NodeId, String> {
    if usize::from(number) < nodes {
        Ok(NodeId::new(number))
    } else {
        Err(format!("there is no node {number} in a cluster of {nodes}"))
    }
}

/// The node of this number.
pub(super) fn read_node(number: u8, nodes: usize) -> Result<NodeId, String> {
    node(number, nodes)
}

impl From<&Deed> for DeedLine {
    fn from(deed: &Deed) -> Self {
        match deed {
            Deed::Crash { node, point } => Self::Crash {
                node: number(*node),
                point: match point {
                    CrashPoint::Between => Point::Between,
                    CrashPoint::BeforeSave => Point::BeforeSave,
                    CrashPoint::BeforeSend => Point::BeforeSend,
                },
            },
            Deed::Restart { node } => Self::Restart { node: number(*node) },
            Deed::Cut { from, to } => Self::Cut { from: number(*from), to: number(*to) },
            Deed::Partition { groups } => Self::Partition {
                groups: groups.iter().map(|group| group.iter().map(number).collect()).collect(),
            },
            Deed::Heal => Self::Heal,
            Deed::Conditions(conditions) => Self::Conditions {
                drop: conditions.drop,
                duplicate: conditions.duplicate,
                latency_us: (
                    conditions.latency_min.as_micros() as u64,
                    conditions.latency_max.as_micros() as u64,
                ),
                stray: conditions.stray,
                stray_us: conditions.stray_max.as_micros() as u64,
            },
            Deed::Lost { message, from, to, why } => Self::Lost {
                message: message.0,
                from: number(*from),
                to: number(*to),
                why: match why {
                    Loss::Dropped => Why::Dropped,
                    Loss::Cut => Why::Cut,
                    Loss::Down => Why::Down,
                    Loss::Removed => Why::Removed,
                },
            },
            Deed::Duplicated { message } => Self::Duplicated { message: message.0 },
            Deed::Asked { ticket, node, command } => Self::Asked {
                ticket: ticket.0,
                node: number(*node),
                command: command.as_str().to_owned(),
            },
            Deed::Answered { ticket, answer } => {
                let (position, reply, lost) = match answer {
                    Answer::Applied { position, reply } => (position, Some(reply), false),
                    Answer::Superseded { lost } => (lost, None, true),
                    Answer::Uncertain { position } => (position, None, false),
                };
                let reply = reply.map(|reply| match reply {
                    Reply::Set => ReplyLine::Set,
                    Reply::Deleted(was) => ReplyLine::Deleted(*was),
                    Reply::Value(value) => ReplyLine::Value(value.clone()),
                    Reply::Done => ReplyLine::Done,
                });
                let (index, term) = (position.index.get(), position.term.get());
                Self::Answered { ticket: ticket.0, index, term, reply, lost }
            }
            Deed::Phase(text) => Self::Phase { text: text.clone() },
            Deed::Note(text) => Self::Note { text: text.clone() },
        }
    }
}

impl DeedLine {
    /// The deed, in a cluster of `nodes`.
    pub(super) fn deed(&self, nodes: usize) -> Result<Deed, String> {
        Ok(match self {
            Self::Crash { node: number, point } => Deed::Crash {
                node: node(*number, nodes)?,
                point: match point {
                    Point::Between => CrashPoint::Between,
                    Point::BeforeSave => CrashPoint::BeforeSave,
                    Point::BeforeSend => CrashPoint::BeforeSend,
                },
            },
            Self::Restart { node: number } => Deed::Restart { node: node(*number, nodes)? },
            Self::Cut { from, to } => {
                Deed::Cut { from: node(*from, nodes)?, to: node(*to, nodes)? }
            }
            Self::Partition { groups } => {
                let group = |group: &Vec<u8>| group.iter().map(|&n| node(n, nodes)).collect();
                let groups = groups.iter().map(group).collect::<Result<Vec<NodeSet>, _>>()?;
                Deed::Partition { groups }
            }
            Self::Heal => Deed::Heal,
            Self::Conditions { drop, duplicate, latency_us, stray, stray_us } => {
                Deed::Conditions(Conditions {
                    drop: *drop,
                    duplicate: *duplicate,
                    latency_min: Duration::from_micros(latency_us.0),
                    latency_max: Duration::from_micros(latency_us.1),
                    stray: *stray,
                    stray_max: Duration::from_micros(*stray_us),
                })
            }
            Self::Lost { message, from, to, why } => Deed::Lost {
                message: MessageId(*message),
                from: node(*from, nodes)?,
                to: node(*to, nodes)?,
                why: match why {
                    Why::Dropped => Loss::Dropped,
                    Why::Cut => Loss::Cut,
                    Why::Down => Loss::Down,
                    Why::Removed => Loss::Removed,
                },
            },
            Self::Duplicated { message } => Deed::Duplicated { message: MessageId(*message) },
            Self::Asked { ticket, node: number, command } => Deed::Asked {
                ticket: Ticket(*ticket),
                node: node(*number, nodes)?,
                command: Command::new(command.as_str()),
            },
            Self::Answered { ticket, index, term, reply, lost } => {
                let position = LogPosition::new(*index, *term);
                let answer = match reply {
                    None if *lost => Answer::Superseded { lost: position },
                    None => Answer::Uncertain { position },
                    Some(reply) => Answer::Applied {
                        position,
                        reply: match reply {
                            ReplyLine::Set => Reply::Set,
                            ReplyLine::Deleted(was) => Reply::Deleted(*was),
                            ReplyLine::Value(value) => Reply::Value(value.clone()),
                            ReplyLine::Done => Reply::Done,
                        },
                    },
                };
                Deed::Answered { ticket: Ticket(*ticket), answer }
            }
            Self::Phase { text } => Deed::Phase(text.clone()),
            Self::Note { text } => Deed::Note(text.clone()),
        })
    }
}
