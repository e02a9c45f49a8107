//! Lines, both ways.

use super::*;

#[test]
fn what_a_verb_writes_reads_back_as_the_same_verb() {
    let lines = [
        "submit SET x=1",
        "submit to 2 SET x = 1",
        "write AUDIT log entry",
        "crash leader",
        "crash 3 before send",
        "crash 3 before save",
        "restart crashed",
        "restart all",
        "partition 0 1 | 2 3 4",
        "cut 1 -> 2",
        "cut 1 <-> 2",
        "heal",
        "drop 0.2",
        "duplicate 0.1",
        "delay 5ms..40ms",
        "timeout 2",
        "heartbeat leader",
        "manual",
        "automatic",
        "deliver vote-reply 1 -> 0 older 2",
        "drop append 0 -> 1",
        "wait 2s",
        "wait until leader",
        "wait 500ms until committed 3 on majority",
        "step",
        "step 10",
        "try wait 5s until leader",
        "expect leader is 1",
        "expect no leader",
        "expect log 2 = 1@1 2@1 3@2",
        "expect log 2 = empty",
        "expect committed SET x=1 on all",
        "expect not committed SET x=1 on 3",
        "expect term 2 = 4",
        "expect vote 2 = none",
        "expect value x=1 on all",
        "expect no value x on 1",
        "expect role 1 = candidate",
        "expect in step",
        "expect safe",
        "expect violation election-safety",
        "status",
        "note anything at all",
        "phase One",
    ];
    for line in lines {
        let verb = parse_line(line, 5).unwrap().unwrap();
        let written = verb.to_string();
        assert_eq!(parse_line(&written, 5).unwrap(), Some(verb), "{line} wrote {written}");
    }
    assert_eq!(parse_line("drop 20%", 5).unwrap(), Some(Verb::DropRate(0.2)));
}

#[test]
fn an_error_names_the_word_and_what_was_expected() {
    let table = [
        ("jump", "'jump' does not fit; expected a verb"),
        ("nods 3", "'nods' does not fit; expected 'nodes' perhaps, or a verb: submit"),
        ("tiemout 0", "'tiemout' does not fit; expected 'timeout' perhaps, or a verb: submit"),
        ("note \"open", "'\"open' does not fit; expected text that ends with a quote"),
        ("note \"a\" b", "'b' does not fit; expected the end of the line"),
        ("crash 9", "'9' does not fit; expected a node from 0 to 4"),
        ("crash", "the line ends where a node from 0 to 4 should follow"),
        ("crash 1 before lunch", "'lunch' does not fit; expected 'save' or 'send'"),
        ("partition 0 1 |", "groups of nodes"),
        ("partition 0 0 | 1", "'0' does not fit; expected each node once"),
        ("cut 1 2", "the line ends where a node from 0 to 4 should follow"),
        ("drop 200%", "'200%' does not fit; expected a probability"),
        ("delay 9ms..1ms", "'9ms..1ms' does not fit"),
        ("expect log 1 = 1", "'1' does not fit; expected entries as index@term"),
        ("expect violation liveliness", "expected a property: election-safety"),
        ("heal now", "'now' does not fit; expected the end of the line"),
        ("wait until", "a condition"),
        ("step 0", "'0' does not fit; expected a number of events from 1 to"),
        ("try try heal", "'try' does not fit; expected a line that says what to try"),
    ];
    for (line, expected) in table {
        let error = parse_line(line, 5).unwrap_err().to_string();
        assert!(error.contains(expected), "{line}: {error}");
    }
}
