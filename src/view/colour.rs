//! Colour, by role and by outcome. It repeats what the words say and never says anything alone, so
//! nothing is lost where it is off: in a pipe, with `NO_COLOR`, or for a reader who does not see it.
//!
//! Whether it is on is decided once for the program, by `Color::apply`: by the flag, `NO_COLOR`,
//! `CLICOLOR_FORCE`, the terminal and `TERM`, in this order.

use std::borrow::Cow;
use std::env;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, IsTerminal};
use std::sync::LazyLock;

use clap::ValueEnum;
use colored::{ColoredString, Colorize, control};

use super::event_text;
use crate::raft::{Outcome, RoleKind, Verdict};
use crate::visible::{is_hidden, visible};

/// When to use colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always, in a pipe too.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Makes it so for all that is painted from now on.
    pub(crate) fn apply(self) {
        match self {
            Self::Always => control::set_override(true),
            Self::Never => control::set_override(false),
            Self::Auto => control::set_override(asked_for(
                |name| env::var(name).unwrap_or_default(),
                io::stdout().is_terminal(),
            )),
        }
        // Older consoles of Windows have to be asked; where they cannot, they show the codes.
        #[cfg(windows)]
        let _ = control::set_virtual_terminal(true);
    }
}

/// Whether the environment asks for colour, or else the terminal can show it: the first that speaks has its way.
pub fn asked_for(variable: impl Fn(&str) -> String, terminal: bool) -> bool {
    let is_set = |name: &str| !matches!(&*variable(name), "" | "0");
    match () {
        () if !variable("NO_COLOR").is_empty() => false,
        () if is_set("CLICOLOR_FORCE") => true,
        () => terminal && variable("CLICOLOR") != "0" && variable("TERM") != "dumb",
    }
}

/// How a colour of ours begins in text that is not yet on its way out: with a number that no text from
/// outside can know. Whatever else begins like a colour is text, and is shown as that.
static MARK: LazyLock<String> =
    LazyLock::new(|| format!("\u{1b}[{};", RandomState::new().hash_one("colour")));

/// Text, ours and from outside, with nothing hidden in it but colours of ours. It has no line break.
pub(super) fn guarded(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split(MARK.as_str());
    let mut line = visible(parts.next().unwrap_or_default()).into_owned();
    for part in parts {
        let (style, rest) = part.split_once('m').unwrap_or((part, ""));
        line.extend([MARK.as_str(), style, "m", &visible(rest)]);
    }
    Cow::Owned(line)
}

/// A line as it goes out: guarded, and with the colours that a terminal knows.
pub fn finished(line: &str) -> String {
    guarded(line).replace(MARK.as_str(), "\u{1b}[")
}

/// Text of ours without its colours.
pub(super) fn without(text: &str) -> Cow<'_, str> {
    if !text.contains(MARK.as_str()) {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split(MARK.as_str());
    let first = parts.next().into_iter();
    first.chain(parts.map(|part| part.split_once('m').map_or("", |(_, rest)| rest))).collect()
}

/// Text of ours with the colours that a terminal knows, marked as ours.
pub fn marked(coloured: &str) -> String {
    coloured.replace("\u{1b}[", &MARK)
}

/// Text in a colour.
#[derive(Clone, Debug)]
pub(crate) struct Painted(ColoredString);

impl fmt::Display for Painted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&marked(&self.0.to_string()))
    }
}

/// A part of the text may be painted already.
fn paint(text: &str, style: impl FnOnce(&str) -> ColoredString) -> Painted {
    Painted(style(&finished(text)))
}

/// A heading.
pub(crate) fn heading(text: &str) -> Painted {
    paint(text, |text| text.bold().cyan())
}

/// Something to be overlooked at first.
pub(crate) fn faint(text: &str) -> Painted {
    paint(text, |text| text.dimmed())
}

/// A word to be found again, such as a rule's id.
pub(crate) fn strong(text: &str) -> Painted {
    paint(text, |text| text.bold())
}

/// Something that went well.
pub(crate) fn good(text: &str) -> Painted {
    paint(text, |text| text.green())
}

/// Something that went wrong, or that a crash took away.
pub(crate) fn wrong(text: &str) -> Painted {
    paint(text, |text| text.red().bold())
}

/// A word in the colour of a role.
pub(crate) fn role(role: RoleKind, text: &str) -> Painted {
    paint(text, |text| match role {
        RoleKind::Follower => text.blue(),
        RoleKind::Candidate => text.yellow(),
        RoleKind::Leader => text.green().bold(),
    })
}

/// The outcome of a verdict as one word, coloured: good, in the way, or wrong.
pub(crate) fn outcome(verdict: &Verdict) -> Painted {
    paint(event_text::outcome(verdict), |word| match verdict.outcome {
        Outcome::Holds => word.green(),
        Outcome::Refused => word.yellow(),
        Outcome::Overridden => word.red().bold(),
    })
}
