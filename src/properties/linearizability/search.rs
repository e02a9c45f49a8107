//! The search for an order of the operations on one key that explains what their clients were told.
//!
//! It is Wing and Gong's search with Lowe's memory. An operation takes effect at one moment between its
//! call and its answer. A set of operations that led to the same value before is not tried again. Keys are
//! independent of each other, so each is searched alone. Unanswered writes are placed only where an
//! answered operation has seen them (see `operation`).

use rustc_hash::FxHashSet;

use super::Call;
use super::operation::{
    Answered, Leaves, NEVER, Saw, StoredValue, Unanswered, adds, as_answered, as_optional,
    explaining, worth_placing,
};

/// How many numbers all searches of a history may remember together. A state is a few of them, more if many
/// operations are open at a time, so this is some 100,000 states.
pub(super) const WORK: usize = 1_000_000;

/// How many numbers the search of a key may remember in addition, for each of its operations. A history
/// without much choice needs no more than this, however long it is.
const FREE: usize = 16;

/// Why a search ended without an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stopped {
    /// There is no order. The longest beginning of one has `explained` this many answers.
    NoOrder { explained: usize },
    /// The search was given up.
    TooMuchWork,
}

/// Looks for an order of `calls`, which are all on one key. Takes the work that it needs from what is
/// `left` of [`WORK`].
pub(super) fn find_order(calls: &[&Call], left: &mut usize) -> Result<(), Stopped> {
    let free = FREE * calls.len();
    let mut search = OrderSearch::new(calls, *left + free);
    let found = search.run();
    *left = search.left.min(*left);
    found
}

/// An operation that comes next in an order, with the unanswered write that it saw, if it saw one.
#[derive(Clone, Copy, Debug)]
struct Next {
    operation: usize,
    unanswered: Option<usize>,
}

/// The operations that may come next in an order, and how many of the possibilities have been tried.
#[derive(Clone, Copy, Debug)]
enum Choice {
    /// This operation or a later one. Each is tried by itself, then after each unanswered write that
    /// explains what it saw; `way` counts those that have been tried.
    From {
        operation: usize,
        way: usize,
    },
    /// Only this operation.
    Only(usize),
    Over,
}

/// Where the search stands in its lists: the first operation that is not done, by its call, by its answer,
/// and among the `reads`; and the end of those that are done.
#[derive(Clone, Copy, Default, Debug)]
struct Front {
    by_call: usize,
    by_return: usize,
    read: usize,
    end: usize,
}

/// Everything that decides how an order can go on: the first operation that is not done, which of the later
/// ones are, how many unanswered writes of each value took effect, and the value.
type SearchState<'a> = (usize, Box<[u64]>, Box<[u32]>, StoredValue<'a>);

/// A choice that was made, with what it takes to undo it.
struct Made<'a> {
    next: Next,
    choice: Choice,
    front: Front,
    value: StoredValue<'a>,
}

struct OrderSearch<'a> {
    /// The answered operations, in the order of their calls. On a key with an ADD, unanswered writes too.
    answered: Vec<Answered<'a>>,
    /// How many of them were answered, and how many of these are done.
    answers: usize,
    answers_done: usize,
    /// The same operations, in the order of their answers.
    by_return: Vec<usize>,
    /// The operations that may leave the value as it is.
    reads: Vec<usize>,
    unanswered: Vec<Unanswered<'a>>,
    /// The operations in `answered` that are done: a set of bits.
    done: Vec<u64>,
    used: Vec<u32>,
    front: Front,
    value: StoredValue<'a>,
    seen: FxHashSet<SearchState<'a>>,
    /// How many numbers the search may still remember.
    left: usize,
}

impl<'a> OrderSearch<'a> {
    fn new(calls: &[&'a Call], left: usize) -> Self {
        let mut answered: Vec<Answered<'a>> =
            calls.iter().copied().filter_map(as_answered).collect();
        let (answers, knows_add) = (answered.len(), calls.iter().copied().any(adds));
        let unanswered = if knows_add { Vec::new() } else { worth_placing(calls, &answered) };
        if knows_add {
            answered.extend(calls.iter().copied().filter_map(as_optional));
        }
        answered.sort_by_key(|operation| operation.called);
        let mut by_return: Vec<usize> = (0..answered.len()).collect();
        by_return.sort_by_key(|&at| answered[at].returned);
        let may_keep = |&at: &usize| {
            let Answered { saw, leaves, .. } = answered[at];
            leaves == Leaves::Same || saw == Saw::Presence(false)
        };
        let reads = (0..answered.len()).filter(may_keep).collect();
        Self {
            done: vec![0; answered.len().div_ceil(64)],
            used: vec![0; unanswered.len()],
            front: Front::default(),
            value: None,
            seen: FxHashSet::default(),
            answered,
            answers,
            answers_done: 0,
            by_return,
            reads,
            unanswered,
            left,
        }
    }

    /// Finds an order; if there is none, says how many answers the longest beginning of one explains.
    fn run(&mut self) -> Result<(), Stopped> {
        let mut path: Vec<Made<'a>> = Vec::new();
        let mut explained = 0;
        let mut choice = self.choice();
        while self.front.by_return < self.answers {
            if let Some(next) = self.choose(&mut choice) {
                let made = self.make(next, choice);
                if self.is_new()? {
                    path.push(made);
                    explained = explained.max(self.answers_done);
                    choice = self.choice();
                } else {
                    choice = self.take_back(&made);
                }
            } else {
                let last = path.pop().ok_or(Stopped::NoOrder { explained })?;
                choice = self.take_back(&last);
            }
        }
        Ok(())
    }

    fn is_done(&self, operation: usize) -> bool {
        self.done[operation / 64] & (1 << (operation % 64)) != 0
    }

    /// The moment by which the next operation must take effect: the first answer of an operation that is
    /// not done.
    fn due(&self) -> u64 {
        self.by_return.get(self.front.by_return).map_or(u64::MAX, |&at| self.answered[at].returned)
    }

    /// The operations that may come next. One that saw the present value and leaves it as it is comes at
    /// once, because in any order that goes on from here it can be moved to this place.
    fn choice(&self) -> Choice {
        let due = self.due();
        let waiting = self.reads[self.front.read..].iter().copied();
        let mut waiting = waiting.take_while(|&at| self.answered[at].called <= due);
        let fits = |&at: &usize| !self.is_done(at) && self.answered[at].saw.fits(self.value);
        waiting
            .find(fits)
            .map_or(Choice::From { operation: self.front.by_call, way: 0 }, Choice::Only)
    }

    /// Takes the next possibility from `choice`.
    fn choose(&self, choice: &mut Choice) -> Option<Next> {
        let due = self.due();
        loop {
            let (operation, way) = match *choice {
                Choice::From { operation, way } => (operation, way),
                Choice::Only(operation) => {
                    *choice = Choice::Over;
                    return Some(Next { operation, unanswered: None });
                }
                Choice::Over => return None,
            };
            let Answered { called, saw, .. } = *self.answered.get(operation)?;
            if called > due {
                return None;
            }
            // If the operation saw the present value, no write has to come before it.
            let fits = saw.fits(self.value);
            let writes = if fits { 0..0 } else { explaining(saw, &self.unanswered) };
            if way > writes.len() || self.is_done(operation) {
                *choice = Choice::From { operation: operation + 1, way: 0 };
                continue;
            }
            *choice = Choice::From { operation, way: way + 1 };
            let unanswered = way.checked_sub(1).map(|nth| writes.start + nth);
            let explains = |write: usize| {
                self.may_stand_here(write) && saw.fits(self.unanswered[write].leaves)
            };
            if unanswered.map_or(fits, explains) {
                return Some(Next { operation, unanswered });
            }
        }
    }

    /// Whether an unanswered write of this value is left, and was called by the moment at which another
    /// operation must have taken effect.
    fn may_stand_here(&self, write: usize) -> bool {
        let called = &self.unanswered[write].called;
        called.get(self.used[write] as usize).is_some_and(|&called| called <= self.due())
    }

    /// Lets an operation take effect.
    fn make(&mut self, next: Next, choice: Choice) -> Made<'a> {
        let made = Made { next, choice, front: self.front, value: self.value };
        if let Some(write) = next.unanswered {
            self.used[write] += 1;
            self.value = self.unanswered[write].leaves;
        }
        let Answered { leaves, returned, .. } = self.answered[next.operation];
        self.value = leaves.after(self.value);
        self.answers_done += usize::from(returned != NEVER);
        self.done[next.operation / 64] |= 1 << (next.operation % 64);
        self.front.end = self.front.end.max(next.operation + 1);
        while self.front.by_call < self.answered.len() && self.is_done(self.front.by_call) {
            self.front.by_call += 1;
        }
        while self.by_return.get(self.front.by_return).is_some_and(|&at| self.is_done(at)) {
            self.front.by_return += 1;
        }
        while self.reads.get(self.front.read).is_some_and(|&at| self.is_done(at)) {
            self.front.read += 1;
        }
        made
    }

    /// Undoes the last operation. Returns what else may come in its place.
    fn take_back(&mut self, made: &Made<'a>) -> Choice {
        let Made { next, choice, front, value } = *made;
        self.done[next.operation / 64] &= !(1 << (next.operation % 64));
        if let Some(write) = next.unanswered {
            self.used[write] -= 1;
        }
        (self.front, self.value) = (front, value);
        self.answers_done -= usize::from(self.answered[next.operation].returned != NEVER);
        choice
    }

    /// Whether the search reaches this state for the first time. Remembers the state.
    fn is_new(&mut self) -> Result<bool, Stopped> {
        let Front { by_call, end, .. } = self.front;
        let done = self.done.get(by_call / 64..end.div_ceil(64)).unwrap_or_default();
        let cost = 2 + done.len() + self.used.len();
        self.left = self.left.checked_sub(cost).ok_or(Stopped::TooMuchWork)?;
        Ok(self.seen.insert((by_call, done.into(), self.used.as_slice().into(), self.value)))
    }
}
