//! A line that is typed at a prompt: a word, and what follows it.

use crate::explain::Question;
use crate::raft::NodeId;
use crate::scenario::nearest::meant;
use crate::scenario::quantity::node_number;
use crate::scenario::usage::{Usage, first_words};
use crate::view::why;

/// A line typed at a prompt on a cluster, or a trace, of `nodes` nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typed<'a> {
    /// The first word. It is empty if the line is empty or a comment.
    pub(super) word: &'a str,
    /// What follows the first word.
    pub(super) rest: &'a str,
    nodes: usize,
}

/// The complaint about a word that does not fit.
fn unfit(word: &str, expected: &str) -> String {
    format!("'{word}' does not fit; expected {expected}")
}

impl<'a> Typed<'a> {
    /// Splits the first word from the rest.
    pub(super) fn new(line: &'a str, nodes: usize) -> Self {
        let line = line.trim();
        let line = if line.starts_with('#') { "" } else { line };
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        Self { word, rest: rest.trim(), nodes }
    }

    /// Returns `word`, or a complaint if anything follows it on the line.
    pub(super) fn alone<T>(self, word: T) -> Result<T, String> {
        if self.rest.is_empty() { Ok(word) } else { Err(unfit(self.rest, "the end of the line")) }
    }

    /// Reads how often; once if nothing follows.
    pub(super) fn count(self) -> Result<u64, String> {
        if self.rest.is_empty() { Ok(1) } else { Self::number(self.rest) }
    }

    /// Reads a number above 0.
    pub(super) fn number(word: &str) -> Result<u64, String> {
        let number = word.parse().ok().filter(|&number| number > 0);
        number.ok_or_else(|| unfit(word, "a number above 0"))
    }

    /// Reads a node, written `2` or `n2`.
    pub(super) fn node(self, word: &str) -> Result<NodeId, String> {
        let expected = || unfit(word, &format!("a node from 0 to {}", self.nodes - 1));
        node_of(word, self.nodes).ok_or_else(expected)
    }

    /// Reads the rest of the line as one node, or as `None` if it is empty.
    pub(super) fn some_node(self) -> Result<Option<NodeId>, String> {
        if self.rest.is_empty() { Ok(None) } else { self.node(self.rest).map(Some) }
    }

    /// Reads the rest of the line as a question, or as `None` if it is empty.
    pub(super) fn question(self) -> Result<Option<Question>, String> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let question = Question::parse(self.rest, self.nodes);
        question.map(Some).map_err(|error| why::unanswerable(&error))
    }

    /// The complaint about a first word that is none of these.
    pub(super) fn unknown(self, words: impl IntoIterator<Item = &'static Usage>) -> String {
        let word = self.word;
        match meant(word, first_words(words)) {
            Some(meant) => format!("'{word}' is not a word here; did you mean {meant}?"),
            None => format!("'{word}' is not a word here; 'help' lists the words"),
        }
    }
}

/// Reads one of `nodes` nodes, written `2` or `n2`.
pub(super) fn node_of(word: &str, nodes: usize) -> Option<NodeId> {
    NodeId::all(nodes).nth(node_number(word)?)
}
