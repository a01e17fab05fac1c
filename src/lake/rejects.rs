//! Rejects as a table of the lake: one file for each export that has any.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

use crate::columnar::{ParquetFile, Written};
use crate::error::Result;
use crate::pull::map::Reject;

/// The table's name.
pub const REJECTS: &str = "rejects";

/// Rejects held before they are written.
const PENDING: usize = 1024;

/// Rejects kept for messages.
const SAMPLES: usize = 3;

/// The columns of the table.
#[must_use]
pub fn rejects_schema() -> Schema {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Schema::new(vec![
        text("source"),
        text("export"),
        Field::new("row", DataType::Int64, true),
        text("column"),
        text("reason"),
        text("message"),
        text("value"),
        text("raw"),
        Field::new("by_rule", DataType::Boolean, true),
    ])
}

/// How many rows of an export were rejected for one reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectCount {
    /// The source.
    pub source: String,
    /// The export.
    pub export: String,
    /// The reason.
    pub reason: String,
    /// Whether a rule of the source rejects them.
    pub by_rule: bool,
    /// Rows.
    pub rows: u64,
}

/// Writes the rejects of one export.
pub(super) struct RejectsFile {
    source: String,
    export: String,
    path: PathBuf,
    file: Option<ParquetFile>,
    pending: Vec<Reject>,
    /// The first that count against the limit.
    pub(super) samples: Vec<Reject>,
    counts: BTreeMap<(String, bool), u64>,
    /// The money of those that do, without signs, in units of 10⁻⁸.
    pub(super) money: i128,
}

impl RejectsFile {
    pub(super) fn new(source: &str, export: &str, path: PathBuf) -> Self {
        Self {
            source: source.to_owned(),
            export: export.to_owned(),
            path,
            file: None,
            pending: Vec::new(),
            samples: Vec::new(),
            counts: BTreeMap::new(),
            money: 0,
        }
    }

    pub(super) fn push(&mut self, reject: Reject) -> Result<()> {
        if !reject.by_rule {
            self.money = self.money.saturating_add(reject.money);
            if self.samples.len() < SAMPLES {
                self.samples.push(reject.clone());
            }
        }
        *self.counts.entry((reject.reason.clone(), reject.by_rule)).or_default() += 1;
        self.pending.push(reject);
        if self.pending.len() >= PENDING {
            self.flush()?;
        }
        Ok(())
    }

    /// How many there are, by reason.
    pub(super) fn counts(&self) -> impl Iterator<Item = RejectCount> {
        self.counts.iter().map(|((reason, by_rule), rows)| RejectCount {
            source: self.source.clone(),
            export: self.export.clone(),
            reason: reason.clone(),
            by_rule: *by_rule,
            rows: *rows,
        })
    }

    fn flush(&mut self) -> Result<()> {
        let schema = Arc::new(rejects_schema());
        let rejects = std::mem::take(&mut self.pending);
        let text = |get: &dyn Fn(&Reject) -> String| {
            Arc::new(StringArray::from_iter_values(rejects.iter().map(get))) as _
        };
        let rows = rejects.iter().map(|reject| i64::try_from(reject.row).unwrap_or(i64::MAX));
        let by_rule: Vec<bool> = rejects.iter().map(|reject| reject.by_rule).collect();
        let batch = RecordBatch::try_new(
            Arc::clone(&schema),
            vec![
                text(&|_| self.source.clone()),
                text(&|_| self.export.clone()),
                Arc::new(Int64Array::from_iter_values(rows)),
                text(&|reject| reject.column.clone()),
                text(&|reject| reject.reason.clone()),
                text(&|reject| reject.message.clone()),
                text(&|reject| reject.value.clone()),
                text(&|reject| reject.raw.clone()),
                Arc::new(BooleanArray::from(by_rule)),
            ],
        )?;
        if self.file.is_none() {
            self.file = Some(ParquetFile::create(&self.path, &schema)?);
        }
        self.file.as_mut().map_or(Ok(()), |file| file.write(&batch))
    }

    /// The finished file, where there was any reject.
    pub(super) fn finish(mut self) -> Result<Option<(PathBuf, Written)>> {
        if !self.pending.is_empty() {
            self.flush()?;
        }
        match self.file.take() {
            Some(file) => Ok(Some((self.path.clone(), file.finish()?))),
            None => Ok(None),
        }
    }
}
