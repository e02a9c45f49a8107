//! What a leader does: it accepts commands, replicates them, and tracks its followers (§5.3;
//! Figure 2, leaders).

use std::ops::{Deref, DerefMut};

use super::event::Event;
use super::role::{Progress, ProgressTable, Role};
use super::rpc::{
    AppendEntries, AppendEntriesReply, AppendOutcome, ConflictHint, Entries, MessageKind,
};
use super::rules::{Facts, Rule};
use super::turn::Turn;
use super::types::{Command, LogIndex, NodeId, Payload};

/// A turn whose node leads. It is the only way to reach what a leader knows about its followers.
pub(super) struct Leader<'t, 'n>(&'t mut Turn<'n>);

const LEADS: &str = "a node does not change its role while it acts as a leader";

impl<'n> Turn<'n> {
    /// Returns the turn as a leader's turn, if the node leads.
    pub(super) fn as_leader(&mut self) -> Option<Leader<'_, 'n>> {
        if self.is_leader() { Some(Leader(self)) } else { None }
    }

    /// Handles commands that clients propose. Only a leader accepts them; any other node reports
    /// the leader it knows.
    pub(super) fn propose(&mut self, commands: Vec<Command>) {
        let leader = self.leader();
        let Some(mut leads) = self.as_leader() else {
            return self.emit(Event::ProposalRefused { leader });
        };
        if !commands.is_empty() {
            leads.append(commands.into_iter().map(Payload::Command));
            leads.replicate();
            _ = leads.advance_commit(leads.last().index);
        }
    }

    /// Sends an empty AppendEntries to every follower, because a heartbeat is due. A heartbeat
    /// repeats no lost entries: `next_index` is already past them. A follower that lacks some
    /// refuses the next request that it receives, which is this heartbeat if no other comes first.
    /// Then the leader steps back and sends them again.
    pub(super) fn heartbeat(&mut self) {
        let term = self.current_term();
        let Some(mut leader) = self.as_leader() else { return };
        if leader.must(Rule::LeaderHeartbeat, Facts::Leadership { term }) {
            for peer in leader.peers() {
                leader.send_append_entries(peer, Entries::default());
            }
            leader.restart_heartbeat_timer();
        }
    }

    /// Handles a follower's answer to a request of this term (Figure 2, leaders 3).
    pub(super) fn handle_append_reply(&mut self, from: NodeId, reply: &AppendEntriesReply) {
        match (self.as_leader(), reply.outcome) {
            (Some(mut leader), AppendOutcome::Accepted { match_index }) => {
                _ = leader.matched(from, match_index);
            }
            (Some(mut leader), AppendOutcome::Rejected { prev_log_index, hint }) => {
                leader.back_off(from, prev_log_index, hint);
            }
            // Either the node does not lead any more, or the answer is for a request of its earlier
            // leadership.
            (None, _) | (_, AppendOutcome::StaleTerm) => {
                self.ignore(from, MessageKind::AppendEntriesReply);
            }
        }
    }
}

impl Leader<'_, '_> {
    /// What this leader knows about every node.
    pub(super) fn table(&self) -> &ProgressTable {
        match &self.role {
            Role::Leader { progress } => progress,
            _ => unreachable!("{LEADS}"),
        }
    }

    /// What this leader knows about one node, for changes.
    pub(super) fn progress_mut(&mut self, node: NodeId) -> &mut Progress {
        match &mut self.0.node.role {
            Role::Leader { progress } => progress.of_mut(node),
            _ => unreachable!("{LEADS}"),
        }
    }
}

impl<'n> Deref for Leader<'_, 'n> {
    type Target = Turn<'n>;

    fn deref(&self) -> &Turn<'n> {
        self.0
    }
}

impl DerefMut for Leader<'_, '_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.0
    }
}

/// A batch of entries and the index of its first. Peers with the same `next_index` share a batch.
type NextEntries = Option<(LogIndex, Entries)>;

impl Leader<'_, '_> {
    /// Appends entries to the leader's own log. A leader changes its log in no other way (Figure 3,
    /// Leader Append-Only).
    pub(super) fn append(&mut self, payloads: impl IntoIterator<Item = Payload>) {
        let term = self.current_term();
        let added = self.node.persistent.log.append(term, payloads);
        self.unsaved.0.log_changed(Some(added.start));
        self.emit(Event::Appended { first: added.start, last: added.end.prev(), term });
        // The leader's own copy counts at once: it is durable before any message that depends on it leaves.
        let (id, last) = (self.id, self.last().index);
        let own = self.progress_mut(id);
        (own.match_index, own.next_index) = (last, last.next());
    }

    /// Sends AppendEntries, with what is new to it, to every follower that is not being probed. If that is every
    /// follower, as it is for a new leader, the heartbeat timer restarts: heartbeats are for idle periods
    /// (Figure 2, leaders 1).
    pub(super) fn replicate(&mut self) {
        let (mut batch, mut everyone) = (None, true);
        for peer in self.peers() {
            if self.table().of(peer).probing {
                everyone = false;
            } else {
                self.send_next(peer, &mut batch);
            }
        }
        if everyone {
            self.restart_heartbeat_timer();
        }
    }

    /// Sends a peer the entries from its `next_index` on, at most one batch.
    fn send_next(&mut self, peer: NodeId, batch: &mut NextEntries) {
        let first = self.table().of(peer).next_index;
        if batch.as_ref().is_none_or(|&(at, _)| at != first) {
            let limit = self.settings.max_batch.map_or(usize::MAX, usize::from);
            *batch = Some((first, Entries::from(self.log().slice(first, limit))));
        }
        let entries = batch.as_ref().map(|(_, entries)| Entries::clone(entries));
        self.send_append_entries(peer, entries.unwrap_or_default());
    }

    /// Sends `entries`, which begin at `next_index`, and moves `next_index` past them as if they
    /// had arrived. A refusal sets it back. During a probe `next_index` stays until the answer.
    fn send_append_entries(&mut self, peer: NodeId, entries: Entries) {
        let progress = self.progress_mut(peer);
        let prev_log_index = progress.next_index.prev();
        if !progress.probing {
            progress.next_index = progress.next_index.plus(entries.len());
        }
        let prev_log_term = self.log().term_at(prev_log_index);
        let request = AppendEntries {
            term: self.current_term(),
            leader_id: self.id,
            prev_log_index,
            prev_log_term: prev_log_term.expect("next_index is at most one after the last entry"),
            entries,
            leader_commit: self.commit_index,
        };
        self.send(peer, request);
    }

    /// Handles the acknowledgement that a follower's log equals the leader's up to `acknowledged`:
    /// commits what that allows, and sends the next entries.
    fn matched(&mut self, peer: NodeId, acknowledged: LogIndex) -> Result<(), Rule> {
        let (known, last) = (self.table().of(peer).match_index, self.last().index);
        if acknowledged > last {
            // No request of this leader verified more than it has.
            self.ignore(peer, MessageKind::AppendEntriesReply);
            return Ok(());
        }
        // Nearly every acknowledgement is new, so the rule is asked only where its condition fails.
        if acknowledged < known {
            let facts = Facts::Match { peer, known, acknowledged };
            self.check(Rule::MatchIndexMonotone, false, facts)?;
        }
        let row = self.progress_mut(peer);
        let next_index = row.next_index.max(acknowledged.next());
        *row = Progress { match_index: acknowledged, next_index, probing: false };
        if acknowledged != known {
            self.emit(Event::Matched { peer, match_index: acknowledged });
            _ = self.advance_commit(acknowledged);
        }
        if next_index <= last {
            self.send_next(peer, &mut None);
        }
        Ok(())
    }

    /// Steps back, because a follower lacks the entry before the new ones. If the leader has entries of
    /// the term that the hint names, it tries again after the last of them, otherwise at the hint's
    /// index. It goes at least one entry further back, but never before an index that is known to match.
    fn back_off(&mut self, peer: NodeId, prev_log_index: LogIndex, hint: ConflictHint) {
        let Progress { next_index: from, match_index, probing } = self.table().of(peer);
        let is_known_to_match = prev_log_index <= match_index;
        let was_sent_before_a_step_back = prev_log_index >= from;
        let is_not_the_probe = probing && prev_log_index != from.prev();
        // Such a refusal is late, and an answer to what is not so any more.
        if is_known_to_match || was_sent_before_a_step_back || is_not_the_probe {
            return self.ignore(peer, MessageKind::AppendEntriesReply);
        }
        let shared_term = hint.conflict_term.and_then(|term| self.log().last_index_of_term(term));
        let next = shared_term.map_or(hint.first_index, LogIndex::next);
        let to = next.min(prev_log_index).max(match_index.next());
        *self.progress_mut(peer) = Progress { next_index: to, match_index, probing: true };
        self.emit(Event::BackedOff { peer, from, to });
        self.send_next(peer, &mut None);
    }
}
