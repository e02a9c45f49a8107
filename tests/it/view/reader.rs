//! How long a line waits for its reader.

use std::time::{Duration, Instant};

use raft_in_practice::view::reader::{Reader, Reading};

#[test]
fn a_line_waits_until_the_one_before_is_read_and_no_longer() {
    let reader = Reader { pace: Some(2.0), ..Reader::default() };
    let line = format!("  \u{1b}[32m{}\u{1b}[0m", "x".repeat(80));
    let second = Duration::from_secs(1);
    assert_eq!(reader.time_for(&line), second, "neither colour nor indentation is read");
    let began = Instant::now();
    let mut reading = Reading::new(reader, began);
    assert_eq!(reading.wait(&line, began), Duration::ZERO);
    assert_eq!(reading.wait(&line, began), second);
    assert_eq!(reading.wait(&line, began + second), second);
    assert_eq!(reading.wait(&line, began + 9 * second), Duration::ZERO);
    reading.hurries = true;
    assert_eq!(reading.wait(&line, began + 10 * second), Duration::ZERO);
    assert_eq!(reading.wait(&line, began + 10 * second), Duration::ZERO, "whoever hurries");
    assert_eq!(Reader::default().time_for(&line), Duration::ZERO, "without a pace");
}
