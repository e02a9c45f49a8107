//! The history of the clients: what they asked, what they were told, and whether that is possible.
//!
//! Only [`ClientHistory`] decides what an answer means for that question. A history is judged in two ways.
//! First, could one machine that handles the operations one after the other have told the clients this
//! (Herlihy and Wing's linearizability, for the key-value store)? That is a search for an order, in
//! `search`. Second, when a client was told that its command is done, is that command's entry the one that
//! was committed first at its index, with its term and its text? An opaque command has no value that a read
//! could miss, so only this shows that it was lost.

mod operation;
mod search;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::raft::LogPosition;
use crate::server::state_machine::{Operation, Reply, numbered};
use crate::server::{Answer, Proposal, Ticket};
use search::Stopped;

/// A client's command.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Call {
    /// The client's number, for telling clients apart.
    pub client: u64,
    /// Its text, as the store reads it.
    pub command: String,
    /// When the client asked, as a number that grows with time.
    pub called: u64,
    /// What it was told, if it was told that the command is done.
    pub done: Option<Done>,
}

/// What a client was told, if it was told that its command is done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Done {
    /// When it was told.
    pub at: u64,
    /// The store's reply, as the client understands it.
    pub reply: Reply,
    /// The entry of the command, said to be committed.
    pub position: LogPosition,
    /// The text of that entry: the command as this client proposed it, with its number, if it has one.
    #[serde(skip)]
    pub proposed: String,
}

/// What clients asked and were told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClientHistory {
    calls: BTreeMap<Ticket, Call>,
    /// The clients that may still be told something, and what each proposed.
    waiting: BTreeMap<Ticket, String>,
    /// For each command that has a number, who asked for it first. To ask again is not another call.
    numbered: BTreeMap<String, Ticket>,
    /// For each ticket that asks again, the one that asked first.
    again: BTreeMap<Ticket, Ticket>,
    /// Who used the number of another command. The machine answers it as if it had asked for that one, so its
    /// answer says nothing of its own command, which may take effect at any time, or never.
    misnumbered: BTreeSet<Ticket>,
}

/// The judgement of a history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Judgement {
    /// One machine could have told the clients all this.
    Held,
    /// The search for an order was given up, so it is not known whether there is one. No violation
    /// was found.
    NotJudged(NotJudged),
    /// The clients were told something impossible.
    Violated(Misled),
}

/// The key on which the search for an order was given up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NotJudged {
    /// The key.
    pub key: String,
    /// How many operations on it there are.
    pub operations: usize,
    /// The largest number of them that were open at one time: asked, and not answered yet.
    pub open: usize,
}

/// What clients were told that is impossible. At least one of the two fields says something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Misled {
    /// The clients that were told of success for an entry that is not in the log that was committed first.
    pub false_successes: Vec<FalseSuccess>,
    /// The first key whose operations have no order that explains the answers.
    pub unexplained: Option<NotLinearizable>,
}

/// A client was told of success for an entry that is not in the log that was committed first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FalseSuccess {
    /// The client.
    pub client: u64,
    /// What it asked for.
    pub command: String,
    /// The entry that it was told of.
    pub told: LogPosition,
    /// The entry that was committed there, which has another term or another command; `None` if no entry was.
    pub committed: Option<LogPosition>,
}

/// Whether the entry that a client was told of was committed first at its index; if not, the entry that was, if
/// any.
pub type IsCommitted = Result<(), Option<LogPosition>>;

/// A key for which no order of the operations explains what the clients were told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NotLinearizable {
    /// The key.
    pub key: String,
    /// How many of the answers the longest beginning of an order explains.
    pub explained: usize,
    /// All operations on the key.
    pub calls: Vec<Call>,
}

impl NotLinearizable {
    /// Whether every operation on the key is a read.
    pub fn is_of_reads_alone(&self) -> bool {
        let reads = |call: &Call| matches!(Operation::parse(&call.command), Operation::Get { .. });
        self.calls.iter().all(reads)
    }

    /// How many answers an order must explain.
    pub fn answers(&self) -> usize {
        self.calls.iter().filter(|call| call.done.is_some()).count()
    }
}

impl ClientHistory {
    /// Records that a client asks for `command` at the moment `at`.
    pub fn asked(&mut self, ticket: Ticket, command: &str, at: u64) {
        self.waiting.insert(ticket, command.to_owned());
        let mut text = command;
        if let Some((number, command)) = numbered(command) {
            text = command;
            let first = self.numbered.get(number).filter(|first| self.calls.contains_key(first));
            match first {
                Some(&first) if self.calls[&first].command == command => {
                    self.again.insert(ticket, first);
                    return;
                }
                Some(_) => _ = self.misnumbered.insert(ticket),
                None => _ = self.numbered.insert(number.to_owned(), ticket),
            }
        }
        let (client, command) = (ticket.client(), text.to_owned());
        self.calls.insert(ticket, Call { client, command, called: at, done: None });
    }

    /// Records that a client is told what became of its command: an answer, or a refusal by a node that has
    /// not taken it in. Only the first counts, because a client that has an answer does not listen for
    /// another. While the proposal is pending there is nothing to record.
    ///
    /// # Panics
    /// If `at` is before the moment at which the client asked.
    pub fn told(&mut self, ticket: Ticket, proposal: &Proposal, at: u64) {
        if *proposal == Proposal::Pending {
            return;
        }
        let Some(proposed) = self.waiting.remove(&ticket) else { return };
        let first = self.again.get(&ticket).copied().unwrap_or(ticket);
        match proposal {
            Proposal::Answered(Answer::Applied { .. }) if self.misnumbered.contains(&ticket) => {}
            Proposal::Answered(Answer::Applied { position, reply }) => {
                if let Some(call) = self.calls.get_mut(&first).filter(|call| call.done.is_none()) {
                    assert!(call.called <= at, "an answer does not come before its question");
                    let reply = as_read_by_the_client(&call.command, reply);
                    call.done = Some(Done { at, reply, position: *position, proposed });
                }
            }
            // The call stays in the history without an answer: it may take effect at any time, or never.
            Proposal::Answered(Answer::Uncertain { .. }) | Proposal::Pending => {}
            // The command never took effect, and the client knows that.
            Proposal::Answered(Answer::Superseded { .. }) | Proposal::Refused { .. } => {
                // If it was asked for again, another entry with its number may take effect, so the call
                // stays.
                if !self.again.values().any(|other| *other == first) {
                    self.calls.remove(&ticket);
                }
            }
        }
    }

    /// The clients that may still be told something.
    pub fn waiting(&self) -> impl Iterator<Item = Ticket> {
        self.waiting.keys().copied()
    }

    /// How many clients were told that their command is done.
    pub fn answers(&self) -> usize {
        self.calls.values().filter(|call| call.done.is_some()).count()
    }

    /// Judges the history. `is_committed` says whether an entry at this position, with a command of this text,
    /// was committed first at its index; otherwise which entry was, if any.
    ///
    /// A violation that is found outweighs a search that was given up, whichever key comes first.
    pub fn judge(&self, is_committed: impl Fn(LogPosition, &str) -> IsCommitted) -> Judgement {
        self.judge_within(search::WORK, is_committed)
    }

    /// The same with another bound, `work`, for the searches. Tests check with it that most need none of
    /// it.
    #[doc(hidden)]
    pub fn judge_within(
        &self,
        work: usize,
        is_committed: impl Fn(LogPosition, &str) -> IsCommitted,
    ) -> Judgement {
        let false_success = |call: &Call| {
            let Done { position: told, proposed, .. } = call.done.as_ref()?;
            let committed = is_committed(*told, proposed).err()?;
            let (client, command) = (call.client, call.command.clone());
            Some(FalseSuccess { client, command, told: *told, committed })
        };
        let false_successes: Vec<_> = self.calls.values().filter_map(false_success).collect();
        let (unexplained, given_up) = self.explain(work);
        if unexplained.is_some() || !false_successes.is_empty() {
            return Judgement::Violated(Misled { false_successes, unexplained });
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
        // Keys with few operations come first, before a long search can use up the bound.
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

/// How the client understands `reply`. It knows what it asked, and reads the reply as an answer to that.
/// Success tells a writer that it has written. Success without a value tells a reader that there is no
/// value. (Only a server without `answer-only-applied` sends the answer to another client's question.)
fn as_read_by_the_client(command: &str, reply: &Reply) -> Reply {
    match (Operation::parse(command), reply) {
        (Operation::Set { .. }, Reply::Set)
        | (Operation::Delete { .. }, Reply::Deleted(_))
        | (Operation::Get { .. } | Operation::Add { .. }, Reply::Value(_)) => reply.clone(),
        (Operation::Get { .. }, _) => Reply::Value(None),
        (_, _) => Reply::Done,
    }
}

/// The largest number of operations that were open at one time. One that was never answered stays open.
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
