//! The ledger: every export that was ever loaded, and what of it is live.
//!
//! It is a table of the lake, `exports`, that grows by appending: the entries of a source lie in
//! files of [`SEGMENT`] each, in the order of loading. A load writes the segments it changes, which
//! are the last and those whose exports it takes the place of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStoreExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::{Deserialize, Serialize};

use crate::config::pipeline::Load;
use crate::error::{Error, Kind, Result};
use crate::layout;
use crate::tableset::{Manifest, TableSet};

/// The table's name.
pub const EXPORTS: &str = "exports";

/// Entries of one file.
const SEGMENT: usize = 128;

/// Files read at a time.
const CONCURRENT_READS: usize = 16;

/// The entries of each source, in the order of loading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    sources: BTreeMap<String, Vec<Entry>>,
}

/// One export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The source.
    pub source: String,
    /// Its place among the exports of its source, from 0.
    pub number: u64,
    /// Its path below the source's folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last written, in milliseconds since 1970.
    pub modified_ms: u64,
    /// The version that its store gave it, where it did.
    pub etag: Option<String>,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// The headers of its columns, in their order: what raw rows are read by again.
    #[serde(with = "as_json")]
    pub header: Vec<String>,
    /// The digest of the declaration that it was read by.
    pub declaration: String,
    /// The periods that its rows stand for and that no later export has replaced.
    #[serde(with = "as_words")]
    pub periods: BTreeSet<String>,
    /// Its part of those periods; empty without parts.
    pub part: String,
    /// Rows in the file.
    pub read: u64,
    /// Rows that every table took.
    pub loaded: u64,
    /// Rows rejected, by fault and by rule.
    pub rejected: u64,
    /// Rejected rows that were given up by hand, of those above.
    pub discarded: u64,
    /// Rows left out by rule.
    pub skipped: u64,
    /// Totals, blank rows, repeated keys.
    pub recognised: u64,
    /// Rows that gave way to those of another export, or of another month.
    #[serde(default)]
    pub replaced: u64,
    /// The SHA-256 of the export that has taken its place; none while it stands.
    pub replaced_by: Option<String>,
    /// The charset that it was read in, where that was detected.
    #[serde(default)]
    pub charset: Option<String>,
}

/// Headers as a text that holds a list of JSON: no reader of Parquet shares lists.
mod as_json {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _, ser::Error as _};

    pub(super) fn serialize<S: Serializer>(texts: &[String], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&serde_json::to_string(texts).map_err(S::Error::custom)?)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<String>, D::Error> {
        serde_json::from_str(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// Names of periods as a text of words.
mod as_words {
    use std::collections::BTreeSet;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        words: &BTreeSet<String>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        to.serialize_str(&words.join(" "))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(
        from: D,
    ) -> Result<BTreeSet<String>, D::Error> {
        Ok(String::deserialize(from)?.split_whitespace().map(str::to_owned).collect())
    }
}

/// The columns of the table.
#[must_use]
pub(super) fn exports_schema() -> Schema {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let count = |name: &str| Field::new(name, DataType::Int64, true);
    Schema::new(vec![
        text("source"),
        count("number"),
        text("name"),
        count("bytes"),
        count("modified_ms"),
        text("etag"),
        text("sha256"),
        text("header"),
        text("declaration"),
        text("periods"),
        text("part"),
        count("read"),
        count("loaded"),
        count("rejected"),
        count("discarded"),
        count("skipped"),
        count("recognised"),
        count("replaced"),
        text("replaced_by"),
        text("charset"),
    ])
}

impl Entry {
    /// The short name of its content, as rows carry it.
    #[must_use]
    pub fn short(&self) -> &str {
        self.sha256.get(..16).unwrap_or(&self.sha256)
    }

    /// The part of the rejects that it has.
    #[must_use]
    pub(super) fn rejects(&self) -> String {
        format!("{}/{}-{}", self.source, self.short(), self.number)
    }

    /// The same as it was named before, when exports of the same bytes had one part together.
    #[must_use]
    pub(super) fn former_rejects(&self) -> String {
        format!("{}/{}", self.source, self.short())
    }

    /// Whether it stands.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.replaced_by.is_none()
    }
}

/// What an export takes the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Of its part, the periods that it covers.
    Periods,
    /// What a file of its name brought.
    Name,
    /// Everything that its source brought.
    All,
}

impl Takes {
    /// What an export of a source with `load` takes the place of.
    #[must_use]
    pub fn by(load: &Load) -> Self {
        match load {
            Load::ReplacePeriod { .. } => Self::Periods,
            Load::Upsert | Load::Append => Self::Name,
            Load::Replace { .. } => Self::All,
        }
    }
}

/// Where the live exports of one source are found.
#[derive(Default)]
struct Live {
    by_name: HashMap<String, Vec<usize>>,
    by_period: HashMap<(String, String), Vec<usize>>,
    all: Vec<usize>,
}

impl Live {
    fn new(entries: &[Entry]) -> Self {
        let mut live = Self::default();
        for (position, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.is_live()) {
            live.add(position, entry);
        }
        live
    }

    fn add(&mut self, position: usize, entry: &Entry) {
        self.all.push(position);
        self.by_name.entry(entry.name.clone()).or_default().push(position);
        for period in &entry.periods {
            let key = (entry.part.clone(), period.clone());
            self.by_period.entry(key).or_default().push(position);
        }
    }
}

impl Ledger {
    /// The ledger of `manifest`, as far as it concerns sources that are `wanted`; in its first form
    /// it is read whole.
    ///
    /// # Errors
    /// When a file of it cannot be read.
    pub async fn read(
        set: &TableSet,
        manifest: &Manifest,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Self> {
        if !manifest.extra.is_null() {
            return first_form(manifest.extra.clone());
        }
        let files = manifest.files(EXPORTS).iter().filter(|file| wanted(file.source()));
        let reads = files.map(|file| async move {
            let path = layout::object(&file.path);
            let read = async { set.store().get(&path).await?.bytes().await };
            let bytes = read.await.map_err(|error| set.place().failed(&path, error))?;
            entries_of(bytes).map_err(|error| error.at(set.place().object(&path)))
        });
        let segments: Vec<Vec<Entry>> =
            stream::iter(reads).buffered(CONCURRENT_READS).try_collect().await?;
        let mut ledger = Self::default();
        for entry in segments.into_iter().flatten() {
            ledger.sources.entry(entry.source.clone()).or_default().push(entry);
        }
        for entries in ledger.sources.values_mut() {
            entries.sort_by_key(|entry| entry.number);
        }
        Ok(ledger)
    }

    /// The entries of `source`, in the order of loading.
    #[must_use]
    pub fn of(&self, source: &str) -> &[Entry] {
        self.sources.get(source).map_or(&[], Vec::as_slice)
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.sources.values().flatten()
    }

    /// The place of the next export of `source`.
    pub(super) fn next(&self, source: &str) -> u64 {
        self.of(source).len() as u64
    }

    /// The charset that the last export of `source` was read in of which it was detected.
    pub(super) fn charset(&self, source: &str) -> Option<&str> {
        self.of(source).iter().rev().find_map(|entry| entry.charset.as_deref())
    }

    /// The entry of that place in its source, to be changed.
    pub(super) fn entry_mut(&mut self, source: &str, number: u64) -> Option<&mut Entry> {
        self.sources.get_mut(source)?.get_mut(usize::try_from(number).ok()?)
    }

    /// Enters `entries`, one after the other: of live entries of its source, what each takes the
    /// place of passes to it.
    pub fn enter(&mut self, entries: impl IntoIterator<Item = (Entry, Takes)>) {
        let mut lives: HashMap<String, Live> = HashMap::new();
        for (mut entry, takes) in entries {
            let before = self.sources.entry(entry.source.clone()).or_default();
            let live = lives.entry(entry.source.clone()).or_insert_with(|| Live::new(before));
            let taken = |before: &mut Vec<Entry>, position: usize| {
                before[position].replaced_by.get_or_insert_with(|| entry.sha256.clone());
            };
            match takes {
                Takes::All => {
                    live.all.drain(..).for_each(|position| taken(before, position));
                }
                Takes::Name => {
                    for position in live.by_name.remove(&entry.name).unwrap_or_default() {
                        taken(before, position);
                    }
                }
                Takes::Periods => {
                    for period in &entry.periods {
                        let key = (entry.part.clone(), period.clone());
                        for position in live.by_period.remove(&key).unwrap_or_default() {
                            before[position].periods.remove(period);
                            if before[position].periods.is_empty() {
                                taken(before, position);
                            }
                        }
                    }
                }
            }
            entry.number = before.len() as u64;
            live.add(before.len(), &entry);
            before.push(entry);
        }
    }

    /// The segments that differ from those of `base`, each as the part of the table that it is; all
    /// of them, where `base` is none of the lake's files.
    pub(super) fn changed<'a>(&'a self, base: Option<&Self>) -> Vec<(String, &'a [Entry])> {
        let mut changed = Vec::new();
        for (source, entries) in &self.sources {
            let before = base.map_or(&[][..], |base| base.of(source));
            for (number, segment) in entries.chunks(SEGMENT).enumerate() {
                if before.chunks(SEGMENT).nth(number) != Some(segment) {
                    changed.push((format!("{source}/{number:06}"), segment));
                }
            }
        }
        changed
    }
}

/// `entries` as rows.
pub(super) fn to_rows(entries: &[Entry]) -> Result<RecordBatch> {
    let schema = Arc::new(exports_schema());
    let mut decoder = arrow::json::ReaderBuilder::new(Arc::clone(&schema)).build_decoder()?;
    decoder.serialize(entries)?;
    Ok(decoder.flush()?.unwrap_or_else(|| RecordBatch::new_empty(schema)))
}

/// The entries that the Parquet file `bytes` holds.
fn entries_of(bytes: bytes::Bytes) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(bytes)?.build()? {
        let mut writer = arrow::json::ArrayWriter::new(Vec::new());
        writer.write(&batch?)?;
        writer.finish()?;
        let read: Vec<Entry> = serde_json::from_slice(&writer.into_inner())?;
        entries.extend(read);
    }
    Ok(entries)
}

/// The ledger as manifests of the first format carried it.
fn first_form(extra: serde_json::Value) -> Result<Ledger> {
    let wrong = || Error::new(Kind::Defect, "the ledger is not the list of exports it should be");
    let serde_json::Value::Object(mut extra) = extra else { return Err(wrong()) };
    let Some(serde_json::Value::Array(exports)) = extra.remove("exports") else {
        return Err(wrong());
    };
    let mut ledger = Ledger::default();
    for mut export in exports {
        let fields = export.as_object_mut().ok_or_else(wrong)?;
        let source = fields.get("source").and_then(serde_json::Value::as_str).unwrap_or_default();
        let entries = ledger.sources.entry(source.to_owned()).or_default();
        fields.insert("number".to_owned(), entries.len().into());
        let status = fields.remove("status").unwrap_or_default();
        if let Some(replaced_by) = status.get("replaced_by") {
            fields.insert("replaced_by".to_owned(), replaced_by.clone());
        }
        fields.entry("part").or_insert_with(|| "".into());
        let header = fields.remove("header").unwrap_or_else(|| serde_json::json!([]));
        fields.insert("header".to_owned(), header.to_string().into());
        let periods = fields.remove("periods").unwrap_or_default();
        let periods = periods.as_array().ok_or_else(wrong)?.iter();
        let periods: Vec<&str> = periods.filter_map(serde_json::Value::as_str).collect();
        fields.insert("periods".to_owned(), periods.join(" ").into());
        fields.entry("discarded").or_insert_with(|| 0.into());
        entries.push(serde_json::from_value(export)?);
    }
    Ok(ledger)
}

#[cfg(test)]
pub(super) mod made_up {
    use super::Entry;

    /// The entry of a made-up export.
    pub(in crate::lake) fn entry(name: &str, periods: &[&str], part: &str) -> Entry {
        Entry {
            source: "books".to_owned(),
            number: 0,
            name: name.to_owned(),
            bytes: 7,
            modified_ms: 1_700_000_000_000,
            etag: None,
            sha256: format!("sha of {name}"),
            header: vec!["Номер".to_owned(), String::new()],
            declaration: "d".to_owned(),
            periods: periods.iter().map(|period| (*period).to_owned()).collect(),
            part: part.to_owned(),
            read: 3,
            loaded: 2,
            rejected: 1,
            discarded: 0,
            skipped: 0,
            recognised: 0,
            replaced: 0,
            replaced_by: None,
            charset: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::made_up::entry;
    use super::{Entry, Ledger, SEGMENT, Takes, first_form, to_rows};
    use crate::columnar::ParquetFile;

    /// Enters exports one after the other; gives those that stand, with their periods.
    fn standing(entries: &[(Entry, Takes)]) -> Vec<(String, Vec<String>)> {
        let mut ledger = Ledger::default();
        // Together or in two loads: it is the same.
        let (first, second) = entries.split_at(entries.len() / 2);
        ledger.enter(first.to_vec());
        ledger.enter(second.to_vec());
        let mut together = Ledger::default();
        together.enter(entries.to_vec());
        assert_eq!(ledger, together);
        let live = ledger.entries().filter(|entry| entry.is_live());
        live.map(|entry| (entry.name.clone(), entry.periods.iter().cloned().collect())).collect()
    }

    fn stands(name: &str, periods: &[&str]) -> (String, Vec<String>) {
        (name.to_owned(), periods.iter().map(|period| (*period).to_owned()).collect())
    }

    #[test]
    fn a_later_export_takes_the_periods_of_its_part() {
        let takes = |name, periods: &[&str], part| (entry(name, periods, part), Takes::Periods);
        let both = takes("a", &["2026-01", "2026-02"], "");
        let (january, february) = (takes("b", &["2026-01"], ""), takes("c", &["2026-02"], ""));
        let other = takes("d", &["2026-01"], "north");
        assert_eq!(
            standing(&[both.clone(), january.clone(), other.clone()]),
            [stands("a", &["2026-02"]), stands("b", &["2026-01"]), stands("d", &["2026-01"])]
        );
        assert_eq!(
            standing(&[both.clone(), other, january.clone(), february.clone()]),
            [stands("d", &["2026-01"]), stands("b", &["2026-01"]), stands("c", &["2026-02"])]
        );
        assert_eq!(standing(&[january, february, both]), [stands("a", &["2026-01", "2026-02"])]);
        assert_eq!(standing(&[takes("a", &[], ""), takes("b", &[], "")]).len(), 2);
    }

    #[test]
    fn a_later_export_takes_the_place_of_its_name_or_of_all() {
        let name = |name: &str, sha: &str| {
            (Entry { sha256: sha.to_owned(), ..entry(name, &[], "") }, Takes::Name)
        };
        assert_eq!(standing(&[name("a", "1"), name("b", "2"), name("a", "3")]).len(), 2);
        let all = |name| (entry(name, &[], ""), Takes::All);
        assert_eq!(standing(&[all("a"), all("b"), all("c")]), [stands("c", &[])]);
    }

    #[test]
    fn only_segments_that_changed_are_written() {
        let count = 2 * SEGMENT + 3;
        let mut base = Ledger::default();
        base.enter((0..count).map(|n| (entry(&format!("e{n}"), &[], ""), Takes::Name)));
        let mut ledger = base.clone();
        ledger.enter([(entry("new", &[], ""), Takes::Name)]);
        let parts = |ledger: &Ledger, base: Option<&Ledger>| -> Vec<(String, usize)> {
            let changed = ledger.changed(base).into_iter();
            changed.map(|(part, entries)| (part, entries.len())).collect()
        };
        assert_eq!(parts(&ledger, Some(&base)), [("books/000002".to_owned(), 4)]);
        ledger.enter([(entry("e5", &[], ""), Takes::Name)]);
        let two = [("books/000000".to_owned(), SEGMENT), ("books/000002".to_owned(), 5)];
        assert_eq!(parts(&ledger, Some(&base)), two);
        assert_eq!(parts(&ledger, None).len(), 3);
        assert_eq!(parts(&ledger, Some(&ledger)), []);
    }

    #[test]
    fn entries_come_back_from_their_file() {
        let replaced = Entry { replaced_by: Some("x".to_owned()), ..entry("b", &[], "p") };
        let entries = [
            entry("a", &["2026-01", "2026-02"], ""),
            Entry { etag: Some("\"e\"".to_owned()), header: Vec::new(), ..replaced },
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entries.parquet");
        let mut file = ParquetFile::create(&path, &super::exports_schema()).unwrap();
        file.write(&to_rows(&entries).unwrap()).unwrap();
        file.finish().unwrap();
        let read = super::entries_of(std::fs::read(&path).unwrap().into()).unwrap();
        assert_eq!(read, entries);
    }

    #[test]
    fn the_first_form_is_read() {
        let export = |status: serde_json::Value| {
            serde_json::json!({
                "source": "books", "name": "a.csv", "bytes": 1, "modified_ms": 2,
                "sha256": "s", "declaration": "d", "periods": ["2026-01"],
                "read": 1, "loaded": 1, "rejected": 0, "skipped": 0, "recognised": 0,
                "status": status,
            })
        };
        let old = serde_json::json!({ "exports": [
            export(serde_json::json!({ "replaced_by": "t" })), export("live".into()),
        ] });
        let ledger = first_form(old).unwrap();
        let entries = ledger.of("books");
        assert_eq!(entries[0].replaced_by.as_deref(), Some("t"));
        assert!(entries[1].is_live() && entries[1].number == 1);
        assert_eq!(entries[1].periods, BTreeSet::from(["2026-01".to_owned()]));
        assert!(first_form(serde_json::json!({ "exports": 1 })).is_err());
    }
}
