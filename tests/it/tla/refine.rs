//! A step of the program's node as actions of the specification, and the two states compared.
//!
//! | the node's step | actions |
//! |---|---|
//! | election timeout | `Timeout`, then its own vote by message to itself, then `RequestVote` to each peer |
//! | a message of a higher term | `UpdateTerm` before anything else |
//! | AppendEntries with n entries | n requests of one entry each; an empty one stays one |
//! | AppendEntries handled | `HandleAppendEntriesRequest`, as many as it takes, up to the reply |
//! | a vote or an answer handled | the handler |
//! | enough votes | `BecomeLeader` |
//! | a no-op or a command appended | `ClientRequest` |
//! | AppendEntries sent | `Objective`, then `AppendEntries` |
//! | a leader's commit index moved | `AdvanceCommitIndex` |
//! | a restart | `Restart` |
//! | nothing changed and nothing was sent | `DropStaleResponse`, or nothing, where nothing is left to do |
//!
//! The specification only says what may happen, so it allows a server that does nothing for ever. But if a
//! node handles an input and does not do what the input asks for, that is a difference too: see `pass_over`
//! and `check_commit`.
//!
//! Terms are one higher in the specification, which begins with term 1. What is compared: term,
//! state, vote, log and commit index always; the votes of a candidate; `matchIndex` of a leader.
//!
//! `nextIndex` is compared less strictly. A node moves it past the entries that it sends, before they are
//! answered. An acknowledgement never moves it back. A refusal moves it back by one entry or more, to where
//! the hint points, or not at all if the refusal is late. Anything else is a difference.

use raft_in_practice::raft::{
    AppendOutcome, Envelope, Input, LogEntry, LogIndex, Message as Real, NodeId, Payload, RaftNode,
    Role, Term,
};

use super::spec::{Action, Body, Disabled, Entry, Message, Server, Spec, State};

/// A difference between the program and the specification.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// The specification cannot do what the node did.
    Disabled(Disabled),
    /// The node sent what the specification does not send.
    Sent(Message),
    /// A variable differs: its name, the node's value, the specification's.
    Variable(&'static str, String, String),
    /// `nextIndex` has a value that is not allowed: for which peer, the value before, the value now.
    NextIndex(Server, usize, usize),
    /// The node handled an input, or counted copies, and did not do what follows.
    LeftOut(Action),
}

impl From<Disabled> for Difference {
    fn from(disabled: Disabled) -> Self {
        Self::Disabled(disabled)
    }
}

type Refined = Result<(), Difference>;

const fn server(node: NodeId) -> Server {
    node.index()
}

const fn term(term: Term) -> u64 {
    term.get() + 1
}

/// The term `before` of the entry at `index`, as the specification counts; 0 before the first entry.
const fn term_before(index: LogIndex, before: Term) -> u64 {
    if index.get() == 0 { 0 } else { term(before) }
}

/// Commands are numbers from 1 here; the no-op is 0.
fn entry(real: &LogEntry) -> Entry {
    let value = match &real.payload {
        Payload::NoOp => 0,
        Payload::Command(command) => command.as_str().parse().unwrap_or(u64::MAX),
    };
    Entry { term: term(real.term), value }
}

/// A node's log as the specification writes it.
fn log(node: &RaftNode) -> Vec<Entry> {
    node.log().iter().map(|(_, real)| entry(real)).collect()
}

/// A message in the form of the specification: one or several of its messages.
pub fn messages(envelope: &Envelope) -> Vec<Message> {
    let message = |body| Message {
        term: term(envelope.message.term()),
        source: server(envelope.from),
        dest: server(envelope.to),
        body,
    };
    match &envelope.message {
        Real::RequestVote(m) => vec![message(Body::RequestVoteRequest {
            last_log_term: term_before(m.last_log_index, m.last_log_term),
            last_log_index: m.last_log_index.count(),
        })],
        Real::RequestVoteReply(m) => {
            vec![message(Body::RequestVoteResponse { vote_granted: m.vote_granted })]
        }
        Real::AppendEntries(m) => {
            let prev = m.prev_log_index.count();
            let prev_term = term_before(m.prev_log_index, m.prev_log_term);
            let commit = m.leader_commit.count();
            let request = |prev_log_index, prev_log_term, entries: Vec<Entry>| {
                let commit_index = commit.min(prev_log_index + entries.len());
                message(Body::AppendEntriesRequest {
                    prev_log_index,
                    prev_log_term,
                    entries,
                    commit_index,
                })
            };
            if m.entries.is_empty() {
                return vec![request(prev, prev_term, Vec::new())];
            }
            let before =
                |nth: usize| if nth == 0 { prev_term } else { term(m.entries[nth - 1].term) };
            let each = m.entries.iter().enumerate();
            each.map(|(nth, real)| request(prev + nth, before(nth), vec![entry(real)])).collect()
        }
        Real::AppendEntriesReply(m) => {
            let (success, match_index) = match m.outcome {
                AppendOutcome::Accepted { match_index } => (true, match_index.count()),
                AppendOutcome::StaleTerm | AppendOutcome::Rejected { .. } => (false, 0),
            };
            vec![message(Body::AppendEntriesResponse { success, match_index })]
        }
    }
}

/// Whether two states of a node are equal in the variables of the specification.
fn is_same(a: &RaftNode, b: &RaftNode) -> bool {
    let data = |node: &RaftNode| match *node.role() {
        Role::Follower { .. } => None,
        Role::Candidate { votes } => Some((Some(votes), None)),
        Role::Leader { progress } => Some((None, Some(progress))),
    };
    a.persistent() == b.persistent() && a.commit_index() == b.commit_index() && data(a) == data(b)
}

/// Lets the specification do what the node did from `before` to `after`, and compares.
pub fn step(
    spec: &mut Spec,
    before: &RaftNode,
    input: &Input,
    after: &RaftNode,
    sent: &[Envelope],
) -> Refined {
    if sent.is_empty() && is_same(before, after) {
        return pass_over(spec, after, input);
    }
    let i = server(after.id());
    let mut next_before = spec.servers[i].next_index.clone();
    match input {
        Input::ElectionTimeout => stand(spec, i, sent)?,
        Input::Receive(envelope) => receive(spec, envelope)?,
        Input::Propose(_) | Input::HeartbeatDue => {}
    }
    if after.is_leader() && spec.servers[i].state != State::Leader {
        spec.become_leader(i)?;
        next_before.clone_from(&spec.servers[i].next_index);
    }
    if spec.servers[i].state == State::Leader {
        for appended in log(after).iter().skip(spec.servers[i].log.len()) {
            spec.client_request(i, appended.value)?;
        }
    }
    for envelope in sent {
        replicate(spec, envelope)?;
    }
    let commit = after.commit_index().count();
    if after.is_leader() && spec.servers[i].commit_index != commit {
        spec.advance_commit_index(i)?;
    }
    check_sent(spec, sent)?;
    compare(spec, after)?;
    if after.is_leader() {
        check_next(spec, after, &next_before, input, sent)?;
        check_commit(spec, i)?;
    }
    Ok(())
}

/// Handles a step that changed nothing. The specification has an action that drops a response of an older
/// term. For any other input there must have been nothing to do.
fn pass_over(spec: &mut Spec, node: &RaftNode, input: &Input) -> Refined {
    let i = server(node.id());
    let leads = spec.servers[i].state == State::Leader;
    let left_out = match input {
        Input::ElectionTimeout => (!leads).then_some(Action::Timeout),
        Input::Propose(_) => leads.then_some(Action::ClientRequest),
        Input::HeartbeatDue => (leads && spec.servers.len() > 1).then_some(Action::AppendEntries),
        Input::Receive(envelope) => {
            let left_out = messages(envelope).iter().find_map(|m| must_change(spec, m));
            let term = spec.servers[i].current_term;
            let older = |m: &&Message| m.term < term && m.is_response();
            for m in messages(envelope).iter().filter(older) {
                spec.drop_stale_response(m)?;
            }
            left_out
        }
    };
    left_out.map_or(Ok(()), |action| Err(Difference::LeftOut(action)))
}

/// The action that a server must take when it receives this message, because the server would change or answer.
fn must_change(spec: &Spec, m: &Message) -> Option<Action> {
    let own = &spec.servers[m.dest];
    if m.term > own.current_term {
        return Some(Action::UpdateTerm);
    }
    match m.body {
        Body::RequestVoteRequest { .. } => Some(Action::HandleRequestVoteRequest),
        Body::AppendEntriesRequest { .. } if m.term < own.current_term => {
            Some(Action::RejectAppendEntries)
        }
        Body::AppendEntriesRequest { .. } => match own.state {
            State::Candidate => Some(Action::ReturnToFollower),
            State::Follower => Some(Action::AlreadyDone),
            State::Leader => None,
        },
        _ if m.term < own.current_term => None,
        Body::RequestVoteResponse { vote_granted } => {
            let counts = own.state == State::Candidate && vote_granted;
            let news = counts && !own.votes_granted.contains(&m.source);
            news.then_some(Action::HandleRequestVoteResponse)
        }
        Body::AppendEntriesResponse { success, match_index } => {
            let counts = own.state == State::Leader && success;
            let news = counts && match_index > own.match_index[m.source];
            news.then_some(Action::HandleAppendEntriesResponse)
        }
    }
}

/// Checks that a leader that knows of enough copies has committed.
fn check_commit(spec: &Spec, i: Server) -> Refined {
    if spec.committable(i) > spec.servers[i].commit_index {
        return Err(Difference::LeftOut(Action::AdvanceCommitIndex));
    }
    Ok(())
}

/// Begins an election. The node's own vote goes by message, as in the specification.
fn stand(spec: &mut Spec, i: Server, sent: &[Envelope]) -> Refined {
    spec.timeout(i)?;
    let own = spec.request_vote(i, i)?;
    spec.handle_request_vote_request(&own)?;
    let body = Body::RequestVoteResponse { vote_granted: true };
    spec.handle_request_vote_response(&Message { body, ..own })?;
    for envelope in sent {
        if matches!(envelope.message, Real::RequestVote(_)) {
            spec.request_vote(i, server(envelope.to))?;
        }
    }
    Ok(())
}

fn receive(spec: &mut Spec, envelope: &Envelope) -> Refined {
    let all = messages(envelope);
    for m in &all {
        if m.term > spec.servers[m.dest].current_term {
            spec.update_term(m)?;
        }
        // The specification never handles a response of an older term. If a node has acted on one,
        // its handler is disabled here, which is a difference.
        match m.body {
            Body::RequestVoteRequest { .. } => spec.handle_request_vote_request(m)?,
            Body::RequestVoteResponse { .. } => spec.handle_request_vote_response(m)?,
            Body::AppendEntriesResponse { .. } => spec.handle_append_entries_response(m)?,
            Body::AppendEntriesRequest { .. } => loop {
                match spec.handle_append_entries_request(m)? {
                    // The requests after a refused one count as lost.
                    Action::RejectAppendEntries => return Ok(()),
                    Action::AlreadyDone => break,
                    _ => {}
                }
            },
        }
    }
    Ok(())
}

/// Sends AppendEntries, entry by entry.
fn replicate(spec: &mut Spec, envelope: &Envelope) -> Refined {
    let Real::AppendEntries(real) = &envelope.message else { return Ok(()) };
    let (i, j) = (server(envelope.from), server(envelope.to));
    // A leader may commit what it learned in this step before it sends or after. The specification
    // allows both orders.
    if spec.servers[i].commit_index != real.leader_commit.count() {
        spec.advance_commit_index(i)?;
    }
    for m in messages(envelope) {
        let Body::AppendEntriesRequest { prev_log_index, entries, .. } = &m.body else { continue };
        spec.objective(i, j, prev_log_index + 1)?;
        let theirs = spec.append_entries(i, j, entries.is_empty())?;
        if theirs != m {
            return Err(Difference::Sent(m));
        }
    }
    Ok(())
}

/// Checks that the specification has sent every message that the node sent.
fn check_sent(spec: &Spec, sent: &[Envelope]) -> Refined {
    let strange = sent.iter().flat_map(messages).find(|m| !spec.messages.contains(m));
    strange.map_or(Ok(()), |m| Err(Difference::Sent(m)))
}

/// Checks `nextIndex` for every peer, as described above, and gives the specification the node's values.
fn check_next(
    spec: &mut Spec,
    node: &RaftNode,
    before: &[usize],
    input: &Input,
    sent: &[Envelope],
) -> Refined {
    let i = server(node.id());
    for peer in NodeId::all(before.len()).filter(|&peer| peer != node.id()) {
        let j = server(peer);
        let Some(progress) = node.progress(peer) else { continue };
        let (from, to) = (before[j], progress.next_index.count());
        let new: usize = sent
            .iter()
            .filter(|envelope| envelope.to == peer)
            .map(|envelope| match &envelope.message {
                Real::AppendEntries(m) => m.entries.len(),
                _ => 0,
            })
            .sum();
        let allowed = match answer(input, peer) {
            Some(AppendOutcome::Accepted { match_index }) => {
                let base = from.max(match_index.count() + 1);
                to == base || to == base + new
            }
            // The refused request was sent before an earlier step back, so the refusal has no new information.
            Some(AppendOutcome::Rejected { prev_log_index, .. })
                if prev_log_index.count() >= from =>
            {
                to == from
            }
            Some(AppendOutcome::Rejected { .. }) => to <= from,
            Some(AppendOutcome::StaleTerm) => to == from,
            None => to == from || to == from + new,
        };
        if !allowed {
            return Err(Difference::NextIndex(j, from, to));
        }
        spec.objective(i, j, to)?;
    }
    Ok(())
}

/// The outcome in this input, if it is an AppendEntries response of this peer.
const fn answer(input: &Input, peer: NodeId) -> Option<&AppendOutcome> {
    match input {
        Input::Receive(Envelope { from, message: Real::AppendEntriesReply(m), .. })
            if from.index() == peer.index() =>
        {
            Some(&m.outcome)
        }
        _ => None,
    }
}

/// Compares a node with the specification's server.
pub fn compare(spec: &Spec, node: &RaftNode) -> Refined {
    fn same<T: PartialEq + std::fmt::Debug>(name: &'static str, ours: &T, theirs: &T) -> Refined {
        if ours == theirs {
            return Ok(());
        }
        Err(Difference::Variable(name, format!("{ours:?}"), format!("{theirs:?}")))
    }
    let own = &spec.servers[server(node.id())];
    same("currentTerm", &term(node.current_term()), &own.current_term)?;
    same("votedFor", &node.voted_for().map(server), &own.voted_for)?;
    same("log", &log(node), &own.log)?;
    same("commitIndex", &node.commit_index().count(), &own.commit_index)?;
    let state = match node.role() {
        Role::Follower { .. } => State::Follower,
        Role::Candidate { .. } => State::Candidate,
        Role::Leader { .. } => State::Leader,
    };
    same("state", &state, &own.state)?;
    match node.role() {
        Role::Follower { .. } => {}
        Role::Candidate { votes } => {
            let granted = votes.voters().iter().map(server).collect();
            same("votesGranted", &granted, &own.votes_granted)?;
        }
        Role::Leader { progress } => {
            let peers = NodeId::all(spec.servers.len()).filter(|&peer| peer != node.id());
            for peer in peers {
                let theirs = own.match_index[server(peer)];
                same("matchIndex", &progress.of(peer).match_index.count(), &theirs)?;
            }
        }
    }
    Ok(())
}
