//! How columns are aligned and text is wrapped.

use raft_in_practice::view::table::{Table, paragraph};
use raft_in_practice::view::{colour, width};

#[test]
fn a_word_that_is_longer_than_a_line_is_broken_with_marks() {
    let lines = paragraph(&format!("see '{}✓forged'", "x".repeat(96)), "  ", "");
    assert_eq!(lines[0], "  see");
    assert_eq!(lines[1], format!("'{}…", "x".repeat(96)));
    assert_eq!(lines[2], "…✓forged'");
}

/// Words that belong together stay on one line, unless together they are longer than a line.
#[test]
fn a_number_stays_with_its_unit_and_with_the_index_that_it_is() {
    for (end, together) in [("(500 ms)", true), ("commitIndex 7,", true), ("500 nodes", false)] {
        let lines = paragraph(&format!("{} {end}", "x".repeat(width() - end.len() + 1)), "", "");
        assert_eq!(lines[1] == end, together, "{lines:?}");
    }
    let lines = paragraph(&format!("{}index 9✓forged", "x".repeat(94)), "", "");
    assert_eq!(lines[1], "9✓forged");
}

#[test]
fn columns_are_as_wide_as_their_widest_cell_and_the_last_wraps_under_itself() {
    let mut table = Table::new(2);
    table.row(["n0".to_owned(), "word ".repeat(40)]);
    table.row(["leader".to_owned(), "short".to_owned()]);
    let lines = table.lines();
    assert!(lines[0].starts_with("  n0      word word"));
    assert!(lines[1].starts_with("          word"));
    assert_eq!(lines.last().unwrap(), "  leader  short");
    assert!(lines.iter().all(|line| line.chars().count() <= width()));
}

#[test]
fn colour_and_wide_letters_do_not_shift_a_column() {
    let mut table = Table::new(0);
    table.row([colour::marked("\u{1b}[32mn0\u{1b}[0m"), "a".to_owned()]);
    table.row(["→é".to_owned(), "b".to_owned()]);
    table.row(["語".to_owned(), "c".to_owned()]);
    let lines: Vec<String> = table.lines().iter().map(|line| colour::finished(line)).collect();
    assert_eq!(lines, ["\u{1b}[32mn0\u{1b}[0m  a", "→é  b", "語  c"]);
}

#[test]
fn an_empty_last_cell_leaves_no_trailing_space() {
    let mut table = Table::new(0).at_least(&[8]);
    table.row(["x".to_owned(), String::new()]);
    assert_eq!(table.lines(), ["x"]);
}
