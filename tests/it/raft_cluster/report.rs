//! The page of a run: it shows the run as it was, and all text in it is only text.

use std::fs;

use raft_in_practice::raft::{NodeId, Role};
use raft_in_practice::record::History;
use raft_in_practice::record::history::NodeState;
use raft_in_practice::scenario::library;
use serde_json::Value;

use crate::raft_cluster::{complaint, file, printed, raft_cluster, unwrapped};

/// The page of a run, by these arguments.
fn page(name: &str, code: i32, arguments: &[&str]) -> String {
    let path = file(name);
    let _ = fs::remove_file(&path);
    printed(code, &[&["report"], arguments, &["-o", path.to_str().unwrap()]].concat());
    fs::read_to_string(path).unwrap()
}

/// The run in a page, as its script reads it.
fn record(page: &str) -> Value {
    let (_, data) = page.split_once("<script type=\"application/json\" id=\"run\">").unwrap();
    serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap()
}

/// The state of a node in a page: its fields, and its log.
type Shown = (Value, Vec<Value>);

/// The nodes after each step, built from the changes of each moment as the page does it. Each pair holds them
/// right after the step, and after all that happened before the next step.
fn replayed(record: &Value) -> Vec<[Vec<Shown>; 2]> {
    let count = record["nodes"].as_u64().unwrap() as usize;
    let mut nodes = vec![(Value::Null, Vec::new()); count];
    let mut after_step: Vec<[Vec<Shown>; 2]> = Vec::new();
    for moment in record["moments"].as_array().unwrap() {
        for after in moment["after"].as_array().unwrap() {
            let (fields, log) = &mut nodes[after["node"].as_u64().unwrap() as usize];
            log.truncate(after["keep"].as_u64().unwrap() as usize);
            log.extend(after["add"].as_array().unwrap().iter().cloned());
            *fields = after.clone();
        }
        if moment["step"] != 0 {
            after_step.push([nodes.clone(), nodes.clone()]);
        } else if let Some([_, last]) = after_step.last_mut() {
            last.clone_from(&nodes);
        }
    }
    after_step
}

/// Whether the page shows the node's true state.
fn is_shown((fields, log): &Shown, stood: &NodeState<'_>) -> bool {
    let node = &stood.node;
    if fields.is_null() {
        return node.current_term().get() == 0 && node.last().index.get() == 0;
    }
    let terms: Vec<u64> = log.iter().map(|entry| entry[0].as_u64().unwrap()).collect();
    let held: Vec<u64> = node.log().iter().map(|(_, entry)| entry.term.get()).collect();
    let rows = fields["peers"].as_array();
    let leads = match node.role() {
        Role::Leader { progress } => rows.is_some_and(|rows| {
            NodeId::all(rows.len()).zip(rows).all(|(peer, row)| {
                let known = progress.of(peer);
                row[0] == known.next_index.get()
                    && row[1] == known.match_index.get()
                    && row[2] == known.probing
            })
        }),
        Role::Follower { .. } | Role::Candidate { .. } => rows.is_none(),
    };
    fields["up"] == stood.up
        && fields["term"] == node.current_term().get()
        && fields["commit"] == node.commit_index().get()
        && fields["vote"].as_u64() == node.voted_for().map(|vote| vote.index() as u64)
        && fields["role"] == node.role().kind().to_string()
        && terms == held
        && leads
}

#[test]
fn a_page_holds_every_node_as_it_stood_after_every_step() {
    for name in ["partition", "figure-8", "broken/persist-before-reply"] {
        let trace = file(&format!("report-{}.jsonl", name.replace('/', "-")));
        let path = trace.to_str().unwrap();
        printed(0, &["run", name, "--virtual", "--view", "quiet", "--trace", path]);
        let history = History::read(&fs::read(&trace).unwrap()[..]).unwrap();
        let code = i32::from(history.violations().next().is_some());
        let after_step = replayed(&record(&page("stood.html", code, &[path])));
        assert_eq!(after_step.len() as u64, history.last(), "{name}: every step is there");
        for (step, shown) in (1..).zip(&after_step) {
            for id in NodeId::all(shown[0].len()) {
                let stood = history.node_at(id, step).unwrap();
                // A crash or restart at this time may be shown before the step or after it.
                let shown = shown.iter().map(|nodes| &nodes[id.index()]);
                assert!(
                    shown.clone().any(|shown| is_shown(shown, &stood)),
                    "{name}, step {step}, {id}: {stood:?} and not {shown:?}"
                );
            }
        }
    }
}

#[test]
fn texts_of_a_run_are_data_in_its_page() {
    let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>";
    let turned = "\u{202e}fdp.exe";
    let path = file("hostile-report.raft");
    let text = format!(
        "nodes 3\nphase {hostile}\ntimeout 0\nwait until leader\nnote {hostile} {{{{run}}}}\nwrite SET x={hostile}\nwrite SET {turned}=1\n"
    );
    fs::write(&path, text).unwrap();
    let page = page("hostile.html", 0, &[path.to_str().unwrap()]);
    // There are two scripts: the data and the page's own.
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("<img") && !page.contains(turned));
    let record = record(&page);
    let titles =
        record["moments"].as_array().unwrap().iter().map(|moment| moment["title"].as_str());
    assert!(titles.clone().any(|title| title == Some(hostile)), "the page holds the exact text");
    let note = format!("{hostile} {{{{run}}}}");
    assert!(titles.clone().any(|title| title == Some(&note)), "a text is no place in the page");
}

#[test]
fn a_page_loads_nothing_and_is_the_same_each_time() {
    let first = page("first.html", 0, &["demo"]);
    assert_eq!(first, page("second.html", 0, &["demo"]));
    assert!(first.contains("default-src 'none'"));
    let own = first.split("id=\"run\"").next().unwrap();
    assert!(!own.contains("http:") && !own.contains("https:") && !own.contains("@import"));
}

#[test]
fn every_scenario_that_ships_has_a_page() {
    for (name, _) in library::SHIPPED {
        let record = record(&page("shipped.html", 0, &[name]));
        assert!(!record["moments"].as_array().unwrap().is_empty(), "{name}");
    }
}

#[test]
fn a_page_says_what_its_scenario_shows() {
    let shows = "The paper's Figure 8: an entry of an older term on a majority is not committed; two endings.";
    let record = record(&page("shows.html", 0, &["figure-8"]));
    assert_eq!(record["about"][0], shows);
    let question = record["question"].as_str().unwrap();
    assert!(question.contains("Why is that not enough?"), "{question}");
}

#[test]
fn a_run_writes_its_page_beside_being_told() {
    let path = file("beside.html");
    let _ = fs::remove_file(&path);
    let arguments = ["run", "demo", "--virtual", "--report", path.to_str().unwrap()];
    let told = printed(0, &arguments);
    let (told, last) = told.trim_end().rsplit_once('\n').unwrap();
    assert!(last.starts_with("Written: "), "{last}");
    assert_eq!(told, printed(0, &["run", "demo", "--virtual"]).trim_end());
    assert_eq!(fs::read_to_string(path).unwrap(), page("alone.html", 0, &["demo"]));
}

/// Without an end the history of such a run would fill any memory.
#[test]
fn a_run_with_more_steps_than_a_history_has_ends_there_and_has_its_page() {
    let script = file("endless.raft");
    fs::write(&script, "nodes 3\nwait until leader\nrepeat 99000\nwait 3600s\nend\nexpect safe\n")
        .unwrap();
    let page = file("endless.html");
    let (name, to) = (script.to_str().unwrap(), page.to_str().unwrap());
    let first = printed(1, &["report", name, "--steps", "1..9", "-o", to]);
    let last = printed(1, &["report", name, "--steps", "199990..200000", "-o", to]);
    for told in [first, last] {
        let told = unwrapped(&told);
        let sentence = "✗ line 4: wait 3600s: the run was ended here, as its history has no more than 200000 steps; \
                        let less happen in one run.";
        assert!(
            told.contains(sentence) && told.contains("✗ failed") && told.contains("Written"),
            "{told}"
        );
    }
}

/// A trace does not say what its script expected, so nobody can say of it that the run passed.
#[test]
fn of_a_trace_it_is_not_said_that_the_run_passed() {
    let (script, trace) = (file("fails.raft"), file("fails.jsonl"));
    let (script_name, name) = (script.to_str().unwrap(), trace.to_str().unwrap());
    fs::write(&script, "nodes 3\nwait until leader\nexpect no leader\n").unwrap();
    _ = fs::remove_file(&trace);
    printed(1, &["run", script_name, "--virtual", "--view", "quiet", "--trace", name]);
    let page = file("fails.html");
    let told = printed(0, &["report", name, "-o", page.to_str().unwrap()]);
    assert!(told.contains(": made again from its trace; 0 entries committed"), "{told}");
    assert!(!told.contains("passed"), "{told}");
}

#[test]
fn a_trace_that_was_cut_is_shown_as_far_as_it_goes() {
    let trace = file("report-cut.jsonl");
    let name = trace.to_str().unwrap();
    printed(0, &["run", "demo", "--virtual", "--view", "quiet", "--trace", name]);
    let text = fs::read_to_string(&trace).unwrap();
    let lines: Vec<&str> = text.lines().take(40).collect();
    fs::write(&trace, lines.join("\n") + "\n").unwrap();
    let page = file("cut.html");
    let output = raft_cluster(&["report", name, "-o", page.to_str().unwrap()]).output().unwrap();
    let record = record(&fs::read_to_string(page).unwrap());
    assert!(record["left_out"].as_str().unwrap().contains("goes no further"));
    assert!(record["moments"].as_array().unwrap().len() > 10);
    // A trace that cannot be read to its end must not count as passed.
    assert_eq!(output.status.code(), Some(2));
    assert!(!String::from_utf8(output.stdout).unwrap().contains("passed"));
    assert!(String::from_utf8(output.stderr).unwrap().contains("stops after line 40"));
}

/// Text after the end of a trace does not make a failed run pass, and a session cannot go on from such a trace.
#[test]
fn what_stands_behind_the_end_of_a_trace_makes_no_run_pass() {
    let trace = file("report-garbage.jsonl");
    let name = trace.to_str().unwrap();
    let recorded = ["run", "broken/answer-only-applied", "--virtual", "--view", "quiet"];
    printed(0, &[&recorded[..], &["--trace", name]].concat());
    let text = fs::read_to_string(&trace).unwrap();
    page("violated.html", 1, &[name]);
    for behind in ["garbage\n", &text] {
        fs::write(&trace, format!("{text}{behind}")).unwrap();
        let page = file("garbage.html");
        for arguments in [&["report", name, "-o", page.to_str().unwrap()][..], &["play", name]] {
            let output = raft_cluster(arguments).write_stdin("").output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{arguments:?}");
            assert!(!String::from_utf8(output.stdout).unwrap().contains("passed"));
            let sentence = String::from_utf8(output.stderr).unwrap();
            assert!(sentence.contains("behind the last line"), "{sentence}");
        }
    }
}

#[test]
fn a_page_takes_the_place_of_nothing_else() {
    let path = file("diary.html");
    let name = path.to_str().unwrap();
    fs::write(&path, "<!doctype html>\n<p>dear diary</p>\n").unwrap();
    for arguments in
        [&["report", "demo", "-o", name][..], &["run", "demo", "--virtual", "--report", name]]
    {
        let sentence = complaint(arguments);
        assert!(sentence.contains("is not a report that was saved here; it is kept"), "{sentence}");
    }
    assert!(fs::read_to_string(&path).unwrap().contains("dear diary"));
    page("again.html", 0, &["demo"]);
    printed(0, &["report", "demo", "-o", file("again.html").to_str().unwrap()]);
    let nowhere = file("no-folder/page.html");
    assert!(
        complaint(&["report", "demo", "-o", nowhere.to_str().unwrap()])
            .contains("cannot be written")
    );
}

#[test]
fn a_run_has_a_picture_and_a_sequence_diagram_of_the_steps_that_were_asked_for() {
    let svg = page("figure-8.svg", 0, &["figure-8", "--as", "svg", "--steps", "25..48"]);
    assert!(svg.contains("leads term 4") && svg.contains("campaigns, term 5"));
    assert!(
        svg.contains(">25<")
            && svg.contains(">48<")
            && !svg.contains(">24<")
            && !svg.contains(">49<")
    );
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    // A node keeps its role while it is paused.
    let svg = page("paused-leader.svg", 0, &["paused-leader", "--as", "svg"]);
    assert!(svg.contains("class=\"life leader paused\""));
    let mermaid = page("demo.mmd", 0, &["demo", "--as", "mermaid", "--steps", "1..20"]);
    assert!(mermaid.contains("sequenceDiagram\n    participant n0\n"));
    assert!(mermaid.contains("n0->>n1: RequestVote") && mermaid.contains("leads term 1"));
    // A code point that is no character would make the picture unreadable.
    let path = file("no-character.raft");
    fs::write(&path, "nodes 1\nphase x\u{fffe}y\ntimeout 0\nwait 1s\n").unwrap();
    let svg = page("no-character.svg", 0, &[path.to_str().unwrap(), "--as", "svg"]);
    assert!(svg.contains("x\\u{fffe}y"), "{svg}");
    // Steps that do not exist give no picture.
    let beyond = ["report", "demo", "--as", "svg", "--steps", "4000..5000", "-o"];
    let path = file("beyond.svg");
    let output = raft_cluster(&[&beyond[..], &[path.to_str().unwrap()]].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no step 4000 in this run"));
    assert!(!path.exists());
    for wrong in ["5..4", "0..3", "x", "3"] {
        let sentence = complaint(&["report", "demo", "--steps", wrong, "-o", "x.svg"]);
        assert!(sentence.contains("as in 25..48"), "{sentence}");
    }
}

/// What happened before a message was lost stands above the loss, in a page and in the other reports.
#[test]
fn a_message_is_lost_in_its_reports_when_it_was_lost() {
    let script = file("lost-late.raft");
    let text = "nodes 3\nelect 0\nwait 1s\ndelay 200ms\nsubmit to 0 SET x=1\nwait 1ms\nnote sent\ncut 0 -> 1\n\
                note cut\nwait 300ms\nnote lost\nmanual\nheartbeat 0\nnote by hand\n\
                drop append-entries 0 -> 2\n";
    fs::write(&script, text).unwrap();
    let script = script.to_str().unwrap();
    let record = record(&page("lost-late.html", 0, &[script]));
    let moments = record["moments"].as_array().unwrap();
    let at = |title: &str| moments.iter().position(|moment| moment["title"] == title).unwrap();
    let lost = |to: u64| -> Vec<u64> {
        let messages = record["messages"].as_array().unwrap().iter();
        messages.filter(|it| it["to"] == to).filter_map(|it| it["lost"][0].as_u64()).collect()
    };
    let in_time = |lost: u64| (at("cut")..at("lost")).contains(&(lost as usize));
    assert!(lost(1).iter().any(|&it| in_time(it)), "{:?} and not after {}", lost(1), at("cut"));
    let by_hand = at("a message from n0 to n2 is taken out of the network") as u64;
    assert_eq!(lost(2), [by_hand]);
    let mermaid = page("lost-late.mmd", 0, &[script, "--as", "mermaid"]);
    let (before, after) = mermaid.split_once("the link from n0 to n1 is cut").unwrap();
    assert!(!before.contains("(lost)") && after.contains("n0--xn1: AppendEntries (lost)"));
    let row = 30 + 22 * by_hand + 11 + 8;
    assert!(page("lost-late.svg", 0, &[script, "--as", "svg"]).contains(&format!("y2=\"{row}\"")));
}

/// A node that crashes and starts again between two steps is down in between.
#[test]
fn a_page_shows_a_node_after_each_thing_that_happens_to_it() {
    let script = file("between.raft");
    let text = "nodes 3\nelect 0\nwait 1s\ncrash 0\nrestart 0\npause 1\nresume 1\nwait 1s\n";
    fs::write(&script, text).unwrap();
    let record = record(&page("between.html", 0, &[script.to_str().unwrap()]));
    let moments = record["moments"].as_array().unwrap();
    for (mark, up, paused) in [
        ("crashes", false, false),
        ("starts again", true, false),
        ("is paused", true, true),
        ("resumes", true, false),
    ] {
        let moment = moments.iter().find(|moment| moment["mark"] == mark).unwrap();
        let [after] = &moment["after"].as_array().unwrap()[..] else { panic!("{mark}: {moment}") };
        assert_eq!((&after["up"], &after["paused"]), (&up.into(), &paused.into()), "{mark}");
        assert_eq!(after["role"], "follower", "{mark}");
    }
}

#[test]
fn a_page_of_a_part_of_a_run_begins_with_how_every_node_stood() {
    let trace = file("report-part.jsonl");
    let path = trace.to_str().unwrap();
    printed(0, &["run", "partition", "--virtual", "--view", "quiet", "--trace", path]);
    let history = History::read(&fs::read(&trace).unwrap()[..]).unwrap();
    let record = record(&page("part.html", 0, &[path, "--steps", "50..80"]));
    assert!(record["left_out"].as_str().unwrap().contains("steps 50 to 80 of 100"));
    let moments = record["moments"].as_array().unwrap();
    let steps: Vec<u64> = moments.iter().map(|moment| moment["step"].as_u64().unwrap()).collect();
    assert_eq!(
        steps.iter().filter(|&&step| step > 0).copied().collect::<Vec<_>>(),
        (50..=80).collect::<Vec<_>>()
    );
    let begin = moments[0]["after"].as_array().unwrap();
    for (id, after) in NodeId::all(5).zip(begin) {
        let log = after["add"].as_array().unwrap().clone();
        assert!(is_shown(&(after.clone(), log), &history.node_at(id, 49).unwrap()), "{id}");
    }
    // Messages in flight at the first step still arrive, and nothing refers to a moment outside the page.
    for message in record["messages"].as_array().unwrap() {
        let at = |value: &Value| value.as_u64().unwrap() < moments.len() as u64;
        assert!(at(&message["sent"]) && message["got"].as_array().unwrap().iter().all(at));
    }
    let arrived = moments.iter().filter_map(|moment| moment["got"].as_u64());
    let known: Vec<_> = record["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_u64().unwrap())
        .collect();
    assert!(
        arrived.into_iter().all(|id| known.contains(&id)),
        "every message that arrives is there"
    );
}
