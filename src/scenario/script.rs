//! A whole file: a head that says what it shows and how the cluster is set up, and its lines.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use super::error::ScriptError;
use super::parse::parse_line;
use super::setting::SETTINGS;
use super::tokens::Words;
use super::usage::Kind;
use super::verb_table::Verb;
use crate::network::Conditions;
use crate::raft::{Property, Rule, RuleSet, Settings};
use crate::record::{Clock, Header};
use crate::server::timing::Timing;

/// A line of a script that says something.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: usize,
    /// What it says.
    pub verb: Verb,
}

/// These lines in the order in which they are carried out: those between `repeat` and its `end` as often
/// as it says.
pub fn unrolled(lines: &[Line]) -> Vec<&Line> {
    let mut whole = Vec::new();
    let mut open: Vec<(u64, usize)> = Vec::new();
    for line in lines {
        match line.verb {
            Verb::Repeat(times) => open.push((times, whole.len())),
            Verb::End => {
                let (times, began) = open.pop().unwrap_or((1, whole.len()));
                let block = whole[began..].to_vec();
                (1..times).for_each(|_| whole.extend_from_slice(&block));
            }
            _ => whole.push(line),
        }
    }
    whole
}

/// The blocks of a script that are open where it is read.
#[derive(Default)]
struct Blocks<'a> {
    /// The line with which each began, how often it is repeated, and how many lines it is so far.
    open: Vec<(usize, &'a str, u64, u64)>,
    /// How many lines those outside are.
    outside: u64,
}

impl<'a> Blocks<'a> {
    /// Takes a line in. Says what is wrong if it ends no block, or ends one that is too long.
    fn take(&mut self, number: usize, text: &'a str, verb: &Verb) -> Result<(), String> {
        let lines = match verb {
            Verb::Repeat(times) => {
                self.open.push((number, text, *times, 0));
                return Ok(());
            }
            Verb::End => {
                let (.., times, lines) = self.open.pop().ok_or("a verb; no 'repeat' is open")?;
                lines.saturating_mul(times)
            }
            _ => 1,
        };
        let outside = self.open.last_mut().map_or(&mut self.outside, |(.., lines)| lines);
        *outside = outside.saturating_add(lines);
        if *outside > Script::MOST_LINES && *verb == Verb::End {
            let most = Script::MOST_LINES;
            return Err(format!("fewer repetitions: a script carries out {most} lines at most"));
        }
        Ok(())
    }
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

impl Script {
    /// As many lines as the repetitions of a script may come to.
    pub const MOST_LINES: u64 = 100_000;

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
    /// If a line is not of the language; the error has all of those.
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
        let mut wrong = ScriptError { file: name.to_owned(), lines: Vec::new(), more: 0 };
        let mut in_head = true;
        let mut blocks = Blocks::default();
        // Some editors begin a file with a mark of its encoding.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (at, text) in text.lines().enumerate() {
            let number = at + 1;
            let mut words = Words::new(text, script.nodes);
            let first = words.peek();
            in_head &= !Verb::USAGE.iter().any(|usage| usage.first_word() == first);
            let setting = SETTINGS.iter().find(|setting| setting.usage.words == first);
            let done = match setting {
                Some(setting) if in_head => {
                    let read =
                        words.exactly(first).and_then(|()| (setting.read)(&mut script, &mut words));
                    script.nodes = nodes.unwrap_or(script.nodes);
                    read.and_then(|()| words.end()).ok_or_else(|| words.error())
                }
                Some(_) => words
                    .expected("a verb; settings stand before the first")
                    .ok_or_else(|| words.error()),
                None => parse_line(text, script.nodes).and_then(|verb| {
                    let Some(verb) = verb else { return Ok(()) };
                    let fits = blocks.take(number, text, &verb);
                    script.lines.push(Line { number, verb });
                    let fits = fits.or_else(|what| words.expected(what).ok_or(()));
                    fits.map_err(|()| words.error())
                }),
            };
            if let Err(error) = done {
                wrong.add(number, text, error);
            }
        }
        let open = if wrong.lines.is_empty() { blocks.open } else { Vec::new() };
        for (number, text, ..) in open {
            let mut words = Words::new(text, script.nodes);
            words.take_rest();
            let end = words.expected::<()>("an 'end' further down");
            if let Err(error) = end.ok_or_else(|| words.error()) {
                wrong.add(number, text, error);
            }
        }
        if wrong.lines.is_empty() { Ok(script) } else { Err(wrong) }
    }

    /// Whether it does everything by hand, move by move, so that time means nothing in it.
    pub fn is_by_hand(&self) -> bool {
        // What links are like means nothing either, to messages that wait for a hand.
        let is_deed = |verb: &&Verb| {
            verb.kind() != Kind::Tell
                && !matches!(verb, Verb::DropRate(..) | Verb::DuplicateRate(..) | Verb::Delay(..))
        };
        let mut deeds = self.lines.iter().map(|line| &line.verb).filter(is_deed);
        deeds.next() == Some(&Verb::Manual) && deeds.all(|verb| *verb != Verb::Automatic)
    }

    /// A scenario of these lines on this one's cluster. It shows `shows`, if this one says nothing; what the
    /// links are like at the start becomes lines, as the head of a scenario does not say it.
    pub fn with_lines(&self, shows: &str, verbs: impl IntoIterator<Item = Verb>) -> Self {
        let conditions = Self::empty("").conditions;
        let changes = Verb::changes(&conditions, &self.conditions, None);
        let numbered = changes.into_iter().chain(verbs).enumerate();
        let lines = numbered.map(|(nth, verb)| Line { number: nth + 1, verb }).collect();
        let shows = if self.shows.is_empty() { shows } else { &self.shows };
        Self { shows: shows.to_owned(), conditions, lines, ..self.clone() }
    }

    /// Which properties it expects to fall.
    pub fn expected_to_fall(&self) -> Vec<Property> {
        let named = |line: &Line| match &line.verb {
            Verb::ExpectViolation(properties) => properties.clone(),
            _ => Vec::new(),
        };
        self.lines.iter().flat_map(named).collect()
    }

    /// What a record of a run of it begins with, if it runs by this clock.
    pub fn header(&self, clock: Clock) -> Header {
        let (settings, timing, conditions) = (self.settings(), self.timing, self.conditions);
        Header::new(&self.name, clock, self.seed, &settings, timing, conditions)
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

impl fmt::Display for Script {
    /// Writes the script as a file that reads back as the same script.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for setting in SETTINGS {
            if let Some(value) = (setting.write)(self) {
                writeln!(f, "{} {value}", setting.usage.words)?;
            }
        }
        writeln!(f)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{}", line.verb))
    }
}
