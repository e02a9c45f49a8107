//! Finds the known word that a mistyped one was probably meant to be.

use crate::raft::Rule;

/// How similar a known word must be to be suggested: its Jaro-Winkler similarity, from 0 to 1.
const ALIKE: f64 = 0.75;
/// How similar a part of a known word must be. It is more, because parts are many and short.
const PART_ALIKE: f64 = 0.9;

/// Words that are usual elsewhere, and those that are used here in their place.
const USUAL: [(&str, &[&str]); 13] = [
    ("kill", &["crash"]),
    ("stop", &["crash", "pause"]),
    ("start", &["restart"]),
    ("isolate", &["cut"]),
    ("split", &["partition"]),
    ("propose", &["submit", "write"]),
    ("campaign", &["timeout", "elect"]),
    ("election", &["campaign"]),
    ("elections", &["campaigns"]),
    ("read", &["write", "write GET x"]),
    ("rules", &["help", "help RULE"]),
    ("undo", &["back"]),
    ("redo", &["forward"]),
];

/// Returns, in quotes, what a word probably was meant to be: what stands here for a word that is usual elsewhere,
/// or the most similar of the `known` words.
pub fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    let usual = USUAL.iter().find(|(usual, here)| *usual == word && known.contains(&here[0]));
    match usual {
        Some((_, here)) => Some(format!("'{}'", here.join("' or '"))),
        None => nearest(word, known).map(|near| format!("'{near}'")),
    }
}

/// Returns the most similar of the `known` words, if it is similar enough. If none is, a word of which a part
/// between hyphens is similar: for "vote" that is "request-vote".
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.into_iter().collect();
    let likeness = |known: &str| strsim::jaro_winkler(known, word);
    let part_likeness = |known: &str| known.split('-').map(likeness).fold(0.0, f64::max);
    most(&known, likeness, ALIKE).or_else(|| most(&known, part_likeness, PART_ALIKE))
}

/// The first of the words that are the most alike, if they are so `at_least`.
fn most<'a>(known: &[&'a str], likeness: impl Fn(&str) -> f64, at_least: f64) -> Option<&'a str> {
    let most = known.iter().rev().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    most.copied().filter(|known| likeness(known) >= at_least)
}

/// The error that no rule has this id.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no rule is called '{0}'{meant} ('raft-node rules' lists them)", meant = rule_meant(.0))]
pub struct UnknownRule(String);

fn rule_meant(id: &str) -> String {
    let ids = || Rule::ALL.into_iter().map(Rule::id);
    let with_it: Vec<&str> = ids().filter(|known| id.len() > 2 && known.contains(id)).collect();
    let all_with_it = (!with_it.is_empty()).then(|| format!("'{}'", with_it.join("' or '")));
    let meant = all_with_it.or_else(|| meant(id, ids()));
    meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"))
}

/// Returns the rule of this id.
///
/// # Errors
/// If there is none.
pub fn rule(id: &str) -> Result<Rule, UnknownRule> {
    Rule::of_id(id).ok_or_else(|| UnknownRule(id.to_owned()))
}
