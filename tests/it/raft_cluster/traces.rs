//! Traces: recorded, run again, and damaged in every way a file can be.

use std::fs;
use std::time::Duration;

use raft_in_practice::World;
use raft_in_practice::raft::{LogIndex, LogPosition};
use raft_in_practice::record::deed::Deed;
use raft_in_practice::record::journal::{Batch, Observer};
use raft_in_practice::record::{Clock, History, TraceError, TraceWriter};
use raft_in_practice::scenario::script::Script;
use raft_in_practice::server::state_machine::Reply;
use raft_in_practice::server::timing::Time;
use raft_in_practice::server::turn_order::Detail;
use raft_in_practice::server::{Answer, Server, Ticket};
use raft_in_practice::sim::{Sim, SimConfig};

use crate::common::MemoryFile;
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

/// A writer of a trace that changes the answers of which it hears. The steps of its trace are those of the run.
struct Lying {
    trace: TraceWriter,
    lie: fn(Ticket, &mut LogPosition, &mut Reply),
}

impl Observer for Lying {
    fn batch(&mut self, batch: &Batch<'_>) {
        self.trace.batch(batch);
    }

    fn deed(&mut self, time: Time, deed: &Deed) {
        let mut deed = deed.clone();
        if let Deed::Answered { ticket, answer: Answer::Applied { position, reply }, .. } =
            &mut deed
        {
            (self.lie)(*ticket, position, reply);
        }
        self.trace.deed(time, &deed);
    }

    fn begins(&mut self, time: Time, server: &Server) {
        self.trace.begins(time, server);
    }

    fn wants(&self) -> Detail {
        self.trace.wants()
    }
}

/// What the replay of a run prints in which three nodes are asked for these commands at one moment, if its trace
/// lies about the answers.
fn replay_of_a_lie(
    name: &str,
    commands: &[String],
    lie: fn(Ticket, &mut LogPosition, &mut Reply),
    code: i32,
) -> String {
    let script = Script::parse(name, "nodes 3\nseed 1").unwrap();
    let bytes = MemoryFile::default();
    let trace = TraceWriter::new(bytes.clone(), &script.header(Clock::Virtual));
    let liar = Lying { trace: trace.clone(), lie };
    let mut sim = Sim::new(SimConfig::of(&script), vec![Box::new(liar)]);
    let leader = sim.wait_for_leader(Duration::from_mins(1)).unwrap();
    for command in commands {
        sim.propose(leader, command);
    }
    sim.run_to(sim.now() + Duration::from_mins(1));
    trace.finish().unwrap();
    let path = file(&format!("{name}.jsonl"));
    fs::write(&path, bytes.bytes()).unwrap();
    unwrapped(&printed(code, &["replay", path.to_str().unwrap()]))
}

/// A history that could not be judged counts neither as a violation nor as a success.
#[test]
fn a_history_that_cannot_be_judged_is_no_violation_and_no_success() {
    let mut commands: Vec<_> = (0..40).map(|nth| format!("SET x={nth}")).collect();
    commands.push("GET x".to_owned());
    let never_written = |_, _: &mut LogPosition, reply: &mut Reply| {
        if let Reply::Value(value) = reply {
            *value = Some("never written".to_owned());
        }
    };
    let told = replay_of_a_lie("crowd", &commands, never_written, 0);
    assert!(told.contains("? not judged Linearizability 41 answers"), "{told}");
    assert!(told.contains("was not judged: too many open operations"), "{told}");
}

/// The first entry is the leader's no-op, so a client's success for it is another's, and there is no ninth.
#[test]
fn a_success_for_what_was_never_committed_is_false() {
    let commands = ["one", "another"].map(ToOwned::to_owned);
    let told = replay_of_a_lie("honest", &commands, |_, _, _| {}, 0);
    assert!(told.contains("✓ held Linearizability 2 answers"), "{told}");
    let early = |_, position: &mut LogPosition, _: &mut Reply| {
        position.index = position.index.prev();
    };
    let told = replay_of_a_lie("early", &commands, early, 1);
    assert!(told.contains("client 2 was told of success for 2@1, another, and 2@1 is"), "{told}");
    assert!(told.contains("2@1 is another command") && told.contains("1@1 is another"), "{told}");
    let late = |_, position: &mut LogPosition, _: &mut Reply| position.index = LogIndex::new(9);
    let told = replay_of_a_lie("late", &commands, late, 1);
    assert!(told.contains("and what was committed first ends before index 9"), "{told}");
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
            damaged("version.jsonl", |l| l[0] = l[0].replace("\"version\":4", "\"version\":7")),
            &["version 7", "reads version 4"][..],
        ),
        (
            damaged("size.jsonl", |l| l[0] = l[0].replace("\"nodes\":5", "\"nodes\":50")),
            &["line 1", "a cluster of 50 nodes"],
        ),
        (
            damaged("old.jsonl", |l| l[0] = l[0].replace("\"version\":4", "\"version\":1")),
            &["version 1,", "reads version 4", "'raft-cluster run --trace FILE'", "its seed"],
        ),
        (
            damaged("wide.jsonl", |l| {
                l[0] = l[0].replace("\"version\":4", "\"version\":4294967298");
            }),
            &["version 4294967298,"],
        ),
        (
            damaged("huge.jsonl", |l| {
                l[0] = l[0].replace("\"version\":4", "\"version\":46893488147419103234");
            }),
            &["version 4.68"],
        ),
        (
            damaged("world.jsonl", |l| l[0] = l[0].replace("\"virtual\"", "\"moon\"")),
            &["line 1", "\"moon\" is not a world", "\"virtual\" and \"threads\""],
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
        // Apart from the lines about the first timers, each line of the JSON begins with the same line of the
        // trace. The last line, which has the digest of all lines, is different.
        let begins = |(line, told): (&str, &str)| told.starts_with(&line[..line.len() - 1]);
        let (timers, json): (Vec<&str>, Vec<&str>) =
            json.lines().partition(|line| line.contains("\"begins\":"));
        let lines = trace.lines().count();
        assert_eq!((timers.len(), json.len()), (5, lines), "nothing was violated");
        assert!(trace.lines().zip(json).take(lines - 1).all(begins));
    }
}

#[test]
fn a_step_that_comes_out_differently_is_a_failure_and_is_named() {
    let path = damaged("digest.jsonl", |lines| {
        let at = find(lines, "\"step\":9,");
        let digest = lines[at].split("\"digest\":\"").nth(1).unwrap()[..16].to_owned();
        lines[at] = lines[at].replace(&digest, "0123456789abcdef");
    });
    let text = printed(1, &["replay", &path, "--verify"]);
    assert!(
        text.contains("step 9 of n") && text.contains("does not come out as it was recorded"),
        "{text}"
    );
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
