//! Random draws: the few kinds that worlds and searches need, from the numbers of a generator.
//!
//! The numbers of ChaCha are specified. How a library turns them into a die or a coin is not, and another
//! release of it could make other runs of the same seeds. So this module does that itself.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The generator of one stream of a seed. Streams are independent, so whatever draws has one of its own:
///
/// | Stream | What draws from it |
/// |---|---|
/// | `starts << 8 \| id` | the election timeouts of a node that started so often before |
/// | `u64::MAX` | the network, in either world |
/// | `u64::MAX - 1` | the mix of faults of a hunt |
/// | `u64::MAX - 2` | the faults |
/// | `u64::MAX - 3` | the walk of single moves |
/// | `u64::MAX - 4` | the clients |
/// | `u64::MAX - 5` | the walk of leaderships |
pub fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// The kinds of random draws.
pub trait Draw: Rng {
    /// A number below `count`, each as likely as any other.
    ///
    /// # Panics
    /// If `count` is 0 or does not fit 32 bits.
    fn below(&mut self, count: usize) -> usize {
        assert!(count > 0, "something is drawn from something");
        let count = u32::try_from(count).expect("what is drawn from fits 32 bits");
        // Canon's method: a random fraction of 32 binary digits, times `count`. More digits are drawn only
        // where they could carry into the result.
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
    /// If `low` is above `high`.
    fn within(&mut self, low: u64, high: u64) -> u64 {
        assert!(low <= high, "a range has an end that is not before its beginning");
        let Some(count) = (high - low).checked_add(1).map(u128::from) else {
            return self.next_u64();
        };
        // As in `below`, with 64 binary digits at a time.
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

    /// Whether an event with this probability, from 0 to 1, happens.
    ///
    /// # Panics
    /// If `probability` is not from 0 to 1.
    #[expect(clippy::cast_sign_loss, reason = "a probability is not negative")]
    fn chance(&mut self, probability: f64) -> bool {
        assert!((0.0..=1.0).contains(&probability), "a probability is a number from 0 to 1");
        let whole = 2.0_f64.powi(64);
        probability >= 1.0 || self.next_u64() < (probability * whole) as u64
    }

    /// A number that is at least 0 and less than 1.
    fn fraction(&mut self) -> f64 {
        (self.next_u64() >> 12) as f64 / 2.0_f64.powi(52)
    }

    /// One of the items of `from`, or `None` if it is empty.
    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { Some(&from[self.below(from.len())]) }
    }

    /// One of these items, of which there must be at least one.
    fn one_of<T: Copy, const COUNT: usize>(&mut self, from: [T; COUNT]) -> T {
        from[self.below(COUNT)]
    }

    /// The position of one of `weights`, drawn with a probability in proportion to its weight.
    ///
    /// # Panics
    /// If no weight is above 0.
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

    /// Puts up to twelve items in a random order. All orders are equally likely.
    ///
    /// # Panics
    /// If there are more than twelve.
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
