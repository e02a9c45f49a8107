//! Makes a schedule short: takes moves out, in large pieces and then one by one, as long as what
//! fell still falls; then tries whether younger messages and an earlier place do as well.

use super::schedule::{Aim, Schedule};
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
