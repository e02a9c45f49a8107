//! Which requests are admitted: only those of the page itself, which knows the token. A request that
//! another page makes the browser send is refused.

/// The parts of the head of a request that matter here.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Head {
    pub(super) method: String,
    /// The path, with the token and without the query (`?...`).
    pub(super) path: String,
    /// The values of all `Host` headers.
    pub(super) hosts: Vec<String>,
    pub(super) origin: Option<String>,
    /// Where the requesting page comes from, according to the browser (`Sec-Fetch-Site`).
    pub(super) site: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) length: Option<String>,
    /// Whether a second `Content-Length` or a `Transfer-Encoding` leaves the length of the body unclear.
    pub(super) encoded: bool,
}

/// Why a request is refused: the HTTP status, and a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal(pub(super) u16, pub(super) &'static str);

/// A request that was admitted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Admitted {
    pub(super) posts: bool,
    /// The path after the token, as in `/do`.
    pub(super) path: String,
    /// The length of the body in bytes.
    pub(super) length: usize,
}

/// The token and the hosts that a request must name.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    token: String,
    hosts: Vec<String>,
}

impl Guard {
    /// A guard that requires this token on this port.
    pub(super) fn new(token: String, port: u16) -> Self {
        let names = ["127.0.0.1", "localhost", "[::1]"];
        Self { token, hosts: names.map(|name| format!("{name}:{port}")).to_vec() }
    }

    /// The path of the page.
    pub(super) fn path(&self) -> String {
        format!("/{}/", self.token)
    }

    /// Admits a request, or says why not.
    pub(super) fn admit(&self, head: &Head) -> Result<Admitted, Refusal> {
        let host = match head.hosts.as_slice() {
            [host] if self.hosts.contains(host) => host,
            _ => {
                return Err(Refusal(
                    421,
                    "this address was reached under a name that is not its own",
                ));
            }
        };
        let path = head.path.strip_prefix('/').and_then(|path| path.strip_prefix(&*self.token));
        let path = path.filter(|path| path.starts_with('/')).ok_or(Refusal(
            403,
            "the address lacks its token; open the one that raft-cluster explore has printed",
        ))?;
        let posts = match &*head.method {
            "GET" => false,
            "POST" => true,
            _ => return Err(Refusal(405, "only GET and POST are answered")),
        };
        let own = |origin: &str| origin.strip_prefix("http://") == Some(host);
        if posts {
            let from_here = head.origin.as_deref().is_none_or(own)
                && matches!(head.site.as_deref(), None | Some("same-origin"));
            if !from_here {
                return Err(Refusal(403, "another page may not act here"));
            }
            if head.content_type.as_deref() != Some("application/json") {
                return Err(Refusal(415, "what is posted must be application/json"));
            }
        }
        if head.encoded {
            return Err(Refusal(411, "a body must say its length"));
        }
        let length = match &head.length {
            None => 0,
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map_err(|_| too_long(path))?
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
