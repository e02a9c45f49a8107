//! Answers questions, and keeps for the next one what a question has made again.

use std::cmp::Reverse;

use super::{Asked, Explanation, Question, Unanswerable};
use crate::record::History;
use crate::record::history::States;

/// Answers questions about one run. It keeps the states that it has made again, so that many questions about steps in
/// ascending order cost little more than the run itself.
pub struct Explainer<'h> {
    states: States<'h>,
}

/// Answers a question about the end of a step. For many questions about one run, an [`Explainer`] is faster.
///
/// # Errors
/// Why the question has no answer.
pub fn why(history: &History, step: u64, question: &Question) -> Result<Explanation, Unanswerable> {
    Explainer::of(history).why(step, question)
}

impl<'h> Explainer<'h> {
    /// Answers questions about this run.
    pub fn of(history: &'h History) -> Self {
        Self { states: States::of(history) }
    }

    /// How many steps were made again for the answers so far: what they cost.
    pub fn steps_made(&self) -> usize {
        self.states.steps_made()
    }

    /// Answers a question about the end of a step.
    ///
    /// # Errors
    /// Why the question has no answer.
    pub fn why(&self, step: u64, question: &Question) -> Result<Explanation, Unanswerable> {
        let history = self.states.history();
        let last = history.last();
        if !(1..=last).contains(&step) {
            return Err(Unanswerable::NoSuchStep { step, last });
        }
        let nodes = history.header().nodes;
        if let Some(node) = question.nodes().into_iter().find(|node| node.index() >= nodes) {
            return Err(Unanswerable::NoSuchNode { node: node.index(), nodes });
        }
        self.answered(step, question).map_err(|why| match why {
            Unanswerable::NotHappened { question, step, .. } => {
                let alike = question.others_of_its_kind(nodes).into_iter();
                let happened = alike.filter_map(|other| {
                    let answer = self.answered(step, &other).ok()?;
                    Some((other, answer.decided_in?))
                });
                let mut others: Vec<(Question, u64)> = happened.collect();
                others.sort_by_key(|(_, step)| Reverse(*step));
                Unanswerable::NotHappened { question, step, others }
            }
            why => why,
        })
    }

    /// Answers a question about a step and nodes that there are.
    fn answered(&self, step: u64, question: &Question) -> Result<Explanation, Unanswerable> {
        let asked = Asked { states: &self.states, step, question };
        match *question {
            Question::Committed { index, term, on } => asked.committed(index, term, on, true),
            Question::NotCommitted { index, term, on } => asked.committed(index, term, on, false),
            Question::Leader { node } => asked.leads(node, true),
            Question::NotLeader { node } => asked.leads(node, false),
            Question::SteppedDown { node } => asked.stepped_down(node),
            Question::Refused { from, to } => asked.refused(from, to),
            Question::Truncated { node } => asked.truncated(node),
            Question::Acknowledged { node } => asked.acknowledged(node),
            Question::Told { ref command } => asked.told(command),
        }
    }
}
