//! Runs: in virtual time and on threads, as text and as JSON, good ones and bad ones.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use raft_in_practice::raft::Property;
use raft_in_practice::scenario::library::{BROKEN, SHIPPED};
use serde_json::Value;

use crate::raft_cluster::{file, printed, raft_cluster, unwrapped};

const PHASES: [&str; 8] = [
    "1  All nodes start as followers",
    "2  An election",
    "3  Three writes",
    "4  The leader crashes",
    "5  A new leader",
    "6  Two more writes",
    "7  The crashed node comes back",
    "8  Safety",
];

const COMMANDS: [&str; 5] = [
    "SET balance=1000",
    "TRANSFER 200 -> account_7",
    "SET balance=800",
    "AUDIT log entry",
    "CLOSE session",
];

/// Checks that a story has its parts in order, an answer to every write, and the report at its end.
fn is_the_demo(text: &str) {
    let mut rest = text;
    for phase in PHASES {
        let at =
            rest.find(phase).unwrap_or_else(|| panic!("{phase:?} is missing or late:\n{text}"));
        rest = &rest[at + phase.len()..];
    }
    let text = unwrapped(text);
    for command in COMMANDS {
        let answered = |client| format!("answers client {client}: {command} is committed as");
        assert!((1..10).any(|client| text.contains(&answered(client))), "{command}");
        assert!(
            text.contains(&format!("{command} is committed on all running nodes")),
            "{command}"
        );
    }
    for property in ["Election Safety", "Leader Append-Only", "Log Matching", "Leader Completeness"]
    {
        assert!(text.contains(&format!("✓ held {property}")), "{property}");
    }
    assert!(text.contains("✓ held State Machine Safety"));
    assert!(text.contains("no two of the 5 nodes ever committed different entries"));
    assert!(!text.contains('✗'));
}

#[test]
fn the_demo_has_eight_parts_in_virtual_time_and_on_threads() {
    is_the_demo(&printed(0, &["run", "demo", "--virtual"]));
    is_the_demo(&printed(0, &["--speed", "5"]));
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_another_run() {
    let seed = |seed| printed(0, &["run", "demo", "--virtual", "--seed", seed]);
    assert!(seed("7") == seed("7"));
    assert!(seed("7") != seed("8"));
    assert!(printed(0, &["--virtual"]) == printed(0, &["run", "--virtual"]), "demo is the default");
}

/// The step numbers that a story prints are those that a prompt takes.
#[test]
fn a_step_has_the_same_number_in_a_story_in_lanes_and_in_a_record() {
    for name in ["demo", "figure-8", "broken/one-vote-per-term"] {
        let told = |options: &[&str]| printed(0, &[&["run", name, "--virtual"], options].concat());
        let record = told(&["--format", "json"]);
        let wins = record.lines().filter(|line| line.contains(r#""event":"became-leader""#));
        let step = |line: &str| serde_json::from_str::<Value>(line).unwrap()["step"].as_u64();
        let recorded: Vec<_> = wins.map(step).collect();
        assert!(recorded.len() > 1, "{name}");
        let mut last = None;
        for view in ["story", "brief"] {
            let mut wins = Vec::new();
            for line in told(&["--view", view]).lines() {
                last = line.split_whitespace().next().and_then(|word| word.parse().ok()).or(last);
                if line.contains("has won the election") {
                    wins.push(last);
                }
            }
            assert_eq!(wins, recorded, "{name} {view}");
        }
        let lanes = told(&["--view", "lanes"]);
        let number = |line: &str| line.split_whitespace().next()?.parse().ok();
        let numbers: Vec<Option<u64>> = lanes.lines().map(number).collect();
        assert!(recorded.iter().all(|step| numbers.contains(step)), "{name}");
    }
}

/// The brief view leaves out reasons, but never that a rule was broken, or how the logs differ.
#[test]
fn a_run_in_brief_has_what_turns_it_and_the_proof_in_a_line() {
    let brief = |name| printed(0, &["run", name, "--virtual", "--view", "brief"]);
    let demo = brief("demo");
    assert!(demo.lines().count() <= 60 && !demo.contains('└'), "{demo}");
    let demo = unwrapped(&demo);
    for told in PHASES.iter().chain(&[
        "n3 has won the election of term 2",
        "n0 n1 n2 n3 n4 n0 leads term 1, log ends at 4@1, commitIndex 4",
        "n3 n1 n2 1 1 1 1 2 │ n3 leads, term 2",
        "n4 1 1 1 1 │ 2 follower, term 2",
        "n3 answers client 4: AUDIT log entry is committed as 6@2",
        "n0 refuses n3's AppendEntries built on 7@2 (§5.3): n0's log ends at index 4",
        "n0 has won the election of term 1 (§5.2), and appends an empty entry, 1@1",
        "✓ as expected: balance is 800 on all running nodes; and 5 more conditions hold",
        "demo: ✓ passed; 7 entries committed under 2 leaders, 0 violations",
    ]) {
        assert!(demo.contains(&unwrapped(told)), "{told:?} is missing:\n{demo}");
    }
    let partition = brief("partition");
    assert!(partition.contains("n0 n1       1   1 │ 1*"), "{partition}");
    let broken = brief("broken/commit-only-current-term");
    assert!(broken.contains("└ broken: commit-only-current-term"), "{broken}");
    assert!(broken.contains("✗ Leader Completeness is violated"), "{broken}");
    assert!(!broken.contains("└ kept"), "{broken}");
}

/// Of messages that only overtook each other the brief story tells nothing; of those that follow a lost one it does.
#[test]
fn a_run_in_brief_leaves_out_messages_that_overtook_each_other() {
    let told = |name, view| printed(0, &["run", name, "--virtual", "--view", view]);
    let [brief, story] = ["brief", "story"].map(|view| told("partition", view));
    let first_part = |text: &str| text.split("The network splits").next().unwrap().to_owned();
    assert!(first_part(&story).contains("has not arrived"), "{story}");
    assert!(!first_part(&brief).contains("refuses"), "{brief}");
    assert!(told("lossy", "brief").contains("n2 refuses n0's AppendEntries built on 2@1"));
    // That a deposed leader's message is refused is no matter of order.
    let deposed = file("deposed.raft");
    let lines = "nodes 3\ntimeout 0\nwait until leader is 0\nwait until in step\n\
                 submit to 0 SET a=1\nhold append-entries 0 -> 1\nsubmit to 0 SET b=2\n\
                 hold append-entries 0 -> 1\nwait 20ms\nelect 2\ndeliver append-entries 0 -> 1\n";
    fs::write(&deposed, lines).unwrap();
    let deposed = told(deposed.to_str().unwrap(), "brief");
    assert!(
        deposed.contains("n1 refuses n0's AppendEntries of term 1: n1 is in term 2"),
        "{deposed}"
    );
    // By hand every message is told with what it does, and the no-op once.
    let by_hand = told("broken/up-to-date-log", "brief");
    assert!(by_hand.contains("and appends an empty entry, 1@1"), "{by_hand}");
    assert!(!by_hand.contains("appends 1@1 to its own log"), "{by_hand}");
}

#[test]
fn a_command_of_blanks_is_seen_by_its_quotes() {
    let script = file("blank.raft");
    fs::write(
        &script,
        "nodes 1\ntimeout 0\nwait until leader\nwrite \"\"\nsubmit to 0 \"  \"\nwait 1s\n",
    )
    .unwrap();
    let text = printed(0, &["run", script.to_str().unwrap(), "--virtual"]);
    for told in [
        "client 1 asks n0 for \"\"",
        "n0 appends 2@1 to its own log (§5.3): \"\"",
        "n0 answers client 2: \"  \" is committed as 3@1",
    ] {
        assert!(text.contains(told), "{told:?} is missing:\n{text}");
    }
}

/// What a message does is told at the prompt and in a script, under manual control or by hand, although the run does
/// not go on by it.
#[test]
fn each_message_that_is_delivered_by_name_is_told_with_its_effect() {
    let script = file("effects.raft");
    let lines = "nodes 5\nmanual\ntimeout 0\ndeliver request-vote 0 -> 1\n\
                 deliver request-vote-reply 1 -> 0\ndeliver request-vote 0 -> 2\n\
                 deliver request-vote-reply 2 -> 0\ndeliver append-entries 0 -> 1\n\
                 deliver append-entries-reply 1 -> 0\n";
    for more in ["", "automatic\n"] {
        fs::write(&script, format!("{lines}{more}")).unwrap();
        let text = unwrapped(&printed(0, &["run", script.to_str().unwrap(), "--virtual"]));
        for effect in [
            "n0 counts the vote of n1: 2 votes so far (§5.2) └ waits: majority-quorum (§5.2, §5.3): 2 of 5",
            "n1 accepts 1 entry, new from index 1 on, and acknowledges index 1",
            "n0 now knows that n1's log matches up to index 1 (§5.3) └ waits: majority-quorum",
        ] {
            assert!(text.contains(effect), "{effect:?} is missing:\n{text}");
        }
        assert!(!text.contains("counts the vote of n2"), "that it won says it: {text}");
    }
}

/// At the point where a run without a rule goes wrong, the run with the rule says what the rule did.
#[test]
fn a_kept_rule_is_told_where_a_node_does_less_than_it_could() {
    for (rule, did) in [
        ("truncate-only-on-conflict", "nothing is cut"),
        ("acknowledge-only-verified", "is acknowledged"),
    ] {
        let text = printed(0, &["run", &format!("broken/{rule}"), "--intact"]);
        let kept = unwrapped(&text);
        let told = kept.split("└ kept: ").any(|kept| kept.starts_with(rule) && kept.contains(did));
        assert!(told, "{rule}: {text}");
    }
}

#[test]
fn every_scenario_reads_well() {
    for (name, _) in SHIPPED {
        let text = printed(0, &["run", name, "--virtual"]);
        let mut before = "";
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{name}: too wide: {line}");
            assert_eq!(line, line.trim_end(), "{name}: a line ends in spaces");
            assert!(!(line.is_empty() && before.is_empty()), "{name}: two empty lines");
            before = line;
        }
        assert!(!before.is_empty(), "{name} ends with an empty line");
        assert!(!text.contains('\u{1b}'), "{name}: colour in a pipe");
        for wrong in ["1 checks", "1 leaders", "1 entries", "1 nodes", "1 votes", "1 batches"] {
            assert!(!text.contains(&format!(" {wrong}")), "{name}: {wrong}");
        }
    }
}

#[test]
fn colour_is_off_in_a_pipe_and_on_when_asked_for_and_changes_no_word() {
    let plain = printed(0, &["--virtual"]);
    let coloured = printed(0, &["--virtual", "--color", "always"]);
    assert!(coloured.contains("\u{1b}["));
    let mut words = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, code)) = rest.split_once('\u{1b}') {
        words.push_str(before);
        rest = code.split_once('m').unwrap().1;
    }
    words.push_str(rest);
    assert!(words == plain);
    let output = raft_cluster(&["--virtual"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(output.stdout.contains(&0x1b));
}

/// How a run ended, by the last line but one of its JSON.
fn ending(json: &str) -> Value {
    let line: Value = serde_json::from_str(json.lines().rev().nth(1).unwrap()).unwrap();
    line["ending"].clone()
}

#[test]
fn json_is_one_object_a_line_and_ends_with_the_verdict() {
    let text = printed(0, &["run", "lossy", "--virtual", "--format", "json"]);
    let read = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let lines: Vec<Value> = text.lines().map(read).collect();
    assert!(lines.iter().all(Value::is_object));
    assert!(lines.iter().any(|line| line["received"]["content"].is_object()));
    assert!(lines.iter().any(|line| line["deed"]["duplicated"].is_object()));
    let last = &lines[lines.len() - 2]["ending"];
    assert_eq!(last["passed"], true);
    assert_eq!(last["committed"], 6);
    assert_eq!(last["violations"], Value::Array(Vec::new()));
}

/// The JSON and the text report the same checks, and the JSON has a violation at its step.
#[test]
fn the_machine_format_has_the_numbers_that_the_text_has() {
    for (name, code) in [("demo", 0), ("lossy", 0), ("broken/one-vote-per-term", 0)] {
        let run = ["run", name, "--virtual"];
        let text = printed(code, &run);
        let lines: Vec<Value> = printed(code, &[&run[..], &["--format", "json"]].concat())
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let last = &lines[lines.len() - 2]["ending"];
        let mut rows = 0;
        for property in Property::ALL {
            let id = serde_json::to_value(property).unwrap();
            let count = last["checks"][id.as_str().unwrap()].as_u64().unwrap();
            let asked = |line: &&str| line.contains(" check") || line.contains(" answers ");
            let mut of_it = text.lines().filter(|line| line.contains(&format!(" {property} ")));
            if let Some(row) = of_it.find(asked) {
                assert!(row.contains(&format!(" {count} ")), "{name}: {row}, but {count}");
                rows += 1;
            }
        }
        assert!(rows > 3, "{name}: {text}");
        let violated: Vec<&Value> = lines.iter().filter_map(|line| line.get("violation")).collect();
        assert_eq!(last["violations"].as_array().unwrap().iter().collect::<Vec<_>>(), violated);
        for (nth, line) in
            lines.iter().enumerate().filter(|(_, line)| line["violation"].is_object())
        {
            let before = lines[..nth].iter().rev().find_map(|line| line["step"].as_u64());
            assert_eq!(line["violation"]["step"].as_u64(), before, "{line}");
        }
    }
}

/// A refusal makes no step, so it has a line of its own in the JSON.
#[test]
fn a_command_that_is_refused_is_told_to_programs() {
    let script = file("refused.raft");
    let text = "nodes 3\ntimeout 0\nwait until leader is 0\nwait until in step\ncrash 2\n\
                submit to 1 SET x=1\nsubmit to 2 SET x=2\nwait 1s\nrestart 2\nwait 1s\n";
    fs::write(&script, text).unwrap();
    for options in [&["--virtual"][..], &["--speed", "5"]] {
        let run = ["run", script.to_str().unwrap(), "--format", "json"];
        let told = printed(0, &[&run[..], options].concat());
        let line = |words: &str| told.lines().find(|line| line.contains(words)).unwrap();
        // On threads n1 may lead by then, if the machine is busy.
        let follows = told.contains("{\"refused\":{\"ticket\":0,\"node\":1,\"leader\":0}}");
        assert!(follows || options != ["--virtual"], "{told}");
        assert!(told.contains("{\"refused\":{\"ticket\":1,\"node\":2,\"leader\":null}}"), "{told}");
        assert!(told.contains("{\"by-hand\":{\"node\":0}}"), "{told}");
        let restart: Value = serde_json::from_str(line("{\"restart\"")).unwrap();
        assert_eq!(restart["state"]["role"], "follower");
        assert!(!restart["state"]["log"].as_array().unwrap().is_empty(), "{restart}");
    }
}

#[test]
fn every_command_with_results_speaks_to_programs() {
    let read = |code, arguments: &[&str]| -> Vec<Value> {
        let text = printed(code, &[arguments, &["--format", "json"]].concat());
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let scenarios = read(0, &["scenarios"]);
    assert_eq!(scenarios.len(), SHIPPED.len() + BROKEN.len());
    assert!(scenarios.iter().all(|line| line["shows"].is_string()));

    let search = read(0, &["check", "--nodes", "2", "--terms", "1", "--log", "1"]);
    let (last, depths) = search.split_last().unwrap();
    assert!(depths.len() > 3 && depths.iter().all(|line| line["states"].is_u64()));
    assert_eq!((&last["reach"], &last["bounds"]["nodes"]), (&"exhausted".into(), &2.into()));
    assert_eq!(last["counterexample"], Value::Null);

    let hunt = read(1, &["hunt", "--break", "majority-quorum", "--seeds", "100"]);
    let [line] = &hunt[..] else { panic!("{hunt:?}") };
    assert_eq!(line["broken"], serde_json::json!(["majority-quorum"]));
    assert!(line["first"]["finding"]["violated"].is_object(), "{line}");
    let moves = line["counterexample"]["moves"].as_array().unwrap();
    assert!(moves.iter().any(|told| told.as_str().unwrap().starts_with("timeout ")), "{line}");

    let trace = file("for-programs.jsonl");
    let trace = trace.to_str().unwrap();
    printed(0, &["run", "split-vote", "--virtual", "--view", "quiet", "--trace", trace]);
    let verified = read(0, &["replay", trace, "--verify"]);
    assert_eq!((verified.len(), &verified[0]["verified"]), (1, &Value::Bool(true)));
    let again = read(0, &["replay", trace]);
    let told = read(0, &["run", "split-vote", "--virtual"]);
    // Whether the run passed is known only where its scenario is.
    let but_two = told.len() - 2;
    assert_eq!(again[..but_two], told[..but_two]);
    assert_eq!((again.len(), &again[but_two]["ending"]["passed"]), (but_two + 2, &Value::Null));
    assert_eq!(told[but_two]["ending"]["passed"], true);
}

#[test]
fn the_quiet_view_is_one_line() {
    for (name, _) in SHIPPED {
        let text = printed(0, &["run", name, "--virtual", "--view", "quiet"]);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with(&format!("{name}: ✓ passed; ")), "{text}");
    }
}

#[test]
fn a_cluster_that_lost_its_majority_stalls_and_the_run_says_so() {
    let text = unwrapped(&printed(1, &["run", "demo", "--virtual", "--nodes", "2"]));
    assert!(
        text.contains("✗ line 31: wait 20s until leader: not within 20 s; there is no leader."),
        "{text}"
    );
    assert!(text.contains("Only 1 of 2 nodes is up, and a leader needs the votes of 2"), "{text}");
    assert!(text.contains("majority-quorum, §5.2"));
    let json = printed(1, &["run", "demo", "--virtual", "--nodes", "2", "--format", "json"]);
    let last = ending(&json);
    assert_eq!(last["passed"], false);
    assert!(last["failure"].as_str().unwrap().contains("majority"));
}

#[test]
fn other_sizes_and_bad_networks_change_nothing_about_the_outcome() {
    for arguments in [
        &["--nodes", "3"][..],
        &["--nodes", "4", "--seed", "7"],
        &["--nodes", "9"],
        &["--drop", "0.2"],
        &["--drop", "10%", "--duplicate", "0.1", "--latency", "1ms..60ms"],
    ] {
        let text = printed(0, &[&["--virtual", "--view", "quiet"], arguments].concat());
        assert!(text.starts_with("demo: ✓ passed; "), "{arguments:?}: {text}");
    }
}

#[test]
fn a_broken_rule_is_announced_and_a_run_without_harm_says_where_to_look() {
    let text = unwrapped(&printed(0, &["--virtual", "--break", "one-vote-per-term"]));
    assert!(text.contains("THIS RUN BREAKS A RULE: one-vote-per-term (§5.2"), "{text}");
    assert!(text.contains("'raft-cluster hunt --break one-vote-per-term' searches"), "{text}");
    // Without heartbeats of the leaders the elections never end.
    let text = printed(1, &["run", "partition", "--virtual", "--break", "leader-heartbeat"]);
    assert!(text.contains("THIS RUN BREAKS A RULE: leader-heartbeat"), "{text}");
}

/// No read shows that these commands are lost; only the entries at their indexes do.
#[test]
fn a_success_that_is_false_is_told_with_both_entries() {
    let run = ["run", "figure-7", "--virtual", "--break", "answer-only-applied"];
    let text = unwrapped(&printed(1, &run));
    for words in [
        "✗ violated Linearizability 20 answers",
        "9 clients were told of success for entries that are not in the committed log.",
        "client 7 was told of success for 7@3, SET k7=3, and 7@5 was committed there first",
        "and so were 3 others",
    ] {
        assert!(text.contains(words), "{words:?} is not in: {text}");
    }
    assert!(!text.contains("Still, no property was violated"), "{text}");
    let one = "examples/course/solutions/06-minority.raft";
    let one = unwrapped(&printed(1, &["run", one, "--break", "majority-quorum"]));
    let words =
        "a client was told of success for an entry that is not in the committed log. client 2";
    assert!(one.contains(words), "{one}");
    let json = printed(1, &[&run[..], &["--format", "json"]].concat());
    let last = ending(&json);
    assert_eq!(
        (&last["linearizable"], &last["passed"]),
        (&Value::Bool(false), &Value::Bool(false))
    );
    let found = last["clients"]["false_successes"].as_array().unwrap();
    assert_eq!(found.len(), 9);
    let position = |index, term| serde_json::json!({ "index": index, "term": term });
    assert_eq!(found[0]["told"], position(7, 3));
    assert_eq!(found[0]["committed"], position(7, 5));
}

#[test]
fn the_list_has_every_scenario_with_what_it_shows() {
    let text = printed(0, &["scenarios"]);
    let (table, rest) = text.split_once("\n\n").unwrap();
    let names: BTreeSet<&str> =
        table.lines().filter(|l| !l.starts_with(' ')).filter_map(|l| l.split(' ').next()).collect();
    assert_eq!(names, SHIPPED.iter().map(|(name, _)| *name).collect());
    assert!(rest.contains("broken/RULE"), "{rest}");
    let text = unwrapped(&text);
    for (name, script) in SHIPPED {
        let shows = script.lines().find_map(|line| line.strip_prefix("shows ")).unwrap();
        assert!(text.contains(shows), "{name}");
    }
}

#[test]
fn a_reader_who_goes_away_is_no_error() {
    for arguments in [&["run", "figure-8", "--virtual"][..], &["--speed", "20"], &["scenarios"]] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_raft-cluster"));
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        // The pipe is closed by now.
        assert!(!first.is_empty());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
        let mut complaint = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        assert!(complaint.is_empty(), "{arguments:?}: {complaint}");
    }
}

#[test]
fn help_has_examples_and_exit_codes_and_completions_know_the_options() {
    let help = printed(0, &["--help"]);
    assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{help}");
    for shell in ["bash", "zsh", "fish"] {
        assert!(printed(0, &["completions", shell]).contains("virtual"), "{shell}");
    }
}

/// The JSON also has the verdicts that are made when a batch is saved.
#[test]
fn the_machine_format_has_the_verdicts_that_come_with_the_save() {
    let lines = printed(0, &["run", "demo", "--virtual", "--format", "json"]);
    for rule in ["persist-before-reply", "randomised-timeout", "answer-only-applied"] {
        assert!(lines.contains(&format!("\"rule\":\"{rule}\"")), "{rule}");
    }
}
