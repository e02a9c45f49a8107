//! The scenarios that ship with the program, from `examples/scenarios/`.

use super::script::{Script, ScriptError};

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        /// Every scenario: its name and its text.
        pub const SHIPPED: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../examples/scenarios/", $name, ".raft"))),)*
        ];
    };
}

shipped![
    "demo",
    "partition",
    "split-vote",
    "restart",
    "lossy",
    "rejoin-high-term",
    "figure-7",
    "figure-8",
    "stale-leader",
    "duplicate-and-reorder",
    "even-cluster",
    "crash-before-send",
];

/// The shipped scenario of this name.
///
/// # Errors
/// If its text is not of the language; a test sees to it that this never happens.
#[must_use]
pub fn find(name: &str) -> Option<Result<Script, ScriptError>> {
    let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
    Some(Script::parse(name, text))
}

/// The scenario of this name, or in this file, for a cluster of `nodes` if that is said.
///
/// # Errors
/// A sentence, if there is none, or it is not of the language.
pub fn load(name: &str, nodes: Option<usize>) -> Result<Script, String> {
    let shipped = SHIPPED.iter().find(|(shipped, _)| *shipped == name);
    let text = match shipped {
        Some((_, text)) => (*text).to_owned(),
        None => std::fs::read_to_string(name).map_err(|error| {
            format!(
                "'{name}' is no scenario that ships with the program, and no file that can be \
                 read ({error}); 'raft-cluster scenarios' lists what ships"
            )
        })?,
    };
    Script::parse_sized(name, &text, nodes).map_err(|error| error.to_string())
}
