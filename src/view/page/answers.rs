//! Answers to why an entry is committed or not, for every entry of every node at every step.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::moments::{self, Moments};
use crate::explain::{Explainer, Explanation, Question};
use crate::raft::{LogIndex, NodeId};
use crate::record::history::History;
use crate::view::why::{self as words, Sentence};

/// The number of answers after which a page gets no more: for later steps it has none.
const MOST: usize = 20_000;

/// The sentences of an answer, each with its kind, and with the rule, if it is a verdict.
pub(crate) type Text = Vec<(&'static str, String, Option<&'static str>)>;

/// The answers of a page. Most stay the same from one step to the next, so each text is held once.
#[derive(Default, Serialize)]
pub(super) struct Answers {
    texts: Vec<Text>,
    /// For each "node,index": the moments from which on a text is the answer, each with the text's number.
    of: BTreeMap<String, Vec<(usize, usize)>>,
    /// The last step with answers, if later steps have none.
    pub(super) until: Option<u64>,
}

impl Answers {
    pub(super) fn of(history: &History, moments: &Moments) -> Self {
        let mut answers = Self::default();
        let mut known: HashMap<Text, usize> = HashMap::new();
        let mut worked_out = 0;
        let explainer = Explainer::of(history);
        // The answer for an entry that is committed on a node stays the same until the node crashes.
        let mut settled: HashMap<NodeId, (u64, LogIndex)> = HashMap::new();
        let nodes = NodeId::all(history.header().nodes);
        let mut reruns: Vec<_> = nodes.map(|id| history.rerun(id, moments.steps().start)).collect();
        for step in moments.steps() {
            if worked_out > MOST {
                answers.until = Some(step - 1);
                break;
            }
            for (id, rerun) in NodeId::all(reruns.len()).zip(&mut reruns) {
                let (up, starts, last, commit) = rerun.at(step, |stood| {
                    let (last, commit) = (stood.node.last().index, stood.node.commit_index());
                    (stood.up, stood.starts, last, commit)
                });
                let life = settled.entry(id).or_default();
                if life.0 != starts || !up {
                    *life = (starts, LogIndex::ZERO);
                }
                for index in life.1.get() + 1..=last.get() {
                    let index = LogIndex::new(index);
                    let on = Some(id);
                    let question = if index <= commit {
                        Question::Committed { index, term: None, on }
                    } else {
                        Question::NotCommitted { index, term: None, on }
                    };
                    worked_out += 1;
                    let Ok(answer) = explainer.why(step, &question) else { continue };
                    let text = self::answer(&answer);
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
                if up {
                    life.1 = commit;
                }
            }
        }
        answers
    }
}

/// An answer, in sentences.
pub(crate) fn answer(answer: &Explanation) -> Text {
    let shown = |sentence: Sentence| {
        let (kind, text, rule) = match sentence {
            Sentence::Finding(text) => ("finding", text, None),
            Sentence::Ground(text, rule) => ("ground", text, Some(rule.id())),
            Sentence::Standing(node, text) => ("standing", format!("{node} {text}"), None),
        };
        (kind, moments::shown(&text), rule)
    };
    words::sentences(answer).into_iter().map(shown).collect()
}
