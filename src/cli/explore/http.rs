//! A small HTTP server on loopback. Requests are few and short and come from one browser, so each has a
//! connection and a thread of its own. A request that takes too long or is too large is dropped or refused.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::panics::lock;

use crossbeam_channel::{Sender, bounded};

use super::guard::{Admitted, Guard, Refusal};

/// The most bytes in the head of a request.
const LONGEST_HEAD: usize = 16 << 10;
/// The most headers in a request.
const MOST_HEADERS: usize = 64;
/// A request that has not arrived within this time is dropped.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many connections may wait without a whole request. If one more comes, the oldest is closed.
const MOST_WAITING: usize = 32;

/// A request that was admitted, and where its answer goes.
pub(super) struct Exchange {
    pub(super) request: Admitted,
    pub(super) body: Vec<u8>,
    pub(super) answer: Sender<Response>,
}

/// An answer to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    /// Headers in addition to those that every answer has.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Response {
    /// A sentence of plain text.
    pub(super) fn text(status: u16, text: &str) -> Self {
        let headers = vec![("Content-Type", "text/plain; charset=utf-8".to_owned())];
        Self { status, headers, body: text.as_bytes().to_vec() }
    }
}

/// The connections whose request has not been read yet, the oldest first.
#[derive(Clone, Default)]
struct Unheard {
    streams: Arc<Mutex<VecDeque<(u64, TcpStream)>>>,
}

impl Unheard {
    fn with<T>(&self, act: impl FnOnce(&mut VecDeque<(u64, TcpStream)>) -> T) -> T {
        act(&mut lock(&self.streams))
    }

    fn enter(&self, number: u64, stream: TcpStream) {
        self.with(|streams| {
            streams.push_back((number, stream));
            if streams.len() > MOST_WAITING
                && let Some((_, oldest)) = streams.pop_front()
            {
                close(&oldest);
            }
        });
    }

    fn leave(&self, number: u64) {
        self.with(|streams| streams.retain(|(other, _)| *other != number));
    }
}

fn close(stream: &TcpStream) {
    // The shutdown fails if the peer has closed the connection already.
    let _ = stream.shutdown(Shutdown::Both);
}

/// Serves connections to these listeners, on threads that end with the program.
pub(super) fn serve(listeners: Vec<TcpListener>, guard: &Guard, asked: &Sender<Exchange>) {
    let waiting = Unheard::default();
    for (nth, listener) in (0..).zip(listeners) {
        let (guard, asked, waiting) = (guard.clone(), asked.clone(), waiting.clone());
        thread::spawn(move || {
            for (number, stream) in (nth << 32..).zip(listener.incoming()) {
                let Ok(stream) = stream else {
                    // Too many files are open, so the waiting connections make room.
                    waiting
                        .with(|streams| streams.drain(..).for_each(|(_, waiting)| close(&waiting)));
                    continue;
                };
                let Ok(handle) = stream.try_clone() else { continue };
                waiting.enter(number, handle);
                let (guard, asked, own) = (guard.clone(), asked.clone(), waiting.clone());
                let converse = move || {
                    // On an error the peer is gone or too slow, and needs no answer.
                    let _ = converse(stream, &guard, &asked, || own.leave(number));
                    own.leave(number);
                };
                // If no thread can be spawned, the connection is dropped without an answer.
                if thread::Builder::new().stack_size(256 << 10).spawn(converse).is_err() {
                    waiting.leave(number);
                }
            }
        });
    }
}

/// Reads one request and writes its answer.
fn converse(
    mut stream: TcpStream,
    guard: &Guard,
    asked: &Sender<Exchange>,
    heard: impl Fn(),
) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = hear(&mut stream, guard)?;
    heard();
    let answer = match request {
        Err(Refusal(status, why)) => Response::text(status, why),
        Ok((request, body)) => {
            let (answer, answered) = bounded(1);
            let gone = || Response::text(503, "the session has ended");
            match asked.send(Exchange { request, body, answer }) {
                Ok(()) => answered.recv().unwrap_or_else(|_| gone()),
                Err(_) => gone(),
            }
        }
    };
    write(&mut stream, &answer)?;
    // If a connection is closed while bytes of a refused request are unread, the system discards the answer.
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    let until = Instant::now() + PATIENCE;
    let mut rest = vec![0; 64 << 10];
    while Instant::now() < until && stream.read(&mut rest)? > 0 {}
    Ok(())
}

/// Reads a request. Returns the refusal if it is not admitted.
fn hear(stream: &mut TcpStream, guard: &Guard) -> io::Result<Result<(Admitted, Vec<u8>), Refusal>> {
    let until = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let (request, begins) = loop {
        match admitted(&bytes, guard) {
            Err(refusal) => return Ok(Err(refusal)),
            Ok(Some(admitted)) => break admitted,
            Ok(None) if bytes.len() >= LONGEST_HEAD => {
                return Ok(Err(Refusal(431, "the head of the request is too long")));
            }
            Ok(None) => read_more(stream, &mut bytes, LONGEST_HEAD, until)?,
        }
    };
    let mut body = bytes.split_off(begins);
    while body.len() < request.length {
        read_more(stream, &mut body, request.length, until)?;
    }
    body.truncate(request.length);
    Ok(Ok((request, body)))
}

/// Admits the request with this head, and finds where its body begins. Returns `None` if the head is not whole yet.
fn admitted(bytes: &[u8], guard: &Guard) -> Result<Option<(Admitted, usize)>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(begins)) => Ok(Some((guard.admit(&request)?, begins))),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(_) => Err(Refusal(400, "this is not an HTTP request")),
    }
}

/// Reads what has arrived, until `bytes` holds at most `most` bytes. Fails after `until`.
fn read_more(
    stream: &mut TcpStream,
    bytes: &mut Vec<u8>,
    most: usize,
    until: Instant,
) -> io::Result<()> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    stream.set_read_timeout(Some(left))?;
    let mut buffer = [0; 8 << 10];
    let room = buffer.len().min(most - bytes.len());
    match stream.read(&mut buffer[..room])? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        read => {
            bytes.extend_from_slice(&buffer[..read]);
            Ok(())
        }
    }
}

/// The headers of every answer. The browser must not cache it, guess its type, frame it, or share it with
/// another page.
const ALWAYS: &str = "Connection: close\r\n\
    Cache-Control: no-store\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Frame-Options: DENY\r\n\
    Referrer-Policy: no-referrer\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Cross-Origin-Opener-Policy: same-origin\r\n";

fn write(stream: &mut TcpStream, answer: &Response) -> io::Result<()> {
    let Response { status, headers, body } = answer;
    let mut head = format!("HTTP/1.1 {status} {}\r\n{ALWAYS}", reason(*status));
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.extend(["Content-Length: ", &body.len().to_string(), "\r\n\r\n"]);
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Bad Request",
    }
}
