//! Table sets for tests: in memory, of tables of one byte.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};

use super::{Change, DataFile, Table, TableSet};
use crate::layout;
use crate::store::Place;

/// A table set in which nothing was committed.
pub(super) fn set() -> TableSet {
    TableSet::new(Place::of(Arc::new(InMemory::new()), "memory"))
}

/// What `run` made of `table` from a version of the lake.
pub(super) fn change(run: &str, table: &str, lake_version: u64) -> Change {
    let file = DataFile {
        path: layout::published(lake_version, run, &format!("{table}.parquet")).to_string(),
        bytes: 1,
        rows: 1,
        sha256: run.to_owned(),
        part: String::new(),
    };
    let made = Table {
        run: run.to_owned(),
        as_of: None,
        lake_version: Some(lake_version),
        made_by: None,
        schema: Vec::new(),
        key: Vec::new(),
        not_available: Vec::new(),
        files: vec![file],
    };
    Change {
        run: run.to_owned(),
        tables: [(table.to_owned(), made)].into(),
        base: 0,
        bound: false,
        late: false,
        keep: None,
    }
}

/// Puts the files of `change` and commits it; gives their paths.
pub(super) async fn commit(set: &TableSet, change: &Change) -> Vec<String> {
    let files = change.tables.values().flat_map(|table| &table.files);
    let paths: Vec<String> = files.map(|file| file.path.clone()).collect();
    for path in &paths {
        set.store().put(&Path::from(path.as_str()), "x".into()).await.unwrap();
    }
    let base = set.current().await.unwrap().version;
    let change = Change { base, ..change.clone() };
    set.commit(&change, DateTime::UNIX_EPOCH).await.unwrap();
    paths
}

/// The paths of all objects.
pub(super) async fn paths(set: &TableSet) -> Vec<String> {
    let objects: Vec<ObjectMeta> = set.store().list(None).try_collect().await.unwrap();
    let mut paths: Vec<String> =
        objects.into_iter().map(|meta| meta.location.to_string()).collect();
    paths.sort();
    paths
}

/// The time so many days after the last object was written.
pub(super) async fn later(set: &TableSet, days: i64) -> DateTime<Utc> {
    let objects: Vec<ObjectMeta> = set.store().list(None).try_collect().await.unwrap();
    let last = objects.iter().map(|meta| meta.last_modified).max().unwrap();
    last + TimeDelta::days(days)
}
