//! Finds the known word that a mistyped one was probably meant to be.

use std::fmt;

use crate::raft::Rule;

/// How similar a known word must be to be suggested: its Jaro-Winkler similarity, from 0 to 1.
const ALIKE: f64 = 0.75;

/// Returns the most similar of the `known` words, if it is similar enough.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |known: &str| strsim::jaro_winkler(known, word);
    let nearest = known.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.filter(|known| likeness(known) >= ALIKE)
}

/// The error that no rule has this id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownRule(String);

impl fmt::Display for UnknownRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(id) = self;
        let ids = || Rule::ALL.into_iter().map(Rule::id);
        let with_it: Vec<&str> =
            ids().filter(|known| id.len() > 2 && known.contains(id.as_str())).collect();
        let meant = match (&with_it[..], nearest(id, ids())) {
            ([_, ..], _) => format!("; did you mean '{}'?", with_it.join("' or '")),
            ([], Some(near)) => format!("; did you mean '{near}'?"),
            ([], None) => String::new(),
        };
        write!(f, "no rule is called '{id}'{meant} ('raft-node rules' lists them)")
    }
}

impl std::error::Error for UnknownRule {}

/// Returns the rule of this id.
///
/// # Errors
/// If there is none.
pub fn rule(id: &str) -> Result<Rule, UnknownRule> {
    Rule::of_id(id).ok_or_else(|| UnknownRule(id.to_owned()))
}
