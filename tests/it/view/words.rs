//! The words that all views share.

use std::path::Path;
use std::time::Duration;

use raft_in_practice::view::words::{duration, for_shell};

#[test]
fn a_duration_has_the_unit_that_fits_and_no_zeros_at_its_end() {
    for (micros, text) in [
        (0, "0 ms"),
        (250, "250 µs"),
        (20_000, "20 ms"),
        (57_349, "57.3 ms"),
        (6_550, "6.5 ms"),
        (1_500_000, "1.5 s"),
        (1_234_567, "1.234 s"),
        (12_000_000, "12 s"),
        (3_600_000_000, "3600 s"),
    ] {
        assert_eq!(duration(Duration::from_micros(micros)), text);
    }
}

/// What a shell makes of the name again, and that it names a file to this program.
#[test]
fn a_name_in_a_command_is_quoted_if_a_shell_would_read_it_otherwise() {
    for (name, written) in [
        ("mine.raft", "mine.raft"),
        ("../größe/a+b@1,2:3%.raft", "../größe/a+b@1,2:3%.raft"),
        ("a b", "\"a b\""),
        ("", "\"\""),
        ("it's", "\"it's\""),
        ("~", "\"~\""),
        ("a;b&c|d>e*(f)#g", "\"a;b&c|d>e*(f)#g\""),
        ("$HOME `id` \"x\"!", "'$HOME `id` \"x\"!'"),
        ("it's $5", r"'it'\''s $5'"),
        ("-v", "./-v"),
        ("- x", "\"./- x\""),
        ("demo", "./demo"),
    ] {
        assert_eq!(for_shell(Path::new(name)), written);
        if cfg!(unix) {
            let printed = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {written}")])
                .output()
                .unwrap();
            let read = String::from_utf8(printed.stdout).unwrap();
            assert_eq!(read.strip_prefix("./").unwrap_or(&read), name);
        }
    }
}
