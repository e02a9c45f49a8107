//! Why a cluster, or a node of it, did not start or did not stop as it should.

use std::{error, fmt, io};

use crate::raft::{MAX_NODES, NodeId};

/// Why a cluster did not start.
#[derive(Debug)]
pub enum StartError {
    /// No cluster has so many nodes.
    Size(usize),
    /// No story is told at such a speed.
    Speed(f64),
    /// A thread could not be started.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(nodes) => write!(f, "a cluster has 1 to {MAX_NODES} nodes, not {nodes}"),
            Self::Speed(speed) => write!(f, "a speed is a number above 0, not {speed}"),
            Self::Thread(error) => write!(f, "a thread could not be started: {error}"),
        }
    }
}

impl error::Error for StartError {}

/// Why a node did not start again.
#[derive(Debug)]
pub enum RestartError {
    /// It is up.
    Up(NodeId),
    /// Its thread panicked, and left nothing to start from.
    Perished(NodeId),
    /// No thread could be started for it.
    Thread(NodeId, io::Error),
}

impl fmt::Display for RestartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up(node) => write!(f, "{node} is up already"),
            Self::Perished(node) => write!(f, "{node} panicked and left no disk to start from"),
            Self::Thread(node, error) => {
                write!(f, "no thread could be started for {node}: {error}")
            }
        }
    }
}

impl error::Error for RestartError {}

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
