//! Lines to verbs. Every error says where, which word, and what was expected there.

use std::fmt;

use super::free_text::read_quoted;
use super::nearest::nearest;
use super::syntax::{SETTINGS, SYNTAX};
use super::verb::{Committed, Condition, On, Verb, Who, kind_word, property_word};
use crate::raft::{LogPosition, MAX_NODES, MessageKind, NodeId, NodeSet, Property, RoleKind};
use crate::record::message_name::MessageName;
use crate::scenario::quantity::{parse_duration, parse_latency, parse_probability};
use crate::server::engine::CrashPoint;

/// What is wrong with a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineError {
    /// The word that does not fit; empty at the end of the line.
    pub word: String,
    /// What would have fitted.
    pub expected: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.word.is_empty() {
            write!(f, "the line ends where {} should follow", self.expected)
        } else {
            write!(f, "'{}' does not fit; expected {}", self.word, self.expected)
        }
    }
}

impl std::error::Error for LineError {}

type Parsed<T> = Result<T, LineError>;

/// As many events as one line lets happen: a running cluster never runs out of them.
const MOST_EVENTS: u64 = 100_000;

struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest.trim_start();
        if text.is_empty() {
            self.rest = text;
            return None;
        }
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.rest = rest;
        Some(word)
    }

    fn peek(&self) -> Option<&'a str> {
        Words { rest: self.rest }.next()
    }

    fn need(&mut self, expected: &str) -> Parsed<&'a str> {
        self.next().ok_or_else(|| wrong("", expected))
    }

    fn exactly(&mut self, word: &str) -> Parsed<()> {
        let expected = format!("'{word}'");
        let found = self.need(&expected)?;
        if found == word { Ok(()) } else { Err(wrong(found, &expected)) }
    }

    /// Takes `word` if it comes next.
    fn take(&mut self, word: &str) -> bool {
        let comes = self.peek() == Some(word);
        if comes {
            self.next();
        }
        comes
    }

    /// Free text: what stands in quotes, or all that is left, which must be something.
    fn text(&mut self, expected: &str) -> Parsed<String> {
        if let Some(quoted) = self.quoted()? {
            return Ok(quoted);
        }
        let text = std::mem::take(&mut self.rest).trim();
        if text.is_empty() { Err(wrong("", expected)) } else { Ok(text.to_owned()) }
    }

    /// What stands in quotes here, if anything does.
    fn quoted(&mut self) -> Parsed<Option<String>> {
        let rest = self.rest.trim_start();
        if !rest.starts_with('"') {
            return Ok(None);
        }
        let closed = "text that ends with a quote, in which \\\" is a quote and \\\\ a backslash";
        let (text, rest) = read_quoted(rest).ok_or_else(|| wrong(rest, closed))?;
        self.rest = rest;
        Ok(Some(text))
    }

    fn end(&mut self) -> Parsed<()> {
        self.next().map_or(Ok(()), |word| Err(wrong(word, "the end of the line")))
    }
}

fn wrong(word: &str, expected: &str) -> LineError {
    LineError { word: word.to_owned(), expected: expected.to_owned() }
}

/// Reads one line. An empty line, or one that is only a comment (`#`), says nothing.
///
/// # Errors
/// If a word does not fit where it stands.
pub fn parse_line(line: &str, nodes: usize) -> Parsed<Option<Verb>> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let mut words = Words { rest: line };
    let verb = words.need("a verb")?;
    let parsed = parse_verb(verb, &mut words, nodes)?;
    words.end()?;
    Ok(Some(parsed))
}

fn parse_verb(verb: &str, words: &mut Words<'_>, nodes: usize) -> Parsed<Verb> {
    Ok(match verb {
        "phase" => Verb::Phase(words.text("the name of a part")?),
        "note" => Verb::Note(words.text("what the narrator says")?),
        "submit" => {
            let to = if words.take("to") { who(words, nodes)? } else { Who::Leader };
            Verb::Submit { to, command: words.text("a command, as in SET x=1")? }
        }
        "write" => Verb::Write(words.text("a command, as in SET x=1")?),
        "crash" => {
            let who = who(words, nodes)?;
            let point = if words.take("before") {
                match words.need("'save' or 'send'")? {
                    "save" => CrashPoint::BeforeSave,
                    "send" => CrashPoint::BeforeSend,
                    word => return Err(wrong(word, "'save' or 'send'")),
                }
            } else {
                CrashPoint::Between
            };
            Verb::Crash { who, point }
        }
        "restart" if words.take("all") => Verb::RestartAll,
        "restart" => Verb::Restart(who(words, nodes)?),
        "partition" => Verb::Partition(groups(words, nodes)?),
        "cut" => {
            let a = node(words, nodes)?;
            let arrow = words.need("'->' or '<->'")?;
            let b = node(words, nodes)?;
            match arrow {
                "->" => Verb::Cut { from: a, to: b },
                "<->" => Verb::CutBoth { a, b },
                word => return Err(wrong(word, "'->' or '<->'")),
            }
        }
        "heal" => Verb::Heal,
        "drop" if words.peek().is_some_and(|word| kind(word).is_some()) => {
            Verb::Remove(message(words, nodes)?)
        }
        "drop" => Verb::DropRate(probability(words)?),
        "duplicate" => Verb::DuplicateRate(probability(words)?),
        "delay" => {
            let word = words.need("a range of times, as in 5ms..40ms")?;
            let (min, max) = parse_latency(word)
                .map_err(|_| wrong(word, "a range of times, as in 5ms..40ms"))?;
            Verb::Delay(min, max)
        }
        "timeout" => Verb::Timeout(who(words, nodes)?),
        "heartbeat" => Verb::Heartbeat(who(words, nodes)?),
        "manual" => Verb::Manual,
        "automatic" => Verb::Automatic,
        "deliver" => Verb::Deliver(message(words, nodes)?),
        "wait" => wait(words, nodes)?,
        "expect" => match words.peek() {
            Some("safe") => {
                words.next();
                Verb::ExpectSafe
            }
            Some("stall") => {
                words.next();
                let expected = "a time, as in 6s";
                let word = words.need(expected)?;
                let within = parse_duration(word).map_err(|_| wrong(word, expected))?;
                words.exactly("until")?;
                Verb::ExpectStall { condition: condition(words, nodes)?, within }
            }
            Some("violation") => {
                words.next();
                Verb::ExpectViolation(property(words)?)
            }
            _ => Verb::Expect(condition(words, nodes)?),
        },
        "step" => Verb::Step(if words.peek().is_some() { events(words)? } else { 1 }),
        "try" => match words.need("a line")? {
            "try" => return Err(wrong("try", "a line that says what to try")),
            verb => Verb::Try(Box::new(parse_verb(verb, words, nodes)?)),
        },
        "status" => Verb::Status,
        word => return Err(wrong(word, &expected_verb(word))),
    })
}

/// What should stand where this word does: the nearest verb or setting, and all verbs.
fn expected_verb(word: &str) -> String {
    let verbs: Vec<&str> = SYNTAX.iter().map(|row| row.0).collect();
    let known = verbs.iter().copied().chain(SETTINGS.iter().copied());
    let meant =
        nearest(word, known).map_or_else(String::new, |near| format!("'{near}' perhaps, or "));
    format!("{meant}a verb: {}", verbs.join(", "))
}

fn wait(words: &mut Words<'_>, nodes: usize) -> Parsed<Verb> {
    let expected = "a time, as in 2s, or 'until'";
    if words.take("until") {
        return Ok(Verb::WaitUntil { condition: condition(words, nodes)?, within: None });
    }
    let word = words.need(expected)?;
    let time = parse_duration(word).map_err(|_| wrong(word, expected))?;
    if words.take("until") {
        return Ok(Verb::WaitUntil { condition: condition(words, nodes)?, within: Some(time) });
    }
    Ok(Verb::Wait(time))
}

fn events(words: &mut Words<'_>) -> Parsed<u64> {
    let expected = format!("a number of events from 1 to {MOST_EVENTS}");
    let word = words.need(&expected)?;
    let events = word.parse().ok().filter(|events| (1..=MOST_EVENTS).contains(events));
    events.ok_or_else(|| wrong(word, &expected))
}

fn condition(words: &mut Words<'_>, nodes: usize) -> Parsed<Condition> {
    let expected = "a condition: leader, no, role, committed, not, log, term, vote, value or in";
    Ok(match words.need(expected)? {
        "leader" if words.take("is") => Condition::Leader(Some(who(words, nodes)?)),
        "leader" => Condition::Leader(None),
        "no" => match words.need("'leader' or 'value'")? {
            "leader" => Condition::NoLeader,
            "value" => {
                let (key, on) = text_on(words, nodes, "a key")?;
                Condition::Value(key, None, on)
            }
            word => return Err(wrong(word, "'leader' or 'value'")),
        },
        "role" => {
            let who = who(words, nodes)?;
            words.exactly("=")?;
            let expected = "'follower', 'candidate' or 'leader'";
            let role = match words.need(expected)? {
                "follower" => RoleKind::Follower,
                "candidate" => RoleKind::Candidate,
                "leader" => RoleKind::Leader,
                word => return Err(wrong(word, expected)),
            };
            Condition::Role(who, role)
        }
        "committed" => {
            let quoted = words.rest.trim_start().starts_with('"');
            let (text, on) = text_on(words, nodes, "a command, or how many entries")?;
            let what = match text.parse() {
                Ok(count) if !quoted => Committed::Count(count),
                _ => Committed::Command(text),
            };
            Condition::Committed(what, on)
        }
        "not" => {
            words.exactly("committed")?;
            let (text, on) = text_on(words, nodes, "a command")?;
            Condition::NotCommitted(text, on)
        }
        "log" => {
            let who = who(words, nodes)?;
            words.exactly("=")?;
            Condition::Log(who, positions(words)?)
        }
        "term" => {
            let who = who(words, nodes)?;
            words.exactly("=")?;
            let word = words.need("a term, as in 3")?;
            Condition::Term(who, word.parse().map_err(|_| wrong(word, "a term, as in 3"))?)
        }
        "vote" => {
            let who = who(words, nodes)?;
            words.exactly("=")?;
            let vote = if words.take("none") { None } else { Some(node(words, nodes)?) };
            Condition::Vote(who, vote)
        }
        "value" => {
            let (text, on) = text_on(words, nodes, "a key and its value, as in x=1")?;
            let (key, value) = text
                .split_once('=')
                .ok_or_else(|| wrong(&text, "a key and its value, as in x=1"))?;
            Condition::Value(key.to_owned(), Some(value.to_owned()), on)
        }
        "in" => {
            words.exactly("step")?;
            Condition::InStep
        }
        word => return Err(wrong(word, expected)),
    })
}

/// A text that may end in `on N`, `on majority` or `on all`; without that, on all.
fn text_on(words: &mut Words<'_>, nodes: usize, expected: &str) -> Parsed<(String, On)> {
    if let Some(text) = words.quoted()? {
        let on = if words.take("on") { place(words, nodes)? } else { On::All };
        return Ok((text, on));
    }
    let text = words.text(expected)?;
    let Some((before, after)) = text.rsplit_once(" on ") else { return Ok((text, On::All)) };
    let mut rest = Words { rest: after };
    let on = place(&mut rest, nodes)?;
    rest.end()?;
    let before = before.trim();
    if before.is_empty() { Err(wrong("on", expected)) } else { Ok((before.to_owned(), on)) }
}

fn place(words: &mut Words<'_>, nodes: usize) -> Parsed<On> {
    Ok(match words.peek() {
        Some("majority") => {
            words.next();
            On::Majority
        }
        Some("all") => {
            words.next();
            On::All
        }
        _ => On::One(who(words, nodes)?),
    })
}

fn positions(words: &mut Words<'_>) -> Parsed<Vec<LogPosition>> {
    if words.take("empty") {
        return Ok(Vec::new());
    }
    let expected = "entries as index@term, as in 1@1 2@1, or 'empty'";
    let mut positions = Vec::new();
    while let Some(word) = words.next() {
        let read = |(index, term): (&str, &str)| Some((index.parse().ok()?, term.parse().ok()?));
        let (index, term) =
            word.split_once('@').and_then(read).ok_or_else(|| wrong(word, expected))?;
        positions.push(LogPosition::new(index, term));
    }
    if positions.is_empty() { Err(wrong("", expected)) } else { Ok(positions) }
}

fn who(words: &mut Words<'_>, nodes: usize) -> Parsed<Who> {
    match words.peek() {
        Some("leader") => {
            words.next();
            Ok(Who::Leader)
        }
        Some("crashed") => {
            words.next();
            Ok(Who::Crashed)
        }
        _ => node(words, nodes).map(Who::Node),
    }
}

fn node(words: &mut Words<'_>, nodes: usize) -> Parsed<NodeId> {
    let nodes = nodes.min(MAX_NODES);
    let expected = format!("a node from 0 to {}", nodes.saturating_sub(1));
    let word = words.need(&expected)?;
    let digits = word.strip_prefix('n').unwrap_or(word);
    match digits.parse::<u8>() {
        Ok(number) if usize::from(number) < nodes => Ok(NodeId::new(number)),
        _ => Err(wrong(word, &expected)),
    }
}

fn groups(words: &mut Words<'_>, nodes: usize) -> Parsed<Vec<NodeSet>> {
    let mut groups = vec![NodeSet::default()];
    let mut seen = NodeSet::default();
    while let Some(word) = words.peek() {
        if word == "|" {
            words.next();
            groups.push(NodeSet::default());
            continue;
        }
        let node = node(words, nodes)?;
        if !seen.insert(node) {
            return Err(wrong(word, "each node once"));
        }
        if let Some(group) = groups.last_mut() {
            group.insert(node);
        }
    }
    if groups.iter().any(|group| group.is_empty()) {
        return Err(wrong("", "groups of nodes, as in 0 1 | 2 3 4"));
    }
    Ok(groups)
}

fn kind(word: &str) -> Option<MessageKind> {
    [
        MessageKind::VoteRequest,
        MessageKind::VoteResponse,
        MessageKind::AppendEntriesRequest,
        MessageKind::AppendEntriesResponse,
    ]
    .into_iter()
    .find(|&kind| kind_word(kind) == word)
}

fn message(words: &mut Words<'_>, nodes: usize) -> Parsed<MessageName> {
    let expected = "vote, vote-reply, append or append-reply";
    let word = words.need(expected)?;
    let kind = kind(word).ok_or_else(|| wrong(word, expected))?;
    let from = node(words, nodes)?;
    words.exactly("->")?;
    let to = node(words, nodes)?;
    let nth_newest = if words.take("older") {
        let word = words.need("how many newer ones there are")?;
        word.parse().map_err(|_| wrong(word, "how many newer ones there are"))?
    } else {
        0
    };
    Ok(MessageName { kind, from, to, nth_newest })
}

fn property(words: &mut Words<'_>) -> Parsed<Property> {
    let all: Vec<String> = Property::ALL.map(property_word).to_vec();
    let expected = format!("a property: {}", all.join(", "));
    let word = words.need(&expected)?;
    let found = Property::ALL.into_iter().find(|&property| property_word(property) == word);
    found.ok_or_else(|| wrong(word, &expected))
}

fn probability(words: &mut Words<'_>) -> Parsed<f64> {
    let expected = "a probability, as in 20% or 0.2";
    let word = words.need(expected)?;
    parse_probability(word).map_err(|_| wrong(word, expected))
}

#[cfg(test)]
mod tests;
