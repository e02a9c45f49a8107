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
