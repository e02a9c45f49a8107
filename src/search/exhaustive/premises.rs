//! What dead messages rest on, and which rules see to it.
//!
//! Each clause in `dead_messages` that calls a message dead rests on premises. A premise holds as long
//! as all rules that uphold it are kept, and a clause is off without its premises. Which rules uphold
//! what is a `match` over all rules: a new rule does not compile until someone has thought about it
//! here.

use crate::raft::{Rule, RuleSet};

/// What a clause rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Premise {
    /// Terms, votes and entries do not go back in a crash.
    NothingIsForgotten,
    /// One node leads a term, and entries stay where they were stored while it does.
    EntriesStay,
    /// Who has voted in a term gives nobody else a vote in it.
    VotesStay,
    /// A vote request of an older term gets no vote.
    OldRequestsAreRefused,
    /// A vote of an older term is not counted.
    OldVotesAreIgnored,
    /// A vote that was counted is not counted again.
    VotesCountOnce,
    /// An election that is over is not held again in its term.
    ElectionsEnd,
    /// An answer to AppendEntries of an older term is not listened to.
    OldAnswersAreIgnored,
    /// A leadership that is over is not taken up again in its term, and its answers count in no other.
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
        // These decide who is elected, and what is committed when, which no clause takes for granted;
        // or they are about time and clients, of which a search knows nothing.
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

/// The premises that hold for nodes with some rules.
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

    /// Whether this one holds.
    pub(super) const fn hold(self, premise: Premise) -> bool {
        self.lost & 1 << premise as u16 == 0
    }
}
