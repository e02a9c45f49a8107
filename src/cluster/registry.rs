//! The status of each node, and the disk that a crash left. Waits block here until something changes.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::panics::lock;
use crate::raft::NodeId;
use crate::server::Disk;
use crate::server::status::NodeStatus;

/// How long a wait sleeps before it checks again, even if nothing has changed.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What is known about one node.
struct Known {
    status: NodeStatus,
    /// Its disk, while it is down.
    disk: Option<Disk>,
}

struct State {
    nodes: Vec<Known>,
    /// How often something changed.
    version: u64,
}

/// The statuses that the nodes post, and the disks of nodes that are down.
pub(super) struct Registry {
    state: Mutex<State>,
    changed: Condvar,
}

impl Registry {
    pub(super) fn new(size: usize) -> Self {
        let down = |id| Known { status: NodeStatus::down(id, &Disk::default()), disk: None };
        let nodes = NodeId::all(size).map(down).collect();
        let state = State { nodes, version: 0 };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn change(&self, act: impl FnOnce(&mut Vec<Known>)) {
        let mut state = lock(&self.state);
        act(&mut state.nodes);
        state.version += 1;
        drop(state);
        self.changed.notify_all();
    }

    /// Posts the status of a running node.
    pub(super) fn post(&self, status: NodeStatus) {
        self.change(|nodes| nodes[status.id.index()].status = status);
    }

    /// Records that a node has ended, and keeps its disk. The node's promises are dropped under the same
    /// lock: a client whose promise is dropped finds the node down here, and a caller that finds the node
    /// down here knows that the promises are dropped.
    pub(super) fn went_down<T>(&self, id: NodeId, disk: Disk, promised: T) {
        self.change(|nodes| {
            drop(promised);
            nodes[id.index()] = Known { status: NodeStatus::down(id, &disk), disk: Some(disk) };
        });
    }

    /// Records that a node has panicked and left no disk.
    pub(super) fn panicked(&self, id: NodeId) {
        self.change(|nodes| nodes[id.index()].status.up = false);
    }

    /// Takes the disk that a node has left.
    pub(super) fn take_disk(&self, id: NodeId) -> Option<Disk> {
        lock(&self.state).nodes[id.index()].disk.take()
    }

    /// Wipes the disk that a node has left.
    pub(super) fn wipe_disk(&self, id: NodeId) {
        self.change(|nodes| {
            let Known { status, disk } = &mut nodes[id.index()];
            let disk = disk.as_mut().expect("a disk that is wiped is there");
            disk.wipe();
            *status = NodeStatus::down(id, disk);
        });
    }

    /// Looks at the disk that a node has left.
    pub(super) fn inspect_disk<T>(&self, id: NodeId, look: impl FnOnce(&Disk) -> T) -> Option<T> {
        lock(&self.state).nodes[id.index()].disk.as_ref().map(look)
    }

    pub(super) fn statuses(&self) -> Vec<NodeStatus> {
        lock(&self.state).nodes.iter().map(|known| known.status).collect()
    }

    pub(super) fn status(&self, id: NodeId) -> NodeStatus {
        lock(&self.state).nodes[id.index()].status
    }

    /// Waits until `done` returns `true`. At the deadline, `more` can return a later deadline; if it does
    /// not, the wait ends with `false`. `done` is called at once, after every change, and at every
    /// deadline, when a condition on the time itself becomes true. It is also called every [`LOOK_AGAIN`],
    /// because it may depend on something else, such as a signal. No lock is held during a call.
    pub(super) fn wait(
        &self,
        mut deadline: Instant,
        mut more: impl FnMut() -> Option<Instant>,
        mut done: impl FnMut() -> bool,
    ) -> bool {
        loop {
            let seen = lock(&self.state).version;
            if done() {
                return true;
            }
            if !self.changed_since(seen, deadline.min(Instant::now() + LOOK_AGAIN)) {
                if Instant::now() < deadline {
                    continue;
                }
                if done() {
                    return true;
                }
                let Some(later) = more() else { return false };
                deadline = later;
            }
        }
    }

    /// Waits for a change after version `seen`; `false` if there is none before the deadline.
    fn changed_since(&self, seen: u64, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let is_same = |state: &mut State| state.version == seen;
        let waited = self.changed.wait_timeout_while(lock(&self.state), left, is_same);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}
