//! Makes a schedule short: takes moves out, in large pieces and then one by one, as long as what
//! fell still falls; then tries whether younger messages and an earlier place do as well.

use super::panels;
use super::schedule::{Aim, Schedule};
use crate::raft::Settings;
use crate::scenario::verb::Verb;
use crate::world::MessageName;

/// How many moves are played at most while a schedule is made short: a fraction of a second. It bounds the
/// time, not the result; a schedule that is not yet shortest by then is still a counterexample.
const PATIENCE: usize = 400_000;

struct Shrinker {
    best: Schedule,
    aim: Aim,
    left: usize,
}

/// The shortest schedule found that still meets `aim`, from one that does.
#[must_use]
pub fn shrink(schedule: &Schedule, aim: Aim) -> Schedule {
    let mut best = shrink_as_set_up(schedule, aim);
    // Where the cluster's settings do not matter, the usual ones are easier to read; and a no-op
    // can take the place of a command.
    for settings in variants(best.settings) {
        let other = Schedule { settings, moves: best.moves.clone() };
        if other.play(aim).fallen.is_none() {
            continue;
        }
        let other = shrink_as_set_up(&other, aim);
        let rank = |schedule: &Schedule| (schedule.moves.len(), oddness(schedule.settings));
        if rank(&other) < rank(&best) {
            best = other;
        }
    }
    tidy(&best, aim)
}

/// The same cluster with and without a no-op, with limited and unlimited batches.
fn variants(settings: Settings) -> impl Iterator<Item = Settings> {
    let usual = Settings::new(settings.nodes);
    [usual.no_op, !usual.no_op].into_iter().flat_map(move |no_op| {
        [usual.max_batch, settings.max_batch].map(|max_batch| Settings {
            no_op,
            max_batch,
            ..settings
        })
    })
}

/// In how many ways a cluster is set up unusually.
fn oddness(settings: Settings) -> u8 {
    let usual = Settings::new(settings.nodes);
    u8::from(settings.no_op != usual.no_op) + u8::from(settings.max_batch != usual.max_batch)
}

fn shrink_as_set_up(schedule: &Schedule, aim: Aim) -> Schedule {
    let played = schedule.play(aim);
    let best = Schedule { moves: played.moves, ..schedule.clone() };
    if played.fallen.is_none() {
        return best;
    }
    let mut shrinker = Shrinker { best, aim, left: PATIENCE };
    loop {
        let before = shrinker.best.moves.len();
        shrinker.remove_chunks();
        shrinker.remove_pairs();
        shrinker.use_younger_messages();
        shrinker.move_earlier();
        if shrinker.best.moves.len() == before || shrinker.left == 0 {
            return shrinker.best;
        }
    }
}

/// The same moves in an order that makes the fewest panels, so that what belongs together is told
/// together.
#[must_use]
pub fn tidy(schedule: &Schedule, aim: Aim) -> Schedule {
    let played = schedule.play(aim);
    let mut best = Schedule { moves: played.moves, ..schedule.clone() };
    let length = best.moves.len();
    let mut panels = panels::panels(&best.moves).len();
    'again: loop {
        for from in 0..length {
            for to in (0..length).filter(|&to| to != from) {
                let mut moves = best.moves.clone();
                let verb = moves.remove(from);
                moves.insert(to, verb);
                let fewer = panels::panels(&moves).len();
                if fewer >= panels {
                    continue;
                }
                let other = Schedule { moves, ..best.clone() };
                let played = other.play(aim);
                if played.fallen.is_some() && played.moves == other.moves {
                    (best, panels) = (other, fewer);
                    continue 'again;
                }
            }
        }
        return best;
    }
}

impl Shrinker {
    /// Keeps `moves` if they do it in fewer moves, or in as many and `even` is wanted.
    fn offer(&mut self, moves: Vec<Verb>, even: bool) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left = self.left.saturating_sub(moves.len().max(1));
        let candidate = Schedule { moves, ..self.best.clone() };
        let played = candidate.play(self.aim);
        let (now, best) = (played.moves.len(), self.best.moves.len());
        let good = played.fallen.is_some() && (now < best || even && now == best);
        if good {
            self.best.moves = played.moves;
        }
        good
    }

    /// Zeller and Hildebrandt's delta debugging: halves, quarters, ... single moves.
    fn remove_chunks(&mut self) {
        let mut size = self.best.moves.len().div_ceil(2).max(1);
        loop {
            let mut at = 0;
            while at < self.best.moves.len() {
                let end = (at + size).min(self.best.moves.len());
                let mut moves = self.best.moves.clone();
                moves.drain(at..end);
                if !self.offer(moves, false) {
                    at += size;
                }
            }
            if size == 1 || self.left == 0 {
                return;
            }
            size = size.div_ceil(2);
        }
    }

    /// Two moves may only be superfluous together: a crash and its restart, a question and its
    /// answer.
    fn remove_pairs(&mut self) {
        let mut first = 0;
        while first < self.best.moves.len() {
            let mut second = first + 1;
            let mut shorter = false;
            while second < self.best.moves.len() {
                let mut moves = self.best.moves.clone();
                moves.remove(second);
                moves.remove(first);
                if self.offer(moves, false) {
                    shorter = true;
                    break;
                }
                second += 1;
            }
            if !shorter {
                first += 1;
            }
        }
    }

    /// A newer message of the same name often does as well, and reads better.
    fn use_younger_messages(&mut self) {
        for at in 0..self.best.moves.len() {
            let Some(Verb::Deliver(name)) = self.best.moves.get(at).cloned() else { continue };
            for nth_newest in 0..name.nth_newest {
                let mut moves = self.best.moves.clone();
                moves[at] = Verb::Deliver(MessageName { nth_newest, ..name });
                if self.offer(moves, true) {
                    break;
                }
            }
        }
    }

    /// A move that comes earlier can make one before it superfluous.
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
                if self.offer(without, false) {
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
