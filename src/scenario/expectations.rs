//! What a script expects: that a condition is true, that nothing or something was violated, that something does not
//! come true.

use std::time::Duration;

use super::condition::judge;
use super::line_outcome::{LineOutcome, Why};
use super::run::Runner;
use super::verb_table::Condition;
use crate::properties::linearizability::Judgement;
use crate::raft::Property;
use crate::scenario::world::World;

impl<W: World> Runner<'_, W> {
    pub(super) fn expect_safe(&mut self) -> Result<(), Why> {
        let report = self.safety();
        if !report.violations.is_empty() {
            return Err(Why::Violated(report.violations));
        }
        if let Some(misled) = report.misled() {
            return Err(Why::Misled(Box::new(misled.clone())));
        }
        self.tell(&LineOutcome::Safety(report));
        Ok(())
    }

    pub(super) fn expect_stall(
        &mut self,
        condition: &Condition,
        within: Duration,
    ) -> Result<(), Why> {
        let began = self.world.now();
        let came_true = self.comes_true(condition, within)?.is_ok();
        let took = self.world.now() - began;
        let condition = condition.clone();
        match (came_true, self.spared) {
            (true, false) => return Err(Why::CameTrue(took)),
            (true, true) => {
                self.tell(&LineOutcome::Waited { condition, took, bound: within });
            }
            (false, _) => self.tell(&LineOutcome::Stalled { condition, within }),
        }
        Ok(())
    }

    /// Expects that clients were told something that cannot be true.
    pub(super) fn expect_misled(&mut self) -> Result<(), Why> {
        self.listen();
        match self.history.judge(|told, command| self.world.is_committed(told, command)) {
            Judgement::Violated(misled) => self.tell(&LineOutcome::Misled(misled)),
            Judgement::Held => self.not_violated(Property::Linearizability)?,
            Judgement::NotJudged(key) if self.spared => self.tell(&LineOutcome::NotJudged(key)),
            Judgement::NotJudged(key) => return Err(Why::NotJudged(key)),
        }
        Ok(())
    }

    /// Expects that each of these properties was violated, and no other.
    pub(super) fn expect_violation(&mut self, properties: &[Property]) -> Result<(), Why> {
        let report = self.safety();
        let mut expected = Vec::new();
        for &property in properties {
            match report.violations.iter().find(|found| found.property == property) {
                Some(violation) => expected.push(LineOutcome::Violated(*violation)),
                None if property == Property::Linearizability => self.expect_misled()?,
                None => self.not_violated(property)?,
            }
        }
        let mut others = report.violated_properties();
        others.retain(|property| !properties.contains(property));
        if !others.is_empty() {
            return Err(Why::AlsoViolated(others));
        }
        for outcome in &expected {
            self.tell(outcome);
        }
        Ok(())
    }

    /// Handles a property that was not violated, though the script expects it to.
    fn not_violated(&mut self, property: Property) -> Result<(), Why> {
        if !self.spared {
            return Err(Why::Unviolated(property));
        }
        self.tell(&LineOutcome::Spared(property));
        Ok(())
    }

    pub(super) fn expect(&mut self, condition: &Condition) -> Result<(), Why> {
        judge(&self.world, condition, &self.memory)?;
        self.tell(&LineOutcome::Held(condition.clone()));
        Ok(())
    }
}
