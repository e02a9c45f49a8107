//! The rules of Raft, each with a name.
//!
//! A [`Rule`] has one id that is the same everywhere: in the code that enforces it, in the reason
//! that a step gives, after `--break` on the command line, in the tests, the scenarios and the
//! docs. A [`RuleSet`] says which rules a node keeps; asking it is a bit test.

pub(super) mod broken;
mod facts;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use facts::{Facts, Outcome, TimerCause, Verdict};

macro_rules! properties {
    ($($variant:ident, $name:literal;)*) => {
        /// What a correct Raft guarantees. The first five are Figure 3 of the paper; a careful
        /// harness can check the others as well.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Property {
            $(#[doc = $name] $variant,)*
        }

        impl Property {
            /// All of them, Figure 3's first.
            pub const ALL: [Self; [$(Self::$variant),*].len()] = [$(Self::$variant),*];

            /// Its name as the paper writes it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

properties! {
    ElectionSafety, "Election Safety";
    LeaderAppendOnly, "Leader Append-Only";
    LogMatching, "Log Matching";
    LeaderCompleteness, "Leader Completeness";
    StateMachineSafety, "State Machine Safety";
    VoteUniqueness, "Vote Uniqueness";
    DurableQuorum, "Durable Quorum";
    Monotonicity, "Monotonicity";
    Linearizability, "Linearizability";
    Liveness, "Liveness";
}

impl Property {
    /// Whether it is one of the five properties of Figure 3.
    pub const fn is_figure_3(self) -> bool {
        (self as u8) <= Self::StateMachineSafety as u8
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Declares the rules, one row for each: the only place where their texts are written.
macro_rules! rules {
    ($($variant:ident, $id:literal, $paper:literal, $statement:literal, $property:ident,
       $place:literal, $broken:literal;)*) => {
        /// A named rule of Raft.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Rule {
            $(#[doc = $statement] $variant,)*
        }

        impl Rule {
            /// Every rule, in the order of the documentation.
            pub const ALL: [Self; [$(Self::$variant),*].len()] = [$(Self::$variant),*];

            /// Its stable name, in kebab-case.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// Where the paper states it: section, and clause of Figure 2 where there is one.
            pub const fn paper(self) -> &'static str {
                match self { $(Self::$variant => $paper,)* }
            }

            /// What it says, in one sentence.
            pub const fn statement(self) -> &'static str {
                match self { $(Self::$variant => $statement,)* }
            }

            /// The property that the rule protects.
            pub const fn protects(self) -> Property {
                match self { $(Self::$variant => Property::$property,)* }
            }

            /// The function that keeps it, as `file::function` below `src/`.
            pub const fn enforced_in(self) -> &'static str {
                match self { $(Self::$variant => $place,)* }
            }

            /// What a node does instead when the rule is broken, in one sentence.
            pub const fn when_broken(self) -> &'static str {
                match self { $(Self::$variant => $broken,)* }
            }
        }
    };
}

rules! {
    MajorityQuorum, "majority-quorum", "§5.2, §5.3",
        "A decision needs a strict majority, in an even-sized cluster too.",
        ElectionSafety, "raft/turn.rs::check_majority",
        "Half of the cluster, rounded down, is enough.";
    OneVotePerTerm, "one-vote-per-term", "§5.2, Figure 2 RequestVote receiver 2",
        "A node votes for at most one candidate in a term.",
        ElectionSafety, "raft/election.rs::may_vote_for",
        "A node may vote for several candidates in one term.";
    UpToDateLog, "up-to-date-log", "§5.4.1, Figure 2 RequestVote receiver 2",
        "A node refuses its vote to a candidate whose log is less up to date than its own.",
        LeaderCompleteness, "raft/election.rs::may_vote_for",
        "A node votes for candidates that lack entries it has.";
    TermBeforeLength, "term-before-length", "§5.4.1",
        "Of two logs the one with the later last term is more up to date, whatever their lengths.",
        LeaderCompleteness, "raft/election.rs::may_vote_for",
        "The longer log counts as more up to date, whatever its terms.";
    StaleTermRejected, "stale-term-rejected", "§5.1, Figure 2 receivers 1",
        "A request from an older term is refused with the current term.",
        StateMachineSafety, "raft/terms.rs::settle_terms",
        "A request from an older term is handled as a current one, but only a vote for it restarts the timer.";
    HigherTermStepsDown, "higher-term-steps-down", "§5.1, Figure 2 all servers 2",
        "Any message with a higher term, even a reply, makes its receiver a follower in that term.",
        ElectionSafety, "raft/terms.rs::settle_terms",
        "The node adopts the term but keeps its role.";
    NewTermPerElection, "new-term-per-election", "§5.2, Figure 2 candidates 1",
        "A node that campaigns first enters a new term.",
        ElectionSafety, "raft/election.rs::campaign",
        "A candidate asks for votes without raising its term.";
    CandidateVotesForItself, "candidate-votes-for-itself", "§5.2, Figure 2 candidates 1",
        "A candidate's own vote is recorded like any other before it is counted.",
        ElectionSafety, "raft/election.rs::campaign",
        "The candidate counts itself but stays free to vote for another.";
    VotesCountedOnceAndInTerm, "votes-counted-once-and-in-term", "§5.2",
        "Only votes given in this election count, one per voter.",
        ElectionSafety, "raft/election.rs::handle_vote_reply",
        "Every grant counts: late ones of older elections, and duplicates.";
    CandidateYieldsToLeader, "candidate-yields-to-leader", "§5.2, Figure 2 candidates 3",
        "A candidate that hears the leader of its term becomes its follower.",
        Liveness, "raft/follower.rs::follow",
        "The candidate ignores the leader and campaigns again when its timer ends.";
    PersistBeforeReply, "persist-before-reply", "§5, Figure 2 persistent state",
        "Term, vote and log are durable before any message that depends on them leaves.",
        VoteUniqueness, "raft/turn.rs::end",
        "Messages leave first; what they rely on is saved only at the next turn.";
    VoteClearedOnlyByNewTerm, "vote-cleared-only-by-new-term", "§5.1, Figure 2 votedFor",
        "A vote is forgotten only when the term grows.",
        ElectionSafety, "raft/follower.rs::keep_vote",
        "Hearing the leader clears the vote, so that the node can vote twice in the term.";
    LogMatchingCheck, "log-matching-check", "§5.3, Figure 2 AppendEntries receiver 2",
        "AppendEntries is refused unless the entry at prevLogIndex has prevLogTerm.",
        LogMatching, "raft/follower.rs::handle_append_entries",
        "Entries are stored wherever they fall, whatever stands before them.";
    ConflictTruncates, "conflict-truncates", "§5.3, Figure 2 AppendEntries receiver 3",
        "An entry that conflicts with the leader's is deleted, with all that follow.",
        StateMachineSafety, "raft/follower.rs::delete_conflict",
        "A conflicting entry stays where it is, and is acknowledged as the leader's.";
    TruncateOnlyOnConflict, "truncate-only-on-conflict",
        "§5.3, Figure 2 AppendEntries receiver 3",
        "Entries are deleted only at a proved conflict of terms.",
        LeaderCompleteness, "raft/follower.rs::delete_conflict",
        "Every AppendEntries cuts the log after prevLogIndex, late duplicates too.";
    AcknowledgeOnlyVerified, "acknowledge-only-verified",
        "§5.3; the TLA+ specification's mmatchIndex",
        "Success acknowledges prevLogIndex plus the number of entries, never the follower's last index.",
        LeaderCompleteness, "raft/follower.rs::acknowledge",
        "The follower acknowledges its own last index, verified or not.";
    CommitOnlyVerified, "commit-only-verified", "§5.3, Figure 2 AppendEntries receiver 5",
        "A follower commits at most up to the last entry that this request verified.",
        StateMachineSafety, "raft/commit.rs::commit_as_follower",
        "The follower commits as far as the leader has, up to its own last index, verified or not.";
    CommitOnlyCurrentTerm, "commit-only-current-term", "§5.4.2, Figure 8",
        "A leader commits by counting only entries of its own term.",
        LeaderCompleteness, "raft/commit.rs::advance_commit",
        "An entry of an older term is committed as soon as a majority holds it.";
    RepliesMatchedToTerm, "replies-matched-to-term", "§5.1, §5.3",
        "An AppendEntries reply counts only for the leadership that asked.",
        LeaderCompleteness, "raft/terms.rs::settle_terms",
        "A late reply to an earlier leadership of the same node counts.";
    MatchIndexMonotone, "match-index-monotone", "§5.3, Figure 2 matchIndex",
        "A match index never goes back within a leadership.",
        Monotonicity, "raft/leader.rs::matched",
        "A late acknowledgement sets the match index back.";
    LeaderAppendOnly, "leader-append-only", "§5.3, Figure 3",
        "A leader never deletes or overwrites entries of its own log.",
        LeaderAppendOnly, "raft/election.rs::become_leader",
        "A new leader throws away the entries that it does not know to be committed.";
    NoOpOnElection, "no-op-on-election", "§8, §5.4.2",
        "A new leader appends an entry of its own term at once.",
        Liveness, "raft/election.rs::become_leader",
        "A new leader waits for a client; until then older entries stay uncommitted.";
    TimerResetOnlyByAuthority, "timer-reset-only-by-authority", "§5.2, Figure 2 followers 2",
        "The election timer restarts only for the current leader, a vote given, or an election.",
        Liveness, "raft/turn.rs::election_timer_hears",
        "Any request restarts the timer, even one from a deposed leader.";
    RandomisedTimeout, "randomised-timeout", "§5.2",
        "Whenever the election timer starts, its timeout is drawn afresh, at random.",
        Liveness, "server/timing.rs::draw_timeout",
        "Every timeout is the shortest one, so that nodes keep campaigning at the same moment.";
    LeaderHeartbeat, "leader-heartbeat", "§5.2, Figure 2 leaders 1",
        "An idle leader sends a heartbeat before the shortest election timeout ends.",
        Liveness, "raft/leader.rs::heartbeat",
        "A leader without new entries is silent.";
    AnswerOnlyApplied, "answer-only-applied", "§8, Figure 2 leaders 2",
        "A client is told of success only when its own entry (index and term) was applied.",
        Linearizability, "server/mod.rs::answer",
        "A client is told of success when any entry was applied at its index.";
}

impl Rule {
    /// The rule of this id, if there is one.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.id() == id)
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// The rules that a node keeps: all of them, unless one is broken to show what it protects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RuleSet {
    broken: u32,
}

impl RuleSet {
    /// All rules are kept.
    pub const INTACT: Self = Self { broken: 0 };

    /// The same set without this rule.
    pub const fn without(self, rule: Rule) -> Self {
        Self { broken: self.broken | rule.bit() }
    }

    /// Whether this rule is enforced.
    pub const fn keeps(self, rule: Rule) -> bool {
        self.broken & rule.bit() == 0
    }

    /// Judges a rule: its condition holds, or the node refuses, or the rule is broken and the node
    /// goes on. Every verdict comes from here.
    pub fn verdict(self, rule: Rule, holds: bool, facts: Facts) -> Verdict {
        let outcome = if holds {
            Outcome::Holds
        } else if self.keeps(rule) || !broken::is_enough(&facts) {
            Outcome::Refused
        } else {
            Outcome::Overridden
        };
        Verdict { rule, outcome, facts }
    }

    /// Whether every rule is enforced.
    pub const fn is_intact(self) -> bool {
        self.broken == 0
    }

    /// The rules that are switched off.
    pub fn broken(self) -> impl Iterator<Item = Rule> + Clone {
        Rule::ALL.into_iter().filter(move |&rule| !self.keeps(rule))
    }
}

impl FromIterator<Rule> for RuleSet {
    /// All rules except these.
    fn from_iter<I: IntoIterator<Item = Rule>>(broken: I) -> Self {
        broken.into_iter().fold(Self::INTACT, Self::without)
    }
}

impl fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("all rules")?;
        for (nth, rule) in self.broken().enumerate() {
            write!(f, "{}{rule}", if nth == 0 { " but " } else { ", " })?;
        }
        Ok(())
    }
}
