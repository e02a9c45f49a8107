//! One node, stepped by hand: it is elected, appends a command, commits it, and is deposed.
//!
//! Nothing here waits and nothing is sent: the program that owns a `RaftNode` is its clock, its disk and
//! its network. Run it with `cargo run --example one_node`.

use raft_in_practice::raft::{
    AppendEntriesReply, AppendOutcome, Envelope, Event, Message, RequestVoteReply, Sendable,
};
use raft_in_practice::{Input, LogIndex, NodeId, PersistentState, RaftNode, Settings, Term};

fn main() {
    let mut disk = PersistentState::default();
    let mut node = RaftNode::new(NodeId::new(0), Settings::new(3), disk.clone());
    for (story, input) in inputs() {
        // `persist` saves the node. Only then does it give the messages to send.
        let Ok(sendable) = node.step(input).persist(&mut disk);
        tell(story, &sendable);
    }
    let (term, last) = (disk.current_term, disk.log.last());
    println!("A crash would leave what is on disk: term {term}, and a log that ends at {last}.");
}

/// The inputs of the node, each with the story behind it.
fn inputs() -> [(&'static str, Input); 5] {
    let vote = RequestVoteReply { term: Term::new(1), vote_granted: true };
    let outcome = AppendOutcome::Accepted { match_index: LogIndex::new(2) };
    let stored = AppendEntriesReply { term: Term::new(1), outcome };
    let refusal = RequestVoteReply { term: Term::new(7), vote_granted: false };
    [
        ("Nobody speaks, so the timer ends:", Input::ElectionTimeout),
        ("n1 gives its vote, and two of three are a majority:", from(1, vote)),
        ("A client asks for a write:", Input::Propose(vec!["SET x=1".into()])),
        (
            "n1 has stored it. (Index 1 is the entry with which the leader began its term.)",
            from(1, stored),
        ),
        ("n2 answers an old request, from a later term:", from(2, refusal)),
    ]
}

/// A message from `sender` to n0.
fn from(sender: u8, message: impl Into<Message>) -> Input {
    let (from, to) = (NodeId::new(sender), NodeId::new(0));
    Input::Receive(Envelope { from, to, message: message.into() })
}

fn tell(story: &str, sendable: &Sendable) {
    println!("{story}");
    for event in sendable.events() {
        match event {
            Event::Checked(verdict) => println!("  {}: {:?}", verdict.rule, verdict.outcome),
            event => println!("  {event:?}"),
        }
    }
    for envelope in sendable.messages() {
        println!("  to {}: {:?}", envelope.to, envelope.message);
    }
    println!();
}
