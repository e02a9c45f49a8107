//! Colour, by role and by outcome. It repeats what the words say and never says anything alone, so
//! nothing is lost where it is off: in a pipe, with `NO_COLOR`, or for a reader who does not see it.
//!
//! Whether it is on is decided once for the program, by [`Color::apply`]; the `colored` crate looks
//! at the terminal, `NO_COLOR` and `CLICOLOR_FORCE`.

use clap::ValueEnum;
use colored::{ColoredString, Colorize, control};

use crate::raft::{Outcome, RoleKind, Verdict};

use super::explain;

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
            Self::Auto => control::unset_override(),
        }
    }
}

/// A heading.
pub(crate) fn heading(text: &str) -> ColoredString {
    text.bold().cyan()
}

/// Something to be overlooked at first.
pub(crate) fn faint(text: &str) -> ColoredString {
    text.dimmed()
}

/// A word to be found again, such as a rule's id.
pub(crate) fn strong(text: &str) -> ColoredString {
    text.bold()
}

/// Something that went well.
pub(crate) fn good(text: &str) -> ColoredString {
    text.green()
}

/// Something that went wrong, or that a crash took away.
pub(crate) fn wrong(text: &str) -> ColoredString {
    text.red().bold()
}

/// A word in the colour of a role.
pub(crate) fn role(role: RoleKind, text: &str) -> ColoredString {
    match role {
        RoleKind::Follower => text.blue(),
        RoleKind::Candidate => text.yellow(),
        RoleKind::Leader => text.green().bold(),
    }
}

/// The outcome of a verdict as one word, coloured: good, in the way, or wrong.
pub(crate) fn outcome(verdict: &Verdict) -> ColoredString {
    let word = explain::outcome(verdict);
    match verdict.outcome {
        Outcome::Holds => word.green(),
        Outcome::Refused => word.yellow(),
        Outcome::Overridden => word.red().bold(),
    }
}
