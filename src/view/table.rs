//! Aligned columns, the last of which wraps.
//!
//! A table crate draws frames, shares the width out among all columns, and counts the codes of
//! colour as letters unless it takes over the terminal too. Here every column but the last is as
//! wide as its widest cell, and the text in the last one wraps under itself. What is hard about
//! it, the width of a character and the length of a coloured word, is `textwrap`'s.

use std::borrow::Cow;

use textwrap::core::{Word, display_width};
use textwrap::{Options, WordSeparator, WordSplitter, wrap};

use super::{TERMINAL, colour, width};

/// The space between two columns.
const GAP: usize = 2;
/// The last column needs so much room to wrap in; where there is less, it stands beneath the others.
const ROOM: usize = 24;
/// How much further to the right it stands then.
const BENEATH: usize = 4;

/// Rows of cells under each other.
#[derive(Clone, Debug, Default)]
pub struct Table {
    indent: usize,
    least: Vec<usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table that stands so many columns from the left.
    pub fn new(indent: usize) -> Self {
        Self { indent, ..Self::default() }
    }

    /// Makes the columns at least as wide as this, so that several tables stand in line.
    pub fn at_least(mut self, widths: &[usize]) -> Self {
        self.least = widths.to_vec();
        self
    }

    /// Adds a row. Cells may be coloured.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| colour::guarded(&cell).into_owned()).into());
    }

    /// The lines, none wider than [`width`].
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

    /// Where not even the other columns fit, a row is a paragraph.
    fn run_on(&self, row: &[String]) -> Vec<String> {
        let cells = row.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        let text = cells.collect::<Vec<_>>().join("  ");
        paragraph(&text, &" ".repeat(self.indent), &" ".repeat(self.indent + BENEATH))
    }
}

/// Text in lines of at most [`width`] columns, after `first` on the first line and after `others`
/// on the others.
///
/// Breaks at spaces only: an id or a range is never torn apart, nor a number from its unit. A word that
/// is longer than a line is broken with marks, so that no line can begin with a part of it that looks like a line of ours.
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

/// The words of a line, each with the spaces behind it. A number and its unit are one, and so are `index`
/// and the number behind it: apart they are hard to read.
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

/// Whether a word is the unit of the number before it, or the number of an index. Together they have to fit
/// into a line.
fn belongs_to(before: &str, word: &str) -> bool {
    let unit = word.split(|letter: char| !letter.is_alphanumeric()).next();
    let measures = unit.is_some_and(|unit| ["µs", "ms", "s"].contains(&unit));
    let number = before.trim_start_matches('(');
    let index =
        before.ends_with("ndex") && word.starts_with(|letter: char| letter.is_ascii_digit());
    before.len() + word.len() < ROOM && (index || measures && number.parse::<f64>().is_ok())
}

/// A word in pieces that fit into so many columns, with the mark `…` where it was broken. A coloured word stays as it is.
fn broken(word: &str, room: usize) -> Cow<'_, str> {
    if display_width(word) <= room || room < ROOM || word.contains('\u{1b}') {
        return Cow::Borrowed(word);
    }
    let mut pieces = String::new();
    let mut used = 0;
    for letter in word.chars() {
        let own = letter_width(letter);
        if used + own + 1 > room {
            pieces.push_str("… …");
            used = 1;
        }
        pieces.push(letter);
        used += own;
    }
    Cow::Owned(pieces)
}

/// How many columns a letter takes.
fn letter_width(letter: char) -> usize {
    display_width(letter.encode_utf8(&mut [0; 4]))
}

/// A line that stays one in a pipe, for whoever reads it there line by line.
pub(crate) fn one_line(text: &str) -> Vec<String> {
    match TERMINAL.get() {
        Some(Some(_)) => paragraph(text, "", "  "),
        _ => vec![text.to_owned()],
    }
}
