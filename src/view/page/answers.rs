//! Why an entry is committed, or is not: for every entry of every node, at every step.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::moments::Moments;
use crate::explain::{Question, why};
use crate::raft::{LogIndex, NodeId};
use crate::record::history::History;
use crate::view::why::{self as words, Sentence};
use crate::visible::visible;

/// So many answers are worked out for a page; what is asked behind the last of them has none in it.
const MOST: usize = 20_000;

/// The sentences of an answer, and of which kind each is.
type Text = Vec<(&'static str, String)>;

/// The answers of a page. Most are the same from one step to the next, and are held once.
#[derive(Default, Serialize)]
pub(super) struct Answers {
    texts: Vec<Text>,
    /// For "node,index" from which moment on which text is the answer.
    of: BTreeMap<String, Vec<(usize, usize)>>,
    /// The last step of which entries can be asked, if it is not the last of the run.
    pub(super) until: Option<u64>,
}

impl Answers {
    pub(super) fn of(history: &History, moments: &Moments) -> Self {
        let mut answers = Self::default();
        let mut known: HashMap<Text, usize> = HashMap::new();
        let mut worked_out = 0;
        // What was committed at a node stays so for the same reason, until the node crashes.
        let mut settled: HashMap<NodeId, (u64, LogIndex)> = HashMap::new();
        for step in moments.steps() {
            if worked_out > MOST {
                answers.until = Some(step - 1);
                break;
            }
            for id in NodeId::all(history.header().nodes) {
                let Some(stood) = history.node_at(id, step) else { continue };
                let life = settled.entry(id).or_default();
                if life.0 != stood.starts || !stood.up {
                    *life = (stood.starts, LogIndex::ZERO);
                }
                for index in life.1.get() + 1..=stood.node.last().index.get() {
                    let index = LogIndex::new(index);
                    let on = Some(id);
                    let question = if index <= stood.node.commit_index() {
                        Question::Committed { index, term: None, on }
                    } else {
                        Question::NotCommitted { index, term: None, on }
                    };
                    worked_out += 1;
                    let Ok(answer) = why(history, step, &question) else { continue };
                    let text: Text = words::sentences(&answer).iter().map(shown).collect();
                    let next = known.len();
                    let text = *known.entry(text).or_insert_with_key(|text| {
                        answers.texts.push(text.clone());
                        next
                    });
                    let of = answers.of.entry(format!("{},{index}", id.index())).or_default();
                    if of.last().is_none_or(|&(_, last)| last != text) {
                        of.extend(moments.of(step).map(|at| (at, text)));
                    }
                }
                if stood.up {
                    life.1 = stood.node.commit_index();
                }
            }
        }
        answers
    }
}

/// A sentence of an answer: of which kind it is, and the text.
pub(super) fn shown(sentence: &Sentence) -> (&'static str, String) {
    let (kind, text) = match sentence {
        Sentence::Finding(text) => ("finding", text.clone()),
        Sentence::Ground(text) => ("ground", text.clone()),
        Sentence::Standing(node, text) => ("standing", format!("{node} {text}")),
    };
    (kind, visible(&text).into_owned())
}
