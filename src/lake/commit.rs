//! Putting a load's files in place and swapping the lake's head.

use std::collections::BTreeMap;
use std::path::PathBuf;

use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::intake::joined;
use super::ledger::{EXPORTS, Ledger, exports_schema, to_rows};
use super::load::Loading;
use super::rejects::rejects_schema;
use super::tables::stored_schema;
use crate::columnar::{ParquetFile, Written, type_name};
use crate::error::{Error, Kind, Result};
use crate::layout;
use crate::store::{put_file, sha256_of};
use crate::tableset::{Change, Column, Committed, DataFile, Manifest};

/// New parts of tables: table → part → the file, or `None` where the part is emptied.
pub(super) type Parts = BTreeMap<String, BTreeMap<String, Option<DataFile>>>;

/// Puts the finished file `from` of a part in place, and reads it back. Where the part's file in
/// `base` holds the same bytes, that one stays.
pub(super) async fn put_part(
    loading: &Loading<'_>,
    table: &str,
    part: String,
    from: PathBuf,
    written: Written,
) -> Result<DataFile> {
    let (place, run) = (loading.lake.set().place(), loading.run);
    let standing = loading.base.files(table).iter().find(|file| file.part == part);
    if let Some(file) = standing.filter(|file| file.sha256 == written.sha256) {
        let found = place.store.head(&Path::from(file.path.as_str())).await;
        if found.is_ok_and(|meta| meta.size == file.bytes) {
            return Ok(file.clone());
        }
    }
    let path = layout::part(table, &part, run);
    let (place, to) = (place.clone(), path.clone());
    let put = async move {
        put_file(place.store.as_ref(), &from, &to)
            .await
            .map_err(|error| error.at(place.object(&to)))?;
        sha256_of(place.store.as_ref(), &to).await.map_err(|error| error.at(place.object(&to)))
    };
    let (sha256, bytes) = tokio::spawn(put).await.map_err(joined)??;
    if sha256 != written.sha256 || bytes != written.bytes {
        return Err(Error::new(
            Kind::Transient,
            format!("file \"{path}\" of the lake reads back other bytes than were written"),
        )
        .hint("the disk or the store is failing: check it, then run again"));
    }
    Ok(DataFile { path: path.to_string(), bytes, rows: written.rows, sha256, part })
}

/// Puts what `after` changes of the ledger `before` in place, and enters it among `parts`.
pub(super) async fn put_ledger(
    loading: &Loading<'_>,
    before: &Ledger,
    after: &Ledger,
    parts: &mut Parts,
) -> Result<()> {
    // In its first form the ledger lay in the manifest: then all of it is written.
    let base = loading.base.extra.is_null().then_some(before);
    for (number, (part, entries)) in after.changed(base).into_iter().enumerate() {
        let path = loading.scratch.join(format!("{EXPORTS}-{number}.parquet"));
        let mut file = ParquetFile::create(&path, &exports_schema())?;
        file.write(&to_rows(entries)?)?;
        let file = put_part(loading, EXPORTS, part.clone(), path, file.finish()?).await?;
        parts.entry(EXPORTS.to_owned()).or_default().insert(part, Some(file));
    }
    Ok(())
}

/// Swaps the lake's head; on a head moved by others the change is made again if they touched none
/// of our files.
pub(super) async fn commit(loading: &Loading<'_>, parts: &Parts) -> Result<Manifest> {
    let set = loading.lake.set();
    let mut base = loading.base.clone();
    loop {
        let change = Change {
            run: loading.run.to_owned(),
            tables: tables(loading, &base, parts),
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
            let mut files = manifest.files(table).iter();
            files.find(|file| file.part == *part).map(|file| file.sha256.clone())
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
            let (schema, key): (_, &[&str]) = match (canonical, name.as_str()) {
                (Some(table), _) => (stored_schema(table), table.key),
                (None, EXPORTS) => (exports_schema(), &["source", "number"]),
                (None, _) => (rejects_schema(), &["source", "export", "row"]),
            };
            let columns = schema.fields().iter().map(|field| Column {
                name: field.name().clone(),
                kind: type_name(field.data_type()),
            });
            let before = base.files(name).iter();
            let mut files: Vec<DataFile> =
                before.filter(|file| !parts.contains_key(&file.part)).cloned().collect();
            files.extend(parts.values().flatten().cloned());
            files.sort_by(|left, right| left.path.cmp(&right.path));
            let table = crate::tableset::Table {
                run: loading.run.to_owned(),
                as_of: None,
                lake_version: None,
                not_available: Vec::new(),
                schema: columns.collect(),
                key: key.iter().map(|name| (*name).to_owned()).collect(),
                files,
            };
            (name.clone(), table)
        })
        .collect()
}
