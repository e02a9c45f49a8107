//! Recorded runs with mistakes in them: cut, swapped, changed, and with numbers that no run has.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use raft_in_practice::explain::{Question, why};
use raft_in_practice::raft::{NodeId, Rule};
use raft_in_practice::record::{History, TraceError, replay};
use raft_in_practice::scenario::library::SHIPPED;
use raft_in_practice::scenario::script::Script;

use super::{cases, record};

/// The traces of some of the shorter scenarios. Mistakes in them are as useful as in long ones.
pub(super) static TRACES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let names = ["split-vote", "figure-8", "crash-before-send", "duplicate-and-reorder"];
    let shipped = SHIPPED.iter().filter(|(name, _)| names.contains(name));
    shipped
        .map(|(name, text)| {
            let (_, trace) = record(&Script::parse(name, text).unwrap());
            String::from_utf8(trace).unwrap()
        })
        .collect()
});

/// Numbers that are too large for something, or just wrong.
const NUMBERS: [&str; 12] = [
    "0",
    "1",
    "2",
    "7",
    "9",
    "255",
    "256",
    "-1",
    "1.5",
    "4294967296",
    "9223372036854775808",
    "18446744073709551615",
];

#[derive(Clone, Debug)]
pub(super) enum Mistake {
    /// A byte becomes another.
    Byte(Index, u8),
    /// The trace ends here.
    End(Index),
    /// A line is left out.
    Drop(Index),
    /// A line comes twice.
    Repeat(Index),
    /// Two lines change places.
    Swap(Index, Index),
    /// A line of another run comes in between.
    Foreign(Index, Index),
    /// A number becomes another.
    Number(Index, Index, &'static str),
    /// A word of the format becomes another.
    Word(Index, &'static str, &'static str),
}

pub(super) fn mistake() -> impl Strategy<Value = Mistake> {
    let index = any::<Index>;
    let words = [
        ("saved", "lost"),
        ("election-timeout", "heartbeat-due"),
        ("heartbeat-due", "election-timeout"),
        ("crash", "restart"),
        ("restart", "crash"),
        ("receive", "propose"),
        ("between", "before-save"),
        ("\"batch\"", "\"basket\""),
        ("true", "false"),
        ("null", "0"),
    ];
    prop_oneof![
        1 => (index(), any::<u8>()).prop_map(|(at, byte)| Mistake::Byte(at, byte)),
        1 => index().prop_map(Mistake::End),
        2 => index().prop_map(Mistake::Drop),
        1 => index().prop_map(Mistake::Repeat),
        2 => (index(), index()).prop_map(|(a, b)| Mistake::Swap(a, b)),
        1 => (index(), index()).prop_map(|(from, to)| Mistake::Foreign(from, to)),
        6 => (index(), index(), select(&NUMBERS[..]))
            .prop_map(|(line, nth, number)| Mistake::Number(line, nth, number)),
        2 => (index(), select(words.to_vec())).prop_map(|(at, (a, b))| Mistake::Word(at, a, b)),
    ]
}

pub(super) fn make(trace: Vec<u8>, mistake: &Mistake) -> Vec<u8> {
    let lines = trace.split(|&byte| byte == b'\n').map(<[u8]>::to_vec);
    let mut lines: Vec<Vec<u8>> = lines.collect();
    let count = lines.len();
    match mistake {
        Mistake::Byte(at, byte) => {
            let mut trace = trace;
            if !trace.is_empty() {
                let at = at.index(trace.len());
                trace[at] = *byte;
            }
            return trace;
        }
        Mistake::End(at) => {
            let mut trace = trace;
            trace.truncate(at.index(trace.len() + 1));
            return trace;
        }
        Mistake::Drop(at) => drop(lines.remove(at.index(count))),
        Mistake::Repeat(at) => lines.insert(at.index(count), lines[at.index(count)].clone()),
        Mistake::Swap(a, b) => lines.swap(a.index(count), b.index(count)),
        Mistake::Foreign(from, to) => {
            let other: Vec<&str> = TRACES[from.index(TRACES.len())].lines().collect();
            lines.insert(to.index(count), other[from.index(other.len())].into());
        }
        Mistake::Number(at, nth, number) => {
            let line = &mut lines[at.index(count)];
            *line = renumbered(line, *nth, number);
        }
        Mistake::Word(at, from, to) => {
            let line = &mut lines[at.index(count)];
            *line = String::from_utf8_lossy(line).replacen(from, to, 1).into_bytes();
        }
    }
    lines.join(&b'\n')
}

/// The line with one of its numbers replaced.
fn renumbered(line: &[u8], nth: Index, number: &str) -> Vec<u8> {
    let digit = |at: usize| line.get(at).is_some_and(u8::is_ascii_digit);
    let starts: Vec<usize> =
        (0..line.len()).filter(|&at| digit(at) && (at == 0 || !digit(at - 1))).collect();
    if starts.is_empty() {
        return line.to_vec();
    }
    let start = starts[nth.index(starts.len())];
    let end = (start..line.len()).find(|&at| !digit(at)).unwrap_or(line.len());
    [&line[..start], number.as_bytes(), &line[end..]].concat()
}

/// Checks that a changed trace is refused with the place of the change. It may pass only if the change makes
/// no difference.
fn check(original: &str, changed: &[u8]) {
    let lines = changed.split(|&byte| byte == b'\n').count();
    match replay(changed, |_| Vec::new(), None) {
        Ok(_) => {
            let text = String::from_utf8_lossy(changed);
            let same = original.lines().zip(text.lines()).all(|(a, b)| a == b);
            assert!(same && text.lines().count() >= original.lines().count(), "a change passed");
        }
        Err(TraceError::Line { line, what }) => {
            assert!((1..=lines).contains(&line), "line {line} of {lines}");
            assert!(!what.is_empty());
        }
        Err(TraceError::Diverged { line, step, .. }) => {
            assert!((1..=lines).contains(&line) && step > 0);
        }
        Err(TraceError::Truncated { lines: read, .. }) => assert!(read <= lines),
        Err(TraceError::Io(what)) => panic!("memory can be read: {what}"),
        Err(TraceError::NoStep { .. }) => panic!("no step was asked for"),
        Err(TraceError::TooLong) => panic!("no history is kept"),
        Err(TraceError::NotATrace(_) | TraceError::Version(_) | TraceError::Altered) => {}
    }
    walk(changed);
}

/// Walks through a changed trace as far as it goes, and asks questions at its steps.
fn walk(changed: &[u8]) {
    let Ok(history) = History::read(changed) else { return };
    let (last, nodes) = (history.last(), history.header().nodes);
    for step in 1..=last {
        assert!(NodeId::all(nodes).all(|id| history.node_at(id, step).is_some()));
    }
    let _ = history.in_flight(last).count();
    for question in
        ["committed 1", "not committed 2 on 0", "not leader 0", "told x", "refused 0 -> 1"]
    {
        if let Ok(question) = Question::parse(question, nodes) {
            let answer = why(&history, last, &question);
            assert!(answer.is_err() || answer.is_ok_and(|it| it.decided_in <= Some(last)));
        }
    }
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn any_bytes_are_no_trace(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        assert!(replay(&bytes[..], |_| Vec::new(), None).is_err());
    }

    #[test]
    fn a_changed_trace_is_refused_with_its_place(
        which in any::<Index>(), mistakes in proptest::collection::vec(mistake(), 1..4)
    ) {
        let original = &TRACES[which.index(TRACES.len())];
        let changed = mistakes.iter().fold(original.clone().into_bytes(), make);
        check(original, &changed);
    }

    /// A header of another kind of cluster, with the same lines behind it.
    #[test]
    fn a_trace_under_another_header_is_refused_or_runs(
        which in any::<Index>(),
        nodes in 0_usize..12,
        no_op in any::<bool>(),
        batch in proptest::option::of(0_u64..4),
        broken in proptest::sample::subsequence(
            Rule::ALL.map(Rule::id).to_vec(), 0..4),
    ) {
        let original = &TRACES[which.index(TRACES.len())];
        let mut header: serde_json::Value =
            serde_json::from_str(original.lines().next().unwrap()).unwrap();
        header["nodes"] = nodes.into();
        header["no_op"] = no_op.into();
        header["max_batch"] = batch.into();
        header["broken"] = broken.into();
        let rest: Vec<&str> = original.lines().skip(1).collect();
        let changed = format!("{header}\n{}\n", rest.join("\n"));
        // The result is not the run that was recorded, and the digest in its last line shows that.
        prop_assert!(replay(changed.as_bytes(), |_| Vec::new(), None).is_err());
    }
}
