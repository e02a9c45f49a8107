//! What can be typed at the prompt on a trace.

use crate::cli::inspect::{self, Inspection};
use crate::cli::play::words as play;
use crate::cli::typed_line::Typed;
use crate::explain::{Kind, Place};
use crate::raft::{NodeId, Rule};
use crate::scenario::nearest::meant;
use crate::scenario::usage::{Usage, first_words};
use crate::scenario::verb_table::Verb;
use crate::view::places;

/// What a typed line asks for. [`WORDS`] says what each word does.
#[derive(Debug)]
pub(super) enum Word {
    /// Nothing: the line is empty, or a comment.
    Nothing,
    Help(Option<String>),
    Next(u64),
    Back(u64),
    NextOf(Kind),
    PreviousOf(Kind),
    Goto(Place),
    Inspect(Inspection),
    Log(Option<NodeId>),
    Messages,
    Fork,
    Quit,
}

/// The words, with what follows them, for help and completion.
pub(super) const WORDS: &[Usage] = &[
    Usage::new(
        "next",
        "[N|EVENT]",
        "N steps on, or to the next step with EVENT; in 'play', the next line",
    ),
    Usage::new("back", "[N]", "N steps back"),
    Usage::new("previous", "[EVENT]", "to the step before, or to the last step with EVENT"),
    Usage::new(
        "goto",
        "STEP|TIME|first EVENT|last EVENT|end",
        "to a step, to a time as in 0.014, or to the last step",
    ),
    inspect::SHOW,
    Usage::new("log", "[N]", "draw all logs, or list the entries of node N"),
    inspect::LEADERS,
    inspect::CLIENTS,
    Usage::new("messages", "", "the messages in flight"),
    inspect::DIFF,
    inspect::BLAME,
    inspect::WHY,
    Usage::new("fork", "", "continue from here: a cluster at a prompt, as it stood then"),
    Usage::new("help", "[WORD]", "what can be typed, or what this word does"),
    Usage::new("quit", "", "the end (Ctrl-D does it too)"),
];

/// Reads a line typed at the prompt on a history of `nodes` nodes.
///
/// # Errors
/// A sentence that says what is wrong, if the prompt does not understand the line.
pub(super) fn parse(line: &str, nodes: usize) -> Result<Word, String> {
    let typed = Typed::new(line, nodes);
    let Typed { word, rest, .. } = typed;
    match word {
        "" => Ok(Word::Nothing),
        "help" | "?" => Ok(Word::Help((!rest.is_empty()).then(|| rest.to_owned()))),
        "next" => match Kind::parse(rest) {
            Some(kind) => Ok(Word::NextOf(kind)),
            None => typed.count().map(Word::Next).map_err(|_| no_place(rest)),
        },
        "back" => typed.count().map(Word::Back),
        "previous" if rest.is_empty() => Ok(Word::Back(1)),
        "previous" => Kind::parse(rest).map(Word::PreviousOf).ok_or_else(|| no_place(rest)),
        "goto" => Place::parse(rest).map(Word::Goto).ok_or_else(|| no_place(rest)),
        _ if rest.is_empty() && word.starts_with(|it: char| it.is_ascii_digit()) => {
            Place::parse(word).map(Word::Goto).ok_or_else(|| no_place(word))
        }
        "log" => typed.some_node().map(Word::Log),
        "messages" => typed.alone(Word::Messages),
        "fork" => typed.alone(Word::Fork),
        "quit" | "exit" => typed.alone(Word::Quit),
        _ => match Inspection::parse(typed) {
            Some(inspection) => inspection.map(Word::Inspect),
            None if is_for_cluster(word) => {
                Err(format!("'{word}' acts on a cluster: 'fork' opens one here"))
            }
            None => Err(typed.unknown(WORDS)),
        },
    }
}

/// Whether it is a word of the prompt on a cluster, or of the scripts.
fn is_for_cluster(word: &str) -> bool {
    first_words(Verb::USAGE).contains(&word) || first_words(play::WORDS).contains(&word)
}

/// The complaint about a text that is neither a place nor an event. It names the unknown word, and what may
/// be meant.
fn no_place(typed: &str) -> String {
    let known = ["first", "last"].into_iter();
    let known = known.chain(Kind::WORDS.map(|(word, _)| word));
    let known: Vec<&str> = known.chain(Rule::ALL.iter().map(|rule| rule.id())).collect();
    let bad = typed.split_whitespace().find(|word| !known.contains(word)).unwrap_or(typed);
    // A word of the language in a place where it does not fit is not one that was mistyped.
    if let Some(kind) = Kind::WORDS.iter().map(|(word, _)| *word).find(|word| *word == typed) {
        return format!("'{kind}' is an event; which one: 'first {kind}' or 'last {kind}'?");
    }
    if typed == "first" {
        return "'first' needs an event, as in 'first commit'".to_owned();
    }
    let is_known = typed.split_whitespace().all(|word| known.contains(&word));
    let meant = if is_known { None } else { meant(bad, known) };
    let meant = meant.map_or_else(String::new, |it| format!("did you mean {it}? "));
    format!("'{bad}' is not a place or event; {meant}{}", places::places())
}

/// Returns the words that may follow these.
pub(super) fn following(before: &[&str]) -> Vec<String> {
    let kinds = || Kind::WORDS.iter().map(|(word, _)| *word);
    let rules = || Rule::ALL.iter().map(|rule| rule.id());
    let texts: Vec<&str> = match before {
        [] | ["help" | "?"] => first_words(WORDS),
        ["next" | "previous"] | ["goto", "first" | "last"] => kinds().chain(rules()).collect(),
        [.., "refused" | "broken"] if before[0] != "why" => rules().collect(),
        ["goto"] => vec!["first", "last", "end"],
        _ => Inspection::following(before).unwrap_or_default(),
    };
    let mut texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
    texts.dedup();
    texts
}
