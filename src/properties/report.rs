//! What the checks of a run came to, for a report.

use serde::Serialize;

use super::linearizability::{ClientHistory, Judgement, Misled, NotJudged};
use super::safety::{Checker, Violation};
use crate::raft::{LogIndex, LogPosition, Property};

/// What the checker did, for a report.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SafetyReport {
    /// Batches of steps that were looked at.
    pub steps: u64,
    /// How often each property was compared with what happened.
    pub checks: Vec<(Property, u64)>,
    /// Entries committed.
    pub committed: u64,
    /// Leaderships: as many as terms that had a leader, unless two nodes led one.
    pub leaders: usize,
    /// What fell.
    pub violations: Vec<Violation>,
    /// What the clients were told, judged, if they were told anything.
    pub clients: Option<Judged>,
}

/// What came of judging the clients' history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Judged {
    /// How many clients were told that their command is done.
    pub answers: usize,
    /// Whether that can be.
    #[serde(flatten)]
    pub judgement: Judgement,
}

impl Judged {
    /// The judgement of this history, if anybody was told anything. `committed` says which entry was
    /// committed first at an index.
    pub fn of(
        history: &ClientHistory,
        committed: impl Fn(LogIndex) -> Option<LogPosition>,
    ) -> Option<Self> {
        let answers = history.answers();
        (answers > 0).then(|| Self { answers, judgement: history.judge(committed) })
    }
}

impl SafetyReport {
    /// Which properties have fallen, each once, the first first.
    pub fn fallen_properties(&self) -> Vec<Property> {
        let misled = self.misled().map(|_| Property::Linearizability);
        let mut fallen = Vec::new();
        for property in self.violations.iter().map(|found| found.property).chain(misled) {
            if !fallen.contains(&property) {
                fallen.push(property);
            }
        }
        fallen
    }

    /// What the clients were told that cannot be, if that is so.
    pub const fn misled(&self) -> Option<&Misled> {
        match &self.clients {
            Some(Judged { judgement: Judgement::Fallen(misled), .. }) => Some(misled),
            _ => None,
        }
    }

    /// Why nobody can say whether what the clients were told can be, if that is so.
    pub const fn not_judged(&self) -> Option<&NotJudged> {
        match &self.clients {
            Some(Judged { judgement: Judgement::NotJudged(key), .. }) => Some(key),
            _ => None,
        }
    }

    /// How often something fell.
    pub fn fallen(&self) -> usize {
        self.violations.len() + usize::from(self.misled().is_some())
    }

    /// What `checker` has done so far.
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
