//! How the core's values are written, where they appear in events, messages and failed tests.

use raft_in_practice::raft::{
    Command, LogIndex, LogPosition, NodeId, NodeSet, Property, RoleKind, Rule, RuleSet, Term,
};

fn both(value: impl std::fmt::Display + std::fmt::Debug) -> (String, String) {
    (value.to_string(), format!("{value:?}"))
}

fn pair(shown: &str, debugged: &str) -> (String, String) {
    (shown.to_owned(), debugged.to_owned())
}

#[test]
fn what_is_written_of_ids_terms_and_places_says_which_it_is() {
    assert_eq!(both(NodeId::new(3)), pair("n3", "n3"));
    assert_eq!(both(Term::new(4)), pair("4", "t4"));
    assert_eq!(both(LogIndex::new(5)), pair("5", "i5"));
    assert_eq!(both(LogPosition::new(5, 4)), pair("5@4", "5@4"));
    assert_eq!(both(Command::new("SET x=1")), pair("SET x=1", "\"SET x=1\""));
    assert_eq!(format!("{:?}", NodeSet::all(3)), "{n0, n1, n2}");
    assert!(NodeSet::default().is_empty() && !NodeSet::all(1).is_empty());
    let roles = [RoleKind::Follower, RoleKind::Candidate, RoleKind::Leader];
    assert_eq!(roles.map(|role| role.to_string()), ["follower", "candidate", "leader"]);
}

#[test]
fn rules_are_written_by_their_ids_and_errors_say_what_to_do() {
    let rule = Rule::OneVotePerTerm;
    assert_eq!(both(rule), pair("one-vote-per-term", "OneVotePerTerm"));
    assert_eq!(format!("{:?}", RuleSet::INTACT), "all rules");
    let two = RuleSet::INTACT.without(rule).without(Rule::MajorityQuorum);
    assert_eq!(format!("{two:?}"), "all rules but majority-quorum, one-vote-per-term");
    let error = NodeId::try_from(99).map(|_| ()).unwrap_err();
    assert!(error.to_string().starts_with("there is no node 99: they are numbered from 0 to "));
}

#[test]
fn the_properties_of_figure_3_have_the_papers_names_and_come_first() {
    let paper = Property::ALL.into_iter().filter(|property| property.is_figure_3());
    let names: Vec<&str> = paper.map(Property::name).collect();
    assert_eq!(
        names,
        [
            "Election Safety",
            "Leader Append-Only",
            "Log Matching",
            "Leader Completeness",
            "State Machine Safety",
        ]
    );
    for property in Property::ALL {
        assert_eq!(property.to_string(), property.name());
    }
}

#[test]
fn ids_are_unique_kebab_case_and_read_back() {
    for rule in Rule::ALL {
        assert_eq!(Rule::of_id(rule.id()), Some(rule));
        let json = serde_json::to_string(&rule).unwrap();
        assert_eq!(json, format!("\"{}\"", rule.id()));
        assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), rule);
        assert!(rule.id().chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{rule}");
        assert!(rule.statement().ends_with('.') && rule.when_broken().ends_with('.'));
    }
}

#[test]
fn a_rule_set_forgets_only_what_it_is_told_to() {
    let rules = RuleSet::INTACT.without(Rule::OneVotePerTerm);
    for rule in Rule::ALL {
        assert_eq!(rules.keeps(rule), rule != Rule::OneVotePerTerm);
    }
    assert!(!rules.is_intact() && RuleSet::INTACT.is_intact());
    assert_eq!(rules.broken().collect::<RuleSet>(), rules);
    assert_eq!(rules.without(Rule::OneVotePerTerm), rules, "it can be forgotten only once");
}
