//! On a terminal: text as wide as the terminal, the pager if it is short, and what signals do.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use unicode_width::UnicodeWidthStr;

use crate::raft_cluster::{file, printed, raft_cluster, unwrapped};

/// All that a command shows on a terminal of this size, in a shell with these variables. Nobody types, and the
/// terminal stays open until the command ends.
fn on_a_terminal(columns: usize, rows: usize, variables: &str, command: &str) -> String {
    typed_on_a_terminal("", columns, rows, variables, command)
}

/// The same, with these keys typed meanwhile, and the end of the input after them. A prompt needs a `quit`: an end
/// that comes while a pager has the terminal is no end to the line editor.
fn typed_on_a_terminal(
    keys: &str,
    columns: usize,
    rows: usize,
    variables: &str,
    command: &str,
) -> String {
    typed_after("", keys, columns, rows, variables, command)
}

/// The same, but the keys are typed only after a line with `shown` in it has appeared.
fn typed_after(
    shown: &str,
    keys: &str,
    columns: usize,
    rows: usize,
    variables: &str,
    command: &str,
) -> String {
    typed_in_turn(&[(shown, keys)], columns, rows, variables, command)
}

/// The same, with keys that are typed one after the other, each once its text has appeared after the keys before.
fn typed_in_turn(
    turns: &[(&str, &str)],
    columns: usize,
    rows: usize,
    variables: &str,
    command: &str,
) -> String {
    let (program, arguments) = command.split_once(' ').unwrap_or((command, ""));
    let program = cargo_bin(program);
    let typed =
        format!("stty cols {columns} rows {rows}; {variables} {} {arguments}", program.display());
    // A program that waits for ever is a test that fails.
    let mut script = Command::new("timeout");
    script.args(["--signal", "KILL", "300", "script"]);
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "PAGER", "LESS", "COLUMNS", "LINES"] {
        script.env_remove(name);
    }
    script.env("TERM", "xterm").env("SHELL", "/bin/sh");
    script.args(["-qec", &typed, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut keyboard = child.stdin.take().unwrap();
    let (mut text, mut typed) = (Vec::new(), 0);
    for (shown, keys) in turns {
        while !String::from_utf8_lossy(&text[typed..]).contains(shown) {
            let more = out.fill_buf().unwrap();
            assert!(!more.is_empty(), "{}", String::from_utf8_lossy(&text));
            let count = more.len();
            text.extend_from_slice(more);
            out.consume(count);
        }
        typed = text.len();
        keyboard.write_all(keys.as_bytes()).unwrap();
    }
    // The input ends after the keys, but not while a signal is on its way: whoever presses the interrupt key is there.
    let is_last = |(_, keys): &(&str, &str)| keys.is_empty() || keys.ends_with('\u{3}');
    let stays_open = turns.last().is_none_or(is_last).then_some(keyboard);
    out.read_to_end(&mut text).unwrap();
    child.wait().unwrap();
    drop(stays_open);
    String::from_utf8(text).unwrap().replace('\r', "")
}

/// The words of a text, without the lines that are drawn across the terminal.
fn words(text: &str) -> String {
    unwrapped(&text.replace('─', ""))
}

#[test]
fn no_line_is_wider_than_the_terminal_and_no_word_is_broken() {
    for command in [
        "raft-node",
        "raft-node rules",
        "raft-node rules votes-counted-once-and-in-term",
        "raft-cluster scenarios",
        "raft-cluster run demo --virtual --view story --pace none",
        "raft-cluster run demo --virtual --view brief --pace none",
        "raft-cluster run figure-8 --view story --pace none",
        "raft-cluster run figure-7 --view story --pace none",
        "raft-cluster run lossy --virtual --view story --pace none",
        "raft-cluster run demo --virtual --view quiet --pace none",
        "raft-cluster run broken/commit-only-verified --view story --pace none",
        "raft-cluster --help",
        "raft-cluster check --help",
        "raft-node --help",
    ] {
        let (program, arguments) = command.split_once(' ').unwrap_or((command, ""));
        let output = Command::new(cargo_bin(program)).args(arguments.split_whitespace()).output();
        let piped = words(&String::from_utf8(output.unwrap().stdout).unwrap());
        for columns in [60, 80] {
            let shown = on_a_terminal(columns, 2_000, "NO_COLOR=1", command);
            for line in shown.lines() {
                assert!(line.width() <= columns, "{command}: {columns}: {line}");
            }
            assert_eq!(words(&shown), piped, "{command}: {columns}");
        }
    }
}

#[test]
fn a_run_is_told_in_brief_on_a_terminal_unless_a_view_is_named() {
    let shown = |view: &str| {
        on_a_terminal(
            100,
            2_000,
            "NO_COLOR=1",
            &format!("raft-cluster run demo --virtual --pace none {view}"),
        )
    };
    let piped = |view| printed(0, &["run", "demo", "--virtual", "--view", view]);
    assert_eq!(shown(""), piped("brief"));
    assert_eq!(shown("--view story"), piped("story"));
}

#[test]
fn a_run_waits_for_enter_before_each_part_and_ends_with_the_input() {
    let command = "raft-cluster run demo --virtual --step --pace none";
    let shown = |keys| typed_on_a_terminal(keys, 100, 2_000, "NO_COLOR=1", command);
    let asked = "Enter goes on, Ctrl-D ends:";
    let all = shown("\n\n\n\n\n\n\n\n");
    let told = words(&all.replace(asked, ""));
    assert_eq!(told, words(&printed(0, &["run", "demo", "--virtual", "--view", "brief"])));
    assert_eq!(all.matches(asked).count(), 8, "{all}");
    let some = shown("\n\n\u{4}");
    assert!(some.contains("2  An election") && !some.contains("3  Three writes"), "{some}");
    assert_eq!(some.matches(asked).count(), 3, "{some}");
}

/// At this pace the demo would take very long, so the keys must work for the test to end soon.
#[test]
fn keys_hurry_and_pause_a_run_and_the_terminal_is_given_back() {
    let shown = |keys: &str, variables: &str| {
        let command = "raft-cluster run demo --virtual --pace 0.1; stty -a";
        typed_after("Enter pauses", keys, 100, 2_000, &format!("{variables} NO_COLOR=1"), command)
    };
    let is_as_found = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        ["icanon", "echo", "isig"].iter().all(|flag| words.contains(flag))
    };
    let spaces = " ".repeat(20);
    let all = shown(&format!("\n{spaces}"), "");
    let told = words(&printed(0, &["run", "demo", "--virtual", "--view", "brief"]));
    assert_eq!(all.matches("-- Enter goes on").count(), 1, "{all}");
    let rest = words(&all.replace("-- Enter goes on; Space, to the next part", ""));
    let rest = rest.strip_prefix("Space goes on to the next part at once; Enter pauses. ").unwrap();
    assert!(rest.starts_with(&told) && is_as_found(&all), "{all}");
    let stopped = shown("\u{3}", "trap : INT;");
    assert!(!stopped.contains("8  Safety") && is_as_found(&stopped), "{stopped}");
}

#[test]
fn colour_is_for_terminals_that_know_it() {
    let is_coloured =
        |variables| on_a_terminal(80, 99, variables, "raft-node rules").contains('\u{1b}');
    assert!(is_coloured(""));
    assert!(!is_coloured("TERM=dumb"));
    assert!(!is_coloured("NO_COLOR=1 CLICOLOR_FORCE=1"));
    assert!(is_coloured("TERM=dumb CLICOLOR_FORCE=1"));
}

#[test]
fn what_is_longer_than_the_terminal_goes_through_the_pager() {
    for command in
        ["raft-node", "raft-node walkthrough", "raft-node rules", "raft-cluster scenarios"]
    {
        let shown = |rows, pager: &str| on_a_terminal(80, rows, &format!("PAGER={pager}"), command);
        let paged = shown(10, "'sed s/^/paged:/'");
        assert!(paged.lines().all(|line| line.starts_with("paged:")), "{paged}");
        assert!(!shown(2_000, "'sed s/^/paged:/'").contains("paged:"), "{command} fits");
        let direct = words(&shown(10, "''"));
        let with_pager = "PAGER='sed s/^/paged:/'";
        let unpaged = on_a_terminal(80, 10, with_pager, &format!("{command} --no-pager"));
        assert_eq!(words(&unpaged), direct);
        assert_eq!(words(&paged.replace("paged:", "")), direct);
        // The shell complains first that there is no such pager.
        assert!(words(&shown(10, "no-such-pager")).ends_with(&direct), "{command}");
    }
    let piped = raft_cluster(&["scenarios"]).env("PAGER", "sed s/^/paged:/").output().unwrap();
    assert!(!String::from_utf8(piped.stdout).unwrap().contains("paged:"));
}

#[test]
fn long_answers_at_a_prompt_go_through_the_pager_too() {
    let shown = |keys: &str, rows, more: &str| {
        let command = format!("raft-cluster play{more}");
        typed_on_a_terminal(keys, 80, rows, "PAGER='sed s/^/paged:/'", &command)
    };
    // After the pager the prompt goes on, up to the end of the typed lines and the report.
    let short = shown("help\nquit\n", 15, "");
    let (paged, after) = short.rsplit_once("paged:").unwrap();
    assert!(paged.contains("paged:") && paged.contains("This prompt"), "{short}");
    assert!(after.contains("no leader>") && words(after).contains("No entry was committed"));
    let fits = shown("status\nquit\n", 15, "");
    assert!(fits.contains("role") && !fits.contains("paged:"), "{fits}");
    for (rows, more) in [(2_000, ""), (15, " --no-pager"), (15, " --threads")] {
        let direct = shown("help\nquit\n", rows, more);
        assert!(direct.contains("This prompt") && !direct.contains("paged:"), "{more}: {direct}");
    }
}

#[test]
fn lines_that_are_pasted_together_are_all_carried_out() {
    let shown = |keys: &str| {
        let turns = [("no leader> ", keys)];
        let text = typed_in_turn(&turns, 100, 2_000, "NO_COLOR=1", "raft-cluster play");
        assert!(words(&text).contains("n0 candidate 1 "), "{text}");
        assert!(text.contains("No entry was committed"), "{text}");
        text
    };
    shown("timeout 0\rstatus\rquit\r");
    // A terminal marks the text as pasted; Enter follows it.
    let marked = shown("\u{1b}[200~timeout 0\rstatus\u{1b}[201~\rquit\r");
    assert!(marked.contains("\n0 no leader> timeout 0\n"), "{marked}");
    assert!(marked.contains("\n1 no leader> status\n"), "{marked}");
}

/// The editor prefers keys to the lines that it is to print, and its next prompt waits for the answers.
#[test]
fn lines_that_are_pasted_while_a_live_cluster_speaks_are_all_carried_out() {
    let keys = format!("{}write y\rquit\r", "submit to leader x\rstatus\r".repeat(40));
    let turns = [("has won the election", &*keys)];
    let command = "raft-cluster play --threads --nodes 3; echo code $?";
    let text = typed_in_turn(&turns, 100, 2_000, "NO_COLOR=1", command);
    assert!(text.contains("code 0"), "{text}");
    assert_eq!(text.matches("node  role").count(), 40, "{text}");
    assert_eq!(text.matches(" answers client ").count(), 41, "{text}");
    // What the cluster tells stands above the report, however late the editor takes it.
    let (last, report) = (text.rfind(" answers client "), text.find("held  Election Safety"));
    assert!(last < report, "{text}");
}

#[test]
fn the_interrupt_key_on_a_line_with_text_only_clears_that_line() {
    let keys =
        ["stat\u{3}", "step\u{3}", "\u{3}", "sta\u{3}", "\u{3}", "status\r", "\u{3}", "\u{3}"];
    let turns = keys.map(|keys| ("no leader> ", keys));
    let text = typed_in_turn(&turns, 100, 2_000, "NO_COLOR=1", "raft-cluster play");
    assert_eq!(text.matches("once more, Ctrl-D").count(), 3, "{text}");
    assert!(text.contains("n0    follower") && text.contains("No entry was committed"), "{text}");
}

/// The wait would take very long. In virtual time what is kept of it is how far it came.
#[test]
fn the_interrupt_key_ends_a_line_that_is_carried_out_and_the_session_goes_on() {
    let trace = file("interrupted-line.jsonl");
    let (script, saved) = (file("interrupted-line.raft"), file("interrupted-line-saved.raft"));
    // In the first wait a leader is elected, so that text appears while a line is carried out.
    let lines = "nodes 3\nrepeat 99000\nwait 3600s\nend\n";
    fs::write(&script, lines).unwrap();
    let [trace, script, saved] = [&trace, &script, &saved].map(|path| path.to_str().unwrap());
    for (threads, prompt) in [("", "no leader> "), (" --threads", "live> ")] {
        let command = format!("raft-cluster play {script} --trace {trace}{threads}; echo code $?");
        let then = format!("status\rsave {saved}\rquit\r");
        let turns = [(prompt, "run\r"), ("has won the election", "\u{3}"), ("> ", &then)];
        let text = typed_in_turn(&turns, 100, 2_000, "trap : INT; NO_COLOR=1", &command);
        let here = words(&text).contains("✗ wait 3600s: the run was interrupted here.");
        assert!(here || text.contains("(interrupted before the next line)"), "{text}");
        assert!(text.contains("node  role") && text.contains("code 0"), "{text}");
        printed(0, &["replay", trace, "--verify"]);
        let again = fs::read_to_string(saved).unwrap();
        assert!(again.contains("\nwait ") && !again.contains("try"), "{again}");
    }
}

#[test]
fn the_interrupt_key_between_two_parts_ends_the_run_with_its_summary() {
    let trace = file("interrupted-step.jsonl");
    let trace = trace.to_str().unwrap();
    let command =
        format!("raft-cluster run demo --virtual --step --pace none --trace {trace}; echo code $?");
    let turns = [("Enter goes on", "\n"), ("Enter goes on", "\u{3}")];
    let text = typed_in_turn(&turns, 100, 2_000, "trap : INT; NO_COLOR=1", &command);
    assert!(text.contains("1  All nodes") && !text.contains("2  An election"), "{text}");
    assert!(text.contains("demo: ") && text.contains("code 130"), "{text}");
    printed(0, &["replay", trace, "--verify"]);
}

/// Whoever has not noticed the pager types on, and a key of `less` would write what is shown into a file.
#[test]
fn a_pager_is_started_so_that_it_writes_no_file_and_says_how_to_leave() {
    let turns = [("no leader> ", "help\r"), ("no leader> ", "quit\r")];
    let text = typed_in_turn(&turns, 80, 24, "NO_COLOR=1 PAGER=env", "raft-cluster play");
    for variable in ["LESSSECURE=1", "LESS=FRX -PsSpace goes on, q goes back$"] {
        assert!(text.contains(&format!("\n{variable}\n")), "{variable}: {text}");
    }
}

/// A terminal of a container or on a serial line does not say its size.
#[test]
fn a_terminal_that_does_not_say_its_size_is_of_the_usual_one_or_of_what_is_said_for_it() {
    let shown = |columns, rows, variables: &str, keys: &str, command: &str| {
        let variables = format!("NO_COLOR=1 PAGER='sed s/^/paged:/' {variables}");
        typed_on_a_terminal(keys, columns, rows, &variables, command)
    };
    let demo = "raft-cluster run demo --virtual --view brief --pace none";
    for command in ["raft-node rules", "raft-cluster check --help", demo] {
        let shown = |columns, rows, variables| shown(columns, rows, variables, "", command);
        for (columns, rows) in [(0, 0), (100, 0), (0, 50)] {
            assert_eq!(shown(columns, rows, ""), shown(80, 24, ""), "{command}");
            assert_eq!(shown(columns, rows, "COLUMNS=0 LINES=many"), shown(80, 24, ""));
        }
        assert_eq!(shown(0, 0, "COLUMNS=70 LINES=2000"), shown(70, 2_000, ""), "{command}");
    }
    // The terminal may echo typed lines before the prompt appears, so only the paged lines are compared.
    let answer = |columns, rows| {
        let shown = shown(columns, rows, "", "help\nquit\n", "raft-cluster play");
        let paged = shown.lines().filter(|line| line.starts_with("paged:"));
        paged.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(answer(0, 0).len() > 24);
    assert_eq!(answer(0, 0), answer(80, 24));
}

/// The line editor has made it otherwise, and has no chance to give it back itself.
#[test]
fn a_signal_at_a_prompt_gives_the_terminal_back() {
    let trace = file("signalled.jsonl");
    let trace = trace.to_str().unwrap();
    printed(0, &["run", "split-vote", "--virtual", "--view", "quiet", "--trace", trace]);
    for command in ["play", "play --threads", &format!("replay {trace}")] {
        for signal in ["TERM", "HUP"] {
            // It comes when the editor has taken the terminal, of which the shell's parent is another.
            let kill = format!(
                "(while flags=$(stty -a < /dev/tty); do case $flags in *-icanon*) \
                 pkill -{signal} -P $$ raft-cluster; exit;; esac; done) &"
            );
            let command = format!("raft-cluster {command}; echo code $?; stty -a");
            let text = on_a_terminal(80, 99, &kill, &command);
            assert!(text.contains("code 130"), "{command} {signal}: {text}");
            // The editor had asked for marks around what is pasted.
            let ends = [text.rfind("\u{1b}[?2004h"), text.rfind("\u{1b}[?2004l")];
            assert!(ends[0].is_some() && ends[0] < ends[1], "{command} {signal}: {text}");
            let words: Vec<&str> = text.split_whitespace().collect();
            for flag in ["icanon", "echo", "isig", "icrnl"] {
                assert!(words.contains(&flag), "{command} {signal}: {text}");
            }
        }
    }
}

/// Ctrl-C is meant for the pager. Who wants the program to end gets that once the pager has ended.
#[test]
fn a_signal_while_a_pager_is_open_has_its_effect_after_it() {
    for (signal, code) in [("INT", "code 0"), ("TERM", "code 130"), ("HUP", "code 130")] {
        let pager = format!("NO_COLOR=1 PAGER='kill -{signal} $PPID; sed s/^/paged:/'");
        let turns = [("no leader> ", "help\r"), ("paged:", "quit\r")];
        let text = typed_in_turn(&turns, 80, 24, &pager, "raft-cluster play; echo code $?");
        assert!(text.contains("paged:") && text.contains(code), "{signal}: {text}");
    }
}

#[test]
fn every_signal_that_ends_a_search_lets_it_say_what_it_has_found() {
    for signal in ["INT", "TERM", "HUP"] {
        let mut command = Command::new(cargo_bin("raft-cluster"));
        command.args(["check", "--terms", "9", "--log", "9", "--crashes", "3"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut told = String::new();
        // Once this line is there, the search runs and signals are handled.
        while !told.contains("depth") {
            assert!(out.read_line(&mut told).unwrap() > 0, "{told}");
        }
        let kill = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        out.read_to_string(&mut told).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}: {told}");
        assert!(told.contains("Stopped at depth"), "{signal}: {told}");
    }
}

#[test]
fn the_progress_of_a_search_leaves_no_line_behind() {
    let command = "raft-cluster hunt --break-each --for 50ms";
    let text = on_a_terminal(100, 40, "NO_COLOR=1", command);
    // What stands after the last time that a line was cleared is what stays.
    let stays = text.lines().map(|line| line.rsplit("\u{1b}[2K").next().unwrap_or(line));
    let left: Vec<&str> = stays.filter(|line| line.contains(" of 26: ")).collect();
    assert!(left.is_empty() && text.contains("majority-quorum "), "{left:?}");
}

/// The empty line after a table stands between it and the next prompt, not after what is typed there.
#[test]
fn a_table_at_a_prompt_ends_before_the_next_prompt() {
    let turns = [("no leader> ", "status\n"), ("no leader> ", "quit\n")];
    let shown = typed_in_turn(&turns, 80, 40, "", "raft-cluster play --virtual --nodes 3");
    let mut lines = shown.lines().skip_while(|line| !line.trim_start().starts_with("n2 "));
    let (last, next, prompt) = (lines.next(), lines.next(), lines.next());
    assert!(last.is_some() && next.is_some_and(|line| line.trim().is_empty()), "{shown}");
    assert!(prompt.is_some_and(|line| line.contains("no leader> ")), "{shown}");
}
