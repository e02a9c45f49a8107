//! The source of typed lines: a terminal, with editing, history and completion, or a pipe.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, BufRead, IsTerminal, Read};
use std::sync::Arc;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::error::ReadlineError;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::{CompletionType, Config, Context, Editor, Helper, Highlighter, Validator};

use super::above::{Above, Typing};
use super::words::WORDS;
use crate::cli::inspect::Inspection;
use crate::scenario::file::wide_encoding;
use crate::scenario::library::SHIPPED;
use crate::scenario::parse::words_after;
use crate::scenario::script::Script;
use crate::scenario::usage::first_words;
use crate::view::keyboard::Lent;
use crate::view::output::{Output, WhenFull};
use crate::view::reader::Reader;
use crate::view::{prompt, words};
use crate::visible::is_hidden;

/// A line must be shorter than this many bytes, the most that a whole script may have.
const LONGEST: u64 = 1 << 20;

/// The source of typed lines.
pub(in crate::cli) enum Lines {
    /// A person at a terminal.
    Terminal(Box<Terminal>),
    /// A pipe or a file, of which so many lines have been read.
    Pipe(u64),
    /// There are no more.
    Closed,
}

/// A terminal at which a person types.
pub(in crate::cli) struct Terminal {
    editor: Editor<Words, MemHistory>,
    /// What the output knows of it.
    typing: Arc<Typing>,
    /// Whether the last input was Ctrl-C on an empty line.
    interrupted: bool,
    /// Lines that were pasted together and are not answered yet.
    pasted: VecDeque<String>,
}

impl Lines {
    /// Opens the source of lines, and an output that does not disturb the typing. With `live`, output lines
    /// appear at any time. `following` returns the words that may come after the words typed so far.
    pub(in crate::cli) fn open(live: bool, following: Following) -> io::Result<(Self, Output)> {
        let when_full = if live { WhenFull::LeaveOut(words::left_out) } else { WhenFull::Wait };
        if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
            return Ok((Self::Pipe(0), Output::open(when_full, Reader::default())?));
        }
        let config = Config::builder().completion_type(CompletionType::List).build();
        let history = MemHistory::with_config(&config);
        let editor = Editor::with_history(config, history);
        let mut editor: Editor<Words, MemHistory> = editor.map_err(io::Error::other)?;
        let has_text = Cell::default();
        editor.set_helper(Some(Words { files: FilenameCompleter::default(), following, has_text }));
        let typing = Arc::<Typing>::default();
        let output = if live {
            let printer = editor.create_external_printer().map_err(io::Error::other)?;
            let above = io::BufWriter::new(Above::new(Arc::clone(&typing), printer)?);
            Output::open_on(above, when_full, Reader::default())?
        } else {
            Output::open(when_full, Reader::default())?
        };
        let (interrupted, pasted) = (false, VecDeque::new());
        Ok((Self::Terminal(Box::new(Terminal { editor, typing, interrupted, pasted })), output))
    }

    /// Forgets lines that were pasted and are not answered yet.
    pub(in crate::cli) fn forget_pasted(&mut self) {
        if let Self::Terminal(terminal) = self {
            terminal.pasted.clear();
        }
    }

    /// Whether a person types them.
    pub(in crate::cli) const fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    /// Reads the next line. Returns `None` at the end. If nobody reads the answers any more, as many lines of a pipe are
    /// carried out as a script may have: files that are asked for in them are still written.
    pub(in crate::cli) fn next(
        &mut self,
        prompt: &str,
        output: &Output,
    ) -> io::Result<Option<String>> {
        match self {
            Self::Terminal(terminal) => terminal.next(prompt, output),
            Self::Closed => Ok(None),
            Self::Pipe(read) => {
                if *read >= Script::MOST_LINES && output.is_closed() {
                    return Ok(None);
                }
                *read += 1;
                let mut line = Vec::new();
                if io::stdin().lock().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
                    return Ok(None);
                }
                if line.len() as u64 == LONGEST {
                    return Err(io::Error::other("a line has more than 1 MiB"));
                }
                if let Some(encoding) = wide_encoding(&line) {
                    let sentence = format!("a line is in {encoding}, and not in UTF-8");
                    return Err(io::Error::other(sentence));
                }
                let line = String::from_utf8_lossy(&line);
                let line = line.strip_prefix('\u{feff}').unwrap_or(&line).trim_end().to_owned();
                // A line from a pipe was not echoed, so it is printed here.
                output.put(format!("{prompt}{line}"));
                Ok(Some(line))
            }
        }
    }

    /// Reads no more lines. The output must not wait for the editor from here on, so all that the editor holds back is
    /// written.
    pub(in crate::cli) fn close(&mut self) {
        if let Self::Terminal(terminal) = std::mem::replace(self, Self::Closed) {
            let Terminal { editor, typing, .. } = *terminal;
            drop(editor);
            typing.settle();
        }
    }
}

impl Terminal {
    fn next(&mut self, prompt: &str, output: &Output) -> io::Result<Option<String>> {
        // What comes once the prompt is there is written above it, but no more if the next line was typed already and
        // ends the session. So the answers to the lines before come first.
        output.close_gap();
        output.settle()?;
        if self.pasted.is_empty() {
            let Some(typed) = self.read(prompt, output)? else { return Ok(None) };
            self.pasted.extend(typed.lines().map(str::to_owned));
            for line in &self.pasted {
                self.editor.add_history_entry(line).map_err(io::Error::other)?;
            }
            if self.pasted.len() < 2 {
                return Ok(Some(self.pasted.pop_front().unwrap_or_default()));
            }
        }
        let line = self.pasted.pop_front().unwrap_or_default();
        // The editor showed the pasted lines as one block, so each is shown again above its own answer.
        output.put(format!("{prompt}{line}"));
        Ok(Some(line))
    }

    /// Reads what is typed up to Enter. It has several lines if they were pasted together.
    fn read(&mut self, prompt: &str, output: &Output) -> io::Result<Option<String>> {
        let lent = Lent::to_editor();
        let typed = self.typing.during(|| self.editor.readline(prompt));
        drop(lent);
        let before = std::mem::take(&mut self.interrupted);
        match typed {
            Ok(text) => Ok(Some(text)),
            // Ctrl-C on a line with text only discards that line.
            Err(ReadlineError::Interrupted) if self.has_text() => Ok(Some(String::new())),
            Err(ReadlineError::Interrupted) if !before => {
                self.interrupted = true;
                output.put(prompt::ONCE_MORE);
                Ok(Some(String::new()))
            }
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => Ok(None),
            Err(ReadlineError::Io(error)) => Err(error),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Whether there was text on the line that was being typed last.
    fn has_text(&self) -> bool {
        self.editor.helper().is_some_and(|words| words.has_text.get())
    }
}

/// The completer of typed words. It offers the words that may stand at that place.
#[derive(Helper, Highlighter, Validator)]
pub(in crate::cli) struct Words {
    files: FilenameCompleter,
    following: Following,
    /// Whether there is text on the line that is being typed.
    has_text: Cell<bool>,
}

/// A function that returns the words that may follow these.
type Following = fn(&[&str]) -> Vec<String>;

/// It gives no hints. The editor asks for one whenever the line has changed, and does not return the line at
/// Ctrl-C, so here is where it can be seen whether there was text on it.
impl Hinter for Words {
    type Hint = String;

    fn hint(&self, line: &str, _: usize, _: &Context<'_>) -> Option<String> {
        self.has_text.set(!line.is_empty());
        None
    }
}

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
            // The editor prints names unescaped, so it must not get names with control characters.
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

/// Returns the words that may follow these at the prompt: its own, and those of the scripts' language.
pub fn following(before: &[&str]) -> Vec<String> {
    let own = || first_words(WORDS).into_iter().map(str::to_owned);
    match before {
        [] => own().chain(words_after("")).collect(),
        ["help" | "?"] => own().chain(words_after("")).chain(["conditions".to_owned()]).collect(),
        ["run", rest @ ..] => words_after(&format!("wait {}", rest.join(" "))),
        _ => match Inspection::following(before) {
            Some(words) => words.into_iter().map(str::to_owned).collect(),
            None => words_after(&before.join(" ")),
        },
    }
}

pub fn fitting(words: Vec<String>, begun: &str) -> Vec<Pair> {
    let fits = words.into_iter().filter(|word| word.starts_with(begun));
    fits.map(|word| Pair { replacement: format!("{word} "), display: word }).collect()
}
