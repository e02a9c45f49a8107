//! What is wrong with a line, and with a whole script: where, which word, and what would have fitted.

use std::error::Error;
use std::{fmt, io};

use unicode_width::UnicodeWidthStr;

use crate::visible::visible;

/// How many wrong lines of one file are reported at most.
const MOST_TOLD: usize = 20;

/// How wide a quoted line may be, in columns, so that it fits on one line of a terminal.
const WIDEST: usize = 72;

/// How long a quoted word may be, in characters.
const LONGEST: usize = 40;

/// What is wrong with a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineError {
    /// Where the word that does not fit begins: its character, from 1.
    pub column: usize,
    /// The word; empty at the end of the line.
    pub word: String,
    /// The word that may have been meant, in quotes; or several.
    pub meant: Option<String>,
    /// What else would have fitted.
    pub expected: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { word, meant, expected, .. } = self;
        if word.is_empty() {
            return write!(f, "the line ends too soon; expected {expected}");
        }
        let cut = if word.chars().nth(LONGEST).is_some() { "…" } else { "" };
        let shown: String = word.chars().take(LONGEST).collect();
        write!(f, "'{}{cut}' does not fit; expected ", visible(&shown))?;
        match meant {
            Some(meant) if expected.is_empty() => f.write_str(meant),
            Some(meant) => write!(f, "perhaps {meant}, or {expected}"),
            None => f.write_str(expected),
        }?;
        match stuck(word) {
            Some(",") => f.write_str("; separate words by blanks, without ','"),
            Some(sign) => write!(f, "; put blanks around '{sign}'"),
            None => Ok(()),
        }
    }
}

impl Error for LineError {}

/// Returns a sign of the language that the word holds, because no blanks were typed around it.
fn stuck(word: &str) -> Option<&'static str> {
    let sticks = |sign: &&str| word.contains(*sign) && word.chars().any(char::is_alphanumeric);
    ["<->", "->", "|", ","].into_iter().find(sticks)
}

/// Returns the characters of a line, each as it is displayed.
fn letters(line: &str) -> Vec<String> {
    line.chars().map(|letter| visible(letter.encode_utf8(&mut [0; 4])).into_owned()).collect()
}

/// A line of a script that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrongLine {
    /// Its number, from 1.
    pub number: usize,
    /// The line.
    pub text: String,
    /// What is wrong with it.
    pub error: LineError,
}

impl WrongLine {
    /// Describes what is wrong: a sentence, the line, and a mark below the word.
    pub(crate) fn told(&self) -> String {
        let (line, mark) = self.excerpt();
        format!("{}\n    {line}\n    {mark}", self.error)
    }

    /// Returns the line, cut down to the text around the wrong word if it is long, and the mark to show below it.
    fn excerpt(&self) -> (String, String) {
        let letters: Vec<String> = letters(&self.text);
        let at = (self.error.column - 1).min(letters.len());
        let width = |letters: &[String]| letters.iter().map(|one| one.width()).sum::<usize>();
        let whole = width(&letters) <= WIDEST;
        let from = if whole { 0 } else { at.saturating_sub(WIDEST / 2) };
        let near = |start: &usize| whole || width(&letters[*start..at]) <= WIDEST / 2;
        let start = (from..at).find(near).unwrap_or(at);
        let fits = |end: &usize| width(&letters[start..*end]) <= WIDEST;
        let end = (at + 1..=letters.len()).take_while(fits).last().unwrap_or(at);
        let dots = |cut| if cut { "…" } else { "" };
        let before = format!("{}{}", dots(start > 0), letters[start..at].concat());
        let after = format!("{}{}", letters[at..end].concat(), dots(end < letters.len()));
        let word = at + self.error.word.chars().count().min(end - at);
        let mark = "^".repeat(width(&letters[at..word]).max(1));
        (format!("{before}{after}"), format!("{}{mark}", " ".repeat(before.width())))
    }
}

/// Everything that is wrong with a script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScriptError {
    /// The file, or the scenario's name.
    pub file: String,
    /// The first lines that are wrong.
    pub lines: Vec<WrongLine>,
    /// How many more wrong lines there are.
    pub more: usize,
}

impl ScriptError {
    /// Adds a wrong line; once there are `MOST_TOLD`, only counts it.
    pub(super) fn add(&mut self, number: usize, text: &str, error: LineError) {
        if self.lines.len() < MOST_TOLD {
            self.lines.push(WrongLine { number, text: text.to_owned(), error });
        } else {
            self.more += 1;
        }
    }
}

impl fmt::Display for ScriptError {
    /// Writes each wrong line with a sentence before it and a mark below the word, and no line break at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = visible(&self.file);
        for (nth, wrong) in self.lines.iter().enumerate() {
            let end = if nth == 0 { "" } else { "\n" };
            let (number, column) = (wrong.number, wrong.error.column);
            write!(f, "{end}{file}:{number}:{column}: {}", wrong.told())?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl Error for ScriptError {}

/// Why a scenario was not read from its file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file cannot be read: a sentence, and the cause.
    #[error("{0}")]
    Io(String, #[source] io::Error),
    /// The file's content cannot be a scenario: a sentence.
    #[error("{0}")]
    Content(String),
    /// The file's text does not fit the language.
    #[error(transparent)]
    Script(ScriptError),
}
