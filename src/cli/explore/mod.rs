//! `raft-cluster explore`: the same cluster as at the prompt, as a page in the browser.
//!
//! The page contains no Raft code. It sends the lines that clicks stand for, and shows what the core did.
//! One thread holds the session and answers one request after the other; other threads handle connections.
//! `guard` decides which requests are admitted, `http` reads them, `requests` carries them out, and
//! `branched_run` holds the lines and the world that they make.

mod branched_run;
// Public for the tests, as not every user may listen on port 80.
pub mod guard;
mod http;
mod requests;

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use crossbeam_channel::{Receiver, bounded};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::error::Error;
use super::play::lines::following;
use super::printing;
use super::replay::{Beginning, made_again};
use crate::panics::lock;
use crate::raft::Rule;
use crate::record::{Clock, History, TraceWriter};
use crate::scenario::file::LONGEST;
use crate::scenario::library;
use crate::scenario::run::Runner;
use crate::scenario::script::Script;
use crate::sim::{Sim, SimConfig};
use crate::view::page::{self, ReportKind, live};
use crate::view::words::complaint_line;
use branched_run::{BranchedRun, MOST_LINES};
use guard::{Admitted, Guard};
use http::{Exchange, Response};
use requests::{Desk, UnseenEvents};

/// A session in the browser.
pub(super) const IN_BROWSER: Beginning = Beginning {
    steps: 1_000,
    lines: MOST_LINES / 2,
    instead: |trace, step| format!("'raft-cluster explore {trace} --at {step}' does"),
};

/// Serves the page until a request ends it. The lines of a recorded run are carried out at once; without a `port`,
/// any that is free is listened on; `opens` says whether to open a browser, if there is one. Returns exit code 1 if
/// a property was violated while every rule was kept.
pub(super) fn explore(
    script: Script,
    is_recorded: bool,
    port: Option<u16>,
    opens: bool,
) -> Result<ExitCode, Error> {
    let (listeners, port) = listen(port)?;
    let guard = Guard::new(random_word().map_err(Error::Random)?, port);
    let address = format!("http://127.0.0.1:{port}{}", guard.path());
    let (asked, requests) = bounded(16);
    http::serve(listeners, &guard, &asked);
    printing(|output| {
        output.put_all(live::invitation(&address));
        // A page whose address nobody has learned is of no use.
        output.settle().map_err(Error::Output)?;
        if opens && has_screen() {
            // If no browser opens, the reader still has the printed address.
            let _ = open::that_detached(&address);
        }
        let good = sessions(script, is_recorded, &requests);
        output.put(live::farewell(good));
        Ok(ExitCode::from(u8::from(!good)))
    })
}

/// Listens on both loopback addresses, under one port.
fn listen(port: Option<u16>) -> Result<(Vec<TcpListener>, u16), Error> {
    let taken = |error| match port {
        Some(port) => Error::Port(port, error),
        None => Error::AnyPort(error),
    };
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).map_err(taken)?;
    let port = first.local_addr().map_err(taken)?.port();
    // A machine may have no IPv6, or something else may have this port there.
    let second = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).ok();
    Ok((std::iter::once(first).chain(second).collect(), port))
}

/// Draws a word of 128 random bits, which cannot be guessed.
fn random_word() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

/// Whether a browser could open a window. Without a screen, a text browser would take over the terminal.
fn has_screen() -> bool {
    let has = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(windows, target_os = "macos")) || has("DISPLAY") || has("WAYLAND_DISPLAY")
}

/// Runs one session after the other, as scenarios are opened. Returns whether all was well in each.
fn sessions(script: Script, is_recorded: bool, requests: &Receiver<Exchange>) -> bool {
    let (mut next, mut world, mut good) = (Some((script, is_recorded)), 0, true);
    while let Some((script, is_recorded)) = next.take() {
        let heard = UnseenEvents::default();
        let mut told = heard.clone();
        let mut session = BranchedRun::new(&script, &mut told);
        let rest = if is_recorded { session.rest() } else { Ok(()) };
        let cut = rest.err().map(|why| {
            let (done, all, why) = (session.done(), session.planned.len(), why.told());
            format!("of the {all} lines of the recorded run only {done} were carried out: {why}")
        });
        let mut desk = Desk { session, heard, world: world + 1, cut };
        for Exchange { request, body, answer } in requests {
            let (answered, then) = respond(&mut desk, &request, &body);
            // The connection that asked may be closed already.
            let _ = answer.send(answered);
            match then {
                Then::Goes => {}
                Then::Opens(script, is_recorded) => {
                    next = Some((*script, is_recorded));
                    break;
                }
                Then::Ends => break,
            }
        }
        world = desk.world;
        good &= !script.broken.is_intact() || desk.session.safety().violation_count() == 0;
    }
    good
}

/// What happens to the session after a request.
enum Then {
    Goes,
    Opens(Box<Script>, bool),
    Ends,
}

/// A question about a moment.
#[derive(Deserialize)]
struct AskWhy {
    question: String,
    moment: usize,
}

#[derive(Deserialize)]
struct Otherwise {
    rule: Rule,
}

#[derive(Deserialize)]
struct Complete {
    line: String,
}

/// What to open: a scenario that ships, by its name, or else the text of a scenario or of a trace.
#[derive(Deserialize)]
struct Open {
    name: String,
    text: Option<String>,
}

fn respond(desk: &mut Desk<'_>, request: &Admitted, body: &[u8]) -> (Response, Then) {
    let answered = match (request.posts, &*request.path) {
        (false, "/") => page_itself().map_err(|error| Response::text(503, &error.to_string())),
        (false, "/scenario.raft") => Ok(file(
            "text/plain; charset=utf-8",
            "session.raft",
            desk.session.as_script().to_string(),
        )),
        (false, "/trace.jsonl") => {
            Ok(file("application/jsonl", "session.jsonl", trace(&desk.session.as_script())))
        }
        (false, "/report.html") => {
            let safety = desk.session.safety();
            let script = Some(&desk.session.head);
            let page = |history: &History| ReportKind::Page.write(history, &safety, None, script);
            Ok(file("text/html; charset=utf-8", "session.html", desk.session.recorder.look(page)))
        }
        (true, "/do") => read(body).map(|ask| json_answer(desk.act(ask))),
        (true, "/why") => read(body).map(|AskWhy { question, moment }| {
            or_complaint(desk.why(&question, moment).map(|answer| json!({ "answer": answer })))
        }),
        (true, "/otherwise") => read(body).map(|Otherwise { rule }| {
            json_answer(serde_json::to_vec(&desk.otherwise(rule)).expect("its keys are names"))
        }),
        (true, "/complete") => read(body).map(|Complete { line }| {
            let words: Vec<&str> = line.split_whitespace().collect();
            or_complaint(Ok(json!({ "words": following(&words) })))
        }),
        (true, "/open") => match read(body).map(|open: Open| opened(&open)) {
            Ok(Ok((script, is_recorded))) => {
                let answer = or_complaint(Ok(json!({})));
                return (answer, Then::Opens(Box::new(script), is_recorded));
            }
            Ok(Err(complaint)) => Ok(or_complaint(Err(complaint))),
            Err(refused) => Err(refused),
        },
        (true, "/end") => return (or_complaint(Ok(json!({}))), Then::Ends),
        _ => Err(Response::text(404, "there is nothing of this name here")),
    };
    (answered.unwrap_or_else(|refused| refused), Then::Goes)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Response> {
    serde_json::from_slice(body).map_err(|error| Response::text(400, &error.to_string()))
}

fn json_answer(body: Vec<u8>) -> Response {
    Response { status: 200, headers: vec![("Content-Type", "application/json".to_owned())], body }
}

fn or_complaint(answer: Result<serde_json::Value, String>) -> Response {
    let value = answer.unwrap_or_else(|why| {
        let why: Vec<String> = why.lines().map(complaint_line).collect();
        json!({ "complaint": why.join("\n") })
    });
    json_answer(value.to_string().into_bytes())
}

fn page_itself() -> Result<Response, getrandom::Error> {
    let (page, policy) = page::explore(&random_word()?);
    let headers = vec![
        ("Content-Type", "text/html; charset=utf-8".to_owned()),
        ("Content-Security-Policy", policy),
    ];
    Ok(Response { status: 200, headers, body: page.into_bytes() })
}

/// An answer that the browser offers to save as a file.
fn file(kind: &str, name: &str, text: String) -> Response {
    let headers = vec![
        ("Content-Type", kind.to_owned()),
        ("Content-Disposition", format!("attachment; filename=\"{name}\"")),
    ];
    Response { status: 200, headers, body: text.into_bytes() }
}

/// The trace of a session, made by carrying out the same lines once more.
fn trace(script: &Script) -> String {
    let written = InMemory::default();
    let writer = TraceWriter::new(written.clone(), &script.header(Clock::Virtual));
    let sim = Sim::new(SimConfig::of(script), vec![Box::new(writer.clone())]);
    let mut told = ();
    let mut runner = Runner::new(sim, &mut told);
    for line in &script.lines {
        // Lines that failed in the session are `try` lines here, which do not fail.
        let _ = runner.execute(0, &line.verb);
    }
    drop(runner);
    writer.finish().expect("memory takes what is written to it");
    let bytes = std::mem::take(&mut *lock(&written.0));
    String::from_utf8(bytes).expect("a trace is text")
}

/// A buffer in memory: one copy is written by the trace writer, another is read at the end.
#[derive(Clone, Default)]
struct InMemory(Arc<Mutex<Vec<u8>>>);

impl Write for InMemory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Loads what the page asks to open. Returns the scenario, and whether it is a recorded run.
fn opened(open: &Open) -> Result<(Script, bool), String> {
    let Some(text) = &open.text else {
        let found = library::find(&open.name);
        let found =
            found.ok_or_else(|| format!("no scenario '{}' ships with the program", open.name))?;
        return found.map(|script| (script, false)).map_err(|error| error.to_string());
    };
    if text.trim_start().starts_with('{') {
        let history = History::read(text.as_bytes()).map_err(|error| error.to_string())?;
        let until = history.last().min(IN_BROWSER.steps);
        let script = made_again(&history, until, IN_BROWSER.lines);
        return script.map(|script| (script, true)).map_err(|error| error.to_string());
    }
    if text.len() as u64 > LONGEST {
        return Err(format!(
            "'{}' is longer than 1 MiB, and a scenario may have no more than that",
            open.name
        ));
    }
    Script::parse(&open.name, text).map(|script| (script, false)).map_err(|error| error.to_string())
}
