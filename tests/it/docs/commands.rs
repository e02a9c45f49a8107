//! The quotes in the pages are what the programs print.
//!
//! A quote may leave lines out (`...`), and parts of a line (`[..]`).

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use snapbox::Data;
use snapbox::filter::NormalizeToExpected;
use snapbox::report::{Palette, write_diff};

use crate::docs::pages;
use crate::docs::pages::Page;

/// A command of a block, and what the page says it prints.
struct Quote {
    command: String,
    printed: String,
}

/// Splits a `console` block at its `$` lines.
fn quotes(block: &str) -> Vec<Quote> {
    let mut quotes: Vec<Quote> = Vec::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            quotes.push(Quote { command: command.to_owned(), printed: String::new() });
        } else {
            let quote = quotes.last_mut().expect("a console block begins with a command");
            quote.printed.push_str(line);
            quote.printed.push('\n');
        }
    }
    quotes
}

/// A directory of its own for a test and a page, for the files that its commands write and read.
fn directory(test: &str, page: &Page) -> PathBuf {
    let directory =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("docs").join(test).join(page.name());
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    symlink(pages::root().join("examples"), directory.join("examples")).unwrap();
    for block in page.blocks() {
        // A block that begins with `# name.raft` is that file.
        let name = block.text.lines().next().and_then(|line| line.strip_prefix("# "));
        if let Some(name) = name.filter(|name| block.kind == "raft" && pages::is_script(name)) {
            fs::write(directory.join(name), &block.text).unwrap();
        }
    }
    directory
}

/// What a command prints on both streams; its exit code in front, if it is not 0.
fn run(command: &str, directory: &PathBuf) -> String {
    let binaries = PathBuf::from(env!("CARGO_BIN_EXE_raft-cluster"));
    let path = std::env::join_paths(
        std::iter::once(binaries.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let output = Command::new("sh")
        .args(["-c", &format!("{command} 2>&1")])
        .env("PATH", path.unwrap())
        .env("NO_COLOR", "1")
        .env_remove("CLICOLOR_FORCE")
        .current_dir(directory)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    match output.status.code() {
        Some(0) => text,
        code => format!("{text}(exit code {})\n", code.unwrap_or(-1)),
    }
}

#[test]
fn the_pages_quote_what_the_programs_print() {
    let mut wrong = Vec::new();
    for page in pages::all() {
        let directory = directory("quotes", &page);
        let mut text = page.text.clone();
        for block in page.blocks().iter().filter(|block| block.kind == "console") {
            let mut now = String::new();
            for Quote { command, printed } in quotes(&block.text) {
                let actual = run(&command, &directory);
                let mut shown = with_gaps(&printed, &actual);
                if pages::updating() && shown != printed {
                    shown = excerpt(&printed, &actual).unwrap_or(shown);
                }
                write!(now, "$ {command}\n{shown}").unwrap();
            }
            if now != block.text {
                wrong.push(format!("{}:\n{}", page.name(), difference(&block.text, &now)));
                text = text.replace(&block.text, &now);
            }
        }
        if pages::updating() && text != page.text {
            fs::write(&page.path, text).unwrap();
        }
    }
    assert!(
        wrong.is_empty() || pages::updating(),
        "{}\nUPDATE_DOCS=1 writes what is printed now into the pages",
        wrong.join("\n")
    );
}

/// The printed text, with the gaps of the quote where the rest is the same.
fn with_gaps(quote: &str, printed: &str) -> String {
    let quote = Data::text(quote);
    NormalizeToExpected::new().redact().normalize(Data::text(printed), &quote).to_string()
}

/// An excerpt of `actual` with the gaps of `old`. `None` if `old` has no gap, or a line of it differs in more
/// than numbers.
fn excerpt(old: &str, actual: &str) -> Option<String> {
    const GAP: &str = "...";
    let shape = |line: &str| line.replace(|c: char| c.is_ascii_digit(), "").replace(' ', "");
    let mut lines = actual.lines();
    let mut found = String::new();
    for quoted in old.lines() {
        let line = if quoted == GAP || quoted.contains("[..]") {
            quoted
        } else {
            lines.find(|line| shape(line) == shape(quoted))?
        };
        writeln!(found, "{line}").unwrap();
    }
    old.lines().any(|line| line == GAP).then_some(found)
}

/// Commands that a page names in passing, and that print the same every time.
#[test]
fn what_the_pages_tell_the_reader_to_run_ends_well() {
    let help = run("raft-cluster --help", &PathBuf::from("."));
    let known = |word: &str| help.lines().any(|line| line.trim_start().starts_with(word));
    for page in pages::all() {
        let directory = directory("spans", &page);
        for command in page.spans() {
            let words: Vec<&str> = command.split_whitespace().collect();
            let shouted = |word: &&str| word.chars().all(|c| c.is_ascii_uppercase());
            let ours = matches!(words.first(), Some(&("raft-node" | "raft-cluster")));
            if !ours || words.iter().any(shouted) {
                continue;
            }
            let printed = match words.get(1) {
                // Searches and prompts are not run: it is enough that the command exists.
                Some(&name @ ("hunt" | "check" | "play" | "report")) if known(name) => {
                    run(&format!("{command} --help"), &directory)
                }
                Some(&("hunt" | "check" | "play" | "report")) => continue,
                _ if words[0] == "raft-cluster" && !command.contains("--virtual") => continue,
                _ => run(&command, &directory),
            };
            assert!(!printed.contains("(exit code"), "{}: {command}: {printed}", page.name());
        }
    }
}

/// The lines that differ, with their signs.
fn difference(expected: &str, actual: &str) -> String {
    let mut text = String::new();
    let (expected, actual) = (Data::text(expected), Data::text(actual));
    write_diff(
        &mut text,
        &expected,
        &actual,
        Some(&"the page"),
        Some(&"the program"),
        Palette::plain(),
    )
    .unwrap();
    text
}
