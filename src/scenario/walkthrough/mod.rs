//! One node at a time, through every role and every decision: a script in ten sections.
//!
//! The script says which inputs happen in which order. Everything else comes from real [`RaftNode`]s
//! that handle these inputs: each value that is shown was read from a node, from a message it sent,
//! or from an event it reported. Peers are real nodes too; most of their steps are not shown, only
//! their messages.
//!
//! The English text between the steps stands here rather than in the view: it is part of the script,
//! like the notes of a scenario, and makes sense only in this order. The view decides how to word an
//! event, a message or a state; this module passes them on as values.

mod divergence;
mod lifecycle;
mod older_terms;
mod script;
mod stage;
mod votes;

use std::time::Duration;

use crate::raft::{MAX_NODES, NodeId, PersistentState, RaftNode};

pub use stage::{AppliedEntry, ShownStep};

use script::Walkthrough;

const N0: NodeId = NodeId::new(0);
const N1: NodeId = NodeId::new(1);
const N2: NodeId = NodeId::new(2);
const N3: NodeId = NodeId::new(3);
const N4: NodeId = NodeId::new(4);

/// How many sections there are.
pub const SECTIONS: usize = 10;

/// The settings of the walkthrough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    nodes: usize,
    seed: u64,
}

impl Options {
    /// Settings for a cluster of `nodes`, whose election timeouts are drawn from `seed`.
    ///
    /// # Panics
    /// If `nodes` is not from 1 to [`MAX_NODES`].
    pub const fn new(nodes: usize, seed: u64) -> Self {
        assert!(0 < nodes && nodes <= MAX_NODES, "a cluster has 1 to MAX_NODES nodes");
        Self { nodes, seed }
    }
}

/// One section: a heading, and what happens under it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// Its number, from 1.
    pub number: usize,
    /// Its heading.
    pub title: &'static str,
    /// What happens, in order.
    pub beats: Vec<Beat>,
}

/// One part of a section: an explanation, a step, or a look at a node.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the sentence of a variant says what its fields are")]
pub enum Beat {
    /// An explanation, and where the `paper` says it.
    Said { text: String, paper: &'static str },
    /// A `node` starts, with nothing or with what it had saved, and draws its first `election_timeout`.
    Started { node: RaftNode, election_timeout: Duration },
    /// A node handles one input.
    Stepped(ShownStep),
    /// What a crash at this moment would leave of a node.
    Durable { node: RaftNode, disk: PersistentState },
    /// A node's log, entry by entry.
    Log(RaftNode),
    /// The logs of several nodes, to compare with the first one's.
    Logs(Vec<RaftNode>),
    /// What a node's state machine holds: each key with its value.
    Store { node: RaftNode, values: Vec<(String, String)> },
}

/// Plays the whole script, and returns its sections.
pub fn play(options: Options) -> Vec<Section> {
    let mut script = Walkthrough::new(options);
    lifecycle::play(&mut script, options);
    votes::play(&mut script);
    divergence::play(&mut script);
    older_terms::play(&mut script);
    script.sections
}
