//! What can follow a verb: a table that says how each kind of argument is read and written.

use std::time::Duration;

use super::command_text::{OPERATIONS, lacks_operands, lacks_operation, lacks_to};
use super::free_text::written;
use super::quantity::{MOST_EVENTS, node_number, parse_duration, parse_latency, parse_probability};
use super::script::Script;
use super::tokens::Words;
use super::verb_table::{Amount, Committed, Condition, LinkSet, On, Verb, Who, property_word};
use crate::raft::{LogPosition, MAX_NODES, MessageKind, NodeId, Property, RoleKind};
use crate::record::message_name::MessageName;
use crate::server::turn_order::CrashPoint;

/// How an argument is read from a line, and written into one.
pub(super) trait Argument<T = Self> {
    /// Some values that are valid in a cluster of three nodes, as they are written.
    const EXAMPLES: &'static [&'static str];

    /// Reads a value; if there is none here, notes in `words` what was expected.
    fn read(words: &mut Words<'_>) -> Option<T>;

    /// Writes a value; an empty text, if the line need not say it.
    fn write(value: &T) -> String;
}

/// The node that a client asks; the leader, if the line does not say.
pub(super) struct Addressee;
/// How many events; one, if the line does not say.
pub(super) struct Events;
/// Text for the reader.
pub(super) struct Remark;
/// A client's command.
pub(super) struct CommandText;
/// Text that may be followed by `on` and the nodes meant.
pub(super) struct TextBeforeOn;
/// A command that may be followed by `on` and the nodes meant.
pub(super) struct CommandBeforeOn;
/// A key and its value.
pub(super) struct Pair;
/// Which client; the one that asked last, if the line does not say.
pub(super) struct Asker;
/// A key and the value that a client was told, to the end of the line.
pub(super) struct ToldPair;
/// A key, to the end of the line.
pub(super) struct ToldKey;
/// The earliest of the terms meant, as in `3 or later`.
pub(super) struct TermOrLater;
/// A whole number.
pub(super) struct Number;
/// How often something is done.
pub(super) struct Times;

const KIND_OF_MESSAGE: &str =
    "a kind of message: request-vote, request-vote-reply, append-entries, append-entries-reply";
/// The kinds of message, under the names that JSON gives them too.
const KINDS: [(&str, MessageKind); 4] = [
    ("request-vote", MessageKind::RequestVote),
    ("request-vote-reply", MessageKind::RequestVoteReply),
    ("append-entries", MessageKind::AppendEntries),
    ("append-entries-reply", MessageKind::AppendEntriesReply),
];

/// One row for each argument: its reader, its type, examples, how it is read, and how it is written.
macro_rules! arguments {
    ($($reader:ty => $value:ty, $examples:expr, $read:expr, $write:expr;)*) => {$(
        impl Argument<$value> for $reader {
            const EXAMPLES: &'static [&'static str] = &$examples;

            fn read(words: &mut Words<'_>) -> Option<$value> {
                let read: fn(&mut Words<'_>) -> Option<$value> = $read;
                read(words)
            }

            fn write(value: &$value) -> String {
                let write: fn(&$value) -> String = $write;
                write(value)
            }
        }
    )*};
}

/// Reads a node's number; `or` says what else would fit.
fn numbered(words: &mut Words<'_>, or: &str) -> Option<NodeId> {
    let nodes = words.nodes.min(MAX_NODES);
    words.word(&format!("a node from 0 to {}{or}", nodes.saturating_sub(1)), |word| {
        NodeId::all(nodes).nth(node_number(word)?)
    })
}

/// Reads the other end of a link of this node.
fn other(words: &mut Words<'_>, node: Who) -> Option<Who> {
    let start = words.at;
    let other = Who::read(words)?;
    if other == node {
        words.at = start;
        return words.expected("another node: none has a link to itself");
    }
    Some(other)
}

/// Reads a key and its value from what `text` takes.
fn pair<'a>(
    words: &mut Words<'a>,
    text: fn(&mut Words<'a>, &str) -> Option<String>,
) -> Option<(String, String)> {
    let start = words.at;
    let expected = "a key and its value, as in x=1";
    let text = text(words, expected)?;
    if let Some((key, value)) = text.split_once('=') {
        return Some((key.trim().to_owned(), value.trim().to_owned()));
    }
    words.at = start;
    words.expected(expected)
}

arguments! {
    NodeId => NodeId, ["1", "n2"],
        |words| numbered(words, ""),
        |node| node.index().to_string();
    Who => Who, ["0", "leader", "crashed"],
        |words| match () {
            () if words.take("leader") => Some(Who::Leader),
            () if words.take("crashed") => Some(Who::Crashed),
            () => numbered(words, ", 'leader' or 'crashed'").map(Who::Node),
        },
        |who| match who {
            Who::Node(node) => NodeId::write(node),
            Who::Leader => "leader".to_owned(),
            Who::Crashed => "crashed".to_owned(),
        };
    Addressee => Who, ["to 2", "", "to leader"],
        |words| if words.take("to") { Who::read(words) } else { Some(Who::Leader) },
        |who| match who {
            Who::Leader => String::new(),
            who => format!("to {}", Who::write(who)),
        };
    Option<Who> => Option<Who>, ["", "is 2"],
        |words| match words.exactly("is") {
            Some(()) => Who::read(words).map(Some),
            None => Some(None),
        },
        |who| who.map_or_else(String::new, |who| format!("is {}", Who::write(&who)));
    Option<NodeId> => Option<NodeId>, ["none", "2"],
        |words| if words.take("none") { Some(None) } else { NodeId::read(words).map(Some) },
        |node| node.map_or_else(|| "none".to_owned(), |node| NodeId::write(&node));
    On => On, ["on majority", "on all", "", "on 1"],
        |words| match () {
            () if !words.take("on") || words.take("all") => Some(On::All),
            () if words.take("majority") => Some(On::Majority),
            () => Who::read(words).map(On::One),
        },
        |on| match on {
            On::One(who) => format!("on {}", Who::write(who)),
            On::Majority => "on majority".to_owned(),
            On::All => "on all".to_owned(),
        };
    Vec<Vec<Who>> => Vec<Vec<Who>>, ["0 1 | 2", "1", "2 | 0 | 1", "leader 1 | 2"],
        groups,
        |groups| {
            let nodes = |group: &Vec<Who>| group.iter().map(Who::write).collect::<Vec<_>>().join(" ");
            groups.iter().map(nodes).collect::<Vec<_>>().join(" | ")
        };
    CrashPoint => CrashPoint, ["", "before save", "before send"],
        |words| {
            let points = [("save", CrashPoint::BeforeSave), ("send", CrashPoint::BeforeSend)];
            let before = words.take("before");
            if before { words.one_of("'save' or 'send'", points) } else { Some(CrashPoint::Between) }
        },
        |point| match point {
            CrashPoint::Between => String::new(),
            CrashPoint::BeforeSave => "before save".to_owned(),
            CrashPoint::BeforeSend => "before send".to_owned(),
        };
    MessageName => MessageName, ["request-vote 0 -> 1", "request-vote-reply 1 -> 0 older 2", "append-entries 2 -> 1",
            "append-entries-reply 1 -> 2 older 1"],
        |words| {
            let kind = words.one_of(KIND_OF_MESSAGE, KINDS)?;
            let from = NodeId::read(words)?;
            words.exactly("->")?;
            let (to, mut nth_newest) = (NodeId::read(words)?, 0);
            if words.take("older") {
                let expected = "how many newer ones there are";
                nth_newest = words.word(expected, |word| word.parse().ok())?;
            }
            Some(MessageName { kind, from, to, nth_newest })
        },
        |&MessageName { kind, from, to, nth_newest }| {
            let kind = KINDS.iter().find(|row| row.1 == kind).expect("each kind has its word").0;
            let (from, to) = (NodeId::write(&from), NodeId::write(&to));
            let older = if nth_newest > 0 { format!(" older {nth_newest}") } else { String::new() };
            format!("{kind} {from} -> {to}{older}")
        };
    f64 => f64, ["20%", "0.5"],
        |words| words.word("a probability, as in 20% or 0.2", |word| parse_probability(word).ok()),
        f64::to_string;
    Duration => Duration, ["2s", "500ms", "250us", "0"],
        |words| words.word("a time of an hour at most, as in 2s", |word| parse_duration(word).ok()),
        |time| match time.as_micros() {
            0 => "0ms".to_owned(),
            micros if micros.is_multiple_of(1_000_000) => format!("{}s", micros / 1_000_000),
            micros if micros.is_multiple_of(1_000) => format!("{}ms", micros / 1_000),
            micros => format!("{micros}us"),
        };
    // A bound before `until`, if there is one.
    Option<Duration> => Option<Duration>, ["", "5s"],
        |words| {
            words.would_fit("until");
            if words.peek() == "until" { Some(None) } else { Duration::read(words).map(Some) }
        },
        |time| time.map_or_else(String::new, |time| Duration::write(&time));
    (Duration, Duration) => (Duration, Duration), ["5ms..40ms", "2ms"],
        |words| words.word("a range of times, the shorter first, as in 5ms..40ms", |word| parse_latency(word).ok()),
        |(min, max)| format!("{}..{}", Duration::write(min), Duration::write(max));
    Events => u64, ["", "10"],
        |words| {
            let possible = |events: &u64| (1..=MOST_EVENTS).contains(events);
            let expected = format!("a number of events from 1 to {MOST_EVENTS}");
            let one = words.peek().is_empty();
            if one { Some(1) } else { words.word(&expected, |word| word.parse().ok().filter(possible)) }
        },
        |events| if *events == 1 { String::new() } else { events.to_string() };
    // A term.
    u64 => u64, ["3"],
        |words| words.word("a term, as in 3", |word| word.parse().ok()),
        u64::to_string;
    TermOrLater => u64, ["3 or later"],
        |words| {
            let term = u64::read(words)?;
            words.exactly("or")?;
            words.exactly("later").map(|()| term)
        },
        |term| format!("{term} or later");
    Number => u64, ["3", "0"],
        |words| words.word("a whole number", |word| word.parse().ok()),
        u64::to_string;
    LinkSet => LinkSet, ["0 -> 1", "1 <-> 2", "1", "leader", "leader -> crashed"],
        |words| {
            let node = Who::read(words)?;
            match () {
                () if words.exactly("->").is_some() => {
                    other(words, node).map(|to| LinkSet::OneWay(node, to))
                }
                () if words.exactly("<->").is_some() => {
                    other(words, node).map(|b| LinkSet::Between(node, b))
                }
                () => Some(LinkSet::All(node)),
            }
        },
        |links| match links {
            LinkSet::OneWay(from, to) => format!("{} -> {}", Who::write(from), Who::write(to)),
            LinkSet::Between(a, b) => format!("{} <-> {}", Who::write(a), Who::write(b)),
            LinkSet::All(node) => Who::write(node),
        };
    Option<LinkSet> => Option<LinkSet>, ["", "of 0 -> 1", "of 1 <-> 2", "of 1"],
        |words| match words.exactly("of") {
            Some(()) => LinkSet::read(words).map(Some),
            None => Some(None),
        },
        |links| links.map_or_else(String::new, |links| format!("of {}", LinkSet::write(&links)));
    Times => u64, ["2", "10"],
        |words| {
            let expected = format!("how often, from 1 to {}", Script::MOST_LINES);
            let possible = |times: &u64| (1..=Script::MOST_LINES).contains(times);
            words.word(&expected, |word| word.parse().ok().filter(possible))
        },
        u64::to_string;
    Amount => Amount, ["= 2", "at most 3", "at least 0"],
        |words| {
            if words.take("=") {
                return Number::read(words).map(Amount::Exactly);
            }
            words.exactly("at")?;
            let most = words.one_of("'most' or 'least'", [("most", true), ("least", false)])?;
            Number::read(words).map(if most { Amount::AtMost } else { Amount::AtLeast })
        },
        |amount| match amount {
            Amount::Exactly(count) => format!("= {count}"),
            Amount::AtMost(count) => format!("at most {count}"),
            Amount::AtLeast(count) => format!("at least {count}"),
        };
    // Clients are counted from 1, as in the story.
    Asker => Option<u64>, ["", "client 2"],
        |words| {
            if !words.take("client") {
                return Some(None);
            }
            let number = |word: &str| word.parse().ok().filter(|&client| client > 0);
            words.word("the number of a client, from 1", number).map(Some)
        },
        |client| client.map_or_else(String::new, |client| format!("client {client}"));
    ToldPair => (String, String), ["x=1", "\"client 1=\""],
        |words| pair(words, Words::text),
        |(key, value)| ToldKey::write(&format!("{key}={value}"));
    ToldKey => String, ["x", "\"client\""],
        |words| words.text("a key, as in x"),
        // A text that begins with `client` is quoted, so that it does not read as a client's number.
        |text| written(text, text.split_whitespace().next() == Some("client"));
    RoleKind => RoleKind, ["follower", "candidate", "leader"],
        |words| {
            let roles = [RoleKind::Follower, RoleKind::Candidate, RoleKind::Leader];
            let expected = "'follower', 'candidate' or 'leader'";
            words.one_of(expected, roles.map(|role| (role.to_string(), role)))
        },
        RoleKind::to_string;
    Vec<LogPosition> => Vec<LogPosition>, ["1@1 2@1 3@2", "empty"],
        |words| {
            let mut positions = Vec::new();
            let empty = words.take("empty");
            while !empty && (positions.is_empty() || !words.peek().is_empty()) {
                let expected = "entries as index@term, as in 1@1 2@1, or 'empty'";
                positions.push(words.word(expected, |word| {
                    let (index, term) = word.split_once('@')?;
                    Some(LogPosition::new(index.parse().ok()?, term.parse().ok()?))
                })?);
            }
            Some(positions)
        },
        |entries| {
            let entries: Vec<String> = entries.iter().map(LogPosition::to_string).collect();
            if entries.is_empty() { "empty".to_owned() } else { entries.join(" ") }
        };
    Property => Property, ["election-safety", "linearizability"],
        |words| {
            // Only a hunt judges Liveness, because it knows when the faults stop.
            let judged = Property::ALL.into_iter().filter(|it| *it != Property::Liveness);
            let known: Vec<_> = judged.map(|property| (property_word(property), property)).collect();
            let names: Vec<&str> = known.iter().map(|(word, _)| word.as_str()).collect();
            let expected = format!("a property: {}", names.join(", "));
            words.one_of(&expected, known)
        },
        |property| property_word(*property);
    Vec<Property> => Vec<Property>, ["election-safety", "vote-uniqueness election-safety"],
        |words| {
            let mut properties = vec![Property::read(words)?];
            while !words.peek().is_empty() {
                properties.push(Property::read(words)?);
            }
            Some(properties)
        },
        |properties| {
            properties.iter().copied().map(property_word).collect::<Vec<_>>().join(" ")
        };
    Condition => Condition, ["leader", "value x=1 on all", "in step"],
        Condition::read, Condition::to_string;
    Box<Verb> => Box<Verb>, ["heal", "wait 5s until leader"],
        |words| match words.peek() {
            "try" | "repeat" | "end" => words.expected("a line that says what to try"),
            _ => Verb::read(words).map(Box::new),
        },
        |line| line.to_string();
    Remark => String, ["anything at all", "\"# no comment, but \\\"text\\\"\""],
        |words| words.text("some text"),
        |text| written(text, false);
    CommandText => String, ["SET x=1", "GET x", "\"to 1 SET x=1\"", "\"1 SET x=1\"", "AUDIT log", "ADD x 1"],
        |words| {
            for word in OPERATIONS {
                words.would_fit(word);
            }
            if lacks_to(words.rest()) {
                return words.expected("a command, as in SET x=1, or 'to' before the node");
            }
            if words.peek() == "to" {
                return words.expected("a command; 'submit to N' names the node");
            }
            if lacks_operation(words.rest()) {
                return words.expected("a command, as in SET x=1, or any text in quotes");
            }
            if let Some((operation, operands)) = lacks_operands(words.rest()) {
                words.take(operation);
                return words.expected(format!("{operands} after {operation}; in quotes it is any text"));
            }
            words.text("a command, as in SET x=1")
        },
        // A text that begins with `to`, or with a node, is quoted, so that it does not read as an addressee.
        |text| {
            let is_to = text.split_whitespace().next() == Some("to");
            let is_like = lacks_to(text) || lacks_operation(text) || lacks_operands(text).is_some();
            written(text, is_to || is_like)
        };
    TextBeforeOn => String, ["x", "\"x on 1\""],
        |words| words.text_before_on("a command, or a key"),
        |text| written(text, false);
    CommandBeforeOn => String, ["SET x=1", "\"3\""],
        |words| {
            let quoted = words.rest().starts_with('"');
            let (start, expected) = (words.at, "a command; in quotes a number is one");
            let text = words.text_before_on(expected)?;
            if quoted || text.parse::<u64>().is_err() {
                return Some(text);
            }
            words.at = start;
            words.expected(expected)
        },
        |text| written(text, text.parse::<u64>().is_ok());
    Pair => (String, String), ["x=1", "\"x=\""],
        |words| pair(words, Words::text_before_on),
        |(key, value)| written(&format!("{key}={value}"), false);
    Committed => Committed, ["SET x=1", "3", "\"3\"", "\"a on b\""],
        |words| {
            let quoted = words.rest().starts_with('"');
            let text = words.text_before_on("a command, or how many entries")?;
            let count = text.parse().ok().filter(|_| !quoted);
            Some(count.map_or(Committed::Command(text), Committed::Count))
        },
        |what| match what {
            Committed::Count(count) => count.to_string(),
            Committed::Command(text) => written(text, text.parse::<u64>().is_ok()),
        };
}

fn groups(words: &mut Words<'_>) -> Option<Vec<Vec<Who>>> {
    let mut groups = vec![Vec::new()];
    while !words.peek().is_empty() {
        if words.take("|") {
            groups.push(Vec::new());
            continue;
        }
        let start = words.at;
        let node = Who::read(words)?;
        if groups.iter().flatten().any(|seen| *seen == node) {
            words.at = start;
            return words.expected("each node once");
        }
        groups.last_mut()?.push(node);
    }
    if groups.iter().any(Vec::is_empty) {
        return words.expected("groups of nodes, as in 0 1 | 2 3 4");
    }
    Some(groups)
}
