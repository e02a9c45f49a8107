//! A cluster on threads: how it starts and stops.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Sender, bounded, unbounded};

use super::client::{Applied, Client};
use super::delay_queue::{self, Delay};
use super::error::{Panicked, StartError, WriteError};
use super::node_command::NodeCommand;
use super::node_thread::ClusterNode;
use super::shared::{ClusterClock, Shared};
use crate::network::Conditions;
use crate::panics;
use crate::raft::{Command, MAX_NODES, NodeId, Settings};
use crate::record::journal::Observer;
use crate::scenario::script::Script;
use crate::server::status::NodeStatus;
use crate::server::timing::Timing;
use crate::server::{Disk, Proposal, Server, ServerConfig, Ticket};

/// The configuration of a cluster.
pub struct ClusterConfig {
    /// The protocol's settings, with the number of nodes.
    pub settings: Settings,
    /// The durations of the timers, in the cluster's time; only the tick is in real time.
    pub timing: Timing,
    /// How lossy and how slow the links are, in the cluster's time.
    pub conditions: Conditions,
    /// The seed of all random draws. The same seed does not give the same run, because the timing
    /// of threads varies.
    pub seed: u64,
    /// How fast the cluster's time runs: at 10, ten of its seconds pass in one.
    pub speed: f64,
    /// The observers of the journal.
    pub observers: Vec<Box<dyn Observer>>,
}

impl ClusterConfig {
    /// A sound cluster of `nodes` on perfect links, with the paper's timing, in real time.
    pub const fn new(nodes: usize) -> Self {
        Self {
            settings: Settings::new(nodes),
            timing: Timing::PAPER,
            conditions: Conditions::PERFECT,
            seed: 0,
            speed: 1.0,
            observers: Vec::new(),
        }
    }

    /// The cluster that a scenario asks for, in real time.
    pub fn of(script: &Script) -> Self {
        let (settings, conditions) = (script.settings(), script.conditions);
        let (timing, seed) = (script.timing, script.seed);
        Self { settings, timing, conditions, seed, ..Self::new(script.nodes) }
    }
}

/// Checks that threads look at their timers often enough for this timing at this speed.
///
/// # Errors
/// If heartbeats are due more often than threads look at their timers.
pub fn check_speed(timing: Timing, speed: f64) -> Result<(), StartError> {
    let highest = timing.heartbeat.div_duration_f64(timing.tick);
    if speed > highest {
        return Err(StartError::TooFast { speed, highest, tick: timing.tick });
    }
    Ok(())
}

/// A running cluster: a [`World`](crate::scenario::world::World) on threads. Dropping it stops it.
pub struct RaftCluster {
    pub(super) config: ServerConfig,
    pub(super) tick: Duration,
    pub(super) shared: Arc<Shared>,
    nodes: Vec<Option<JoinHandle<()>>>,
    delay_queue: Option<JoinHandle<()>>,
    panicked: Vec<(String, String)>,
    /// The client that proposes for a script, and the outcomes that it knows so far.
    pub(super) scripted: Client,
    pub(super) told: Mutex<BTreeMap<Ticket, Proposal>>,
}

impl RaftCluster {
    /// Starts every node on a thread of its own, as a follower in term 0.
    ///
    /// # Errors
    /// If the configuration is not valid, or the system cannot start another thread.
    pub fn start(config: ClusterConfig) -> Result<Self, StartError> {
        let ClusterConfig { settings, timing, conditions, seed, speed, observers } = config;
        let size = settings.nodes;
        if !(1..=MAX_NODES).contains(&size) {
            return Err(StartError::Size(size));
        }
        if !(speed.is_finite() && speed > 0.0) {
            return Err(StartError::Speed(speed));
        }
        check_speed(timing, speed)?;
        let clock = ClusterClock::start(speed);
        let (shared, delays) = Shared::new(size, conditions, seed, clock, observers);
        let delay_queue =
            delay_queue::start(Arc::clone(&shared), delays).map_err(StartError::Thread)?;
        let mut cluster = Self {
            config: ServerConfig { settings, timing, seed },
            tick: timing.tick,
            nodes: (0..size).map(|_| None).collect(),
            delay_queue: Some(delay_queue),
            panicked: Vec::new(),
            scripted: Client::new(Arc::clone(&shared)),
            told: Mutex::default(),
            shared,
        };
        for id in NodeId::all(size) {
            // An error drops the cluster, which stops the threads that did start.
            let thread = cluster.spawn(id).map_err(StartError::Thread)?;
            let now = cluster.shared.clock.now();
            let server = Server::start(id, cluster.config, Disk::default(), now);
            cluster.shared.at_now(|journal, now| journal.begins(now, &server));
            cluster.launch(&thread, server);
        }
        Ok(cluster)
    }

    /// Starts a thread that waits for a node to run, and ends if it gets none. The thread is started first
    /// because that can fail; the journal then records the start of the node before the node's first turn.
    pub(super) fn spawn(&mut self, id: NodeId) -> io::Result<Sender<ClusterNode>> {
        let (launch, launched) = bounded::<ClusterNode>(1);
        let life = move || {
            if let Ok(node) = launched.recv() {
                node.run();
            }
        };
        self.nodes[id.index()] = Some(thread::Builder::new().name(id.to_string()).spawn(life)?);
        Ok(launch)
    }

    /// Hands a server to its thread, which runs it.
    pub(super) fn launch(&self, thread: &Sender<ClusterNode>, server: Server) {
        let (id, status) = (server.node().id(), NodeStatus::of(&server));
        let (channel, commands) = unbounded();
        let node = ClusterNode::new(server, self.tick, commands, Arc::clone(&self.shared));
        self.shared.registry.post(status);
        self.shared.channels.open(id, channel);
        // The thread is waiting for the node, so this cannot fail.
        let _ = thread.send(node);
    }

    /// Stops every thread and waits until all have ended.
    ///
    /// # Errors
    /// If any of them has panicked since the cluster started.
    pub fn stop(mut self) -> Result<(), Panicked> {
        self.stop_threads();
        let threads = std::mem::take(&mut self.panicked);
        if threads.is_empty() { Ok(()) } else { Err(Panicked { threads }) }
    }

    /// Stops every thread and waits until all have ended. A second call does nothing.
    pub(super) fn stop_threads(&mut self) {
        self.shared.channels.close();
        for node in NodeId::all(self.nodes.len()) {
            self.join(node);
        }
        self.shared.links.delay(Delay::Stop);
        if let Some(Err(panic)) = self.delay_queue.take().map(JoinHandle::join) {
            self.panicked.push(("the delay queue".to_owned(), panics::words(&*panic)));
        }
    }

    /// Waits until a node's thread has ended.
    pub(super) fn join(&mut self, node: NodeId) {
        if let Some(Err(panic)) = self.nodes[node.index()].take().map(JoinHandle::join) {
            self.panicked.push((node.to_string(), panics::words(&*panic)));
        }
    }

    /// A new client of this cluster, which may run on its own thread.
    pub fn client(&self) -> Client {
        Client::new(Arc::clone(&self.shared))
    }

    /// Finds the leader, hands it a command and waits until it is committed and applied; see
    /// [`Client::write`].
    ///
    /// # Errors
    /// If that was not seen to happen within `bound`.
    pub fn write(
        &self,
        command: impl Into<Command>,
        bound: Duration,
    ) -> Result<Applied, WriteError> {
        self.scripted.write(command, bound)
    }

    /// Looks at a server between two of its turns; `None` if the node is down.
    pub(super) fn inspect<T: Send + 'static>(
        &self,
        node: NodeId,
        look: impl FnOnce(&Server) -> T + Send + 'static,
    ) -> Option<T> {
        let (to, seen) = bounded(1);
        let look = NodeCommand::Inspect(Box::new(move |server| _ = to.send(look(server))));
        self.shared.channels.tell(node, look);
        seen.recv().ok()
    }

    /// Compares the whole log of every running node with what the checker has seen of it. A node does this
    /// between two turns, because only then has the checker seen its whole log.
    pub(super) fn audit(&self) {
        for node in NodeId::all(self.nodes.len()) {
            let shared = Arc::clone(&self.shared);
            self.inspect(node, move |server| {
                shared.at_now(|journal, now| journal.audit(now, server));
            });
        }
    }
}

impl Drop for RaftCluster {
    fn drop(&mut self) {
        self.stop_threads();
    }
}
