//! Words that many sentences need: the node that acts, a number with its noun, the end of a log.

use std::borrow::Cow;
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use crate::raft::{Input, LogPosition, NodeId};
use crate::scenario::library;
use crate::server::timing::Time;
use crate::visible::visible;

/// The largest number of characters in a word of a complaint, and in a whole complaint.
const LONGEST_WORD: usize = 200;
const LONGEST_SENTENCE: usize = 2_000;

/// The node that acts, and the sender of the message that it handles. Most events name neither.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Speaker {
    /// The node in which the event happened.
    pub node: NodeId,
    /// The sender of the message that it was handling, if it was handling one.
    pub from: Option<NodeId>,
}

impl Speaker {
    /// Returns the names for the node `node` while it handles `input`.
    pub const fn of(node: NodeId, input: &Input) -> Self {
        let from = match input {
            Input::Receive(envelope) => Some(envelope.from),
            Input::Propose(_) | Input::ElectionTimeout | Input::HeartbeatDue => None,
        };
        Self { node, from }
    }

    /// The name of the sender.
    pub(super) fn sender(self) -> String {
        self.from.map_or_else(|| "the sender".to_owned(), |node| node.to_string())
    }
}

/// Says where a log ends, as the end of "a log that …".
pub fn log_end(last: LogPosition) -> String {
    if last == LogPosition::START { "is empty".to_owned() } else { format!("ends at {last}") }
}

/// The items in one text, with `between` them.
pub(super) fn joined<T: Display>(items: impl IntoIterator<Item = T>, between: &str) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(between)
}

/// The names of these nodes in one text.
pub(super) fn names(nodes: impl IntoIterator<Item = NodeId>) -> String {
    let names: Vec<_> = nodes.into_iter().map(|node| node.to_string()).collect();
    match names.split_last() {
        None => "nobody".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// The name of a node, or `null` as in the paper.
pub(super) fn or_null(node: Option<NodeId>) -> String {
    node.map_or_else(|| "null".to_owned(), |node| node.to_string())
}

/// The name of a file as it stands in a command that a reader can give to a shell. It names the file even if it
/// looks like an option, or a scenario that ships has the same name.
pub fn for_shell(file: &Path) -> String {
    let name = file.display().to_string();
    let is_taken = name.starts_with('-') || library::find(&name).is_some();
    let name = if is_taken { format!("./{name}") } else { name };
    // Windows separates folders by backslashes, and its shells leave them as they are.
    let is_separator = |letter| cfg!(windows) && letter == '\\';
    let is_plain = |letter: char| {
        letter.is_alphanumeric() || "-_./+,:@%".contains(letter) || is_separator(letter)
    };
    let is_special = |letter: char| "\"$`!\\".contains(letter) && !is_separator(letter);
    if !name.is_empty() && name.chars().all(is_plain) {
        name
    } else if name.contains(is_special) {
        format!("'{}'", name.replace('\'', r"'\''"))
    } else {
        format!("\"{name}\"")
    }
}

/// A number with its noun.
pub fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A duration in words. Below a millisecond it has a precision of one microsecond, below a second of a tenth
/// of a millisecond, and from a second on of one millisecond.
///
/// Further digits are cut off and not rounded, as in [`Time`], so that a wait from the beginning of a run
/// ends at the time that is shown beside it.
pub fn duration(time: Duration) -> String {
    let micros = time.as_micros();
    let (number, unit) = match micros {
        1..1_000 => return format!("{micros} µs"),
        0..1_000_000 => (format!("{:.1}", (micros / 100) as f64 / 10.0), "ms"),
        _ => (format!("{:.3}", (micros / 1_000) as f64 / 1e3), "s"),
    };
    format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// The time to show beside the number of a step; empty at time zero. In a run moved by hand from its beginning
/// no time passes, and the number of the step is enough.
pub(super) fn when(time: Time) -> String {
    if time == Time::ZERO { String::new() } else { time.to_string() }
}

/// Says that a live cluster did not wait for its reader.
pub(crate) fn left_out(lines: u64) -> String {
    format!("  ({lines} lines are left out here: a live cluster does not wait for its reader)")
}

/// Groups the items that are alike, each group with its first item as its representative.
pub(super) fn alike<T: Copy>(
    all: impl IntoIterator<Item = T>,
    like: impl Fn(T, T) -> bool,
) -> Vec<(T, Vec<T>)> {
    let mut groups: Vec<(T, Vec<T>)> = Vec::new();
    for one in all {
        match groups.iter_mut().find(|(first, _)| like(*first, one)) {
            Some((_, members)) => members.push(one),
            None => groups.push((one, vec![one])),
        }
    }
    groups
}

/// A complaint as one visible line. Words that are too long to read are shortened, and so is the whole.
pub(crate) fn complaint_line(sentence: &str) -> String {
    let words = visible(sentence);
    let words: Vec<_> = words.split(' ').map(|word| cut(word, LONGEST_WORD)).collect();
    cut(&words.join(" "), LONGEST_SENTENCE).into_owned()
}

/// The text, shortened to `most` characters if it has more, by leaving out its middle.
fn cut(text: &str, most: usize) -> Cow<'_, str> {
    let at = |nth: usize| text.char_indices().nth(nth).map(|(at, _)| at);
    let (Some(_), Some(begin)) = (at(most), at(most / 4 * 3)) else { return Cow::Borrowed(text) };
    let end = text.char_indices().rev().nth(most / 4 - 2).map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{}…{}", &text[..begin], &text[end..]))
}
