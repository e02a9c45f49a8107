//! The words that all views share.

use std::time::Duration;

use raft_in_practice::view::words::duration;

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
