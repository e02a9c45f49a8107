//! Wrong usage: one sentence that says what is wrong with what, and what would be right.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use crate::raft_cluster::{complaint, file, printed, raft_cluster};

#[test]
fn a_wrong_command_line_is_met_with_one_sentence() {
    for (arguments, words) in [
        (&["--nodes", "0"][..], &["'0'", "--nodes", "1 to 9 nodes"][..]),
        (&["--nodes", "100"], &["'100'", "--nodes", "1 to 9 nodes"]),
        (&["--nodes", "five"], &["'five'", "--nodes", "1 to 9 nodes"]),
        (&["--nodes"], &["--nodes", "--help"]),
        (&["--seed", "18446744073709551616"], &["--seed", "a whole number from 0 to"]),
        (&["--seed", ""], &["--seed", "a whole number from 0 to"]),
        (&["--seed", "1.5"], &["--seed", "a whole number from 0 to"]),
        (&["--seed", "-1"], &["'-1'", "--seed", "a whole number"]),
        (&["--seed", "x"], &["'x'", "--seed", "a whole number"]),
        (&["--drop", "2"], &["'2'", "--drop", "0 to 1", "20%"]),
        (&["--drop", "often"], &["'often'", "--drop", "0.2"]),
        (&["--drop", "NaN"], &["'NaN'", "--drop", "0.2"]),
        (&["--drop", "101%"], &["'101%'", "--drop", "0 to 1"]),
        (&["--drop", ""], &["--drop", "0.2"]),
        (&["--duplicate", "-0.1"], &["'-0.1'", "--duplicate"]),
        (&["--latency", "5ms..1ms"], &["5ms..1ms", "backwards", "1ms..5ms"]),
        (&["--latency", "3"], &["'3'", "--latency", "unit", "5ms"]),
        (&["--latency", ""], &["--latency", "5ms"]),
        (&["--latency", "ms"], &["'ms'", "--latency", "5ms"]),
        (&["--latency", "NaNs"], &["'NaNs'", "--latency", "5ms"]),
        (&["--latency", "1e99s"], &["'1e99s'", "--latency"]),
        (&["--latency", "5 parsecs"], &["'5 parsecs'", "--latency", "5ms"]),
        (&["--speed", "0"], &["'0'", "--speed", "0.1 to 50"]),
        (&["--speed", "fast"], &["'fast'", "--speed"]),
        (&["--pace", "0"], &["'0'", "--pace", "0.1 to 50, or 'none'"]),
        (&["--pace", "slow"], &["'slow'", "--pace", "'none'"]),
        (&["run", "demo", "--step"], &["--step waits for Enter", "terminal", "leave it out"]),
        (&["--step", "--format", "json"], &["--step", "--format"]),
        (&["--virtual", "--speed", "3"], &["--virtual", "--speed"]),
        (&["--brek", "x"], &["--brek", "did you mean '--break'?"]),
        (&["--break", "one-vote-per-trem"], &["did you mean 'one-vote-per-term'?"]),
        (&["--break", "zzz"], &["no rule is called 'zzz'", "raft-node rules"]),
        (&["--view", "loud"], &["'loud'", "story", "quiet"]),
        (&["--format", "jsn"], &["'jsn'", "did you mean 'json'?"]),
        (&["scenaros"], &["scenaros", "did you mean 'scenarios'?"]),
        (
            &["run", "nowhere"],
            &["'nowhere'", "neither a scenario", "'raft-cluster scenarios' lists"],
        ),
        (&["run", "figure8"], &["did you mean 'figure-8'?"]),
        (&["run", "figure-8", "--speed", "2"], &["figure-8", "leave out --speed"]),
        (&["run", "broken/one-vote-per-trem"], &["did you mean 'broken/one-vote-per-term'?"]),
        (&["run", "demo", "--intact", "--break", "up-to-date-log"], &["--intact", "--break"]),
        (&["hunt", "--break", "up-to-date"], &["did you mean 'up-to-date-log'?"]),
        (&["hunt", "--seeds", "many"], &["'many'", "--seeds", "a whole number"]),
        (&["hunt", "--for", "5"], &["'5'", "--for", "unit"]),
        (&["hunt", "--for", "9999h"], &["'9999h'", "--for", "more than a week"]),
        (&["hunt", "--seeds", "0"], &["no seed was tried", "--seeds", "--for"]),
        (&["hunt", "--for", "0", "--format", "json"], &["no seed was tried"]),
        (&["--latency", "-1ms..1ms"], &["'-1ms..1ms'", "--latency", "as in 5ms"]),
        (&["--drop", "-5%"], &["'-5%'", "--drop", "as in 0.2 or 20%"]),
        (&["hunt", "--for", "-1s"], &["'-1s'", "--for", "as in 5ms"]),
        (&["hunt", "--seeds", "-1"], &["'-1'", "--seeds", "a whole number, 0 or more"]),
        (&["replay", "x", "--at", "-1"], &["'-1'", "--at", "a place is a step's number"]),
        (&["replay", "x", "--at", "abc"], &["'abc'", "--at", "a place is a step's number"]),
        (&["check", "--memory", "0"], &["'0'", "a memory limit is 1 MB or more"]),
        (&["check", "--terms", "99"], &["'99'", "--terms", "0 to 20"]),
        (&["replay"], &["TRACE"]),
        (&["replay", "nowhere.jsonl"], &["'nowhere.jsonl' cannot be read"]),
        (&["replay", "figure-8"], &["is a scenario", "'raft-cluster run figure-8 --trace FILE'"]),
        (&["--trace", "no/such/directory/x"], &["no/such/directory/x", "cannot be written"]),
    ] {
        let sentence = complaint(arguments);
        assert!(sentence.starts_with("raft-cluster: "), "{sentence}");
        for word in words {
            assert!(sentence.contains(word), "{arguments:?}: {sentence:?} lacks {word:?}");
        }
    }
}

#[test]
fn a_word_in_the_wrong_place_is_told_where_it_belongs() {
    // A session that began all the same would not end, so it finds its port taken.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().port().to_string();
    for (arguments, words) in [
        (&["partition"][..], &["'partition' is a scenario", "'raft-cluster run partition'"][..]),
        (&["rules"], &["'rules' is a command: 'raft-node rules'"]),
        (&["why", "leader", "0"], &["'why' asks about a run", "raft-cluster replay TRACE --why"]),
        (&["hunt", "up-to-date-log"], &["is a rule: '--break up-to-date-log' breaks it"]),
        (&["run", "demo", "hunt"], &["'hunt' is a command: 'raft-cluster hunt'"]),
        (
            &["explore", "demo", "--at", "4", "--port", &taken],
            &["--at names a place in a recorded"],
        ),
        (&["explore", "--at", "4", "--port", &taken], &["--at names a place in a recorded run"]),
    ] {
        let sentence = complaint(arguments);
        for word in words {
            assert!(sentence.contains(word), "{arguments:?}: {sentence:?} lacks {word:?}");
        }
    }
}

/// The complaint about a script with errors: exit code 2, and three lines for each error.
fn script_complaint(arguments: &[&str]) -> String {
    let output = raft_cluster(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed something");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_script_that_is_not_of_the_language_is_met_with_file_line_column_and_word() {
    for (name, text, words) in [
        ("verb.raft", "nodes 3\n\n# a comment\njump 1\n", &[":4:1: ", "'jump'", "a verb"][..]),
        ("end.raft", "nodes 3\ncrash\n", &[":2:6: ", "the line ends", "a node from 0 to 2"]),
        ("node.raft", "nodes 3\ncrash 7\n", &[":2:7: ", "'7'", "a node from 0 to 2"]),
        ("rule.raft", "rules one-vote\nnodes 3\n", &[":1:7: ", "'one-vote'", "the id of a rule"]),
        ("head.raft", "nodes many\n", &[":1:7: ", "'many'", "1 to 9"]),
        ("late.raft", "status\nnodes 3\n", &[":2:1: ", "'nodes'", "a verb"]),
        ("time.raft", "wait soon\n", &[":1:6: ", "'soon'", "2s"]),
        ("other.raft", "language 7\nnodes 3\n", &[":1:10: ", "'7'", "another version"]),
        ("stall.raft", "expect stall soon\n", &[":1:14: ", "'soon'", "2s"]),
        ("more.raft", "heal all\n", &[":1:6: ", "'all'", "the end of the line"]),
        ("meant.raft", "  crash leadr\n", &[":1:9: ", "'leadr'", "perhaps 'leader'"]),
    ] {
        let path = file(name);
        fs::write(&path, text).unwrap();
        let complaint = script_complaint(&["run", path.to_str().unwrap(), "--virtual"]);
        assert_eq!(complaint.lines().count(), 3, "{complaint}");
        assert!(complaint.starts_with("raft-cluster: "), "{complaint}");
        for word in words.iter().chain(&[name]) {
            assert!(complaint.contains(word), "{complaint:?} lacks {word:?}");
        }
    }
    let small = script_complaint(&["run", "figure-7", "--nodes", "3", "--virtual"]);
    assert!(small.contains("figure-7:") && small.contains("node from 0 to 2"), "{small}");
}

#[test]
fn all_errors_of_a_script_are_told_with_a_mark_below_each_word() {
    let path = file("several.raft");
    let name = path.to_str().unwrap();
    // The head goes on after an error in it, and no node is called wrong because 'nodes' could not be read.
    fs::write(&path, "\u{feff}nodes 77\nsede 3\nseed x\ncrash 8 before lunch\nheal\n\tjump\n")
        .unwrap();
    let complaint = script_complaint(&["run", name, "--virtual"]);
    let marks = [
        ("nodes 77", "      ^^"),
        ("sede 3", "^^^^"),
        ("seed x", "     ^"),
        ("crash 8 before lunch", "               ^^^^^"),
        ("\\tjump", "  ^^^^"),
    ];
    let lines: Vec<&str> = complaint.lines().collect();
    assert_eq!(lines.len(), 3 * marks.len(), "{complaint}");
    for (told, (line, mark)) in lines.chunks(3).zip(marks) {
        assert_eq!(
            [told[1], told[2]],
            [format!("    {line}"), format!("    {mark}")],
            "{complaint}"
        );
    }
}

/// A file may be of any size, and none of its text reaches a terminal unescaped.
#[test]
fn a_long_or_hostile_script_is_told_in_a_few_plain_lines() {
    let path = file("hostile.raft");
    let name = path.to_str().unwrap();
    fs::write(&path, "\u{1b}[2J\u{202e} x\n".repeat(320)).unwrap();
    let complaint = script_complaint(&["run", name]);
    assert_eq!(complaint.lines().count(), 61, "{complaint}");
    assert!(complaint.ends_with("\nand 300 more\n"), "{complaint}");
    assert!(complaint.contains("    \\u{1b}[2J\\u{202e} x\n"), "{complaint}");
    assert!(!complaint.contains(['\u{1b}', '\u{202e}']), "{complaint:?}");

    let long = "0 ".repeat(50_000);
    for text in [format!("heal {long}"), format!("partition {long}"), "x".repeat(100_000)] {
        fs::write(&path, text).unwrap();
        let complaint = script_complaint(&["run", name]);
        let lines: Vec<&str> = complaint.lines().collect();
        assert!(lines.len() == 3 && complaint.len() < 1000, "{complaint}");
        assert!(lines[1].contains('…') && lines[2].contains('^'), "{complaint}");
    }
}

#[test]
fn a_script_that_is_no_text_cannot_be_read() {
    let path = file("binary.raft");
    fs::write(&path, [0x00, 0xff, 0x00]).unwrap();
    let sentence = complaint(&["run", path.to_str().unwrap()]);
    assert!(sentence.contains("binary.raft' is not text in UTF-8"), "{sentence}");
}

/// On a full disk, whatever is printed, the program ends with one sentence and exit code 2.
#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_said_and_nothing_panics() {
    for arguments in [
        &["completions", "zsh"][..],
        &["scenarios"],
        &["run", "demo", "--virtual"],
        &["explore", "--no-open"],
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let program = raft_cluster(arguments).get_program().to_owned();
        let output = Command::new(program).args(arguments).stdout(full).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains("cannot be written") && text.lines().count() == 1, "{text}");
        assert!(text.starts_with("raft-cluster: "), "{text}");
    }
}

/// If the parser of an option gave another type than its field has, the option would fail for every value.
#[test]
fn every_option_takes_a_value() {
    let page = file("values.svg");
    let trace = file("values.jsonl");
    for line in [
        "run --virtual --view quiet --nodes 3 --seed 1 --drop 0.01 --duplicate 0.01 --latency 1ms..2ms \
         --pace none --trace TRACE",
        "run --speed 50 --view quiet --format text --color never",
        "hunt --seed 1 --seeds 1 --for 1s --jobs 1 --format text",
        "check --nodes 1 --terms 1 --log 1 --crashes 0 --no-op on --batch 1 --jobs 1 --memory 100",
        "replay TRACE --at 30 --show 0 --why committed",
        "report TRACE --steps 1..2 --as svg -o PAGE",
    ] {
        let value = |word| match word {
            "TRACE" => trace.to_str().unwrap(),
            "PAGE" => page.to_str().unwrap(),
            "committed" => "committed 1 on 0",
            plain => plain,
        };
        raft_cluster(&line.split(' ').map(value).collect::<Vec<_>>()).assert().success();
    }
}

/// Encodings that an editor may choose for a scenario are accepted, or named in the complaint.
#[test]
fn a_mark_of_the_encoding_is_skipped_and_another_encoding_is_named() {
    let path = file("marked.raft");
    fs::write(&path, "\u{feff}nodes 3\ntimeout 0\n").unwrap();
    let name = path.to_str().unwrap();
    raft_cluster(&["run", name, "--virtual", "--view", "quiet"]).assert().success();
    for (bytes, words) in [
        (&b"\xff\xfen\0o\0d\0"[..], "is written in UTF-16"),
        (b"\xfe\xff\0n\0o", "is written in UTF-16"),
        (b"n\0o\0d\0e\0", "is written in UTF-16"),
        (b"\0n\0o\0d\0e", "is written in UTF-16"),
        (b"\xff\xfe\0\0n\0\0\0o\0\0\0", "is written in UTF-32"),
        (b"\0\0\xfe\xff\0\0\0n", "is written in UTF-32"),
        (b"n\0\0\0o\0\0\0", "is written in UTF-32"),
        (b"\0\0\0n\0\0\0o", "is written in UTF-32"),
        (b"nodes \xff", "is not text in UTF-8"),
    ] {
        fs::write(&path, bytes).unwrap();
        let sentence = complaint(&["run", name]);
        assert!(sentence.contains(words) && sentence.contains("as UTF-8"), "{sentence}");
    }
    let typed = |bytes: &[u8]| raft_cluster(&["play"]).write_stdin(bytes).assert();
    typed("\u{feff}timeout 0\n".as_bytes()).success();
    let told = typed(b"\xff\xfet\0i\0m\0\n\0").code(2).get_output().stderr.clone();
    assert!(String::from_utf8(told).unwrap().contains("a line is in UTF-16, and not in UTF-8"));
}

/// A run that has nothing to check prints no ✓.
#[test]
fn a_run_in_which_nothing_happens_is_no_success() {
    let (empty, notes) = (file("empty.raft"), file("notes.raft"));
    fs::write(&empty, "").unwrap();
    fs::write(&notes, "nodes 3\n# nothing\nnote nothing\n").unwrap();
    for path in [&empty, &notes] {
        let sentence = complaint(&["run", path.to_str().unwrap(), "--virtual"]);
        assert!(sentence.contains("no line that does anything"), "{sentence}");
    }
    for format in ["text", "json"] {
        let output = raft_cluster(&["check", "--terms", "0", "--format", format]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let (out, err) =
            [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap()).into();
        assert!(!out.contains('✓') && err.contains("nothing can happen"), "{out}{err}");
    }
}

/// A wait is bounded in the cluster's time. An election takes at least 1.5 s, so there is no leader after
/// 100 ms, however fast the clock runs.
#[test]
fn the_speed_of_the_clock_does_not_change_a_verdict() {
    let path = file("too-soon.raft");
    fs::write(&path, "nodes 3\nwait 100ms until leader\n").unwrap();
    for speed in [&["--virtual"][..], &["--speed", "1"], &["--speed", "10"], &["--speed", "50"]] {
        let arguments = [&["run", path.to_str().unwrap()], speed].concat();
        let text = printed(1, &arguments);
        assert!(text.contains("not within 100 ms"), "{speed:?}: {text}");
    }
}

#[test]
fn a_speed_at_which_heartbeats_are_due_more_often_than_threads_look_is_refused() {
    let path = file("paper.raft");
    fs::write(&path, "timing paper\nwait until leader\n").unwrap();
    let sentence = complaint(&["run", path.to_str().unwrap(), "--speed", "20"]);
    assert!(sentence.contains("at speed 20") && sentence.contains("speed is 5"), "{sentence}");
}

#[test]
fn a_complaint_is_never_longer_than_anyone_reads() {
    let short = "x".repeat(190);
    let sentence = complaint(&["--break", &short]);
    assert!(sentence.contains(&format!("'{short}'")), "{sentence}");
    let long = complaint(&["--break", &"x".repeat(100_000)]);
    let longest = long.split(' ').map(|word| word.chars().count()).max();
    assert!(long.contains("xxx' for '--break") && longest <= Some(200), "{long}");
    let words = complaint(&["--break", &"x ".repeat(60_000)]);
    assert_eq!(words.trim_end().chars().count(), "raft-cluster: ".len() + 2_000);
}

#[test]
fn an_option_that_stands_before_a_command_is_named() {
    for arguments in [&["--color", "never", "scenarios"][..], &["--virtual", "run", "demo"]] {
        let sentence = complaint(arguments);
        assert!(
            sentence.contains(arguments[0]) && sentence.contains("belongs after it"),
            "{sentence}"
        );
    }
}
