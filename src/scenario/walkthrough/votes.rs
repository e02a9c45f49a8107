//! Section 8: the three rules of a vote, each refusing the same candidate in turn.

use crate::raft::{Log, LogEntry, PersistentState, Settings, Term};

use super::script::Walkthrough;
use super::stage::Servers;
use super::{N0, N1, N2};

/// Returns a log whose entries have these terms, each with a command that names its index and term.
pub(super) fn log_of(terms: &[u64]) -> Log {
    let entry = |(nth, &term): (usize, &u64)| {
        let text = format!("SET k{}={term}", nth + 1);
        LogEntry::command(Term::new(term), text.as_str().into())
    };
    Log::new(terms.iter().enumerate().map(entry).collect())
}

pub(super) fn play(script: &mut Walkthrough) {
    script.open("Three rules refuse a vote");
    let saved = |term, terms: &[u64]| PersistentState::new(Term::new(term), None, log_of(terms));
    let disks = vec![saved(5, &[1, 2]), saved(5, &[1, 2]), saved(2, &[1, 1, 1])];
    script.stage = Servers::from_disks(Settings::new(3), disks, script.seed);

    script.say(
        "§5.2, §5.4.1",
        "Another cluster, of three. Three times n2 asks for n1's vote, and each time another rule \
         refuses it. n2's log is longer than the others', but its last term is older.",
    );
    script.logs(&[N1, N0, N2]);

    script.say("§5.1", "The first rule: n2 was away, and the term it campaigns in is long over.");
    let requests = script.stage.time_out(N2);
    let replies = script.deliver(&requests, N1);
    script.stage.deliver(&replies, N2);

    script.say(
        "§5.2",
        "The second: n2 has learned the term from the answer and campaigns in the next one. But \
         n0 was faster and has n1's vote in it.",
    );
    let requests = script.stage.time_out(N0);
    script.stage.deliver(&requests, N1);
    let requests = script.stage.time_out(N2);
    script.deliver(&requests, N1);

    script.say(
        "§5.4.1",
        "The third: n2 campaigns once more. The term is new, so n1's vote is free; but n1 has an \
         entry of a later term, which may be committed, and n2 would lead without it.",
    );
    let requests = script.stage.time_out(N2);
    script.deliver(&requests, N1);
    script.say(
        "§5.1, §5.4.1",
        "n1 adopted the higher term all the same: terms and votes are separate questions. And n2 \
         cannot win by asking again, as long as its log lags behind a majority's.",
    );
}
