//! What a hunt is after, and what fell.

use serde::Serialize;

use crate::properties::linearizability::{Judgement, Misled};
use crate::properties::safety::Violation;
use crate::raft::Property;

/// A property fell.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fallen {
    /// The checker saw it.
    Safety(Violation),
    /// The clients saw it.
    Clients(Misled),
}

impl Fallen {
    /// Which property.
    pub const fn property(&self) -> Property {
        match self {
            Self::Safety(violation) => violation.property,
            Self::Clients(_) => Property::Linearizability,
        }
    }
}

/// What counts as the end of a schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Objective {
    /// Any property at all.
    Anything,
    /// One of Figure 3's five, or the clients' view: what a reader of the paper calls a failure. A
    /// harness sees earlier that something is wrong, but sees less of it. So a success that is false
    /// counts only once the clients themselves can see that something is wrong.
    Visible,
    /// This property.
    Only(Property),
}

impl Objective {
    /// Whether the fall of `property` is what is aimed at.
    pub fn is_met_by(self, property: Property) -> bool {
        match self {
            Self::Anything => true,
            Self::Visible => property.is_figure_3() || property == Property::Linearizability,
            Self::Only(wanted) => property == wanted,
        }
    }

    /// What fell for the clients, if that is what is aimed at.
    pub fn met_by_clients(self, judgement: Judgement) -> Option<Fallen> {
        match judgement {
            Judgement::Fallen(misled) if self != Self::Visible || misled.unexplained.is_some() => {
                Some(Fallen::Clients(misled))
            }
            _ => None,
        }
    }
}
