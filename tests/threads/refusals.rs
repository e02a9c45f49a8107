//! A refusal is in the journal before its client hears of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use raft_in_practice::cluster::{ClusterConfig, RaftCluster, WriteError};
use raft_in_practice::raft::NodeId;
use raft_in_practice::record::deed::Deed;
use raft_in_practice::record::journal::{Batch, Observer};
use raft_in_practice::server::timing::Time;

/// A bound that no wait here should reach.
const BOUND: Duration = Duration::from_secs(20);

/// An observer that keeps all refusals.
#[derive(Clone, Default)]
struct Refusals(Arc<Mutex<Vec<Deed>>>);

impl Observer for Refusals {
    fn batch(&mut self, _: &Batch<'_>) {}

    fn deed(&mut self, _: Time, deed: &Deed) {
        if matches!(deed, Deed::Refused { .. }) {
            self.0.lock().unwrap().push(deed.clone());
        }
    }
}

#[test]
fn a_refusal_is_entered_before_the_client_hears_of_it() {
    let refusals = Refusals::default();
    let mut config = ClusterConfig::new(3);
    // No message arrives, so no node ever leads.
    config.conditions.drop = 1.0;
    config.observers.push(Box::new(refusals.clone()));
    let cluster = RaftCluster::start(config).unwrap();
    let client = cluster.client();
    let node = NodeId::new(1);
    let ticket = client.propose(node, "SET x=1");
    let (told, outcome) = client.next(BOUND).unwrap();
    assert_eq!((told, outcome), (ticket, Err(WriteError::NotLeader { node, leader: None })));
    assert_eq!(*refusals.0.lock().unwrap(), [Deed::Refused { ticket, node, leader: None }]);
    cluster.stop().unwrap();
}
