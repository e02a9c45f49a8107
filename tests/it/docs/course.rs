//! The exercises of the course: what is missing in each is missed, and what its solution adds is what it takes.

use std::fs;

use raft_in_practice::scenario::line_outcome::Failure;
use raft_in_practice::scenario::run::Runner;
use raft_in_practice::scenario::script::Script;
use raft_in_practice::sim::{Sim, SimConfig};

use super::pages::root;
use crate::common::text::unwrapped;

/// The line below which the reader writes.
const GAP: &str = "note Your lines begin here.";

/// An exercise: its name, its lines, and those of its solution.
struct Exercise {
    name: String,
    lines: Vec<String>,
    solution: Vec<String>,
}

fn exercises() -> Vec<Exercise> {
    let folder = root().join("examples/course");
    let names = |folder: &str| {
        let files = fs::read_dir(root().join(folder)).unwrap().map(|file| file.unwrap().path());
        let files = files.filter(|file| file.is_file());
        let mut names: Vec<String> =
            files.map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let (all, solved) = (names("examples/course"), names("examples/course/solutions"));
    assert_eq!(all, solved);
    let lines = |path| fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
    let exercise = |name: String| Exercise {
        lines: lines(folder.join(&name)),
        solution: lines(folder.join("solutions").join(&name)),
        name,
    };
    all.into_iter().map(exercise).collect()
}

/// The failure that stops these lines, if there is one.
fn failure(lines: &[String]) -> Option<Box<Failure>> {
    let text = lines.join("\n");
    let script = Script::parse("exercise", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let sim = Sim::new(SimConfig::of(&script), Vec::new());
    Runner::new(sim, &mut ()).run(&script.lines).err()
}

/// For each line of the solution whether it was added. Lines may be added only in a gap.
fn added(exercise: &Exercise) -> Vec<bool> {
    let mut given = exercise.lines.iter().peekable();
    let mut in_gap = false;
    let added = exercise.solution.iter().map(|line| {
        if given.next_if_eq(&line).is_some() {
            in_gap = line == GAP;
            return false;
        }
        assert!(in_gap, "{}: '{line}' does not stand in a gap", exercise.name);
        true
    });
    let added = added.collect();
    assert_eq!(given.next(), None, "{}", exercise.name);
    added
}

#[test]
fn an_exercise_fails_at_its_first_gap_and_its_solution_passes() {
    for exercise in exercises() {
        let gap = 1 + exercise.lines.iter().position(|line| line == GAP).expect("a gap");
        let stopped = failure(&exercise.lines).expect("it is not solved");
        assert!(stopped.line > gap, "{}: line {}", exercise.name, stopped.line);
        let checks = exercise.lines[gap..].iter().take_while(|line| *line != GAP).count();
        assert!(stopped.line <= gap + checks, "{}: line {}", exercise.name, stopped.line);
        let solved = failure(&exercise.solution);
        assert!(solved.is_none(), "{}: {solved:?}", exercise.name);
        assert!(added(&exercise).contains(&true), "{}", exercise.name);
    }
}

/// The check of an exercise sees each step of the way: without any one line of the solution it fails.
#[test]
fn each_line_of_a_solution_is_needed() {
    for exercise in exercises() {
        for (at, _) in added(&exercise).iter().enumerate().filter(|(_, added)| **added) {
            let mut lines = exercise.solution.clone();
            let line = lines.remove(at);
            assert!(failure(&lines).is_some(), "{}: '{line}' is not needed", exercise.name);
        }
    }
}

/// The page has a lesson for each exercise, in their order, and names its file.
#[test]
fn each_exercise_has_its_lesson() {
    let page = fs::read_to_string(root().join("docs/course.md")).unwrap();
    let lessons: Vec<&str> = page.split("\n## ").collect();
    for (at, exercise) in exercises().iter().enumerate() {
        let number = at + 1;
        assert!(exercise.name.starts_with(&format!("{number:02}-")), "{}", exercise.name);
        let shows = format!("shows Lesson {number}: ");
        assert!(exercise.lines[0].starts_with(&shows), "{}", exercise.lines[0]);
        let lesson = unwrapped(lessons[number]);
        assert!(lesson.starts_with(&format!("{number}. ")), "{lesson}");
        assert!(lesson.contains(&format!("`{}`", exercise.name)), "{lesson}");
        let gaps = exercise.lines.iter().filter(|line| *line == GAP).count();
        for (places, count) in [("two", 2), ("three", 3)] {
            let says = lesson.contains(&format!("{places} places for your lines"));
            assert_eq!(says, gaps == count, "{lesson}");
        }
    }
}
