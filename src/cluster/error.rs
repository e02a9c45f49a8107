//! Why a cluster did not start or did not stop as it should, and why a command was not applied.

use std::time::Duration;
use std::{error, fmt, io};

use crate::raft::{LogPosition, MAX_NODES, NodeId};

/// Why a cluster did not start.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum StartError {
    /// A cluster cannot have this number of nodes.
    #[error("a cluster has 1 to {MAX_NODES} nodes, not {0}")]
    Size(usize),
    /// The clock cannot run at this speed.
    #[error("a speed is a number above 0, not {0}")]
    Speed(f64),
    /// At this `speed` heartbeats would be due more often than threads look at their timers, which
    /// is once per `tick`. `highest` is the highest speed for this timing.
    #[error(
        "at speed {speed} heartbeats are due more often than every {tick} ms, when threads look at their \
         timers; with the timing of this cluster the highest speed is {highest}",
        tick = tick.as_millis()
    )]
    TooFast { speed: f64, highest: f64, tick: Duration },
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[source] io::Error),
}

/// Why a command was not seen to be applied.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum WriteError {
    /// The `node` that was asked does not lead; the command had no effect. As far as it knows, this
    /// `leader` leads.
    #[error(
        "{node} does not lead{}",
        leader.map_or_else(
            || " and knows of no leader; try again later".to_owned(),
            |leader| format!("; ask {leader}")
        )
    )]
    NotLeader { node: NodeId, leader: Option<NodeId> },
    /// Another entry was committed at the index of its entry, which was at `lost`; the command had no effect.
    #[error("entry {lost} was replaced by another leader's; submit the command again")]
    Superseded { lost: LogPosition },
    /// The node lost the entry, which was at `position`, while the node did not lead: the command
    /// may have an effect.
    #[error("the node has lost entry {position}; another node may still hold it, and apply it")]
    Uncertain { position: LogPosition },
    /// The `node` that was asked is down, or went down before it could answer: the command may have an
    /// effect.
    #[error(
        "{node} is down and did not answer; if the command reached another node, it may still be applied"
    )]
    NodeDown { node: NodeId },
    /// No answer within `bound`: the command may have an effect.
    #[error("no answer within {bound:?}; the command may still be applied")]
    Timeout { bound: Duration },
    /// No leader was found within `bound`; no node accepted the command.
    #[error("no leader within {bound:?}; the command was given to nobody")]
    NoLeader { bound: Duration },
}

/// The error that threads of a cluster panicked: a bug in this program or in an observer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Panicked {
    /// The name of each thread, which for a node's thread is the node's id, and its panic message.
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
