//! The program `raft-node` from outside: what it prints, and its exit code.

use assert_cmd::Command;
use serde_json::Value;

use crate::common::text::unwrapped;

const HEADINGS: [&str; 10] = [
    "1. A node starts as a follower in term 0",
    "2. Its election timer ends",
    "3. A majority of votes makes it the leader",
    "4. It takes three commands into its log",
    "5. A majority holds them",
    "6. It sees a higher term and steps down",
    "7. It votes for a candidate",
    "8. Three rules refuse a vote",
    "9. A log that diverged is repaired",
    "10. A majority of copies is not always a commit",
];

fn raft_node(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("raft-node").unwrap();
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env_remove("CLICOLOR");
    command.args(arguments);
    command
}

/// What the program prints when all is well.
fn printed(arguments: &[&str]) -> String {
    let output = raft_node(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The program's complaint about a wrong command line: one sentence, and nothing else.
fn complaint(arguments: &[&str]) -> String {
    let output = raft_node(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?} started something");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

fn json(arguments: &[&str]) -> Vec<Value> {
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    printed(arguments).lines().map(read).collect()
}

/// Every verdict in the lines.
fn verdicts(lines: &[Value]) -> Vec<&Value> {
    let events = lines.iter().flat_map(|line| line["events"].as_array().unwrap());
    events.filter(|event| event["event"] == "checked").collect()
}

#[test]
fn without_a_subcommand_it_walks_through_ten_sections_in_order() {
    let text = printed(&[]);
    assert!(text == printed(&["walkthrough"]));
    let mut rest = text.as_str();
    for heading in HEADINGS {
        let at = rest.find(heading).unwrap_or_else(|| panic!("{heading:?} is missing or late"));
        rest = &rest[at + heading.len()..];
    }
}

#[test]
fn a_section_alone_is_what_it_is_in_the_whole() {
    let (text, lines) = (printed(&[]), json(&["--format", "json"]));
    for (at, heading) in HEADINGS.iter().enumerate() {
        let number = (at + 1).to_string();
        let section = printed(&["--section", &number]);
        assert!(section.starts_with(heading) && text.contains(&section), "{section}");
        assert_eq!(HEADINGS.iter().filter(|other| section.contains(**other)).count(), 1);
        let own = json(&["walkthrough", "--section", &number, "--format", "json"]);
        let same = |line: &&Value| line["section"] == at + 1;
        assert!(!own.is_empty() && own.iter().eq(lines.iter().filter(same)), "{number}");
    }
}

#[test]
fn the_sections_show_what_they_promise() {
    let text = printed(&["--nodes", "5"]);
    for shown in [
        "n0 follower, currentTerm 0, votedFor null, log is empty, commitIndex 0",
        "RequestVote: term 1, candidateId n0, lastLogIndex 0, lastLogTerm 0",
        "3 of 5 votes, and 3 are a majority",
        "appends 1@1 to its own log",
        "2@1  SET x=1",
        "3@1  SET y=2",
        "4@1  DELETE z",
        "index 4 is known to be on 3 of 5 nodes, and 3 are a majority",
        "n0 holds x = 1, y = 2",
        "becomes follower in term 5, was leader",
        "RequestVote reply: term 5, voteGranted true",
        "n2's message is of term 3, n1 is in term 5",
        "n2 asks, but n1 voted for n0 in term 6",
        "n2 says its log ends at 3@1, n1's ends at 2@2",
        "deletes indexes 4 to 11",
        "2@2 is of term 2, n0 leads term 4",
        "n0 has applied 2@2, n4 has applied 2@3",
    ] {
        let (told, shown) = (unwrapped(&text), unwrapped(shown));
        assert!(told.contains(&shown), "{shown:?} is not there");
    }
}

#[test]
fn a_cluster_of_any_size_is_shown_within_a_hundred_columns() {
    for nodes in 1..=9 {
        let text = printed(&["--nodes", &nodes.to_string()]);
        assert!(HEADINGS.iter().all(|heading| text.contains(heading)), "{nodes}");
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{nodes}: {line}");
            assert_eq!(line, line.trim_end(), "no line ends in spaces");
        }
    }
}

#[test]
fn the_rules_fit_a_hundred_columns_and_are_told_in_full_by_id() {
    let list = printed(&["rules"]);
    assert!(list.lines().all(|line| line.chars().count() <= 100), "{list}");
    let ids = list.lines().filter_map(|line| line.split("  ").next());
    let ids: Vec<_> = ids.filter(|id| id.contains('-') && !id.contains(' ')).collect();
    assert_eq!(ids.len(), raft_in_practice::raft::Rule::ALL.len());
    for id in ids {
        let text = printed(&["rules", id]);
        for part in ["paper", "protects", "enforced in", "when broken", "raft-cluster hunt --break"]
        {
            assert!(text.contains(part), "{id}: {part}");
        }
        assert!(text.contains(&format!("broken/{id}")), "{text}");
        assert!(text.contains(&format!("cargo test {}", id.replace('-', "_"))), "{text}");
        let read = text.split("distributed_consensus_deep_dive.md: ").nth(1).unwrap();
        assert!(read.starts_with(|letter: char| letter.is_ascii_digit()), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    }
}

#[test]
fn colour_is_off_in_a_pipe_unless_it_is_asked_for() {
    let plain = printed(&[]);
    assert!(!plain.contains('\u{1b}'));
    let painted = printed(&["--color", "always"]);
    assert!(painted.contains("\u{1b}["));
    let forced = raft_node(&[]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(String::from_utf8(forced.stdout).unwrap() == painted);
    let never = raft_node(&["--color", "never"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(String::from_utf8(never.stdout).unwrap() == plain);
    assert!(printed(&["rules", "--color", "always"]).contains("\u{1b}["));
    assert!(without_codes(&painted) == plain, "colour changes more than colour");
}

fn without_codes(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            letters.by_ref().find(|&end| end == 'm');
        } else {
            plain.push(letter);
        }
    }
    plain
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_other_timeouts() {
    let seven = printed(&["--seed", "7"]);
    assert!(seven == printed(&["walkthrough", "--seed", "7"]));
    assert!(seven == printed(&["--seed", "7", "walkthrough"]));
    assert!(seven != printed(&["--seed", "8"]));
    let drawn =
        |seed: &str| json(&["--format", "json", "--seed", seed])[0]["election_timeout_us"].as_u64();
    assert!((1_500_000..3_000_000).contains(&drawn("7").unwrap()));
    assert_ne!(drawn("7"), drawn("8"));
}

#[test]
fn json_is_one_object_a_line_with_a_reason_in_every_verdict() {
    for nodes in ["1", "2", "5", "8"] {
        let lines = json(&["--format", "json", "--nodes", nodes]);
        let sections = lines.iter().map(|line| line["section"].as_u64().unwrap());
        assert!(sections.is_sorted());
        for line in &lines {
            assert!(line["title"].is_string() && line["node"].is_u64());
            assert!(line["messages"].is_array() && line["state"]["current_term"].is_u64());
        }
        let verdicts = verdicts(&lines);
        assert!(verdicts.len() > 20, "{nodes}");
        for verdict in verdicts {
            let rule = verdict["rule"].as_str().unwrap();
            assert!(raft_in_practice::raft::Rule::of_id(rule).is_some(), "{rule}");
            assert!(verdict["paper"].as_str().unwrap().starts_with('§'));
            let outcome = verdict["outcome"].as_str().unwrap();
            assert!(["holds", "refused", "overridden"].contains(&outcome), "{outcome}");
            assert!(verdict["facts"]["kind"].is_string());
        }
    }
}

#[test]
fn the_rules_as_json_are_one_object_a_rule() {
    use raft_in_practice::raft::Rule;
    let rules = json(&["rules", "--format", "json"]);
    let ids: Vec<_> = rules.iter().map(|line| line["rule"].as_str().unwrap()).collect();
    assert_eq!(ids, Rule::ALL.map(Rule::id));
    let one = json(&["rules", "up-to-date-log", "--format", "json"]);
    assert_eq!(one.len(), 1);
    assert_eq!(one[0]["protects"], "leader-completeness");
    assert!(one[0]["statement"].is_string() && one[0]["when_broken"].is_string());
}

#[test]
fn json_inputs_and_messages_read_back_as_the_librarys_own() {
    use raft_in_practice::raft::{Envelope, Event};
    // A message without its number is the library's own.
    let envelope = |message: &Value| {
        let mut bare = message.clone();
        let number = bare.as_object_mut().unwrap().remove("message").unwrap().as_u64().unwrap();
        let read: Envelope = serde_json::from_value(bare.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), bare);
        (number, read)
    };
    let (mut section, mut sent) = (Value::Null, Vec::new());
    for line in json(&["--format", "json"]) {
        if line["section"] != section {
            section = line["section"].clone();
            sent.clear();
        }
        let received = line.get("received").map(envelope);
        assert_eq!(line["input"].get("receive").is_some(), received.is_some(), "{line}");
        if let Some((number, message)) = received {
            assert_eq!(line["input"]["receive"], number);
            // A message that was sent in this section, and shown, has the number under which it was sent.
            let known = sent.iter().filter(|(_, other)| *other == message);
            assert!(known.clone().count() == 0 || known.clone().any(|(it, _)| *it == number));
        }
        sent.extend(line["messages"].as_array().unwrap().iter().map(envelope));
        assert!(sent.is_sorted_by_key(|(number, _)| *number), "{line}");
        let events: Vec<Event> = serde_json::from_value(line["events"].clone()).unwrap();
        assert_eq!(serde_json::to_value(events).unwrap(), line["events"]);
    }
}

#[test]
fn wrong_usage_is_one_sentence_and_code_2() {
    for (arguments, words) in [
        (&["--nodes", "0"][..], &["'0'", "--nodes", "1 to 9"][..]),
        (&["--nodes", "100"], &["'100'", "--nodes", "1 to 9"]),
        (&["--nodes", "-1"], &["'-1'", "--nodes", "1 to 9"]),
        (&["walkthrough", "--nodes", "x"], &["'x'", "--nodes", "1 to 9"]),
        (&["--section", "11"], &["'11'", "--section", "1 to 10"]),
        (&["--seed", "-1"], &["'-1'", "--seed", "whole number"]),
        (&["--format", "xml"], &["'xml'", "text, json"]),
        (&["--color", "maybe"], &["'maybe'", "auto, always, never"]),
        (&["--node", "3"], &["--node", "did you mean '--nodes'?"]),
        (&["--bogus"], &["--bogus", "--help"]),
        (&["walktrough"], &["walktrough", "did you mean 'walkthrough'?"]),
        (
            &["rules", "one-vote-per-trem"],
            &["one-vote-per-trem", "did you mean 'one-vote-per-term'?"],
        ),
        (&["rules", "a", "b"], &["'b'"]),
        (&["--nodes", "3", "rules"], &["--nodes", "walkthrough"]),
        (&["completions"], &["SHELL"]),
    ] {
        let text = complaint(arguments);
        assert!(text.starts_with("raft-node: "), "{text}");
        for word in words {
            assert!(text.contains(word), "{arguments:?}: {text:?} lacks {word:?}");
        }
    }
    // The largest seed is valid.
    assert!(!printed(&["--seed", "18446744073709551615"]).is_empty());
}

#[test]
fn help_has_examples_and_completions_are_scripts() {
    assert!(printed(&["--help"]).contains("Examples:"));
    assert!(printed(&["--version"]).starts_with("raft-node "));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(printed(&["completions", shell]).contains("walkthrough"), "{shell}");
    }
}

#[test]
fn step_does_not_wait_where_nobody_could_press_enter() {
    assert!(printed(&["--step"]) == printed(&[]));
}

/// The pipe is closed before the program starts, so that its first write fails.
#[cfg(unix)]
#[test]
fn a_reader_that_went_away_is_no_error() {
    for arguments in
        [&["--format", "json"][..], &[], &["rules"], &["completions", "bash"], &["--help"]]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("raft-node"))
            .args(arguments)
            .stdout(writer)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .and_then(std::process::Child::wait_with_output)
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}
