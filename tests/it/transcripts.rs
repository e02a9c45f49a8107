//! Next to each script that ships is its output: `demo.raft` and `demo.out`. Readers can see it without
//! building anything, and a change of the output shows in a diff.

use std::fs;

use assert_cmd::Command;
use raft_in_practice::scenario::library::{BROKEN, SHIPPED};

use crate::docs::pages;

/// What a run in virtual time prints, without colour and in a pipe.
fn shown(name: &str) -> String {
    let mut command = Command::cargo_bin("raft-cluster").unwrap();
    command.args(["run", name, "--virtual", "--color", "never"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{name} ends as it should");
    assert!(output.stderr.is_empty(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    format!("$ raft-cluster run {name} --virtual\n{text}")
}

#[test]
fn each_script_has_its_transcript_beside_it() {
    let examples = pages::root().join("examples");
    let shipped = SHIPPED.iter().map(|&(name, _)| (name, format!("scenarios/{name}")));
    let broken = BROKEN.iter().map(|&(name, _)| (name, name.to_owned()));
    let mut old = Vec::new();
    for (name, place) in shipped.chain(broken) {
        let path = examples.join(place + ".out");
        let now = shown(name);
        if pages::updating() {
            fs::write(&path, &now).unwrap();
        } else if fs::read_to_string(&path).ok().as_ref() != Some(&now) {
            old.push(path);
        }
    }
    assert!(old.is_empty(), "UPDATE_DOCS=1 writes these anew; read the difference: {old:#?}");
}
