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
    "one-way",
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

/// The shipped scenario that someone who wrote `name` may have meant.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    let likeness = |shipped: &str| strsim::jaro_winkler(shipped, name);
    let names = SHIPPED.iter().map(|(shipped, _)| (likeness(shipped), *shipped));
    names.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(like, _)| *like > 0.8).map(|(_, near)| near)
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
            let meant =
                nearest(name).map_or_else(String::new, |near| format!("did you mean '{near}'? "));
            format!(
                "'{name}' is no scenario that ships with the program, and no file that can be \
                 read ({error}); {meant}'raft-cluster scenarios' lists what ships"
            )
        })?,
    };
    Script::parse_sized(name, &text, nodes).map_err(|error| error.to_string())
}
