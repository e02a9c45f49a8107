//! The texts about rules and properties.

use raft_in_practice::raft::Property;
use raft_in_practice::view::rules::promise;

#[test]
fn every_property_says_what_it_promises() {
    for property in Property::ALL {
        let words = promise(property).split(' ').count();
        assert!(promise(property).ends_with('.') && words > 5, "{property}");
    }
}
