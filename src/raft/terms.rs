//! How a node settles terms, before any role's code runs (§5.1). The handlers in the other files
//! get only messages of the node's own term.

use super::event::Event;
use super::role::Role;
use super::rpc::{AppendOutcome, Envelope, Message};
use super::rules::{Facts, Rule, TimerCause};
use super::turn::Turn;
use super::types::{NodeId, Term};

impl Turn<'_> {
    /// Receives a message. A message that is not acceptable is ignored. A message of the node's own term is
    /// handled, and so is one of a higher term, which the node enters first. A request of an older term is
    /// refused with the current term, so that its sender catches up; a reply of an older term is ignored.
    pub(super) fn receive(&mut self, Envelope { from, to, message }: Envelope) {
        if !self.is_acceptable(from, to, &message) {
            return self.ignore(from, message.kind());
        }
        match (self.settle_terms(&message), message) {
            (Ok(()), Message::RequestVote(m)) => self.handle_request_vote(&m),
            (Ok(()), Message::RequestVoteReply(m)) => self.handle_vote_reply(from, &m),
            (Ok(()), Message::AppendEntries(m)) => self.handle_append_entries(&m),
            (Ok(()), Message::AppendEntriesReply(m)) => self.handle_append_reply(from, &m),
            (Err(rule), Message::RequestVote(_)) => self.answer_candidate(from, Err(rule)),
            (Err(_), Message::AppendEntries(m)) => {
                self.election_timer_hears(TimerCause::StaleRequest);
                self.refuse_append(&m, AppendOutcome::StaleTerm);
            }
            (Err(_), reply) => self.ignore(from, reply.kind()),
        }
    }

    /// Whether a message is addressed to this node, comes from another member of the cluster, names
    /// no other node as its sender, and has a possible term.
    fn is_acceptable(&self, from: NodeId, to: NodeId, message: &Message) -> bool {
        let member = from != self.id && from.index() < self.settings.nodes;
        let own_name = message.named_sender().is_none_or(|name| name == from);
        to == self.id && member && own_name && message.term() <= Term::MAX
    }

    /// Compares the term of a message with the node's own. On a higher term the node becomes a follower
    /// in that term, whatever its role was, and knows no leader yet. An older term is refused.
    fn settle_terms(&mut self, message: &Message) -> Result<(), Rule> {
        let (theirs, own) = (message.term(), self.current_term());
        let facts = Facts::Terms { message: theirs, own };
        if theirs > own {
            let steps_down = self.must(Rule::HigherTermStepsDown, facts);
            self.enter_term(theirs);
            if steps_down {
                self.change_role(Role::Follower { leader: None });
            }
            return Ok(());
        }
        let rule = match message {
            Message::RequestVoteReply(_) => Rule::VotesCountedOnceAndInTerm,
            Message::AppendEntriesReply(_) => Rule::RepliesMatchedToTerm,
            _ => Rule::StaleTermRejected,
        };
        // A reply of the current term, which is the usual case, needs no verdict.
        let current_reply = message.is_reply() && theirs == own;
        if current_reply { Ok(()) } else { self.check(rule, theirs == own, facts) }
    }

    /// Enters a term and clears the vote. Nothing else changes the term.
    pub(super) fn enter_term(&mut self, term: Term) {
        self.emit(Event::TermAdvanced { from: self.current_term(), to: term });
        self.node.persistent.current_term = term;
        self.node.persistent.voted_for = None;
        self.unsaved.0.term_or_vote = true;
    }

    /// Changes the role, and drops the data of the old one.
    pub(super) fn change_role(&mut self, role: Role) {
        let (from, to, term) = (self.role.kind(), role.kind(), self.current_term());
        self.node.role = role;
        if from != to {
            self.emit(Event::RoleChanged { from, to, term });
        }
    }
}
