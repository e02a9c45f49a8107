//! The premises under which a message is dead, and the rules that uphold them.
//!
//! Each clause in `dead_messages` that calls a message dead relies on premises. A premise holds as long
//! as all rules that uphold it are kept, and a clause is off without its premises. A `match` over all
//! rules says which premises each upholds, so a new rule does not compile until it is considered here.

use crate::raft::{Rule, RuleSet};

/// A fact that a clause relies on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Premise {
    /// Terms, votes and entries do not go back in a crash.
    NothingIsForgotten,
    /// One node leads a term, and entries stay where they were stored while it does.
    EntriesStay,
    /// A node that has voted in a term votes for no other candidate in that term.
    VotesStay,
    /// A vote request of an older term gets no vote.
    OldRequestsAreRefused,
    /// A vote of an older term is not counted.
    OldVotesAreIgnored,
    /// A vote that was counted is not counted again.
    VotesCountOnce,
    /// A candidate whose election is over does not resume it in the same term.
    ElectionsEnd,
    /// An AppendEntries reply of an older term is ignored.
    OldAnswersAreIgnored,
    /// A leader that stepped down does not lead the same term again, and replies of that term count in no other.
    LeadershipsEnd,
    /// What a leader knows of a follower's log does not go back while it leads.
    ProgressGrows,
}

/// The premises that need this rule.
const fn upheld_by(rule: Rule) -> &'static [Premise] {
    use Premise::{
        ElectionsEnd, EntriesStay, LeadershipsEnd, NothingIsForgotten, OldAnswersAreIgnored,
        OldRequestsAreRefused, OldVotesAreIgnored, ProgressGrows, VotesCountOnce, VotesStay,
    };
    match rule {
        Rule::PersistBeforeReply => &[NothingIsForgotten],
        Rule::MajorityQuorum
        | Rule::CandidateVotesForItself
        | Rule::LogMatchingCheck
        | Rule::ConflictTruncates
        | Rule::TruncateOnlyOnConflict
        | Rule::CommitOnlyVerified
        | Rule::LeaderAppendOnly => &[EntriesStay],
        Rule::OneVotePerTerm | Rule::VoteClearedOnlyByNewTerm => &[EntriesStay, VotesStay],
        Rule::StaleTermRejected => &[EntriesStay, VotesStay, OldRequestsAreRefused, LeadershipsEnd],
        Rule::HigherTermStepsDown => &[EntriesStay, VotesStay, ElectionsEnd, LeadershipsEnd],
        Rule::NewTermPerElection => {
            &[EntriesStay, VotesStay, VotesCountOnce, ElectionsEnd, LeadershipsEnd, ProgressGrows]
        }
        Rule::VotesCountedOnceAndInTerm => {
            &[EntriesStay, OldVotesAreIgnored, VotesCountOnce, ElectionsEnd]
        }
        Rule::RepliesMatchedToTerm => &[OldAnswersAreIgnored, LeadershipsEnd, ProgressGrows],
        Rule::MatchIndexMonotone => &[ProgressGrows],
        // These rules decide who is elected, and what is committed when, on which no clause relies; or they
        // are about time and clients, which a search does not model.
        Rule::UpToDateLog
        | Rule::TermBeforeLength
        | Rule::CandidateYieldsToLeader
        | Rule::AcknowledgeOnlyVerified
        | Rule::CommitOnlyCurrentTerm
        | Rule::NoOpOnElection
        | Rule::TimerResetOnlyByAuthority
        | Rule::RandomisedTimeout
        | Rule::LeaderHeartbeat
        | Rule::AnswerOnlyApplied => &[],
    }
}

/// The premises that hold for nodes that keep a given set of rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Premises {
    /// One bit for each that does not hold.
    lost: u16,
}

impl Premises {
    pub(super) fn of(rules: RuleSet) -> Self {
        let lost = rules.broken().flat_map(upheld_by);
        Self { lost: lost.fold(0, |lost, &premise| lost | 1 << premise as u16) }
    }

    /// Whether this premise holds.
    pub(super) const fn hold(self, premise: Premise) -> bool {
        self.lost & 1 << premise as u16 == 0
    }
}
