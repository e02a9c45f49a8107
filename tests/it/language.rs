//! The language of the scenarios: every row of its tables can be read and written, and an error says
//! which word is wrong, where it is, and what would have fitted.

use std::time::Duration;

use raft_in_practice::raft::NodeId;
use raft_in_practice::scenario::nearest;
use raft_in_practice::scenario::parse::parse_line;
use raft_in_practice::scenario::verb_table::{Condition, On, Verb, Who};

#[test]
fn every_form_of_the_tables_reads_with_each_of_its_examples_and_writes_itself() {
    let conditions = Condition::examples();
    let waited = conditions.iter().map(|condition| format!("wait 1s until {condition}"));
    let expected = conditions.iter().map(|condition| format!("expect {condition}"));
    for line in Verb::examples().into_iter().chain(waited).chain(expected) {
        let verb = parse_line(&line, 3).unwrap_or_else(|error| panic!("{line}: {error}")).unwrap();
        let written = verb.to_string();
        assert_eq!(parse_line(&written, 3), Ok(Some(verb)), "{line} wrote {written}");
    }
    assert_eq!(parse_line("drop 20%", 5).unwrap(), Some(Verb::DropRate(0.2, None)));
    let wait = |micros| Some(Verb::Wait(Duration::from_micros(micros)));
    assert_eq!(parse_line("wait 0.5s", 5).unwrap(), wait(500_000));
    assert_eq!(parse_line("wait 0.4us", 5).unwrap(), wait(0), "a microsecond is the finest");
}

#[test]
fn an_error_names_the_word_and_what_was_expected() {
    let table = [
        ("jump", "'jump' does not fit; expected a verb"),
        ("cut 1->2", "expected a node from 0 to 4, 'leader' or 'crashed'; put blanks around '->'"),
        (
            "cut 1<->2",
            "expected a node from 0 to 4, 'leader' or 'crashed'; put blanks around '<->'",
        ),
        (
            "partition 0,1 | 2",
            "expected a node from 0 to 4, 'leader' or 'crashed'; separate words by blanks, without ','",
        ),
        (
            "partition 0 1|2 3",
            "expected a node from 0 to 4, 'leader' or 'crashed'; put blanks around '|'",
        ),
        ("nods 3", "'nods' does not fit; expected perhaps 'nodes', or a verb"),
        ("tiemout 0", "'tiemout' does not fit; expected perhaps 'timeout', or a verb"),
        ("note \"open", "'\"open' does not fit; expected text that ends with a quote"),
        ("note \"a\" b", "'b' does not fit; expected the end of the line"),
        ("crash 9", "'9' does not fit; expected a node from 0 to 4"),
        ("crash", "the line ends too soon; expected a node from 0 to 4"),
        ("crash 1 before lunch", "'lunch' does not fit; expected 'save' or 'send'"),
        ("partition 0 1 |", "groups of nodes"),
        ("partition 0 0 | 1", "'0' does not fit; expected each node once"),
        ("cut 1 2", "'2' does not fit; expected '->', or '<->'"),
        ("cut 1 -> 1", "'1' does not fit; expected another node"),
        ("drop 20% of 2 <-> 2", "'2' does not fit; expected another node"),
        ("drop 200%", "'200%' does not fit; expected a probability"),
        ("delay 9ms..1ms", "'9ms..1ms' does not fit"),
        ("expect log 1 = 1", "'1' does not fit; expected entries as index@term"),
        (
            "expect violation log-machting",
            "expected perhaps 'log-matching', or a property: election-safety",
        ),
        (
            "expect violation liveness",
            "'liveness' does not fit; expected a property: election-safety",
        ),
        ("crash 1 befor save", "expected perhaps 'before', or the end of the line"),
        (
            "restart 9",
            "'9' does not fit; expected a node from 0 to 4, 'leader' or 'crashed', or 'all'",
        ),
        ("drop vot 0 -> 1", "expected perhaps 'request-vote', or a probability"),
        ("expect no vlaue x", "'vlaue' does not fit; expected perhaps 'value', or 'leader'"),
        ("expect stall 1s utnil leader", "'utnil' does not fit; expected 'until'"),
        ("expect comitted 1", "'comitted' does not fit; expected perhaps 'committed', or"),
        (
            "wait 2s utnil leader",
            "'utnil' does not fit; expected perhaps 'until', or the end of the line",
        ),
        (
            "heal now",
            "'now' does not fit; expected a node from 0 to 4, 'leader' or 'crashed', or the end of the line",
        ),
        (
            "expect leader 1",
            "'1' does not fit; expected 'is', or the end of the line, or 'other', or 'of'",
        ),
        ("wait until", "a condition"),
        ("step 0", "'0' does not fit; expected a number of events from 1 to"),
        ("try try heal", "'try' does not fit; expected a line that says what to try"),
    ];
    errors_contain(&table);
}

fn errors_contain(table: &[(&str, &str)]) {
    for (line, expected) in table {
        let error = parse_line(line, 5).unwrap_err().to_string();
        assert!(error.contains(expected), "{line}: {error}");
    }
}

#[test]
fn a_word_that_is_usual_elsewhere_is_met_with_the_one_used_here() {
    errors_contain(&[
        ("kill 1", "'kill' does not fit; expected perhaps 'crash', or a verb"),
        ("split 0 | 1 2", "'split' does not fit; expected perhaps 'partition', or a verb"),
        ("stop 1", "'stop' does not fit; expected perhaps 'crash' or 'pause', or a verb"),
        ("expect elections = 1", "'elections' does not fit; expected perhaps 'campaigns', or"),
    ]);
}

#[test]
fn a_mistyped_rule_is_met_with_the_nearest_one() {
    let error = nearest::rule("one-vote-per-trem").unwrap_err().to_string();
    assert!(error.contains("did you mean 'one-vote-per-term'?"), "{error}");
    // A part of an id is met with all that have it.
    let error = nearest::rule("commit-only").unwrap_err().to_string();
    let both = "did you mean 'commit-only-verified' or 'commit-only-current-term'?";
    assert!(error.contains(both), "{error}");
    let error = nearest::rule("zzz").unwrap_err().to_string();
    assert!(!error.contains("did you mean"), "{error}");
}

#[test]
fn text_is_quoted_only_where_it_must_be_and_reads_back() {
    for (text, written) in [
        ("SET x=1", "SET x=1"),
        ("to 1 SET x=1", "\"to 1 SET x=1\""),
        ("", "\"\""),
        (" x", "\" x\""),
        ("to say \"a\\b\"", "\"to say \\\"a\\\\b\\\"\""),
        ("\"", "\"\\\"\""),
        ("a\nb\u{1b}[2J", "\"a\\nb\\u{1b}[2J\""),
        ("a\u{0}\u{200b}'", "\"a\\u{0}\u{200b}'\""),
        ("a\u{200b}'", "a\u{200b}'"),
    ] {
        let submit = Verb::Submit { to: Who::Leader, command: text.to_owned() };
        let line = submit.to_string();
        assert_eq!(line, format!("submit {written}"));
        assert_eq!(parse_line(&line, 3), Ok(Some(submit)));
        // The line goes on after the text.
        let on = On::One(Who::Node(NodeId::new(1)));
        let expect = Verb::Expect(Condition::NotCommitted(text.to_owned(), on));
        assert_eq!(
            parse_line(&format!("expect not committed {written} on 1"), 3),
            Ok(Some(expect))
        );
    }
}

#[test]
fn what_is_not_closed_or_means_nothing_is_no_quoted_text() {
    for text in ["\"a", "\"a\\\"", "\"\\x\"", "\"\\u{110000}\"", "\"\\u{zz}\""] {
        let error = parse_line(&format!("note {text}"), 3).unwrap_err().to_string();
        assert!(error.contains("text that ends with a quote"), "{text}: {error}");
    }
    assert_eq!(parse_line("note a\"", 3), Ok(Some(Verb::Note("a\"".to_owned()))));
    let error = parse_line("note", 3).unwrap_err().to_string();
    assert!(error.contains("some text"), "{error}");
}

/// A key and its value alone are no command: the store would keep nothing. In quotes they are text.
#[test]
fn a_key_and_its_value_need_their_operation() {
    for line in ["write x=1", "submit to 1 x=1", "retry x=1 now"] {
        let error = parse_line(line, 3).unwrap_err().to_string();
        assert!(
            error.contains("expected a command, as in SET x=1, or any text"),
            "{line}: {error}"
        );
    }
    for (line, expected) in [
        ("write set x=1", "'set' does not fit; expected a command, as in SET x=1"),
        ("submit to 0 get x", "'get' does not fit; expected a command, as in SET x=1"),
        (
            "write SET x 1",
            "'x' does not fit; expected key=value after SET; in quotes it is any text",
        ),
        ("submit to 0 ADD x 1.5", "'x' does not fit; expected a key and a whole number after ADD"),
        ("write GET", "the line ends too soon; expected a key after GET"),
        (
            "write ONCE 3 SET x",
            "'3' does not fit; expected a number and another command after ONCE",
        ),
        ("write to 1 SET x=1", "expected a command; 'submit to N' names the node"),
        ("expect not committed 2 on 1", "expected a command; in quotes a number is one"),
    ] {
        let error = parse_line(line, 3).unwrap_err().to_string();
        assert!(error.contains(expected), "{line}: {error}");
    }
    let all = On::All;
    let number = Verb::Expect(Condition::NotCommitted("2".to_owned(), all));
    assert_eq!(parse_line("expect not committed \"2\"", 3), Ok(Some(number.clone())));
    assert_eq!(number.to_string(), "expect not committed \"2\" on all");
    let quoted = Verb::Write("x=1".to_owned());
    assert_eq!(quoted.to_string(), "write \"x=1\"");
    assert_eq!(parse_line("write \"x=1\"", 3), Ok(Some(quoted)));
    let text = Verb::Write("AUDIT x=1".to_owned());
    assert_eq!(parse_line("write AUDIT x=1", 3), Ok(Some(text)));
}

/// A node before a command is an addressee whose `to` was forgotten; in quotes it is text.
#[test]
fn a_node_before_a_command_needs_its_to() {
    for line in ["submit 0 SET x=1", "write leader GET x", "submit n2 ADD x 1"] {
        let error = parse_line(line, 3).unwrap_err().to_string();
        assert!(error.contains("'to' before the node"), "{line}: {error}");
    }
    for line in ["submit \"0 SET x=1\"", "submit 0 of them", "submit SET 0 x=1", "submit to 0 7"] {
        let verb = parse_line(line, 3).unwrap().unwrap();
        assert_eq!(verb.to_string(), line);
    }
}
