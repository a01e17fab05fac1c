//! Putting a load's files in place and swapping the lake's head.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::ledger::Ledger;
use super::load::Loading;
use super::rejects::rejects_schema;
use super::tables::stored_schema;
use crate::columnar::{Written, type_name};
use crate::error::{Error, Kind, Result};
use crate::store::{put_file, sha256_of};
use crate::tableset::{Change, Column, Committed, DataFile, Manifest};

/// New parts of tables: table → part → the file, or `None` where the part is emptied.
pub(super) type Parts = BTreeMap<String, BTreeMap<String, Option<DataFile>>>;

/// Where a part of a table lies: under its content's name.
pub(super) fn data_path(table: &str, part: &str, written: &Written) -> Path {
    Path::from(format!("data/{table}/{part}-{}.parquet", &written.sha256[..16]))
}

/// Puts a finished file at `path` and reads it back.
pub(super) async fn upload(
    store: Arc<dyn ObjectStore>,
    path: Path,
    part: String,
    from: PathBuf,
    written: Written,
) -> Result<DataFile> {
    let there = store.head(&path).await.is_ok_and(|meta| meta.size == written.bytes);
    if !there {
        put_file(store.as_ref(), &from, &path).await?;
    }
    let (sha256, bytes) = sha256_of(store.as_ref(), &path).await?;
    if sha256 != written.sha256 || bytes != written.bytes {
        return Err(Error::new(
            Kind::Transient,
            format!("file \"{path}\" of the lake reads back other bytes than were written"),
        )
        .hint("the disk or the store is failing: check it, then run again"));
    }
    Ok(DataFile { path: path.to_string(), bytes, rows: written.rows, sha256, part })
}

/// Swaps the lake's head; on a head moved by others the change is made again if they touched none
/// of our files.
pub(super) async fn commit(
    loading: &Loading<'_>,
    enter: &(dyn Fn(&mut Ledger) + Send + Sync),
    parts: &Parts,
) -> Result<Manifest> {
    let set = loading.lake.set();
    let mut base = loading.base.clone();
    loop {
        let mut merged = Ledger::of(&base)?;
        enter(&mut merged);
        let change = Change {
            run: loading.run.to_owned(),
            tables: tables(loading, &base, parts),
            extra: Some(merged.to_extra()?),
            base: base.version,
            bound: true,
            late: false,
            keep: None,
        };
        match set.commit(&change, loading.now).await? {
            Committed::Version(_) => return set.current().await,
            Committed::Moved(_) => {
                let moved = set.current().await?;
                if touched_by_others(loading.base, &moved, parts) {
                    return Err(Error::new(
                        Kind::Superseded,
                        "another run loaded the same months meanwhile; nothing was loaded",
                    )
                    .hint("run again"));
                }
                base = moved;
            }
        }
    }
}

fn touched_by_others(base: &Manifest, now: &Manifest, parts: &Parts) -> bool {
    parts.iter().any(|(table, parts)| {
        let file = |manifest: &Manifest, part: &String| {
            let files = manifest.tables.get(table).map_or(&[][..], |table| &table.files);
            files.iter().find(|file| file.part == *part).map(|file| file.sha256.clone())
        };
        parts.keys().any(|part| file(base, part) != file(now, part))
    })
}

/// The tables of the lake with `parts` in place of those of `base`.
fn tables(
    loading: &Loading<'_>,
    base: &Manifest,
    parts: &Parts,
) -> BTreeMap<String, crate::tableset::Table> {
    parts
        .iter()
        .map(|(name, parts)| {
            let canonical = crate::config::canonical::table(name);
            let schema = canonical.map_or_else(rejects_schema, stored_schema);
            let columns = schema.fields().iter().map(|field| Column {
                name: field.name().clone(),
                kind: type_name(field.data_type()),
            });
            let before = base.tables.get(name).map_or(&[][..], |table| &table.files);
            let mut files: Vec<DataFile> =
                before.iter().filter(|file| !parts.contains_key(&file.part)).cloned().collect();
            files.extend(parts.values().flatten().cloned());
            files.sort_by(|left, right| left.path.cmp(&right.path));
            let table = crate::tableset::Table {
                run: loading.run.to_owned(),
                as_of: None,
                lake_version: None,
                not_available: Vec::new(),
                schema: columns.collect(),
                key: canonical
                    .map_or(&["source", "export", "row"][..], |table| table.key)
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect(),
                files,
            };
            (name.clone(), table)
        })
        .collect()
}
