//! The prompt on a trace, the lanes, and questions on the command line: the program from outside.

use assert_cmd::Command;

use crate::common::own_file;
use crate::common::text::{has_all, unwrapped};

/// What the program printed on standard output and on standard error, and its exit code.
fn raft_cluster(arguments: &[&str], typed: &str) -> (String, String, i32) {
    let mut command = Command::cargo_bin("raft-cluster").unwrap();
    command.args(arguments).env("NO_COLOR", "1").write_stdin(typed);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

fn printed(arguments: &[&str], typed: &str) -> String {
    let (out, complaints, code) = raft_cluster(arguments, typed);
    assert_eq!((complaints.as_str(), code), ("", 0), "{arguments:?}: {out}");
    out
}

/// The complaint of the program: one sentence on standard error, with exit code 2.
fn complaint(arguments: &[&str]) -> String {
    let (out, sentence, code) = raft_cluster(arguments, "");
    assert_eq!((out.as_str(), code, sentence.lines().count()), ("", 2, 1), "{sentence}");
    sentence
}

/// The trace of a shipped scenario, in a file of this test's own.
fn trace(scenario: &str, test: &str) -> String {
    let path = own_file(&format!("{test}.jsonl")).to_str().unwrap().to_owned();
    printed(&["run", scenario, "--virtual", "--view", "quiet", "--trace", &path], "");
    path
}

#[test]
fn the_command_line_shows_nodes_as_the_prompt_does() {
    let path = trace("demo", "show");
    let typed = printed(&["replay", &path, "--prompt"], "goto 7\nshow 0\n");
    let shown = printed(&["replay", &path, "--at", "7", "--show", "n0"], "");
    let (title, fields) = shown.split_once('\n').unwrap();
    assert_eq!(title, "n0 at step 7");
    assert!(fields.contains("nextIndex[4]") && typed.contains(fields), "{shown}");
    let both = ["replay", &path, "--at", "first commit", "--show", "0", "--why", "committed 1"];
    let both = printed(&both, "");
    assert!(both.starts_with("n0 at step 15\n") && both.contains("why committed 1?"), "{both}");
    let line = printed(&["replay", &path, "--at", "7", "--show", "0", "--format", "json"], "");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["step"], &line["node"], &line["up"]), (&7.into(), &0.into(), &true.into()));
    assert_eq!(
        (&line["state"]["role"], &line["state"]["log"][0]["index"]),
        (&"leader".into(), &1.into())
    );
    assert!(complaint(&["replay", &path, "--show", "6"]).contains("no node 6 in this run"));
    assert!(complaint(&["replay", &path, "--show", "x"]).contains("a number from 0 to 8"));
}

#[test]
fn before_the_first_step_there_is_nothing_to_show() {
    let path = trace("demo", "early");
    let sentence = complaint(&["replay", &path, "--at", "0.5", "--show", "0"]);
    assert!(sentence.contains("no step was made by then; the first is at 2.110"), "{sentence}");
    let out = printed(&["replay", &path, "--prompt"], "goto 2.109\ngoto 2.110\n");
    assert!(
        out.contains("no step was made by then") && out.matches("step 1: ").count() == 2,
        "{out}"
    );
}

#[test]
fn help_on_a_word_says_what_may_follow_it() {
    let path = trace("demo", "help");
    let out =
        unwrapped(&printed(&["replay", &path, "--prompt"], "help next\nhelp show\nhelp crash\n"));
    has_all(&out, &["[N|EVENT]", "truncation a node deletes entries", "refused RULE", "show [N]"]);
    assert!(out.contains("'crash' is not a word here"), "it is one of the scripts: {out}");
}

#[test]
fn a_trace_is_walked_forth_and_back() {
    let path = trace("demo", "walk");
    let talk = |lines: &str| unwrapped(&printed(&["replay", &path, "--prompt"], lines));
    let out = talk("next\nnext 5\nback\ngoto 2.624\nnext commit\nprevious campaign\n");
    has_all(
        &out,
        &[
            "All nodes start as followers An election",
            "step 1: n0's election timer ends",
            "1/103 2.110> next step 2: n0 → n1 RequestVote: term 1",
            "2/103 2.112> next 5 step 7:",
            "7/103 2.116> back step 6:",
            "6/103 2.116> goto 2.624 Three writes client 1 asks n0 for SET balance=1000 step 23:",
            "23/103 2.624> next commit step 32:",
            "previous campaign All nodes start as followers An election",
        ],
    );
    let out = talk(
        "goto first crash\nshow\ngoto 7\nshow 0\ndiff 6 7\nblame 1 votedFor\nblame 1 x\ngoto 62\nshow 0\nblame 0 commitIndex\n",
    );
    has_all(
        &out,
        &[
            "n0 CRASHED",
            "role leader currentTerm 1 votedFor n0 log 1@1 commitIndex 0 lastApplied 0",
            "nextIndex[1] 2 matchIndex[1] 0",
            "n0 role 'candidate' → 'leader'",
            "n1's votedFor has been 'n0' since step 2 step 2:",
            "n1 has no 'x' here; it has role, currentTerm,",
            "role crashed currentTerm 1 votedFor n0",
            "commitIndex - lastApplied -",
            "n0's commitIndex has been '-' since step 60",
        ],
    );
    let out = talk(
        "goto 32\nwhy committed 2\nlog\nlog 0\nmessages\nwhy leader 7\ngoto 104\nnxt\nback 99\nback\n",
    );
    has_all(
        &out,
        &[
            "Step 32, 2.629: why committed 2? 2@1 is committed: n0, then the leader, counted its copies",
            "index 1 2 n0",
            "2@1 applied SET balance=1000",
            "there is no node 7 in this run; its nodes are 0 to 4",
            "there is no step 104 in this run; its steps are 1 to 103",
            "did you mean 'next'?",
            "step 1 is the first",
        ],
    );
}

#[test]
fn a_trace_that_is_cut_is_walked_and_the_cut_is_said() {
    let path = trace("demo", "cut");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    let out = unwrapped(&printed(&["replay", &path, "--prompt"], "next 1000\nquit\nnext\n"));
    assert!(out.contains("what is there can be looked at"), "{out}");
    let why = unwrapped(&printed(&["replay", &path, "--at", "32", "--why", "committed 2"], ""));
    assert!(why.contains("2@1 is committed"), "{why}");
}

#[test]
fn why_is_answered_on_the_command_line_in_words_and_as_json() {
    let path = trace("figure-8", "why");
    let at = ["replay", &path, "--at", "first refused commit-only-current-term"];
    let ask = [&at[..], &["--why", "not committed 2 on 0"]].concat();
    let text = unwrapped(&printed(&ask, ""));
    has_all(
        &text,
        &[
            "waits: commit-only-current-term (§5.4.2): 2@2 is of term 2, n0 leads term 4",
            "index 2 is known to be on 3 of 5 nodes, and 3 are a majority",
            "if a client proposed a command to n0, and that entry of term 4 came to be known to n0 to be on a majority",
        ],
    );
    let (run, own) = (super::history(&super::shipped("figure-8")), "SET y=last");
    let asked = run.clients().iter().find(|call| call.command.as_str() == own).unwrap().asked_in;
    let text = ["replay", &path, "--at", &asked.to_string(), "--why", "not committed 4"];
    let text = unwrapped(&printed(&text, ""));
    let known =
        "came to be known to n0 to be on a majority: n0 knows of 1 of the 3 copies that it needs";
    assert!(text.contains(known), "{text:?}");
    let json = printed(&[&ask[..], &["--format", "json"]].concat(), "");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["finding"]["kind"], "older-term");
    assert_eq!(json["grounds"][1]["paper"], "§5.4.2, Figure 8");
    assert_eq!(json["change"]["kind"], "entry-of-own-term");
    // The answer about a committed entry says that it is committed.
    let path = trace("partition", "why-partition");
    let text = unwrapped(&printed(&["replay", &path, "--why", "not committed 2 on 0"], ""));
    assert!(
        text.contains("The opposite is true:")
            && text.contains("2@1 is committed: n0, then the leader, counted its copies"),
        "{text}"
    );
}

#[test]
fn a_place_or_a_question_that_is_none_is_one_sentence() {
    let path = trace("partition", "wrong");
    let replay = |rest: &[&str]| complaint(&[&["replay", &path], rest].concat());
    for (rest, words) in [
        (&["--at", "0"][..], "no step 0 in this run; its steps are 1 to 100"),
        (&["--at", "101"], "no step 101"),
        (&["--at", "soon"], "a place is a step's number, a time as in 0.014"),
        (&["--at", "first violation"], "that happens nowhere in this run"),
        (&["--why", "leader 9"], "no node 9 in this run; its nodes are 0 to 4"),
        (
            &["--why", "committed 70"],
            "no node has an entry at index 70 here; ask about an index from 1 to 4",
        ),
        (
            &["--why", "committed SET x=1"],
            "'why told x=1' says at which index a client's command is",
        ),
        (&["--why", "colour 3"], "not a question known here; ask 'committed INDEX[@TERM] [on N]'"),
        (&["--why", "refused 1 -> 3"], "'refused 1 -> 3' has not happened up to step"),
        (
            &["--why", "told client 99"],
            "no such client has asked up to step 100; name one by its number",
        ),
        (&["--why", "leader 0", "--verify"], "--why"),
        (&["--prompt", "--verify"], "--prompt"),
    ] {
        let sentence = replay(rest);
        assert!(sentence.contains(words), "{rest:?}: {sentence}");
    }
}

/// The rows of lanes, without the text above and below.
fn rows(out: &str) -> Vec<&str> {
    let row = |line: &&str| {
        line.starts_with("   ") && line.trim_start().starts_with(|it: char| it.is_ascii_digit())
    };
    out.lines().filter(row).collect()
}

#[test]
fn lanes_fit_and_mark_what_matters() {
    let lanes = |scenario: &str, nodes: &str| {
        printed(&["run", scenario, "--virtual", "--nodes", nodes, "--view", "lanes"], "")
    };
    for (nodes, width) in [("3", 60), ("5", 100), ("9", 100)] {
        let out = lanes("demo", nodes);
        let widest = rows(&out).iter().map(|row| row.chars().count()).max().unwrap();
        assert!(widest <= width, "{nodes} nodes: {widest} columns");
    }
    let out = lanes("demo", "5");
    for row in [
        "     1    2.110   C1 timeout    F0            F0            F0            F0",
        "     2    2.112   C1───────────▶F1 vote? yes  F0            F0            F0",
        "     6    2.116   C1 vote ◀─────F1            F1            F1            F1",
    ] {
        assert!(rows(&out).contains(&row), "{out}");
    }
    assert!(out.contains("*7") && out.contains("✗ CRASHES") && out.contains("F, C, L: follower"));
    let out = lanes("partition", "5");
    assert!(out.contains("L1 cut ×──────F1") && out.contains("───×F1 cut"), "{out}");
    let splits = "the network splits: n0 n1 | n2 n3 n4";
    assert!(unwrapped(&out).contains(splits), "{out}");
    // The nodes that a line does not name are a group too.
    for (line, told) in
        [("0 1", splits), ("0 1 2 3 4", "no link is cut: all nodes are in one group")]
    {
        let script = format!("nodes 5\npartition {line}\n");
        let out = printed(&["run", "-", "--virtual"], &script);
        assert!(unwrapped(&out).contains(told), "{out}");
    }
    assert!(out.contains(" -3 +3"), "what n0 had is deleted, and replaced: {out}");
    // The numbers are those of the trace.
    let path = trace("partition", "lanes");
    assert_eq!(rows(&printed(&["replay", &path, "--view", "lanes"], "")), rows(&out));
}

/// A paused leader still counts as leader, so every view must show that it is paused.
#[test]
fn a_node_that_is_paused_is_seen_to() {
    let path = trace("paused-leader", "paused");
    let at = |place: &str, question: &str| {
        unwrapped(&printed(&["replay", &path, "--at", place, "--why", question], ""))
    };
    let answer = at("first pause", "leader 0");
    has_all(&answer, &["n0 leads term 1, by the votes of", "n0 was paused after step"]);
    // No timer of a paused process ends.
    let asked = "elect 0\npause 1\nrun 9ms\nwhy not leader 1\n";
    let answer = unwrapped(&printed(&["play", "--virtual", "--nodes", "3"], asked));
    assert!(answer.contains("It would change if n1 resumed, and n1's election timer"), "{answer}");
    assert!(!at("first resume", "leader 0").contains("is paused"));
    let out = unwrapped(&printed(&["replay", &path, "--prompt"], "next pause\nnext resume\n"));
    assert!(out.contains("n0 is paused") && out.contains("n0 resumes where it stopped"), "{out}");
    let out = printed(&["replay", &path, "--view", "lanes"], "");
    assert!(out.contains("L1‖") && unwrapped(&out).contains("‖: paused"), "{out}");
}

/// A time names the last step by then. It is read to the millisecond, and may have fewer digits.
#[test]
fn a_time_is_the_last_step_made_by_then() {
    let path = trace("partition", "time");
    let out = printed(&["replay", &path, "--prompt"], "goto 2.5\ngoto 2.535\n1.0\n47\n");
    let prompts: Vec<&str> = out.lines().filter(|line| line.contains("/100")).collect();
    let shown = |prompt: &str| prompt.split(' ').nth(1).unwrap()[..5].to_owned();
    assert!(shown(prompts[1]).as_str() <= "2.500", "{out}");
    assert_eq!(shown(prompts[2]), "2.535", "{out}");
    assert!(shown(prompts[3]).as_str() <= "1.000", "{out}");
    assert!(out.contains("step 47:"), "a number alone is a step to go to: {out}");
}

#[test]
fn what_is_asked_amiss_is_helped() {
    let path = trace("partition", "amiss");
    let talk = |lines: &str| unwrapped(&printed(&["replay", &path, "--prompt"], lines));
    let out = talk("why\nnext crash\nnext foo\nnext comit\ngoto end\n");
    has_all(
        &out,
        &[
            "why leader N why node N leads",
            "no 'crash' after step 1 (none in this run)",
            "'foo' is not a place or event",
            "did you mean 'commit'?",
            "> goto end step 100: n2",
        ],
    );
    // A word that is known, but does not stand alone, is not offered in its own place.
    let out =
        talk("goto first\ngoto pause\nnext first commit\nwhy refused 1 0\nwhy refused 1->0\n");
    has_all(
        &out,
        &[
            "'first' needs an event, as in 'first commit'",
            "'pause' is an event; which one: 'first pause' or 'last pause'?",
            "'refused 1 0' is not a question known here; ask 'refused N -> M'",
            "'refused 1 -> 0' has not happened up to step 1",
        ],
    );
    assert!(!out.contains("did you mean 'first'?"), "{out:?}");
    let out =
        talk("goto 100\nwhy told client 1\nwhy told SET?\nwhy truncated 3\nwhy not leader 3\n");
    has_all(
        &out,
        &[
            "Client 1 asked n0 for",
            "more, asked before, also match.",
            "has not happened up to step 100; 'truncated 1' did in step 100, 'truncated 0' did in step 97",
        ],
    );
    let never = &out[out.find("n3 has never campaigned").unwrap()..];
    assert!(!never.split("└").next().unwrap().contains("That has been so since"), "{never}");
    let out = talk("goto 48\nwhy not committed 3 on 0\n");
    assert!(out.contains("in flight: 1 to it") || out.contains(" from it"), "{out}");
}

#[test]
fn lanes_tell_ranges_and_count_what_is_cut() {
    let lanes = |scenario| printed(&["run", scenario, "--virtual", "--view", "lanes"], "");
    let out = lanes("figure-8");
    assert!(out.contains(" messages are cut") && out.contains('…'), "{out}");
    let cut = |line: &&str| line.contains('×') && line.contains(" cut");
    let runs = out.lines().collect::<Vec<_>>();
    let runs = runs.split(|line| !cut(line)).map(<[_]>::len);
    assert!(runs.max().unwrap() <= 6 * 2, "{out}");
    let out = lanes("partition");
    assert!(out.contains(" -3 +3..4"), "{out}");
    let legend =
        "Heartbeats and acknowledgements that change nothing are left out, and their numbers";
    assert!(unwrapped(&out).contains(legend), "{out}");
}

#[test]
fn the_prompt_tells_who_led_when_and_what_clients_were_told() {
    let path = trace("told", "glance");
    let out =
        unwrapped(&printed(&["replay", &path, "--prompt"], "leaders\nclients\ngoto 85\nclients\n"));
    has_all(
        &out,
        &[
            "n0 leads term 1 from step 4 until it steps down in step 42 n2 leads term 2 from step 36 until it \
         crashes after step 49",
            "n1 leads term 4 from step 73 on",
            "clients no client has asked for anything",
            "Client 8 asked n0",
            "crashed after step 70 and forgot who had asked",
        ],
    );
}

#[test]
fn the_end_and_any_rule_can_be_named_and_words_for_a_cluster_are_sent_there() {
    let path = trace("figure-8", "named");
    let talk = |lines: &str| unwrapped(&printed(&["replay", &path, "--prompt"], lines));
    let last = talk("goto 99999");
    let last = last.split("its steps are 1 to ").nth(1).unwrap().split_whitespace().next().unwrap();
    for word in ["end", "last"] {
        let out = talk(&format!("goto {word}\nnext\n"));
        assert!(out.contains(&format!("> goto {word} ")), "{out}");
        assert!(out.contains(&format!("step {last} is the last")), "{out}");
    }
    // Whoever waits for more votes or copies refuses nothing.
    let out = talk("next refused\ngoto first refused\ngoto end\nprevious refused\nnext broken\n");
    let first = out.split("> next refused ").nth(1).unwrap().split("> goto first refused").next();
    assert!(first.is_some_and(|first| first.contains(" refuses ")), "{out}");
    let story = printed(&["replay", &path, "--at", "first refused"], "");
    assert!(unwrapped(&story).contains(" refuses "), "{story}");
    has_all(
        &out,
        &[
            "> next refused",
            "refuses",
            "> goto first refused",
            "> previous refused",
            "no 'broken' after step",
            "none in this run",
        ],
    );
    let out = talk("crash 1\nstatus\nrun\nhelp crash\n");
    for word in ["crash", "status", "run"] {
        let sentence = format!("'{word}' acts on a cluster: 'fork' opens one here");
        assert!(out.contains(&sentence), "{out:?} lacks {sentence:?}");
    }
}

/// A step at which a property is violated says so, wherever it is gone to.
#[test]
fn a_step_tells_what_was_violated_at_it() {
    let path = trace("broken/one-vote-per-term", "violated");
    let out = unwrapped(&printed(&["replay", &path, "--prompt"], "goto first violation\nnext\n"));
    let (first, second) = out.split_once("> next ").unwrap();
    let vote =
        "✗ Vote Uniqueness is violated: n0 voted for n0 in term 1, and for n1 in the same term.";
    let election =
        "✗ Election Safety is violated: n0 became leader of term 1, and n1 of the same term.";
    assert!(first.contains(vote) && !first.contains(election), "{first}");
    assert!(second.contains(election) && !second.contains(vote), "{second}");
}
