//! Random draws: the few kinds that worlds and searches need, from the numbers of a generator.
//!
//! The numbers of ChaCha are specified. How a library makes a die or a coin of them is not, and another
//! release of it would make other runs of the same seeds; so that is done here.

use rand::Rng;

/// What can be drawn.
pub trait Draw: Rng {
    /// A number below `count`, each as likely as any other.
    ///
    /// # Panics
    /// If there is none, or `count` does not fit 32 bits.
    fn below(&mut self, count: usize) -> usize {
        assert!(count > 0, "something is drawn from something");
        let count = u32::try_from(count).expect("what is drawn from fits 32 bits");
        // Canon's method: a random fraction, to 32 digits, times `count`. Where the digits that follow
        // could carry into the result, they are drawn too.
        let mut product = u64::from(self.next_u32()) * u64::from(count);
        let result = (product >> 32) as usize;
        while product as u32 > count.wrapping_neg() {
            let next = u64::from(self.next_u32()) * u64::from(count);
            match u64::from(product as u32) + (next >> 32) {
                sum if sum > u64::from(u32::MAX) => return result + 1,
                sum if sum < u64::from(u32::MAX) => return result,
                _ => product = next,
            }
        }
        result
    }

    /// A number from `low` to `high`, both included, each as likely as any other.
    ///
    /// # Panics
    /// If there is none.
    fn within(&mut self, low: u64, high: u64) -> u64 {
        assert!(low <= high, "a range has an end that is not before its beginning");
        let Some(count) = (high - low).checked_add(1).map(u128::from) else {
            return self.next_u64();
        };
        // As in `below`, with 64 digits at a time.
        let mut product = u128::from(self.next_u64()) * count;
        let result = low + (product >> 64) as u64;
        while product as u64 > (count as u64).wrapping_neg() {
            let next = u128::from(self.next_u64()) * count;
            match u128::from(product as u64) + (next >> 64) {
                sum if sum > u128::from(u64::MAX) => return result + 1,
                sum if sum < u128::from(u64::MAX) => return result,
                _ => product = next,
            }
        }
        result
    }

    /// Whether something happens that has this probability, from 0 to 1.
    ///
    /// # Panics
    /// If that is no probability.
    #[expect(clippy::cast_sign_loss, reason = "a probability is not negative")]
    fn chance(&mut self, probability: f64) -> bool {
        assert!((0.0..=1.0).contains(&probability), "a probability is a number from 0 to 1");
        let whole = 2.0_f64.powi(64);
        probability >= 1.0 || self.next_u64() < (probability * whole) as u64
    }

    /// A number from 0 to less than 1.
    fn fraction(&mut self) -> f64 {
        (self.next_u64() >> 12) as f64 / 2.0_f64.powi(52)
    }

    /// One of these, if there is one.
    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { Some(&from[self.below(from.len())]) }
    }

    /// One of these, of which there is one at least.
    fn one_of<T: Copy, const COUNT: usize>(&mut self, from: [T; COUNT]) -> T {
        from[self.below(COUNT)]
    }

    /// The place of one of these weights, each as likely as it is heavy.
    ///
    /// # Panics
    /// If none of them weighs anything.
    fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut rest = self.below(weights.iter().sum::<u32>() as usize);
        let heavier = |&weight: &u32| {
            let here = rest < weight as usize;
            rest = rest.saturating_sub(weight as usize);
            here
        };
        let place = weights.iter().position(heavier);
        place.expect("a number below the sum of the weights falls on one of them")
    }

    /// Brings up to twelve items into any order.
    ///
    /// # Panics
    /// If there are more.
    fn shuffle<T>(&mut self, items: &mut [T]) {
        assert!(items.len() <= 12, "one draw decides the order of twelve items at most");
        if items.len() < 2 {
            return;
        }
        let mut rest = self.below(479_001_600);
        for at in 1..items.len() {
            items.swap(at, rest % (at + 1));
            rest /= at + 1;
        }
    }
}

impl<R: Rng + ?Sized> Draw for R {}
