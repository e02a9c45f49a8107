//! scratch
use raft_in_practice::check::*;
use raft_in_practice::raft::*;
use std::num::NonZeroUsize;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let g = |i: usize, d: u64| a.get(i).and_then(|s| s.parse().ok()).unwrap_or(d);
    // nodes terms log crashes tier(0/1) delayed noop batch heartbeats jobs rule merge
    let mut b = Bounds::new(g(1, 3) as usize, g(2, 2), g(3, 1)).with_crashes(g(4, 0) as u8);
    if g(5, 0) == 1 {
        b = b.exchanges(g(6, 0) as u8);
    }
    b.no_op = g(7, 0) == 1;
    b.max_batch =
        if g(8, 0) == 0 { NonZeroUsize::new(1024) } else { NonZeroUsize::new(g(8, 0) as usize) };
    b.heartbeats = g(9, 1) == 1;
    b.jobs = g(10, 1) as usize;
    b.memory = 6 << 30;
    let rule: Option<Rule> = a.get(11).and_then(|s| s.parse().ok());
    match g(12, 7) {
        m => b.merge = Merge { symmetry: m & 1 > 0, dead_messages: m & 2 > 0, hearsay: m & 4 > 0 },
    }
    let verbose = g(13, 0) == 1;
    let o = explore(rule.into_iter().collect(), &b, |s| {
        if verbose {
            eprintln!("{s:?}");
        }
        std::ops::ControlFlow::Continue(())
    });
    println!("{:?} {:?}", o.reach, o.stats);
    if let Some(c) = o.violation {
        println!("{} panels, {} steps, {:?}", c.panels.len(), c.steps().count(), c.property);
        if verbose {
            println!("{}", c.script);
        }
    }
}
