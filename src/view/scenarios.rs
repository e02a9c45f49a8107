//! The scenarios that ship with the program, as a table.

use super::colour;
use super::table::{Table, apart, paragraph};
use crate::scenario::library::{BROKEN, SHIPPED};
use crate::scenario::script::Script;

/// The table: the name of each scenario and what it shows. A note says that there is one more for each rule.
pub(crate) fn list() -> Vec<String> {
    let rows = SHIPPED.iter().map(|(name, text)| {
        let shows = Script::parse(name, text).map_or_else(|error| error.to_string(), |s| s.shows);
        [colour::strong(name), shows]
    });
    let broken = format!(
        "'raft-cluster run NAME' runs one. What happens without a rule is shown by broken/RULE, one for \
         each of the {} rules that 'raft-node rules' lists, as in 'raft-cluster run {}'.",
        BROKEN.len(),
        BROKEN[1].0
    );
    apart([Table::new(0).rows(rows).lines(), paragraph(&broken, "", "")])
}
