//! What a hunt looks for, and what it found to be violated.

use serde::Serialize;

use crate::properties::linearizability::{Judgement, Misled};
use crate::properties::safety::{Checker, Violation};
use crate::raft::Property;

/// A violated property, and how that was seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Violated {
    /// The safety checker saw it.
    Safety(Violation),
    /// The clients' answers show it.
    Clients(Misled),
}

impl Violated {
    /// Returns the violated property.
    pub const fn property(&self) -> Property {
        match self {
            Self::Safety(violation) => violation.property,
            Self::Clients(_) => Property::Linearizability,
        }
    }
}

/// Which violations a search is looking for; the first of them ends a schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Objective {
    /// Any property at all.
    Anything,
    /// One of Figure 3's five properties, or Linearizability: what a reader of the paper calls a failure.
    /// The checker may notice a false success earlier than the clients, but that shows less of the harm. So
    /// a false success counts only once no order of the operations explains the clients' answers.
    Visible,
    /// Only this property.
    Only(Property),
}

impl Objective {
    /// Whether the violation of `property` meets this objective.
    pub fn is_met_by(self, property: Property) -> bool {
        match self {
            Self::Anything => true,
            Self::Visible => property.is_figure_3() || property == Property::Linearizability,
            Self::Only(wanted) => property == wanted,
        }
    }

    /// Returns the first violation that the checker has seen and that meets this objective.
    pub fn met_by(self, checker: &Checker) -> Option<Violated> {
        let met = |violation: &&Violation| self.is_met_by(violation.property);
        checker.violations().iter().find(met).map(|violation| Violated::Safety(*violation))
    }

    /// Returns the violation that `judgement` reports, if it meets this objective.
    pub fn met_by_clients(self, judgement: Judgement) -> Option<Violated> {
        match judgement {
            Judgement::Violated(misled)
                if self != Self::Visible || misled.unexplained.is_some() =>
            {
                Some(Violated::Clients(misled))
            }
            _ => None,
        }
    }
}
