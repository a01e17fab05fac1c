//! Putting a load's files in place and swapping the lake's head.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use object_store::ObjectStoreExt;

use super::intake::joined;
use super::ledger::{EXPORTS, Entry, Ledger, exports_schema, to_rows};
use super::loading::Loading;
use super::rejects::{REJECTS, rejects_schema};
use super::tables::stored_schema;
use crate::columnar::{ParquetFile, Written, type_name};
use crate::config::canonical;
use crate::error::{Error, Kind, Result};
use crate::layout;
use crate::store::{put_file, sha256_of};
use crate::tableset::{Change, Column, Committed, DataFile, Manifest, Table};

/// New files of the lake's tables.
pub(super) struct Parts<'a> {
    loading: &'a Loading<'a>,
    /// The files of the base, by table and part.
    standing: HashMap<(&'a str, &'a str), &'a DataFile>,
    /// By table and part: the file, or `None` where the part is emptied.
    changed: BTreeMap<String, BTreeMap<String, Option<DataFile>>>,
}

impl<'a> Parts<'a> {
    /// None so far.
    pub(super) fn new(loading: &'a Loading<'a>) -> Self {
        let tables = loading.base.tables.iter();
        let files =
            tables.flat_map(|(name, table)| table.files.iter().map(move |file| (name, file)));
        let standing = files.map(|(table, file)| ((table.as_str(), file.part.as_str()), file));
        Self { loading, standing: standing.collect(), changed: BTreeMap::new() }
    }

    /// The part of the base that has the rejects of `entry`; `None` where it has none.
    pub(super) fn rejects_of(&self, entry: &Entry) -> Option<String> {
        let names = [entry.rejects(), entry.former_rejects()];
        names.into_iter().find(|part| self.standing.contains_key(&(REJECTS, part.as_str())))
    }

    /// Enters what becomes of a part.
    pub(super) fn enter(&mut self, table: &str, part: String, file: Option<DataFile>) {
        self.changed.entry(table.to_owned()).or_default().insert(part, file);
    }

    /// Empties a part that the base has, unless something becomes of it.
    pub(super) fn empty(&mut self, table: &str, part: String) {
        if self.standing.contains_key(&(table, part.as_str())) {
            self.changed.entry(table.to_owned()).or_default().entry(part).or_insert(None);
        }
    }

    /// Puts the finished file `from` of a part in place, and reads it back. Where the part's file in
    /// the base holds the same bytes, that one stays.
    pub(super) async fn put(
        &self,
        table: &str,
        part: String,
        from: PathBuf,
        written: Written,
    ) -> Result<DataFile> {
        let place = self.loading.lake.set().place();
        let standing = self.standing.get(&(table, part.as_str()));
        if let Some(file) = standing.filter(|file| file.sha256 == written.sha256) {
            let found = place.store.head(&layout::object(&file.path)).await;
            if found.is_ok_and(|meta| meta.size == file.bytes) {
                return Ok((*file).clone());
            }
        }
        let path = layout::part(table, &part, self.loading.run);
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

    /// Puts what `after` changes of the ledger `before` in place, and enters it.
    pub(super) async fn put_ledger(&mut self, before: &Ledger, after: &Ledger) -> Result<()> {
        // In its first form the ledger lay in the manifest: then all of it is written.
        let base = self.loading.base.extra.is_null().then_some(before);
        for (number, (part, entries)) in after.changed(base).into_iter().enumerate() {
            let path = self.loading.scratch.join(format!("{EXPORTS}-{number}.parquet"));
            let mut file = ParquetFile::create(&path, &exports_schema())?;
            file.write(&to_rows(entries)?)?;
            let file = self.put(EXPORTS, part.clone(), path, file.finish()?).await?;
            self.enter(EXPORTS, part, Some(file));
        }
        Ok(())
    }

    /// Swaps the lake's head; on a head moved by others the change is made again if they touched none
    /// of our files.
    pub(super) async fn commit(&self) -> Result<Manifest> {
        let (loading, set) = (self.loading, self.loading.lake.set());
        let mut base = loading.base.clone();
        loop {
            let change = Change {
                run: loading.run.to_owned(),
                tables: self.tables(&base),
                base: base.version,
                bound: true,
                late: false,
                keep: None,
            };
            match set.commit(&change, loading.now).await? {
                Committed::Version(_) => return set.current().await,
                Committed::Moved(_) => {
                    let moved = set.current().await?;
                    if self.touched_by_others(&moved) {
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

    fn touched_by_others(&self, now: &Manifest) -> bool {
        self.changed.iter().any(|(table, parts)| {
            let files = now.files(table).iter();
            let now: HashMap<&str, &str> =
                files.map(|file| (file.part.as_str(), file.sha256.as_str())).collect();
            let before = |part: &str| Some(self.standing.get(&(table, part))?.sha256.as_str());
            parts.keys().any(|part| before(part) != now.get(part.as_str()).copied())
        })
    }

    /// The tables of the lake with the new files in place of those of `base`.
    fn tables(&self, base: &Manifest) -> BTreeMap<String, Table> {
        let tables = self.changed.iter().map(|(name, parts)| {
            let (schema, key): (_, &[&str]) = match (canonical::table(name), name.as_str()) {
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
            let table = Table {
                run: self.loading.run.to_owned(),
                as_of: None,
                lake_version: None,
                made_by: None,
                not_available: Vec::new(),
                schema: columns.collect(),
                key: key.iter().map(|name| (*name).to_owned()).collect(),
                files,
            };
            (name.clone(), table)
        });
        tables.collect()
    }
}
