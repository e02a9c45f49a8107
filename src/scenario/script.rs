//! A whole script: a head that says what the script shows and how the cluster is set up, and its lines.

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

/// A line of a script that holds a verb, not only a comment.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: usize,
    /// The verb and its arguments.
    pub verb: Verb,
}

/// Returns the lines in the order in which they are carried out: the lines between a `repeat` and its
/// `end` appear as many times as the `repeat` says.
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

/// The `repeat` blocks that are open at the line being read.
#[derive(Default)]
struct Blocks<'a> {
    /// Of each: the number and text of its `repeat` line, the repetitions, and how many lines it has so far.
    open: Vec<(usize, &'a str, u64, u64)>,
    /// How many lines the script comes to so far outside the open blocks.
    outside: u64,
}

impl<'a> Blocks<'a> {
    /// Counts a line. If an `end` closes no block, or one that is too long, the error says what was expected.
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
    /// The scenario's name, or the name under which the script was read.
    pub name: String,
    /// What it shows, in one line.
    pub shows: String,
    /// The rules that the scenario is about.
    pub rules: Vec<Rule>,
    /// The question that it asks its reader.
    pub question: Option<String>,
    /// How many nodes the cluster has.
    pub nodes: usize,
    /// The seed of all random draws.
    pub seed: u64,
    /// Whether a new leader appends a no-op.
    pub no_op: bool,
    /// How many entries one AppendEntries may carry.
    pub max_batch: Option<NonZeroUsize>,
    /// The timing of elections and heartbeats.
    pub timing: Timing,
    /// The conditions of the links at the start.
    pub conditions: Conditions,
    /// The rules that the nodes keep; the script's `break` setting takes some out.
    pub broken: RuleSet,
    /// Whether it can run on threads too, or only in virtual time.
    pub on_threads: bool,
    /// The lines after the head.
    pub lines: Vec<Line>,
}

impl Script {
    /// The most lines that a script may come to with all its repetitions.
    pub const MOST_LINES: u64 = 100_000;

    /// Returns a script without lines, with the default of every setting: five nodes, every rule kept, and
    /// links that lose nothing.
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

    /// Reads a script. `name` becomes its title and appears in error messages.
    ///
    /// # Errors
    /// If any line does not fit the language; the error covers every such line.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScriptError> {
        Self::parse_sized(name, text, None)
    }

    /// Reads a script for a cluster of `nodes`, if that is given, instead of the size that the script sets.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse); also if a line names a node that a cluster of that size lacks.
    pub fn parse_sized(name: &str, text: &str, nodes: Option<usize>) -> Result<Self, ScriptError> {
        let mut script = Self::empty(name);
        script.nodes = nodes.unwrap_or(script.nodes);
        let mut wrong = ScriptError { file: name.to_owned(), lines: Vec::new(), more: 0 };
        let mut in_head = true;
        let mut blocks = Blocks::default();
        // Some editors begin a file with a byte order mark.
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

    /// Whether the whole script runs under manual control, move by move, so that time plays no part in it.
    pub fn is_by_hand(&self) -> bool {
        // Lines that set link conditions do not count: they do not affect messages that are delivered by name.
        let is_deed = |verb: &&Verb| {
            verb.kind() != Kind::Tell
                && !matches!(verb, Verb::DropRate(..) | Verb::DuplicateRate(..) | Verb::Delay(..))
        };
        let mut deeds = self.lines.iter().map(|line| &line.verb).filter(is_deed);
        deeds.next() == Some(&Verb::Manual) && deeds.all(|verb| *verb != Verb::Automatic)
    }

    /// Returns a scenario with these lines on the same cluster. `shows` says what it shows, unless this one
    /// has a text of its own. The link conditions at the start become lines, because a head cannot state them.
    pub fn with_lines(&self, shows: &str, verbs: impl IntoIterator<Item = Verb>) -> Self {
        let conditions = Self::empty("").conditions;
        let changes = Verb::changes(&conditions, &self.conditions, None);
        let numbered = changes.into_iter().chain(verbs).enumerate();
        let lines = numbered.map(|(nth, verb)| Line { number: nth + 1, verb }).collect();
        let shows = if self.shows.is_empty() { shows } else { &self.shows };
        Self { shows: shows.to_owned(), conditions, lines, ..self.clone() }
    }

    /// The properties that the script expects to be violated.
    pub fn expected_violations(&self) -> Vec<Property> {
        fn named(verb: &Verb) -> &[Property] {
            match verb {
                Verb::ExpectViolation(properties) => properties,
                Verb::Try(line) => named(line),
                _ => &[],
            }
        }
        self.lines.iter().flat_map(|line| named(&line.verb)).copied().collect()
    }

    /// Returns the header of a record of this script's run on the given clock.
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
    /// Writes the script as text that parses back to the same script.
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
