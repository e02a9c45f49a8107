//! What a line of a scenario can say.

use std::fmt;
use std::time::Duration;

use super::free_text::FreeText;
use crate::raft::{LogPosition, MessageKind, NodeId, NodeSet, Property, RoleKind};
use crate::record::message_name::MessageName;
use crate::server::engine::CrashPoint;

/// A node, by number or by what it is when the line is carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// The node with this number.
    Node(NodeId),
    /// The leader.
    Leader,
    /// The node that crashed last.
    Crashed,
}

/// On how many nodes something is to be true.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum On {
    /// On this one.
    One(Who),
    /// On a majority of the cluster.
    Majority,
    /// On every node that runs.
    All,
}

/// What is committed: as many entries, or an entry with this text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Committed {
    /// At least so many entries.
    Count(u64),
    /// A command with this text.
    Command(String),
}

/// Something that is true of the cluster or not: to wait for, or to expect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// There is a leader; this one, if one is named.
    Leader(Option<Who>),
    /// No node leads.
    NoLeader,
    /// A node has this role.
    Role(Who, RoleKind),
    /// Something is committed.
    Committed(Committed, On),
    /// A command is not committed there.
    NotCommitted(String, On),
    /// A log is exactly this.
    Log(Who, Vec<LogPosition>),
    /// A node's term is this.
    Term(Who, u64),
    /// A node's vote in its term.
    Vote(Who, Option<NodeId>),
    /// The key-value store says so.
    Value(String, Option<String>, On),
    /// All running nodes have applied and hold the same.
    InStep,
}

/// What a line says.
#[derive(Clone, PartialEq, Debug)]
pub enum Verb {
    /// Opens a part of the story.
    Phase(String),
    /// The narrator speaks.
    Note(String),
    /// Hands a command to a node, or to the leader, and goes on.
    Submit {
        /// To whom.
        to: Who,
        /// The command.
        command: String,
    },
    /// Does as a patient client does: finds the leader, waits for the answer, asks again if the
    /// entry was lost.
    Write(String),
    /// Crashes a node.
    Crash {
        /// Which.
        who: Who,
        /// Where in its step.
        point: CrashPoint,
    },
    /// Starts a node again.
    Restart(Who),
    /// Starts every crashed node again.
    RestartAll,
    /// Splits the cluster.
    Partition(Vec<NodeSet>),
    /// Cuts one direction of a link.
    Cut {
        /// The sender.
        from: NodeId,
        /// Whom it cannot reach.
        to: NodeId,
    },
    /// Cuts both directions of a link.
    CutBoth {
        /// One end.
        a: NodeId,
        /// The other.
        b: NodeId,
    },
    /// Mends all links.
    Heal,
    /// The probability that a message is lost.
    DropRate(f64),
    /// The probability that a message arrives twice.
    DuplicateRate(f64),
    /// How long messages take.
    Delay(Duration, Duration),
    /// Makes a node stand for election.
    Timeout(Who),
    /// Makes a leader speak.
    Heartbeat(Who),
    /// Takes time and links in hand.
    Manual,
    /// Gives them back.
    Automatic,
    /// Lets a message arrive.
    Deliver(MessageName),
    /// Takes a message out of the network.
    Remove(MessageName),
    /// Lets the cluster run for a while.
    Wait(Duration),
    /// Lets the cluster run until something is true.
    WaitUntil {
        /// What.
        condition: Condition,
        /// How long at most.
        within: Option<Duration>,
    },
    /// Lets this many events happen, each told.
    Step(u64),
    /// Carries a line out, and goes on even if it fails.
    Try(Box<Self>),
    /// Something must be true now.
    Expect(Condition),
    /// Something must not come true for a while: the cluster stalls.
    ExpectStall {
        /// What.
        condition: Condition,
        /// For how long.
        within: Duration,
    },
    /// No property has fallen.
    ExpectSafe,
    /// This property has fallen.
    ExpectViolation(Property),
    /// Shows how every node stands.
    Status,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => write!(f, "{}", node.index()),
            Self::Leader => f.write_str("leader"),
            Self::Crashed => f.write_str("crashed"),
        }
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(who) => who.fmt(f),
            Self::Majority => f.write_str("majority"),
            Self::All => f.write_str("all"),
        }
    }
}

impl fmt::Display for Committed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Command(text) => FreeText::unless(text, text.parse::<u64>().is_ok()).fmt(f),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leader(None) => f.write_str("leader"),
            Self::Leader(Some(who)) => write!(f, "leader is {who}"),
            Self::NoLeader => f.write_str("no leader"),
            Self::Role(who, role) => write!(f, "role {who} = {role}"),
            Self::Committed(what, on) => write!(f, "committed {what} on {on}"),
            Self::NotCommitted(text, on) => {
                write!(f, "not committed {} on {on}", FreeText::new(text))
            }
            Self::Log(who, entries) => {
                write!(f, "log {who} =")?;
                if entries.is_empty() {
                    f.write_str(" empty")?;
                }
                entries.iter().try_for_each(|entry| write!(f, " {entry}"))
            }
            Self::Term(who, term) => write!(f, "term {who} = {term}"),
            Self::Vote(who, None) => write!(f, "vote {who} = none"),
            Self::Vote(who, Some(vote)) => write!(f, "vote {who} = {}", vote.index()),
            Self::Value(key, Some(value), on) => {
                write!(f, "value {} on {on}", FreeText::new(&format!("{key}={value}")))
            }
            Self::Value(key, None, on) => write!(f, "no value {} on {on}", FreeText::new(key)),
            Self::InStep => f.write_str("in step"),
        }
    }
}

/// The word for a kind of message.
pub const fn kind_word(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::VoteRequest => "vote",
        MessageKind::VoteResponse => "vote-reply",
        MessageKind::AppendEntriesRequest => "append",
        MessageKind::AppendEntriesResponse => "append-reply",
    }
}

/// The word for a property, in kebab-case.
pub fn property_word(property: Property) -> String {
    property.name().to_lowercase().replace(' ', "-")
}

struct Name(MessageName);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MessageName { kind, from, to, nth_newest } = self.0;
        write!(f, "{} {} -> {}", kind_word(kind), from.index(), to.index())?;
        if nth_newest > 0 { write!(f, " older {nth_newest}") } else { Ok(()) }
    }
}

struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        match micros {
            0 => f.write_str("0ms"),
            _ if micros.is_multiple_of(1_000_000) => write!(f, "{}s", micros / 1_000_000),
            _ if micros.is_multiple_of(1_000) => write!(f, "{}ms", micros / 1_000),
            _ => write!(f, "{micros}us"),
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phase(text) => write!(f, "phase {}", FreeText::new(text)),
            Self::Note(text) => write!(f, "note {}", FreeText::new(text)),
            Self::Submit { to: Who::Leader, command } => {
                let addressed = command.split_whitespace().next() == Some("to");
                write!(f, "submit {}", FreeText::unless(command, addressed))
            }
            Self::Submit { to, command } => {
                write!(f, "submit to {to} {}", FreeText::new(command))
            }
            Self::Write(command) => write!(f, "write {}", FreeText::new(command)),
            Self::Crash { who, point: CrashPoint::Between } => write!(f, "crash {who}"),
            Self::Crash { who, point: CrashPoint::BeforeSave } => {
                write!(f, "crash {who} before save")
            }
            Self::Crash { who, point: CrashPoint::BeforeSend } => {
                write!(f, "crash {who} before send")
            }
            Self::Restart(who) => write!(f, "restart {who}"),
            Self::RestartAll => f.write_str("restart all"),
            Self::Partition(groups) => {
                f.write_str("partition")?;
                for (nth, group) in groups.iter().enumerate() {
                    if nth > 0 {
                        f.write_str(" |")?;
                    }
                    group.iter().try_for_each(|node| write!(f, " {}", node.index()))?;
                }
                Ok(())
            }
            Self::Cut { from, to } => write!(f, "cut {} -> {}", from.index(), to.index()),
            Self::CutBoth { a, b } => write!(f, "cut {} <-> {}", a.index(), b.index()),
            Self::Heal => f.write_str("heal"),
            Self::DropRate(rate) => write!(f, "drop {rate}"),
            Self::DuplicateRate(rate) => write!(f, "duplicate {rate}"),
            Self::Delay(min, max) => write!(f, "delay {}..{}", Span(*min), Span(*max)),
            Self::Timeout(who) => write!(f, "timeout {who}"),
            Self::Heartbeat(who) => write!(f, "heartbeat {who}"),
            Self::Manual => f.write_str("manual"),
            Self::Automatic => f.write_str("automatic"),
            Self::Deliver(name) => write!(f, "deliver {}", Name(*name)),
            Self::Remove(name) => write!(f, "drop {}", Name(*name)),
            Self::Wait(time) => write!(f, "wait {}", Span(*time)),
            Self::WaitUntil { condition, within: None } => write!(f, "wait until {condition}"),
            Self::WaitUntil { condition, within: Some(bound) } => {
                write!(f, "wait {} until {condition}", Span(*bound))
            }
            Self::Step(1) => f.write_str("step"),
            Self::Step(events) => write!(f, "step {events}"),
            Self::Try(verb) => write!(f, "try {verb}"),
            Self::Expect(condition) => write!(f, "expect {condition}"),
            Self::ExpectStall { condition, within } => {
                write!(f, "expect stall {} until {condition}", Span(*within))
            }
            Self::ExpectSafe => f.write_str("expect safe"),
            Self::ExpectViolation(property) => {
                write!(f, "expect violation {}", property_word(*property))
            }
            Self::Status => f.write_str("status"),
        }
    }
}
