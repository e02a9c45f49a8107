//! The table of settings: what the head of a script can say.

use super::script::Script;
use super::tokens::Words;
use super::usage::Usage;
use crate::raft::{MAX_NODES, Rule};
use crate::server::timing::Timing;

/// A setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its word, what follows, and what it sets.
    pub usage: Usage,
    /// Its value if the script does not set it; empty if there is none.
    pub default: &'static str,
    /// Reads what follows its word into a script.
    pub(super) read: fn(&mut Script, &mut Words<'_>) -> Option<()>,
    /// Returns what is written behind its word; `None` if the script need not set it.
    pub(super) write: fn(&Script) -> Option<String>,
}

/// One row for each setting: its word, what follows, the default, what it sets, how it is read and written.
macro_rules! settings {
    ($($words:literal, $follows:literal, $default:literal, $does:literal, $read:expr, $write:expr;)*) => {
        /// Every setting, in the order in which they are written.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            usage: Usage::new($words, $follows, $does),
            default: $default,
            read: $read,
            write: $write,
        }),*];
    };
}

settings! {
    "language", "1", "1", "the version of this language; a file of another version is refused",
        |_, words| words.word(
            "'1': the file is written in another version of this language, which this program does \
             not read; hunt for the counterexample again",
            |word| (word == "1").then_some(()),
        ),
        |_| Some("1".to_owned());
    "shows", "TEXT", "", "one line for the list of scenarios and the top of the story",
        |script, words| { words.take_rest().clone_into(&mut script.shows); Some(()) },
        |script| Some(script.shows.clone()).filter(|shows| !shows.is_empty());
    "rules", "ID ID ...", "", "the rules it is about; each must exist",
        |script, words| { script.rules = rules(words)?; Some(()) },
        |script| ids(script.rules.iter().copied());
    "question", "TEXT", "", "what the reader should ask",
        |script, words| { script.question = Some(words.take_rest().to_owned()); Some(()) },
        |script| script.question.clone();
    "nodes", "N", "5", "the size of the cluster, 1 to 9; `--nodes` goes before it",
        |script, words| {
            // If the number cannot be read, lines further down may name any node without being wrong too.
            script.nodes = MAX_NODES;
            let possible = |nodes: &usize| (1..=MAX_NODES).contains(nodes);
            let expected = "a number of nodes from 1 to 9";
            script.nodes = words.word(expected, |word| word.parse().ok().filter(possible))?;
            Some(())
        },
        |script| Some(script.nodes.to_string());
    "seed", "N", "1", "where all random draws come from; `--seed` goes before it",
        |script, words| {
            script.seed = words.word("a whole number", |word| word.parse().ok())?;
            Some(())
        },
        |script| Some(script.seed.to_string());
    "no-op", "on|off", "on", "whether a new leader appends an entry of its own",
        |script, words| { script.no_op = on_or_off(words)?; Some(()) },
        |script| (!script.no_op).then(|| "off".to_owned());
    "batch", "N|unlimited", "1024", "how many entries one AppendEntries may carry",
        |script, words| {
            let unlimited = words.take("unlimited");
            let number = |word: &str| word.parse().ok();
            script.max_batch = if unlimited { None } else {
                Some(words.word("a number above 0, or 'unlimited'", number)?)
            };
            Some(())
        },
        |script| (script.max_batch != Script::empty("").max_batch).then(|| {
            script.max_batch.map_or_else(|| "unlimited".to_owned(), |batch| batch.to_string())
        });
    "timing", "watchable|paper", "watchable",
        "election timeouts 1.5 to 3 s and a heartbeat each 500 ms, or 150 to 300 ms and 50 ms",
        |script, words| {
            let timings = [("watchable", Timing::WATCHABLE), ("paper", Timing::PAPER)];
            script.timing = words.one_of("'watchable' or 'paper'", timings)?;
            Some(())
        },
        |script| (script.timing == Timing::PAPER).then(|| "paper".to_owned());
    "threads", "on|off", "on", "whether it may run on threads; `off` if it uses `manual`",
        |script, words| { script.on_threads = on_or_off(words)?; Some(()) },
        |script| (!script.on_threads).then(|| "off".to_owned());
    "break", "ID ID ...", "", "rules that are off; `--break` goes before it",
        |script, words| {
            script.broken = script.broken.broken().chain(rules(words)?).collect();
            Some(())
        },
        |script| ids(script.broken.broken());
}

fn rules(words: &mut Words<'_>) -> Option<Vec<Rule>> {
    words.separator = |letter| letter.is_whitespace() || letter == ',';
    let mut rules = Vec::new();
    while !words.peek().is_empty() {
        let expected = "the id of a rule ('raft-node rules' lists them)";
        rules.push(words.one_of(expected, Rule::ALL.map(|rule| (rule.id(), rule)))?);
    }
    Some(rules)
}

fn ids(rules: impl Iterator<Item = Rule>) -> Option<String> {
    let ids: Vec<&str> = rules.map(Rule::id).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

fn on_or_off(words: &mut Words<'_>) -> Option<bool> {
    words.one_of("'on' or 'off'", [("on", true), ("off", false)])
}
