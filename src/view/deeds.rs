//! What the world did and what clients were told, in words.

use super::words::{duration, joined};
use super::{message, violation};
use crate::network::Conditions;
use crate::raft::{LogIndex, NodeId, Payload, RaftNode};
use crate::record::deed::{Deed, Loss};
use crate::server::state_machine::Reply;
use crate::server::turn_order::CrashPoint;
use crate::server::{Answer, Proposal};

/// What a client is told.
pub(crate) fn told(answer: &Answer) -> String {
    format!("is told that {}", answered("its command", answer))
}

/// What a node answers a client that has asked for `command`.
pub(super) fn answered(command: &str, answer: &Answer) -> String {
    match answer {
        Answer::Applied { position, reply } => {
            let done = format!("{command} is committed as {position}");
            match reply {
                Reply::Set | Reply::Done => done,
                Reply::Deleted(_) | Reply::Value(_) => {
                    format!("{done}, and {}", violation::reply_words(reply))
                }
            }
        }
        Answer::Superseded { lost } => {
            format!("{command}, entry {lost}, is lost: another entry was committed in its place")
        }
        Answer::Uncertain { position } => {
            format!("the fate of {command}, entry {position}, is unknown")
        }
    }
}

/// Why a node takes no command. `is_up` is none if nobody knows whether it is up.
pub(super) fn refusal(node: NodeId, is_up: Option<bool>, leader: Option<NodeId>) -> String {
    match (is_up, leader) {
        (Some(false), _) => format!("{node} is down"),
        (_, Some(leader)) => format!("{node} does not lead, and names {leader} (§8)"),
        (Some(true), None) => format!("{node} does not lead, and knows of no leader (§8)"),
        (None, None) => format!("{node} is down, or does not lead and knows of no leader (§8)"),
    }
}

/// What a client was told so far: nothing, a refusal, or an answer.
pub(super) fn proposal(proposal: &Proposal) -> String {
    match proposal {
        Proposal::Pending => "has heard nothing".to_owned(),
        Proposal::Refused { leader: Some(leader) } => {
            format!("is refused: the node it asked does not lead, and believes that {leader} does")
        }
        Proposal::Refused { leader: None } => {
            "is refused: the node it asked does not lead, or is down".to_owned()
        }
        Proposal::Answered(answer) => told(answer),
    }
}

/// The contents of appended entries, for the end of the sentence that says where they stand.
pub(super) fn contents(node: &RaftNode, first: LogIndex, last: LogIndex) -> String {
    let entry = |index| {
        let entry = node.log().get(LogIndex::new(index))?;
        Some(match entry.payload {
            Payload::NoOp => "no-op, an empty entry that begins its term".to_owned(),
            Payload::Command(_) => message::payload(&entry.payload),
        })
    };
    format!(": {}", joined((first.get()..=last.get()).filter_map(entry), ", "))
}

/// What the world did, in one sentence; none, if the deed has no words of its own.
pub(super) fn sentence(deed: &Deed) -> Option<String> {
    world(deed).map(|(who, text)| format!("{who} {text}").trim_start().to_owned())
}

/// What the world did: the name of the node concerned, or an empty text, and what happened.
pub(super) fn world(deed: &Deed) -> Option<(String, String)> {
    let nobody = String::new();
    Some(match deed {
        Deed::Crash { node, point } => {
            let text = match point {
                CrashPoint::Between => {
                    "CRASHES: its role and commitIndex are gone; term, vote and log are as saved"
                }
                CrashPoint::BeforeSave => {
                    "CRASHES before it has saved this step; term, vote and log are as last saved"
                }
                CrashPoint::BeforeSend => {
                    "CRASHES before its messages have left; term, vote and log are as last saved"
                }
            };
            (node.to_string(), text.to_owned())
        }
        Deed::Restart { node } => {
            (node.to_string(), "starts again, as a follower, with what its disk held".to_owned())
        }
        Deed::Wipe { node } => {
            (node.to_string(), "loses its disk: it has forgotten everything".to_owned())
        }
        Deed::Asked { ticket, node, command } => {
            (nobody, format!("client {} asks {node} for {command}", ticket.client()))
        }
        Deed::Refused { ticket, node, leader } => {
            let why = refusal(*node, None, *leader);
            (nobody, format!("client {} is refused: {why}", ticket.client()))
        }
        Deed::Answered { ticket, answer, .. } => {
            (nobody, format!("client {} {}", ticket.client(), told(answer)))
        }
        Deed::AnswerLost { ticket, node } => {
            let text = format!("answers client {}, and the answer is lost", ticket.client());
            (node.to_string(), text)
        }
        Deed::Pause { node } => (node.to_string(), "is paused".to_owned()),
        Deed::Resume { node } => (node.to_string(), "resumes where it stopped".to_owned()),
        Deed::Cut { from, to } => (nobody, format!("the link from {from} to {to} is cut")),
        Deed::Partition { groups } if groups.len() == 1 => {
            (nobody, "no link is cut: all nodes are in one group".to_owned())
        }
        Deed::Partition { groups } => {
            let groups = groups.iter().map(|group| joined(group.iter(), " "));
            (nobody, format!("the network splits: {}", joined(groups, " | ")))
        }
        Deed::HealLink { from, to } => {
            (nobody, format!("the link from {from} to {to} is cut no more"))
        }
        Deed::Heal => (nobody, "no link is cut any more".to_owned()),
        Deed::Conditions(conditions) => (nobody, format!("links: {}", links(conditions))),
        Deed::LinkConditions { from, to, conditions } => {
            (nobody, format!("the link from {from} to {to}: {}", links(conditions)))
        }
        Deed::Lost { from, to, why: Loss::Removed, .. } => {
            (nobody, format!("a message from {from} to {to} is taken out of the network"))
        }
        _ => return None,
    })
}

/// Says that a message did not arrive, and why.
pub(super) fn lost(from: NodeId, to: NodeId, why: Loss) -> String {
    let why = if why == Loss::Down { format!("{to} is down") } else { why_lost(why).to_owned() };
    format!("the message from {from} to {to} is lost: {why}")
}

/// Why a message did not arrive, without a name.
pub(super) const fn why_lost(why: Loss) -> &'static str {
    match why {
        Loss::Dropped => "the link lost it",
        Loss::Cut => "the link is cut",
        Loss::Down => "the receiver is down",
        Loss::Removed => "it was taken out of the network",
        Loss::Full => "too many messages wait for the receiver",
    }
}

/// The conditions on the links, in a few words: how long messages take, and how many are lost or doubled.
pub(crate) fn links(conditions: &Conditions) -> String {
    let (min, max) = (duration(conditions.latency_min), duration(conditions.latency_max));
    let mut text = if min == max { min } else { format!("{min} to {max}") };
    for (share, what) in [(conditions.drop, "lost"), (conditions.duplicate, "doubled")] {
        if share > 0.0 {
            let percent = (share * 1000.0).round() / 10.0;
            text = format!("{text}, {percent}% {what}");
        }
    }
    text
}
