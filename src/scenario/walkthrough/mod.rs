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

pub use stage::{Applied, Step};

use script::Script;

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
pub enum Beat {
    /// Something to know, and where the paper says it.
    Said {
        /// The sentence.
        text: String,
        /// The section of the paper.
        paper: &'static str,
    },
    /// A node starts, with nothing or with what it had saved.
    Started {
        /// The node as it starts.
        node: RaftNode,
        /// The first election timeout it draws.
        election_timeout: Duration,
    },
    /// A node handles one input.
    Stepped(Step),
    /// What a crash at this moment would leave of a node.
    Durable {
        /// The node.
        node: RaftNode,
        /// Its disk.
        disk: PersistentState,
    },
    /// A node's log, entry by entry.
    Log(RaftNode),
    /// The logs of several nodes, to compare with the first one's.
    Logs(Vec<RaftNode>),
    /// What a node's state machine holds.
    Store {
        /// The node.
        node: RaftNode,
        /// Each key with its value.
        values: Vec<(String, String)>,
    },
}

/// Plays the whole script.
pub fn play(options: Options) -> Vec<Section> {
    let mut script = Script::new(options);
    lifecycle::play(&mut script, options);
    votes::play(&mut script);
    divergence::play(&mut script);
    older_terms::play(&mut script);
    script.into_sections()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raft::Outcome::{Holds, Overridden, Refused};
    use crate::raft::{Event, RoleKind, Rule};

    fn steps(section: &Section) -> impl DoubleEndedIterator<Item = &Step> {
        section.beats.iter().filter_map(|beat| match beat {
            Beat::Stepped(step) => Some(step),
            _ => None,
        })
    }

    #[test]
    fn ten_sections_in_order_whatever_the_size() {
        for nodes in 1..=MAX_NODES {
            let sections = play(Options::new(nodes, 3));
            let numbers = sections.iter().map(|section| section.number);
            assert!(numbers.eq(1..=10), "{nodes}");
            assert!(sections.iter().all(|section| !section.beats.is_empty()));
        }
    }

    #[test]
    fn the_node_goes_through_its_roles_in_a_cluster_of_any_size() {
        for nodes in 1..=MAX_NODES {
            let sections = play(Options::new(nodes, 3));
            let after =
                |number: usize| steps(&sections[number - 1]).next_back().map(|step| &step.after);
            let leads = sections[..3].iter().flat_map(steps).next_back().unwrap();
            assert!(leads.after.is_leader(), "{nodes}");
            assert_eq!(after(4).unwrap().last().index.get(), 4, "a no-op and three commands");
            let committed = sections[..5].iter().flat_map(steps).next_back().unwrap();
            assert_eq!(committed.after.commit_index().get(), 4, "{nodes}");
            let down = after(6).unwrap();
            assert_eq!((down.role().kind(), down.current_term().get()), (RoleKind::Follower, 5));
            assert!(after(7).unwrap().voted_for().is_some(), "{nodes}");
        }
    }

    #[test]
    fn each_of_the_three_vote_rules_refuses_once() {
        let sections = play(Options::new(5, 3));
        let refusals: Vec<Rule> = steps(&sections[7])
            .flat_map(|step| step.events.iter())
            .filter_map(|event| match *event {
                Event::VoteRefused { rule, .. } => Some(rule),
                _ => None,
            })
            .collect();
        assert_eq!(refusals, [Rule::StaleTermRejected, Rule::OneVotePerTerm, Rule::UpToDateLog]);
    }

    #[test]
    fn the_diverged_log_ends_as_the_leaders() {
        let sections = play(Options::new(5, 3));
        let drawn = sections[8].beats.iter().filter_map(|beat| match beat {
            Beat::Logs(nodes) => Some(nodes),
            _ => None,
        });
        let last = drawn.collect::<Vec<_>>().pop().unwrap();
        assert!(last.iter().all(|node| node.log() == last[0].log()));
    }

    #[test]
    fn an_older_entry_waits_and_is_committed_at_once_without_the_rule() {
        let sections = play(Options::new(5, 3));
        let asked: Vec<_> = steps(&sections[9])
            .flat_map(|step| step.events.iter())
            .filter_map(|event| match event {
                Event::Checked(v) if v.rule == Rule::CommitOnlyCurrentTerm => Some(v.outcome),
                _ => None,
            })
            .collect();
        assert!(asked.starts_with(&[Refused]), "{asked:?}");
        assert!(asked.contains(&Holds) && asked.contains(&Overridden), "{asked:?}");
    }
}
