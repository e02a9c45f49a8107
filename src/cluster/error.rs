//! Why a cluster did not start or did not stop as it should, and why a command was not applied.

use std::time::Duration;
use std::{error, fmt, io};

use crate::raft::{LogPosition, MAX_NODES, NodeId};

/// Why a cluster did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No cluster has so many nodes.
    #[error("a cluster has 1 to {MAX_NODES} nodes, not {0}")]
    Size(usize),
    /// No clock runs at such a speed.
    #[error("a speed is a number above 0, not {0}")]
    Speed(f64),
    /// Timers would end faster than threads look at them.
    #[error(
        "at speed {speed} heartbeats are due more often than every {tick} ms, when threads look at their \
         timers; with the timing of this cluster the highest speed is {highest}",
        tick = tick.as_millis()
    )]
    TooFast {
        /// The speed that was asked for.
        speed: f64,
        /// The highest that this timing allows.
        highest: f64,
        /// How often threads look.
        tick: Duration,
    },
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[source] io::Error),
}

/// Why a command was not seen to be applied.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WriteError {
    /// The node does not lead; the command had no effect.
    #[error(
        "{node} does not lead{}",
        leader.map_or_else(
            || " and knows of no leader; try again later".to_owned(),
            |leader| format!("; ask {leader}")
        )
    )]
    NotLeader {
        /// The node that was asked.
        node: NodeId,
        /// Who leads, as far as that node knows.
        leader: Option<NodeId>,
    },
    /// Another entry was committed in its place; the command had no effect.
    #[error("entry {lost} was replaced by another leader's; submit the command again")]
    Superseded {
        /// Where the entry stood.
        lost: LogPosition,
    },
    /// The node lost the entry while it did not lead: the command may have an effect.
    #[error("the node has lost entry {position}; another node may still hold it, and apply it")]
    Uncertain {
        /// Where the entry stood.
        position: LogPosition,
    },
    /// The node is down, or went down before it could answer: the command may have an effect.
    #[error(
        "{node} is down and did not answer; if the command reached another node, it may still be applied"
    )]
    NodeDown {
        /// The node that was asked.
        node: NodeId,
    },
    /// No answer in time: the command may have an effect.
    #[error("no answer within {bound:?}; the command may still be applied")]
    Timeout {
        /// How long the client waited.
        bound: Duration,
    },
    /// No leader in time; the command was given to nobody.
    #[error("no leader within {bound:?}; the command was given to nobody")]
    NoLeader {
        /// How long the client waited.
        bound: Duration,
    },
}

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
