//! A whole file: a head that says what it shows and how the cluster is set up, and its lines.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;
use std::{fmt, fs, io};

use super::nearest;
use super::parse::{LineError, parse_line};
use super::verb::Verb;
use crate::network::Conditions;
use crate::raft::{MAX_NODES, Rule, RuleSet, Settings};
use crate::server::timing::Timing;

/// A line of a script that says something.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: usize,
    /// What it says.
    pub verb: Verb,
}

/// A scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Script {
    /// Its name: the file's, without the ending.
    pub name: String,
    /// What it shows, in one line.
    pub shows: String,
    /// The rules that it is about.
    pub rules: Vec<Rule>,
    /// The question that it asks its reader.
    pub question: Option<String>,
    /// How many nodes it wants.
    pub nodes: usize,
    /// The seed that it was written with.
    pub seed: u64,
    /// Whether a new leader appends a no-op.
    pub no_op: bool,
    /// How many entries one AppendEntries may carry.
    pub max_batch: Option<NonZeroUsize>,
    /// How long the timers run.
    pub timing: Timing,
    /// What the links are like at the start.
    pub conditions: Conditions,
    /// Rules that are off.
    pub broken: RuleSet,
    /// Whether it can run on threads too, or only in virtual time.
    pub on_threads: bool,
    /// What happens.
    pub lines: Vec<Line>,
}

/// The version of the language that this program reads and writes.
pub const LANGUAGE: u32 = 1;

/// What is wrong with a script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScriptError {
    /// The file, or the scenario's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub error: LineError,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}: {}", self.file, self.line, self.error)
    }
}

impl std::error::Error for ScriptError {}

impl Script {
    /// A script that has no lines yet: five nodes, sound settings, quiet links.
    pub fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            shows: String::new(),
            rules: Vec::new(),
            question: None,
            nodes: 5,
            seed: 1,
            no_op: true,
            max_batch: Settings::new(1).max_batch,
            timing: Timing::WATCHABLE,
            conditions: Conditions {
                latency_min: Duration::from_millis(1),
                latency_max: Duration::from_millis(5),
                ..Conditions::PERFECT
            },
            broken: RuleSet::INTACT,
            on_threads: true,
            lines: Vec::new(),
        }
    }

    /// Reads a script. `name` is for its title and for messages.
    ///
    /// # Errors
    /// At the first line that is not of the language.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScriptError> {
        Self::parse_sized(name, text, None)
    }

    /// Reads a script for a cluster of `nodes`, whatever size it asks for itself.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse); also if it speaks of a node that such a cluster lacks.
    pub fn parse_sized(name: &str, text: &str, nodes: Option<usize>) -> Result<Self, ScriptError> {
        let mut script = Self::empty(name);
        script.nodes = nodes.unwrap_or(script.nodes);
        let mut in_head = true;
        // Some editors begin a file with a mark of its encoding.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (at, text) in text.lines().enumerate() {
            let number = at + 1;
            let place = |error| ScriptError { file: name.to_owned(), line: number, error };
            if in_head && script.read_setting(text.trim()).map_err(place)? {
                script.nodes = nodes.unwrap_or(script.nodes);
                continue;
            }
            if let Some(verb) = parse_line(text, script.nodes).map_err(place)? {
                in_head = false;
                script.lines.push(Line { number, verb });
            }
        }
        Ok(script)
    }

    /// Reads a line of the head. Says whether it was one.
    fn read_setting(&mut self, line: &str) -> Result<bool, LineError> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let bad =
            |expected: &str| LineError { word: rest.to_owned(), expected: expected.to_owned() };
        match word {
            "language" => {
                if rest != LANGUAGE.to_string() {
                    return Err(bad(
                        "'1': the file is written in another version of this language, which this \
                         program does not read; hunt for the counterexample again",
                    ));
                }
            }
            "shows" => rest.clone_into(&mut self.shows),
            "question" => self.question = Some(rest.to_owned()),
            "rules" => self.rules = read_rules(rest)?,
            "break" => {
                let also = read_rules(rest)?;
                self.broken = self.broken.broken().chain(also).collect();
            }
            "nodes" => {
                self.nodes = rest
                    .parse()
                    .ok()
                    .filter(|nodes| (1..=MAX_NODES).contains(nodes))
                    .ok_or_else(|| bad("a number of nodes from 1 to 9"))?;
            }
            "seed" => self.seed = rest.parse().map_err(|_| bad("a whole number"))?,
            "no-op" => self.no_op = on_or_off(rest)?,
            "batch" => {
                self.max_batch = match rest {
                    "unlimited" => None,
                    _ => Some(rest.parse().map_err(|_| bad("a number above 0, or 'unlimited'"))?),
                }
            }
            "timing" => {
                self.timing = match rest {
                    "watchable" => Timing::WATCHABLE,
                    "paper" => Timing::PAPER,
                    _ => return Err(bad("'watchable' or 'paper'")),
                }
            }
            "threads" => self.on_threads = on_or_off(rest)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Writes it as a file. A slip of the tongue must not cost anyone a file that is something else.
    ///
    /// # Errors
    /// A sentence, if there is such a file and it is no scenario, or it cannot be written.
    pub fn save(&self, file: &Path) -> Result<(), String> {
        Self::may_be_saved(file)?;
        fs::write(file, self.to_string())
            .map_err(|error| format!("'{}' cannot be written: {error}", file.display()))
    }

    /// Whether there is nothing of this name that is not a scenario.
    ///
    /// # Errors
    /// A sentence, if there is.
    pub fn may_be_saved(file: &Path) -> Result<(), String> {
        let name = file.display();
        match fs::read_to_string(file) {
            Ok(text) if Self::parse("", &text).is_err() => {
                Err(format!("'{name}' exists and is no scenario; it stays"))
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(format!("'{name}' exists and is no text; it stays"))
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(format!("'{name}' cannot be written: {error}"))
            }
            _ => Ok(()),
        }
    }

    /// Whether it does everything by hand, move by move, so that time means nothing in it.
    pub fn is_by_hand(&self) -> bool {
        let is_deed = |verb: &&Verb| !matches!(verb, Verb::Phase(_) | Verb::Note(_));
        let mut deeds = self.lines.iter().map(|line| &line.verb).filter(is_deed);
        deeds.next() == Some(&Verb::Manual) && deeds.all(|verb| *verb != Verb::Automatic)
    }

    /// The protocol's settings.
    pub const fn settings(&self) -> Settings {
        Settings {
            nodes: self.nodes,
            rules: self.broken,
            no_op: self.no_op,
            max_batch: self.max_batch,
        }
    }
}

fn read_rules(text: &str) -> Result<Vec<Rule>, LineError> {
    text.split([',', ' '])
        .filter(|id| !id.is_empty())
        .map(|id| {
            nearest::rule(id).map_err(|unknown| LineError {
                word: id.to_owned(),
                expected: format!("the id of a rule: {unknown}"),
            })
        })
        .collect()
}

fn on_or_off(text: &str) -> Result<bool, LineError> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(LineError { word: text.to_owned(), expected: "'on' or 'off'".to_owned() }),
    }
}

impl fmt::Display for Script {
    /// Writes the script as a file that reads back as the same script.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = Self::empty(&self.name);
        writeln!(f, "language {LANGUAGE}")?;
        let rules = |rules: &mut dyn Iterator<Item = Rule>| {
            rules.map(Rule::id).collect::<Vec<_>>().join(" ")
        };
        if !self.shows.is_empty() {
            writeln!(f, "shows {}", self.shows)?;
        }
        if !self.rules.is_empty() {
            writeln!(f, "rules {}", rules(&mut self.rules.iter().copied()))?;
        }
        if let Some(question) = &self.question {
            writeln!(f, "question {question}")?;
        }
        writeln!(f, "nodes {}\nseed {}", self.nodes, self.seed)?;
        if self.no_op != plain.no_op {
            writeln!(f, "no-op off")?;
        }
        if self.max_batch != plain.max_batch {
            match self.max_batch {
                Some(batch) => writeln!(f, "batch {batch}")?,
                None => writeln!(f, "batch unlimited")?,
            }
        }
        if self.timing == Timing::PAPER {
            writeln!(f, "timing paper")?;
        }
        if !self.on_threads {
            writeln!(f, "threads off")?;
        }
        if !self.broken.is_intact() {
            writeln!(f, "break {}", rules(&mut self.broken.broken()))?;
        }
        writeln!(f)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{}", line.verb))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::syntax::SETTINGS;

    /// The list is for suggestions; it must not name what is no setting.
    #[test]
    fn every_setting_that_is_suggested_is_one() {
        for setting in SETTINGS {
            let read = Script::empty("settings").read_setting(&format!("{setting} ?"));
            assert!(read != Ok(false), "{setting}");
        }
    }
}
