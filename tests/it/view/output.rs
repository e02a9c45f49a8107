//! What becomes of lines when their reader is slow, stalls or goes away.

use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read};
use std::thread;

use raft_in_practice::view::output::{Output, QUEUE, WhenFull, unless_closed};
use raft_in_practice::view::reader::Reader;

/// However slowly a real pipe is read, no more lines wait than the queue can hold.
#[test]
fn whoever_puts_lines_waits_for_a_reader_who_is_slow() {
    let (reader, writer) = io::pipe().unwrap();
    let output = Output::open_on(writer, WhenFull::Wait, Reader::default()).unwrap();
    let copy = output.clone();
    let line = "x".repeat(500);
    let lines = 3 * QUEUE as u64;
    let putter = thread::spawn(move || {
        (0..lines).for_each(|_| copy.put(line.clone()));
        copy.settle()
    });
    // The lines that the pipe and the buffer of this reader may hold in addition.
    let beside = (1 << 21) / 500;
    let mut read = 0;
    for line in BufReader::new(reader).lines().take(lines as usize) {
        assert_eq!(line.unwrap().len(), 500);
        read += 1;
        let waiting = output.lines_put() - read;
        assert!(waiting <= QUEUE as u64 + beside, "{waiting} lines wait");
    }
    assert!(putter.join().unwrap().is_ok());
    assert_eq!(read, lines, "no line is left out");
}

#[test]
fn a_live_output_leaves_lines_out_says_how_many_and_never_waits() {
    let (mut reader, writer) = io::pipe().unwrap();
    let output = Output::open_on(
        writer,
        WhenFull::LeaveOut(|lines| format!("left out: {lines}")),
        Reader::default(),
    )
    .unwrap();
    let lines = 4 * QUEUE as u64;
    // No line is read until all are put. If `put` waited, the test would not end.
    (0..lines).for_each(|nth| output.put(format!("line {nth}")));
    let settled = thread::spawn(move || output.settle());
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!(settled.join().unwrap().is_ok());
    let told = text.lines().filter(|line| line.starts_with("line")).count() as u64;
    let said = text.lines().filter_map(|line| line.strip_prefix("left out: "));
    let said: u64 = said.map(|number| number.parse::<u64>().unwrap()).sum();
    assert!(said >= QUEUE as u64 && told + said == lines, "{told} lines, {said} left out");
}

#[test]
fn a_closed_pipe_ends_the_printing_and_is_no_failure() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let output = Output::open_on(writer, WhenFull::Wait, Reader::default()).unwrap();
    (0..3 * QUEUE).for_each(|_| output.put("nobody reads this"));
    assert!(output.settle().is_ok());
    assert!(unless_closed(Err(ErrorKind::StorageFull.into())).is_err());
}

#[test]
#[cfg(target_os = "linux")]
fn what_cannot_be_written_is_an_error_once() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Output::open_on(BufWriter::new(full), WhenFull::Wait, Reader::default()).unwrap();
    output.put("one line");
    assert_eq!(output.settle().unwrap_err().kind(), ErrorKind::StorageFull);
    output.put("another");
    assert!(output.settle().is_ok());
}
