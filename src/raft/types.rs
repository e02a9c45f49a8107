//! The basic types of the protocol: node ids, terms, places in the log, commands and entries.
//!
//! Each is a separate type, so that a term cannot be passed as an index, or an index as a node.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The largest number of nodes in a cluster. Real clusters rarely have more than seven voters.
pub const MAX_NODES: usize = 9;

/// The identity of a node: a small number, unique in the cluster, counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct NodeId(u8);

impl NodeId {
    /// The node with this number.
    ///
    /// # Panics
    /// If `number` is not below [`MAX_NODES`]. A caller that takes the number from input must check it first.
    pub const fn new(number: u8) -> Self {
        assert!((number as usize) < MAX_NODES, "a node id is below MAX_NODES");
        Self(number)
    }

    /// The node's number, as an index into a table of nodes.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Every node of a cluster of `size`, in ascending order.
    ///
    /// # Panics
    /// If `size` is above [`MAX_NODES`].
    pub fn all(size: usize) -> impl Iterator<Item = Self> + Clone {
        assert!(size <= MAX_NODES, "a cluster has at most MAX_NODES nodes");
        (0u8..).take(size).map(Self)
    }
}

impl From<NodeId> for u8 {
    fn from(node: NodeId) -> Self {
        node.0
    }
}

impl TryFrom<u8> for NodeId {
    type Error = NoSuchNode;
    fn try_from(number: u8) -> Result<Self, NoSuchNode> {
        if usize::from(number) < MAX_NODES { Ok(Self(number)) } else { Err(NoSuchNode(number)) }
    }
}

/// The error that no cluster has a node with this number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoSuchNode(pub u8);

impl fmt::Display for NoSuchNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no node {}: they are numbered from 0 to {}", self.0, MAX_NODES - 1)
    }
}

impl std::error::Error for NoSuchNode {}

/// A term: Raft's logical clock (§5.1). Starts at 0; each election begins a new one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Term(u64);

impl Term {
    /// Before any election.
    pub const ZERO: Self = Self(0);
    /// The largest term. A node ignores a message with a larger one. A node in this term holds no
    /// more elections, since it could not enter a new term.
    pub const MAX: Self = Self(u64::MAX / 2);

    /// The term with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The term that the next election begins; `None` after [`Self::MAX`].
    pub const fn next(self) -> Option<Self> {
        if self.0 < Self::MAX.0 { Some(Self(self.0 + 1)) } else { None }
    }
}

/// A place in the log. The first entry has index 1, as in the paper; 0 stands for "before it".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct LogIndex(u64);

impl LogIndex {
    /// Before the first entry.
    pub const ZERO: Self = Self(0);
    /// The first entry.
    pub const FIRST: Self = Self(1);

    /// The index with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The index that follows.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The index before this one; 0 stays 0.
    pub const fn prev(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The index `count` entries further on.
    pub const fn plus(self, count: usize) -> Self {
        Self(self.0.saturating_add(count as u64))
    }

    /// The number of entries in a log that ends at this index; also the offset of the next entry in a slice.
    pub const fn count(self) -> usize {
        self.0 as usize
    }
}

/// The term and index of a log entry, which together identify it (§5.3).
///
/// Positions are ordered as in §5.4.1: the later term wins, whatever the indexes; with equal terms the higher
/// index wins. `(term 0, index 0)` stands for "before the first entry". Positions are printed as `index@term`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct LogPosition {
    /// The term in which a leader created the entry. This field comes first because it is compared first.
    pub term: Term,
    /// The index of the entry.
    pub index: LogIndex,
}

impl LogPosition {
    /// Before the first entry.
    pub const START: Self = Self { term: Term::ZERO, index: LogIndex::ZERO };

    /// The entry at `index` of term `term`.
    pub const fn new(index: u64, term: u64) -> Self {
        Self { term: Term::new(term), index: LogIndex::new(index) }
    }
}

/// A client's command. Raft stores and sends its text, but never looks inside. Clones share the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Command(Arc<str>);

impl Command {
    /// A command with this text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Command {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Command {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// The content of an entry.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Payload {
    /// The empty entry with which a new leader begins its term (§8).
    NoOp,
    /// A client's command.
    Command(Command),
}

/// One entry of the log: what to apply, and the term in which a leader created it (§5.3).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct LogEntry {
    /// The term of the leader that created it.
    pub term: Term,
    /// Its content.
    pub payload: Payload,
}

impl LogEntry {
    /// A no-op of this term.
    pub const fn no_op(term: Term) -> Self {
        Self { term, payload: Payload::NoOp }
    }

    /// A command of this term.
    pub const fn command(term: Term, command: Command) -> Self {
        Self { term, payload: Payload::Command(command) }
    }
}

/// A set of nodes, one bit per node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NodeSet(u16);

impl NodeSet {
    /// Every node of a cluster of `size`.
    pub fn all(size: usize) -> Self {
        NodeId::all(size).collect()
    }

    /// Adds a node. Returns whether it is new.
    pub const fn insert(&mut self, node: NodeId) -> bool {
        let new = !self.contains(node);
        self.0 |= 1 << node.0;
        new
    }

    /// Takes a node out.
    pub const fn remove(&mut self, node: NodeId) {
        self.0 &= !(1 << node.0);
    }

    /// Whether the set contains this node.
    pub const fn contains(self, node: NodeId) -> bool {
        self.0 & (1 << node.0) != 0
    }

    /// The number of nodes in the set.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether the set has no nodes.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its nodes in ascending order.
    pub fn iter(self) -> impl Iterator<Item = NodeId> + Clone {
        NodeId::all(MAX_NODES).filter(move |&node| self.contains(node))
    }
}

impl FromIterator<NodeId> for NodeSet {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        let mut set = Self::default();
        nodes.into_iter().for_each(|node| _ = set.insert(node));
        set
    }
}

impl fmt::Debug for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Implements `Display` (for people) and `Debug` (for debugging) for a type.
macro_rules! text {
    ($type:ty, $shown:expr, $debugged:expr) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let write: fn(&Self, &mut fmt::Formatter<'_>) -> fmt::Result = $shown;
                write(self, f)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let write: fn(&Self, &mut fmt::Formatter<'_>) -> fmt::Result = $debugged;
                write(self, f)
            }
        }
    };
}

text!(NodeId, |it, f| write!(f, "n{}", it.0), |it, f| write!(f, "n{}", it.0));
text!(Term, |it, f| it.0.fmt(f), |it, f| write!(f, "t{}", it.0));
text!(LogIndex, |it, f| it.0.fmt(f), |it, f| write!(f, "i{}", it.0));
text!(LogPosition, |it, f| write!(f, "{}@{}", it.index, it.term), |it, f| write!(f, "{it}"));
// People see a command of blanks only by quotes.
text!(
    Command,
    |it, f| if it.0.trim().is_empty() { write!(f, "{it:?}") } else { f.write_str(&it.0) },
    |it, f| write!(f, "{:?}", &it.0)
);
