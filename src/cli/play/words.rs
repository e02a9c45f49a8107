//! What can be typed at the prompt: the verbs of the scripts, and a few words about the session.

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::inspect::{self, Inspection};
use crate::cli::typed_line::Typed;
use crate::raft::NodeId;
use crate::scenario::error::WrongLine;
use crate::scenario::parse::{parse_line, words_after};
use crate::scenario::setting::SETTINGS;
use crate::scenario::usage::{Usage, first_words};
use crate::scenario::verb_table::Verb;
use crate::view::prompt;

/// What a typed line asks for. [`WORDS`] says what each word does.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::cli) enum Word {
    /// Nothing: the line is empty, or a comment.
    Nothing,
    /// A line of the scripts' language.
    Line(Verb),
    Help(Option<String>),
    Back(u64),
    Save(PathBuf),
    Load(String),
    Next(u64),
    /// Carry out the rest of the loaded scenario, or this line if nothing is left.
    Run(Verb),
    Forward(u64),
    Inspect(Inspection),
    /// The messages in flight; with those that have arrived, if it says so.
    Messages(bool),
    Log(Option<NodeId>),
    Quit,
}

/// The words that only the prompt knows, with what follows them, for help and completion.
pub(in crate::cli) const WORDS: &[Usage] = &[
    Usage::new(
        "help",
        "[VERB|conditions|RULE]",
        "what can be typed, what a verb does, or what a rule is for",
    ),
    Usage::new(
        "run",
        "[2s] (or: until CONDITION)",
        "like wait; alone, run the rest of the scenario, or one second",
    ),
    Usage::new(
        "next",
        "[N]",
        "carry out the next line of the scenario that was loaded, or N of them; in 'replay' it is the next step",
    ),
    Usage::new("back", "[N]", "undo the last N lines; of single steps each counts"),
    Usage::new("forward", "[N]", "do again what 'back' has undone, line by line"),
    inspect::WHY,
    inspect::SHOW,
    inspect::LEADERS,
    inspect::CLIENTS,
    inspect::DIFF,
    inspect::BLAME,
    Usage::new(
        "messages",
        "[all]",
        "the messages in flight (virtual time); all: also those that have arrived and can be delivered again",
    ),
    Usage::new("log", "[N]", "draw all logs, or list the entries of node N"),
    Usage::new("save", "FILE", "write the session as a scenario that does it all again"),
    Usage::new("load", "NAME|FILE", "start again with a scenario: its cluster, and its lines"),
    Usage::new("quit", "", "the end, with what the checker found (Ctrl-D does it too)"),
];

/// Words of the prompt on a trace that this prompt does not have.
const ONLY_IN_REPLAY: [&str; 2] = ["goto", "previous"];

/// Reads a line typed at the prompt on a cluster of `nodes` nodes.
///
/// # Errors
/// A sentence that says what is wrong, if the prompt does not understand the line.
pub(in crate::cli) fn parse(line: &str, nodes: usize) -> Result<Word, String> {
    let typed = Typed::new(line, nodes);
    let Typed { word, rest, .. } = typed;
    let need = |what: &str| match rest {
        "" => Err(format!("the line ends too soon; expected {what}")),
        _ => Ok(rest.to_owned()),
    };
    match word {
        "help" | "?" => Ok(Word::Help((!rest.is_empty()).then(|| rest.to_owned()))),
        "back" => typed.count().map(Word::Back),
        "forward" => typed.count().map(Word::Forward),
        "next" => typed.count().map(Word::Next),
        "save" => need("a file's name").map(|file| Word::Save(file.into())),
        "load" => need("a scenario's name, or a file's").map(Word::Load),
        "messages" if rest == "all" => Ok(Word::Messages(true)),
        "messages" => typed.alone(Word::Messages(false)),
        "log" => typed.some_node().map(Word::Log),
        "quit" | "exit" => typed.alone(Word::Quit),
        "run" if rest.is_empty() => Ok(Word::Run(Verb::Wait(Duration::from_secs(1)))),
        "run" => script(&format!("wait {rest}"), nodes),
        "" => Ok(Word::Nothing),
        _ if first_words(Verb::USAGE).contains(&word) => script(line, nodes),
        // What a `write` may begin with is a command of the store.
        _ if words_after("write").iter().any(|known| known == word) => {
            let line = line.trim();
            Err(format!("'{line}' is a command for the cluster: 'write {line}'"))
        }
        _ if ONLY_IN_REPLAY.contains(&word) => Err(format!(
            "'{word}' is a word of 'replay', which walks through a recorded run ('--trace FILE' records one)"
        )),
        _ => match Inspection::parse(typed) {
            Some(inspection) => inspection.map(Word::Inspect),
            None if is_setting(word) && word != "rules" => Err(format!(
                "'{word}' is set before a cluster begins: in the first lines of a scenario, or with an option of \
                 'play' (see --help)"
            )),
            None => Err(typed.unknown(WORDS.iter().chain(Verb::USAGE))),
        },
    }
}

/// Whether a scenario begins with such a word.
fn is_setting(word: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.usage.first_word() == word)
}

/// Explains a word of the prompt or of the scripts' language.
pub(in crate::cli) fn help_on(word: &str) -> Result<Vec<String>, String> {
    let words: Vec<Usage> = WORDS.iter().chain(Verb::USAGE).copied().collect();
    prompt::help_on(&words, word)
}

fn script(line: &str, nodes: usize) -> Result<Word, String> {
    let verb = parse_line(line, nodes).map_err(|error| error.to_string())?;
    Ok(verb.map_or(Word::Nothing, Word::Line))
}

/// The error in a typed line that begins with a verb of the language; it is shown with a mark below the word.
pub(super) fn wrong_line(line: &str, nodes: usize) -> Option<WrongLine> {
    let known = first_words(Verb::USAGE);
    let is_verb = line.split_whitespace().next().is_some_and(|word| known.contains(&word));
    let error = if is_verb { parse_line(line, nodes).err() } else { None };
    error.map(|error| WrongLine { number: 1, text: line.to_owned(), error })
}
