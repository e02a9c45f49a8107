//! One history of clients: what they asked, what they were told, and whether that can be.
//!
//! [`ClientHistory`] is where it is decided what an answer means for that question, and nowhere else. It is
//! judged in two ways. Could one machine that handles the operations one after the other have told
//! the clients this (Herlihy and Wing's linearizability, for the key-value store)? That is a search
//! for an order, in `search`. And is what a client was told to be done the entry that was committed
//! at its index? An opaque command has no value that a read could miss, so this is the only way to
//! see that it was lost.

mod operation;
mod search;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::raft::{LogIndex, LogPosition};
use crate::server::state_machine::{Operation, Reply, numbered};
use crate::server::{Answer, Proposal, Ticket};
use search::Stopped;

/// A client's command.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Call {
    /// Who asked: a number, for telling clients apart.
    pub client: u64,
    /// Its text, as the store reads it.
    pub command: String,
    /// When the client asked; a number that grows.
    pub called: u64,
    /// What it was told, if it was told that the command is done.
    pub done: Option<Done>,
}

/// A client was told that its command is done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Done {
    /// When.
    pub at: u64,
    /// What the store said, as the client reads it.
    pub reply: Reply,
    /// The entry that is said to be committed.
    pub position: LogPosition,
}

/// What clients asked and were told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClientHistory {
    calls: BTreeMap<Ticket, Call>,
    /// Who may still be told something.
    waiting: BTreeSet<Ticket>,
    /// Who asked first for a command that has a number: to ask again is no other call.
    numbered: BTreeMap<String, Ticket>,
    /// Who asks again, and who asked first.
    again: BTreeMap<Ticket, Ticket>,
}

/// What came of judging a history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Judgement {
    /// One machine could have told the clients all this.
    Held,
    /// The search for an order was given up, so nobody can say; nothing else speaks against it.
    NotJudged(NotJudged),
    /// The clients were told what cannot be.
    Fallen(Misled),
}

/// On which key the search for an order was given up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NotJudged {
    /// The key.
    pub key: String,
    /// How many operations on it there are.
    pub operations: usize,
    /// How many of them were open at one time, when most were: asked, and not answered yet.
    pub open: usize,
}

/// What clients were told that cannot be: at least one of the two.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Misled {
    /// Who was told of success for an entry that is lost.
    pub false_successes: Vec<FalseSuccess>,
    /// The first key whose operations have no order that explains the answers.
    pub unexplained: Option<NotLinearizable>,
}

/// A client was told of success for one entry, and another was committed at its index.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FalseSuccess {
    /// The client.
    pub client: u64,
    /// What it asked for.
    pub command: String,
    /// The entry that it was told of.
    pub told: LogPosition,
    /// The entry that was committed there.
    pub committed: LogPosition,
}

/// No order of the operations on a key explains what their clients were told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NotLinearizable {
    /// The key.
    pub key: String,
    /// How many of the answers the longest explanation covers.
    pub explained: usize,
    /// All operations on the key.
    pub calls: Vec<Call>,
}

impl NotLinearizable {
    /// Whether nobody has ever written the key.
    pub fn is_of_reads_alone(&self) -> bool {
        let reads = |call: &Call| matches!(Operation::parse(&call.command), Operation::Get { .. });
        self.calls.iter().all(reads)
    }

    /// How many answers there are to explain.
    pub fn answers(&self) -> usize {
        self.calls.iter().filter(|call| call.done.is_some()).count()
    }
}

impl ClientHistory {
    /// A client asks for `command` at the moment `at`.
    pub fn asked(&mut self, ticket: Ticket, command: &str, at: u64) {
        self.waiting.insert(ticket);
        let mut text = command;
        if let Some((number, command)) = numbered(command) {
            text = command;
            let first = self.numbered.get(number).filter(|first| self.calls.contains_key(first));
            if let Some(&first) = first {
                self.again.insert(ticket, first);
                return;
            }
            self.numbered.insert(number.to_owned(), ticket);
        }
        let (client, command) = (ticket.client(), text.to_owned());
        self.calls.insert(ticket, Call { client, command, called: at, done: None });
    }

    /// A client is told what became of its command: an answer, or a refusal by a node that has not
    /// taken it in. Only the first counts; nobody who has an answer listens for another. While the
    /// proposal is pending there is nothing to tell.
    ///
    /// # Panics
    /// If that is before the client asked.
    pub fn told(&mut self, ticket: Ticket, proposal: &Proposal, at: u64) {
        if *proposal == Proposal::Pending || !self.waiting.remove(&ticket) {
            return;
        }
        let first = self.again.get(&ticket).copied().unwrap_or(ticket);
        match proposal {
            Proposal::Answered(Answer::Applied { position, reply }) => {
                if let Some(call) = self.calls.get_mut(&first).filter(|call| call.done.is_none()) {
                    assert!(call.called <= at, "an answer does not come before its question");
                    let reply = as_read_by_the_client(&call.command, reply);
                    call.done = Some(Done { at, reply, position: *position });
                }
            }
            // It stays in the history without an answer: it may take effect at any time, or never.
            Proposal::Answered(Answer::Uncertain { .. }) | Proposal::Pending => {}
            // It never took effect, and the client knows.
            Proposal::Answered(Answer::Superseded { .. }) | Proposal::Refused { .. } => {
                // Unless it was asked for again: then another entry of its number may take effect.
                if !self.again.values().any(|other| *other == first) {
                    self.calls.remove(&ticket);
                }
            }
        }
    }

    /// Who may still be told something.
    pub fn waiting(&self) -> impl Iterator<Item = Ticket> {
        self.waiting.iter().copied()
    }

    /// How many clients were told that their command is done.
    pub fn answers(&self) -> usize {
        self.calls.values().filter(|call| call.done.is_some()).count()
    }

    /// Judges it. `committed` says which entry was committed first at an index.
    ///
    /// That a fall is found comes before that a search was given up, whichever key comes first.
    pub fn judge(&self, committed: impl Fn(LogIndex) -> Option<LogPosition>) -> Judgement {
        self.judge_within(search::WORK, committed)
    }

    /// The same with another bound of the searches: the tests see that most need none of it.
    #[doc(hidden)]
    pub fn judge_within(
        &self,
        work: usize,
        committed: impl Fn(LogIndex) -> Option<LogPosition>,
    ) -> Judgement {
        let false_success = |call: &Call| {
            let told = call.done.as_ref()?.position;
            let committed = committed(told.index).filter(|&committed| committed != told)?;
            Some(FalseSuccess {
                client: call.client,
                command: call.command.clone(),
                told,
                committed,
            })
        };
        let false_successes: Vec<_> = self.calls.values().filter_map(false_success).collect();
        let (unexplained, given_up) = self.explain(work);
        if unexplained.is_some() || !false_successes.is_empty() {
            return Judgement::Fallen(Misled { false_successes, unexplained });
        }
        given_up.map_or(Judgement::Held, Judgement::NotJudged)
    }

    /// Looks for an order of the operations on each key that explains what their clients were told.
    /// Returns the first key that has none; or else the first on which the search was given up.
    fn explain(&self, mut left: usize) -> (Option<NotLinearizable>, Option<NotJudged>) {
        let mut keys: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
        for call in self.calls.values() {
            if let Some(key) = Operation::parse(&call.command).key() {
                keys.entry(key).or_default().push(call);
            }
        }
        // The smallest first: what is quickly judged does not wait for what may use the bound up.
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_by_key(|(_, calls)| calls.len());
        let mut given_up = None;
        for (key, calls) in keys {
            let (key, operations) = (key.to_owned(), calls.len());
            match search::find_order(&calls, &mut left) {
                Ok(()) => {}
                Err(Stopped::NoOrder { explained }) => {
                    let calls = calls.into_iter().cloned().collect();
                    return (Some(NotLinearizable { key, explained, calls }), None);
                }
                Err(Stopped::TooMuchWork) => {
                    let open = most_open(&calls);
                    given_up.get_or_insert(NotJudged { key, operations, open });
                }
            }
        }
        (None, given_up)
    }
}

/// What a client takes `reply` for. It knows what it asked, and reads the reply as an answer to that:
/// success tells a writer that it has written, and a reader, if no value comes with it, that there is
/// none. (Only a server without `answer-only-applied` sends the answer to another's question.)
fn as_read_by_the_client(command: &str, reply: &Reply) -> Reply {
    match (Operation::parse(command), reply) {
        (Operation::Set { .. }, Reply::Set)
        | (Operation::Delete { .. }, Reply::Deleted(_))
        | (Operation::Get { .. } | Operation::Add { .. }, Reply::Value(_)) => reply.clone(),
        (Operation::Get { .. }, _) => Reply::Value(None),
        (_, _) => Reply::Done,
    }
}

/// How many operations were open at one time, when most were. One that was never answered stays open.
fn most_open(calls: &[&Call]) -> usize {
    let mut moments: Vec<(u64, bool)> = Vec::new();
    for call in calls {
        moments.push((call.called, false));
        moments.extend(call.done.as_ref().map(|done| (done.at, true)));
    }
    moments.sort_unstable();
    let (mut open, mut most) = (0_usize, 0);
    for (_, ends) in moments {
        open = if ends { open - 1 } else { open + 1 };
        most = most.max(open);
    }
    most
}
