//! Log Matching and Leader Append-Only. The checker follows each log by what the steps changed in it.

use super::ledger::{LogChange, Seen};
use super::{Checker, Earlier, Evidence};
use crate::raft::{Event, LogIndex, LogPosition, NodeId, Property, RoleKind, Term};
use crate::server::{Changes, Server};

/// A deletion of the end of a node's log.
#[derive(Clone, Copy)]
struct Cut {
    /// The first entry that it deleted.
    from: LogIndex,
    /// The term in which it did.
    term: Term,
    /// Whether it led that term.
    leads: bool,
}

/// The deletions among the events of a node that was in `term` before them, and led it if `leads`. One
/// observation may cover several steps.
fn cuts(mut term: Term, mut leads: bool, events: &[Event]) -> impl Iterator<Item = Cut> {
    events.iter().filter_map(move |event| match *event {
        Event::TermAdvanced { to, .. } => {
            term = to;
            None
        }
        Event::RoleChanged { to, .. } => {
            leads = to == RoleKind::Leader;
            None
        }
        Event::Truncated { from, .. } => Some(Cut { from, term, leads }),
        _ => None,
    })
}

/// Whether a node deleted entries while it led. `leads` says whether it led before these events.
pub(crate) fn cut_while_leading(leads: bool, events: &[Event]) -> bool {
    cuts(Term::ZERO, leads, events).any(|cut| cut.leads)
}

impl Checker {
    /// Updates the shadow of the log on a node's disk by what changed.
    pub fn follow_disk(&mut self, server: &Server, changes: Changes) {
        let disk = server.disk().state();
        let watched = &mut self.watched[server.node().id().index()];
        watched.durable_term = disk.current_term;
        if let Some(from) = changes.disk_from {
            watched.durable.follow(from, &disk.log, &mut self.digests);
        }
    }

    /// Updates the shadow of a node's log in memory, which changed from index `from` on, and checks the
    /// change.
    pub(super) fn follow_memory(
        &mut self,
        server: &Server,
        from: LogIndex,
        events: &[Event],
    ) -> LogChange {
        let node = server.node();
        let id = node.id();
        let watched = &mut self.watched[id.index()];
        let (term, leads) = (watched.term, watched.leads);
        let change = watched.memory.follow(from, node.log(), &mut self.digests);
        let cut = !change.removed.is_empty();
        for (nth, &link) in change.removed.iter().enumerate() {
            let index = change.from.plus(nth);
            if self.watched[id.index()].memory.at(index) != Some(link) {
                let cut = cuts(term, leads, events).find(|cut| cut.from <= index);
                let in_term = cut.map_or_else(|| node.current_term(), |cut| cut.term);
                self.entries.lose(index, link, id, in_term);
            }
        }
        self.check_new_entries(id, from);

        self.checks[Property::LeaderAppendOnly as usize] += u64::from(node.is_leader());
        let by_event = cuts(term, leads, events).find(|cut| cut.leads);
        let leads_on = cut && leads && node.is_leader() && node.current_term() == term;
        let cut_own = by_event.or_else(|| leads_on.then_some(Cut { from, term, leads }));
        if let Some(Cut { from, term, .. }) = cut_own {
            let evidence = Evidence::LeaderCut { leader: id, term, from };
            self.report(Property::LeaderAppendOnly, evidence);
        }
        let watched = &self.watched[id.index()];
        let rewritten = watched.commit.min(watched.memory.last_index());
        if cut && from <= rewritten {
            self.compare_with_committed(id, from.prev(), rewritten, LogIndex::ZERO);
        }
        change
    }

    /// Log Matching: an index and a term identify one entry, and all the entries before it.
    fn check_new_entries(&mut self, id: NodeId, from: LogIndex) {
        let last = self.watched[id.index()].memory.last_index();
        for index in from.get()..=last.get() {
            let index = LogIndex::new(index);
            let Some(link) = self.watched[id.index()].memory.at(index) else { break };
            self.checks[Property::LogMatching as usize] += 1;
            if let Some(known) = self.entries.enter(index, link, id) {
                let position = LogPosition { term: link.term, index };
                let (a, earlier) = self.what_became_of(known, position, id);
                let evidence = Evidence::LogsDiffer { position, a, earlier, b: id };
                self.report(Property::LogMatching, evidence);
                break;
            }
        }
    }

    /// Returns a node that held an entry before `b` came to hold another at its position, and what became
    /// of that entry. The node is one whose log still holds it, the first holder if possible; if no log
    /// does, it is the first holder.
    fn what_became_of(&self, known: Seen, position: LogPosition, b: NodeId) -> (NodeId, Earlier) {
        let log = |node: NodeId| &self.watched[node.index()].memory;
        let holds = |node: &NodeId| log(*node).at(position.index) == Some(known.link);
        let mut nodes = std::iter::once(known.by).chain(NodeId::all(self.nodes));
        let holder = nodes.find(holds);
        let differs = holder.and_then(|a| Some((a, log(a).parts_from(log(b), position)?)));
        if let Some((holder, (index, a, b))) = differs {
            return (holder, Earlier::Differs { index, a, b });
        }
        let lost_in = self.entries.lost_in(position.index, known);
        let in_term = lost_in.expect("an entry that no log holds was lost by its first holder");
        (known.by, Earlier::Lost { in_term })
    }
}
