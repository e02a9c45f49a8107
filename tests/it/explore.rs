//! The server of `raft-cluster explore`, with hostile requests and with those of its page.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use raft_in_practice::cli::explore::guard::Guard;
use serde_json::{Value, json};

/// A session that was started.
struct Served {
    program: Child,
    port: u16,
    token: String,
}

impl Served {
    fn start(arguments: &[&str]) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_raft-cluster"))
            .args(["explore", "--no-open"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(program.stdout.take().unwrap());
        let address = output.lines().nth(1).unwrap().unwrap();
        let rest = address.trim().strip_prefix("http://127.0.0.1:").unwrap();
        let (port, token) = rest.split_once('/').unwrap();
        let token = token.trim_end_matches('/').to_owned();
        Self { program, port: port.parse().unwrap(), token }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    /// Sends these bytes, and returns the status and the body of what comes back.
    fn send(&self, bytes: &[u8]) -> (u16, String) {
        let mut stream = self.connect();
        // The write may fail, because the server does not read all of a request that it refuses early.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status.unwrap_or(0), body.to_owned())
    }

    fn request(&self, method: &str, path: &str, headers: &[&str], body: &str) -> (u16, String) {
        let host = format!("Host: 127.0.0.1:{}", self.port);
        self.request_of(method, path, &[&[host.as_str()], headers].concat(), body)
    }

    /// The same without the right host.
    fn request_of(&self, method: &str, path: &str, headers: &[&str], body: &str) -> (u16, String) {
        let headers = headers.join("\r\n");
        let length = body.len();
        self.send(
            format!(
                "{method} {path} HTTP/1.1\r\n{headers}\r\nContent-Length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        )
    }

    /// Posts JSON as the page does.
    fn post(&self, path: &str, body: &Value) -> (u16, String) {
        let origin = format!("Origin: http://127.0.0.1:{}", self.port);
        let headers = ["Content-Type: application/json", "Sec-Fetch-Site: same-origin", &origin];
        self.request("POST", &format!("/{}/{path}", self.token), &headers, &body.to_string())
    }

    /// Acts, and returns the whole answer to the page.
    fn act(&self, mut act: Value) -> Value {
        act["known"] = json!({ "world": 0, "moments": 0 });
        let (status, body) = self.post("do", &act);
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Carries a line out.
    fn line(&self, line: &str) -> Value {
        self.act(json!({ "act": "line", "line": line, "at": null }))
    }

    fn lines(&self) -> Vec<String> {
        let told = self.line("# nothing");
        let lines = told["lines"].as_array().unwrap();
        lines.iter().map(|line| line["text"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// What a page has been told so far, put together as the page does it.
#[derive(Default)]
struct Told {
    known: Value,
    lines: Vec<Value>,
    clients: Vec<Value>,
    planned: Value,
}

impl Told {
    /// Takes an answer in. Returns how many lines and clients it brought.
    fn take(&mut self, told: &Value) -> (usize, usize) {
        let from = |name: &str| told[name].as_u64().unwrap() as usize;
        let list = |name: &str| told[name].as_array().cloned().unwrap_or_default();
        if told["heading"].is_object() {
            *self = Self { planned: told["planned"].clone(), ..Self::default() };
        }
        let (lines, clients) = (list("lines"), list("clients"));
        let brought = (lines.len(), clients.len());
        self.lines.splice(from("lines_from").., lines);
        let moments = from("from") + list("moments").len();
        let had = if told["violations"].is_array() {
            self.clients.splice(from("clients_from").., clients);
            moments
        } else {
            self.known["clients"].as_u64().unwrap_or(0) as usize
        };
        self.known = json!({
            "world": told["world"], "moments": moments, "clients": had, "changes": told["changes"],
        });
        brought
    }
}

#[test]
fn what_a_page_was_told_before_is_not_told_again_and_it_knows_all_the_same() {
    let served = Served::start(&["partition"]);
    let mut page = Told { known: json!({ "world": 0, "moments": 0 }), ..Told::default() };
    let line = |line: &str| json!({ "act": "line", "line": line, "at": null });
    let acts = [
        json!({ "act": "look" }),
        json!({ "act": "next" }),
        json!({ "act": "rest" }),
        line("write SET a=1"),
        line("pause 3"),
        line("submit to 3 SET b=2"),
        json!({ "act": "pass", "events": 3 }),
        line("write SET c=3"),
        line("resume 3"),
        line("step 2"),
        line("step 3"),
        json!({ "act": "undo" }),
        line("crash 0"),
        json!({ "act": "fork", "at": 12 }),
        line("step 4"),
        json!({ "act": "undo" }),
        json!({ "act": "redo" }),
        json!({ "act": "go-to", "line": 2 }),
        line("submit to 0 SET d=4"),
        json!({ "act": "until", "mark": "commit", "at": null }),
        json!({ "act": "pass", "events": 2 }),
        json!({ "act": "look" }),
    ];
    for mut act in acts {
        act["known"] = page.known.clone();
        let (status, body) = served.post("do", &act);
        assert_eq!(status, 200, "{body}");
        page.take(&serde_json::from_str(&body).unwrap());
        let all = served.act(json!({ "act": "look" }));
        assert_eq!(Value::from(page.lines.clone()), all["lines"], "{act}");
        assert_eq!(page.planned, all["planned"], "{act}");
        // While the page plays, it is told nothing of clients.
        if act["act"] != "pass" {
            assert_eq!(Value::from(page.clients.clone()), all["clients"], "{act}");
        }
    }
    for nth in 0..3 {
        let mut act = line(&format!("write SET e={nth}"));
        act["known"] = page.known.clone();
        let told = serde_json::from_str(&served.post("do", &act).1).unwrap();
        let (lines, clients) = page.take(&told);
        assert!(lines == 1 && clients <= 2, "{lines} lines, {clients} clients: {act}");
        assert!(told["planned"].is_null() && told["complaint"].is_null(), "{told}");
    }
}

#[test]
fn only_its_own_page_is_answered_and_the_session_goes_on() {
    let served = Served::start(&["--nodes", "3"]);
    let json = "Content-Type: application/json";
    let act = json!({ "known": { "world": 0, "moments": 0 }, "act": "line", "line": "crash 1", "at": null });
    let (act, path) = (act.to_string(), format!("/{}/do", served.token));
    let port = served.port;
    for (status, answer) in [
        // Without the token, or with another.
        (403, served.request("GET", "/", &[], "")),
        (403, served.request("GET", "/favicon.ico", &[], "")),
        (403, served.request("POST", "/0123456789abcdef0123456789abcdef/do", &[json], &act)),
        (403, served.request("POST", &format!("/{}x/do", served.token), &[json], &act)),
        // With the name of another host that leads here, or without a host.
        (421, served.request_of("POST", &path, &["Host: evil.example", json], &act)),
        (421, served.request_of("POST", &path, &[&format!("Host: evil.example:{port}"), json], &act)),
        (421, served.request_of("GET", &path, &["X-Nothing: 1"], "")),
        (421, served.request_of("POST", &path, &[&format!("Host: 127.0.0.1:{}", port ^ 1), json], &act)),
        (421, served.request("POST", &path, &[&format!("Host: localhost:{port}"), json], &act)),
        (403, served.request("POST", &path[1..], &[json], &act)),
        // From another page: a form, and a fetch.
        (403, served.request("POST", &path, &[json, "Origin: http://evil.example"], &act)),
        (403, served.request("POST", &path, &[json, "Origin: null"], &act)),
        (403, served.request("POST", &path, &[json, &format!("Origin: http://localhost:{port}")], &act)),
        (403, served.request("POST", &path, &[json, "Sec-Fetch-Site: cross-site"], &act)),
        // A right value beside a wrong one does not help.
        (403, served.request("POST", &path, &[json, "Origin: http://evil.example", &format!("Origin: http://127.0.0.1:{port}")], &act)),
        (403, served.request("POST", &path, &[json, "Sec-Fetch-Site: cross-site", "sec-fetch-site: same-origin"], &act)),
        (415, served.request("POST", &path, &["Content-Type: text/plain", json], &act)),
        (411, served.request("POST", &path, &[json, "content-length: 0"], &act)),
        (415, served.request("POST", &path, &["Content-Type: text/plain"], &act)),
        (415, served.request("POST", &path, &[], &act)),
        (415, served.request("POST", &path, &["Content-Type: application/x-www-form-urlencoded"], &act)),
        (405, served.request("OPTIONS", &path, &["Origin: http://evil.example"], "")),
        // Attempts to leave a folder; the server serves none.
        (404, served.request("GET", &format!("/{}/../../etc/passwd", served.token), &[], "")),
        (404, served.request("GET", &format!("/{}/%2e%2e/etc/passwd", served.token), &[], "")),
        (404, served.request("GET", &format!("/{}//etc/passwd", served.token), &[], "")),
        (404, served.request("GET", &path, &[], "")),
        // Too long, and not valid requests.
        (413, served.request("POST", &path, &[json], &format!("{{\"line\":\"{}\"}}", "x".repeat(1 << 20)))),
        (431, served.request("GET", &format!("/{}/", served.token), &[&format!("X-Long: {}", "x".repeat(20 << 10))], "")),
        (411, served.send(format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{json}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").as_bytes())),
        (413, served.request("POST", &path, &[json], &"x".repeat(65_537))),
        (413, served.request("GET", &path, &[], &act)),
        (413, served.send(format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{json}\r\nContent-Length: 99999999999999999999999\r\n\r\n").as_bytes())),
        (400, served.send(format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{json}\r\nContent-Length: -1\r\n\r\n").as_bytes())),
        (400, served.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")),
        (400, served.request("POST", &path, &[json], "{\"act\":")),
        (400, served.request("POST", &path, &[json], &"[".repeat(60_000))),
    ] {
        assert_eq!(answer.0, status, "{answer:?}");
        let (_, body) = answer;
        assert!(!body.contains(&served.token), "the token is told: {body}");
    }
    assert_eq!(served.lines(), Vec::<String>::new(), "nothing was carried out");
    assert_eq!(served.line("crash 1")["complaint"], Value::Null);
    assert_eq!(served.lines(), ["crash 1"]);
}

/// A browser names no port in `Host` and `Origin` if it is the one that HTTP has by default. Of any other port only
/// the full name is right.
#[test]
fn on_port_80_the_page_is_reached_under_names_without_a_port_too() {
    let admitted = |port: u16, host: &str, origin: &str| {
        let json = ("Content-Type", "application/json");
        let headers = [("Host", host), ("Origin", origin), json];
        let mut headers =
            headers.map(|(name, value)| httparse::Header { name, value: value.as_bytes() });
        let mut request = httparse::Request::new(&mut headers);
        (request.method, request.path) = (Some("POST"), Some("/token/do"));
        let admitted = Guard::new("token".to_owned(), port).admit(&request);
        admitted.map_or_else(|refusal| refusal.0, |_| 200)
    };
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let origin = format!("http://{host}");
        assert_eq!(admitted(80, host, &origin), 200);
        assert_eq!(admitted(80, &format!("{host}:80"), &format!("{origin}:80")), 200);
        assert_eq!(admitted(80, host, "http://evil.example"), 403);
        assert_eq!(admitted(8080, host, &origin), 421);
    }
    assert_eq!(admitted(80, "evil.example", "http://evil.example"), 421);
}

#[test]
fn the_port_that_is_asked_for_is_listened_on() {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let served = Served::start(&["--port", &free.to_string()]);
    assert_eq!(served.port, free);
}

#[test]
fn a_thousand_connections_that_say_nothing_keep_nobody_out() {
    let served = Served::start(&["--nodes", "3"]);
    let mut idle: Vec<TcpStream> = Vec::new();
    for nth in 0..1000 {
        let mut stream = served.connect();
        // Some send the beginning of a request.
        if nth % 3 == 0 {
            let _ = stream.write_all(b"GET / HT");
        }
        idle.push(stream);
        if nth % 200 == 0 {
            assert_eq!(served.line("# still here")["complaint"], Value::Null, "after {nth}");
        }
    }
    assert_eq!(served.line("timeout 0")["complaint"], Value::Null);
    assert_eq!(served.lines(), ["timeout 0"]);
    // The first connections were closed, so reading from one gives the end.
    let mut end = Vec::new();
    if idle[0].read_to_end(&mut end).is_ok() {
        assert!(end.is_empty());
    }
}

#[test]
fn no_line_is_too_much_for_a_session() {
    let served = Served::start(&["--nodes", "3"]);
    for (line, words) in [
        ("wait 1h", "more than 5 minutes"),
        ("try wait 1h", "more than 5 minutes"),
        ("wait 1h until leader", "more than 5 minutes"),
        ("expect stall 1h until leader", "more than 5 minutes"),
        ("step 100000", "10000 events"),
        ("back 1000000", "nothing to undo"),
        ("crsh 1", "did you mean 'crash'?"),
        ("crash 9", "a node from 0 to 2"),
        ("save /tmp/stolen", "the page has a place for it"),
        ("load /etc/passwd", "the page has a place for it"),
        ("deliver request-vote 0 -> 1", "no such message"),
        ("note \u{1b}]52;c;x\u{7}", ""),
    ] {
        let told = served.line(line);
        let complaint = told["complaint"].as_str().unwrap_or_default();
        assert!(complaint.contains(words), "{line}: {complaint}");
        assert!(!told.to_string().contains('\u{1b}'), "{line}: {told}");
    }
    // None of these requests ends the session.
    for (path, body) in [
        (
            "do",
            json!({ "known": { "world": 1, "moments": 99_999_999 }, "act": "line", "line": "step", "at": 99_999_999 }),
        ),
        ("do", json!({ "known": { "world": 1, "moments": 0 }, "act": "go-to", "line": 77 })),
        ("do", json!({ "known": { "world": 1, "moments": 0 }, "act": "fork", "at": 0 })),
        ("do", json!({ "known": { "world": 1, "moments": 0 }, "act": "pass", "events": 0 })),
        (
            "do",
            json!({ "known": { "world": 1, "moments": 0 }, "act": "until", "mark": "nothing", "at": null }),
        ),
        ("do", json!({ "known": { "world": 1, "moments": 0 }, "act": "redo" })),
        ("why", json!({ "question": "committed 99999999999 on 0", "moment": 0 })),
        ("why", json!({ "question": "leader 0", "moment": 99_999_999 })),
        ("otherwise", json!({ "rule": "majority-quorum" })),
        ("open", json!({ "name": "no-such" })),
        ("open", json!({ "name": "x", "text": "nodes 99\ncrsh" })),
        ("open", json!({ "name": "x", "text": "{\"format\":\"raft-in-practice trace\"" })),
    ] {
        let (status, answer) = served.post(path, &body);
        assert_eq!(status, 200, "{path} {body}: {answer}");
    }
    assert!(served.line("timeout 0")["complaint"].is_null());
    // A question about the state is answered as `show` is, and is no line of the session.
    let told = served.line("status");
    assert!(told["complaint"].is_null() && told["said"][0].is_string(), "{told}");
    assert_ne!(told["lines"].as_array().unwrap().last().unwrap()["text"], "status");
}

/// Between two steps of a recorded run any time may pass.
#[test]
fn a_recorded_run_is_shown_whole_however_long_nothing_happened_in_it() {
    let folder = std::env::temp_dir().join(format!("explore-gap-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (script, trace) = (folder.join("gap.raft"), folder.join("gap.jsonl"));
    let lines = "nodes 3\ntimeout 0\nwait until leader\ncrash 0\ncrash 1\ncrash 2\nwait 3600s\nwait 3600s\n\
                 restart all\nwait until leader\nwrite SET x=2\n";
    std::fs::write(&script, lines).unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_raft-cluster"))
        .args(["run", "--virtual", "--view", "quiet", "--trace"])
        .args([&trace, &script])
        .output()
        .unwrap();
    assert!(made.status.success());
    let recorded = std::fs::read_to_string(&trace).unwrap();
    let steps = recorded.lines().filter(|line| line.starts_with("{\"step\"")).count();
    assert!(steps > 10, "{recorded}");
    let served = Served::start(&[trace.to_str().unwrap()]);
    let by_name = served.act(json!({ "act": "look" }));
    let (status, _) = served.post("open", &json!({ "name": "gap.jsonl", "text": recorded }));
    assert_eq!(status, 200);
    for told in [by_name, served.act(json!({ "act": "look" }))] {
        assert_eq!(told["complaint"], Value::Null);
        assert_eq!(told["done"].as_u64(), Some(told["planned"].as_array().unwrap().len() as u64));
        let shown = told["moments"].as_array().unwrap();
        let last = shown.iter().filter_map(|it| it["step"].as_u64()).max();
        assert_eq!(last, Some(steps as u64));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// What was let happen in vain is undone: nobody wants a run that is hours longer.
#[test]
fn a_search_for_what_does_not_come_leaves_the_run_where_it_was() {
    let served = Served::start(&["--nodes", "3"]);
    let stands = |told: &Value| (told["tip"].clone(), told["moments"].as_array().unwrap().len());
    served.line("wait until leader");
    let before = served.line("step 3");
    let vain = served.act(json!({ "act": "until", "mark": "truncated", "at": null }));
    assert_eq!(stands(&vain), stands(&before));
    let complaint = vain["complaint"].as_str().unwrap();
    assert!(
        complaint.contains("nothing of this kind comes in 5000 events; they are undone"),
        "{complaint}"
    );
    let found = served.act(json!({ "act": "until", "mark": "commit", "at": null }));
    assert!(stands(&found).1 > stands(&before).1 && found["complaint"].is_null(), "{found}");
}

/// Going back and forth changes which lines lead to the tip, and removes no line.
#[test]
fn nothing_is_lost_by_going_back() {
    let served = Served::start(&["--nodes", "3", "--seed", "2"]);
    let act = |act: Value| served.act(act);
    let way = |told: &Value| -> Vec<String> {
        let lines = told["lines"].as_array().unwrap();
        let mut way = Vec::new();
        let mut at = told["tip"].as_u64();
        while let Some(line) = at {
            way.push(lines[line as usize]["text"].as_str().unwrap().to_owned());
            at = lines[line as usize]["parent"].as_u64();
        }
        way.reverse();
        way
    };
    let moments = |told: &Value| told["moments"].as_array().unwrap().clone();
    served.line("wait until leader");
    for _ in 0..3 {
        served.line("step");
    }
    let whole = served.line("write SET x=1");
    assert_eq!(way(&whole), ["wait until leader", "step 3", "write SET x=1"]);

    let back = act(json!({ "act": "undo" }));
    assert_eq!(way(&back), ["wait until leader", "step 3"]);
    let back = act(json!({ "act": "undo" }));
    assert_eq!(way(&back), ["wait until leader", "step 2"], "of several steps the last");
    assert_eq!(moments(&back), moments(&whole)[..moments(&back).len()]);
    act(json!({ "act": "redo" }));
    let again = act(json!({ "act": "redo" }));
    assert_eq!(way(&again), ["wait until leader", "step 2", "step", "write SET x=1"]);
    assert_eq!(moments(&again), moments(&whole), "the same run");

    // A branch from within the first line, at its third moment.
    let branch = act(json!({ "act": "line", "line": "crash 1", "at": 2 }));
    let way_there = way(&branch);
    assert_eq!(way_there.len(), 2);
    assert!(way_there[0].starts_with("step") && way_there[1] == "crash 1", "{way_there:?}");
    assert_eq!(moments(&branch)[..3], moments(&whole)[..3]);
    // The same line again begins no new branch.
    let count = branch["lines"].as_array().unwrap().len();
    act(json!({ "act": "undo" }));
    let same = act(json!({ "act": "line", "line": "crash 1", "at": null }));
    assert_eq!(same["lines"].as_array().unwrap().len(), count);
    // The other branch is still there.
    let tip = again["tip"].clone();
    let other = act(json!({ "act": "go-to", "line": tip }));
    assert_eq!(moments(&other), moments(&whole));
    // A write is kept whole: a branch from the middle of it begins after it.
    let at = moments(&other).len() - 3;
    let behind = act(json!({ "act": "fork", "at": at }));
    assert_eq!(way(&behind).last().unwrap(), "write SET x=1");
    // The page is told which lines these are, so that it does not promise a branch within one.
    let lines = behind["lines"].as_array().unwrap();
    let whole: Vec<_> = lines.iter().filter(|line| line["whole"] == true).collect();
    assert!(lines.iter().all(|line| line["whole"].is_boolean()));
    assert!(whole.iter().any(|line| line["text"] == "write SET x=1"), "{whole:?}");
    assert!(whole.iter().all(|line| !line["text"].as_str().unwrap().starts_with("step")));
}

/// What is saved can be opened again: no line of it is longer than a session takes. And to go back and forth by
/// many lines is to make one other world.
#[test]
fn lines_that_let_time_pass_become_one_only_within_the_bounds() {
    let served = Served::start(&["--nodes", "1"]);
    for line in ["wait 3m", "wait 2m", "wait 1s", "step 9998", "step", "step", "step"] {
        assert!(served.line(line)["complaint"].is_null(), "{line}");
    }
    let whole = served.lines();
    assert_eq!(whole, ["wait 300s", "wait 1s", "step 10000", "step"]);
    let path = format!("/{}/scenario.raft", served.token);
    let (status, saved) = served.request("GET", &path, &[], "");
    assert_eq!(status, 200);
    let (status, _) = served.post("open", &json!({ "name": "saved", "text": saved }));
    assert_eq!(status, 200);
    let told = served.line("run");
    assert!(told["complaint"].is_null(), "{}", told["complaint"]);
    assert_eq!(served.lines(), whole);
}

/// A rule without which the run is the same may have been kept, or not have been asked.
#[test]
fn it_is_said_what_a_rule_did_that_makes_no_difference() {
    let served = Served::start(&["--nodes", "3", "--seed", "2"]);
    let without = |rule: &str| -> Value {
        let (_, body) = served.post("otherwise", &json!({ "rule": rule }));
        serde_json::from_str(&body).unwrap()
    };
    let says = |rule: &str| without(rule)["same"].as_str().unwrap_or_default().to_owned();
    assert!(says("one-vote-per-term").ends_with("this rule was not asked yet."));
    served.line("wait until leader");
    assert!(says("one-vote-per-term").contains("was kept wherever it was asked, and has refused"));
    assert!(says("match-index-monotone").ends_with("this rule was not asked yet."));
    // A majority was waited for.
    let other = without("majority-quorum");
    assert!(other["parts_in"].is_u64() && other.get("same").is_none());
}

/// A node that has lost its vote may do the same as one that keeps it, and the lines that then fail are named.
#[test]
fn a_violation_is_a_difference_and_a_line_that_fails_is_named_with_its_reason() {
    let served = Served::start(&["--nodes", "3"]);
    for line in ["elect 0", "wait until in step", "expect safe"] {
        assert!(served.line(line)["complaint"].is_null(), "{line}");
    }
    let rule = "vote-cleared-only-by-new-term";
    let (_, body) = served.post("otherwise", &json!({ "rule": rule }));
    let other: Value = serde_json::from_str(&body).unwrap();
    assert!(other["there"].to_string().contains("✗ Vote Uniqueness: n1's vote"), "{other}");
    assert!(!other["here"].to_string().contains("✗"), "{}", other["here"]);
    assert_eq!(other["failed"], json!(["line 3: expect safe: a property was violated."]));
}

#[test]
fn a_line_that_does_nothing_is_not_kept() {
    let served = Served::start(&["--nodes", "3"]);
    served.line("manual");
    for vain in ["step", "step 5", "expect stall 1s until term 0 = 0"] {
        assert!(served.line(vain)["complaint"].is_string(), "{vain}");
    }
    for act in [
        json!({ "act": "on" }),
        json!({ "act": "pass", "events": 3 }),
        json!({ "act": "until", "mark": "commit", "at": null }),
    ] {
        assert!(served.act(act)["complaint"].as_str().unwrap().contains("nothing comes by itself"));
    }
    assert_eq!(served.lines(), ["manual"]);
    // What has let time pass in vain is kept.
    served.line("automatic");
    assert!(served.line("wait 10ms until leader")["complaint"].is_string());
    assert_eq!(served.lines(), ["manual", "automatic", "try wait 10ms until leader"]);
}

#[test]
fn many_lines_are_undone_and_done_again_as_one_by_one() {
    let served = Served::start(&["--nodes", "3", "--seed", "2"]);
    for line in ["timeout 0", "step 6", "write SET x=1", "crash 1", "step 2"] {
        assert!(served.line(line)["complaint"].is_null(), "{line}");
    }
    let stands = |told: &Value| {
        let moments = told["moments"].as_array().unwrap().len();
        (told["now"].clone(), moments, told["complaint"].clone())
    };
    for count in 1..=10 {
        let begins = stands(&served.line("# nothing"));
        let one_by_one: Vec<_> = (0..count).map(|_| stands(&served.line("back"))).collect();
        let forth: Vec<_> = (0..count).map(|_| stands(&served.line("forward"))).collect();
        assert_eq!(stands(&served.line(&format!("back {count}"))), one_by_one[count - 1]);
        assert_eq!(stands(&served.line(&format!("forward {count}"))), forth[count - 1]);
        assert_eq!(forth[count - 1], begins);
    }
    let too_many = served.line("back 1000000");
    assert_eq!((too_many["tip"].clone(), stands(&too_many).1), (Value::Null, 1));
    assert!(too_many["complaint"].as_str().unwrap().contains("nothing to undo"));
    let world = too_many["world"].as_u64().unwrap();
    assert_eq!(served.line("forward 5")["world"].as_u64(), Some(world + 1), "one other world");
}

#[test]
fn a_scenario_waits_for_its_reader_and_a_trace_goes_on() {
    let served = Served::start(&["figure-8"]);
    let help = served.line("help step").to_string();
    assert!(help.contains("let the next event happen"), "{help}");
    let told = served.line("# nothing");
    assert_eq!(told["done"], 0);
    assert!(told["planned"].as_array().unwrap().len() > 100);
    let (status, trace) = served.request("GET", &format!("/{}/trace.jsonl", served.token), &[], "");
    assert_eq!((status, trace.lines().count()), (200, 2), "{trace}");
    // However the run goes on, it goes on by the lines of the scenario.
    for (done, act) in [
        (1, json!({ "act": "on" })),
        (2, json!({ "act": "pass", "events": 9 })),
        (3, json!({ "act": "until", "mark": "campaign", "at": null })),
    ] {
        let told = served.act(act);
        assert_eq!((&told["done"], &told["complaint"]), (&json!(done), &Value::Null));
        assert_eq!(told["lines"][done - 1]["text"], told["planned"][done - 1]);
    }
    assert!(served.act(json!({ "act": "rest" }))["complaint"].is_null());

    let folder = std::env::temp_dir().join(format!("explore-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("demo.jsonl");
    let made = Command::new(env!("CARGO_BIN_EXE_raft-cluster"))
        .args(["run", "demo", "--virtual", "--view", "quiet", "--trace"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(made.status.success());
    let served = Served::start(&[file.to_str().unwrap(), "--at", "40"]);
    let told = served.line("# nothing");
    let steps = told["moments"].as_array().unwrap().iter().filter_map(|it| it["step"].as_u64());
    assert_eq!(steps.max(), Some(40));
    assert!(served.line("automatic")["complaint"].is_null());
    assert!(served.line("write SET more=1")["complaint"].is_null());
    std::fs::remove_dir_all(&folder).unwrap();
}
