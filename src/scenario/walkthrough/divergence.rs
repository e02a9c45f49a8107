//! Section 9: a follower whose log diverged is repaired, case (f) of Figure 7.

use crate::raft::{Envelope, LogIndex, Message, NodeId, PersistentState, RaftNode, Settings, Term};

use super::script::Walkthrough;
use super::stage::Servers;
use super::votes::log_of;
use super::{N0, N1};

const LEADER: NodeId = N0;
const FOLLOWER: NodeId = N1;

/// The logs of Figure 7: that of the leader-to-be, and that of follower (f), which led terms 2 and
/// 3 without reaching anyone.
const LEADERS_TERMS: [u64; 10] = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
const FOLLOWERS_TERMS: [u64; 11] = [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3];

pub(super) fn play(script: &mut Walkthrough) {
    script.open("A log that diverged is repaired");
    let saved = |terms: &[u64]| PersistentState::new(Term::new(7), None, log_of(terms));
    let disks = vec![saved(&LEADERS_TERMS), saved(&FOLLOWERS_TERMS), saved(&[])];
    script.stage = Servers::from_disks(Settings::new(3), disks, script.seed);

    script.say(
        "§5.3, Figure 7 (f)",
        "Three nodes again, n2 silent. Long ago n1 led two terms and took in commands that it \
         could send to nobody. n0 is elected now, with n1's vote: n0's last term is later.",
    );
    let shared = shared_up_to(script.stage.node(LEADER), script.stage.node(FOLLOWER));
    let requests = script.stage.time_out(LEADER);
    let votes = script.stage.deliver(&requests, FOLLOWER);
    let mut mail = script.stage.deliver(&votes, LEADER);
    script.logs(&[LEADER, FOLLOWER]);

    let first = first_prev(&mail);
    script.say(
        "§5.3",
        "A leader never changes its own log, and does not ask what others have. It sends what is \
         new, and names the entry before it.",
    );
    let mut requests = 0;
    while mail.iter().any(|envelope| envelope.to == FOLLOWER) {
        requests += mail.iter().filter(|envelope| envelope.to == FOLLOWER).count();
        let replies = script.deliver(&mail, FOLLOWER);
        mail = script.deliver(&replies, LEADER);
    }
    script.logs(&[LEADER, FOLLOWER]);
    let one_by_one = first.get() - shared.get() + 1;
    script.say(
        "§5.3",
        format!(
            "It took {requests} requests, because a refusal names a whole term to step over. \
             Stepping back one index at a time would have taken {one_by_one}. What n1 lost was \
             never committed: no majority ever held it."
        ),
    );
}

/// Returns the last index up to which two logs are equal.
fn shared_up_to(a: &RaftNode, b: &RaftNode) -> LogIndex {
    let equal = a.log().iter().zip(b.log().iter()).take_while(|(a, b)| a == b);
    equal.last().map_or(LogIndex::ZERO, |((index, _), _)| index)
}

/// Returns the `prevLogIndex` of the first request to the follower.
fn first_prev(mail: &[Envelope]) -> LogIndex {
    let prev = |envelope: &Envelope| match &envelope.message {
        Message::AppendEntries(request) if envelope.to == FOLLOWER => Some(request.prev_log_index),
        _ => None,
    };
    mail.iter().find_map(prev).unwrap_or_default()
}
