//! How many states a search may find, before it begins.
//!
//! A rule of thumb, fitted to searches that were made: within a factor of about three of each of
//! those. It is for telling the possible from the hopeless, and for nothing else.

use super::bounds::{Bounds, Tier};

/// The memory that a state takes, all books included, in bytes.
const BYTES: f64 = 100.0;

/// Roughly how much memory a search of single messages takes when every rule is kept; nothing is
/// known of other searches.
pub fn estimated_bytes(bounds: &Bounds) -> Option<u64> {
    if bounds.tier != Tier::Messages || !bounds.merge.echoes || !bounds.merge.symmetry {
        return None;
    }
    let nodes = bounds.nodes as f64;
    let (terms, log) = (bounds.terms as f64, bounds.log as f64);
    let elections = 100.0 * 6.0_f64.powf(nodes - 3.0) * 2.4_f64.powf(nodes * (terms - 2.0));
    // What a leader and one follower can say to each other; followers do so independently.
    let talk = 4.5_f64.powf(log * (log + 1.0) / 2.0).powf(nodes - 1.0);
    let crashes = 4.0_f64.powf(f64::from(bounds.crashes));
    #[expect(
        clippy::cast_sign_loss,
        reason = "no factor is negative; too large becomes the largest"
    )]
    Some((elections * talk * crashes * BYTES) as u64)
}

/// Smaller bounds that fit into the memory that these may use, even if the estimate is as wrong as it
/// can be.
pub fn what_fits(bounds: &Bounds) -> Option<Bounds> {
    let mut smaller = *bounds;
    while estimated_bytes(&smaller)?.saturating_mul(3) > bounds.memory {
        if smaller.log > 0 {
            smaller.log -= 1;
        } else if smaller.crashes > 0 {
            smaller.crashes -= 1;
        } else if smaller.terms > 1 {
            smaller.terms -= 1;
        } else {
            return None;
        }
    }
    Some(smaller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_near_what_was_measured() {
        let measured = [
            (Bounds::new(3, 2, 2), 1_705_993),
            (Bounds::new(3, 3, 1), 25_394),
            (Bounds::new(3, 2, 1).with_crashes(1), 8_770),
            (Bounds::new(4, 2, 1), 23_764),
            (Bounds::new(5, 2, 0), 3_437),
        ];
        for (bounds, states) in measured {
            let estimate = estimated_bytes(&bounds).unwrap_or_default() as f64 / BYTES;
            let ratio = estimate / f64::from(states);
            assert!((0.3..3.0).contains(&ratio), "{bounds:?}: {estimate} for {states}");
        }
    }

    #[test]
    fn what_is_hopeless_is_made_smaller_until_it_fits() {
        let hopeless = Bounds { memory: 1 << 30, ..Bounds::new(5, 4, 4) };
        let Some(fits) = what_fits(&hopeless) else { panic!("something always fits") };
        assert!(fits.log < 4 && estimated_bytes(&fits) <= Some(1 << 30), "{fits:?}");
        // Two entries took 156 MB, though the estimate is below 100.
        let short = Bounds { memory: 100 << 20, ..Bounds::new(3, 2, 3) };
        assert_eq!(what_fits(&short).map(|fits| fits.log), Some(1));
    }
}
