//! What a cluster owes its users once the faults stop: a leader within a bounded time, all that was
//! left over committed, a leader that stays while nothing disturbs it, and new commands committed.

use std::sync::Mutex;
use std::time::Duration;

use super::clients::Clients;
use super::unneeded_elections::{UnneededElection, UnneededElections};
use serde::Serialize;

use crate::network::Conditions;
use crate::panics::lock;
use crate::raft::{NodeId, NodeSet, Term};
use crate::scenario::world::World;
use crate::server::status::{NodeStatus, leader_of};
use crate::server::timing::Time;
use crate::server::turn_order::CrashPoint;
use crate::sim::Sim;

/// Two of the longest election timeouts.
const SETTLING: Duration = Duration::from_millis(600);
/// Twenty of the longest election timeouts.
const LEADER_WITHIN: Duration = Duration::from_secs(6);
/// Round trips are 10 ms at most now; a log that is sent entry by entry needs one for each.
const COMMIT_WITHIN: Duration = Duration::from_secs(3);
/// A leader sends a command to its followers as soon as it has it, so in the calm one round trip, of 10 ms
/// at most, commits it; a heartbeat would come only after 50 ms.
const PROMPTLY: Duration = Duration::from_millis(20);
/// An election ends without a leader if another node campaigns within a round trip, or if the one that campaigns
/// lacks what is committed. That is every second election at worst (of six nodes, which can split evenly),
/// so 25 come to pass in one world of sixteen million; in 60,000 worlds there were 14 at most.
const MOST_ELECTIONS: u64 = 24;
/// How long no fault happens at all.
const QUIET: Duration = Duration::from_millis(1500);

/// What did not happen in time, or happened without need.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stall {
    /// No leader that all follow.
    NoLeader {
        /// When the wait ended.
        #[serde(rename = "at_us")]
        at: Time,
        /// The highest term by then.
        term: Term,
    },
    /// A leader, and entries in its log that stay uncommitted.
    Uncommitted {
        /// Who leads.
        leader: NodeId,
        /// How many entries stay uncommitted.
        entries: u64,
    },
    /// The leader was deposed though nothing disturbed it.
    Deposed {
        /// Who led.
        leader: NodeId,
        /// The term it led.
        from: Term,
        /// The highest term later.
        to: Term,
    },
    /// New commands were not committed everywhere.
    Unserved {
        /// When the wait ended.
        #[serde(rename = "at_us")]
        at: Time,
    },
    /// There were more elections than a leader takes.
    ManyElections {
        /// How many there were.
        held: u64,
        /// How many there may be.
        most: u64,
    },
    /// A command that everything was ready for had to wait.
    Slow {
        /// Who leads.
        leader: NodeId,
    },
    /// An election that nothing called for.
    UnneededElection(UnneededElection),
}

/// Ends all faults and holds the cluster to what it owes.
///
/// Two hard cases are drawn now and then. A *deaf* leader of an older term keeps sending, and hears
/// nothing; a majority without it must do. And in a *blackout* all nodes start at the same moment.
///
/// # Errors
/// If the cluster does not recover.
pub fn recover(
    sim: &mut Sim,
    clients: &mut Clients,
    unneeded: &Mutex<UnneededElections>,
    deaf: bool,
    blackout: bool,
) -> Result<(), Stall> {
    sim.set_conditions(Conditions {
        latency_min: Duration::from_millis(1),
        latency_max: Duration::from_millis(5),
        ..Conditions::PERFECT
    });
    sim.heal();
    sim.cancel_crashes();
    // What strays may be seconds late; it would disturb the calm, and rightly.
    sim.lose_all();
    let nodes = sim.size();
    for node in NodeId::all(nodes) {
        let _ = sim.resume(node);
    }
    for node in NodeId::all(nodes) {
        if blackout && sim.server(node).is_some() {
            let _ = sim.crash(node, CrashPoint::Between);
        }
    }
    for node in NodeId::all(nodes) {
        if sim.server(node).is_none() {
            let _ = sim.restart(node);
        }
    }
    let apart = if deaf && nodes >= 3 { deafen_the_leader(sim, unneeded) } else { None };
    let core: NodeSet = NodeId::all(nodes).filter(|&node| Some(node) != apart).collect();

    let before = sim.elections().held;
    // A timer that was all but over when the calm began may still end.
    let settled = sim.now() + SETTLING;
    clients.run_to(sim, settled);
    let leader = await_leader(sim, core)?;
    let left_over = !sim.config().settings.no_op;
    await_commit(sim, core, left_over)?;
    stay_quiet(sim, clients, core, leader)?;
    let (held, most) = (sim.elections().held - before, MOST_ELECTIONS);
    if held > most {
        return Err(Stall::ManyElections { held, most });
    }
    serve(sim, clients, core)?;
    commit_promptly(sim, leader.id)
}

/// Makes the leader deaf: it goes on sending, and never hears that its term is over. Someone else
/// has begun a new term, and crashed at once, so that nobody leads it.
fn deafen_the_leader(sim: &mut Sim, unneeded: &Mutex<UnneededElections>) -> Option<NodeId> {
    let nodes = sim.size();
    let leader = leader_of(&sim.status())?;
    let deaf = leader.id;
    for node in NodeId::all(nodes).filter(|&node| node != deaf) {
        sim.cut(node, deaf);
    }
    let other = NodeId::all(nodes).find(|&node| node != deaf)?;
    // It may lead an older term itself, and a leader does not campaign.
    restart(sim, other);
    // Each time raises its term by one, unless the rule that says so is broken.
    for _ in sim.status_of(other).term.get()..=leader.term.get() {
        let _ = sim.election_timeout(other);
    }
    lock(unneeded).excuse(Some(other), sim.now());
    restart(sim, other);
    Some(deaf)
}

fn restart(sim: &mut Sim, node: NodeId) {
    let _ = sim.crash(node, CrashPoint::Between);
    let _ = sim.restart(node);
}

fn of_core(sim: &Sim, core: NodeSet) -> Vec<NodeStatus> {
    core.iter().map(|node| sim.status_of(node)).collect()
}

fn highest_term(sim: &Sim, core: NodeSet) -> Term {
    of_core(sim, core).iter().map(|status| status.term).max().unwrap_or_default()
}

/// Waits until one node of the core leads and all the others know it.
fn await_leader(sim: &mut Sim, core: NodeSet) -> Result<NodeStatus, Stall> {
    let led = |sim: &Sim| {
        let statuses = of_core(sim, core);
        let leader = leader_of(&statuses)?;
        let follow =
            |status: &NodeStatus| status.term == leader.term && status.leader == Some(leader.id);
        statuses.iter().all(follow).then_some(leader)
    };
    sim.run_until(LEADER_WITHIN, |sim| led(sim).is_some());
    led(sim).ok_or_else(|| Stall::NoLeader { at: sim.now(), term: highest_term(sim, core) })
}

/// Waits until all that the leader holds is committed on the whole core. Without a no-op nothing
/// commits what an earlier leader left, so one command is given first.
fn await_commit(sim: &mut Sim, core: NodeSet, give_command: bool) -> Result<(), Stall> {
    if give_command && let Some(leader) = leader_of(&of_core(sim, core)) {
        let ticket = sim.propose(leader.id, "left over");
        sim.forget(ticket);
    }
    let behind = |sim: &Sim| {
        let statuses = of_core(sim, core);
        let leader = leader_of(&statuses)?;
        let slowest = statuses.iter().map(|status| status.commit.get()).min()?;
        Some((leader, leader.last.index.get() - slowest.min(leader.last.index.get())))
    };
    let log = leader_of(&of_core(sim, core)).map_or(0, |leader| leader.last.index.get());
    let bound = COMMIT_WITHIN + Duration::from_millis(15 * log);
    sim.run_until(bound, |sim| behind(sim).is_some_and(|(_, entries)| entries == 0));
    match behind(sim) {
        Some((_, 0)) => Ok(()),
        Some((leader, entries)) => Err(Stall::Uncommitted { leader: leader.id, entries }),
        None => Err(Stall::NoLeader { at: sim.now(), term: highest_term(sim, core) }),
    }
}

/// No fault happens for a while: a leader whose messages all arrive must stay the leader.
fn stay_quiet(
    sim: &mut Sim,
    clients: &mut Clients,
    core: NodeSet,
    leader: NodeStatus,
) -> Result<(), Stall> {
    let until = sim.now() + QUIET;
    clients.run_to(sim, until);
    let to = highest_term(sim, core);
    if to == leader.term && sim.status_of(leader.id).leads() {
        Ok(())
    } else {
        Err(Stall::Deposed { leader: leader.id, from: leader.term, to })
    }
}

/// New commands are committed on the whole core, and clients that ask are answered.
fn serve(sim: &mut Sim, clients: &mut Clients, core: NodeSet) -> Result<(), Stall> {
    for _ in 0..10 {
        let until = clients.next_move().max(sim.now());
        sim.run_to(until);
        clients.act(sim);
    }
    await_commit(sim, core, false).map_err(|_| Stall::Unserved { at: sim.now() })?;
    // Whoever still waits for an answer gets it now, if it is ever to come.
    for _ in 0..10 {
        let until = clients.next_move().max(sim.now());
        sim.run_to(until);
        clients.look_only(sim);
    }
    Ok(())
}

/// The leader commits a command in one round trip, now that all followers have all that came before.
fn commit_promptly(sim: &mut Sim, leader: NodeId) -> Result<(), Stall> {
    let ticket = sim.propose(leader, "at once");
    sim.forget(ticket);
    let status = sim.status_of(leader);
    let committed = |sim: &Sim| sim.status_of(leader).commit >= status.last.index;
    if sim.run_until(PROMPTLY, committed) || !status.leads() {
        return Ok(());
    }
    Err(Stall::Slow { leader })
}
