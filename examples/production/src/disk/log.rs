//! The log in memory, as the records on disk make it.

use std::{collections::BTreeMap, ops::RangeBounds};

use openraft::RaftLogId as _;
use serde::{Deserialize, Serialize};

use crate::types::{Entry, LogId};

/// A change of the log, as it is saved. All of it counts, or nothing.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Record {
    /// These entries come after the last one.
    Append(Vec<Entry>),
    /// The entry at this index and all after it are gone (`conflict-truncates`).
    Truncate(u64),
    /// This entry and all before it are gone: a snapshot holds what they did.
    Purge(LogId),
}

/// The entries that there are.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: BTreeMap<u64, Entry>,
    purged: Option<LogId>,
}

impl Log {
    /// Changes the log. The same function serves a node that runs and a node that starts, so both
    /// have the same log.
    pub(super) fn take(&mut self, record: Record) {
        match record {
            Record::Append(entries) => {
                self.entries.extend(entries.into_iter().map(|entry| (entry.log_id.index, entry)));
            }
            Record::Truncate(from) => drop(self.entries.split_off(&from)),
            Record::Purge(upto) => {
                self.entries = self.entries.split_off(&(upto.index + 1));
                self.purged = self.purged.max(Some(upto));
            }
        }
    }

    /// The first index that is missing between entries, or between them and what was purged. The
    /// engine never leaves such a hole. A node with one would acknowledge what it does not hold
    /// (`acknowledge-only-verified`), so a log that is read back is asked for it.
    pub(super) fn hole(&self) -> Option<u64> {
        let first = self.entries.keys().next().copied();
        let start = self.purged.map_or(first, |purged| Some(purged.index + 1))?;
        (start..).zip(self.entries.keys()).find(|(due, found)| due != *found).map(|(due, _)| due)
    }

    /// The entries of a range, as far as they exist.
    pub(super) fn range(&self, range: impl RangeBounds<u64>) -> Vec<Entry> {
        self.entries.range(range).map(|(_, entry)| entry.clone()).collect()
    }

    /// What names the last entry; if all are purged, the last of those.
    pub(super) fn last(&self) -> Option<LogId> {
        self.entries.last_key_value().map(|(_, entry)| *entry.get_log_id()).or(self.purged)
    }

    /// What names the last entry that was purged.
    pub(super) const fn purged(&self) -> Option<LogId> {
        self.purged
    }

    /// The shortest list of records that makes this log.
    pub(super) fn records(&self) -> Vec<Record> {
        let purged = self.purged.map(Record::Purge);
        purged
            .into_iter()
            .chain(self.entries.values().map(|entry| Record::Append(vec![entry.clone()])))
            .collect()
    }
}
