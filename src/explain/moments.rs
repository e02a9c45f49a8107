//! The steps at which something of a kind happened, and the places in a run that can be named.

use std::fmt;

use crate::raft::{Event, Outcome, Rule};
use crate::record::History;
use crate::record::deed::Deed;
use crate::server::timing::Time;

/// Something that can happen in a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A commit index grows.
    Commit,
    /// A node campaigns.
    Campaign,
    /// A node wins an election.
    Leader,
    /// A node deletes entries.
    Truncation,
    /// A node crashes.
    Crash,
    /// A node starts again.
    Restart,
    /// A node is paused.
    Pause,
    /// A paused node goes on.
    Resume,
    /// Links are cut, or the network splits.
    Cut,
    /// A cut is undone, or all of them.
    Heal,
    /// A message is lost.
    Drop,
    /// A client is answered.
    Answer,
    /// The script opens a part of the run.
    Phase,
    /// A property is violated.
    Violation,
    /// A vote, entries or a command are refused.
    AnyRefused,
    /// Any broken rule lets something pass.
    AnyBroken,
    /// A rule refuses.
    Refused(Rule),
    /// A broken rule lets something pass.
    Broken(Rule),
    /// A rule is asked.
    Asked(Rule),
}

impl Kind {
    /// The kinds that are a single word, each with its word.
    pub const WORDS: [(&str, Self); 16] = [
        ("commit", Self::Commit),
        ("campaign", Self::Campaign),
        ("leader", Self::Leader),
        ("truncation", Self::Truncation),
        ("crash", Self::Crash),
        ("restart", Self::Restart),
        ("pause", Self::Pause),
        ("resume", Self::Resume),
        ("cut", Self::Cut),
        ("heal", Self::Heal),
        ("drop", Self::Drop),
        ("answer", Self::Answer),
        ("phase", Self::Phase),
        ("violation", Self::Violation),
        ("refused", Self::AnyRefused),
        ("broken", Self::AnyBroken),
    ];

    /// Reads a kind: one of the words, a rule, or 'refused' or 'broken' and a rule.
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            ["refused", rule] => Rule::of_id(rule).map(Self::Refused),
            ["broken", rule] => Rule::of_id(rule).map(Self::Broken),
            [word] => {
                let known = Self::WORDS.into_iter().find(|(known, _)| *known == word);
                known.map(|(_, kind)| kind).or_else(|| Rule::of_id(word).map(Self::Asked))
            }
            _ => None,
        }
    }

    /// Whether it happened at this step of a history.
    pub fn is_at(self, history: &History, step: u64) -> bool {
        let Some(record) = history.step(step) else { return false };
        let event = |it: &Event| match (self, it) {
            (Self::Commit, Event::CommitAdvanced { .. })
            | (Self::Campaign, Event::ElectionStarted { .. })
            | (Self::Leader, Event::BecameLeader { .. })
            | (Self::Truncation, Event::Truncated { .. })
            | (
                Self::AnyRefused,
                Event::VoteRefused { .. }
                | Event::EntriesRefused { .. }
                | Event::ProposalRefused { .. },
            ) => true,
            (Self::AnyBroken, Event::Checked(it)) => it.outcome == Outcome::Overridden,
            (Self::Refused(rule), Event::Checked(verdict)) => {
                verdict.rule == rule && verdict.outcome == Outcome::Refused
            }
            (Self::Broken(rule), Event::Checked(verdict)) => {
                verdict.rule == rule && verdict.outcome == Outcome::Overridden
            }
            (Self::Asked(rule), Event::Checked(verdict)) => verdict.rule == rule,
            _ => false,
        };
        let deed = |it: &Deed| {
            matches!(
                (self, it),
                (Self::Crash, Deed::Crash { .. })
                    | (Self::Restart, Deed::Restart { .. })
                    | (Self::Pause, Deed::Pause { .. })
                    | (Self::Resume, Deed::Resume { .. })
                    | (Self::Cut, Deed::Cut { .. } | Deed::Partition { .. })
                    | (Self::Heal, Deed::HealLink { .. } | Deed::Heal)
                    | (Self::Drop, Deed::Lost { .. })
                    | (Self::Answer, Deed::Answered { .. })
                    | (Self::Phase, Deed::Phase(_))
            )
        };
        let mut deeds = history.deeds_before(step).chain(history.deeds_after(step));
        record.events.iter().any(event)
            || deeds.any(|(_, it)| deed(it))
            || self == Self::Violation
                && history.violations().any(|violation| violation.step == step)
    }

    /// The first step after `step` at which it happened.
    pub fn next(self, history: &History, step: u64) -> Option<u64> {
        (step + 1..=history.last()).find(|&step| self.is_at(history, step))
    }

    /// The last step before `step` at which it happened.
    pub fn previous(self, history: &History, step: u64) -> Option<u64> {
        (1..step).rev().find(|&step| self.is_at(history, step))
    }
}

impl fmt::Display for Kind {
    /// Writes the kind as it can be typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(rule) => write!(f, "refused {}", rule.id()),
            Self::Broken(rule) => write!(f, "broken {}", rule.id()),
            Self::Asked(rule) => f.write_str(rule.id()),
            _ => {
                let word = Self::WORDS.into_iter().find(|(_, kind)| kind == self);
                f.write_str(word.map(|(word, _)| word).expect("every other kind is one word"))
            }
        }
    }
}

/// A place in a run, as the user names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The step of this number.
    Step(u64),
    /// The last step that was made at or before this time.
    Time(Time),
    /// The last step.
    End,
    /// The first step at which something happened.
    First(Kind),
    /// The last step at which something happened.
    Last(Kind),
}

impl Place {
    /// Reads a step's number, or seconds with a decimal point, or 'end', or 'first' or 'last' and a kind.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if ["end", "last"].contains(&text) {
            return Some(Self::End);
        }
        if let Ok(step) = text.parse() {
            return Some(Self::Step(step));
        }
        if let Some((seconds, fraction)) = text.trim_end_matches('s').split_once('.') {
            let digits =
                |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
            if !digits(seconds) || !digits(fraction) || fraction.len() > 6 {
                return None;
            }
            let micros: u64 = format!("{fraction:0<6}").parse().ok()?;
            // A story shows times cut to the millisecond, so a typed time stands for all times that are cut
            // to it.
            let most = 10_u64.pow(6 - fraction.len().max(3) as u32) - 1;
            let seconds: u64 = seconds.parse().ok()?;
            let micros = seconds.checked_mul(1_000_000)?.checked_add(micros + most)?;
            return Some(Self::Time(Time::from_micros(micros)));
        }
        let (which, kind) = text.split_once(char::is_whitespace)?;
        let kind = Kind::parse(kind)?;
        match which {
            "first" => Some(Self::First(kind)),
            "last" => Some(Self::Last(kind)),
            _ => None,
        }
    }

    /// The step at this place, if there is one.
    pub fn of(self, history: &History) -> Option<u64> {
        let last = history.last();
        match self {
            Self::Step(step) => (1..=last).contains(&step).then_some(step),
            Self::Time(time) => history.step_at(time),
            Self::End => Some(last).filter(|&last| last > 0),
            Self::First(kind) => kind.next(history, 0),
            Self::Last(kind) => kind.previous(history, last + 1),
        }
    }
}
