//! The questions that can be asked, as they are typed.

use std::fmt;

use serde::Serialize;

use super::Unanswerable;
use crate::raft::{LogIndex, NodeId, Term};
use crate::scenario::quantity::node_number;

/// A question about a step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Question {
    /// Why the entry at `index` is committed, `on` this node or anywhere. A `term` means the entry of that
    /// term.
    Committed {
        index: LogIndex,
        #[serde(skip_serializing_if = "Option::is_none")]
        term: Option<Term>,
        on: Option<NodeId>,
    },
    /// Why it is not: `on` this node, or else on the leader or another node that has it.
    NotCommitted {
        index: LogIndex,
        #[serde(skip_serializing_if = "Option::is_none")]
        term: Option<Term>,
        on: Option<NodeId>,
    },
    /// Why `to` refused what `from` had sent, the last time it did.
    Refused { from: NodeId, to: NodeId },
    /// Why the `node` leads.
    Leader { node: NodeId },
    /// Why the `node` does not lead.
    NotLeader { node: NodeId },
    /// Why the `node` deleted entries, the last time it did.
    Truncated { node: NodeId },
    /// Why the `node` gave up leading or campaigning, the last time it did.
    SteppedDown { node: NodeId },
    /// Why the `node` acknowledged what it did, the last time it acknowledged anything.
    Acknowledged { node: NodeId },
    /// Why a client was told what it was told. It is the latest client whose command has the text `command`
    /// in it or, if that text is 'client' and a number, the client of that number.
    Told { command: String },
}

impl Question {
    /// Reads a question about a cluster of `nodes`.
    ///
    /// # Errors
    /// If it is not a known question, or names a node that does not exist.
    pub fn parse(typed: &str, nodes: usize) -> Result<Self, Unanswerable> {
        let asked = typed.trim_end().trim_end_matches('?');
        let mut words: Vec<&str> = asked.split_whitespace().collect();
        if words.first() == Some(&"why") {
            words.remove(0);
        }
        let mut unknown = None;
        let question = Self::of(&words, |word| {
            let number = node_number(word)?;
            if number >= nodes {
                unknown = Some(number);
            }
            NodeId::all(nodes).nth(number)
        });
        match (unknown, question) {
            (Some(node), _) => Err(Unanswerable::NoSuchNode { node, nodes }),
            (None, Some(question)) => Ok(question),
            (None, None) => Err(Unanswerable::NotUnderstood { typed: typed.to_owned() }),
        }
    }

    fn of(words: &[&str], mut node: impl FnMut(&str) -> Option<NodeId>) -> Option<Self> {
        let (no, words) = match words {
            ["not", rest @ ..] => (true, rest),
            all => (false, all),
        };
        Some(match (no, words) {
            (_, ["committed", entry, on @ ..]) => {
                let (index, term) = match entry.split_once('@') {
                    Some((index, term)) => (index, Some(Term::new(term.parse().ok()?))),
                    None => (*entry, None),
                };
                let index = index.parse().ok().filter(|&index| index > 0).map(LogIndex::new)?;
                let on = match on {
                    [] => None,
                    ["on", on] => Some(node(on)?),
                    _ => return None,
                };
                if no {
                    Self::NotCommitted { index, term, on }
                } else {
                    Self::Committed { index, term, on }
                }
            }
            (false, ["leader", id]) => Self::Leader { node: node(id)? },
            (true, ["leader", id]) => Self::NotLeader { node: node(id)? },
            (false, ["refused", link @ ..]) => {
                let link = link.concat();
                let (from, to) = link.split_once("->")?;
                Self::Refused { from: node(from)?, to: node(to)? }
            }
            (false, ["truncated", id]) => Self::Truncated { node: node(id)? },
            (false, ["stepped", "down", id]) => Self::SteppedDown { node: node(id)? },
            (false, ["acknowledged", id]) => Self::Acknowledged { node: node(id)? },
            (false, ["told", command @ ..]) if !command.is_empty() => {
                Self::Told { command: command.join(" ") }
            }
            _ => return None,
        })
    }

    /// The same question about every node, or every two, if it asks about something that happens to a node.
    pub(super) fn others_of_its_kind(&self, nodes: usize) -> Vec<Self> {
        let ids = || NodeId::all(nodes);
        match self {
            Self::Refused { .. } => {
                let pairs = ids().flat_map(|from| ids().map(move |to| (from, to)));
                pairs.map(|(from, to)| Self::Refused { from, to }).collect()
            }
            Self::Truncated { .. } => ids().map(|node| Self::Truncated { node }).collect(),
            Self::SteppedDown { .. } => ids().map(|node| Self::SteppedDown { node }).collect(),
            Self::Acknowledged { .. } => ids().map(|node| Self::Acknowledged { node }).collect(),
            _ => Vec::new(),
        }
    }

    /// The nodes that the question names.
    pub fn nodes(&self) -> Vec<NodeId> {
        match *self {
            Self::Committed { on, .. } | Self::NotCommitted { on, .. } => on.into_iter().collect(),
            Self::Refused { from, to } => vec![from, to],
            Self::Leader { node }
            | Self::NotLeader { node }
            | Self::Truncated { node }
            | Self::SteppedDown { node }
            | Self::Acknowledged { node } => vec![node],
            Self::Told { .. } => Vec::new(),
        }
    }
}

impl fmt::Display for Question {
    /// Writes the question as it can be typed, without 'why'.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |node: &NodeId| node.index();
        match self {
            Self::Committed { index, term, on } | Self::NotCommitted { index, term, on } => {
                let not = if matches!(self, Self::Committed { .. }) { "" } else { "not " };
                let term = term.map_or_else(String::new, |term| format!("@{term}"));
                let on = on.as_ref().map_or_else(String::new, |on| format!(" on {}", number(on)));
                write!(f, "{not}committed {index}{term}{on}")
            }
            Self::Refused { from, to } => write!(f, "refused {} -> {}", number(from), number(to)),
            Self::Leader { node } => write!(f, "leader {}", number(node)),
            Self::NotLeader { node } => write!(f, "not leader {}", number(node)),
            Self::Truncated { node } => write!(f, "truncated {}", number(node)),
            Self::SteppedDown { node } => write!(f, "stepped down {}", number(node)),
            Self::Acknowledged { node } => write!(f, "acknowledged {}", number(node)),
            Self::Told { command } => write!(f, "told {command}"),
        }
    }
}
