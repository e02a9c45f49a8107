//! Clients' commands that most likely are mistakes: the store would do nothing with them. In quotes they are text.

use super::quantity::node_number;
use crate::server::state_machine::Operation;

/// The first words of the commands that the state machine carries out.
pub(super) const OPERATIONS: [&str; 5] = ["SET", "GET", "DELETE", "ADD", "ONCE"];

/// Whether a text begins with a key and its value, so that most likely a `SET` before it was forgotten, or with an
/// operation in small letters: the store would keep nothing.
pub(super) fn lacks_operation(text: &str) -> bool {
    let Some(first) = text.split_whitespace().next() else { return false };
    let is_like = |it: &&str| first.eq_ignore_ascii_case(it) && first != *it;
    !first.starts_with('"') && first.contains('=') || OPERATIONS.iter().any(is_like)
}

/// The operation with which a text begins, and its operands, if what follows it are none: the store would keep nothing.
pub(super) fn lacks_operands(text: &str) -> Option<(&'static str, &'static str)> {
    const OPERANDS: [&str; 5] =
        ["key=value", "a key", "a key", "a key and a whole number", "a number and another command"];
    let first = text.split_whitespace().next()?;
    let nth = OPERATIONS.iter().position(|it| *it == first)?;
    let is_opaque = Operation::parse(text) == Operation::Opaque;
    is_opaque.then_some((OPERATIONS[nth], OPERANDS[nth]))
}

/// Whether a node stands before a command, so that most likely the `to` before it was forgotten.
pub(super) fn lacks_to(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let is_node = |word: &str| word == "leader" || node_number(word).is_some();
    words.next().is_some_and(is_node) && words.next().is_some_and(|word| OPERATIONS.contains(&word))
}
