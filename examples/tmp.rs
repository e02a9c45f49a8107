//! tmp
use raft_in_practice::{
    hunt::{schedule::*, shrink::*, trial::*, walk::*},
    raft::*,
    sim::FaultMix,
};
use std::time::Instant;
fn main() {
    let t = Instant::now();
    let mut bad = 0;
    let n = 3000;
    for seed in 0..n {
        let f = trial(seed, RuleSet::INTACT, Aim::Anything);
        if let Some(f) = f.finding {
            bad += 1;
            println!("INTACT seed {seed} {f:?} {:?}", FaultMix::draw(seed));
            if bad > 6 {
                break;
            }
        }
    }
    println!("intact {n} trials {:?}", t.elapsed());
    for rule in [Rule::RepliesMatchedToTerm] {
        let rules = RuleSet::INTACT.without(rule);
        let t = Instant::now();
        let mut first = None;
        let mut found = 0;
        let mut best = None;
        for seed in 0..2000000u64 {
            if t.elapsed().as_secs() > 60 {
                break;
            }
            let aim = Aim::Only(Property::DurableQuorum);
            let f = trial(seed, rules, aim).finding;
            if let Some(x) = f {
                if first.is_none() {
                    first = Some((seed, t.elapsed(), x))
                }
                found += 1;
                let s = record(seed, rules, aim);
                let sh = shrink(&s, aim);
                println!(
                    "seed {seed} raw {} shrunk {} {:?}",
                    s.moves.len(),
                    sh.moves.len(),
                    t.elapsed()
                );
                let l = sh.moves.len();
                if best.is_none_or(|b| l < b) {
                    best = Some(l);
                    for m in &sh.moves {
                        println!("   {m}")
                    }
                }
                if found >= 4 {
                    break;
                }
            }
        }
        println!("{rule:32} found {found} {:?} best {best:?} first {first:?}", t.elapsed());
    }
}
