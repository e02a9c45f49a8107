//! AppendEntries on both sides, and what a leader knows of its followers (§5.3).

use super::log::{Cut, Overlap, Verified};
use super::node::RaftNode;
use super::output::{Event, Output};
use super::role::Role;
use super::rpc::{
    AppendEntriesRequest, AppendEntriesResponse, AppendOutcome, ConflictHint, Entries, Message,
    MessageKind,
};
use super::rules::Rule;
use super::types::{Command, LogIndex, NodeId, Payload};
use super::verdict::{Facts, TimerCause};

/// The batch cut last for one peer, shared with the next peer that needs the same.
type Batch = Option<(LogIndex, Entries)>;

impl RaftNode {
    /// Clients' commands: a leader appends them and replicates at once; anyone else says who leads.
    pub(super) fn propose(&mut self, commands: Vec<Command>, out: &mut Output) {
        if !self.is_leader() {
            out.events.push(Event::ProposalRefused { leader: self.leader() });
            return;
        }
        if commands.is_empty() {
            return;
        }
        self.append_as_leader(commands.into_iter().map(Payload::Command), out);
        self.replicate(out);
        self.advance_commit(self.last().index, out);
    }

    /// The only way in which a leader changes its log (Figure 3, Leader Append-Only).
    pub(super) fn append_as_leader(
        &mut self,
        payloads: impl IntoIterator<Item = Payload>,
        out: &mut Output,
    ) {
        let term = self.current_term();
        let added = self.persistent.log.append(term, payloads);
        out.unsaved.log_changed(added.start);
        out.events.push(Event::Appended { first: added.start, last: added.end.prev(), term });
        self.take_own_log_into_account();
    }

    /// A leader's own copy counts too; by the time anyone hears of it, it is durable.
    pub(super) fn take_own_log_into_account(&mut self) {
        let (id, last) = (self.id, self.last().index);
        if let Role::Leader { progress } = &mut self.role {
            let own = progress.of_mut(id);
            own.match_index = last;
            own.next_index = last.next();
        }
    }

    /// It is time to speak: an empty AppendEntries to everyone, which also finds out who fell
    /// behind. Entries are not repeated here: a follower that is down costs nothing.
    pub(super) fn heartbeat(&mut self, out: &mut Output) {
        let facts = Facts::Leadership { term: self.current_term() };
        if !self.is_leader() || !self.oblige(Rule::LeaderHeartbeat, facts, out) {
            return;
        }
        for peer in self.peers() {
            self.send_append_entries(peer, Entries::default(), out);
        }
        out.restart_heartbeat_timer = true;
    }

    /// A new leader speaks to everyone, whether or not it has entries to send (§5.2).
    pub(super) fn broadcast(&mut self, out: &mut Output) {
        let mut batch = None;
        for peer in self.peers() {
            let entries = self.batch_for(peer, &mut batch);
            self.send_append_entries(peer, entries, out);
        }
        out.restart_heartbeat_timer = true;
    }

    /// Sends new entries to every follower that is known, or believed, to be ready for them. If
    /// that is everyone, nobody needs a heartbeat for a while: those are for idle periods (Figure 2,
    /// leaders 1).
    fn replicate(&mut self, out: &mut Output) {
        let mut batch = None;
        let mut everyone = true;
        for peer in self.peers() {
            let Some(progress) = self.progress(peer) else { return };
            if !progress.probing && progress.next_index <= self.last().index {
                let entries = self.batch_for(peer, &mut batch);
                self.send_append_entries(peer, entries, out);
            } else {
                everyone = false;
            }
        }
        out.restart_heartbeat_timer |= everyone;
    }

    /// The entries that `peer` lacks, at most a batch of them. Peers at the same place share them.
    fn batch_for(&self, peer: NodeId, batch: &mut Batch) -> Entries {
        let Some(progress) = self.progress(peer) else { return Entries::default() };
        let next = progress.next_index;
        match batch {
            Some((first, entries)) if *first == next => Entries::clone(entries),
            _ => {
                let limit = self.settings.max_batch.map_or(usize::MAX, usize::from);
                let entries = Entries::from(self.log().slice(next, limit));
                *batch = Some((next, Entries::clone(&entries)));
                entries
            }
        }
    }

    /// Sends AppendEntries with what follows `next_index`, and moves `next_index` on in the hope
    /// that it arrives. A refusal will set it back; while probing it waits for the answer.
    fn send_append_entries(&mut self, peer: NodeId, entries: Entries, out: &mut Output) {
        let Role::Leader { progress } = &mut self.role else { return };
        let progress = progress.of_mut(peer);
        let prev_log_index = progress.next_index.prev();
        if !progress.probing {
            progress.next_index = progress.next_index.plus(entries.len());
        }
        let request = AppendEntriesRequest {
            term: self.persistent.current_term,
            leader_id: self.id,
            prev_log_index,
            prev_log_term: self.persistent.log.term_at(prev_log_index).unwrap_or_default(),
            entries,
            leader_commit: self.commit_index,
        };
        self.send(peer, Message::AppendEntriesRequest(request), out);
    }

    /// A leader of this term speaks (Figure 2, AppendEntries receiver 2 to 5).
    pub(super) fn handle_append_entries(
        &mut self,
        request: &AppendEntriesRequest,
        out: &mut Output,
    ) {
        let leader = request.leader_id;
        if !self.follow(leader, out) {
            out.events
                .push(Event::Ignored { from: leader, kind: MessageKind::AppendEntriesRequest });
            return;
        }
        self.restart_election_timer(TimerCause::CurrentLeader, out);

        let prev = request.prev_log();
        let (found, last) = (self.log().term_at(prev.index), self.last().index);
        let facts = Facts::PrevEntry { prev, found, last };
        let matches = self.log().contains(prev);
        let outcome = if self.require(Rule::LogMatchingCheck, matches, facts, out) {
            let (verified, new_from) = self.store(request, out);
            let match_index = self.acknowledge(verified, out);
            out.events.push(Event::EntriesAccepted {
                count: request.entries.len(),
                new_from,
                acknowledged: match_index,
            });
            self.commit_as_follower(request.leader_commit, verified, out);
            AppendOutcome::Accepted { match_index }
        } else {
            out.events.push(Event::EntriesRefused { prev });
            AppendOutcome::Rejected { prev_log_index: prev.index, hint: self.hint(prev.index) }
        };
        let response = AppendEntriesResponse { term: self.current_term(), outcome };
        self.send(leader, Message::AppendEntriesResponse(response), out);
    }

    /// Recognises the leader of this term. Says whether the node follows it now.
    fn follow(&mut self, leader: NodeId, out: &mut Output) -> bool {
        let term = self.current_term();
        let follows = match self.role {
            Role::Follower { leader: known } => known == Some(leader),
            Role::Candidate { .. } => {
                let facts = Facts::Leader { leader, term };
                if !self.oblige(Rule::CandidateYieldsToLeader, facts, out) {
                    return false;
                }
                false
            }
            // A second leader of this term: Election Safety is broken already, and whoever checks
            // it will say so. A leader takes no orders.
            Role::Leader { .. } => return false,
        };
        if !follows {
            self.change_role(Role::Follower { leader: Some(leader) }, out);
            out.events.push(Event::LeaderRecognised { leader, term });
        }
        if let voted_for @ Some(_) = self.voted_for() {
            let facts = Facts::VoteKept { term, voted_for };
            if !self.oblige(Rule::VoteClearedOnlyByNewTerm, facts, out) {
                self.set_vote(None, out);
            }
        }
        true
    }

    /// Lays the entries over the log (Figure 2, AppendEntries receiver 3 and 4). Returns what the
    /// request verified, and the first index that was new.
    fn store(
        &mut self,
        request: &AppendEntriesRequest,
        out: &mut Output,
    ) -> (Verified, Option<LogIndex>) {
        let (prev, entries) = (request.prev_log_index, &request.entries);
        let last = self.last().index;
        let cut = match self.log().overlap(prev, entries) {
            Overlap::Conflict { leader, own } => {
                let facts = Facts::Conflict { leader, own };
                if self.oblige(Rule::ConflictTruncates, facts, out) {
                    Cut::AtConflict
                } else {
                    Cut::Never
                }
            }
            Overlap::Contained if request.last_index() < last => {
                let facts = Facts::NoConflict { from: prev.next(), last };
                if self.oblige(Rule::TruncateOnlyOnConflict, facts, out) {
                    Cut::AtConflict
                } else {
                    Cut::Always
                }
            }
            Overlap::Contained | Overlap::Extends(_) => Cut::AtConflict,
        };
        let spliced = self.persistent.log.splice(prev, entries, cut);
        if let Some(from) = spliced.truncated_from {
            out.unsaved.log_changed(from);
            out.events.push(Event::Truncated { from, to: last });
        }
        if let Some(from) = spliced.appended_from {
            out.unsaved.log_changed(from);
        }
        (spliced.verified, spliced.appended_from)
    }

    /// The index that a success reply names: what this request verified, and no more.
    fn acknowledge(&self, verified: Verified, out: &mut Output) -> LogIndex {
        let last = self.last().index;
        let within = last <= verified.index();
        let facts = Facts::Verified { verified: verified.index(), last };
        if within || self.oblige(Rule::AcknowledgeOnlyVerified, facts, out) {
            verified.index()
        } else {
            Verified::overclaimed(self.log()).index()
        }
    }

    /// Where the leader should try next: the whole conflicting term is skipped (§5.3).
    pub(super) fn hint(&self, prev: LogIndex) -> ConflictHint {
        match self.log().term_at(prev) {
            None => ConflictHint { conflict_term: None, first_index: self.last().index.next() },
            conflict_term => {
                let first_index = self.log().first_index_of_term_at(prev);
                ConflictHint { conflict_term, first_index }
            }
        }
    }

    /// A follower answered. Its term is the node's own by now (Figure 2, leaders 3).
    pub(super) fn handle_append_response(
        &mut self,
        from: NodeId,
        response: &AppendEntriesResponse,
        out: &mut Output,
    ) {
        if !self.is_leader() {
            // A reply from an earlier life: the node crashed or stepped down since it asked.
            out.events.push(Event::Ignored { from, kind: MessageKind::AppendEntriesResponse });
            return;
        }
        match response.outcome {
            AppendOutcome::Accepted { match_index } => self.matched(from, match_index, out),
            // A refusal of what it sent in an earlier leadership: of this one it says nothing.
            AppendOutcome::StaleTerm => {
                out.events.push(Event::Ignored { from, kind: MessageKind::AppendEntriesResponse });
            }
            AppendOutcome::Rejected { prev_log_index, hint } => {
                self.back_off(from, prev_log_index, hint, out);
            }
        }
    }

    /// A follower holds the log up to `acknowledged`: commit what that allows, send what is next.
    fn matched(&mut self, peer: NodeId, acknowledged: LogIndex, out: &mut Output) {
        let Some(before) = self.progress(peer) else { return };
        let known = before.match_index;
        // No follower of this term can hold more than its leader has.
        if acknowledged > self.last().index {
            let kind = MessageKind::AppendEntriesResponse;
            out.events.push(Event::Ignored { from: peer, kind });
            return;
        }
        if acknowledged < known {
            let facts = Facts::Match { peer, known, acknowledged };
            if !self.require(Rule::MatchIndexMonotone, false, facts, out) {
                return;
            }
        }
        let last = self.last().index;
        let Role::Leader { progress } = &mut self.role else { return };
        let row = progress.of_mut(peer);
        row.match_index = acknowledged;
        row.next_index = row.next_index.max(acknowledged.next()).min(last.next());
        row.probing = false;
        let behind = row.next_index <= last;
        if acknowledged != known {
            out.events.push(Event::Matched { peer, match_index: acknowledged });
            self.advance_commit(acknowledged, out);
        }
        if behind {
            let entries = self.batch_for(peer, &mut None);
            self.send_append_entries(peer, entries, out);
        }
    }

    /// A follower lacks the entry before the new ones: step back to where its hint points, always
    /// at least one entry, never behind what is known to match.
    fn back_off(
        &mut self,
        peer: NodeId,
        prev_log_index: LogIndex,
        hint: ConflictHint,
        out: &mut Output,
    ) {
        let Some(before) = self.progress(peer) else { return };
        let answered = before.next_index.prev() == prev_log_index;
        let late = prev_log_index <= before.match_index
            || prev_log_index >= before.next_index
            || (before.probing && !answered);
        if late {
            out.events
                .push(Event::Ignored { from: peer, kind: MessageKind::AppendEntriesResponse });
            return;
        }
        let shared_term = hint.conflict_term.and_then(|term| self.log().last_index_of_term(term));
        let next = shared_term.map_or(hint.first_index, LogIndex::next);
        let next = next.min(prev_log_index).max(before.match_index.next());
        let Role::Leader { progress } = &mut self.role else { return };
        let row = progress.of_mut(peer);
        row.next_index = next;
        row.probing = true;
        out.events.push(Event::BackedOff { peer, from: before.next_index, to: next });
        let entries = self.batch_for(peer, &mut None);
        self.send_append_entries(peer, entries, out);
    }
}
