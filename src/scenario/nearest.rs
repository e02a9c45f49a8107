//! The word that someone may have meant who wrote one that nobody knows.

use crate::raft::Rule;

/// How alike two words have to be for one to be meant by the other.
const ALIKE: f64 = 0.75;

/// The most similar of the `known` words, if it is similar enough.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |known: &str| strsim::jaro_winkler(known, word);
    let nearest = known.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.filter(|known| likeness(known) >= ALIKE)
}

/// The rule of this id.
///
/// # Errors
/// A sentence that names the nearest rule, if there is none of this id.
pub fn rule(id: &str) -> Result<Rule, String> {
    Rule::of_id(id).ok_or_else(|| {
        let meant = nearest(id, Rule::ALL.iter().map(|rule| rule.id()))
            .map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
        format!("no rule is called '{id}'{meant} ('raft-node rules' lists them)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_rule_is_met_with_the_nearest_one() {
        let error = rule("one-vote-per-trem").unwrap_err();
        assert!(error.contains("did you mean 'one-vote-per-term'?"), "{error}");
        let error = rule("zzz").unwrap_err();
        assert!(!error.contains("did you mean"), "{error}");
    }
}
