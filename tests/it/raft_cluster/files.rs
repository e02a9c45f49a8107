//! Files: their reading is bounded, and writing replaces no file that was not written here.

use std::fs;
use std::path::Path;

use crate::common::text::unwrapped;
use crate::raft_cluster::{complaint, file, printed, raft_cluster};

const HUNT: [&str; 4] = ["hunt", "--break", "one-vote-per-term", "--save"];

fn hunt(target: &str) -> Vec<&str> {
    [&HUNT[..], &[target]].concat()
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_without_an_end_is_refused_with_the_limit() {
    for arguments in [&["run", "/dev/zero"][..], &["play", "/dev/zero"], &["run", "/dev/urandom"]] {
        let sentence = complaint(arguments);
        assert!(sentence.contains("is longer than 1 MiB"), "{sentence}");
    }
    let sentence = complaint(&["replay", "/dev/zero"]);
    assert!(sentence.contains("longer than 8 MiB"), "{sentence}");
}

#[test]
fn a_script_may_be_as_long_as_the_limit_and_no_longer() {
    let path = file("long-script.raft");
    let name = path.to_str().unwrap();
    let comment = "#".repeat(1023) + "\n";
    let line = format!("status\n#{}\n", "#".repeat(1024 - 9));
    fs::write(&path, comment.repeat(1023) + &line).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), 1 << 20);
    printed(0, &["run", name, "--virtual"]);
    fs::write(&path, comment.repeat(1024) + "#").unwrap();
    assert!(complaint(&["run", name]).contains("is longer than 1 MiB"));
}

/// Files that are not replaced: notes and shell scripts of comments only, and a scenario written by hand.
#[test]
fn no_file_is_replaced_that_was_not_saved_here() {
    let path = file("notes.md");
    let name = path.to_str().unwrap();
    for text in ["# my notes: keep!\n\n# yes\n", "#!/bin/sh\n# a script\n", "timeout 0\n"] {
        fs::write(&path, text).unwrap();
        // The complaint comes before the hunt begins, so nothing is printed about the hunt.
        let sentence = complaint(&hunt(name));
        assert!(sentence.contains("it is kept, so choose another name"), "{sentence}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

/// The command can be given to a shell as it stands there.
#[test]
fn the_command_that_plays_a_saved_run_names_its_file_for_a_shell() {
    let path = file("saved by a hunt.raft");
    let name = path.to_str().unwrap();
    let told = unwrapped(&printed(1, &hunt(name)));
    assert!(told.contains(&format!("'raft-cluster run \"{name}\"' plays it again")), "{told}");
    let typed = format!("step\nsave {name}\n");
    let played = raft_cluster(&["play", "--nodes", "3"]).write_stdin(typed).output().unwrap();
    let told = unwrapped(&String::from_utf8(played.stdout).unwrap());
    assert!(told.contains(&format!("'raft-cluster run \"{name}\" --virtual' does it")), "{told}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_device_is_not_saved_to() {
    for device in ["/dev/full", "/dev/null", "/dev/stdout"] {
        let sentence = complaint(&hunt(device));
        assert!(sentence.contains("it is kept, so choose another name"), "{sentence}");
    }
}

#[test]
fn what_was_saved_here_is_replaced_and_nothing_half_written_is_left() {
    let folder = file("saved-here");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let path = folder.join("found.raft");
    let name = path.to_str().unwrap();
    for _ in 0..2 {
        printed(1, &hunt(name));
        raft_cluster(&["run", name]).assert().success();
    }
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["found.raft"]);
    let sentence = complaint(&hunt(folder.join("no/such.raft").to_str().unwrap()));
    assert!(sentence.contains("cannot be written"), "{sentence}");
}

/// What may not be written may not be replaced either, and nobody waits for a run to hear so.
#[test]
#[cfg(unix)]
fn where_nothing_may_be_written_nothing_is_begun() {
    use std::os::unix::fs::PermissionsExt;
    let folder = file("protected");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    for (code, arguments) in [
        (1, &HUNT[..]),
        (0, &["report", "split-vote", "-o"]),
        (0, &["run", "split-vote", "--virtual", "--trace"]),
        (0, &["run", "split-vote", "--virtual", "--report"]),
    ] {
        let path = folder.join("found");
        let name = path.to_str().unwrap();
        printed(code, &[arguments, &[name]].concat());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        let before = fs::read(&path).unwrap();
        // A folder of this name would be meant by the last.
        for (target, why) in [
            (name.to_owned(), "ermission denied"),
            (format!("{name}-folder/"), "is a directory"),
            (format!("{name}-no/such"), "No such file"),
        ] {
            let sentence = complaint(&[arguments, &[&target]].concat());
            assert!(sentence.contains("cannot be written"), "{arguments:?} {target}: {sentence}");
            assert!(sentence.contains(why), "{arguments:?} {target}: {sentence}");
        }
        assert_eq!(fs::read(&path).unwrap(), before, "{arguments:?}");
        fs::remove_file(&path).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing half written is left");
    }
}

/// A link stays one: what it points to is written, whether it exists or not.
#[test]
#[cfg(unix)]
fn what_is_written_to_a_link_is_written_to_where_it_points() {
    let folder = file("links");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("there")).unwrap();
    for (name, code, arguments) in [
        ("found.raft", 1, &HUNT[..]),
        ("page.html", 0, &["report", "split-vote", "-o"]),
        ("trace.jsonl", 0, &["run", "split-vote", "--virtual", "--trace"]),
    ] {
        let (link, target) = (folder.join(name), folder.join("there").join(name));
        std::os::unix::fs::symlink(Path::new("there").join(name), &link).unwrap();
        for _ in 0..2 {
            printed(code, &[arguments, &[link.to_str().unwrap()]].concat());
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "{name}");
            assert!(fs::metadata(&target).unwrap().len() > 0, "{name}");
        }
    }
    assert_eq!(
        fs::read_dir(folder.join("there")).unwrap().count(),
        3,
        "nothing half written is left"
    );
    let circle = folder.join("circle");
    std::os::unix::fs::symlink("circle", &circle).unwrap();
    assert!(complaint(&hunt(circle.to_str().unwrap())).contains("cannot be written"));
}

#[test]
fn a_page_of_the_manual_takes_the_place_of_nothing_else() {
    let folder = file("manual/man1");
    let _ = fs::remove_dir_all(&folder);
    let name = folder.to_str().unwrap();
    // The first call creates the folder, and the second replaces the pages.
    printed(0, &["man", name]);
    printed(0, &["man", name]);
    let page = folder.join("raft-cluster-hunt.1");
    assert!(fs::read_to_string(&page).unwrap().contains("break"));
    fs::write(&page, "mine").unwrap();
    assert!(complaint(&["man", name]).contains("it is kept"));
    assert_eq!(fs::read_to_string(page).unwrap(), "mine");
}

/// A pipe gives what it has only once, whatever that is.
#[test]
#[cfg(target_os = "linux")]
fn what_comes_from_a_pipe_is_as_good_as_a_file() {
    let (trace, page) = (file("piped.jsonl"), file("piped.html"));
    let (name, page) = (trace.to_str().unwrap(), page.to_str().unwrap());
    printed(0, &["run", "demo", "--virtual", "--view", "quiet", "--trace", name]);
    let recorded = fs::read_to_string(&trace).unwrap();
    let from = |input: &str, arguments: &[&str]| {
        let output = raft_cluster(arguments).write_stdin(input).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().replace("/dev/stdin", name)
    };
    for arguments in [
        &["replay", "FILE", "--at", "first commit"][..],
        &["replay", "FILE", "--show", "0"],
        &["replay", "FILE"],
        &["report", "FILE", "-o", page],
    ] {
        let with = |file| arguments.iter().map(move |&it| if it == "FILE" { file } else { it });
        let own = printed(0, &with(name).collect::<Vec<_>>());
        let piped = from(&recorded, &with("/dev/stdin").collect::<Vec<_>>());
        assert!(!own.is_empty() && piped == own, "{arguments:?}: {piped}");
    }
    let told = from("nodes 3\nwait until leader", &["report", "/dev/stdin", "-o", page]);
    assert!(told.contains("passed"), "{told}");
}

#[test]
fn one_file_is_not_asked_to_hold_two_things() {
    let path = file("two-things");
    let name = path.to_str().unwrap();
    let other = path.with_file_name("./two-things");
    let link = file("link-to-two-things");
    let _ = fs::remove_file(&link);
    #[cfg(unix)]
    std::os::unix::fs::symlink("two-things", &link).unwrap();
    let links = cfg!(unix).then_some(link.to_str().unwrap());
    for report in [name, other.to_str().unwrap()].into_iter().chain(links) {
        let sentence =
            complaint(&["run", "demo", "--virtual", "--trace", name, "--report", report]);
        assert!(sentence.contains("give each a file of its own"), "{sentence}");
    }
    assert!(!path.exists());
}

#[test]
fn a_scenario_may_come_from_standard_input() {
    let run = |arguments: &[&str], input: &str| {
        let output = raft_cluster(arguments).write_stdin(input).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), text)
    };
    let text = fs::read_to_string("examples/scenarios/partition.raft").unwrap();
    let piped = run(&["run", "-", "--virtual", "--view", "story"], &text);
    let named = run(&["run", "partition", "--virtual", "--view", "story"], "");
    let renamed = piped.1.replace("raft-cluster: -\n", "raft-cluster: partition\n");
    assert_eq!(renamed.replace("\n-: ✓ passed", "\npartition: ✓ passed"), named.1);
    assert_eq!((piped.0, named.0), (Some(0), Some(0)));
    let page = file("piped.html");
    let (code, _) = run(&["report", "-", "-o", page.to_str().unwrap()], &text);
    assert_eq!((code, page.is_file()), (Some(0), true));
    let (code, told) = run(&["run", "-"], "wait until leader\nflood 1\n");
    assert!(code == Some(2) && told.contains("-:2:1: 'flood'"), "{told}");
    let trace = run(&["run", "demo", "--virtual", "--format", "json"], "").1;
    let (code, told) = run(&["run", "-"], &trace);
    assert!(code == Some(2) && told.contains("is a trace, and no scenario"), "{told}");
    // At the prompt, standard input has the typed lines, so it cannot hold the scenario.
    let (code, told) = run(&["play", "-"], "status\n");
    assert!(code == Some(2) && told.contains("takes its lines from standard input"), "{told}");
}

/// Both formats save the same: the counterexample, or the run that ships for a stall.
#[test]
fn what_a_hunt_saves_does_not_depend_on_the_format() {
    let saved = |rule: &str, format: &str| {
        let path = file(&format!("{rule}-{format}.raft"));
        let _ = fs::remove_file(&path);
        let target = path.to_str().unwrap();
        printed(1, &["hunt", "--break", rule, "--save", target, "--format", format]);
        fs::read_to_string(path).unwrap()
    };
    for rule in ["no-op-on-election", "one-vote-per-term"] {
        assert_eq!(saved(rule, "json"), saved(rule, "text"), "{rule}");
    }
}
