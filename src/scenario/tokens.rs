//! A line, read word by word.
//!
//! What is read may turn out not to fit; then it is read again as something else, from where it began.
//! The reading that came furthest says what is wrong with the line: there stands the word that does
//! not fit, and what would have fitted is noted by every reading that ended there. What would have
//! fitted at the end of a line is also what may be typed next.

use super::error::LineError;
use super::free_text::read_quoted;
use super::nearest::nearest;

/// A line, and how much of it is read.
pub(super) struct Words<'a> {
    line: &'a str,
    /// Where the reading stands.
    pub(super) at: usize,
    /// How many nodes the cluster has.
    pub(super) nodes: usize,
    /// Where a word ends.
    pub(super) separator: fn(char) -> bool,
    furthest: usize,
    /// What would have fitted there, in words of ours, some with a list of what that can be ...
    expected: Vec<(String, Vec<&'static str>)>,
    /// ... and in words of the language.
    fitting: Vec<String>,
}

impl<'a> Words<'a> {
    pub(super) fn new(line: &'a str, nodes: usize) -> Self {
        let separator = char::is_whitespace;
        let (expected, fitting) = (Vec::new(), Vec::new());
        Self { line: line.trim_end(), at: 0, nodes, separator, furthest: 0, expected, fitting }
    }

    /// What is left, from the next word on.
    pub(super) fn rest(&mut self) -> &'a str {
        let rest = self.line[self.at..].trim_start_matches(self.separator);
        self.at = self.line.len() - rest.len();
        rest
    }

    /// The next word; an empty one at the end.
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

    /// Takes free text: what stands in quotes, or all that is left, which must be something.
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

    /// The same, but the text may end before an ` on `.
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

    /// Nothing may be left.
    pub(super) fn end(&mut self) -> Option<()> {
        if self.rest().is_empty() { Some(()) } else { self.expected("the end of the line") }
    }

    /// Reads what follows these words, which come first. If it cannot be read, nothing was.
    pub(super) fn form<T>(
        &mut self,
        begins: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let start = self.at;
        let (first, others) = begins.split_once(' ').unwrap_or((begins, ""));
        let whole = |words: &mut Self| {
            // Which words can begin a line is said once for all of them.
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

    /// Whether here is as far as any reading came; then what fits here is of interest.
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

    /// What comes next does not fit; this would.
    pub(super) fn expected<T>(&mut self, expected: impl Into<String>) -> Option<T> {
        self.expected_one_of(expected, Vec::new())
    }

    /// The same, and these are all that there are of it: whoever is told of one that is near needs no list.
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

    /// What is wrong with the line.
    pub(super) fn error(mut self) -> LineError {
        self.at = self.furthest;
        let word = self.peek().to_owned();
        let meant = nearest(&word, self.fitting.iter().map(String::as_str)).map(str::to_owned);
        // It comes first, and need not be named twice.
        self.expected.retain(|(expected, _)| Some(expected.trim_matches('\'')) != meant.as_deref());
        let column = self.line[..self.furthest].chars().count() + 1;
        let expected = self.expected.into_iter().map(|(what, all)| match &all[..] {
            [_, ..] if meant.is_none() => format!("{what}: {}", all.join(", ")),
            _ => what,
        });
        let expected = expected.collect::<Vec<_>>().join(", or ");
        LineError { column, word, meant, expected }
    }

    /// What may be typed next.
    pub(super) fn fitting_at_end(self) -> Vec<String> {
        if self.furthest == self.line.len() { self.fitting } else { Vec::new() }
    }
}
