//! Hunts and searches from outside: what they tell, what they save, and how they end.

use std::fs;

use assert_cmd::cargo::cargo_bin;

use crate::raft_cluster::{file, printed, unwrapped};

/// A hunt tells the parts and moves of a run, the violated property, and where an intact node differs. The
/// saved file fails again when it is run, and holds with the rule.
#[test]
fn a_hunt_tells_and_saves_a_run_that_fails_again() {
    let path = file("vote.raft");
    let saved = path.to_str().unwrap();
    let told = printed(1, &["hunt", "--break", "one-vote-per-term", "--save", saved]);
    let text = unwrapped(&told);
    for words in [
        "THIS RUN BREAKS A RULE: one-vote-per-term",
        "An exhaustive search finds the shortest run that violates a property; here it is Election Safety:",
        "6 moves, and no run within the searched bounds is shorter",
        "campaigns, reaching",
        "✗ Election Safety is violated",
        "Where an intact node acts differently: at step 5",
        "without the rule",
        "with the rule",
    ] {
        assert!(text.contains(words), "{words}\n{told}");
    }
    let opening = told.lines().next();
    assert_eq!(told.lines().rev().nth(1), opening, "it is said at the top and at the end");
    assert!(text.contains(&format!("Saved: 'raft-cluster run {saved}' plays it again")), "{told}");
    let again = printed(0, &["run", saved]);
    // The moves are told as the hunt told them, with their parts, numbers and reasons.
    let moves = |text: &str| {
        let text = &text[text.find("1  n0 campaigns").unwrap()..];
        let end = text.find("✗ Election Safety").unwrap();
        text[..end].lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(moves(&again), moves(&told));
    let held = printed(0, &["run", saved, "--intact"]);
    assert!(held.contains("with every rule kept Election Safety was not violated"), "{held}");
    assert!(held.contains("its vote in term 1 (one-vote-per-term, §5.2)"), "{held}");
}

/// The line about a message that arrives once more says when it first arrived. No other line says so.
#[test]
fn a_second_copy_is_told_as_one() {
    let path = file("twice.raft");
    let moves = "manual\ntimeout 0\ndeliver request-vote 0 -> 1\ndeliver request-vote 0 -> 1\ndeliver request-vote 0 -> 2\n";
    fs::write(&path, format!("nodes 3\nthreads off\n{moves}")).unwrap();
    let told = printed(0, &["run", path.to_str().unwrap()]);
    assert!(told.contains("(again: it was sent in step 1 and arrived in step 2)"), "{told}");
    assert_eq!(told.matches("it was sent in").count(), 1, "{told}");
}

/// The run also tells what an intact node does at the move where a broken node goes wrong, even if it only
/// ignores the input.
#[test]
fn an_intact_run_tells_what_is_ignored_and_why() {
    for (rule, words) in [
        ("votes-counted-once-and-in-term", "n0 does nothing more with the RequestVote reply"),
        ("match-index-monotone", "n0 takes no notice: └ ignored: match-index-monotone"),
        ("replies-matched-to-term", "ignored: replies-matched-to-term"),
    ] {
        let told = printed(0, &["run", &format!("broken/{rule}"), "--intact"]);
        assert!(unwrapped(&told).contains(words), "{rule}: {told}");
        assert!(told.contains("✓ with every rule kept"), "{rule}: {told}");
    }
}

#[test]
fn a_hunt_for_a_stall_tells_the_story_of_one() {
    let path = file("silent.raft");
    let saved = path.to_str().unwrap();
    let told = printed(1, &["hunt", "--break", "leader-heartbeat", "--save", saved]);
    let text = unwrapped(&told);
    for words in [
        "Liveness is violated",
        "With every rule kept, the cluster of this seed recovers",
        "raft-cluster run broken/leader-heartbeat'",
        "The same with the rule: 'raft-cluster run broken/leader-heartbeat --intact'",
        "✓ all running nodes hold, and have committed and applied, the same log (after",
    ] {
        assert!(text.contains(words), "{words}\n{told}");
    }
    printed(0, &["run", saved]);
    printed(0, &["run", saved, "--intact"]);
}

/// Words that show what a rule is for, and that a change of the texts could easily lose.
#[test]
fn each_told_run_shows_what_its_rule_is_for() {
    let table: &[(&str, &[&str])] = &[
        (
            "persist-before-reply",
            &[
                "broken: persist-before-reply (§5): term and vote ought to be on disk before",
                "without the rule ⇒ n1 is a follower in term 0 and has voted for nobody",
                "with the rule ⇒ n1 is a follower in term 1 and voted for n0",
            ],
        ),
        (
            "term-before-length",
            &["equally long, and only length counts, for term-before-length is broken"],
        ),
        (
            "answer-only-applied",
            &[
                "broken: answer-only-applied (§8): 2@2 was applied, and the client waits for 2@1",
                "client 2 asks for GET x client 2 is told: the value is",
                "nobody has ever written x",
                "is lost",
            ],
        ),
        (
            "stale-term-rejected",
            &[
                "n2 commits index 1",
                "✗ State Machine Safety is violated: at index 1 n1 committed 1@2, and n2, which had \
                 committed index 1 too, has 1@1 there now.",
            ],
        ),
        (
            "truncate-only-on-conflict",
            &["late: it was sent in step 3, and a younger one came first"],
        ),
        ("acknowledge-only-verified", &["late: it was sent in step 8"]),
        (
            "log-matching-check",
            &[
                "what n0 sent n1 in step 3 has not arrived",
                "n0 and n1 both hold an entry 1@1, and it is not the same entry",
            ],
        ),
        (
            "vote-cleared-only-by-new-term",
            &["in term 1 and has voted for nobody;", "in term 1 and voted for n0;"],
        ),
        ("match-index-monotone", &["None of Figure 3's five properties is violated by this"]),
        (
            "commit-only-current-term",
            &[
                "Made short, this has 19 moves.",
                "A shorter run is known, of 18 moves: 'raft-cluster run broken/commit-only-current",
                "18 moves. 3 nodes, batches of 1.",
                "5 n1 campaigns",
            ],
        ),
        ("timer-reset-only-by-authority", &["acts against timer-reset"]),
    ];
    for (rule, words) in table {
        let told = printed(1, &["hunt", "--break", rule]);
        let text = unwrapped(&told);
        for words in *words {
            assert!(text.contains(words), "{rule}: {words}\n{told}");
        }
    }
}

#[test]
fn a_hunt_on_the_intact_core_finds_nothing_and_says_how_hard_it_looked() {
    let told = printed(0, &["hunt", "--seeds", "50"]);
    assert!(
        told.starts_with("50 seeds in ") && told.contains("no property was violated"),
        "{told}"
    );
}

/// Runs a search with this much memory and stacks of this size, and compares its exit code.
#[cfg(target_os = "linux")]
fn ends_in_little_memory(code: i32, kilobytes: u32, stack: &str, arguments: &str) {
    let mut shell = std::process::Command::new("sh");
    // The C library would reserve 64 MB of addresses for each thread that allocates, and how many threads
    // do so at the same time is random.
    shell.env("MALLOC_ARENA_MAX", "1");
    let limited = format!("ulimit -v {kilobytes}; exec \"$@\"");
    shell.args(["-c", &limited, "sh"]).arg(cargo_bin("raft-cluster"));
    let ended = shell.args(arguments.split(' ')).env("RUST_MIN_STACK", stack).output().unwrap();
    let complaint = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(code), "{arguments}: {complaint}");
}

/// A hunt needs little memory, because it never has more threads than there are processors.
#[test]
#[cfg(target_os = "linux")]
fn many_threads_do_not_use_up_a_little_memory() {
    let processors = std::thread::available_parallelism().map_or(1, usize::from) as u32;
    // Two stacks for each processor fit, but 256 do not. With 256 threads only one hunt in ten would succeed.
    let kilobytes = 90_000 + 4_000 * processors;
    for _ in 0..3 {
        ends_in_little_memory(0, kilobytes, "2097152", "hunt --jobs 256 --seeds 50");
    }
}

/// Under any limit on addresses, a search succeeds, or says in one sentence that there are too few.
#[test]
#[cfg(target_os = "linux")]
fn a_search_in_too_little_memory_says_so() {
    let mut refused = 0;
    for megabytes in [60, 100, 200, 300, 400, 500] {
        for arguments in ["hunt --jobs 256 --seeds 50", "check --jobs 4"] {
            let mut shell = std::process::Command::new("sh");
            let limited = format!("ulimit -v {}; exec \"$@\"", megabytes * 1000);
            shell.args(["-c", &limited, "sh"]).arg(cargo_bin("raft-cluster"));
            let ended = shell.args(arguments.split(' ')).output().unwrap();
            let sentence = String::from_utf8_lossy(&ended.stderr);
            match ended.status.code() {
                Some(0) => assert!(megabytes >= 200, "{arguments}, {megabytes}"),
                Some(2) => {
                    assert!(sentence.contains("MB of addresses, and 'ulimit -v' leaves"));
                    refused += 1;
                }
                other => panic!("{arguments}, {megabytes} MB: {other:?}, {sentence}"),
            }
        }
    }
    assert!((4..12).contains(&refused), "{refused}");
}

/// One thread listens for signals and one writes. A third stack of this size does not fit, so the search runs
/// on the main thread.
#[test]
#[cfg(target_os = "linux")]
fn a_search_for_which_there_are_no_threads_is_done_by_the_one_that_there_is() {
    for (code, arguments) in [
        (0, "hunt --jobs 2 --seeds 50"),
        (1, "hunt --jobs 2 --break one-vote-per-term --seeds 50"),
        (0, "check --jobs 2 --terms 3"),
    ] {
        ends_in_little_memory(code, 800_000, "300000000", arguments);
    }
}

#[test]
fn a_search_shows_its_bounds_its_progress_and_its_figures() {
    let told = printed(0, &["check"]);
    for words in ["3 nodes, terms up to 2", "depth  17", "2558", "no property is violated in any"] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let told = printed(1, &["check", "--break", "up-to-date-log"]);
    for words in ["is violated after 8 moves", "3  n1 campaigns", "up-to-date-log"] {
        assert!(told.contains(words), "{words}\n{told}");
    }
}

#[test]
fn a_search_that_is_not_finished_says_how_far_it_came() {
    let told = printed(1, &["check", "--log", "2", "--memory", "1"]);
    let text = unwrapped(&told);
    let depth = told.lines().rfind(|line| line.starts_with("depth")).unwrap();
    let depth = depth.split_whitespace().nth(1).unwrap();
    for words in [
        &format!("Stopped at depth {depth} of an unfinished search"),
        "no property is violated",
        "The 1 MB that it may use are full",
    ] {
        assert!(text.contains(words), "{words}\n{told}");
    }
}

/// If a broken rule goes unnoticed, the program says why.
#[test]
fn a_search_or_a_hunt_that_does_not_see_a_broken_rule_says_why() {
    for (arguments, words) in [
        (
            &["check", "--break", "replies-matched-to-term"][..],
            "is violated, deeper than a search gets",
        ),
        (&["check", "--break", "match-index-monotone"], "without it Monotonicity is violated"),
        (&["check", "--break", "higher-term-steps-down", "--terms", "1"], "within other bounds"),
        (
            &["hunt", "--break", "replies-matched-to-term", "--seeds", "10"],
            "More seeds are needed. 'raft-cluster run broken/replies-matched-to-term' shows",
        ),
    ] {
        let text = unwrapped(&printed(0, arguments));
        assert!(text.contains(words), "{words}\n{text}");
    }
}

#[test]
fn what_a_search_saves_fails_again() {
    let path = file("log.raft");
    let saved = path.to_str().unwrap();
    printed(1, &["check", "--break", "up-to-date-log", "--save", saved]);
    assert!(fs::read_to_string(&path).unwrap().contains("phase n0 campaigns, reaching n1"));
    printed(0, &["run", saved, "--virtual", "--view", "quiet"]);
}
