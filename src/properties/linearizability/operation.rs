//! What an operation on a key saw of its value and left of it, and which unanswered operations need to be
//! placed in an order at all.
//!
//! # Unanswered operations
//!
//! An operation that was never answered took effect at any moment after its call, or never. So a plain
//! search tries every subset of such operations, but most need not be tried. Take any order that explains
//! the answers. Leave out of it, one after the other, each unanswered operation that is not followed at
//! once by an answered one that looked at the value. What is left explains the answers as well:
//!
//! * an unanswered GET changes nothing;
//! * no operation sees an unanswered SET or DELETE that is the last of all;
//! * no operation sees one that is followed by another unanswered write either, because a write replaces
//!   the whole value, and an operation without an answer cannot contradict;
//! * the same holds if an answered SET follows, or a DELETE whose client was told only that it is done:
//!   both were right whatever the value was.
//!
//! Leaving an operation out is allowed, because it may never have taken effect, and it puts no other pair
//! of operations out of order. So the search places an unanswered write only directly before an answered
//! operation that looked at the value and saw what this write leaves. That is a GET that returned the
//! value, or no value if the write is a DELETE; or a DELETE that was told whether there was something to
//! delete. A write that no such operation can follow, because none that saw this was answered after the
//! write was called, is dropped before the search: where it stands does not matter.
//!
//! None of that holds for an ADD, which looks at the value and replaces what it saw. If a key has one,
//! every unanswered write is an operation that may be placed anywhere or nowhere, and only the bound of the
//! search keeps it short.
//!
//! Of several unanswered writes that leave the same value, the one that was called first goes first.
//! Wherever the later one may stand the earlier may stand too, and they can be exchanged. SETs whose value
//! no GET returned count as one value here. Only a DELETE can see them, and from each it sees the same:
//! that there is a value.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Call;
use crate::server::state_machine::{Operation, Reply, sum};

/// The value of a key, if it has one.
pub(super) type StoredValue<'a> = Option<Content<'a>>;

/// A value. A text that is the usual spelling of a number is that number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Content<'a> {
    Number(i64),
    Text(&'a str),
}

impl<'a> From<&'a str> for Content<'a> {
    fn from(text: &'a str) -> Self {
        match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Self::Number(number),
            _ => Self::Text(text),
        }
    }
}

/// The value after an ADD.
fn added(value: StoredValue<'_>, amount: i64) -> i64 {
    match value {
        Some(Content::Number(number)) => number.saturating_add(amount),
        Some(Content::Text(text)) => sum(Some(text), amount),
        None => amount,
    }
}

/// What an operation saw of the value before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Saw<'a> {
    /// Nothing: it did not look, or its client was not told.
    Nothing,
    Value(StoredValue<'a>),
    /// Whether there is a value.
    Presence(bool),
    /// The value after this amount was added.
    Sum(i64, StoredValue<'a>),
}

impl Saw<'_> {
    pub(super) fn fits(self, value: StoredValue<'_>) -> bool {
        match self {
            Self::Nothing => true,
            Self::Value(seen) => seen == value,
            Self::Presence(seen) => seen == value.is_some(),
            Self::Sum(amount, sum) => Some(Content::Number(added(value, amount))) == sum,
        }
    }
}

/// The value that an operation leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leaves<'a> {
    /// The value that was there.
    Same,
    Value(StoredValue<'a>),
    /// The value that was there, with so much added.
    Plus(i64),
}

impl<'a> Leaves<'a> {
    /// The value after the operation.
    pub(super) fn after(self, value: StoredValue<'a>) -> StoredValue<'a> {
        match self {
            Self::Same => value,
            Self::Value(value) => value,
            Self::Plus(amount) => Some(Content::Number(added(value, amount))),
        }
    }
}

/// An operation that was answered, or one that was not and may be placed at any time or never.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered<'a> {
    pub(super) called: u64,
    pub(super) returned: u64,
    pub(super) saw: Saw<'a>,
    pub(super) leaves: Leaves<'a>,
}

/// Unanswered writes that leave the same value, with the moments of their calls, the earliest first.
#[derive(Clone, Debug)]
pub(super) struct Unanswered<'a> {
    /// Whether a GET may have seen this value: a GET returned it, or it is no value. If not, `leaves`
    /// stands for all values that no GET returned.
    pub(super) is_read: bool,
    pub(super) leaves: StoredValue<'a>,
    pub(super) called: Vec<u64>,
}

/// The range of these writes, in the order of [`worth_placing`], that can explain what an operation saw.
pub(super) fn explaining(saw: Saw<'_>, writes: &[Unanswered<'_>]) -> Range<usize> {
    match saw {
        // A key that has an ADD has no such writes.
        Saw::Nothing | Saw::Sum(..) => 0..0,
        Saw::Presence(_) => 0..writes.len(),
        Saw::Value(value) => {
            let read = |write: &Unanswered<'_>| (write.is_read, write.leaves) < (true, value);
            let at = writes.partition_point(read);
            let found = writes.get(at).is_some_and(|write| write.leaves == value);
            at..at + usize::from(found)
        }
    }
}

/// The moment of an answer that never came.
pub(super) const NEVER: u64 = u64::MAX;

/// An operation as the search needs it, if it was answered.
pub(super) fn as_answered(call: &Call) -> Option<Answered<'_>> {
    let done = call.done.as_ref()?;
    let leaves = leaves(&call.command);
    let saw = match (&done.reply, leaves) {
        (Reply::Value(value), Leaves::Plus(amount)) => {
            Saw::Sum(amount, value.as_deref().map(Content::from))
        }
        (Reply::Value(value), _) => Saw::Value(value.as_deref().map(Content::from)),
        (Reply::Deleted(was_there), _) => Saw::Presence(*was_there),
        (Reply::Set | Reply::Done, _) => Saw::Nothing,
    };
    Some(Answered { called: call.called, returned: done.at, saw, leaves })
}

/// An unanswered write that may be placed at any time after its call, or never.
pub(super) fn as_optional(call: &Call) -> Option<Answered<'_>> {
    let leaves = leaves(&call.command);
    let is_open = call.done.is_none() && leaves != Leaves::Same;
    let (called, returned, saw) = (call.called, NEVER, Saw::Nothing);
    is_open.then_some(Answered { called, returned, saw, leaves })
}

/// Whether the call is an ADD.
pub(super) fn adds(call: &Call) -> bool {
    matches!(leaves(&call.command), Leaves::Plus(_))
}

fn leaves(command: &str) -> Leaves<'_> {
    match Operation::parse(command) {
        Operation::Set { value, .. } => Leaves::Value(Some(value.into())),
        Operation::Delete { .. } => Leaves::Value(None),
        Operation::Add { amount, .. } => Leaves::Plus(amount),
        Operation::Get { .. } | Operation::Opaque => Leaves::Same,
    }
}

/// The unanswered writes that some answered operation may have seen: first those whose value no GET
/// returned, then the others by their value. For each value, only the last answer of an operation that saw
/// it matters.
pub(super) fn worth_placing<'a>(
    calls: &[&'a Call],
    answered: &[Answered<'a>],
) -> Vec<Unanswered<'a>> {
    let mut values: BTreeMap<StoredValue<'a>, u64> = BTreeMap::new();
    let mut presence: [Option<u64>; 2] = [None; 2];
    for &Answered { saw, returned, .. } in answered {
        match saw {
            Saw::Nothing | Saw::Sum(..) => {}
            Saw::Value(value) => {
                let last = values.entry(value).or_insert(returned);
                *last = returned.max(*last);
            }
            Saw::Presence(seen) => {
                let last = &mut presence[usize::from(seen)];
                *last = Some(last.map_or(returned, |last| returned.max(last)));
            }
        }
    }
    let mut kept: BTreeMap<(bool, StoredValue<'a>), Unanswered<'a>> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.done.is_none()) {
        let Leaves::Value(value) = leaves(&call.command) else { continue };
        let returned = values.get(&value).copied();
        let seen = returned.max(presence[usize::from(value.is_some())]);
        if seen.is_some_and(|seen| call.called <= seen) {
            let is_read = value.is_none() || returned.is_some();
            let key = (is_read, value.filter(|_| is_read));
            let fresh = || Unanswered { is_read, leaves: value, called: Vec::new() };
            kept.entry(key).or_insert_with(fresh).called.push(call.called);
        }
    }
    let mut kept: Vec<_> = kept.into_values().collect();
    for writes in &mut kept {
        writes.called.sort_unstable();
    }
    kept
}
