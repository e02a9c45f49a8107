//! A run as a list of moves under manual control: who campaigns, which message arrives, who crashes.
//!
//! A move names its message (the newest AppendEntries from n0 to n1), never a position in a list, so a
//! schedule still makes sense when some of its moves are taken out. A move that has become impossible,
//! for example because the message it names was never sent, is skipped.

use super::manual_cluster::ManualCluster;
use super::objective::{Objective, Violated};
use crate::raft::{Property, RuleSet, Settings};
use crate::scenario::script::Script;
use crate::scenario::usage::Kind;
use crate::scenario::verb_table::Verb;

/// Moves, and the settings of the cluster they are made in.
#[derive(Clone, PartialEq, Debug)]
pub struct Schedule {
    /// The settings of the nodes.
    pub settings: Settings,
    /// What happens, in order.
    pub moves: Vec<Verb>,
}

/// The result of playing a schedule.
#[derive(Clone, PartialEq, Debug)]
pub struct Played {
    /// The moves that could be made, up to the one at which the property was violated.
    pub moves: Vec<Verb>,
    /// The property that was violated, if one was.
    pub violated: Option<Violated>,
}
impl Schedule {
    /// Returns the moves among a script's lines, for the script's cluster.
    pub fn of(script: &Script) -> Self {
        let verbs = script.lines.iter().map(|line| &line.verb);
        let moves = verbs.filter(|verb| verb.kind() == Kind::Move).cloned().collect();
        Self { settings: script.settings(), moves }
    }

    /// Plays the moves in a new cluster until `objective` is met.
    pub fn play(&self, objective: Objective) -> Played {
        let mut cluster = ManualCluster::new(self.settings, Vec::new());
        let mut moves = Vec::with_capacity(self.moves.len());
        let mut judged = 0;
        for verb in &self.moves {
            if !cluster.make(verb) {
                continue;
            }
            moves.push(verb.clone());
            let ends = objective.met_by(cluster.sim().journal().checker()).or_else(|| {
                let is_new = cluster.told() > std::mem::replace(&mut judged, cluster.told());
                if is_new { objective.met_by_clients(cluster.judge(objective)) } else { None }
            });
            if ends.is_some() {
                return Played { moves, violated: ends };
            }
        }
        Played { moves, violated: None }
    }

    /// Returns every property that is violated when all moves are made, in the order in which they are;
    /// Linearizability comes last.
    pub fn violated_properties(&self) -> Vec<Property> {
        let mut cluster = ManualCluster::new(self.settings, Vec::new());
        for verb in &self.moves {
            cluster.make(verb);
        }
        cluster.violated_properties()
    }

    /// Returns the same moves for nodes that keep other rules.
    pub fn with_rules(&self, rules: RuleSet) -> Self {
        let settings = Settings { rules, ..self.settings };
        Self { settings, moves: self.moves.clone() }
    }
}
