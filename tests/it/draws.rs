//! Random draws are pinned, and every value is equally likely.

use raft_in_practice::random_draws::Draw;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[test]
fn draws_are_what_they_were_when_this_test_was_written() {
    let rng = &mut ChaCha8Rng::seed_from_u64(7);
    let dice: Vec<usize> = (0..8).map(|_| rng.below(6)).collect();
    let times: Vec<u64> = (0..3).map(|_| rng.within(1_500_000, 2_999_999)).collect();
    let coins: Vec<bool> = (0..8).map(|_| rng.chance(0.3)).collect();
    let rows: Vec<usize> = (0..8).map(|_| rng.weighted(&[5, 0, 1, 4])).collect();
    let mut order = [0, 1, 2, 3, 4, 5];
    rng.shuffle(&mut order);
    assert_eq!(
        (dice, times, coins, rows, order, rng.fraction(), rng.one_of(["a", "b", "c"])),
        (
            vec![0, 0, 1, 1, 1, 4, 0, 4],
            vec![2_401_888, 2_039_046, 1_624_589],
            vec![false, false, false, true, false, false, true, false],
            vec![0, 2, 3, 0, 3, 0, 3, 0],
            [0, 1, 3, 4, 5, 2],
            0.292_869_960_706_997_1,
            "b"
        ),
    );
}

/// The first seeds were recorded with `rand` 0.10. They must keep naming the same runs.
#[test]
fn draws_are_those_of_rand_0_10() {
    let (ours, theirs) = (&mut ChaCha8Rng::seed_from_u64(3), &mut ChaCha8Rng::seed_from_u64(3));
    for count in (1..2_000).chain([u32::MAX as usize, 3_000_000_000]) {
        assert_eq!(ours.below(count), theirs.random_range(0..count));
        let high = u64::MAX / (count as u64 + 1) + 3;
        assert_eq!(ours.within(3, high), theirs.random_range(3..=high));
        let probability = 1.0 / count as f64;
        assert_eq!(ours.chance(probability), theirs.random_bool(probability));
        assert_eq!((ours.fraction() * 2.0).to_bits(), theirs.random_range(0.0_f64..2.0).to_bits());
        let items: Vec<usize> = (0..count % 13).collect();
        assert_eq!(ours.pick(&items), items.choose(theirs));
        let (mut own, mut other) = (items.clone(), items);
        ours.shuffle(&mut own);
        other.shuffle(theirs);
        assert_eq!(own, other);
    }
}

/// Draws of three kinds of the same weight, and from a range of two thirds of all numbers, where a careless
/// method would favour every second number.
#[test]
fn no_number_is_likelier_than_another() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let mut kinds = [0; 4];
    for _ in 0..30_000 {
        kinds[rng.weighted(&[2, 2, 0, 2])] += 1;
    }
    assert!([0, 1, 3].iter().all(|&kind| (9_700..10_300).contains(&kinds[kind])), "{kinds:?}");
    assert_eq!(kinds[2], 0);
    let two_thirds = (u64::from(u32::MAX) * 2 / 3) as usize;
    let odd = (0..30_000).filter(|_| rng.below(two_thirds) % 2 == 1).count();
    assert!((14_700..15_300).contains(&odd), "{odd}");
}
