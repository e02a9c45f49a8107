//! Valid scripts, drawn at random: every verb, every condition.

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use raft_in_practice::raft::{LogPosition, MessageKind, NodeId, Property, RoleKind, Settings};
use raft_in_practice::record::message_name::MessageName;
use raft_in_practice::scenario::parse::parse_line;
use raft_in_practice::scenario::script::{Line, Script};
use raft_in_practice::scenario::verb_table::{
    Amount, Committed, Condition, LinkSet, On, Verb, Who,
};
use raft_in_practice::server::timing::Timing;
use raft_in_practice::server::turn_order::CrashPoint;

fn node(nodes: usize) -> impl Strategy<Value = NodeId> {
    (0..nodes as u8).prop_map(NodeId::new)
}

fn who(nodes: usize) -> impl Strategy<Value = Who> {
    prop_oneof![4 => node(nodes).prop_map(Who::Node), 2 => Just(Who::Leader), 1 => Just(Who::Crashed)]
}

fn on(nodes: usize) -> impl Strategy<Value = On> {
    prop_oneof![who(nodes).prop_map(On::One), Just(On::Majority), Just(On::All)]
}

fn command() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (select(&["SET", "SET", "GET", "DELETE", "ADD"][..]), "[xyz]", 0..9)
            .prop_map(|(verb, key, value)| match verb {
                "SET" => format!("{verb} {key}={value}"),
                "ADD" => format!("{verb} {key} {value}"),
                _ => format!("{verb} {key}"),
            }),
        1 => "[A-Z][A-Za-z =|@#%.>-]{0,10}[a-z]",
        // Text that could be read as words of the language, and text that a line can hold only in quotes.
        1 => select(&[
            "to 1 SET x=1", "to leader to 2", "to", "12", "SET x=a on 1", "a on all", "on", " x ", "",
            "say \"hello\"", "\"", "C:\\x", "a\nb", "\u{1b}[2J", "# no comment", "\u{feff}x",
        ][..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn millis(most: u64) -> impl Strategy<Value = Duration> {
    (0..=most).prop_map(Duration::from_millis)
}

fn message(nodes: usize) -> impl Strategy<Value = MessageName> {
    let kinds = [
        MessageKind::RequestVote,
        MessageKind::RequestVoteReply,
        MessageKind::AppendEntries,
        MessageKind::AppendEntriesReply,
    ];
    let nth = prop_oneof![4 => Just(0_usize), 1 => 0_usize..4];
    (select(kinds.to_vec()), node(nodes), node(nodes), nth)
        .prop_map(|(kind, from, to, nth_newest)| MessageName { kind, from, to, nth_newest })
}

fn condition(nodes: usize) -> impl Strategy<Value = Condition> {
    let roles = [RoleKind::Follower, RoleKind::Candidate, RoleKind::Leader];
    let position = (0_u64..6, 0_u64..4).prop_map(|(index, term)| LogPosition::new(index, term));
    let value = option::of("[0-9a-z=]{0,3}");
    prop_oneof![
        option::of(who(nodes)).prop_map(Condition::Leader),
        Just(Condition::NoLeader),
        (who(nodes), select(roles.to_vec())).prop_map(|(who, role)| Condition::Role(who, role)),
        (0_u64..9, on(nodes))
            .prop_map(|(count, on)| Condition::Committed(Committed::Count(count), on)),
        (command(), on(nodes))
            .prop_map(|(text, on)| Condition::Committed(Committed::Command(text), on)),
        (command(), on(nodes)).prop_map(|(text, on)| Condition::NotCommitted(text, on)),
        (who(nodes), vec(position, 0..4)).prop_map(|(who, log)| Condition::Log(who, log)),
        (who(nodes), 0_u64..5).prop_map(|(who, term)| Condition::Term(who, term)),
        (who(nodes), option::of(node(nodes))).prop_map(|(who, vote)| Condition::Vote(who, vote)),
        ("[xyz]", value, on(nodes)).prop_map(|(key, value, on)| match value {
            Some(value) => Condition::Value((key, value), on),
            None => Condition::NoValue(key, on),
        }),
        Just(Condition::InStep),
        client_told(),
        who(nodes).prop_map(Condition::LeaderOther),
        (who(nodes), node(nodes), 0_u64..5)
            .prop_map(|(leader, peer, index)| { Condition::NextIndex { leader, peer, index } }),
        (who(nodes), node(nodes)).prop_map(|(leader, peer)| Condition::Probing { leader, peer }),
        (0_u64..9).prop_map(|most| Condition::Campaigns(Amount::AtMost(most))),
    ]
}

/// A condition on what a client was told. The client may never have asked.
fn client_told() -> impl Strategy<Value = Condition> {
    (option::of(1_u64..4), "[xyz]", "[0-9a-z=]{0,3}", 0..7).prop_map(
        |(client, key, value, which)| match which {
            0 => Condition::Answered(client),
            1 => Condition::Refused(client),
            2 => Condition::Lost(client),
            3 => Condition::Uncertain(client),
            4 => Condition::Unanswered(client),
            5 => Condition::ToldNo(client, key),
            _ => Condition::Told(client, (key, value)),
        },
    )
}

fn link_set(nodes: usize) -> impl Strategy<Value = LinkSet> {
    (who(nodes), who(nodes), 0..3).prop_map(|(a, b, which)| match which {
        0 if a != b => LinkSet::OneWay(a, b),
        1 if a != b => LinkSet::Between(a, b),
        _ => LinkSet::All(a),
    })
}

/// Groups that cover some of the nodes, each node in at most one group; in one of them the leader may stand, too.
fn groups(nodes: usize) -> impl Strategy<Value = Vec<Vec<Who>>> {
    (vec(0_usize..4, nodes), 0_usize..9).prop_map(move |(places, leaders)| {
        let group = |place| {
            let numbered = NodeId::all(nodes).filter(|node| places[node.index()] == place);
            let leader = (leaders == place).then_some(Who::Leader);
            numbered.map(Who::Node).chain(leader).collect::<Vec<_>>()
        };
        let groups: Vec<_> = (0..3).map(group).filter(|group| !group.is_empty()).collect();
        if groups.is_empty() { vec![NodeId::all(nodes).map(Who::Node).collect()] } else { groups }
    })
}

fn verb(nodes: usize) -> impl Strategy<Value = Verb> {
    let points = [CrashPoint::Between, CrashPoint::BeforeSave, CrashPoint::BeforeSend];
    let simple = [
        Verb::RestartAll,
        Verb::Heal,
        Verb::Manual,
        Verb::Automatic,
        Verb::ExpectSafe,
        Verb::Status,
        Verb::Phase("A part of it".to_owned()),
        Verb::Note("# no comment, but a note".to_owned()),
    ];
    let flow = prop_oneof![
        3 => millis(2500).prop_map(Verb::Wait),
        3 => (condition(nodes), option::weighted(0.9, millis(3000)))
            .prop_map(|(condition, within)| Verb::WaitUntil { condition, within }),
        3 => (1_u64..40).prop_map(Verb::Step),
        2 => condition(nodes).prop_map(Verb::Expect),
        3 => select(simple.to_vec()),
        1 => vec(select(judged()), 1..3).prop_map(Verb::ExpectViolation),
    ];
    let nodes_deeds = prop_oneof![
        4 => (who(nodes), command()).prop_map(|(to, command)| Verb::Submit { to, command }),
        2 => command().prop_map(Verb::Write),
        1 => command().prop_map(Verb::Retry),
        1 => who(nodes).prop_map(Verb::LoseAnswer),
        3 => (who(nodes), select(points.to_vec()))
            .prop_map(|(who, point)| Verb::Crash { who, point }),
        4 => who(nodes).prop_map(Verb::Restart),
        2 => who(nodes).prop_map(Verb::Pause),
        3 => who(nodes).prop_map(Verb::Resume),
        1 => who(nodes).prop_map(Verb::Wipe),
        3 => who(nodes).prop_map(Verb::Timeout),
        1 => who(nodes).prop_map(Verb::Elect),
        1 => who(nodes).prop_map(Verb::Heartbeat),
    ];
    let links = prop_oneof![
        2 => groups(nodes).prop_map(Verb::Partition),
        3 => link_set(nodes).prop_map(Verb::Cut),
        2 => (0_u32..=60, option::of(link_set(nodes)))
            .prop_map(|(percent, links)| Verb::DropRate(f64::from(percent) / 100.0, links)),
        2 => (0_u32..=60, option::of(link_set(nodes)))
            .prop_map(|(percent, links)| Verb::DuplicateRate(f64::from(percent) / 100.0, links)),
        2 => (0_u64..50, 0_u64..3000, option::of(link_set(nodes))).prop_map(
            |(min, more, links)| Verb::Delay(
                (Duration::from_millis(min), Duration::from_millis(min + more)),
                links
            )
        ),
        6 => message(nodes).prop_map(Verb::Deliver),
        2 => message(nodes).prop_map(Verb::Remove),
    ];
    // Every form in the tables, with the example arguments from the tables.
    let examples = Verb::examples().into_iter().chain(
        Condition::examples().into_iter().map(|condition| format!("wait 1s until {condition}")),
    );
    let examples = examples.filter_map(|line| parse_line(&line, nodes).ok().flatten());
    // `repeat` and `end` are left out here, because blocks are drawn together with their script.
    let examples = examples.filter(|verb| !matches!(verb, Verb::Repeat(_) | Verb::End));
    let examples = select(examples.collect::<Vec<_>>());
    let any = prop_oneof![flow, nodes_deeds, links].boxed();
    prop_oneof![8 => any.clone(), 1 => examples, 1 => any.prop_map(|verb| Verb::Try(Box::new(verb)))]
}

/// A script for a cluster of 1 to 7 nodes, all rules kept.
pub(super) fn script() -> impl Strategy<Value = Script> {
    let head = (1_usize..=7, any::<u64>(), any::<bool>(), 0_usize..=4, any::<bool>());
    head.prop_flat_map(|(nodes, seed, no_op, batch, paper)| {
        let block = option::weighted(0.3, (any::<Index>(), any::<Index>(), 1_u64..4));
        (vec(verb(nodes), 1..40), block).prop_map(move |(mut verbs, block)| {
            if let Some((from, to, times)) = block {
                let (a, b) = (from.index(verbs.len()), to.index(verbs.len()));
                verbs.insert(a.max(b), Verb::End);
                verbs.insert(a.min(b), Verb::Repeat(times));
            }
            let numbered = verbs.into_iter().enumerate();
            Script {
                nodes,
                seed,
                no_op,
                max_batch: match batch {
                    0 => None,
                    4 => Settings::new(1).max_batch,
                    few => few.try_into().ok(),
                },
                timing: if paper { Timing::PAPER } else { Timing::WATCHABLE },
                lines: numbered.map(|(nth, verb)| Line { number: nth + 1, verb }).collect(),
                ..Script::empty("drawn")
            }
        })
    })
}

/// The properties that a script can ask for. Liveness is left out, because only hunts set deadlines.
fn judged() -> Vec<Property> {
    Property::ALL.into_iter().filter(|property| *property != Property::Liveness).collect()
}
