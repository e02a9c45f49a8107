//! One clear sentence for each event, with the values on both sides and the paper's section.
//!
//! Entries are written `index@term`, nodes `n0`, `n1`, ... A sentence has no subject of its own:
//! whoever prints it puts the node's name in front, as a word or as a column. Inside it every node
//! is called by its name, so that it can be read out of context.

use super::words::{Speaker, log_end, plural};
use super::{facts, message};
use crate::raft::{Event, Input, LogIndex, LogPosition, NodeId, Outcome, Rule, Term, Verdict};

/// What the input is, in one sentence.
pub fn input(node: NodeId, input: &Input) -> String {
    match input {
        Input::ElectionTimeout => format!("{node}'s election timer ends (§5.2)"),
        Input::HeartbeatDue => format!("it is time for {node} to speak (§5.2)"),
        Input::Propose(commands) => {
            let commands = commands.iter().map(ToString::to_string).collect::<Vec<_>>();
            format!("clients ask {node} for: {}", commands.join(", "))
        }
        Input::Receive(envelope) => {
            format!("{} → {node}  {}", envelope.from, message::arguments(&envelope.message))
        }
    }
}

/// The section of the paper that states a rule, without the clause of Figure 2.
pub fn section(rule: Rule) -> &'static str {
    let paper = rule.paper();
    paper.split_once(", Figure").map_or(paper, |(section, _)| section)
}

/// One word for how a check came out. What a node does when a condition does not hold depends on
/// the rule: it refuses, but it may also merely wait for more, or take no notice.
pub const fn outcome(verdict: &Verdict) -> &'static str {
    match (verdict.outcome, verdict.rule) {
        (Outcome::Holds, _) => "kept",
        (Outcome::Overridden, _) => "broken",
        (Outcome::Refused, Rule::MajorityQuorum | Rule::CommitOnlyCurrentTerm) => "waits",
        (
            Outcome::Refused,
            Rule::VotesCountedOnceAndInTerm
            | Rule::RepliesMatchedToTerm
            | Rule::MatchIndexMonotone
            | Rule::TimerResetOnlyByAuthority,
        ) => "ignored",
        (Outcome::Refused, Rule::CommitOnlyVerified) => "limited",
        (Outcome::Refused, _) => "refused",
    }
}

/// A verdict without its outcome: the rule, its section, and what was compared.
pub fn reason(speaker: Speaker, verdict: &Verdict) -> String {
    let rule = verdict.rule;
    format!("{rule} ({}): {}", section(rule), facts::compared(speaker, verdict))
}

/// A verdict in one sentence: the outcome, the rule, its section, and what was compared.
pub fn verdict(speaker: Speaker, verdict: &Verdict) -> String {
    format!("{}: {}", outcome(verdict), reason(speaker, verdict))
}

/// An event in one sentence.
pub fn event(speaker: Speaker, event: &Event) -> String {
    let node = speaker.node;
    match *event {
        Event::Checked(ref checked) => verdict(speaker, checked),
        Event::TermAdvanced { from, to } => format!("goes from term {from} to term {to} (§5.1)"),
        Event::RoleChanged { from, to, term } => {
            format!("becomes {to} in term {term}, was {from} (§5.1)")
        }
        Event::ElectionStarted { term, last } => {
            let log = log_end(last);
            format!(
                "stands for election in term {term} and shows the voters a log that {log} (§5.2)"
            )
        }
        Event::TermsExhausted => {
            "holds no election: it is in the largest term there can be (§5.1)".to_owned()
        }
        Event::VoteGranted { to, term } if to == node => {
            format!("votes for itself in term {term} (§5.2)")
        }
        Event::VoteGranted { to, term } => format!("votes for {to} in term {term} (§5.2)"),
        Event::VoteRefused { to, term, rule } => {
            format!(
                "gives {to} no vote, by {rule}, and is in term {term} itself ({})",
                section(rule)
            )
        }
        Event::VoteCounted { from, votes } => {
            format!("counts the vote of {from}: {} so far (§5.2)", plural(votes, "vote", "votes"))
        }
        Event::VoteDenied { by } => format!("gets no vote from {by} (§5.2)"),
        Event::BecameLeader { term } => format!("has won the election of term {term} (§5.2)"),
        Event::Appended { first, last, term } => {
            format!("appends {} to its own log (§5.3)", positions(first, last, term))
        }
        Event::ProposalRefused { leader: Some(leader) } => {
            format!("takes no command: {leader} leads, not {node} (§8)")
        }
        Event::ProposalRefused { leader: None } => {
            format!("takes no command: {node} does not lead, and knows of no leader (§8)")
        }
        Event::LeaderRecognised { leader, term } => {
            format!("recognises {leader} as the leader of term {term} (§5.2)")
        }
        Event::Truncated { from, to } => {
            format!("deletes {} of its log (§5.3)", indexes(from, to))
        }
        Event::EntriesAccepted { count, new_from, acknowledged } => {
            accepted(count, new_from, acknowledged)
        }
        Event::EntriesRefused { prev } => {
            format!("refuses what {} builds on {prev} (§5.3)", speaker.sender())
        }
        Event::Matched { peer, match_index } => {
            format!("knows now that {peer} holds its log up to index {match_index} (§5.3)")
        }
        Event::BackedOff { peer, from, to } => {
            format!("steps back for {peer}: nextIndex {to}, was {from} (§5.3)")
        }
        Event::CommitAdvanced { from, to } => {
            format!("commits {}, commitIndex was {from} (§5.3)", indexes(from.next(), to))
        }
        Event::Ignored { from, kind } => {
            format!("makes no further use of the {} from {from}", message::kind(kind))
        }
    }
}

fn accepted(count: usize, new_from: Option<LogIndex>, acknowledged: LogIndex) -> String {
    let carried = plural(count, "entry", "entries");
    match (count, new_from) {
        (0, _) => format!("accepts, without entries, and acknowledges index {acknowledged} (§5.3)"),
        (_, Some(new)) => format!(
            "accepts {carried}, new from index {new} on, and acknowledges index {acknowledged} (§5.3)"
        ),
        (_, None) => format!(
            "accepts {carried}, none of them new, and acknowledges index {acknowledged} (§5.3)"
        ),
    }
}

fn positions(first: LogIndex, last: LogIndex, term: Term) -> String {
    let [first, last] = [first, last].map(|index| LogPosition { term, index });
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

fn indexes(first: LogIndex, last: LogIndex) -> String {
    if first == last { format!("index {first}") } else { format!("indexes {first} to {last}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raft::{Command, Facts, MessageKind, RoleKind, Term};

    const N1: NodeId = NodeId::new(1);
    const N3: NodeId = NodeId::new(3);

    fn speaker() -> Speaker {
        Speaker { node: N1, from: Some(N3) }
    }

    #[test]
    fn every_event_is_told_with_its_values() {
        let (term, four, six) = (Term::new(7), LogIndex::new(4), LogIndex::new(6));
        let last = LogPosition::new(5, 2);
        let rule = Rule::OneVotePerTerm;
        let facts = Facts::Vote { term, voted_for: None, candidate: N3 };
        let checked = Verdict { rule, outcome: Outcome::Holds, facts };
        let accepted =
            |count, new_from| Event::EntriesAccepted { count, new_from, acknowledged: six };
        let told: &[(Event, &[&str])] = &[
            (Event::Checked(checked), &["kept", "one-vote-per-term", "§5.2", "n3", "term 7"]),
            (Event::TermAdvanced { from: Term::new(2), to: term }, &["term 2", "term 7"]),
            (
                Event::RoleChanged { from: RoleKind::Leader, to: RoleKind::Follower, term },
                &["leader", "follower", "term 7"],
            ),
            (Event::ElectionStarted { term, last }, &["term 7", "5@2"]),
            (Event::ElectionStarted { term, last: LogPosition::START }, &["empty"]),
            (Event::TermsExhausted, &["no election", "largest term"]),
            (Event::VoteGranted { to: N3, term }, &["n3", "term 7"]),
            (Event::VoteGranted { to: N1, term }, &["itself", "term 7"]),
            (Event::VoteRefused { to: N3, term, rule }, &["n3", "term 7", "one-vote-per-term"]),
            (Event::VoteCounted { from: N3, votes: 2 }, &["n3", "2 votes"]),
            (Event::VoteDenied { by: N3 }, &["n3"]),
            (Event::BecameLeader { term }, &["won", "term 7"]),
            (Event::Appended { first: four, last: six, term }, &["4@7", "6@7"]),
            (Event::Appended { first: four, last: four, term }, &["appends 4@7 to"]),
            (Event::ProposalRefused { leader: Some(N3) }, &["n3", "n1"]),
            (Event::ProposalRefused { leader: None }, &["no leader"]),
            (Event::LeaderRecognised { leader: N3, term }, &["n3", "term 7"]),
            (Event::Truncated { from: four, to: six }, &["4 to 6"]),
            (accepted(0, None), &["without entries", "6"]),
            (accepted(1, Some(six)), &["1 entry", "from index 6", "acknowledges index 6"]),
            (accepted(2, None), &["2 entries", "none of them new", "6"]),
            (Event::EntriesRefused { prev: last }, &["n3", "5@2"]),
            (Event::Matched { peer: N3, match_index: six }, &["n3", "6"]),
            (Event::BackedOff { peer: N3, from: six, to: four }, &["n3", "4", "6"]),
            (Event::CommitAdvanced { from: four, to: six }, &["5 to 6", "was 4"]),
            (
                Event::Ignored { from: N3, kind: MessageKind::VoteResponse },
                &["n3", "RequestVote reply"],
            ),
        ];
        for (happened, words) in told {
            let text = event(speaker(), happened);
            for word in *words {
                assert!(text.contains(word), "{happened:?}: {text:?} lacks {word:?}");
            }
            let cites = text.contains('§') || matches!(happened, Event::Ignored { .. });
            assert!(cites, "{text:?} names no section");
        }
    }

    #[test]
    fn a_refusal_names_both_sides_the_rule_and_the_section() {
        let refusal = Verdict {
            rule: Rule::UpToDateLog,
            outcome: Outcome::Refused,
            facts: Facts::Logs { candidate: LogPosition::new(3, 1), own: LogPosition::new(2, 2) },
        };
        assert_eq!(
            verdict(speaker(), &refusal),
            "refused: up-to-date-log (§5.4.1): n3's log ends at 3@1, n1's ends at 2@2: \
             the later last term is more up to date"
        );
    }

    #[test]
    fn every_input_names_its_node() {
        let commands = vec![Command::new("SET x=1"), Command::new("GET x")];
        let told = input(N1, &Input::Propose(commands));
        assert!(told.contains("n1") && told.contains("SET x=1, GET x"), "{told}");
        for timer in [Input::ElectionTimeout, Input::HeartbeatDue] {
            assert!(input(N1, &timer).contains("n1"));
        }
    }

    #[test]
    fn the_section_stands_without_the_clause() {
        assert_eq!(section(Rule::OneVotePerTerm), "§5.2");
        assert_eq!(section(Rule::RepliesMatchedToTerm), "§5.1, §5.3");
        assert!(Rule::ALL.iter().all(|&rule| section(rule).starts_with('§')));
    }
}
