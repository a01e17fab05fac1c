//! Publishing a run's tables to one destination.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path as FsPath, PathBuf};

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, NaiveDate, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;

use super::latest::refresh;
use super::people::{Presentation, Rows};
use super::{csv, xlsx};
use crate::columnar::{Written, type_name};
use crate::config::pipeline::Format;
use crate::error::{Error, Kind, Result};
use crate::layout;
use crate::store::put_file;
use crate::tableset::{Change, Column, Committed, DataFile, MadeBy, Table, TableSet, verify};

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
    /// The formats to publish, and how people see it.
    pub presentation: Presentation,
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
    /// What else.
    pub made_by: &'a MadeBy,
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
    let local = tables.iter().map(|table| {
        let (table, publication) =
            (table.clone(), (publication.as_of, publication.scratch.to_owned()));
        let write = move || write_files(&table, publication.0, &publication.1);
        async { tokio::task::spawn_blocking(write).await.map_err(joined)? }
    });
    let local: Vec<Vec<Local>> =
        stream::iter(local).buffered(CONCURRENT_PUTS).try_collect().await?;
    let local: BTreeMap<&str, Vec<Local>> =
        tables.iter().map(|table| table.name.as_str()).zip(local).collect();
    let stands = |table: &TableFiles| {
        let files = &local[table.name.as_str()];
        current.tables.get(&table.name).filter(|stored| is_same(files, stored)).cloned()
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
            made_by: Some(publication.made_by.clone()),
            schema: columns.collect(),
            key: table.grain.clone(),
            not_available: table.not_available.clone(),
            files: Vec::new(),
        };
        let (set, table, run) = (set.clone(), table.clone(), run.to_owned());
        let place = move |name: &str| layout::published(version, &run, name);
        let local = local[table.name.as_str()].clone();
        // A table that stands byte for byte is named again, not written again.
        let stored = stands(&table);
        let write = async move {
            let files = match stored {
                Some(stored) => stored.files,
                None => put(&set, &local, &place).await?,
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

/// A file in scratch that is to be published under its name.
#[derive(Debug, Clone)]
struct Local {
    name: String,
    path: PathBuf,
    written: Written,
}

/// Whether `stored` holds the same files, byte for byte.
fn is_same(files: &[Local], stored: &Table) -> bool {
    let found: BTreeSet<(&str, &str)> = stored.digests().into_iter().collect();
    let made = files.iter().map(|file| (file.name.as_str(), file.written.sha256.as_str()));
    made.collect::<BTreeSet<_>>() == found
}

pub(super) fn joined(error: tokio::task::JoinError) -> Error {
    Error::new(Kind::Defect, "a task ended early").because(error)
}

/// The most files that a table is split into.
const MAX_SPLIT: usize = 200;

/// Writes the files of one table to `scratch`: its Parquet file stands there already.
fn write_files(table: &TableFiles, as_of: NaiveDate, scratch: &FsPath) -> Result<Vec<Local>> {
    let name = &table.name;
    let presentation = &table.presentation;
    let local = |name: String, written: Written| Local { path: scratch.join(&name), name, written };
    let mut files = vec![Local {
        name: format!("{name}.parquet"),
        path: table.parquet.clone(),
        written: table.written.clone(),
    }];
    let (csv, workbook) =
        (presentation.formats.contains(&Format::Csv), presentation.formats.contains(&Format::Xlsx));
    if !csv && !workbook {
        return Ok(files);
    }
    let rows = Rows::read(&table.parquet, presentation)?;
    if csv {
        let (plain, excel) = (format!("{name}.csv"), format!("{name}.excel.csv"));
        let written = csv::for_machines(&table.parquet, &scratch.join(&plain))?;
        files.push(local(plain, written));
        let written = csv::for_people(&rows, presentation, &scratch.join(&excel))?;
        files.push(local(excel, written));
    }
    let mut book = |file: String, rows: &Rows| -> Result<()> {
        let written = xlsx::write(name, rows, presentation, as_of, &scratch.join(&file))?;
        files.push(local(file, written));
        Ok(())
    };
    match presentation.split.as_ref().filter(|_| workbook) {
        Some(split) => {
            let mut known = BTreeSet::new();
            for (value, rows) in rows.split(split, MAX_SPLIT)? {
                book(format!("{name}.{}.xlsx", file_part(value.as_deref(), &mut known)), &rows)?;
            }
        }
        None if workbook => book(format!("{name}.xlsx"), &rows)?,
        None => {}
    }
    Ok(files)
}

/// `value` as a part of a file's name, unlike those `known`: letters and digits of any script stay.
fn file_part(value: Option<&str>, known: &mut BTreeSet<String>) -> String {
    let kept = |char: char| if char.is_alphanumeric() || char == '-' { char } else { '_' };
    let part: String =
        value.map_or_else(|| "-".to_owned(), |value| value.chars().map(kept).collect());
    let numbered = (2..).map(|number| format!("{part}_{number}"));
    let mut names = std::iter::once(part.clone()).chain(numbered);
    // There are more numbers than names that are known.
    let part = names.find(|name| !known.contains(&name.to_lowercase())).unwrap_or(part);
    known.insert(part.to_lowercase());
    part
}

/// Puts `files` to the places that their names have.
async fn put(
    set: &TableSet,
    files: &[Local],
    place: &(dyn Fn(&str) -> Path + Send + Sync),
) -> Result<Vec<DataFile>> {
    let mut stored = Vec::new();
    for file in files {
        let path = place(&file.name);
        put_file(set.store().as_ref(), &file.path, &path)
            .await
            .map_err(|error| error.at(set.place().object(&path)))?;
        stored.push(DataFile {
            path: path.to_string(),
            bytes: file.written.bytes,
            rows: file.written.rows,
            sha256: file.written.sha256.clone(),
            part: String::new(),
        });
    }
    stored.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(stored)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::file_part;

    #[test]
    fn parts_of_file_names_keep_letters_and_differ_on_every_file_system() {
        let mut known = BTreeSet::new();
        let mut part = |value| file_part(value, &mut known);
        assert_eq!(part(None), "-");
        assert_eq!(part(Some("Иванова А.")), "Иванова_А_");
        assert_eq!(part(Some("иванова/а.")), "иванова_а__2");
        assert_eq!(part(Some("../etc")), "___etc");
        assert_eq!(part(Some("")), "");
    }
}
