//! Why a cluster did not start or did not stop as it should, and why a command was not applied.

use std::time::Duration;
use std::{error, fmt, io};

use crate::raft::{LogPosition, MAX_NODES, NodeId};

/// Why a cluster did not start.
#[derive(Debug)]
pub enum StartError {
    /// No cluster has so many nodes.
    Size(usize),
    /// No clock runs at such a speed.
    Speed(f64),
    /// Timers would end faster than threads look at them.
    TooFast {
        /// The speed that was asked for.
        speed: f64,
        /// The highest that this timing allows.
        highest: f64,
        /// How often threads look.
        tick: Duration,
    },
    /// A thread could not be started.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(nodes) => write!(f, "a cluster has 1 to {MAX_NODES} nodes, not {nodes}"),
            Self::Speed(speed) => write!(f, "a speed is a number above 0, not {speed}"),
            Self::TooFast { speed, highest, tick } => write!(
                f,
                "at speed {speed} heartbeats are due more often than every {} ms, when threads look at \
                 their timers; with the timing of this cluster the highest speed is {highest}",
                tick.as_millis()
            ),
            Self::Thread(error) => write!(f, "a thread could not be started: {error}"),
        }
    }
}

impl error::Error for StartError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Size(_) | Self::Speed(_) | Self::TooFast { .. } => None,
            Self::Thread(error) => Some(error),
        }
    }
}

/// Why a command was not seen to be applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WriteError {
    /// The node does not lead; the command had no effect.
    NotLeader {
        /// The node that was asked.
        node: NodeId,
        /// Who leads, as far as that node knows.
        leader: Option<NodeId>,
    },
    /// Another entry was committed in its place; the command had no effect.
    Superseded {
        /// Where the entry stood.
        lost: LogPosition,
    },
    /// The node lost the entry while it did not lead: the command may have an effect.
    Uncertain {
        /// Where the entry stood.
        position: LogPosition,
    },
    /// The node is down, or went down before it could answer: the command may have an effect.
    NodeDown {
        /// The node that was asked.
        node: NodeId,
    },
    /// No answer in time: the command may have an effect.
    Timeout {
        /// How long the client waited.
        bound: Duration,
    },
    /// No leader in time; the command was given to nobody.
    NoLeader {
        /// How long the client waited.
        bound: Duration,
    },
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLeader { node, leader: Some(leader) } => {
                write!(f, "{node} does not lead; ask {leader}")
            }
            Self::NotLeader { node, leader: None } => {
                write!(f, "{node} does not lead and knows of no leader; try again later")
            }
            Self::Superseded { lost } => {
                write!(f, "entry {lost} was replaced by another leader's; submit the command again")
            }
            Self::Uncertain { position } => write!(
                f,
                "the node has lost entry {position}; another node may still hold it, and apply it"
            ),
            Self::NodeDown { node } => write!(
                f,
                "{node} is down and did not answer; if the command reached another node, it may still be applied"
            ),
            Self::Timeout { bound } => {
                write!(f, "no answer within {bound:?}; the command may still be applied")
            }
            Self::NoLeader { bound } => {
                write!(f, "no leader within {bound:?}; the command was given to nobody")
            }
        }
    }
}

impl error::Error for WriteError {}

/// Threads of a cluster ended in a panic: a defect, of this program or of an observer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Panicked {
    /// The name of each thread, which for a node's thread is the node's, with what it said.
    pub threads: Vec<(String, String)>,
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, (thread, said)) in self.threads.iter().enumerate() {
            write!(
                f,
                "{}the thread of {thread} panicked: {said}",
                if nth == 0 { "" } else { "; " }
            )?;
        }
        Ok(())
    }
}

impl error::Error for Panicked {}
