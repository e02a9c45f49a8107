//! What can be asked of a run at one of its steps, at the prompt on a trace and at the one on a cluster.

use super::typed_line::Typed;
use crate::explain::{Question, Unanswerable};
use crate::raft::NodeId;
use crate::record::History;
use crate::record::history::NodeState;
use crate::scenario::usage::Usage;
use crate::view::{history as told, why};

/// A question about a run. [`SHOW`] and the others say what each asks.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Inspection {
    Show(Option<NodeId>),
    Leaders,
    Clients,
    Diff(u64, u64),
    Blame(NodeId, String),
    Why(Option<Question>),
}

pub(super) const SHOW: Usage =
    Usage::new("show", "[N]", "how all nodes stand, or the fields of node N as in Figure 2");
pub(super) const LEADERS: Usage = Usage::new("leaders", "", "who led when, in the whole run");
pub(super) const CLIENTS: Usage =
    Usage::new("clients", "", "what clients asked, and what they were told by then");
pub(super) const DIFF: Usage = Usage::new("diff", "STEP STEP", "what differs between two steps");
pub(super) const BLAME: Usage = Usage::new(
    "blame",
    "N FIELD",
    "which step made a field what it is, as in 'blame 2 commitIndex'",
);
pub(super) const WHY: Usage =
    Usage::new("why", "[not] ...", "why something is so, or is not; 'why' lists the questions");

impl Inspection {
    /// Reads a typed line, if its first word asks for one of these.
    pub(super) fn parse(typed: Typed<'_>) -> Option<Result<Self, String>> {
        let parts: Vec<&str> = typed.rest.split_whitespace().collect();
        Some(match typed.word {
            "show" => typed.some_node().map(Self::Show),
            "leaders" => typed.alone(Self::Leaders),
            "clients" => typed.alone(Self::Clients),
            "diff" => match parts[..] {
                [a, b] => Typed::number(a).and_then(|a| Ok(Self::Diff(a, Typed::number(b)?))),
                _ => Err("'diff' compares two steps, as in 'diff 40 41'".to_owned()),
            },
            "blame" => {
                match parts[..] {
                    [id, field] => typed.node(id).map(|id| Self::Blame(id, field.to_owned())),
                    _ => Err("'blame' asks for a node and a field, as in 'blame 2 commitIndex'"
                        .to_owned()),
                }
            }
            "why" => typed.question().map(Self::Why),
            _ => return None,
        })
    }

    /// The words that may follow these, if the first is one of them.
    pub(super) fn following(before: &[&str]) -> Option<Vec<&'static str>> {
        Some(match before {
            ["blame", _] => {
                vec![
                    "role",
                    "currentTerm",
                    "votedFor",
                    "log",
                    "commitIndex",
                    "lastApplied",
                    "leader",
                ]
            }
            ["why"] => {
                let questions = why::QUESTIONS.iter().map(|(words, _)| words);
                questions.filter_map(|words| words.split(' ').next()).collect()
            }
            ["why", "not"] => vec!["committed", "leader"],
            ["why" | "blame" | "show" | "leaders" | "clients" | "diff", ..] => Vec::new(),
            _ => return None,
        })
    }

    /// The answer for this step.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub(super) fn answer(self, history: &History, step: u64) -> Result<Vec<String>, String> {
        match self {
            Self::Show(None) => Ok(told::nodes(&nodes(history, step)?)),
            Self::Show(Some(id)) => Ok(told::node(&nodes(history, step)?[id.index()])),
            Self::Leaders => Ok(told::leaders(history)),
            Self::Clients => Ok(told::clients(history, step)),
            Self::Diff(a, b) => Ok(told::differences(&nodes(history, a)?, &nodes(history, b)?)),
            Self::Blame(id, field) => blame(history, step, id, &field),
            Self::Why(None) => Ok(why::questions()),
            Self::Why(Some(question)) => why::answered(history, step, &question),
        }
    }
}

/// How all nodes stand at a step.
///
/// # Errors
/// If there is no such step.
pub(super) fn nodes(history: &History, step: u64) -> Result<Vec<NodeState<'static>>, String> {
    history.nodes_at(step).ok_or_else(|| no_step(step, history.last()))
}

pub(super) fn no_step(step: u64, last: u64) -> String {
    why::unanswerable(&Unanswerable::NoSuchStep { step, last })
}

fn blame(history: &History, step: u64, id: NodeId, field: &str) -> Result<Vec<String>, String> {
    let fields = told::fields(&nodes(history, step)?[id.index()], true);
    let Some((name, value)) = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(field))
    else {
        let names = fields.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
        return Err(format!("{id} has no '{field}' here; it has {names}"));
    };
    let same = |stood: NodeState<'_>| told::field(&stood, name);
    let since = history.since(id, step, same).unwrap_or_default();
    let mut lines = told::blame(id, name, value, since);
    if let Some(record) = history.step(since) {
        lines.extend(told::told(history, &record));
    }
    Ok(lines)
}
