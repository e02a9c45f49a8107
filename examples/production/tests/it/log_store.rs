//! The log and the vote on disk: what was saved is there after a crash, and what was torn is not.

use std::{fs, path::Path};

use openraft::{
    CommittedLeaderId, EntryPayload, RaftLogReader as _,
    storage::{RaftLogStorage as _, RaftLogStorageExt as _},
};
use raft_in_production::{
    disk::{Folder, LogStore},
    types::{Command, Entry, LogId, Vote},
};
use tempfile::{TempDir, tempdir};

fn id(term: u64, index: u64) -> LogId {
    LogId::new(CommittedLeaderId::new(term, 0), index)
}

fn entry(term: u64, index: u64) -> Entry {
    let command = Command { key: "x".to_owned(), value: format!("{term}\n{index}") };
    Entry { log_id: id(term, index), payload: EntryPayload::Normal(command) }
}

fn open(folder: &Path) -> LogStore {
    LogStore::open(folder).expect("a log that can be read")
}

/// A log with entries 0 to 4 of term 1, each in a write of its own.
async fn five() -> (TempDir, LogStore) {
    let folder = tempdir().unwrap();
    let mut store = open(folder.path());
    for index in 0..5 {
        store.blocking_append([entry(1, index)]).await.unwrap();
    }
    (folder, store)
}

async fn names(store: &mut LogStore) -> Vec<LogId> {
    store.try_get_log_entries(..).await.unwrap().into_iter().map(|entry| entry.log_id).collect()
}

#[tokio::test]
async fn what_was_appended_is_read_back() {
    let (folder, mut store) = five().await;
    let before = store.try_get_log_entries(..).await.unwrap();
    drop(store);
    let mut store = open(folder.path());
    assert_eq!(store.try_get_log_entries(..).await.unwrap(), before);
    assert_eq!(store.get_log_state().await.unwrap().last_log_id, Some(id(1, 4)));
}

#[tokio::test]
async fn what_was_truncated_stays_away_and_its_place_is_free() {
    let (folder, mut store) = five().await;
    store.truncate(id(1, 2)).await.unwrap();
    store.blocking_append([entry(2, 2)]).await.unwrap();
    let expected = [id(1, 0), id(1, 1), id(2, 2)];
    assert_eq!(names(&mut store).await, expected);
    assert_eq!(names(&mut open(folder.path())).await, expected);
}

#[tokio::test]
async fn what_was_purged_is_remembered_by_its_last_entry() {
    let (folder, mut store) = five().await;
    let before = fs::metadata(folder.path().join("log.jsonl")).unwrap().len();
    store.purge(id(1, 2)).await.unwrap();
    assert!(
        fs::metadata(folder.path().join("log.jsonl")).unwrap().len() < before,
        "the file is shorter"
    );
    store.blocking_append([entry(1, 5)]).await.unwrap();
    for mut store in [store, open(folder.path())] {
        assert_eq!(names(&mut store).await, [id(1, 3), id(1, 4), id(1, 5)]);
        assert_eq!(store.get_log_state().await.unwrap().last_purged_log_id, Some(id(1, 2)));
    }
}

#[tokio::test]
async fn a_log_that_was_purged_to_its_end_goes_on_after_it() {
    let (folder, mut store) = five().await;
    store.purge(id(1, 4)).await.unwrap();
    let mut store = open(folder.path());
    assert_eq!(store.get_log_state().await.unwrap().last_log_id, Some(id(1, 4)));
    store.blocking_append([entry(2, 5)]).await.unwrap();
    assert_eq!(names(&mut open(folder.path())).await, [id(2, 5)]);
}

#[tokio::test]
async fn a_log_with_a_hole_is_damaged() {
    let (folder, mut store) = five().await;
    store.blocking_append([entry(1, 6)]).await.unwrap();
    let error = LogStore::open(folder.path()).expect_err("5 is missing").to_string();
    assert!(error.contains("there is no entry 5"), "{error}");

    let (folder, mut store) = five().await;
    store.purge(id(1, 7)).await.unwrap();
    store.blocking_append([entry(1, 9)]).await.unwrap();
    let error = LogStore::open(folder.path()).expect_err("8 is missing").to_string();
    assert!(error.contains("there is no entry 8"), "{error}");
}

/// A crash can end a write anywhere: the file is cut after every single byte.
#[tokio::test]
async fn wherever_a_crash_tears_the_file_whole_records_stay() {
    let (folder, _store) = five().await;
    let whole = fs::read(folder.path().join("log.jsonl")).unwrap();
    for length in 0..=whole.len() {
        let torn = tempdir().unwrap();
        fs::write(torn.path().join("log.jsonl"), &whole[..length]).unwrap();
        let lines = whole[..length].split(|&byte| byte == b'\n').count() as u64 - 1;
        let mut store = open(torn.path());
        let mut expected: Vec<_> = (0..lines).map(|index| id(1, index)).collect();
        assert_eq!(names(&mut store).await, expected, "of {length} bytes");
        store.blocking_append([entry(2, lines)]).await.unwrap();
        expected.push(id(2, lines));
        assert_eq!(
            names(&mut open(torn.path())).await,
            expected,
            "of {length} bytes, and one more entry"
        );
    }
}

/// After a power failure a file can be longer than what was written into it. The rest reads as zeros.
#[tokio::test]
async fn zeros_at_the_end_are_what_a_crash_leaves() {
    for tail in [&b"\0\0\0"[..], b"\0\0\0\n", b"{\"Append\":[\0\0\0\n"] {
        let (folder, _store) = five().await;
        let path = folder.path().join("log.jsonl");
        fs::write(&path, [&fs::read(&path).unwrap(), tail].concat()).unwrap();
        assert_eq!(names(&mut open(folder.path())).await.len(), 5);
    }
}

#[tokio::test]
async fn damage_before_the_end_is_no_crash_and_stops_the_node() {
    let (folder, _store) = five().await;
    let path = folder.path().join("log.jsonl");
    let mut bytes = fs::read(&path).unwrap();
    bytes[3] = 0;
    fs::write(&path, bytes).unwrap();
    let error = LogStore::open(folder.path()).expect_err("the first line is damaged").to_string();
    assert!(error.contains("is damaged: line 1"), "{error}");
}

#[tokio::test]
async fn after_a_write_that_failed_there_is_no_other() {
    let (folder, mut store) = five().await;
    folder.close().unwrap();
    store.purge(id(1, 2)).await.expect_err("the folder is gone");
    let error =
        store.blocking_append([entry(1, 5)]).await.expect_err("nobody knows what the disk holds");
    assert!(error.to_string().contains("an earlier write has failed"), "{error}");
}

#[tokio::test]
async fn the_vote_survives() {
    let folder = tempdir().unwrap();
    let mut store = open(folder.path());
    assert_eq!(store.read_vote().await.unwrap(), None);
    for vote in [Vote::new(3, 1), Vote::new_committed(3, 1), Vote::new(4, 2)] {
        store.save_vote(&vote).await.unwrap();
        assert_eq!(open(folder.path()).read_vote().await.unwrap(), Some(vote));
    }
}

/// A crash before the rename leaves the new file beside the old one, perhaps half written.
#[tokio::test]
async fn a_vote_that_was_not_yet_renamed_does_not_count() {
    let folder = tempdir().unwrap();
    let vote = Vote::new(3, 1);
    open(folder.path()).save_vote(&vote).await.unwrap();
    fs::write(folder.path().join("vote.new"), "{\"leader").unwrap();
    let mut store = open(folder.path());
    assert_eq!(store.read_vote().await.unwrap(), Some(vote));
    store.save_vote(&Vote::new(4, 2)).await.unwrap();
    assert_eq!(open(folder.path()).read_vote().await.unwrap(), Some(Vote::new(4, 2)));
}

/// To forget a vote would be to vote twice.
#[tokio::test]
async fn a_vote_that_cannot_be_read_is_not_taken_for_none() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("vote.json"), "").unwrap();
    open(folder.path()).read_vote().await.expect_err("no crash leaves an empty vote");
}

#[tokio::test]
async fn how_far_was_committed_is_a_hint_that_may_be_lost() {
    let (folder, mut store) = five().await;
    store.save_committed(Some(id(1, 3))).await.unwrap();
    assert_eq!(open(folder.path()).read_committed().await.unwrap(), Some(id(1, 3)));
    fs::write(folder.path().join("committed.json"), "").unwrap();
    assert_eq!(open(folder.path()).read_committed().await.unwrap(), None);
}

#[test]
fn a_folder_belongs_to_one_node_and_to_one_process_at_a_time() {
    let folder = tempdir().unwrap();
    let taken = Folder::open(folder.path(), 1).unwrap();
    let error = Folder::open(folder.path(), 1).expect_err("it is taken").to_string();
    assert!(error.contains("another process has"), "{error}");
    drop(taken);
    let error = Folder::open(folder.path(), 2).expect_err("it is another's").to_string();
    assert!(error.contains("belongs to n1"), "{error}");
    Folder::open(folder.path(), 1).expect("it is its own");
}
