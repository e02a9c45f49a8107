//! Points in time, and the ticks at which they are noticed.

use std::time::Duration;

use raft_in_practice::server::timing::Time;

#[test]
fn a_deadline_is_noticed_at_the_next_tick() {
    let tick = Duration::from_millis(10);
    let at = |micros| Time::from_micros(micros).rounded_up_to(tick).as_micros();
    assert_eq!([at(0), at(1), at(10_000), at(10_001)], [0, 10_000, 10_000, 20_000]);
}

#[test]
fn behind_the_last_moment_there_is_none() {
    let last = Time::from_micros(u64::MAX);
    assert_eq!(last + Duration::from_secs(1), last);
    assert_eq!(last.rounded_up_to(Duration::from_millis(10)), last);
}
