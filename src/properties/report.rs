//! The results of a run's checks, for a report.

use serde::Serialize;

use super::linearizability::{ClientHistory, IsCommitted, Judgement, Misled, NotJudged};
use super::safety::{Checker, Violation};
use crate::raft::{LogPosition, Property};

/// What the checker did and found, for a report.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SafetyReport {
    /// How many batches of steps were checked.
    pub steps: u64,
    /// How often each property was checked.
    pub checks: Vec<(Property, u64)>,
    /// How many entries were committed.
    pub committed: u64,
    /// How many leaderships there were: one for each term that had a leader, and one more for each further
    /// node that led the same term.
    pub leaders: usize,
    /// The violations.
    pub violations: Vec<Violation>,
    /// The judgement of what the clients were told, if any was told that its command is done.
    pub clients: Option<Judged>,
}

/// The judgement of the clients' history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Judged {
    /// How many clients were told that their command is done.
    pub answers: usize,
    /// Whether that is possible.
    #[serde(flatten)]
    pub judgement: Judgement,
}

impl Judged {
    /// Judges this history, as [`ClientHistory::judge`] does, if any client was told that its command is done.
    pub fn of(
        history: &ClientHistory,
        is_committed: impl Fn(LogPosition, &str) -> IsCommitted,
    ) -> Option<Self> {
        let answers = history.answers();
        (answers > 0).then(|| Self { answers, judgement: history.judge(is_committed) })
    }
}

impl SafetyReport {
    /// The properties that were violated, each once, in the order in which they were found.
    pub fn violated_properties(&self) -> Vec<Property> {
        let misled = self.misled().map(|_| Property::Linearizability);
        let mut violated = Vec::new();
        for property in self.violations.iter().map(|found| found.property).chain(misled) {
            if !violated.contains(&property) {
                violated.push(property);
            }
        }
        violated
    }

    /// Each property that was checked or violated: how often it was checked, or for Linearizability how many
    /// answers were judged, and whether it held; `None` if that was not judged.
    pub fn rows(&self) -> Vec<(Property, u64, Option<bool>)> {
        let violated = |property| self.violations.iter().any(|found| found.property == property);
        let rows =
            self.checks.iter().map(|&(property, checks)| (property, checks, violated(property)));
        let rows = rows.filter(|&(_, checks, violated)| checks > 0 || violated);
        let rows = rows.map(|(property, checks, violated)| (property, checks, Some(!violated)));
        let clients = self.clients.iter().map(|Judged { answers, judgement }| {
            let held = match judgement {
                Judgement::Held => Some(true),
                Judgement::NotJudged(_) => None,
                Judgement::Violated(_) => Some(false),
            };
            (Property::Linearizability, *answers as u64, held)
        });
        rows.chain(clients).collect()
    }

    /// What the clients were told that is impossible, if anything is.
    pub const fn misled(&self) -> Option<&Misled> {
        match &self.clients {
            Some(Judged { judgement: Judgement::Violated(misled), .. }) => Some(misled),
            _ => None,
        }
    }

    /// Why the clients' history could not be judged, if that is so.
    pub const fn not_judged(&self) -> Option<&NotJudged> {
        match &self.clients {
            Some(Judged { judgement: Judgement::NotJudged(key), .. }) => Some(key),
            _ => None,
        }
    }

    /// How many violations were found. All impossible answers to clients count as one.
    pub fn violation_count(&self) -> usize {
        self.violations.len() + usize::from(self.misled().is_some())
    }

    /// The report of what `checker` has done so far, without a judgement of the clients' history.
    pub fn of(checker: &Checker) -> Self {
        Self {
            steps: checker.steps(),
            checks: Property::ALL.map(|property| (property, checker.checks(property))).to_vec(),
            committed: checker.committed_len().get(),
            leaders: checker.leaders().len() + checker.second_leaders(),
            violations: checker.violations().to_vec(),
            clients: None,
        }
    }
}
