//! The built program, from outside. Whatever a file contains or a user types, it ends by itself with one of
//! its own exit codes, within ten seconds and a gigabyte, and writes no control character.
//!
//! `.ci/fuzz` runs these, which takes a quarter of an hour.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use raft_in_practice::raft::MAX_NODES;
use raft_in_practice::scenario::library::SHIPPED;
use raft_in_practice::scenario::parse::parse_line;
use raft_in_practice::scenario::run::PATIENCE;
use raft_in_practice::scenario::script::{Script, unrolled};
use raft_in_practice::scenario::verb_table::Verb;

use super::cases;
use super::lines::{nearly_a_scenario, soup};
use super::traces::{TRACES, make, mistake};

/// Texts that no terminal may get, and letters that take two columns or none.
const LETTERS: [&str; 24] = [
    "\u{1b}[2J",
    "\u{1b}]52;c;eA==\u{7}",
    "\u{9b}31m",
    "\u{1b}",
    "\u{7f}",
    "\u{0}",
    "\u{8}",
    "\r",
    "\n",
    "\t",
    "\u{85}",
    "\u{202e}",
    "\u{2066}",
    "\u{2028}",
    "\u{200d}",
    "\u{feff}",
    "語",
    "😀",
    "e\u{301}",
    "\"",
    "\\",
    " ",
    "✓",
    "word",
];

/// A text made of these.
fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(select(&LETTERS[..]), 0..12).prop_map(|letters| letters.concat())
}

/// A folder of its own for the files of a test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs").join(test);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs the program, and checks what must hold for any input.
fn ask(test: &str, arguments: &[&OsStr], input: &str, colour: bool) {
    let program = std::env::var("RAFT_CLUSTER").expect(".ci/fuzz says where the program is");
    // Memory that is reserved for threads counts as used, so the allocator gets only one arena.
    let limited = "ulimit -v 1000000; exec timeout 10 \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", limited, "sh", &program]).args(arguments).current_dir(folder(test));
    command.env("MALLOC_ARENA_MAX", "1").env_remove("NO_COLOR");
    if colour {
        command.env("CLICOLOR_FORCE", "1");
    }
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    // The write fails if the program has closed its input because it has read enough.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let ended = child.wait_with_output().unwrap();
    let told = [ended.stdout, ended.stderr].concat();
    let told = String::from_utf8(told).expect("it writes text");
    let code = ended.status.code();
    assert!(matches!(code, Some(0..=2)), "{arguments:?} ended with {:?}: {told}", ended.status);
    assert!(!told.contains("panicked"), "{arguments:?}: {told}");
    let raw = |letter: char| {
        letter != '\n' && letter.is_control()
            || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let plain = if colour { without_colour(&told) } else { told };
    let found = plain.find(raw);
    assert_eq!(found, None, "{arguments:?}: {:?}", &plain[found.unwrap_or_default()..]);
}

/// The text without the sequences that set a colour.
fn without_colour(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|letter: char| !letter.is_ascii_digit() && letter != ';');
        match end.map(|end| part.split_at(end)) {
            Some((_, rest)) if rest.starts_with('m') => plain.push_str(&rest[1..]),
            _ => plain.extend(["\u{1b}[", part]),
        }
    }
    plain
}

/// How long a line may let the cluster run.
fn time_of(verb: &Verb) -> Duration {
    match verb {
        Verb::Wait(time) | Verb::ExpectStall { within: time, .. } => *time,
        Verb::WaitUntil { within, .. } => within.unwrap_or(PATIENCE),
        Verb::Submit { .. } | Verb::Write(_) | Verb::Retry(_) | Verb::Elect(_) => PATIENCE,
        Verb::Step(events) => Duration::from_millis(*events),
        Verb::Try(verb) => time_of(verb),
        _ => Duration::ZERO,
    }
}

/// Whether these lines ask for little. Lines that ask for hours of a cluster's time may take minutes.
fn ask_for_little<'a>(verbs: impl Iterator<Item = &'a Verb>) -> bool {
    let (mut lines, mut time) = (0, Duration::ZERO);
    verbs.for_each(|verb| {
        lines += 1;
        time = time.saturating_add(time_of(verb));
    });
    lines < 2_000 && time < Duration::from_mins(3)
}

fn asks_for_little(script: &str) -> bool {
    Script::parse("script", script).map_or(true, |script| {
        ask_for_little(unrolled(&script.lines).into_iter().map(|line| &line.verb))
    })
}

/// A script of random words, a scenario with mistakes, or one with text that no terminal may get.
fn script() -> impl Strategy<Value = String> {
    let heads =
        ["note ", "phase ", "submit ", "write SET x=", "shows ", "question ", "expect ", ""];
    let line = (select(heads.to_vec()), text()).prop_map(|(head, text)| format!("{head}{text}"));
    let spiced = (select(SHIPPED), proptest::collection::vec((any::<Index>(), line), 1..6));
    let spiced = spiced.prop_map(|((_, text), new)| {
        let mut lines: Vec<&str> = text.lines().collect();
        for (at, line) in &new {
            lines.insert(at.index(lines.len()), line);
        }
        lines.join("\n")
    });
    let soup = proptest::collection::vec(soup(), 0..12).prop_map(|lines| lines.join("\n"));
    prop_oneof![2 => spiced, 2 => nearly_a_scenario(), 1 => soup]
}

/// A file name with text that no terminal may get.
fn name() -> impl Strategy<Value = String> {
    text().prop_map(|text| format!("s{}.raft", text.replace(['/', '\0'], "")))
}

/// Lines for a prompt with these words of its own.
fn typed(words: &[&'static str]) -> impl Strategy<Value = String> {
    let own = (select(words.to_vec()), prop_oneof!["[0-9a-z ]{0,8}", text()]);
    let own = own.prop_map(|(word, rest)| format!("{word} {rest}"));
    let line = prop_oneof![3 => soup(), 3 => own, 1 => text()];
    proptest::collection::vec(line, 1..15).prop_map(|lines| {
        let short = lines.into_iter().filter(|line| {
            let verb = parse_line(line.trim(), MAX_NODES).ok().flatten();
            ask_for_little(verb.iter()) && !line.trim_start().starts_with("run ")
        });
        short.collect::<Vec<_>>().join("\n")
    })
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    #[ignore = "it runs the program: .ci/fuzz"]
    fn scripts_run(
        script in script(),
        name in name(),
        view in select(vec!["story", "brief", "quiet", "lanes", "json"]),
        colour in any::<bool>(),
    ) {
        prop_assume!(asks_for_little(&script));
        let file = folder("scripts").join(&name);
        fs::write(&file, &script).unwrap();
        let view = if view == "json" { ["--format", view] } else { ["--view", view] }.map(OsStr::new);
        let arguments = [OsStr::new("run"), file.as_os_str(), OsStr::new("--virtual"), view[0], view[1]];
        ask("scripts", &arguments, "", colour);
        fs::remove_file(&file).unwrap();
    }

    #[test]
    #[ignore = "it runs the program: .ci/fuzz"]
    fn traces_are_replayed(
        which in any::<Index>(),
        mistakes in proptest::collection::vec(mistake(), 0..3),
        command in text(),
        arguments in select(vec![
            &["--view", "story"][..], &["--view", "lanes"], &["--verify"], &["--prompt"], &["--prompt"],
            &["--at", "7"], &["--at", "last crash"], &["--at", "9", "--why", "not committed 2 on 0"],
            &["--at", "5", "--format", "json"], &["--format", "json"],
        ]),
        typed in typed(&["next", "back", "previous", "goto", "show", "log", "messages", "diff", "blame", "why"]),
        colour in any::<bool>(),
    ) {
        let original = &TRACES[which.index(TRACES.len())];
        let command = serde_json::to_string(&command).unwrap();
        let original = original.replacen("\"SET x=1\"", &command, 2);
        let changed = mistakes.iter().fold(original.into_bytes(), make);
        let file = folder("traces").join("trace.jsonl");
        fs::write(&file, changed).unwrap();
        let arguments = arguments.iter().map(OsStr::new);
        let all: Vec<&OsStr> = [OsStr::new("replay"), file.as_os_str()].into_iter().chain(arguments).collect();
        ask("traces", &all, &typed, colour);
    }

    #[test]
    #[ignore = "it runs the program: .ci/fuzz"]
    fn the_prompt_is_typed_at(
        typed in typed(&["help", "back", "messages", "log", "save f", "load", "wait 1s until", "quit"]),
        scenario in proptest::option::of(select(SHIPPED)),
        colour in any::<bool>(),
    ) {
        let scenario = scenario.map(|(name, _)| name);
        let arguments: Vec<&OsStr> = std::iter::once("play").chain(scenario).map(OsStr::new).collect();
        ask("prompt", &arguments, &typed, colour);
    }
}
