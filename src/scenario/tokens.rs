//! Reads a line word by word.
//!
//! When a reading fails, the line is read again from the same place as something else. The reading that
//! came furthest decides what is wrong with the line: the word at that place does not fit, and every
//! reading that ended there notes what would have fitted. What would have fitted at the end of a line is
//! also what may be typed next.

use super::error::LineError;
use super::free_text::read_quoted;
use super::nearest::meant;

/// A line, and how far it has been read.
pub(super) struct Words<'a> {
    line: &'a str,
    /// How far the line has been read, in bytes.
    pub(super) at: usize,
    /// How many nodes the cluster has.
    pub(super) nodes: usize,
    /// Whether a character separates words.
    pub(super) separator: fn(char) -> bool,
    furthest: usize,
    /// Descriptions of what would have fitted at `furthest`, some with a list of all the words possible there.
    expected: Vec<(String, Vec<&'static str>)>,
    /// The words of the language that would have fitted at `furthest`.
    fitting: Vec<String>,
}

impl<'a> Words<'a> {
    pub(super) fn new(line: &'a str, nodes: usize) -> Self {
        let separator = char::is_whitespace;
        let (expected, fitting) = (Vec::new(), Vec::new());
        Self { line: line.trim_end(), at: 0, nodes, separator, furthest: 0, expected, fitting }
    }

    /// Returns what is left of the line, from the next word on.
    pub(super) fn rest(&mut self) -> &'a str {
        let rest = self.line[self.at..].trim_start_matches(self.separator);
        self.at = self.line.len() - rest.len();
        rest
    }

    /// Returns the next word; an empty one at the end.
    pub(super) fn peek(&mut self) -> &'a str {
        self.rest().split(self.separator).next().unwrap_or_default()
    }

    /// Takes all that is left.
    pub(super) fn take_rest(&mut self) -> &'a str {
        let rest = self.rest();
        self.at = self.line.len();
        rest
    }

    /// Takes the next word if it is this one.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let comes = self.peek() == word;
        if comes {
            self.at += word.len();
        } else {
            self.would_fit(word);
        }
        comes
    }

    /// Takes this word, which must come next.
    pub(super) fn exactly(&mut self, word: &str) -> Option<()> {
        if self.take(word) { Some(()) } else { self.expected(format!("'{word}'")) }
    }

    /// Takes the next word, which must be one that `read` understands.
    pub(super) fn word<T>(
        &mut self,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let word = self.peek();
        let Some(value) = Some(word).filter(|word| !word.is_empty()).and_then(read) else {
            return self.expected(expected);
        };
        self.at += word.len();
        Some(value)
    }

    /// Takes the next word, which must be one of these, each with what it means.
    pub(super) fn one_of<T>(
        &mut self,
        expected: &str,
        all: impl IntoIterator<Item = (impl AsRef<str>, T)>,
    ) -> Option<T> {
        let found = all.into_iter().find(|(word, _)| self.take(word.as_ref()));
        found.map_or_else(|| self.expected(expected), |(_, meaning)| Some(meaning))
    }

    /// Takes free text: what stands in quotes, or all that is left, which must not be empty.
    pub(super) fn text(&mut self, expected: &str) -> Option<String> {
        if !self.rest().starts_with('"') {
            let text = self.take_rest();
            return if text.is_empty() { self.expected(expected) } else { Some(text.to_owned()) };
        }
        let closed = "text that ends with a quote, in which \\\" is a quote and \\\\ a backslash";
        let Some((text, rest)) = read_quoted(self.rest()) else { return self.expected(closed) };
        self.at = self.line.len() - rest.len();
        Some(text)
    }

    /// Takes free text in the same way, but text without quotes ends before the last ` on `, if there is one.
    pub(super) fn text_before_on(&mut self, expected: &str) -> Option<String> {
        let rest = self.rest();
        match rest.rsplit_once(" on ") {
            Some((text, _)) if !rest.starts_with('"') && !text.trim_end().is_empty() => {
                self.at += text.len();
                Some(text.trim_end().to_owned())
            }
            _ => self.text(expected),
        }
    }

    /// Checks that nothing is left.
    pub(super) fn end(&mut self) -> Option<()> {
        if self.rest().is_empty() { Some(()) } else { self.expected("the end of the line") }
    }

    /// Takes the words of `begins`, then reads what follows them. On failure `at` stays where it was.
    pub(super) fn form<T>(
        &mut self,
        begins: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let start = self.at;
        let (first, others) = begins.split_once(' ').unwrap_or((begins, ""));
        let whole = |words: &mut Self| {
            // `take` does not say that the first word was expected: one list names all the first words.
            words.take(first).then_some(())?;
            others.split_whitespace().try_for_each(|word| words.exactly(word))?;
            read(words)
        };
        let read = whole(self);
        if read.is_none() {
            self.at = start;
        }
        read
    }

    /// Whether no reading has come further than this place, so that what fits here has to be noted. Forgets
    /// what was noted before if none has come this far.
    fn is_furthest(&mut self) -> bool {
        self.rest();
        if self.at > self.furthest {
            self.furthest = self.at;
            self.expected.clear();
            self.fitting.clear();
        }
        self.at == self.furthest
    }

    /// Notes that this word would fit here.
    pub(super) fn would_fit(&mut self, word: &str) {
        if self.is_furthest() && !self.fitting.iter().any(|known| known == word) {
            self.fitting.push(word.to_owned());
        }
    }

    /// Notes that what comes next does not fit, and what would.
    pub(super) fn expected<T>(&mut self, expected: impl Into<String>) -> Option<T> {
        self.expected_one_of(expected, Vec::new())
    }

    /// Notes the same, with a list of `all` words that would fit. The error leaves the list out if it
    /// suggests a similar word.
    pub(super) fn expected_one_of<T>(
        &mut self,
        expected: impl Into<String>,
        all: Vec<&'static str>,
    ) -> Option<T> {
        let expected = (expected.into(), all);
        if self.is_furthest() && !self.expected.contains(&expected) {
            self.expected.push(expected);
        }
        None
    }

    /// Returns what is wrong with the line.
    pub(super) fn error(mut self) -> LineError {
        self.at = self.furthest;
        let word = self.peek().to_owned();
        let meant = meant(&word, self.fitting.iter().map(String::as_str));
        // The suggestion comes first in the message, and need not be named twice.
        self.expected.retain(|(expected, _)| Some(expected) != meant.as_ref());
        let column = self.line[..self.furthest].chars().count() + 1;
        let expected = self.expected.into_iter().map(|(what, all)| match &all[..] {
            [_, ..] if meant.is_none() => format!("{what}: {}", all.join(", ")),
            _ => what,
        });
        let expected = expected.collect::<Vec<_>>().join(", or ");
        LineError { column, word, meant, expected }
    }

    /// Returns the words that may be typed next.
    pub(super) fn fitting_at_end(self) -> Vec<String> {
        if self.furthest == self.line.len() { self.fitting } else { Vec::new() }
    }
}
