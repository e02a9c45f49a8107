//! What went wrong with a line of a script: how things stood, and why a wait was in vain.

use super::table::{apart, paragraph};
use super::words::{alike, complaint_line, duration, joined, log_end, names, plural};
use super::{colour, deeds, message, status, violation};
use crate::raft::NodeId;
use crate::record::history::MOST_STEPS;
use crate::scenario::found::Found;
use crate::scenario::line_outcome::{Failure, Why};
use crate::scenario::world::{Campaigns, CannotDo};
use crate::server::status::NodeStatus;

/// The failed line and what went wrong with it, in one sentence.
pub(crate) fn sentence(failure: &Failure) -> String {
    let place = if failure.line == 0 { String::new() } else { format!("line {}: ", failure.line) };
    format!("{place}{}: {}", failure.verb, why(failure))
}

/// What went wrong with a line, and which properties were violated, if that is the reason.
pub(crate) fn complaint(failure: &Failure) -> Vec<String> {
    let text = format!("✗ {}", complaint_line(&sentence(failure)));
    let mut lines = paragraph(&colour::wrong(&text), "  ", "    ");
    match &failure.why {
        Why::Violated(violations) => lines.extend(violations.iter().flat_map(violation::lines)),
        Why::Misled(misled) => lines.extend(violation::misled(misled)),
        _ => {}
    }
    lines
}

/// Why a script ended early, and the state of the nodes then.
pub(crate) fn failure(failure: &Failure) -> Vec<String> {
    apart([Vec::new(), complaint(failure), status::table(&failure.status)])
}

/// What went wrong, in one sentence, and why nothing came of a wait.
fn why(failure: &Failure) -> String {
    let (leader, waited) = match &failure.why {
        Why::NoLeader | Why::Unanswered(_) => (true, true),
        Why::TimedOut(_, stood) => (**stood == Why::NoLeader, true),
        _ => (false, false),
    };
    let few = if leader { no_majority(&failure.status) } else { String::new() };
    let paused = if waited { paused(&failure.status) } else { String::new() };
    let by_hand = if waited { by_hand(failure) } else { "" };
    let in_flight = in_flight(failure);
    format!("{}{in_flight}.{few}{paused}{by_hand}", reason(&failure.why))
}

fn reason(why: &Why) -> String {
    match why {
        Why::NotSo(found) => found_with(found),
        Why::Campaigns(Campaigns { held, won }) => {
            format!("{won} of {held} campaigns so far have been won")
        }
        Why::WasTold(client, told) => format!("client {client} {}", deeds::proposal(told)),
        Why::NoClient(None) => "no client has asked so far".to_owned(),
        Why::NoClient(Some(client)) => format!("there is no client {client} so far"),
        Why::NotLeading(node) => {
            format!("{node} does not lead, and so knows nothing of its peers")
        }
        Why::TimedOut(bound, stood) => {
            format!("not within {}; {}", duration(*bound), reason(stood))
        }
        Why::NoLeader => "there is no leader".to_owned(),
        Why::NoneUp => "no node is up".to_owned(),
        Why::NoneCrashed => "no node that has crashed is down".to_owned(),
        Why::NamedTwice(node) => {
            format!("the line means {node} twice, and another node belongs there")
        }
        Why::Cannot(why) => why.to_string(),
        Why::OnlyVirtual => {
            "threads run as they please; this needs virtual time (--virtual)".to_owned()
        }
        Why::Interrupted => "the run was interrupted here".to_owned(),
        Why::HistoryFull => format!(
            "the run was ended here, as its history has no more than {MOST_STEPS} steps; let less happen in \
             one run"
        ),
        Why::OnlyInScripts => {
            "only a script repeats lines; 'load' carries one out at the prompt".to_owned()
        }
        Why::Unanswered(bound) => format!("no answer within {}", duration(*bound)),
        Why::CameTrue(took) => format!("it came true after {}", duration(*took)),
        Why::Violated(_) | Why::Misled(_) => "a property was violated".to_owned(),
        Why::NotJudged(key) => violation::not_judged(key).trim_end_matches('.').to_owned(),
        Why::AlsoViolated(others) => {
            let verb = if others.len() == 1 { "was" } else { "were" };
            let others = joined(others, " and ");
            format!("{others} {verb} violated too, and the line does not say so")
        }
        Why::Unviolated(property) => format!("{property} was not violated"),
    }
}

/// How things stood with the nodes that a condition asks.
fn found_with(found: &[(NodeId, Found)]) -> String {
    let alike = alike(found, |one, other| one.1 == other.1);
    let groups = alike.into_iter().map(|((_, what), members)| {
        found_on(&members.into_iter().map(|(node, _)| *node).collect::<Vec<_>>(), what)
    });
    joined(groups, "; ")
}

/// What these nodes were all found with.
fn found_on(nodes: &[NodeId], found: &Found) -> String {
    let who = names(nodes.iter().copied());
    let one = nodes.len() == 1;
    let (is, has, leads) = if one { ("is", "has", "leads") } else { ("are", "have", "lead") };
    match found {
        Found::Down => format!("{who} {is} down"),
        Found::Leads(term) => format!("{who} {leads} term {term}"),
        Found::Role(role) => format!("{who} is a {role}"),
        Found::Term(term) => format!("{who} is in term {term}"),
        Found::Vote(None, term) => format!("{who} has not voted in term {term}"),
        Found::Vote(Some(vote), term) => format!("{who} voted for {vote} in term {term}"),
        Found::CommitIndex(index) => format!("commitIndex is {index} on {who}"),
        Found::Committed(true) => format!("{who} {has} committed it"),
        Found::Committed(false) => format!("{who} {has} not committed it"),
        Found::LogEnd(last) => format!("the log of {who} {}", log_end(*last)),
        Found::Log(log) if log.is_empty() => format!("the log of {who} is empty"),
        Found::Log(log) => format!("the log of {who} is {}", joined(log, " ")),
        Found::Value(key, Some(value)) => format!("{key} is {value} on {who}"),
        Found::Value(key, None) => format!("there is no {key} on {who}"),
        Found::NextIndex(peer, index) => format!("{who} has nextIndex {index} for {peer}"),
        Found::MatchIndex(peer, index) => format!("{who} has matchIndex {index} for {peer}"),
        Found::Probing(peer, true) => format!("{who} probes {peer}"),
        Found::Probing(peer, false) => format!("{who} does not probe {peer}"),
    }
}

/// A sentence after a space that says why a line waited in vain under manual control; else empty.
fn by_hand(failure: &Failure) -> &'static str {
    if failure.manual && failure.verb.may_move_and_fail() {
        " (timers and links are in your hands: 'automatic' gives them back)"
    } else {
        ""
    }
}

/// How many messages in flight a complaint names.
const MOST_NAMES: usize = 8;

/// Says, after a semicolon, which messages are in flight, if the line names one that is not.
fn in_flight(failure: &Failure) -> String {
    let Why::Cannot(CannotDo::NoSuchMessage(_)) = failure.why else { return String::new() };
    let named = failure.in_flight.iter().take(MOST_NAMES);
    let named = joined(named.map(|name| format!("'{}'", message::name(*name))), ", ");
    match failure.in_flight.len() {
        0 => "; none is".to_owned(),
        count if count > MOST_NAMES => format!("; {count} are, such as {named}"),
        _ => format!("; these are: {named}"),
    }
}

/// A sentence after a space that says which processes are paused; empty, if none is.
fn paused(statuses: &[NodeStatus]) -> String {
    let paused: Vec<NodeId> = statuses.iter().filter(|it| it.paused).map(|it| it.id).collect();
    match paused.len() {
        0 => String::new(),
        1 => format!(" {} is paused.", names(paused)),
        _ => format!(" {} are paused.", names(paused)),
    }
}

/// A sentence after a space that says that too few nodes run for a majority; empty, if enough run.
fn no_majority(statuses: &[NodeStatus]) -> String {
    let (up, nodes) = (statuses.iter().filter(|status| status.up).count(), statuses.len());
    let need = nodes / 2 + 1;
    if up >= need {
        return String::new();
    }
    let only = if up == 0 { "None".to_owned() } else { format!("Only {up}") };
    let (nodes, are_up) =
        (plural(nodes, "node", "nodes"), if up == 1 { "is up" } else { "are up" });
    format!(
        " {only} of {nodes} {are_up}, and a leader needs the votes of {need}: the cluster stalls \
         rather than decide without a majority (majority-quorum, §5.2)."
    )
}
