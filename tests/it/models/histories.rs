//! Logs of possible histories: each term has one leader, which began with some older log, or a part of
//! it, and appended to it.

use proptest::collection::vec;
use proptest::prelude::*;

/// The terms of some logs of one history; any two of them match in the sense of Log Matching.
#[derive(Debug, Clone)]
pub struct History {
    /// The log of the leader of each term, term 1 first, without later truncations.
    written: Vec<Vec<u64>>,
}

impl History {
    /// The part of one leader's log that some node received. Both choices wrap around.
    fn part(&self, (leader, length): (usize, usize)) -> Vec<u64> {
        let log = &self.written[leader % self.written.len()];
        log[..length % (log.len() + 1)].to_vec()
    }

    /// A term later than all of them.
    pub const fn next_term(&self) -> u64 {
        self.written.len() as u64 + 1
    }
}

/// Up to `terms` leaders. Each starts from a part of the log of any leader before it, and appends
/// up to four entries.
fn history(terms: usize) -> impl Strategy<Value = History> {
    let leader = (any::<(usize, usize)>(), 0..5usize);
    vec(leader, 1..=terms).prop_map(|leaders| {
        let mut history = History { written: vec![vec![]] };
        for (term, (base, added)) in (1..).zip(leaders) {
            let mut log = history.part(base);
            log.extend(std::iter::repeat_n(term, added));
            history.written.push(log);
        }
        history
    })
}

/// Two logs of one history, and a term later than every entry.
pub fn two_logs() -> impl Strategy<Value = (Vec<u64>, Vec<u64>, u64)> {
    (history(7), any::<(usize, usize)>(), any::<(usize, usize)>())
        .prop_map(|(h, one, other)| (h.part(one), h.part(other), h.next_term()))
}

/// Any log whose terms do not go down. It need not match any other log.
pub fn any_log() -> impl Strategy<Value = Vec<u64>> {
    vec(1..6u64, 0..9).prop_map(|mut terms| {
        terms.sort_unstable();
        terms
    })
}
