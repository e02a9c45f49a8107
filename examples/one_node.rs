//! One node, stepped by hand: it is elected, takes a command in, commits it, and is deposed.
//!
//! Nothing here waits and nothing is sent. Whoever holds a `RaftNode` plays its clock, its disk and
//! its network. Run it with `cargo run --example one_node`.

use raft_in_practice::raft::{
    AppendEntriesResponse, AppendOutcome, Command, Envelope, Input, LogIndex, Message, NodeId,
    PersistentState, RaftNode, Sendable, Settings, Term, VoteResponse,
};
use raft_in_practice::view::words::{Speaker, log_end};
use raft_in_practice::view::{explain, message};

fn main() {
    let mut disk = PersistentState::default();
    let mut node = RaftNode::new(NodeId::new(0), Settings::new(3), disk.clone());
    for (story, input) in inputs() {
        let speaker = Speaker::of(node.id(), &input);
        // A turn saves its own node, and only then are there messages to send.
        let Ok(sendable) = node.step(input).persist(&mut disk);
        tell(story, speaker, &sendable);
    }
    let (term, log) = (disk.current_term, log_end(disk.log.last()));
    println!("A crash would leave what is on disk: term {term}, and a log that {log}.");
}

/// What happens to the node, and why.
fn inputs() -> [(&'static str, Input); 5] {
    let vote = VoteResponse { term: Term::new(1), vote_granted: true };
    let outcome = AppendOutcome::Accepted { match_index: LogIndex::new(2) };
    let stored = AppendEntriesResponse { term: Term::new(1), outcome };
    let refusal = VoteResponse { term: Term::new(7), vote_granted: false };
    [
        ("Nobody speaks, so the timer ends:", Input::ElectionTimeout),
        ("n1 gives its vote, and two of three are a majority:", from(1, vote)),
        ("A client asks for a write:", Input::Propose(vec![Command::new("SET x=1")])),
        (
            "n1 has stored it. (Index 1 is the entry with which the leader began its term.)",
            from(1, stored),
        ),
        ("n2 answers an old request, from a later term:", from(2, refusal)),
    ]
}

/// A message for n0.
fn from(sender: u8, message: impl Into<Message>) -> Input {
    let (from, to) = (NodeId::new(sender), NodeId::new(0));
    Input::Receive(Envelope { from, to, message: message.into() })
}

fn tell(story: &str, speaker: Speaker, sendable: &Sendable) {
    println!("{story}");
    for event in sendable.events() {
        println!("  {}", explain::event(speaker, event));
    }
    for envelope in sendable.messages() {
        println!("  to {}: {}", envelope.to, message::arguments(&envelope.message));
    }
    println!();
}
