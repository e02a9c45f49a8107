//! The story, from outside.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::{TempDir, tempdir};

/// The story, with a place for temporary files that is looked at afterwards.
fn story() -> (TempDir, Command) {
    let folder = tempdir().unwrap();
    let mut story = Command::new(env!("CARGO_BIN_EXE_raft-in-production"));
    story.arg("story").env("TMPDIR", folder.path());
    (folder, story)
}

#[test]
fn it_is_told_to_its_end_and_no_write_is_lost() {
    let (folder, mut story) = story();
    let output = story.output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{errors}");
    assert_eq!(errors, "");

    let mut rest = told.as_str();
    for key in [
        "1  Five processes start",
        "all five answer",
        "2  An election",
        "and all five know it",
        "answers SET balance=1000: applied as ",
        "answers SET account_7=200: applied as ",
        "answers SET balance=800: applied as ",
        "KILLED (kill -9",
        "5  A new leader",
        "answers SET audit=log entry: applied as ",
        "answers SET session=closed: applied as ",
        "reads balance: 800",
        "refuses to read",
        "7  The killed node comes back",
        "n0, n1, n2, n3, n4 have applied everything up to",
        "✓ 5 nodes are equal: account_7=200, audit=log entry, balance=800, session=closed",
        "✓ SET balance=1000 at index",
        "✓ passed: 5 writes were acknowledged, and none is lost",
        "raft-cluster run demo",
    ] {
        let (_, after) = rest
            .split_once(key)
            .unwrap_or_else(|| panic!("'{key}' is missing, or too early, in {told}"));
        rest = after;
    }
    for line in told.lines() {
        assert!(line.chars().count() <= 100, "too wide: {line}");
        assert!(
            !line.starts_with(' ') || line[..9].trim().parse::<f64>().is_ok(),
            "without its time: {line}"
        );
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "its folder is gone");
    gone(&processes(&told));
}

#[test]
fn interrupted_it_leaves_nothing_behind() {
    let (folder, mut story) = story();
    let mut child = story.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let numbers = processes(&read_until(&mut child, "all five answer"));
    assert!(
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: interrupted\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "its folder is gone");
    gone(&numbers);
}

#[test]
fn killed_it_takes_its_processes_along() {
    let (_folder, mut story) = story();
    let mut child = story.stdout(Stdio::piped()).spawn().unwrap();
    let numbers = processes(&read_until(&mut child, "all five answer"));
    child.kill().unwrap();
    child.wait().unwrap();
    gone(&numbers);
}

#[test]
fn a_node_listens_to_this_machine_alone() {
    let folder = tempdir().unwrap();
    let mut node = Command::new(env!("CARGO_BIN_EXE_raft-in-production"));
    node.args(["node", "--id", "0", "--listen", "0.0.0.0:0", "--data"])
        .arg(folder.path().join("n0"));
    let output = node.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("is not an address of this machine alone")
    );
    assert!(!folder.path().join("n0").exists(), "it has touched nothing");
}

/// What the child says up to a line with this text.
fn read_until(child: &mut Child, text: &str) -> String {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains(text) {
        assert!(out.read_line(&mut said).unwrap() > 0, "it ended after {said}");
    }
    // The other end stays open, so that the child can go on speaking.
    child.stdout = Some(out.into_inner());
    said
}

/// The processes that were started.
fn processes(told: &str) -> Vec<u32> {
    let number = |line: &str| line.split_once(" is process ")?.1.split_once(',')?.0.parse().ok();
    let numbers: Vec<_> = told.lines().filter_map(number).collect();
    assert_eq!(numbers.len(), 5, "{told}");
    numbers
}

/// That these processes end, if they have not ended yet. Where there is no `/proc`, this cannot be seen.
fn gone(numbers: &[u32]) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while Path::new("/proc/self/stat").exists() && numbers.iter().any(|&number| runs(number)) {
        assert!(Instant::now() < deadline, "one of {numbers:?} still runs");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether the process runs. One that has ended may be waiting for somebody to ask how (Z).
fn runs(number: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}
