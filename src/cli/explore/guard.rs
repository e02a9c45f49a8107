//! Which requests are admitted: only those of the page itself, which knows the token. A request that
//! another page makes the browser send is refused.

/// Why a request is refused: the HTTP status, and a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal(pub u16, pub &'static str);

/// A request that was admitted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Admitted {
    /// Whether it is a POST, and not a GET.
    pub posts: bool,
    /// The path after the token, as in `/do`.
    pub path: String,
    /// The length of the body in bytes.
    pub length: usize,
}

/// The token and the hosts that a request must name.
#[derive(Clone, Debug)]
pub struct Guard {
    token: String,
    hosts: Vec<String>,
}

impl Guard {
    /// A guard that requires this token on this port.
    pub fn new(token: String, port: u16) -> Self {
        let names = ["127.0.0.1", "localhost", "[::1]"];
        let mut hosts = names.map(|name| format!("{name}:{port}")).to_vec();
        // A browser leaves out the port that HTTP has by default.
        if port == 80 {
            hosts.extend(names.map(str::to_owned));
        }
        Self { token, hosts }
    }

    /// The path of the page.
    pub fn path(&self) -> String {
        format!("/{}/", self.token)
    }

    /// Admits a request. Of a header that is there several times, every value counts.
    ///
    /// # Errors
    /// If the request is not one of the page's own.
    pub fn admit(&self, request: &httparse::Request<'_, '_>) -> Result<Admitted, Refusal> {
        let all = |name: &str| -> Vec<&[u8]> {
            let named = request.headers.iter().filter(|it| it.name.eq_ignore_ascii_case(name));
            named.map(|it| it.value).collect()
        };
        let host = match all("host")[..] {
            [host] if self.hosts.iter().any(|own| own.as_bytes() == host) => host,
            _ => {
                return Err(Refusal(
                    421,
                    "this address was reached under a name that is not its own",
                ));
            }
        };
        let path = request.path.and_then(|target| target.split('?').next()).unwrap_or_default();
        let path = path.strip_prefix('/').and_then(|path| path.strip_prefix(&*self.token));
        let path = path.filter(|path| path.starts_with('/')).ok_or(Refusal(
            403,
            "the address lacks its token; open the one that raft-cluster explore has printed",
        ))?;
        let posts = match request.method {
            Some("GET") => false,
            Some("POST") => true,
            _ => return Err(Refusal(405, "only GET and POST are answered")),
        };
        if posts {
            let own = |origin: &[u8]| origin.strip_prefix(b"http://") == Some(host);
            let from_here = all("origin").into_iter().all(own)
                && all("sec-fetch-site").into_iter().all(|site| site == b"same-origin");
            if !from_here {
                return Err(Refusal(403, "another page may not act here"));
            }
            if all("content-type") != [b"application/json"] {
                return Err(Refusal(415, "what is posted must be application/json"));
            }
        }
        let lengths = all("content-length");
        if lengths.len() > 1 || !all("transfer-encoding").is_empty() {
            return Err(Refusal(411, "a body must say its length"));
        }
        let length = match lengths.first() {
            None => 0,
            Some(text) if text.iter().all(u8::is_ascii_digit) => {
                let digits = str::from_utf8(text).ok();
                digits.and_then(|it| it.parse().ok()).ok_or_else(|| too_long(path))?
            }
            Some(_) => return Err(Refusal(400, "the length is not a number")),
        };
        if length > most(path) || !posts && length > 0 {
            return Err(too_long(path));
        }
        Ok(Admitted { posts, path: path.to_owned(), length })
    }
}

/// Where a whole scenario or trace may be posted.
const OPEN: &str = "/open";

/// How many bytes may be posted there: a file, or a line.
fn most(path: &str) -> usize {
    if path == OPEN { 16 << 20 } else { 64 << 10 }
}

fn too_long(path: &str) -> Refusal {
    let why = match path {
        OPEN => "no file of more than 16 MiB is read here; 'raft-cluster explore FILE' opens it",
        _ => "no line of more than 64 KiB is read here",
    };
    Refusal(413, why)
}
