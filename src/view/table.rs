//! Aligned columns, the last of which wraps.
//!
//! Table crates draw frames, share the width among all columns, and count colour codes as letters
//! unless they control the terminal too. Here every column but the last is as wide as its widest
//! cell, and the text in the last column wraps under itself. `textwrap` does the hard parts: the
//! width of a character and the length of a coloured word.

use std::borrow::Cow;

use textwrap::core::{Word, display_width};
use textwrap::{Options, WordSeparator, WordSplitter, wrap};
use unicode_width::UnicodeWidthChar;

use super::{TERMINAL, colour, width};

/// The space between two columns.
const GAP: usize = 2;
/// The least width for the last column to wrap in; if there is less, it stands beneath the others.
const ROOM: usize = 24;
/// How much further to the right the last column begins then.
const BENEATH: usize = 4;

/// Rows of cells under each other.
#[derive(Clone, Debug, Default)]
pub struct Table {
    indent: usize,
    least: Vec<usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Creates a table that begins `indent` columns from the left.
    pub fn new(indent: usize) -> Self {
        Self { indent, ..Self::default() }
    }

    /// Makes the columns at least this wide, so that several tables line up.
    pub fn at_least(mut self, widths: &[usize]) -> Self {
        self.least = widths.to_vec();
        self
    }

    /// Adds a row. Its cells may be coloured.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| colour::guarded(&cell).into_owned()).into());
    }

    /// Adds rows.
    pub(super) fn rows<const N: usize>(
        mut self,
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> Self {
        rows.into_iter().for_each(|cells| self.row(cells));
        self
    }

    /// Returns the lines, none wider than [`width`].
    pub fn lines(&self) -> Vec<String> {
        let widths = self.widths();
        let start = self.indent + widths.iter().map(|width| width + GAP).sum::<usize>();
        let room = width().saturating_sub(start);
        let is_crowded = |row: &Vec<String>| {
            row.get(widths.len()).is_some_and(|last| display_width(last) > room)
        };
        let crowded = room < ROOM && self.rows.iter().any(is_crowded);
        let line = |row: &Vec<String>| match crowded {
            false => self.beside(row, &widths, start),
            true if start <= width() + GAP => self.beneath(row, &widths),
            true => self.run_on(row),
        };
        self.rows.iter().flat_map(line).collect()
    }

    /// The widths of all columns but the last.
    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |column| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let least = self.least.get(column).copied().unwrap_or(0);
            cells.map(|cell: &String| display_width(cell)).max().unwrap_or(0).max(least)
        };
        (0..columns.saturating_sub(1)).map(widest).collect()
    }

    /// All columns but the last, each with the gap behind it.
    fn columns(&self, row: &[String], widths: &[usize]) -> String {
        let mut line = " ".repeat(self.indent);
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - display_width(cell) + GAP));
        }
        line
    }

    fn beside(&self, row: &[String], widths: &[usize], start: usize) -> Vec<String> {
        let last = row.get(widths.len()).map_or("", String::as_str);
        paragraph(last, &self.columns(row, widths), &" ".repeat(start))
    }

    fn beneath(&self, row: &[String], widths: &[usize]) -> Vec<String> {
        let indent = " ".repeat(self.indent + BENEATH);
        let last = row.get(widths.len()).filter(|last| !last.is_empty());
        let last = last.map_or_else(Vec::new, |last| paragraph(last, &indent, &indent));
        let mut lines = vec![self.columns(row, widths).trim_end().to_owned()];
        lines.extend(last);
        lines
    }

    /// Writes a row as a paragraph, if not even the other columns fit into a line.
    fn run_on(&self, row: &[String]) -> Vec<String> {
        let cells = row.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        let text = cells.collect::<Vec<_>>().join("  ");
        paragraph(&text, &" ".repeat(self.indent), &" ".repeat(self.indent + BENEATH))
    }
}

/// Wraps a text into lines of at most [`width`] columns. The first line begins with `first`, the others
/// with `others`.
///
/// Lines break only at spaces: an id or a range stays whole, and a number stays with its unit. A word longer
/// than a line is broken with marks, so that none of its parts can look like a line of the program.
pub fn paragraph(text: &str, first: &str, others: &str) -> Vec<String> {
    let options = Options::new(width())
        .initial_indent(first)
        .subsequent_indent(others)
        .word_separator(WordSeparator::Custom(words))
        .word_splitter(WordSplitter::NoHyphenation);
    let room = width().saturating_sub(display_width(first).max(display_width(others)));
    let text = colour::guarded(text);
    let words: Vec<Cow<'_, str>> = text.split(' ').map(|word| broken(word, room)).collect();
    wrap(&words.join(" "), options).iter().map(|line| line.trim_end().to_owned()).collect()
}

/// Splits a line into words, each with the spaces behind it. A number and its unit are one word, and so are
/// `index` and the number behind it: apart they are hard to read.
fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let (mut all, mut before) = (Vec::new(), Cow::default());
    let (mut begin, mut end) = (0, 0);
    for word in WordSeparator::AsciiSpace.find_words(line) {
        let bare = colour::without(word.word);
        if end > begin && !belongs_to(&before, &bare) {
            all.push(Word::from(&line[begin..end]));
            begin = end;
        }
        end += word.word.len() + word.whitespace.len();
        before = bare;
    }
    all.push(Word::from(&line[begin..end]));
    Box::new(all.into_iter())
}

/// Whether a word is the unit of the number before it, or the number of an index. Never for words that are
/// together too long for a narrow line.
fn belongs_to(before: &str, word: &str) -> bool {
    let unit = word.split(|letter: char| !letter.is_alphanumeric()).next();
    let measures = unit.is_some_and(|unit| ["µs", "ms", "s"].contains(&unit));
    let number = before.trim_start_matches('(');
    let index =
        before.ends_with("ndex") && word.starts_with(|letter: char| letter.is_ascii_digit());
    before.len() + word.len() < ROOM && (index || measures && number.parse::<f64>().is_ok())
}

/// Breaks a word into pieces that fit into `room` columns, with the mark `…` at each break. A coloured word
/// stays as it is.
fn broken(word: &str, room: usize) -> Cow<'_, str> {
    if display_width(word) <= room || room < ROOM || word.contains('\u{1b}') {
        return Cow::Borrowed(word);
    }
    let mut pieces = String::new();
    let mut used = 0;
    for letter in word.chars() {
        let own = letter.width().unwrap_or(0);
        if used + own + 1 > room {
            pieces.push_str("… …");
            used = 1;
        }
        pieces.push(letter);
        used += own;
    }
    Cow::Owned(pieces)
}

/// Puts parts below each other, with an empty line between them. An empty part at either end is an empty
/// line there.
pub(super) fn apart(parts: impl AsRef<[Vec<String>]>) -> Vec<String> {
    parts.as_ref().join(&String::new())
}

/// Wraps a text on a terminal only. In a pipe it stays one line, for programs that read line by line.
pub(crate) fn one_line(text: &str) -> Vec<String> {
    match TERMINAL.get() {
        Some(Some(_)) => paragraph(text, "", "  "),
        _ => vec![text.to_owned()],
    }
}
