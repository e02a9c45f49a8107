//! The state machine: a small key-value store, which is the same on every node that applied the same entries.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::raft::Payload;

/// The meaning of a command's text to the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Operation<'a> {
    /// `SET key=value`.
    Set { key: &'a str, value: &'a str },
    /// `DELETE key`.
    Delete { key: &'a str },
    /// `GET key`: changes nothing, answers with the value at its place in the log.
    Get { key: &'a str },
    /// `ADD key amount`: adds to a number, and answers with the sum. Done twice, it adds twice. A
    /// missing value, or one that is not a whole number, counts as 0.
    Add { key: &'a str, amount: i64 },
    /// Any other text: logged and applied without effect.
    Opaque,
}

impl<'a> Operation<'a> {
    /// The key of the operation, if it has one.
    pub const fn key(self) -> Option<&'a str> {
        match self {
            Self::Set { key, .. }
            | Self::Delete { key }
            | Self::Get { key }
            | Self::Add { key, .. } => Some(key),
            Self::Opaque => None,
        }
    }

    /// Parses a command's text, with or without a command number.
    pub fn parse(text: &'a str) -> Self {
        let text = numbered(text).map_or(text, |(_, command)| command);
        let operand = |verb| {
            text.strip_prefix(verb).map(str::trim_ascii).filter(|operand| !operand.is_empty())
        };
        if let Some(pair) = operand("SET ") {
            match pair.split_once('=') {
                Some((key, value)) if !key.trim_ascii().is_empty() => {
                    Self::Set { key: key.trim_ascii(), value: value.trim_ascii() }
                }
                _ => Self::Opaque,
            }
        } else if let Some(key) = operand("DELETE ") {
            Self::Delete { key }
        } else if let Some(key) = operand("GET ") {
            Self::Get { key }
        } else if let Some((key, amount)) = operand("ADD ").and_then(|pair| pair.rsplit_once(' '))
            && let Ok(amount) = amount.parse()
        {
            Self::Add { key: key.trim_ascii(), amount }
        } else {
            Self::Opaque
        }
    }
}

/// The store's answer to a command.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// The key has its new value.
    Set,
    /// The key is deleted; `true` if it was there.
    Deleted(bool),
    /// The key's value, if it has one; for an ADD, the sum.
    Value(Option<String>),
    /// No result, for an opaque command or a no-op.
    Done,
}

/// Splits `ONCE number command` into the number and the command. Such a command is carried out only
/// once, however often it is committed (§8).
pub(crate) fn numbered(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("ONCE ")?.trim_ascii_start().split_once(' ')
}

/// The new value after an ADD. It stops at the limits of an `i64`.
pub(crate) fn sum(value: Option<&str>, amount: i64) -> i64 {
    value.and_then(|value| value.parse::<i64>().ok()).unwrap_or_default().saturating_add(amount)
}

/// The key-value store.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeyValue {
    /// A hash table. With an ordered map, finding the key was half the cost of applying a command.
    values: FxHashMap<String, String>,
    /// The replies to numbered commands that were carried out, by number.
    done: BTreeMap<String, Reply>,
}

impl KeyValue {
    /// Applies one committed entry.
    pub fn apply(&mut self, payload: &Payload) -> Reply {
        let Payload::Command(command) = payload else { return Reply::Done };
        let Some((number, command)) = numbered(command.as_str()) else {
            return self.carry_out(command.as_str());
        };
        if let Some(reply) = self.done.get(number) {
            return reply.clone();
        }
        let reply = self.carry_out(command);
        self.done.insert(number.to_owned(), reply.clone());
        reply
    }

    fn carry_out(&mut self, command: &str) -> Reply {
        match Operation::parse(command) {
            Operation::Set { key, value } => {
                if let Some(slot) = self.values.get_mut(key) {
                    value.clone_into(slot);
                } else {
                    self.values.insert(key.to_owned(), value.to_owned());
                }
                Reply::Set
            }
            Operation::Delete { key } => Reply::Deleted(self.values.remove(key).is_some()),
            Operation::Get { key } => Reply::Value(self.values.get(key).cloned()),
            Operation::Add { key, amount } => {
                let sum = sum(self.get(key), amount).to_string();
                self.values.insert(key.to_owned(), sum.clone());
                Reply::Value(Some(sum))
            }
            Operation::Opaque => Reply::Done,
        }
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Every key with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut pairs: Vec<(&str, &str)> =
            self.values.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        pairs.sort_unstable();
        pairs.into_iter()
    }
}
