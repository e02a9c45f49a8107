//! Text from outside is only data. Whatever it contains and wherever it comes from, a terminal shows it and
//! never obeys it, and it cannot forge a line of the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;

use crate::raft_cluster::{file, raft_cluster};

/// Texts with all that a terminal obeys or hides: a title, the clipboard, colours that the program uses or not,
/// a screen clear, C1, DEL, directions, zero width, and lines that look like the program's own.
const HOSTILE: [&str; 3] = [
    "a\u{1b}]52;c;ZXZpbA\u{7}\u{1b}[2J\n✓forged",
    "b\u{1b}[32mEVIL\u{1b}[0m\u{1b}[35m\u{9b}8m\u{7f}\u{2028}✓forged\r✓forged\n✓forged\t",
    "c\u{202e}\u{2066}\u{feff}\u{200b}\u{ad}\u{e0041}語\n\n✓forged\n\t✓forged\u{b}",
];

/// All letters of the hostile texts that no output may contain.
fn hidden() -> BTreeSet<char> {
    let all = HOSTILE.iter().flat_map(|text| text.chars());
    all.filter(|letter| !matches!(letter, ' '..='~' | '✓' | '語' | '\n')).collect()
}

/// Runs a program with this input, with colour and without, and looks at all that it prints.
fn shows_and_never_obeys(mut program: impl FnMut() -> Command, input: &str) -> String {
    let hidden = hidden();
    let mut plain = String::new();
    for colour in ["always", "never"] {
        let output = program().args(["--color", colour]).write_stdin(input).output().unwrap();
        let both = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(both).unwrap();
        assert!(!text.contains("\u{1b}[32mEVIL"), "a colour of ours from outside: {text:?}");
        plain = text;
        for style in ["0", "1", "2", "31", "32", "33", "34", "36", "1;31", "1;32", "1;36"] {
            plain = plain.replace(&format!("\u{1b}[{style}m"), "");
        }
        let raw: Vec<char> = plain.chars().filter(|letter| hidden.contains(letter)).collect();
        assert!(raw.is_empty(), "{raw:?} in {plain:?}");
        let forged = plain.lines().find(|line| line.starts_with("✓forged"));
        assert!(forged.is_none(), "a line is forged: {plain}");
        let code = output.status.code();
        assert!(matches!(code, Some(0..=2)), "{code:?}: {plain}");
    }
    plain
}

/// The same for these arguments of `raft-cluster`.
fn told(arguments: &[&str], input: &str) -> String {
    shows_and_never_obeys(|| raft_cluster(arguments), input)
}

/// The text in quotes, as a line of a script may contain it.
fn quoted(text: &str) -> String {
    let escape = |letter: char| match letter {
        ' '..='~' | '✓' | '語' => letter.to_string(),
        _ => letter.escape_default().to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

/// Checks that the text is shown in its escaped form, by its last letters.
fn is_shown(hostile: &str, told: &str) {
    let unwrapped = told.split_whitespace().collect::<String>().replace("……", "");
    let shown = if unwrapped.starts_with('{') { "✓forged" } else { "\\n✓forged" };
    assert!(unwrapped.contains(shown), "{hostile:?} is not shown: {told}");
}

/// A script with hostile text in every place that can hold text.
fn script(hostile: &str, manual: bool) -> String {
    let text = quoted(hostile);
    let raw = hostile.replace('\n', "-");
    let head = format!("shows {raw}\nquestion {raw}\nnodes 3\n");
    let begin = if manual { "manual\nphase by hand\n" } else { "" };
    let lead = if manual {
        "timeout 0\ndeliver request-vote 0 -> 1\ndeliver request-vote-reply 1 -> 0\n".to_owned()
    } else {
        format!("timeout 0\nwait until leader\nwrite {text}\nwrite SET {raw}=1\nwrite GET {raw}\n")
    };
    format!(
        "{head}{begin}{lead}phase {text}\nnote {text}\nphase {raw}\nnote {raw}\nsubmit {text}\n\
         expect not committed {text} on all\nexpect no value {text}\nstatus\n\
         try expect committed {text} on 1\n         expect committed {text} on all\n"
    )
}

fn path(name: &str) -> (PathBuf, String) {
    let path = file(name);
    let text = path.to_str().unwrap().to_owned();
    (path, text)
}

#[test]
fn what_a_script_says_is_shown_in_every_view() {
    let (at, name) = path("hostile-everywhere.raft");
    for hostile in HOSTILE {
        for manual in [false, true] {
            fs::write(&at, script(hostile, manual)).unwrap();
            for more in [&[][..], &["--view", "quiet"], &["--format", "json"]] {
                let arguments = [&["run", &name, "--virtual"], more].concat();
                let told = told(&arguments, "");
                assert!(!told.contains("does not fit"), "{told}");
                is_shown(hostile, &told);
            }
            is_shown(hostile, &told(&["play", &name], "run\nmessages\nlog\nlog 0\nback\nquit\n"));
        }
        for wrong in ["jump", "crash 0"] {
            fs::write(&at, format!("{wrong} {}", hostile.replace('\n', "-"))).unwrap();
            told(&["run", &name], "");
            told(&["play"], &format!("load {name}\n"));
        }
    }
}

#[test]
fn what_is_typed_is_shown() {
    for hostile in HOSTILE {
        let (text, raw) = (quoted(hostile), hostile.replace('\n', "-"));
        let mut typed = "timeout 0\nwait until leader\n".to_owned();
        for line in [
            "write",
            "submit",
            "note",
            "phase",
            "help",
            "save no/such/",
            "load",
            "back",
            "log",
            "crash",
            "expect committed",
            "expect value",
            "run until",
            "deliver",
            "messages",
            "",
        ] {
            typed.extend([line, " ", &raw, "\n", line, " ", &text, "\n"]);
        }
        let told = told(&["play"], &typed);
        is_shown(hostile, &told);
        assert!(told.contains("✗"), "{told}");
    }
}

#[test]
fn what_stands_on_the_command_line_is_shown() {
    for hostile in HOSTILE {
        for before in [
            &[][..],
            &["run"],
            &["play"],
            &["replay"],
            &["run", "demo"],
            &["--break"],
            &["--nodes"],
            &["--seed"],
            &["--drop"],
            &["--latency"],
            &["--view"],
            &["--format"],
            &["--speed"],
            &["completions"],
            &["hunt", "--for"],
            &["hunt", "--seeds"],
            &["check", "--terms"],
            &["check", "--no-op"],
            &["replay", "x", "--at"],
            &["check", "--break"],
        ] {
            is_shown(hostile, &told(&[before, &[hostile]].concat(), ""));
        }
        let (folder, flag) = (format!("no/{hostile}/x"), format!("--{hostile}"));
        for arguments in [["--trace", &folder], ["run", &flag], ["scenarios", &flag]] {
            is_shown(hostile, &told(&arguments, ""));
        }
        for before in [&["rules"][..], &["--nodes"], &["walkthrough", "--format"], &[]] {
            let node = || {
                let mut node = Command::cargo_bin("raft-node").unwrap();
                node.args(before).arg(hostile);
                node
            };
            is_shown(hostile, &shows_and_never_obeys(node, ""));
        }
    }
}

#[test]
#[cfg(unix)]
fn the_name_of_a_file_is_shown() {
    for hostile in HOSTILE {
        let (at, name) = path(&format!("{hostile}.raft"));
        let (_, trace) = path(&format!("{hostile}.jsonl"));
        let (_, saved) = path(&format!("{hostile}.saved"));
        fs::write(&at, "nodes 3\ntimeout 0\nwait until leader\n").unwrap();
        for view in ["story", "quiet"] {
            let run = ["run", &name, "--virtual", "--view", view, "--trace", &trace];
            is_shown(hostile, &told(&run, ""));
        }
        for more in
            [&[][..], &["--verify"], &["--format", "json"], &["--verify", "--format", "json"]]
        {
            is_shown(hostile, &told(&[&["replay", &trace], more].concat(), ""));
        }
        told(&["play"], &format!("timeout 0\nsave {}\n", saved.replace('\n', "-")));
        is_shown(hostile, &told(&["hunt", "--break", "one-vote-per-term", "--save", &saved], ""));
        is_shown(hostile, &told(&["run", &saved, "--virtual"], ""));
        fs::write(&at, "jump\n").unwrap();
        is_shown(hostile, &told(&["run", &name], ""));
        is_shown(hostile, &told(&["replay", &name], ""));
    }
}

#[test]
fn what_stands_in_a_trace_is_shown() {
    let (at, name) = path("hostile.jsonl");
    let (script, script_name) = path("hostile-trace.raft");
    // What an earlier run of this test has left may be no trace any more, and would be kept.
    _ = fs::remove_file(&at);
    fs::write(&script, "nodes 3\ntimeout 0\nwait until leader\nnote HERE\nwrite HERE\n").unwrap();
    let run = ["run", &script_name, "--virtual", "--view", "quiet", "--trace", &name];
    raft_cluster(&run).assert().success();
    let trace = fs::read_to_string(&at).unwrap();
    for hostile in HOSTILE {
        let json = serde_json::to_string(hostile).unwrap();
        let title = serde_json::to_string(&script_name).unwrap();
        for (old, new) in [
            (title.as_str(), json.as_str()),
            ("\"HERE\"", &json),
            ("\"broken\":[]", &format!("\"broken\":[{json}]")),
            ("\"format\":\"raft-in-practice trace\"", &format!("\"format\":{json}")),
            ("\"version\":5", &format!("\"version\":{json}")),
            ("\"world\":\"virtual\"", &format!("\"world\":{json}")),
            ("\"election-timeout\"", &json),
            ("\"deed\":", &format!("{json}:1,\"deed\":")),
            ("\"deed\":{\"", &format!("\"deed\":{{{json}:1,\"")),
        ] {
            assert!(trace.contains(old), "{trace} has no {old}");
            fs::write(&at, trace.replace(old, new)).unwrap();
            for more in [&[][..], &["--verify"], &["--format", "json"]] {
                told(&[&["replay", name.as_str()], more].concat(), "");
            }
        }
        fs::write(&at, trace.replace(&title, &json)).unwrap();
        is_shown(hostile, &told(&["replay", &name], ""));
        // The trace keeps the original text, although it is shown escaped.
        fs::write(&script, format!("nodes 3\nnote {}\nstatus\n", quoted(hostile))).unwrap();
        raft_cluster(&run).assert().success();
        let kept = fs::read_to_string(&at).unwrap();
        let lines =
            kept.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        assert!(lines.into_iter().any(|line| line["deed"]["note"] == hostile), "{kept}");
        assert!(!kept.contains(|letter| hidden().contains(&letter)), "{kept}");
        raft_cluster(&["replay", &name, "--verify"]).assert().success();
    }
}

#[test]
fn a_word_that_nobody_would_read_is_shortened() {
    let word = "x".repeat(20_000);
    for arguments in [&["run"][..], &["--break"], &["replay"], &["--nodes"], &["--view"], &[]] {
        let complaint = told(&[arguments, &[&word]].concat(), "");
        assert!(complaint.contains("xxx…xxx") && complaint.len() < 1_000, "{complaint}");
    }
    let typed =
        format!("{word}\nhelp {word}\nsave no/{word}\nload {word}\nexpect committed {word}\n");
    let told = told(&["play"], &typed);
    let complaints = told.split("no leader>").map(|answer| answer.split('✗').nth(1));
    let long = complaints.flatten().filter(|complaint| complaint.len() > 1_000).count();
    assert_eq!(long, 0, "{told}");
}
