//! Makes a schedule short: takes moves out, in large pieces and then one by one, as long as the objective
//! is still met; then tries to deliver newer messages instead, and to make moves earlier.

use std::iter;

use super::objective::Objective;
use super::schedule::Schedule;
use super::schedule_parts;
use crate::raft::Settings;
use crate::record::message_name::MessageName;
use crate::scenario::verb_table::Verb;

/// How many moves one pass over a schedule plays at most, which takes a fraction of a second. A schedule
/// that could be shorter still when the pass ends is a counterexample all the same.
const PATIENCE: usize = 400_000;

struct Shrinker {
    best: Schedule,
    objective: Objective,
    left: usize,
}

/// Returns the shortest schedule found that meets `objective`, from a `schedule` that does.
///
/// Each round tries all [`variants`] of the settings, because a no-op can take the place of a command.
/// Of equally short schedules it keeps the one with the most usual settings, which are easier to read.
pub fn shrink(schedule: &Schedule, objective: Objective) -> Schedule {
    let mut best = schedule.clone();
    loop {
        let shorter = variants(best.settings)
            .filter_map(|settings| shrink_as_set_up(settings, &best.moves, objective))
            .min_by_key(|schedule| schedule.moves.len());
        let Some(shorter) = shorter else { return best };
        let before = best.moves.len();
        best = tidy(&shorter, objective);
        if best.moves.len() == before {
            return best;
        }
    }
}

/// Returns the same settings with and without a no-op, with the usual batches and, if they differ, their
/// own; the most usual first.
pub fn variants(settings: Settings) -> impl Iterator<Item = Settings> {
    let usual = Settings::new(settings.nodes);
    let own = (settings.max_batch != usual.max_batch).then_some(settings.max_batch);
    [usual.no_op, !usual.no_op].into_iter().flat_map(move |no_op| {
        let batches = iter::once(usual.max_batch).chain(own);
        batches.map(move |max_batch| Settings { no_op, max_batch, ..settings })
    })
}

/// Shortens the moves in a cluster with these settings; `None` if they do not meet `objective` there.
fn shrink_as_set_up(settings: Settings, moves: &[Verb], objective: Objective) -> Option<Schedule> {
    let best = replay(settings, moves.to_vec(), objective)?;
    let mut shrinker = Shrinker { best, objective, left: PATIENCE };
    shrinker.remove_chunks();
    shrinker.use_younger_messages();
    shrinker.move_earlier();
    Some(shrinker.best)
}

/// Plays these moves, and returns those that could be made; `None` if they do not meet `objective`.
fn replay(settings: Settings, moves: Vec<Verb>, objective: Objective) -> Option<Schedule> {
    let played = Schedule { settings, moves }.play(objective);
    played.violated.map(|_| Schedule { settings, moves: played.moves })
}

/// Reorders the moves so that they form fewer parts, because moves that belong together read better in
/// one part. Also replaces needless commands.
pub fn tidy(schedule: &Schedule, objective: Objective) -> Schedule {
    let settings = schedule.settings;
    let Some(best) = replay(settings, schedule.moves.clone(), objective) else {
        return schedule.clone();
    };
    let length = best.moves.len();
    let mut best = without_needless_commands(best, objective);
    let mut parts = schedule_parts::parts(&best.moves).len();
    'again: loop {
        for from in 0..length {
            for to in (0..length).filter(|&to| to != from) {
                let mut moves = best.moves.clone();
                let verb = moves.remove(from);
                moves.insert(to, verb);
                let fewer = schedule_parts::parts(&moves).len();
                if fewer >= parts {
                    continue;
                }
                let other = replay(settings, moves, objective);
                if let Some(other) = other.filter(|other| other.moves.len() == length) {
                    (best, parts) = (other, fewer);
                    continue 'again;
                }
            }
        }
        return best;
    }
}

/// Replaces a command by a heartbeat where the leader only has to send something.
fn without_needless_commands(mut best: Schedule, objective: Objective) -> Schedule {
    for at in 0..best.moves.len() {
        let Verb::Submit { to, .. } = &best.moves[at] else { continue };
        let mut moves = best.moves.clone();
        moves[at] = Verb::Heartbeat(*to);
        let other = replay(best.settings, moves, objective);
        if let Some(other) = other.filter(|other| other.moves.len() == best.moves.len()) {
            best = other;
        }
    }
    best
}

impl Shrinker {
    /// Keeps `moves`, which are never more than the best has, if they also meet the objective. Returns
    /// whether they do.
    fn offer(&mut self, moves: Vec<Verb>) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left = self.left.saturating_sub(moves.len().max(1));
        let Some(found) = replay(self.best.settings, moves, self.objective) else { return false };
        self.best = found;
        true
    }

    /// Takes pieces out by Zeller and Hildebrandt's delta debugging: halves, quarters, ... single moves.
    fn remove_chunks(&mut self) {
        let mut size = self.best.moves.len().div_ceil(2).max(1);
        loop {
            let mut at = 0;
            while at < self.best.moves.len() {
                let end = (at + size).min(self.best.moves.len());
                let mut moves = self.best.moves.clone();
                moves.drain(at..end);
                if !self.offer(moves) {
                    at += size;
                }
            }
            if size == 1 || self.left == 0 {
                return;
            }
            size = size.div_ceil(2);
        }
    }

    /// Delivers a newer message of the same kind and link where that works too, because it reads better.
    fn use_younger_messages(&mut self) {
        for at in 0..self.best.moves.len() {
            let Some(Verb::Deliver(name)) = self.best.moves.get(at).cloned() else { continue };
            for nth_newest in 0..name.nth_newest {
                let mut moves = self.best.moves.clone();
                moves[at] = Verb::Deliver(MessageName { nth_newest, ..name });
                if self.offer(moves) {
                    break;
                }
            }
        }
    }

    /// Makes a move earlier where the move that it then precedes can be left out.
    fn move_earlier(&mut self) {
        let mut from = 1;
        while from < self.best.moves.len() {
            let mut shorter = false;
            for to in (0..from).rev() {
                let mut moves = self.best.moves.clone();
                let verb = moves.remove(from);
                moves.insert(to, verb);
                let mut without = moves.clone();
                without.remove(to + 1);
                if self.offer(without) {
                    shorter = true;
                    break;
                }
            }
            if !shorter {
                from += 1;
            }
        }
    }
}
