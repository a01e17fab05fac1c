//! Publishing a run's tables to one destination.

use std::collections::BTreeMap;
use std::path::{Path as FsPath, PathBuf};

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, NaiveDate, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;

use super::csv;
use super::latest::refresh;
use crate::columnar::{Written, type_name};
use crate::config::pipeline::Format;
use crate::error::{Error, Kind, Result};
use crate::layout;
use crate::store::put_file;
use crate::tableset::{Change, Column, Committed, DataFile, Table, TableSet, verify};

/// Tables written at a time.
const CONCURRENT_PUTS: usize = 8;

/// A table to publish: its Parquet file in scratch.
#[derive(Debug, Clone)]
pub struct TableFiles {
    /// Its name.
    pub name: String,
    /// The Parquet file.
    pub parquet: PathBuf,
    /// Its size, rows and digest.
    pub written: Written,
    /// Its columns.
    pub schema: SchemaRef,
    /// The columns that it is sorted by and unique in.
    pub grain: Vec<String>,
    /// The formats to publish.
    pub formats: Vec<Format>,
    /// What of it is not available, and why.
    pub not_available: Vec<String>,
}

/// What a publication is of.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// The run.
    pub run: &'a str,
    /// The day it is as of.
    pub as_of: NaiveDate,
    /// The version of the lake it was made from.
    pub lake_version: u64,
    /// When.
    pub now: DateTime<Utc>,
    /// A folder for files on their way.
    pub scratch: &'a FsPath,
    /// The destination's version when the run began.
    pub base: u64,
    /// Whether it is made for a slot or again, and so may not go back behind newer tables.
    pub late: bool,
    /// The quarter that it is made for, to be kept as first published.
    pub keep: Option<&'a str>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// Every table was already there, byte for byte.
    UpToDate(u64),
    /// The destination's new version, and its files.
    Version(u64, Vec<String>),
}

/// Publishes `tables` to `set`, together or not at all.
///
/// # Errors
/// When the store fails, or another run published newer tables meanwhile.
pub async fn publish(
    set: &TableSet,
    tables: &[TableFiles],
    publication: Publication<'_>,
) -> Result<Published> {
    let current = set.current().await?;
    let stands = |table: &TableFiles| {
        current.tables.get(&table.name).filter(|stored| is_same(table, stored)).cloned()
    };
    let kept = publication.keep.is_none_or(|quarter| {
        let kept = current.kept.get(quarter);
        tables.iter().all(|table| kept.is_some_and(|kept| kept.contains_key(&table.name)))
    });
    // For a quarter that is kept, a set that has gone on to newer days has nothing to change.
    let settled = |table: &TableFiles| {
        stands(table).is_some()
            || publication.keep.is_some()
                && current.tables.get(&table.name).is_some_and(|stored| {
                    stored.as_of.as_deref() > Some(publication.as_of.to_string().as_str())
                })
    };
    if kept && tables.iter().all(settled) {
        refresh(set).await?;
        return Ok(Published::UpToDate(current.version));
    }
    let (version, run) = (current.version + 1, publication.run);
    let entries = tables.iter().map(|table| {
        let columns = table.schema.fields().iter();
        let columns = columns
            .map(|field| Column { name: field.name().clone(), kind: type_name(field.data_type()) });
        let entry = Table {
            run: publication.run.to_owned(),
            as_of: Some(publication.as_of.to_string()),
            lake_version: Some(publication.lake_version),
            schema: columns.collect(),
            key: table.grain.clone(),
            not_available: table.not_available.clone(),
            files: Vec::new(),
        };
        let (set, table, run) = (set.clone(), table.clone(), run.to_owned());
        let place = move |name: &str| layout::published(version, &run, name);
        let scratch = publication.scratch.to_owned();
        // A table that stands byte for byte is named again, not written again.
        let stored = stands(&table);
        let write = async move {
            let files = match stored {
                Some(stored) => stored.files,
                None => write(&set, &table, &place, &scratch).await?,
            };
            let entry = Table { files, ..entry };
            verify(&set, &table.name, &entry).await?;
            Ok::<_, Error>((table.name, entry))
        };
        async { tokio::spawn(write).await.map_err(joined)? }
    });
    let made: BTreeMap<String, Table> =
        stream::iter(entries).buffered(CONCURRENT_PUTS).try_collect().await?;
    let files = made.values().flat_map(|table| table.files.iter().map(|file| file.path.clone()));
    let files: Vec<String> = files.collect();
    let change = Change {
        run: publication.run.to_owned(),
        tables: made,
        base: publication.base,
        bound: false,
        late: publication.late,
        keep: publication.keep.map(str::to_owned),
    };
    let (Committed::Version(version) | Committed::Moved(version)) =
        set.commit(&change, publication.now).await?;
    refresh(set).await?;
    Ok(Published::Version(version, files))
}

/// Whether `stored` holds the same bytes in the same formats.
fn is_same(table: &TableFiles, stored: &Table) -> bool {
    let files = stored.digests();
    let parquet = |(_, digest): &(&str, &str)| *digest == table.written.sha256;
    files.iter().any(parquet) && files.len() == file_count(&table.formats)
}

/// How many files a table has that is published in `formats`.
#[must_use]
pub fn file_count(formats: &[Format]) -> usize {
    if formats.contains(&Format::Csv) { 3 } else { 1 }
}

fn file_names(table: &TableFiles) -> Vec<String> {
    let mut names = vec![format!("{}.parquet", table.name)];
    if table.formats.contains(&Format::Csv) {
        names.push(format!("{}.csv", table.name));
        names.push(format!("{}.excel.csv", table.name));
    }
    names
}

pub(super) fn joined(error: tokio::task::JoinError) -> Error {
    Error::new(Kind::Defect, "a task ended early").because(error)
}

/// Writes the files of one table, each to the place that its name has.
async fn write(
    set: &TableSet,
    table: &TableFiles,
    place: &(dyn Fn(&str) -> Path + Send + Sync),
    scratch: &FsPath,
) -> Result<Vec<DataFile>> {
    let mut written = vec![(table.parquet.clone(), table.written.clone())];
    if table.formats.contains(&Format::Csv) {
        let plain = scratch.join(format!("{}.csv", table.name));
        let excel = scratch.join(format!("{}.excel.csv", table.name));
        let (parquet, paths) = (table.parquet.clone(), (plain.clone(), excel.clone()));
        let task = tokio::task::spawn_blocking(move || csv::write(&parquet, &paths.0, &paths.1));
        let (for_machines, for_people) = task.await.map_err(joined)??;
        written.push((plain, for_machines));
        written.push((excel, for_people));
    }
    let mut files = Vec::new();
    for ((from, written), name) in written.into_iter().zip(file_names(table)) {
        let path = place(&name);
        put_file(set.store().as_ref(), &from, &path)
            .await
            .map_err(|error| error.at(set.place().object(&path)))?;
        files.push(DataFile {
            path: path.to_string(),
            bytes: written.bytes,
            rows: written.rows,
            sha256: written.sha256,
            part: String::new(),
        });
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}
