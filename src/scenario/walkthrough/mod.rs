//! One node at a time, through every role and every decision: a script in ten sections.
//!
//! The script says which inputs happen in which order. Everything else comes out of real
//! [`RaftNode`]s that are driven by them: each value that is shown was read from a node, from a
//! message it sent, or from an event it told of. Peers are real nodes too; most of their work is
//! done off the stage, and only their messages are seen.
//!
//! The narration between the steps is English, and it stands here rather than in the view: it is
//! the script's content, as a scenario's comments are, and makes sense only in its order. How an
//! event, a message or a state is told is the view's business; this room hands it over as values.

mod divergence;
mod lifecycle;
mod older_terms;
mod script;
mod stage;
mod votes;

use std::time::Duration;

use crate::raft::{MAX_NODES, PersistentState, RaftNode};

pub use stage::{AppliedEntry, ShownStep};

use script::Walkthrough;

/// How many sections there are.
pub const SECTIONS: usize = 10;

/// What the walkthrough is asked to show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    nodes: usize,
    seed: u64,
}

impl Options {
    /// A cluster of `nodes`, whose election timeouts are drawn from `seed`.
    ///
    /// # Panics
    /// If there is no such cluster: it has 1 to [`MAX_NODES`] nodes.
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
    /// What happens, one idea each.
    pub beats: Vec<Beat>,
}

/// One idea.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the sentence of a variant says what its fields are")]
pub enum Beat {
    /// Something to know, and where the paper says it.
    Said { text: String, paper: &'static str },
    /// A node starts, with nothing or with what it had saved, and draws its first election timeout.
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

/// Plays the whole script.
pub fn play(options: Options) -> Vec<Section> {
    let mut script = Walkthrough::new(options);
    lifecycle::play(&mut script, options);
    votes::play(&mut script);
    divergence::play(&mut script);
    older_terms::play(&mut script);
    script.into_sections()
}
