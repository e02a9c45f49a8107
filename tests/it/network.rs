//! What links do to messages: cuts, loss, duplication and latency.

use std::time::Duration;

use raft_in_practice::network::{Conditions, Fate, Network};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::common::id;

#[test]
fn a_partition_cuts_between_groups_only_and_heals() {
    let mut network = Network::new(Conditions::PERFECT);
    network.partition(&[[id(0), id(1)].into_iter().collect()]);
    assert!(!network.is_cut(id(0), id(1)) && !network.is_cut(id(2), id(4)));
    assert!(network.is_cut(id(0), id(2)) && network.is_cut(id(4), id(1)));
    network.heal();
    assert_eq!(network, Network::new(Conditions::PERFECT));
}

#[test]
fn a_one_way_cut_leaves_the_way_back_open() {
    let mut network = Network::new(Conditions::PERFECT);
    network.cut_one_way(id(0), id(1));
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    assert_eq!(network.fate(id(0), id(1), &mut rng), Fate::Cut);
    assert_eq!(network.fate(id(1), id(0), &mut rng), Fate::Delivered(Duration::ZERO));
}

#[test]
fn one_link_of_several_that_are_cut_is_made_whole() {
    let mut network = Network::new(Conditions::PERFECT);
    network.cut_one_way(id(0), id(1));
    network.cut_one_way(id(1), id(0));
    network.cut_one_way(id(0), id(2));
    network.heal_one_way(id(0), id(1));
    assert_eq!(network.cut_links(3), [(id(0), id(2)), (id(1), id(0))]);
}

#[test]
fn a_link_may_be_worse_than_the_others_until_all_are_changed() {
    let mut network = Network::new(Conditions::PERFECT);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let lossy = Conditions { drop: 1.0, ..Conditions::PERFECT };
    network.set_link_conditions(id(0), id(1), lossy);
    assert_eq!(network.fate(id(0), id(1), &mut rng), Fate::Dropped);
    assert_eq!(network.fate(id(1), id(0), &mut rng), Fate::Delivered(Duration::ZERO));
    assert_eq!(*network.link_conditions(id(0), id(1)), lossy);
    network.set_conditions(Conditions::PERFECT);
    assert_eq!(network.fate(id(0), id(1), &mut rng), Fate::Delivered(Duration::ZERO));
}

#[test]
fn loss_duplication_and_latency_are_as_frequent_as_asked() {
    let (latency_min, latency_max) = (Duration::from_millis(1), Duration::from_millis(3));
    let network = Network::new(Conditions {
        drop: 0.2,
        duplicate: 0.5,
        latency_min,
        latency_max,
        ..Conditions::PERFECT
    });
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let (mut dropped, mut twice) = (0, 0);
    for _ in 0..10_000 {
        match network.fate(id(0), id(1), &mut rng) {
            Fate::Dropped => dropped += 1,
            Fate::Duplicated(a, b) => {
                twice += 1;
                assert!([a, b].iter().all(|d| (latency_min..=latency_max).contains(d)));
            }
            Fate::Delivered(d) => assert!((latency_min..=latency_max).contains(&d)),
            Fate::Cut => panic!("nothing is cut"),
        }
    }
    assert!((1800..2200).contains(&dropped) && (3800..4200).contains(&twice));
}
