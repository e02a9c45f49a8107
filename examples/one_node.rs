//! One node, stepped by hand: it is elected, takes a command in, commits it, and is deposed.
//!
//! Nothing here waits and nothing is sent. Whoever holds a `RaftNode` plays its clock, its disk and
//! its network. Run it with `cargo run --example one_node`.

use raft_in_practice::raft::{
    AppendEntriesResponse, AppendOutcome, Command, Envelope, Input, LogIndex, Message, NodeId,
    PersistentState, RaftNode, Settings, Term, VoteResponse,
};
use raft_in_practice::view::words::{Speaker, log_end};
use raft_in_practice::view::{explain, message};

fn main() {
    let settings = Settings::new(3);
    let mut disk = PersistentState::default();
    let mut node = RaftNode::new(NodeId::new(0), settings, disk.clone());

    println!("Nobody speaks, so the timer ends:");
    step(&mut node, Input::ElectionTimeout, &mut disk);

    println!("n1 gives its vote, and two of three are a majority:");
    let vote = VoteResponse { term: Term::new(1), vote_granted: true };
    step(&mut node, from(1, Message::VoteResponse(vote)), &mut disk);

    println!("A client asks for a write:");
    step(&mut node, Input::Propose(vec![Command::new("SET x=1")]), &mut disk);

    println!("n1 has stored it. (Index 1 is the entry with which the leader began its term.)");
    let outcome = AppendOutcome::Accepted { match_index: LogIndex::new(2) };
    let stored = AppendEntriesResponse { term: Term::new(1), outcome };
    step(&mut node, from(1, Message::AppendEntriesResponse(stored)), &mut disk);

    println!("n2 answers an old request, from a later term:");
    let refusal = VoteResponse { term: Term::new(7), vote_granted: false };
    step(&mut node, from(2, Message::VoteResponse(refusal)), &mut disk);

    let (term, log) = (disk.current_term(), log_end(disk.log().last()));
    println!("A crash would leave what is on disk: term {term}, and a log that {log}.");
}

/// A message for n0.
const fn from(sender: u8, message: Message) -> Input {
    Input::Receive(Envelope { from: NodeId::new(sender), to: NodeId::new(0), message })
}

/// Hands the node one input, saves, and prints what came of it. The messages can be had only from
/// what `persist` returns, so there is no way to send before saving.
fn step(node: &mut RaftNode, input: Input, disk: &mut PersistentState) {
    let speaker = Speaker::of(node.id(), &input);
    let sendable = node.step(input).persist(node, disk);
    for event in sendable.events() {
        println!("  {}", explain::event(speaker, event));
    }
    for envelope in sendable.messages() {
        println!("  to {}: {}", envelope.to, message::arguments(&envelope.message));
    }
    println!();
}
