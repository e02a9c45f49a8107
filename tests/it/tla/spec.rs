//! The published TLA+ specification of Raft (`raft.tla`, Diego Ongaro, 2014), translated into Rust
//! action by action, with its names and in its order.
//!
//! It uses no code of the program: it has its own numbers, logs and messages. It is written to be easy to
//! compare with the specification line by line.
//!
//! The differences, and why they do not weaken the comparison:
//!
//! * `messages` is the set of all that was ever sent. The specification's network may duplicate and
//!   lose anything (`DuplicateMessage`, `DropMessage`), so this allows no other behaviour.
//! * `commitIndex` and `matchIndex` take the maximum of old and new. In the original a late
//!   duplicate can set them back, which is harmless there and has been reported as a mistake
//!   (issues 18 and 19 of its repository). This version is stricter.
//! * `AppendEntries` can be asked to carry no entry although there are some: its comment says "up to 1
//!   entry". A heartbeat below the end of the log is such a request.
//! * `Objective` sets `nextIndex`, which only chooses what to send next. No safety property depends on
//!   it, as every request is checked where it arrives; the original finds the place one by one.

use std::collections::BTreeSet;

/// A server; they are numbered from 0.
pub type Server = usize;

/// An entry of a log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Entry {
    pub term: u64,
    pub value: u64,
}

/// A server's state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    Follower,
    Candidate,
    Leader,
}

/// `mtype`, with the fields that only this type has.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Body {
    RequestVoteRequest {
        last_log_term: u64,
        last_log_index: usize,
    },
    RequestVoteResponse {
        vote_granted: bool,
    },
    AppendEntriesRequest {
        prev_log_index: usize,
        prev_log_term: u64,
        entries: Vec<Entry>,
        commit_index: usize,
    },
    AppendEntriesResponse {
        success: bool,
        match_index: usize,
    },
}

/// A message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Message {
    pub term: u64,
    pub source: Server,
    pub dest: Server,
    pub body: Body,
}

impl Message {
    /// Whether it answers another.
    pub const fn is_response(&self) -> bool {
        matches!(self.body, Body::RequestVoteResponse { .. } | Body::AppendEntriesResponse { .. })
    }
}

/// The variables that each server has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variables {
    pub current_term: u64,
    pub state: State,
    pub voted_for: Option<Server>,
    pub log: Vec<Entry>,
    pub commit_index: usize,
    pub votes_responded: BTreeSet<Server>,
    pub votes_granted: BTreeSet<Server>,
    pub next_index: Vec<usize>,
    pub match_index: Vec<usize>,
}

/// The state of the whole system.
pub struct Spec {
    pub servers: Vec<Variables>,
    pub messages: BTreeSet<Message>,
    /// How often each action was taken.
    pub taken: [u64; Action::ALL.len()],
}

/// The actions, to count them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    Restart,
    Timeout,
    RequestVote,
    AppendEntries,
    BecomeLeader,
    ClientRequest,
    AdvanceCommitIndex,
    HandleRequestVoteRequest,
    HandleRequestVoteResponse,
    RejectAppendEntries,
    ReturnToFollower,
    AlreadyDone,
    RemoveConflict,
    AppendEntry,
    HandleAppendEntriesResponse,
    UpdateTerm,
    DropStaleResponse,
}

impl Action {
    pub const ALL: [Self; 17] = [
        Self::Restart,
        Self::Timeout,
        Self::RequestVote,
        Self::AppendEntries,
        Self::BecomeLeader,
        Self::ClientRequest,
        Self::AdvanceCommitIndex,
        Self::HandleRequestVoteRequest,
        Self::HandleRequestVoteResponse,
        Self::RejectAppendEntries,
        Self::ReturnToFollower,
        Self::AlreadyDone,
        Self::RemoveConflict,
        Self::AppendEntry,
        Self::HandleAppendEntriesResponse,
        Self::UpdateTerm,
        Self::DropStaleResponse,
    ];
}

/// An action that cannot be taken now, and the conjunct that forbids it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Disabled(pub Action, pub &'static str);

type Taken = Result<(), Disabled>;

const fn require(action: Action, conjunct: &'static str, holds: bool) -> Taken {
    if holds { Ok(()) } else { Err(Disabled(action, conjunct)) }
}

fn last_term(log: &[Entry]) -> u64 {
    log.last().map_or(0, |entry| entry.term)
}

impl Spec {
    /// `Init`.
    pub fn new(servers: usize) -> Self {
        let fresh = Variables {
            current_term: 1,
            state: State::Follower,
            voted_for: None,
            log: Vec::new(),
            commit_index: 0,
            votes_responded: BTreeSet::new(),
            votes_granted: BTreeSet::new(),
            next_index: vec![1; servers],
            match_index: vec![0; servers],
        };
        Self {
            servers: vec![fresh; servers],
            messages: BTreeSet::new(),
            taken: [0; Action::ALL.len()],
        }
    }

    const fn count(&mut self, action: Action) {
        self.taken[action as usize] += 1;
    }

    const fn is_quorum(&self, servers: usize) -> bool {
        servers * 2 > self.servers.len()
    }

    fn send(&mut self, source: Server, dest: Server, body: Body) -> Message {
        let message = Message { term: self.servers[source].current_term, source, dest, body };
        self.messages.insert(message.clone());
        message
    }

    pub fn restart(&mut self, i: Server) {
        let all = self.servers.len();
        let own = &mut self.servers[i];
        own.state = State::Follower;
        own.votes_responded.clear();
        own.votes_granted.clear();
        own.next_index = vec![1; all];
        own.match_index = vec![0; all];
        own.commit_index = 0;
        self.count(Action::Restart);
    }

    pub fn timeout(&mut self, i: Server) -> Taken {
        let own = &mut self.servers[i];
        require(Action::Timeout, "state \\in {Follower, Candidate}", own.state != State::Leader)?;
        own.state = State::Candidate;
        own.current_term += 1;
        own.voted_for = None;
        own.votes_responded.clear();
        own.votes_granted.clear();
        self.count(Action::Timeout);
        Ok(())
    }

    pub fn request_vote(&mut self, i: Server, j: Server) -> Result<Message, Disabled> {
        let (action, own) = (Action::RequestVote, &self.servers[i]);
        require(action, "state = Candidate", own.state == State::Candidate)?;
        require(action, "j \\notin votesResponded", !own.votes_responded.contains(&j))?;
        let (last_log_term, last_log_index) = (last_term(&own.log), own.log.len());
        self.count(action);
        Ok(self.send(i, j, Body::RequestVoteRequest { last_log_term, last_log_index }))
    }

    /// `AppendEntries`. With `nothing` it carries no entry, like a heartbeat.
    pub fn append_entries(
        &mut self,
        i: Server,
        j: Server,
        nothing: bool,
    ) -> Result<Message, Disabled> {
        let (action, own) = (Action::AppendEntries, &self.servers[i]);
        require(action, "i /= j", i != j)?;
        require(action, "state = Leader", own.state == State::Leader)?;
        let next = own.next_index[j];
        let prev_log_index = next - 1;
        let prev_log_term = if prev_log_index > 0 { own.log[prev_log_index - 1].term } else { 0 };
        let last_entry = if nothing { prev_log_index } else { own.log.len().min(next) };
        let entries = own.log[prev_log_index..last_entry].to_vec();
        let commit_index = own.commit_index.min(last_entry);
        self.count(action);
        let body =
            Body::AppendEntriesRequest { prev_log_index, prev_log_term, entries, commit_index };
        Ok(self.send(i, j, body))
    }

    pub fn become_leader(&mut self, i: Server) -> Taken {
        let (action, own) = (Action::BecomeLeader, &self.servers[i]);
        require(action, "state = Candidate", own.state == State::Candidate)?;
        let granted = own.votes_granted.len();
        require(action, "votesGranted \\in Quorum", self.is_quorum(granted))?;
        let all = self.servers.len();
        let own = &mut self.servers[i];
        own.state = State::Leader;
        own.next_index = vec![own.log.len() + 1; all];
        own.match_index = vec![0; all];
        self.count(action);
        Ok(())
    }

    pub fn client_request(&mut self, i: Server, value: u64) -> Taken {
        let (action, own) = (Action::ClientRequest, &mut self.servers[i]);
        require(action, "state = Leader", own.state == State::Leader)?;
        own.log.push(Entry { term: own.current_term, value });
        self.count(action);
        Ok(())
    }

    /// The commit index that `AdvanceCommitIndex` gives a leader.
    pub fn committable(&self, i: Server) -> usize {
        let own = &self.servers[i];
        let agree = |index: usize| {
            let others = (0..self.servers.len()).filter(|&k| k != i && own.match_index[k] >= index);
            1 + others.count()
        };
        let agreed = (1..=own.log.len()).filter(|&index| self.is_quorum(agree(index))).max();
        let counts = |&index: &usize| own.log[index - 1].term == own.current_term;
        agreed.filter(counts).unwrap_or(own.commit_index)
    }

    pub fn advance_commit_index(&mut self, i: Server) -> Taken {
        let (action, own) = (Action::AdvanceCommitIndex, &self.servers[i]);
        require(action, "state = Leader", own.state == State::Leader)?;
        self.servers[i].commit_index = self.committable(i);
        self.count(action);
        Ok(())
    }

    /// Sets `nextIndex` to where the leader sends from next, whatever that is.
    pub fn objective(&mut self, i: Server, j: Server, next: usize) -> Taken {
        let (action, own) = (Action::AppendEntries, &mut self.servers[i]);
        require(action, "Objective: state = Leader", own.state == State::Leader)?;
        require(action, "Objective: matchIndex < nextIndex", own.match_index[j] < next)?;
        require(action, "Objective: nextIndex <= Len(log) + 1", next <= own.log.len() + 1)?;
        own.next_index[j] = next;
        Ok(())
    }

    /// The part of `Receive` before it branches: the message must have been sent.
    fn check_sent(&self, action: Action, m: &Message) -> Taken {
        require(action, "m \\in DOMAIN messages", self.messages.contains(m))
    }

    pub fn handle_request_vote_request(&mut self, m: &Message) -> Taken {
        let (action, i, j) = (Action::HandleRequestVoteRequest, m.dest, m.source);
        self.check_sent(action, m)?;
        let Body::RequestVoteRequest { last_log_term, last_log_index } = m.body else {
            return Err(Disabled(action, "mtype"));
        };
        let own = &mut self.servers[i];
        let own_last = last_term(&own.log);
        let log_ok = last_log_term > own_last
            || (last_log_term == own_last && last_log_index >= own.log.len());
        let free = own.voted_for.is_none() || own.voted_for == Some(j);
        let grant = m.term == own.current_term && log_ok && free;
        require(action, "mterm <= currentTerm", m.term <= own.current_term)?;
        if grant {
            own.voted_for = Some(j);
        }
        self.count(action);
        self.send(i, j, Body::RequestVoteResponse { vote_granted: grant });
        Ok(())
    }

    pub fn handle_request_vote_response(&mut self, m: &Message) -> Taken {
        let (action, i, j) = (Action::HandleRequestVoteResponse, m.dest, m.source);
        self.check_sent(action, m)?;
        let Body::RequestVoteResponse { vote_granted } = m.body else {
            return Err(Disabled(action, "mtype"));
        };
        let own = &mut self.servers[i];
        require(action, "mterm = currentTerm", m.term == own.current_term)?;
        own.votes_responded.insert(j);
        if vote_granted {
            own.votes_granted.insert(j);
        }
        self.count(action);
        Ok(())
    }

    /// Makes one step of handling a request, and returns which. The last step replies.
    pub fn handle_append_entries_request(&mut self, m: &Message) -> Result<Action, Disabled> {
        let (i, j) = (m.dest, m.source);
        let done = Action::AlreadyDone;
        self.check_sent(done, m)?;
        let Body::AppendEntriesRequest { prev_log_index, prev_log_term, entries, commit_index } =
            &m.body
        else {
            return Err(Disabled(done, "mtype"));
        };
        let own = &mut self.servers[i];
        let (prev, current) = (*prev_log_index, m.term == own.current_term);
        let log_ok =
            prev == 0 || (prev <= own.log.len() && *prev_log_term == own.log[prev - 1].term);
        require(done, "mterm <= currentTerm", m.term <= own.current_term)?;

        if m.term < own.current_term || (current && own.state == State::Follower && !log_ok) {
            self.count(Action::RejectAppendEntries);
            self.send(i, j, Body::AppendEntriesResponse { success: false, match_index: 0 });
            return Ok(Action::RejectAppendEntries);
        }
        if own.state == State::Candidate {
            own.state = State::Follower;
            self.count(Action::ReturnToFollower);
            return Ok(Action::ReturnToFollower);
        }
        // A leader does not handle a request of its own term: the specification has no action for that.
        require(done, "state = Follower", own.state == State::Follower)?;
        let index = prev + 1;
        let Some(entry) = entries.first() else {
            return Ok(self.already_done(m, *commit_index, prev));
        };
        if own.log.len() >= index {
            if own.log[index - 1].term == entry.term {
                return Ok(self.already_done(m, *commit_index, prev + entries.len()));
            }
            own.log.pop();
            self.count(Action::RemoveConflict);
            return Ok(Action::RemoveConflict);
        }
        require(Action::AppendEntry, "Len(log) = mprevLogIndex", own.log.len() == prev)?;
        own.log.push(*entry);
        self.count(Action::AppendEntry);
        Ok(Action::AppendEntry)
    }

    fn already_done(&mut self, m: &Message, commit_index: usize, match_index: usize) -> Action {
        let own = &mut self.servers[m.dest];
        own.commit_index = own.commit_index.max(commit_index);
        self.count(Action::AlreadyDone);
        self.send(m.dest, m.source, Body::AppendEntriesResponse { success: true, match_index });
        Action::AlreadyDone
    }

    pub fn handle_append_entries_response(&mut self, m: &Message) -> Taken {
        let (action, i, j) = (Action::HandleAppendEntriesResponse, m.dest, m.source);
        self.check_sent(action, m)?;
        let Body::AppendEntriesResponse { success, match_index } = m.body else {
            return Err(Disabled(action, "mtype"));
        };
        let own = &mut self.servers[i];
        require(action, "mterm = currentTerm", m.term == own.current_term)?;
        if success {
            own.next_index[j] = match_index + 1;
            own.match_index[j] = own.match_index[j].max(match_index);
        } else {
            own.next_index[j] = (own.next_index[j] - 1).max(1);
        }
        self.count(action);
        Ok(())
    }

    pub fn update_term(&mut self, m: &Message) -> Taken {
        let action = Action::UpdateTerm;
        self.check_sent(action, m)?;
        let own = &mut self.servers[m.dest];
        require(action, "mterm > currentTerm", m.term > own.current_term)?;
        own.current_term = m.term;
        own.state = State::Follower;
        own.voted_for = None;
        self.count(action);
        Ok(())
    }

    pub fn drop_stale_response(&mut self, m: &Message) -> Taken {
        let action = Action::DropStaleResponse;
        self.check_sent(action, m)?;
        require(action, "mterm < currentTerm", m.term < self.servers[m.dest].current_term)?;
        self.count(action);
        Ok(())
    }
}
