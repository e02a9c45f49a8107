//! Colour, by role and by outcome. It only repeats what the words say, so nothing is lost where it is
//! off: in a pipe, with `NO_COLOR`, or for a reader who does not see it.
//!
//! `Color::apply` decides once for the program whether colour is on: by the flag, `NO_COLOR`,
//! `CLICOLOR_FORCE`, the terminal, `CLICOLOR` and `TERM`, in this order.

use std::borrow::Cow;
use std::env;
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
    /// Applies the choice to all text painted from now on.
    pub(crate) fn apply(self) {
        match self {
            Self::Always => control::set_override(true),
            Self::Never => control::set_override(false),
            Self::Auto => control::set_override(asked_for(
                |name| env::var(name).unwrap_or_default(),
                io::stdout().is_terminal(),
            )),
        }
        // Older Windows consoles interpret colour codes only on request. A console that cannot do so shows
        // the codes.
        #[cfg(windows)]
        let _ = control::set_virtual_terminal(true);
    }
}

/// Returns whether to use colour. The first of these decides: `NO_COLOR` turns it off, `CLICOLOR_FORCE` turns
/// it on, and else it is on if the output is a terminal that can show it.
pub fn asked_for(variable: impl Fn(&str) -> String, terminal: bool) -> bool {
    let is_set = |name: &str| !matches!(&*variable(name), "" | "0");
    match () {
        () if !variable("NO_COLOR").is_empty() => false,
        () if is_set("CLICOLOR_FORCE") => true,
        () => terminal && variable("CLICOLOR") != "0" && variable("TERM") != "dumb",
    }
}

/// The beginning of our colour codes inside the program: with a random number that no text from outside can
/// know. Any other escape sequence is text from outside, and is shown as visible characters.
static MARK: LazyLock<String> =
    LazyLock::new(|| format!("\u{1b}[{};", RandomState::new().hash_one("colour")));

/// Makes every hidden character in a text visible, except our own colour codes. The result has no line break.
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

/// Returns a line as it is written: guarded, and with the colour codes of a terminal.
pub fn finished(line: &str) -> String {
    guarded(line).replace(MARK.as_str(), "\u{1b}[")
}

/// Returns marked text without its colours.
pub(super) fn without(text: &str) -> Cow<'_, str> {
    if !text.contains(MARK.as_str()) {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split(MARK.as_str());
    let first = parts.next().into_iter();
    first.chain(parts.map(|part| part.split_once('m').map_or("", |(_, rest)| rest))).collect()
}

/// Marks the terminal colour codes in trusted text as our own.
pub fn marked(coloured: &str) -> String {
    coloured.replace("\u{1b}[", &MARK)
}

/// Paints a text, of which a part may be painted already.
fn paint(text: &str, style: impl FnOnce(&str) -> ColoredString) -> String {
    marked(&style(&finished(text)).to_string())
}

/// A heading.
pub(crate) fn heading(text: &str) -> String {
    paint(text, |text| text.bold().cyan())
}

/// Something of minor importance, dimmed.
pub(crate) fn faint(text: &str) -> String {
    paint(text, |text| text.dimmed())
}

/// A word that a reader looks for, such as a rule's id.
pub(crate) fn strong(text: &str) -> String {
    paint(text, |text| text.bold())
}

/// Something that went well.
pub(crate) fn good(text: &str) -> String {
    paint(text, |text| text.green())
}

/// Something that went wrong, or that a crash took away.
pub(crate) fn wrong(text: &str) -> String {
    paint(text, |text| text.red().bold())
}

/// A word in the colour of a role.
pub(crate) fn role(role: RoleKind, text: &str) -> String {
    paint(text, |text| match role {
        RoleKind::Follower => text.blue(),
        RoleKind::Candidate => text.yellow(),
        RoleKind::Leader => text.green().bold(),
    })
}

/// The outcome of a verdict as one coloured word: green if it holds, yellow if it refuses, red if broken.
pub(crate) fn outcome(verdict: &Verdict) -> String {
    paint(event_text::outcome(verdict), |word| match verdict.outcome {
        Outcome::Holds => word.green(),
        Outcome::Refused => word.yellow(),
        Outcome::Overridden => word.red().bold(),
    })
}
