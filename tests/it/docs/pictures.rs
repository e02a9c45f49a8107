//! The pictures in the pages: each is what the command that its page names makes today.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

use super::pages;

/// Where they are.
const FOLDER: &str = "docs/pictures";

/// Every command in the pages that makes a picture: its words, and the picture.
fn commands() -> Vec<(Vec<String>, String)> {
    let lines = pages::all()
        .into_iter()
        .flat_map(|page| page.text.lines().map(str::to_owned).collect::<Vec<_>>());
    let made = lines.filter_map(|line| {
        let command = line.trim().strip_prefix("raft-cluster ")?;
        let (_, picture) = command.split_once(&format!(" -o {FOLDER}/"))?;
        let words = command.split_whitespace().map(str::to_owned).collect();
        Some((words, picture.to_owned()))
    });
    made.collect()
}

#[test]
fn every_picture_is_what_its_command_makes() {
    let commands = commands();
    assert!(!commands.is_empty(), "the pages name the commands that made their pictures");
    let mut old = Vec::new();
    for (mut words, picture) in commands.clone() {
        let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&picture);
        let target = words.last_mut().unwrap();
        *target = made.to_str().unwrap().to_owned();
        Command::new(env!("CARGO_BIN_EXE_raft-cluster")).args(&words).assert().success();
        let kept = pages::root().join(FOLDER).join(&picture);
        let now = fs::read_to_string(&made).unwrap();
        if fs::read_to_string(&kept).ok().as_ref() == Some(&now) {
            continue;
        }
        if pages::updating() {
            fs::write(kept, now).unwrap();
        } else {
            old.push(picture);
        }
    }
    assert!(old.is_empty(), "UPDATE_DOCS=1 makes these anew: {old:?}");
    // Some page says how to make each picture. A picture of a window is not text, so it is not compared.
    let of_windows = |name: &str| {
        let made = format!("`{name}` is a picture of the page, which `.ci/browser` leaves");
        pages::all().iter().any(|page| page.text.contains(&made))
    };
    for file in fs::read_dir(pages::root().join(FOLDER)).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let is_made = commands.iter().any(|(_, picture)| *picture == name) || of_windows(&name);
        assert!(is_made, "{name}: no page makes it");
    }
}
