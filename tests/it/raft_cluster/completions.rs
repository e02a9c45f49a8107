//! Completions in a real bash, and man pages.
#![cfg(unix)]

use std::fs;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use raft_in_practice::raft::Rule;

use crate::raft_cluster::file;

/// The completions that bash offers while the last of these words is being typed.
fn offered(words: &[&str]) -> Vec<String> {
    let (program, last) = (words[0], words.len() - 1);
    let script = Command::new(cargo_bin(program)).args(["completions", "bash"]).output().unwrap();
    let path = file(&format!("{program}.bash"));
    fs::write(&path, script.stdout).unwrap();
    let press_tab = r#"
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        function=$(complete -p "$1" | sed 's/.*-F \([^ ]*\).*/\1/')
        "$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", press_tab, "bash"]).arg(&path).args(words);
    let output = bash.output().unwrap();
    assert!(output.stderr.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    let offered = String::from_utf8(output.stdout).unwrap();
    let offered: Vec<String> =
        offered.lines().map(str::to_owned).filter(|it| !it.is_empty()).collect();
    assert!(offered.iter().all(|offer| offer.starts_with(words[last])), "{words:?}: {offered:?}");
    offered
}

#[test]
fn bash_completes_subcommands_options_and_values() {
    for (words, expected) in [
        (&["raft-cluster", "re"][..], &["replay", "report"][..]),
        (&["raft-cluster", "run", "--vi"], &["--virtual", "--view"]),
        (&["raft-cluster", "run", "fig"], &["figure-7", "figure-8"]),
        (&["raft-cluster", "run", "broken/up"], &["broken/up-to-date-log"]),
        (&["raft-cluster", "play", "one"], &["one-way"]),
        (&["raft-cluster", "run", "--view", ""], &["story", "brief", "lanes", "quiet"]),
        (&["raft-cluster", "hunt", "--break", "up"], &["up-to-date-log"]),
        (&["raft-cluster", "check", "--no-op", ""], &["on", "off"]),
        (&["raft-cluster", "completions", "z"], &["zsh"]),
        (&["raft-cluster", "help", "hu"], &["hunt"]),
        (&["raft-node", "rules", "major"], &["majority-quorum"]),
        (&["raft-node", "rules", "--format", ""], &["text", "json"]),
        (&["raft-node", "walkthrough", "--st"], &["--step"]),
        (&["raft-node", "completions", "fi"], &["fish"]),
    ] {
        assert_eq!(offered(words), expected, "{words:?}");
    }
    let rules = offered(&["raft-cluster", "run", "--break", ""]);
    assert_eq!(rules, Rule::ALL.map(Rule::id));
}

/// Each subcommand that a program names has examples, and a page of the manual.
#[test]
fn every_subcommand_has_examples_and_a_page_of_the_manual() {
    let folder = file("man1");
    let _ = fs::remove_dir_all(&folder);
    for program in ["raft-cluster", "raft-node"] {
        let run = |arguments: &[&str]| {
            let output = Command::new(cargo_bin(program)).args(arguments).output().unwrap();
            assert!(output.status.success(), "{arguments:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        run(&["man", folder.to_str().unwrap()]);
        let help = run(&["--help"]);
        let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
        let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let names = names.map(|line| line.split_whitespace().next().unwrap());
        let names: Vec<&str> = names.filter(|name| *name != "help").collect();
        assert!(names.len() > 3, "{help}");
        for name in names {
            assert!(run(&[name, "--help"]).contains("Example"), "{program} {name}");
            let page = fs::read_to_string(folder.join(format!("{program}-{name}.1"))).unwrap();
            assert!(page.contains(".SH SYNOPSIS"), "{page}");
        }
        let first = fs::read_to_string(folder.join(format!("{program}.1"))).unwrap();
        assert!(first.contains("Exit code"), "{first}");
    }
}
