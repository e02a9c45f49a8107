//! A cluster on threads: started, talked to, troubled, stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{bounded, unbounded};

use super::board::Board;
use super::bus::MessageBus;
use super::chronicle::{Chronicle, Clock, lock};
use super::client::{Client, Doors};
use super::error::{Panicked, RestartError, StartError};
use super::node::ClusterNode;
use super::order::{Applied, Order, Outcome, SubmitError};
use crate::network::Conditions;
use crate::panics;
use crate::properties::report::SafetyReport;
use crate::raft::{Command, Log, LogIndex, LogPosition, MAX_NODES, NodeId, NodeSet, Settings};
use crate::record::journal::{Deed, Observer};
use crate::scenario::world::CannotDo;
use crate::server::engine::CrashPoint;
use crate::server::state_machine::KeyValue;
use crate::server::status::{NodeStatus, leader_of};
use crate::server::timing::{Time, Timing};
use crate::server::{Disk, Server, ServerConfig, Ticket};

/// What a cluster is made of.
pub struct ClusterConfig {
    /// The protocol's settings, with the number of nodes.
    pub settings: Settings,
    /// How long the timers run, in story time; the tick in real time.
    pub timing: Timing,
    /// How lossy and how slow the links are, in story time.
    pub conditions: Conditions,
    /// Where all random draws come from. Threads run as they please, so the same seed does not give
    /// the same run.
    pub seed: u64,
    /// How fast the story is told: at 10, ten of its seconds pass in one.
    pub speed: f64,
    /// Who listens to the journal.
    pub observers: Vec<Box<dyn Observer>>,
}

impl ClusterConfig {
    /// A sound cluster of `nodes` on perfect links, with the paper's timing, at its own pace.
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
}

/// A running cluster. Dropping it stops it.
pub struct RaftCluster {
    settings: Settings,
    timing: Timing,
    seed: u64,
    clock: Clock,
    chronicle: Arc<Chronicle>,
    board: Arc<Board>,
    doors: Arc<Doors>,
    bus: MessageBus,
    nodes: Vec<Option<JoinHandle<()>>>,
    postman: Option<JoinHandle<()>>,
    panicked: Vec<(String, String)>,
    /// The client for whom a script proposes, and what it has been told so far.
    pub(super) scripted: Client,
    told: Mutex<BTreeMap<Ticket, Outcome>>,
    /// The script's commands that found their node down, and had no effect.
    pub(super) unreached: BTreeSet<Ticket>,
}

impl RaftCluster {
    /// Starts every node on a thread of its own, as a follower in term 0.
    ///
    /// # Errors
    /// If the configuration makes no sense, or the system gives no more threads.
    pub fn start(config: ClusterConfig) -> Result<Self, StartError> {
        let ClusterConfig { settings, timing, conditions, seed, speed, observers } = config;
        let size = settings.nodes;
        if !(1..=MAX_NODES).contains(&size) {
            return Err(StartError::Size(size));
        }
        if !(speed.is_finite() && speed > 0.0) {
            return Err(StartError::Speed(speed));
        }
        let clock = Clock::start(speed);
        let chronicle = Arc::new(Chronicle::new(size, observers, clock));
        let board = Arc::new(Board::new(size));
        let doors = Arc::new(Doors::new(size, Arc::clone(&chronicle), Arc::clone(&board)));
        let (bus, postman) = MessageBus::open(size, conditions, seed, Arc::clone(&chronicle))
            .map_err(StartError::Thread)?;
        let mut cluster = Self {
            settings,
            timing,
            seed,
            clock,
            chronicle,
            board,
            scripted: Client::new(Arc::clone(&doors)),
            doors,
            bus,
            nodes: (0..size).map(|_| None).collect(),
            postman: Some(postman),
            panicked: Vec::new(),
            told: Mutex::default(),
            unreached: BTreeSet::new(),
        };
        for node in NodeId::all(size) {
            let disk = cluster.board.take_disk(node).unwrap_or_default();
            // An error drops the cluster, which stops the threads that did start.
            cluster.launch(cluster.server(node, disk)).map_err(StartError::Thread)?;
        }
        Ok(cluster)
    }

    fn server(&self, node: NodeId, disk: Disk) -> Server {
        let config =
            ServerConfig { settings: self.settings, timing: Some(self.timing), seed: self.seed };
        Server::start(node, config, disk, self.clock.now())
    }

    /// Starts a thread for a server.
    fn launch(&mut self, server: Server) -> io::Result<()> {
        let (id, status) = (server.node().id(), NodeStatus::of(&server));
        let (door, orders) = unbounded();
        let node = ClusterNode::new(
            server,
            self.timing.tick,
            orders,
            self.bus.share(),
            Arc::clone(&self.chronicle),
            Arc::clone(&self.board),
        );
        self.board.post(status);
        self.doors.install(id, door);
        let thread = thread::Builder::new().name(id.to_string()).spawn(move || node.run());
        self.nodes[id.index()] = Some(thread.inspect_err(|_| self.board.perish(id))?);
        Ok(())
    }

    /// Stops every thread and waits until all have ended.
    ///
    /// # Errors
    /// If one of them has ended in a panic, in the whole life of the cluster.
    pub fn stop(mut self) -> Result<(), Panicked> {
        self.stop_threads();
        let threads = std::mem::take(&mut self.panicked);
        if threads.is_empty() { Ok(()) } else { Err(Panicked { threads }) }
    }

    /// Stops every thread and waits until all have ended. Done twice, it does nothing more.
    pub(super) fn stop_threads(&mut self) {
        self.doors.shut();
        for node in NodeId::all(self.size()) {
            self.join(node);
        }
        self.bus.close();
        if let Some(Err(panic)) = self.postman.take().map(JoinHandle::join) {
            self.panicked.push(("the postman".to_owned(), panics::words(&*panic)));
        }
    }

    fn join(&mut self, node: NodeId) {
        if let Some(Err(panic)) = self.nodes[node.index()].take().map(JoinHandle::join) {
            self.panicked.push((node.to_string(), panics::words(&*panic)));
        }
    }

    /// How many nodes it has.
    pub const fn size(&self) -> usize {
        self.settings.nodes
    }

    /// Story time since the start.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// How every node stands, in ascending order.
    pub fn status(&self) -> Vec<NodeStatus> {
        self.board.statuses()
    }

    /// The leader: of all that lead, the one of the highest term.
    pub fn leader(&self) -> Option<NodeId> {
        leader_of(&self.status()).map(|status| status.id)
    }

    /// What the script's client has been told so far.
    pub(super) fn told_so_far(&self) -> MutexGuard<'_, BTreeMap<Ticket, Outcome>> {
        let mut told = lock(&self.told);
        told.extend(std::iter::from_fn(|| self.scripted.try_next()));
        told
    }

    /// Waits for a leader.
    pub fn wait_for_leader(&self, bound: Duration) -> Option<NodeId> {
        let mut leader = None;
        self.wait_until(bound, |statuses| {
            leader = leader_of(statuses).map(|status| status.id);
            leader.is_some()
        });
        leader
    }

    /// Waits until `done` says so of the statuses, or `bound` has passed. Says whether it was done.
    ///
    /// The bound is story time. A story that is told fast still waits five real seconds before it
    /// gives up, as a busy machine may need.
    pub fn wait_until(&self, bound: Duration, mut done: impl FnMut(&[NodeStatus]) -> bool) -> bool {
        self.board.wait(self.clock.deadlines(bound), || done(&self.board.statuses()))
    }

    /// The same for a condition on the whole cluster.
    pub(super) fn wait_for(&self, bound: Duration, done: impl FnMut() -> bool) -> bool {
        self.board.wait(self.clock.deadlines(bound), done)
    }

    /// A new client of this cluster, for a thread of its own.
    pub fn client(&self) -> Client {
        Client::new(Arc::clone(&self.doors))
    }

    /// Finds the leader, hands it a command and waits until it is committed and applied; see
    /// [`Client::submit`].
    ///
    /// # Errors
    /// If that was not seen to happen within `bound`.
    pub fn submit(
        &self,
        command: impl Into<Command>,
        bound: Duration,
    ) -> Result<Applied, SubmitError> {
        self.scripted.submit(command, bound)
    }

    /// Hands a command to one node and waits until it is committed and applied; see
    /// [`Client::submit_to`].
    ///
    /// # Errors
    /// If that was not seen to happen within `bound`.
    pub fn submit_to(
        &self,
        node: NodeId,
        command: impl Into<Command>,
        bound: Duration,
    ) -> Result<Applied, SubmitError> {
        self.scripted.submit_to(node, command, bound)
    }

    /// Crashes a node. With [`CrashPoint::Between`] it is down when this returns; otherwise it goes
    /// down in its next step that has something to save, to send or to commit, which the status shows.
    ///
    /// # Errors
    /// If it is down.
    pub fn crash(&mut self, node: NodeId, point: CrashPoint) -> Result<(), CannotDo> {
        self.check_up(node)?;
        self.doors.order(node, Order::Crash(point));
        if point == CrashPoint::Between {
            self.join(node);
        }
        Ok(())
    }

    /// Starts a crashed node again with what was durable.
    ///
    /// # Errors
    /// If it is up, or cannot be brought up.
    pub fn restart(&mut self, node: NodeId) -> Result<(), RestartError> {
        if self.board.status(node).up {
            return Err(RestartError::Up(node));
        }
        self.join(node);
        let disk = self.board.take_disk(node).ok_or(RestartError::Perished(node))?;
        let server = self.server(node, disk.clone());
        {
            let mut journal = self.chronicle.open();
            journal.restarted(self.clock.now(), &server);
        }
        self.bus.connect(node);
        self.launch(server).map_err(|error| {
            self.board.leave(node, disk);
            RestartError::Thread(node, error)
        })
    }

    /// Ends a node's election timer: it stands for election.
    ///
    /// # Errors
    /// If it is down.
    pub fn stand(&self, node: NodeId) -> Result<(), CannotDo> {
        self.check_up(node)?;
        self.doors.order(node, Order::Stand);
        Ok(())
    }

    fn check_up(&self, node: NodeId) -> Result<(), CannotDo> {
        if self.board.status(node).up {
            Ok(())
        } else {
            Err(CannotDo::WrongState { node, up: false })
        }
    }

    /// The bus, to cut links and to change their conditions.
    pub const fn bus(&self) -> &MessageBus {
        &self.bus
    }

    /// Splits the cluster into groups; nodes that are in none form one together.
    pub fn partition(&self, groups: &[NodeSet]) {
        self.bus.partition(groups);
    }

    /// Mends every link.
    pub fn heal(&self) {
        self.bus.heal();
    }

    /// Enters what the narrator says in the journal.
    pub fn tell(&self, deed: &Deed) {
        self.chronicle.tell(std::iter::once_with(|| deed.clone()));
    }

    /// A copy of a node as it is now; none if it is down.
    pub fn show(&self, node: NodeId) -> Option<Server> {
        let (to, shown) = bounded(1);
        self.doors.order(node, Order::Show(to));
        shown.recv().ok()
    }

    /// A node's log; what its disk holds, if it is down.
    pub fn log(&self, node: NodeId) -> Log {
        self.show(node)
            .map(|server| server.node().log().clone())
            .or_else(|| self.board.look_at_disk(node, |disk| disk.state().log.clone()))
            .unwrap_or_default()
    }

    /// A node's key-value store; none if it is down.
    pub fn machine(&self, node: NodeId) -> Option<KeyValue> {
        self.show(node).map(|server| server.machine().clone())
    }

    /// What the checker has done so far, after comparing every running node's whole log too.
    pub fn safety(&self) -> SafetyReport {
        self.audit();
        SafetyReport::of(self.chronicle.open().checker())
    }

    /// The entry that was committed first at `index`, by whichever node.
    pub(super) fn committed_at(&self, index: LogIndex) -> Option<LogPosition> {
        self.chronicle.open().checker().committed_at(index)
    }

    /// Has every running node's whole log compared with what the checker saw of it.
    pub(super) fn audit(&self) {
        // Each node does it between two batches: only there its log is what the checker knows.
        let (done, all_done) = unbounded();
        for node in NodeId::all(self.size()) {
            self.doors.order(node, Order::Audit(done.clone()));
        }
        drop(done);
        while all_done.recv().is_ok() {}
    }
}

impl Drop for RaftCluster {
    fn drop(&mut self) {
        self.stop_threads();
    }
}
