//! Where the lines come from: a terminal, with editing, history and completion, or a pipe.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{
    CompletionType, Config, Context, Editor, ExternalPrinter, Helper, Highlighter, Hinter,
    Validator,
};

use super::words::WORDS;
use crate::scenario::file::is_utf_16;
use crate::scenario::library::SHIPPED;
use crate::scenario::parse::words_after;
use crate::scenario::usage::first_words;
use crate::view::keyboard::Lent;
use crate::view::output::{Output, WhenFull};
use crate::view::reader::Reader;
use crate::view::{prompt, words};
use crate::visible::is_hidden;

/// A line is shorter, in bytes: as long as a whole script may be.
const LONGEST: u64 = 1 << 20;

/// Whoever types.
pub(in crate::cli) enum Lines {
    /// Someone at a terminal.
    Terminal {
        /// The editor of lines.
        editor: Box<Editor<Words, MemHistory>>,
        /// Whether the last that came was Ctrl-C.
        interrupted: bool,
        /// Whether the output writes while someone types.
        live: bool,
    },
    /// A pipe or a file.
    Pipe,
}

impl Lines {
    /// Finds out who types, and opens an output that does not get in their way. On a `live` page lines
    /// appear at any time. What may be typed behind other words is said by `following`.
    pub(in crate::cli) fn open(live: bool, following: Following) -> io::Result<(Self, Output)> {
        let when_full = if live { WhenFull::LeaveOut(words::left_out) } else { WhenFull::Wait };
        if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
            return Ok((Self::Pipe, Output::open(when_full, Reader::default())?));
        }
        let config =
            Config::builder().auto_add_history(true).completion_type(CompletionType::List).build();
        let history = MemHistory::with_config(&config);
        let editor = Editor::with_history(config, history);
        let mut editor: Editor<Words, MemHistory> = editor.map_err(io::Error::other)?;
        editor.set_helper(Some(Words { files: FilenameCompleter::default(), following }));
        let output = if live {
            let printer = editor.create_external_printer().map_err(io::Error::other)?;
            Output::open_on(io::BufWriter::new(Above(printer)), when_full)?
        } else {
            Output::open(when_full, Reader::default())?
        };
        Ok((Self::Terminal { editor: Box::new(editor), interrupted: false, live }, output))
    }

    /// The next line; nothing at the end.
    pub(in crate::cli) fn next(
        &mut self,
        prompt: &str,
        output: &Output,
    ) -> io::Result<Option<String>> {
        match self {
            Self::Terminal { editor, interrupted, live } => {
                // Lines of a live output go above the prompt, and need it to be there.
                if !*live {
                    output.settle()?;
                }
                read(editor, interrupted, prompt, output)
            }
            Self::Pipe => {
                let mut line = Vec::new();
                if io::stdin().lock().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
                    return Ok(None);
                }
                if line.len() as u64 == LONGEST {
                    return Err(io::Error::other("a line has more than 1 MiB"));
                }
                if is_utf_16(&line) {
                    return Err(io::Error::other("a line is in UTF-16, and not in UTF-8"));
                }
                let line = String::from_utf8_lossy(&line);
                let line = line.strip_prefix('\u{feff}').unwrap_or(&line).trim_end().to_owned();
                // Nobody has seen it typed.
                output.put(format!("{prompt}{line}"));
                Ok(Some(line))
            }
        }
    }
}

fn read(
    editor: &mut Editor<Words, MemHistory>,
    interrupted: &mut bool,
    prompt: &str,
    output: &Output,
) -> io::Result<Option<String>> {
    let lent = Lent::to_editor();
    let typed = editor.readline(prompt);
    drop(lent);
    match typed {
        Ok(line) => {
            *interrupted = false;
            Ok(Some(line))
        }
        Err(ReadlineError::Interrupted) if !*interrupted => {
            *interrupted = true;
            output.put(prompt::ONCE_MORE);
            Ok(Some(String::new()))
        }
        Err(ReadlineError::Interrupted | ReadlineError::Eof) => Ok(None),
        Err(ReadlineError::Io(error)) => Err(error),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// Writes above the line that is being typed.
struct Above<P>(P);

impl<P: ExternalPrinter> Write for Above<P> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if self.0.print(text).is_err() {
            // The editor has gone, and with it the line that was in the way.
            io::stdout().write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

/// Completes words by what may stand where they begin.
#[derive(Helper, Hinter, Highlighter, Validator)]
pub(in crate::cli) struct Words {
    files: FilenameCompleter,
    following: Following,
}

/// What may follow these words.
type Following = fn(&[&str]) -> Vec<String>;

impl Completer for Words {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = &line[..at];
        let start = typed.rfind(char::is_whitespace).map_or(0, |space| space + 1);
        let before: Vec<&str> = typed[..start].split_whitespace().collect();
        if matches!(before[..], ["load" | "save"]) {
            let (from, mut pairs) = self.files.complete(line, at, context)?;
            // The editor shows names as they are.
            pairs.retain(|pair| !pair.display.contains(is_hidden));
            if before == ["load"] {
                pairs.extend(fitting(shipped(), &typed[start..]));
            }
            return Ok((from, pairs));
        }
        Ok((start, fitting((self.following)(&before), &typed[start..])))
    }
}

fn shipped() -> Vec<String> {
    SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// What may follow these words: what the prompt knows itself, and what the language has there.
pub fn following(before: &[&str]) -> Vec<String> {
    let own = || first_words(WORDS).into_iter().map(str::to_owned);
    match before {
        [] => own().chain(words_after("")).collect(),
        ["help" | "?"] => own().chain(words_after("")).chain(["conditions".to_owned()]).collect(),
        ["run", rest @ ..] => words_after(&format!("wait {}", rest.join(" "))),
        _ => words_after(&before.join(" ")),
    }
}

pub fn fitting(words: Vec<String>, begun: &str) -> Vec<Pair> {
    let fits = words.into_iter().filter(|word| word.starts_with(begun));
    fits.map(|word| Pair { replacement: format!("{word} "), display: word }).collect()
}
