//! Traces: recorded, run again, and damaged in every way a file can be.

use std::fs;

use raft_in_practice::record::{History, TraceError};

use crate::raft_cluster::{complaint, file, printed, raft_cluster, unwrapped};

/// Records the demo under this name and returns the path.
fn recorded(name: &str, options: &[&str]) -> String {
    let path = file(name).to_str().unwrap().to_owned();
    printed(0, &[&["run", "demo", "--view", "quiet", "--trace", &path], options].concat());
    path
}

/// Writes a damaged trace under this name and returns the path.
fn damaged(name: &str, damage: impl FnOnce(&mut Vec<String>)) -> String {
    let good = recorded(&format!("good-{name}"), &["--virtual"]);
    let text = fs::read_to_string(good).unwrap();
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    damage(&mut lines);
    let path = file(name).to_str().unwrap().to_owned();
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    path
}

/// A trace of which a step has another digest.
fn with_another_digest(name: &str, step: u64) -> String {
    damaged(name, |lines| {
        let at = find(lines, &format!("\"step\":{step},"));
        let digest = lines[at].split("\"digest\":\"").nth(1).unwrap()[..16].to_owned();
        lines[at] = lines[at].replace(&digest, "0123456789abcdef");
    })
}

/// The first line that holds `text`.
fn find(lines: &[String], text: &str) -> usize {
    lines.iter().position(|line| line.contains(text)).unwrap()
}

#[test]
fn a_run_replays_step_by_step_whether_on_threads_or_not() {
    for (name, options) in
        [("virtual.jsonl", &["--virtual"][..]), ("threads.jsonl", &["--speed", "5"])]
    {
        let path = recorded(name, options);
        let verified = printed(0, &["replay", &path, "--verify"]);
        assert!(verified.contains("steps replayed, each with the recorded digest"), "{verified}");
        let told = unwrapped(&printed(0, &["replay", &path]));
        assert!(told.contains("demo, run again from its trace"), "{told}");
        assert!(told.contains("7 entries were committed") && told.contains("✓ held Log Matching"));
    }
}

#[test]
fn a_trace_is_the_same_bytes_for_the_same_seed() {
    let read = |name| fs::read(recorded(name, &["--virtual", "--seed", "9"])).unwrap();
    assert!(read("once.jsonl") == read("twice.jsonl"));
}

#[test]
fn a_replay_can_stop_at_a_step() {
    let path = recorded("stop.jsonl", &["--virtual"]);
    let text = printed(0, &["replay", &path, "--at", "6"]);
    assert!(text.contains("n0    candidate     1    0       0        0"), "{text}");
    assert!(text.contains("6 steps replayed"), "{text}");
    assert!(printed(0, &["replay", &path, "--at", "1"]).contains(": 1 step replayed"));
    let sentence = complaint(&["replay", &path, "--at", "6", "--verify"]);
    assert!(sentence.contains("--at"), "{sentence}");
}

/// A replay up to the last step includes what happened after that step.
#[test]
fn a_replay_up_to_the_last_step_is_the_whole_run() {
    let (path, script) = (file("after.jsonl"), file("after.raft"));
    let (trace, name) = (path.to_str().unwrap(), script.to_str().unwrap());
    fs::write(&script, "nodes 3\nelect 0\nwait 100ms\ncrash 0\npause 1\ncut 2\n").unwrap();
    printed(0, &["run", name, "--virtual", "--view", "quiet", "--trace", trace]);
    let whole = printed(0, &["replay", trace]);
    let last = History::read(&*fs::read(&path).unwrap()).unwrap().last().to_string();
    for at in [last.as_str(), "first pause", "last crash"] {
        assert_eq!(printed(0, &["replay", trace, "--at", at]), whole, "{at}");
    }
    let shown = unwrapped(&printed(0, &["replay", trace, "--at", &last, "--show", "0"]));
    assert!(shown.contains("crashed") && whole.contains("n0    CRASHED"), "{shown}\n{whole}");
    assert!(whole.contains("n1 is paused"), "{whole}");
}

#[test]
fn a_step_that_is_not_in_the_trace_is_no_success() {
    let trace = recorded("steps.jsonl", &["--virtual"]);
    for step in ["0", "1000000"] {
        let output = raft_cluster(&["replay", &trace, "--at", step]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{step}");
        let (out, err) = (&*String::from_utf8_lossy(&output.stdout), output.stderr);
        assert!(!out.contains("steps made again"), "{out}");
        let sentence = String::from_utf8(err).unwrap();
        assert!(sentence.contains(&format!("no step {step} in this run; its steps are 1 to")));
    }
}

#[test]
fn a_broken_rule_travels_in_the_trace() {
    let path = recorded("broken.jsonl", &["--virtual", "--break", "acknowledge-only-verified"]);
    let text = unwrapped(&printed(0, &["replay", &path]));
    assert!(text.contains("THIS RUN BREAKS A RULE: acknowledge-only-verified"), "{text}");
    printed(0, &["replay", &path, "--verify"]);
}

/// What clients were told is in the trace, so its replay judges it as the run did.
#[test]
fn a_violation_that_clients_see_is_one_in_the_replay_too() {
    for arguments in
        [&["broken/answer-only-applied"][..], &["figure-7", "--break", "answer-only-applied"]]
    {
        let path = file("misled.jsonl").to_str().unwrap().to_owned();
        let options = ["--virtual", "--view", "quiet", "--trace", &path];
        let run = raft_cluster(&[&["run"], arguments, &options].concat()).output().unwrap();
        assert!(String::from_utf8(run.stdout).unwrap().contains(" 1 violation,"));
        let told = unwrapped(&printed(1, &["replay", &path]));
        assert!(told.contains("✗ violated Linearizability"), "{told}");
        assert!(told.contains("✗ Linearizability is violated: "), "{told}");
        printed(0, &["replay", &path, "--verify"]);
    }
    let path = recorded("answered.jsonl", &["--virtual"]);
    let told = unwrapped(&printed(0, &["replay", &path]));
    assert!(told.contains("✓ held Linearizability 5 answers"), "{told}");
}

/// What a trace says of clients is compared with the run that is made again: the answers, who gets them, who asked for
/// what, and who refused.
#[test]
fn a_trace_that_lies_about_clients_is_refused_with_the_place() {
    let answer = "\"answered\":{\"ticket\":2,";
    let with = |from: &'static str, to: &'static str| {
        move |lines: &mut Vec<String>| {
            let at = find(lines, "\"answered\":{\"ticket\":2,");
            assert!(lines[at].contains(from), "{}", lines[at]);
            lines[at] = lines[at].replace(from, to);
        }
    };
    refused(&[
        (
            damaged("reply.jsonl", with("\"set\"", "\"done\"")),
            &["does not give client 3 this answer"],
        ),
        (damaged("position.jsonl", with("\"index\":4", "\"index\":3")), &["client 3 this answer"]),
        (damaged("fate.jsonl", with("\"node\":0", "\"node\":1")), &["n1 does not give client 3"]),
        (damaged("other.jsonl", with("\"ticket\":2", "\"ticket\":1")), &["give client 2 this"]),
        (
            damaged("untold.jsonl", |l| _ = l.remove(find(l, answer))),
            &["n0 answers client 3 before this, and no line says so"],
        ),
        (
            damaged("again.jsonl", |l| {
                let at = find(l, answer);
                l.insert(at, l[at].clone());
            }),
            &["does not give client 3 this answer here"],
        ),
        (
            damaged("command.jsonl", |l| {
                let at = find(l, "\"asked\":{\"ticket\":2,");
                l[at] = l[at].replace("balance=800", "balance=900");
            }),
            &["no client that waits has asked n0 for 'SET balance=800'"],
        ),
        (
            damaged("twice.jsonl", |l| {
                let at = find(l, "\"asked\":{\"ticket\":2,");
                l.insert(at, l[at].clone());
            }),
            &["client 3 has asked already"],
        ),
    ]);
    let refusal = |node: u8, client: u64| {
        move |l: &mut Vec<String>| {
            let at = find(l, "\"asked\":{\"ticket\":2,");
            let to = format!("\"ticket\":{},\"node\":{node}", client - 1);
            let refusal = l[at].replace("asked", "refused").replace("\"ticket\":2,\"node\":0", &to);
            let leader = "\"leader\":0";
            l.insert(at + 1, refusal.replace("\"command\":\"SET balance=800\"", leader));
        }
    };
    refused(&[
        (damaged("refusal.jsonl", refusal(0, 3)), &["n0 does not refuse a client like this here"]),
        (damaged("others.jsonl", refusal(1, 3)), &["client 3 does not wait for n1"]),
        (damaged("nobody.jsonl", refusal(1, 78)), &["client 78 does not wait for n1"]),
        (damaged("has-answer.jsonl", refusal(0, 1)), &["client 1 does not wait for n0"]),
    ]);
}

/// On threads a node is given the command of a client that it then refuses.
#[test]
fn a_refusal_after_the_step_that_was_given_the_command_is_true() {
    let (script, path) = (file("refused.raft"), file("refused.jsonl"));
    let (script_name, path_name) = (script.to_str().unwrap(), path.to_str().unwrap());
    let text = "nodes 3\ntimeout 0\nwait until leader is 0\nsubmit to 1 SET x=1\nwait 100ms\n";
    fs::write(&script, text).unwrap();
    for options in [&["--virtual"][..], &["--speed", "5"]] {
        let run = ["run", script_name, "--view", "quiet", "--trace", path_name];
        printed(0, &[&run[..], options].concat());
        let trace = fs::read_to_string(&path).unwrap();
        assert!(trace.contains("\"refused\":{\"ticket\":0,\"node\":1"), "{trace}");
        let is_given = trace.contains("\"propose\"");
        assert_eq!(is_given, options != ["--virtual"], "{trace}");
        printed(0, &["replay", path_name, "--verify"]);
    }
}

/// On threads another node may make a step between the last save of a node and the crash that keeps it from answering.
#[test]
fn others_may_go_on_before_a_crash_is_told_on_threads_only() {
    let (script, path) = (file("unanswered.raft"), file("unanswered.jsonl"));
    let (script_name, path_name) = (script.to_str().unwrap(), path.to_str().unwrap());
    // The crash comes in the step that commits, in which an answer is due.
    let text = "nodes 3\nthreads off\nmanual\ntimeout 0\ndeliver request-vote 0 -> 1\n\
                deliver request-vote-reply 1 -> 0\ndeliver append-entries 0 -> 1\n\
                deliver append-entries-reply 1 -> 0\nsubmit to 0 SET x=1\n\
                deliver append-entries 0 -> 1\ncrash 0 before send\n\
                deliver append-entries-reply 1 -> 0\ntimeout 2\n";
    fs::write(&script, text).unwrap();
    _ = fs::remove_file(&path);
    printed(0, &["run", script_name, "--view", "quiet", "--trace", path_name]);
    printed(0, &["replay", path_name, "--verify"]);
    let trace = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = trace.lines().collect();
    let crash = find(&lines.iter().map(ToString::to_string).collect::<Vec<_>>(), "before-send");
    assert!(lines[crash + 1].contains("\"node\":2,\"input\":\"election-timeout\""), "{trace}");
    lines.swap(crash, crash + 1);
    let complaint_of = |trace: &str| {
        fs::write(&path, trace).unwrap();
        complaint(&["replay", path_name, "--verify"])
    };
    let swapped = lines.join("\n") + "\n";
    let sentence = complaint_of(&swapped);
    assert!(
        sentence.contains("n0 answers client 1 before this, and no line says so"),
        "{sentence}"
    );
    let threads = "\"world\":\"threads\",\"speed\":1.0";
    let sentence = complaint_of(&swapped.replace("\"world\":\"virtual\"", threads));
    assert!(sentence.contains("was changed after it was written"), "only the digest: {sentence}");
}

/// In virtual time a replay knows when each timer ends, because it draws the timeouts that the run has drawn.
#[test]
fn a_timer_that_has_not_ended_is_noticed() {
    let early = damaged("early.jsonl", |lines| {
        let at = find(lines, "\"election-timeout\"");
        let (before, after) = lines[at].split_once("\"time_us\":").unwrap();
        let rest = after.trim_start_matches(|letter: char| letter.is_ascii_digit());
        lines[at] = format!("{before}\"time_us\":1000{rest}");
    });
    refused(&[(early, &["this timer of n0 has not ended"])]);
}

#[test]
fn what_is_no_trace_is_refused() {
    let write = |name: &str, bytes: &[u8]| {
        fs::write(file(name), bytes).unwrap();
        file(name).to_str().unwrap().to_owned()
    };
    for (path, words) in [
        (write("empty.jsonl", b""), "it is empty"),
        (write("words.jsonl", b"hello\n"), "not the header"),
        (write("bytes.jsonl", &[0xff, 0xfe, 0x80, 0x0a]), "it is not text"),
        (write("other.jsonl", b"{\"format\":\"something else\"}\n"), "not the header"),
    ] {
        let sentence = complaint(&["replay", &path, "--verify"]);
        assert!(sentence.contains("this is not a trace") && sentence.contains(words), "{sentence}");
    }
}

/// Each of these is refused, with these words.
fn refused(damaged: &[(String, &[&str])]) {
    for (path, words) in damaged {
        let sentence = complaint(&["replay", path, "--verify"]);
        for word in *words {
            assert!(sentence.contains(word), "{path}: {sentence:?} lacks {word:?}");
        }
    }
}

#[test]
fn a_header_that_cannot_be_is_refused() {
    refused(&[
        (
            damaged("version.jsonl", |l| l[0] = l[0].replace("\"version\":5", "\"version\":7")),
            &["version 7", "reads version 5"][..],
        ),
        (
            damaged("size.jsonl", |l| l[0] = l[0].replace("\"nodes\":5", "\"nodes\":50")),
            &["line 1", "a cluster of 50 nodes"],
        ),
        (
            damaged("old.jsonl", |l| l[0] = l[0].replace("\"version\":5", "\"version\":1")),
            &["version 1,", "reads version 5", "'raft-cluster run --trace FILE'", "its seed"],
        ),
        (
            damaged("wide.jsonl", |l| {
                l[0] = l[0].replace("\"version\":5", "\"version\":4294967298");
            }),
            &["version 4294967298,"],
        ),
        (
            damaged("huge.jsonl", |l| {
                l[0] = l[0].replace("\"version\":5", "\"version\":46893488147419103234");
            }),
            &["version 4.68"],
        ),
        (
            damaged("world.jsonl", |l| l[0] = l[0].replace("\"virtual\"", "\"moon\"")),
            &["line 1", "\"moon\" is not a world", "\"virtual\" and \"threads\""],
        ),
        (
            damaged("heartbeat.jsonl", |l| {
                l[0] = l[0].replace("\"heartbeat_us\":500000", "\"heartbeat_us\":1500000");
            }),
            &["line 1", "a heartbeat that comes no sooner than the shortest election timeout ends"],
        ),
        (
            damaged("often.jsonl", |l| {
                l[0] = l[0].replace("\"heartbeat_us\":500000", "\"heartbeat_us\":0");
            }),
            &["line 1", "a heartbeat more often than each millisecond"],
        ),
        (
            damaged("years.jsonl", |l| {
                l[0] = l[0]
                    .replace("\"latency_max_us\":5000", "\"latency_max_us\":18446744073709551615");
            }),
            &["line 1", "expected an hour at most"],
        ),
        (
            damaged("chance.jsonl", |l| l[0] = l[0].replace("\"drop\":0.0", "\"drop\":7.0")),
            &["line 1", "a probability that is not from 0 to 1"],
        ),
        (
            damaged("backwards.jsonl", |l| {
                l[0] = l[0].replace("\"latency_min_us\":1000", "\"latency_min_us\":6000");
            }),
            &["line 1", "a latency that is longer at least than at most"],
        ),
        (
            damaged("speed.jsonl", |l| {
                l[0] =
                    l[0].replace("\"world\":\"virtual\"", "\"world\":\"threads\",\"speed\":-1.0");
            }),
            &["line 1", "a speed that is no number above 0"],
        ),
        (
            damaged("rule.jsonl", |l| l[0] = l[0].replace("\"broken\":[]", "\"broken\":[\"zzz\"]")),
            &["line 1", "zzz", "one-vote-per-term"],
        ),
    ]);
}

#[test]
fn a_damaged_trace_is_noticed_and_the_place_is_named() {
    refused(&[
        (damaged("behind.jsonl", |l| l.push("garbage".to_owned())), &["behind the last line"]),
        (damaged("twice.jsonl", |l| l.extend(l.clone())), &["behind the last line"]),
        (damaged("short.jsonl", |l| l.truncate(20)), &["stops after line 20"]),
        (damaged("garbage.jsonl", |l| l[7] = "garbage".to_owned()), &["line 8"]),
        (
            damaged("half.jsonl", |l| {
                let half = l[7].len() / 2;
                l[7].truncate(half);
            }),
            &["line 8"],
        ),
        (
            damaged("word.jsonl", |l| {
                let at = find(l, "An election");
                l[at] = l[at].replace("An", "No");
            }),
            &["was changed after it was written"],
        ),
        (
            damaged("skipped.jsonl", |l| {
                let at = find(l, "\"step\":9,");
                l.remove(at);
            }),
            &["step 10 follows step 8"],
        ),
        (
            damaged("unsent.jsonl", |l| {
                let at = find(l, "\"receive\":0");
                l[at] = l[at].replace(":0}", ":999}");
            }),
            &["message 999 was not sent"],
        ),
        (
            damaged("earlier.jsonl", |l| {
                let at = find(l, "\"crash\"");
                l[at] = l[at].replacen("\"time_us\":3", "\"time_us\":2", 1);
            }),
            &["its time is before that of the line above"],
        ),
        (
            damaged("link.jsonl", |l| {
                let at = find(l, "\"crash\"");
                let links = "{\"drop\":7.0,\"duplicate\":0.0,\"latency_min_us\":0,\"latency_max_us\":0,\"stray\":0.0,\"stray_max_us\":0}";
                let (time, _) = l[at].split_once("\"deed\":").unwrap();
                l[at] = format!("{time}\"deed\":{{\"conditions\":{links}}}}}");
            }),
            &["a probability that is not from 0 to 1"],
        ),
        (
            damaged("verdict.jsonl", |l| {
                let last = l.pop().unwrap();
                l.push(last.replace("{\"steps\"", "{\"passed\":true,\"steps\""));
            }),
            &["unknown field `passed`"],
        ),
        (
            damaged("node.jsonl", |l| {
                let at = find(l, "\"crash\"");
                l[at] = l[at].replace("\"node\":", "\"node\":7");
            }),
            &["there is no node 7"],
        ),
    ]);
}

#[test]
fn a_recorded_run_takes_no_other_cluster() {
    let path = recorded("own-cluster.jsonl", &["--virtual"]);
    for option in ["--break=one-vote-per-term", "--nodes=3", "--drop=10%", "--intact"] {
        for command in [&["play", &path][..], &["report", &path, "-o", "page.html"]] {
            let sentence = complaint(&[command, &[option]].concat());
            assert!(sentence.contains("has its own cluster, links and rules"), "{sentence}");
        }
    }
}

/// A field of another form is named with what belongs there, and with where all fields are told of.
#[test]
fn a_field_that_does_not_fit_is_told_with_where_to_read_on() {
    let (line, told) = ("\"step\":3,", "docs/trace-format.md");
    refused(&[
        (
            damaged("field.jsonl", |l| {
                let at = find(l, line);
                l[at] = l[at].replace(line, "\"step\":\"3\",");
            }),
            &["line ", "string \"3\"", told],
        ),
        (
            damaged("header-field.jsonl", |l| l[0] = l[0].replace("\"seed\":1,", "")),
            &["line 1 of the trace", "missing field `seed`", told],
        ),
    ]);
}

#[test]
fn a_run_without_a_step_has_no_place_to_stand_at() {
    let path = damaged("no-step.jsonl", |lines| {
        let at = find(lines, "\"step\":1,");
        lines.truncate(at);
    });
    for arguments in [
        &["--prompt"][..],
        &["--at", "1"],
        &["--at", "1.0"],
        &["--at", "first commit"],
        &["--show", "0"],
        &["--why", "leader 0"],
    ] {
        let sentence = complaint(&[&["replay", &path], arguments].concat());
        assert!(!sentence.contains("1 to 0"), "{sentence}");
    }
}

/// A trace with the line ends of another system is still the same run.
#[test]
fn line_ends_of_another_system_are_read_as_line_ends() {
    let path = recorded("crlf.jsonl", &["--virtual"]);
    let text = fs::read_to_string(&path).unwrap().replace('\n', "\r\n");
    fs::write(&path, text).unwrap();
    printed(0, &["replay", &path, "--verify"]);
}

/// The JSON of a run is its trace, together with computed fields.
#[test]
fn the_output_for_programs_can_be_run_again_as_the_trace_it_is() {
    for options in [&["--virtual"][..], &["--speed", "5"]] {
        let (trace, told) = ("beside.jsonl", "told.jsonl");
        let (trace, told) = (file(trace), file(told));
        let run = ["run", "demo", "--format", "json", "--trace", trace.to_str().unwrap()];
        let json = printed(0, &[&run[..], options].concat());
        fs::write(&told, &json).unwrap();
        let verified = printed(0, &["replay", told.to_str().unwrap(), "--verify"]);
        let trace = fs::read_to_string(trace).unwrap();
        let steps = trace.lines().filter(|line| line.starts_with("{\"step\":")).count();
        assert!(verified.contains(&format!(": {steps} steps replayed")), "{verified}");
        let again = printed(0, &["replay", told.to_str().unwrap(), "--format", "json"]);
        if options == ["--virtual"] {
            // A replay does not know what the scenario expected, which is the last line but one.
            let but_two = |text: &str| {
                let lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
                lines[..lines.len() - 2].to_vec()
            };
            assert_eq!(but_two(&again), but_two(&json), "the replay computes the same fields");
        }
        // Apart from the lines about the first timers and the ending, each line of the JSON begins with the same line
        // of the trace. The last line, which has the digest of all lines, is different.
        let begins = |(line, told): (&str, &str)| told.starts_with(&line[..line.len() - 1]);
        let (timers, json): (Vec<&str>, Vec<&str>) = json
            .lines()
            .partition(|line| line.contains("\"begins\":") || line.contains("\"ending\":"));
        let lines = trace.lines().count();
        assert_eq!((timers.len(), json.len()), (6, lines), "nothing was violated");
        assert!(trace.lines().zip(json).take(lines - 1).all(begins));
    }
}

#[test]
fn a_step_that_comes_out_differently_is_a_failure_and_is_named() {
    let path = with_another_digest("digest.jsonl", 9);
    let text = printed(1, &["replay", &path, "--verify"]);
    assert!(
        text.contains("step 9 of n") && text.contains("does not come out as it was recorded"),
        "{text}"
    );
}

/// A replay that stops at such a step has counted nothing up to the end, and other commands cannot read the trace.
#[test]
fn a_trace_that_comes_out_differently_has_no_end() {
    let path = with_another_digest("differs.jsonl", 90);
    let json = printed(1, &["replay", &path, "--format", "json"]);
    let ending = json.lines().find(|line| line.starts_with("{\"ending\":")).unwrap();
    let ending: serde_json::Value = serde_json::from_str(ending).unwrap();
    let fields: Vec<&String> = ending["ending"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["failure", "passed", "violations"], "{ending}");
    let page = file("differs.html");
    let page = page.to_str().unwrap();
    for command in [
        &["replay", &path, "--at", "end"][..],
        &["replay", &path, "--show", "0"],
        &["replay", &path, "--why", "leader 0"],
        &["report", &path, "-o", page],
        &["play", &path],
    ] {
        let output = raft_cluster(command).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command:?}: {told}");
        assert!(told.contains("step 90 of n"), "{command:?}: {told}");
    }
    printed(0, &["replay", &path, "--at", "89", "--why", "leader 0"]);
}

/// The end of a trace that was cut is missing, so nothing can be asked about it.
#[test]
fn a_trace_that_was_cut_has_no_end_to_ask_about() {
    let path = damaged("cut-short.jsonl", |lines| lines.truncate(60));
    for arguments in [&["--at", "end"][..], &["--show", "0"], &["--why", "leader 0"]] {
        let sentence = complaint(&[&["replay", &path], arguments].concat());
        assert!(sentence.contains("stops after line 60 without its last line"), "{sentence}");
    }
    printed(0, &["replay", &path, "--at", "20", "--show", "0"]);
}

#[test]
fn what_a_stopped_program_left_can_be_told_up_to_there() {
    let path = damaged("stopped.jsonl", |lines| lines.truncate(20));
    let output = raft_cluster(&["replay", &path]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("n0 campaigns in term 1"), "{told}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("the 16 steps up to there replay"));
    let truncated = |steps| TraceError::Truncated { lines: 9, steps }.to_string();
    assert!(truncated(1).ends_with("; the step up to there replays"));
    assert!(truncated(0).ends_with("; no step comes before"));
}

/// A mistyped path must not replace another file, but a trace may be replaced by a new recording.
#[test]
fn a_trace_does_not_replace_what_is_none() {
    let path = file("precious.txt");
    let name = path.to_str().unwrap();
    fs::write(&path, "language 1\nnodes 3\n").unwrap();
    let run = ["run", "partition", "--virtual", "--view", "quiet", "--trace", name];
    let told = complaint(&run);
    assert!(told.contains("exists and is not a trace; it is kept"), "{told}");
    assert!(fs::read_to_string(&path).unwrap().starts_with("language 1"));
    let told = complaint(&["hunt", "--break", "majority-quorum", "--save", "/dev/null/x"]);
    assert!(told.contains("cannot be written"), "{told}");
    fs::remove_file(&path).unwrap();
    printed(0, &run);
    printed(0, &run);
}
