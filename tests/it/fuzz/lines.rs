//! Scripts and single lines: random bytes, random words, and shipped scenarios with mistakes in them.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use raft_in_practice::raft::{MAX_NODES, Property, Rule};
use raft_in_practice::scenario::error::{ScriptError, WrongLine};
use raft_in_practice::scenario::library::SHIPPED;
use raft_in_practice::scenario::parse::parse_line;
use raft_in_practice::scenario::script::Script;
use raft_in_practice::scenario::setting::SETTINGS;
use raft_in_practice::scenario::usage::first_words;
use raft_in_practice::scenario::verb_table::{Condition, Verb, property_word};

use super::cases;

/// Every word of the language, some numbers, and some unknown words.
fn vocabulary() -> Vec<String> {
    let settings = SETTINGS.iter().map(|setting| &setting.usage);
    let rows = Verb::USAGE.iter().chain(Condition::USAGE).chain(settings);
    let known = rows.flat_map(|row| [row.words, row.follows]);
    let mut words: Vec<String> = known
        .flat_map(|text| text.split_whitespace())
        .chain(
            "unlimited watchable paper on off all majority to before save send older empty none until leader crashed \
             | -> <-> = # 0 1 2 3 4 8 9 -1 007 18446744073709551615 18446744073709551616 1@1 2@1 \
             0@0 @ 1@ 5ms..40ms 9ms..1ms 2s 0.1us 1e-9s 99999h 3600s 20% 0.2 1e308 nan inf -0 100% \
             x=1 =x = SET x"
                .split_whitespace(),
        )
        .map(str::to_owned)
        .collect();
    words.extend(Rule::ALL.iter().map(|rule| rule.id().to_owned()));
    words.extend(Property::ALL.into_iter().map(property_word));
    words.extend(["\t", "\u{a0}", "\u{b}", "\u{85}", "é", "語", "\u{0}", "\r"].map(str::to_owned));
    words.sort();
    words.dedup();
    words
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![8 => select(vocabulary()), 1 => "\\PC{0,12}", 1 => any::<String>()]
}

/// Words in any order, which sometimes form a valid line.
pub(super) fn soup() -> impl Strategy<Value = String> {
    let verb = select(first_words(Verb::USAGE));
    let words = proptest::collection::vec(word(), 0..8).prop_map(|words| words.join(" ")).boxed();
    prop_oneof![(verb, words.clone()).prop_map(|(verb, rest)| format!("{verb} {rest}")), words]
}

/// One mistake in a text.
#[derive(Clone, Debug)]
enum Mistake {
    Cut(Index, Index),
    Insert(Index, String),
    Word(Index, String),
    Swap(Index, Index),
    Repeat(Index),
}

fn mistake() -> impl Strategy<Value = Mistake> {
    let index = any::<Index>;
    prop_oneof![
        1 => (index(), index()).prop_map(|(from, to)| Mistake::Cut(from, to)),
        1 => (index(), word()).prop_map(|(at, word)| Mistake::Insert(at, word)),
        4 => (index(), word()).prop_map(|(at, word)| Mistake::Word(at, word)),
        1 => (index(), index()).prop_map(|(a, b)| Mistake::Swap(a, b)),
        1 => index().prop_map(Mistake::Repeat),
    ]
}

fn make(text: &str, mistake: &Mistake) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() || letters.is_empty() {
        return text.to_owned();
    }
    match mistake {
        Mistake::Cut(from, to) => {
            let from = from.index(letters.len());
            let to = (from + to.index(20)).min(letters.len());
            return letters[..from].iter().chain(&letters[to..]).collect();
        }
        Mistake::Insert(at, word) => {
            let (before, behind) = letters.split_at(at.index(letters.len()));
            let (before, behind): (String, String) =
                (before.iter().collect(), behind.iter().collect());
            return format!("{before}{word}{behind}");
        }
        Mistake::Word(at, word) => {
            let line = &mut lines[at.index(text.lines().count())];
            let mut words: Vec<&str> = line.split(' ').collect();
            let nth = at.index(words.len());
            words[nth] = word;
            *line = words.join(" ");
        }
        Mistake::Swap(a, b) => {
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            lines.swap(a, b);
        }
        Mistake::Repeat(at) => {
            let at = at.index(lines.len());
            lines.insert(at, lines[at].clone());
        }
    }
    lines.join("\n")
}

/// A shipped scenario with a few mistakes.
pub(super) fn nearly_a_scenario() -> impl Strategy<Value = String> {
    (select(SHIPPED), proptest::collection::vec(mistake(), 1..6)).prop_map(
        |((_, text), mistakes)| {
            mistakes.iter().fold(text.to_owned(), |text, mistake| make(&text, mistake))
        },
    )
}

/// Checks that every mistake has its place and a line that a terminal can show, and that they come in order.
fn check_error(text: &str, error: &ScriptError) {
    let told = error.to_string();
    let mut told = told.lines();
    let lines: Vec<&str> = text.strip_prefix('\u{feff}').unwrap_or(text).lines().collect();
    let mut before = 0;
    for WrongLine { number, text, error } in &error.lines {
        assert_eq!(lines[number - 1], text, "{error}");
        assert!(*number > before, "{error}");
        before = *number;
        assert!(!error.expected.is_empty() || error.meant.is_some());
        let rest: String = text.chars().skip(error.column - 1).collect();
        assert!(rest.starts_with(&error.word), "{:?} is not at {}", error.word, error.column);
        let sentence = told.next().unwrap();
        assert!(sentence.starts_with(&format!("a-file:{number}:{}: ", error.column)), "{sentence}");
        let (quoted, mark) = (told.next().unwrap(), told.next().unwrap());
        assert!(quoted.chars().count() < 90 && mark.trim_start().starts_with('^'), "{quoted}");
        assert!(![sentence, quoted].concat().contains(char::is_control), "{sentence:?} {quoted:?}");
    }
    assert!(!error.lines.is_empty() && error.lines.len() <= 20);
    assert_eq!(told.count(), usize::from(error.more > 0));
}

/// Checks that a script is refused with the place of the mistake, or is read back the same after it is written.
fn check_script(text: &str) {
    match Script::parse("a-file", text) {
        Err(error) => {
            check_error(text, &error);
        }
        Ok(script) => {
            let written = script.to_string();
            let again = Script::parse("a-file", &written).unwrap_or_else(|error| {
                panic!("{error} in what was written:\n{written}\nfrom {text:?}")
            });
            let verbs = |script: &Script| {
                script.lines.iter().map(|line| line.verb.clone()).collect::<Vec<_>>()
            };
            assert_eq!(verbs(&again), verbs(&script), "{written}");
            assert_eq!((again.settings(), again.seed), (script.settings(), script.seed));
            assert_eq!((again.timing, again.on_threads), (script.timing, script.on_threads));
        }
    }
}

/// Checks that a line is refused with the wrong word, or is read back the same after it is written.
fn check_line(line: &str, nodes: usize) {
    match parse_line(line, nodes) {
        Err(error) => {
            assert!(!error.expected.is_empty() || error.meant.is_some());
            assert!(line.contains(&error.word), "{:?} is not in {line:?}", error.word);
        }
        Ok(None) => assert!(line.trim().is_empty() || line.trim().starts_with('#')),
        Ok(Some(verb)) => {
            let written = verb.to_string();
            assert_eq!(parse_line(&written, nodes), Ok(Some(verb)), "{line:?} wrote {written:?}");
        }
    }
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn any_bytes_are_a_script_or_an_error_with_its_line(
        bytes in proptest::collection::vec(any::<u8>(), 0..400)
    ) {
        check_script(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_text_is_a_line_or_an_error_with_its_word(
        line in any::<String>(), nodes in 1..=MAX_NODES
    ) {
        // A line has no line break in it, because scripts are split at line breaks first.
        check_line(&line.replace('\n', " "), nodes);
    }

    #[test]
    fn any_words_are_a_line_or_an_error_with_its_word(line in soup(), nodes in 1..=MAX_NODES) {
        check_line(&line.replace('\n', " "), nodes);
    }

    #[test]
    fn any_lines_of_words_are_a_script_or_an_error_with_its_line(
        lines in proptest::collection::vec(soup(), 0..12)
    ) {
        check_script(&lines.join("\n"));
    }

    #[test]
    fn a_scenario_with_mistakes_is_a_script_or_an_error_with_its_line(
        text in nearly_a_scenario()
    ) {
        check_script(&text);
    }
}
