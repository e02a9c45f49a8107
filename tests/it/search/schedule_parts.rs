//! How consecutive moves are told as parts.

use raft_in_practice::raft::MessageKind;
use raft_in_practice::record::message_name::MessageName;
use raft_in_practice::scenario::verb_table::{Verb, Who};
use raft_in_practice::search::schedule_parts::{PartKind, parts};

use crate::common::id;

const fn deliver(kind: MessageKind, from: u8, to: u8) -> Verb {
    Verb::Deliver(MessageName { kind, from: id(from), to: id(to), nth_newest: 0 })
}

#[test]
fn a_campaign_and_a_replication_are_two_parts_and_a_late_vote_is_a_third() {
    let moves = [
        Verb::Timeout(Who::Node(id(0))),
        deliver(MessageKind::RequestVote, 0, 1),
        deliver(MessageKind::RequestVoteReply, 1, 0),
        Verb::Submit { to: Who::Node(id(0)), command: "SET x=1".into() },
        deliver(MessageKind::AppendEntries, 0, 2),
        deliver(MessageKind::AppendEntriesReply, 2, 0),
        deliver(MessageKind::RequestVoteReply, 1, 0),
    ];
    let reached = |number| std::iter::once(id(number)).collect();
    let told: Vec<_> = parts(&moves).into_iter().map(|p| (p.kind, p.moves)).collect();
    let Verb::Deliver(late) = &moves[6] else { panic!("it is delivered") };
    assert_eq!(
        told,
        [
            (PartKind::Campaign { node: id(0), reached: reached(1) }, 0..3),
            (PartKind::Append { leader: id(0), reached: reached(2) }, 3..6),
            (PartKind::Late(*late), 6..7),
        ]
    );
}
