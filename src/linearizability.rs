//! Whether a history of clients' operations could have come from one machine that handles them one
//! after the other (Herlihy and Wing's linearizability), for the key-value store.
//!
//! Keys are independent of each other, so each key's history is searched alone. The search is Wing
//! and Gong's with Lowe's memory: an operation may take effect at any moment between its call and
//! its return, and a set of done operations that led to the same value before need not be tried
//! again. An operation whose answer never came may have taken effect at any later moment, or never.

use std::collections::{BTreeMap, BTreeSet};

use crate::state_machine::{Operation, Reply};

/// A client's operation on one key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// Who asked: a number, for telling clients apart.
    pub client: u64,
    /// Its text, as the store reads it.
    pub command: String,
    /// When the client asked; a number that grows.
    pub called: u64,
    /// When it was answered, and what it was told; nothing, if no answer came.
    pub returned: Option<(u64, Reply)>,
}

impl Call {
    /// The client hears `reply`. It knows what it asked, and reads the reply as an answer to that:
    /// success tells a writer that it has written, and a reader, if no value comes with it, that
    /// there is none. (Only a server without `answer-only-applied` sends the answer to another's
    /// question.)
    pub fn hear(&mut self, now: u64, reply: Reply) {
        let reply = match (Operation::parse(&self.command), reply) {
            (Operation::Set { .. }, reply @ Reply::Set)
            | (Operation::Delete { .. }, reply @ Reply::Deleted(_))
            | (Operation::Get { .. }, reply @ Reply::Value(_)) => reply,
            (Operation::Get { .. }, _) => Reply::Value(None),
            (_, _) => Reply::Done,
        };
        self.returned = Some((now, reply));
    }
}

/// No order of the operations explains what the clients were told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotLinearizable {
    /// The key.
    pub key: String,
    /// How many of its operations the longest explanation covers.
    pub explained: usize,
    /// All of them.
    pub calls: Vec<Call>,
}

impl NotLinearizable {
    /// Whether nobody has ever written the key.
    pub fn is_of_reads_alone(&self) -> bool {
        let reads = |call: &Call| matches!(Operation::parse(&call.command), Operation::Get { .. });
        self.calls.iter().all(reads)
    }
}

/// Looks for an order that explains `history`.
///
/// # Errors
/// If there is none, with the first key whose operations cannot be explained.
pub fn check(history: &[Call]) -> Result<(), NotLinearizable> {
    let mut keys: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
    for call in history {
        if let Some(key) = key_of(&call.command) {
            keys.entry(key).or_default().push(call);
        }
    }
    for (key, calls) in keys {
        Search::new(&calls).run().map_err(|explained| NotLinearizable {
            key: key.to_owned(),
            explained,
            calls: calls.into_iter().cloned().collect(),
        })?;
    }
    Ok(())
}

fn key_of(command: &str) -> Option<&str> {
    match Operation::parse(command) {
        Operation::Set { key, .. } | Operation::Delete { key } | Operation::Get { key } => {
            Some(key)
        }
        Operation::Opaque => None,
    }
}

/// The value of a key, if it has one.
type Value<'a> = Option<&'a str>;

/// The value of a key after an operation, if `reply` is what it would have answered.
fn apply<'a>(value: Value<'a>, command: &'a str, reply: Option<&Reply>) -> Option<Value<'a>> {
    let (after, answer) = match Operation::parse(command) {
        Operation::Set { value, .. } => (Some(value), Reply::Set),
        Operation::Delete { .. } => (None, Reply::Deleted(value.is_some())),
        Operation::Get { .. } => (value, Reply::Value(value.map(str::to_owned))),
        Operation::Opaque => (value, Reply::Done),
    };
    let writes = !matches!(answer, Reply::Value(_));
    let fits = |reply: &Reply| *reply == answer || writes && *reply == Reply::Done;
    reply.is_none_or(fits).then_some(after)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Mark {
    Call(usize),
    Return(usize),
}

struct Search<'a> {
    calls: &'a [&'a Call],
    /// Calls and returns by time; those without an answer return after all others.
    marks: Vec<Mark>,
    done: Vec<u64>,
    seen: BTreeSet<(Vec<u64>, Option<&'a str>)>,
}

impl<'a> Search<'a> {
    fn new(calls: &'a [&'a Call]) -> Self {
        let mut marks: Vec<(u64, Mark)> = Vec::new();
        for (nth, call) in calls.iter().enumerate() {
            marks.push((call.called, Mark::Call(nth)));
            let returned = call.returned.as_ref().map_or(u64::MAX, |(time, _)| *time);
            marks.push((returned, Mark::Return(nth)));
        }
        marks.sort_unstable();
        let marks = marks.into_iter().map(|(_, mark)| mark).collect();
        let done = vec![0; calls.len().div_ceil(64)];
        Self { calls, marks, done, seen: BTreeSet::new() }
    }

    fn is_done(&self, nth: usize) -> bool {
        self.done[nth / 64] & (1 << (nth % 64)) != 0
    }

    fn toggle(&mut self, nth: usize) {
        self.done[nth / 64] ^= 1 << (nth % 64);
    }

    /// Finds an order, or the length of the longest beginning of one.
    fn run(mut self) -> Result<(), usize> {
        // Each entry: where in the marks the operation stands, which it is, the value before it.
        let mut path: Vec<(usize, usize, Option<&'a str>)> = Vec::new();
        let (mut at, mut value, mut longest) = (0, None, 0);
        while let Some(&mark) = self.marks.get(at) {
            match mark {
                Mark::Call(nth) | Mark::Return(nth) if self.is_done(nth) => at += 1,
                Mark::Call(nth) => {
                    let call = self.calls[nth];
                    let reply = call.returned.as_ref().map(|(_, reply)| reply);
                    let after = apply(value, &call.command, reply);
                    self.toggle(nth);
                    match after {
                        Some(after) if self.seen.insert((self.done.clone(), after)) => {
                            path.push((at, nth, value));
                            longest = longest.max(path.len());
                            value = after;
                            at = 0;
                        }
                        _ => {
                            self.toggle(nth);
                            at += 1;
                        }
                    }
                }
                // Only those without an answer are left, and they need not have happened.
                Mark::Return(nth) if self.calls[nth].returned.is_none() => return Ok(()),
                // It should have happened by now: take the last choice back and try the next.
                Mark::Return(_) => {
                    let (before, nth, earlier) = path.pop().ok_or(longest)?;
                    self.toggle(nth);
                    value = earlier;
                    at = before + 1;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn call(command: &str, called: u64, returned: Option<(u64, Reply)>) -> Call {
        Call { client: 0, command: command.to_owned(), called, returned }
    }

    fn set(value: u32, called: u64, returned: u64) -> Call {
        call(&format!("SET x={value}"), called, Some((returned, Reply::Set)))
    }

    fn get(value: Option<u32>, called: u64, returned: u64) -> Call {
        let value = value.map(|value| value.to_string());
        call("GET x", called, Some((returned, Reply::Value(value))))
    }

    #[test]
    fn a_read_sees_the_last_write_that_ended_before_it_began() {
        assert_eq!(check(&[set(1, 0, 1), get(Some(1), 2, 3)]), Ok(()));
        let stale = check(&[set(1, 0, 1), set(2, 2, 3), get(Some(1), 4, 5)]);
        assert_eq!(stale.unwrap_err().calls.len(), 3);
        assert!(check(&[set(1, 0, 1), get(None, 2, 3)]).is_err());
    }

    #[test]
    fn what_overlaps_may_go_either_way_but_all_must_see_the_same() {
        assert_eq!(check(&[set(1, 0, 9), get(None, 1, 2), get(Some(1), 3, 4)]), Ok(()));
        assert!(check(&[set(1, 0, 9), get(Some(1), 1, 2), get(None, 3, 4)]).is_err());
    }

    #[test]
    fn a_write_without_an_answer_may_have_happened_at_any_later_time_or_never() {
        let lost = call("SET x=7", 0, None);
        assert_eq!(check(&[lost.clone(), get(None, 1, 2), get(Some(7), 3, 4)]), Ok(()));
        assert_eq!(check(&[lost.clone(), get(None, 1, 2)]), Ok(()));
        assert!(check(&[lost, get(Some(7), 1, 2), get(None, 3, 4)]).is_err());
    }

    #[test]
    fn a_client_takes_any_success_for_an_answer_to_what_it_asked() {
        let hears = |command: &str, reply: Reply| {
            let mut call = call(command, 0, None);
            call.hear(1, reply);
            call.returned.map(|(_, reply)| reply)
        };
        assert_eq!(hears("SET x=1", Reply::Done), Some(Reply::Done));
        assert_eq!(hears("GET x", Reply::Set), Some(Reply::Value(None)));
        assert_eq!(hears("DELETE x", Reply::Set), Some(Reply::Done));
        assert_eq!(hears("DELETE x", Reply::Deleted(false)), Some(Reply::Deleted(false)));
        let told = call("SET x=1", 0, Some((1, Reply::Done)));
        assert_eq!(check(&[told.clone(), get(Some(1), 2, 3)]), Ok(()));
        assert!(check(&[told, get(None, 2, 3)]).is_err(), "success is success");
        let seen = Reply::Value(Some("1".to_owned()));
        assert_eq!(hears("GET x", seen.clone()), Some(seen));
        assert_eq!(hears("anything", Reply::Set), Some(Reply::Done));
    }

    #[test]
    fn keys_are_independent() {
        let other = call("GET y", 2, Some((3, Reply::Value(None))));
        assert_eq!(check(&[set(1, 0, 1), other]), Ok(()));
    }

    proptest! {
        /// A history that one machine made is always explained, whatever the clocks of its clients.
        #[test]
        fn what_one_machine_did_is_explained(
            moves in prop::collection::vec((0_u32..3, 0_u64..20, 0_u64..20, any::<bool>()), 1..60)
        ) {
            let mut value = None;
            let history: Vec<Call> = moves.iter().enumerate().map(|(nth, &(what, early, late, told))| {
                let moment = 100 + nth as u64 * 5;
                let (command, reply) = match what {
                    0 => { value = Some(nth); (format!("SET x={nth}"), Reply::Set) }
                    1 => { let was = value.take().is_some(); ("DELETE x".to_owned(), Reply::Deleted(was)) }
                    _ => ("GET x".to_owned(), Reply::Value(value.map(|v: usize| v.to_string()))),
                };
                call(&command, moment - early, told.then_some((moment + late, reply)))
            }).collect();
            prop_assert_eq!(check(&history), Ok(()));
        }
    }
}
