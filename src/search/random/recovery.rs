//! What a cluster must do once the faults stop: elect a leader within a bounded time, commit what was
//! left over, keep the leader while nothing disturbs it, and commit new commands.

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
/// The time to commit, besides 15 ms for each entry: if a log is sent entry by entry, each entry needs a
/// round trip, of 10 ms at most in the calm.
const COMMIT_WITHIN: Duration = Duration::from_secs(3);
/// A leader sends a command to its followers as soon as it has it, so in the calm one round trip, of 10 ms
/// at most, commits it; a heartbeat would come only after 50 ms.
const PROMPTLY: Duration = Duration::from_millis(20);
/// An election ends without a leader if another node campaigns within a round trip, or if the candidate
/// lacks a committed entry. At worst (six nodes, which can split evenly) this is every second election, so
/// 25 elections occur in one of sixteen million worlds; in 60,000 worlds there were 14 at most.
const MOST_ELECTIONS: u64 = 24;
/// How long the quiet phase lasts, in which no fault happens.
const QUIET: Duration = Duration::from_millis(1500);

/// What did not happen in time, or happened without need.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stall {
    /// There is no leader that all nodes follow.
    NoLeader {
        /// When the wait ended.
        #[serde(rename = "at_us")]
        at: Time,
        /// The highest term by then.
        term: Term,
    },
    /// There is a leader, but entries in its log stay uncommitted.
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
    /// There were more elections than it should take to get a leader.
    ManyElections {
        /// How many there were.
        held: u64,
        /// How many are allowed.
        most: u64,
    },
    /// The leader did not commit a command promptly, though its followers were up to date.
    Slow {
        /// Who leads.
        leader: NodeId,
    },
    /// A node campaigned without reason.
    UnneededElection(UnneededElection),
}

/// Ends all faults and checks that the cluster recovers.
///
/// Two hard cases can be added. A *deaf* leader of an older term keeps sending, and hears nothing; the
/// other nodes must recover without it. In a *blackout* all nodes start at the same moment.
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
    // Stray messages can be seconds late, and could disturb the calm without any rule being broken.
    sim.lose_all();
    let nodes = sim.size();
    for node in NodeId::all(nodes) {
        let _ = sim.resume(node);
    }
    for node in NodeId::all(nodes) {
        if blackout {
            let _ = sim.crash(node, CrashPoint::Between);
        }
    }
    for node in NodeId::all(nodes) {
        let _ = sim.restart(node);
    }
    let apart = if deaf && nodes >= 3 { deafen_the_leader(sim, unneeded) } else { None };
    let core: NodeSet = NodeId::all(nodes).filter(|&node| Some(node) != apart).collect();

    let before = sim.campaigns().held;
    // A timer that had almost run out when the calm began may still end.
    let settled = sim.now() + SETTLING;
    clients.run_to(sim, settled);
    let leader = await_leader(sim, core)?;
    let left_over = !sim.config().settings.no_op;
    await_commit(sim, core, left_over)?;
    stay_quiet(sim, clients, core, leader)?;
    let (held, most) = (sim.campaigns().held - before, MOST_ELECTIONS);
    if held > most {
        return Err(Stall::ManyElections { held, most });
    }
    serve(sim, clients, core)?;
    commit_promptly(sim, leader.id)
}

/// Makes the leader deaf: it goes on sending, and never hears that its term is over. Another node begins
/// a later term and restarts at once, so that no node leads that term. Returns the deaf node.
fn deafen_the_leader(sim: &mut Sim, unneeded: &Mutex<UnneededElections>) -> Option<NodeId> {
    let nodes = sim.size();
    let leader = leader_of(&sim.status())?;
    let deaf = leader.id;
    for node in NodeId::all(nodes).filter(|&node| node != deaf) {
        sim.cut(node, deaf);
    }
    let other = NodeId::all(nodes).find(|&node| node != deaf)?;
    // The other node may lead an older term itself, and a leader does not campaign.
    restart(sim, other);
    // Each timeout raises its term by one, unless the rule for that is broken.
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

/// Waits until one node of the core leads and all the others know it as the leader.
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

/// Waits until all entries of the leader are committed on the whole core. Without a no-op nothing commits
/// the entries of earlier leaders, so with `give_command` the leader gets a command first.
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

/// Lets a while pass without faults: a leader whose messages all arrive must stay the leader.
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

/// Lets clients send commands, waits until these are committed on the whole core, and lets the clients
/// look for their answers.
fn serve(sim: &mut Sim, clients: &mut Clients, core: NodeSet) -> Result<(), Stall> {
    for _ in 0..10 {
        let until = clients.next_move().max(sim.now());
        sim.run_to(until);
        clients.act(sim);
    }
    await_commit(sim, core, false).map_err(|_| Stall::Unserved { at: sim.now() })?;
    // Clients that still wait find their answers now, if these come at all.
    for _ in 0..10 {
        let until = clients.next_move().max(sim.now());
        sim.run_to(until);
        clients.look_only(sim);
    }
    Ok(())
}

/// Checks that the leader commits a command in one round trip, now that all followers are up to date.
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
