//! The rows that stay and the rows that come → one new file for a (table, source, period).
//!
//! Keeps true: rows are sorted by key, one row per key. The later export wins; rows of one export
//! that contradict each other are all rejected.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{Decimal128Type, Schema};
use arrow::row::{RowConverter, SortField};
use arrow::util::display::array_value_to_string;
use futures::TryStreamExt;

use super::claims::Claims;
use super::rows::{Age, Stored, column, exports, numbers, orders, sorted, union};
use super::settle::{Next, Row, Settling, Verdict};
use super::tables::{EXPORT, stored_schema};
use crate::columnar::{Engine, ParquetFile, ScratchRows, Written};
use crate::config::canonical::Table;
use crate::error::Result;
use crate::pull::map::Reject;

/// What a merge is made of.
pub(super) struct Merge {
    pub(super) table: &'static Table,
    /// Stored rows that stay unless their key comes again.
    pub(super) staying: Option<Stored>,
    /// Incoming rows.
    pub(super) coming: Vec<ScratchRows>,
    /// The short name of each export, by its position.
    pub(super) shorts: Arc<[String]>,
    /// What other files claim.
    pub(super) claims: Arc<Claims>,
    /// Whether a key that is there already is an error.
    pub(super) append: bool,
    pub(super) path: PathBuf,
}

/// What came of it.
pub(super) struct Merged {
    pub(super) written: Written,
    pub(super) path: PathBuf,
    /// Rows that are not written: the position of their export, their number, and why.
    pub(super) lost: Vec<(usize, i64, Loss)>,
    /// Rows that stand elsewhere now, or whose whole came again without them.
    pub(super) moved: u64,
    /// A key that was there already, where rows are only added.
    pub(super) clash: Option<String>,
}

/// Why a row that came is not written.
#[derive(Debug, Clone)]
pub(super) enum Loss {
    /// Its export has its key again.
    Repeated,
    /// Another export's row stands in its place, or its key in another month.
    Replaced,
    /// It contradicts another row of its export.
    Rejected(Box<Reject>),
}

impl Loss {
    /// Of two reasons the one of greater weight is told.
    pub(super) fn weight(&self) -> u8 {
        match self {
            Self::Repeated => 0,
            Self::Replaced => 1,
            Self::Rejected(_) => 2,
        }
    }
}

/// Merges.
pub(super) async fn merge(engine: Engine, job: Merge) -> Result<Merged> {
    let schema = stored_schema(job.table);
    let session = engine.session(1);
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let names = names.filter(|name| *name != EXPORT);
    let rows = union(&session, &names, job.staying.as_slice(), &job.coming)?;
    let mut stream = sorted(rows, job.table)?.execute_stream().await?;
    let mut merging = Merging {
        keys: Keys::new(job.table, &schema)?,
        width: schema.fields().len(),
        settling: Settling::new(job.table.date.is_some()),
        merged: Merged {
            written: Written::default(),
            path: job.path.clone(),
            lost: Vec::new(),
            moved: 0,
            clash: None,
        },
        job,
    };
    let mut file = ParquetFile::create(&merging.job.path, &schema)?;
    let mut carried: Option<RecordBatch> = None;
    while let Some(batch) = stream.try_next().await? {
        let batch = match carried.take() {
            Some(carried) => concat_batches(&batch.schema(), [&carried, &batch])?,
            None => batch,
        };
        // What becomes of a row depends on the row that follows.
        let known = batch.num_rows().saturating_sub(1);
        file.write(&merging.take(&batch, known)?)?;
        carried = (batch.num_rows() > 0).then(|| batch.slice(known, 1));
    }
    if let Some(batch) = carried {
        file.write(&merging.take(&batch, 1)?)?;
    }
    Ok(Merged { written: file.finish()?, ..merging.merged })
}

/// A merge under way.
struct Merging {
    job: Merge,
    keys: Keys,
    /// Columns of the file.
    width: usize,
    settling: Settling,
    merged: Merged,
}

impl Merging {
    /// What is written of the first `count` rows of `batch`.
    fn take(&mut self, batch: &RecordBatch, count: usize) -> Result<RecordBatch> {
        let (orders, numbers) = (orders(batch)?, numbers(batch)?);
        let keys = self.keys.rows(batch)?;
        let fates = self.job.claims.fates(batch, self.job.table, &self.job.shorts)?;
        let mut keep = vec![false; batch.num_rows()];
        for row in 0..count {
            let again = row + 1 < batch.num_rows() && keys.row(row) == keys.row(row + 1);
            let same_export = again && orders[row] == orders[row + 1];
            let next = again.then(|| Next {
                order: orders[row + 1],
                number: numbers[row + 1],
                equal: same_export && equal(batch, row, self.width - 1),
            });
            let of = Row { order: orders[row], number: numbers[row], fate: fates[row] };
            let verdict = self.settling.settle(of, next);
            keep[row] = verdict == Verdict::Stays;
            self.count(batch, row, Age::position(orders[row]), verdict)?;
            if self.job.append && again && !same_export && self.merged.clash.is_none() {
                self.merged.clash = Some(key_text(self.job.table, batch, row)?);
            }
        }
        let kept = filter_record_batch(batch, &BooleanArray::from(keep))?;
        named(&kept, self.width, &self.job.shorts)
    }

    /// Counts what became of a row of `export`; of stored ones without.
    fn count(
        &mut self,
        batch: &RecordBatch,
        row: usize,
        export: Option<usize>,
        verdict: Verdict,
    ) -> Result<()> {
        self.merged.moved += u64::from(verdict == Verdict::Moved);
        let Some(export) = export else { return Ok(()) };
        let rejected = |message: String| -> Result<Loss> {
            let reject = contradiction(self.job.table, batch, row, message)?;
            Ok(Loss::Rejected(Box::new(reject)))
        };
        let loss = match verdict {
            Verdict::Stays => return Ok(()),
            Verdict::Repeated => Loss::Repeated,
            Verdict::Replaced | Verdict::Moved => Loss::Replaced,
            Verdict::Contradicts(other) => rejected(format!(
                "row {other} has the same key with other values; lines of documents need group_by"
            ))?,
            Verdict::Clashes => {
                rejected("the same key stands in another month of this export".to_owned())?
            }
        };
        self.merged.lost.push((export, numbers(batch)?[row], loss));
        Ok(())
    }
}

/// The first `width` columns of `rows`, the last of which names the export of each.
fn named(rows: &RecordBatch, width: usize, shorts: &[String]) -> Result<RecordBatch> {
    let mut columns = rows.columns()[..width - 1].to_vec();
    columns.push(Arc::new(exports(rows, shorts)?));
    let fields = rows.schema().fields()[..width].to_vec();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// Compares rows by key.
struct Keys {
    converter: RowConverter,
    positions: Vec<usize>,
}

impl Keys {
    fn new(table: &Table, schema: &Schema) -> Result<Self> {
        let positions: Vec<usize> =
            table.key.iter().filter_map(|name| schema.index_of(name).ok()).collect();
        let fields = positions
            .iter()
            .map(|position| SortField::new(schema.field(*position).data_type().clone()))
            .collect();
        Ok(Self { converter: RowConverter::new(fields)?, positions })
    }

    fn rows(&self, batch: &RecordBatch) -> Result<arrow::row::Rows> {
        let columns: Vec<ArrayRef> =
            self.positions.iter().map(|position| Arc::clone(batch.column(*position))).collect();
        Ok(self.converter.convert_columns(&columns)?)
    }
}

/// Whether a row and the one after it are equal in the first `width` columns.
fn equal(batch: &RecordBatch, row: usize, width: usize) -> bool {
    let mut columns = batch.columns()[..width].iter();
    columns.all(|column| column.slice(row, 1).to_data() == column.slice(row + 1, 1).to_data())
}

/// The key of a row, for messages.
fn key_text(table: &Table, batch: &RecordBatch, row: usize) -> Result<String> {
    let text = |name: &&str| Ok(array_value_to_string(column(batch, name)?, row)?);
    Ok(table.key.iter().map(text).collect::<Result<Vec<String>>>()?.join(", "))
}

/// The amount of a row without its sign, in units of 10⁻⁸.
fn money(table: &Table, batch: &RecordBatch, row: usize) -> i128 {
    let amount = batch.column_by_name("amount").filter(|_| table.name == "documents");
    let amounts = amount.and_then(|column| column.as_primitive_opt::<Decimal128Type>());
    amounts
        .filter(|amounts| amounts.is_valid(row))
        .map_or(0, |amounts| amounts.value(row).saturating_abs().saturating_mul(1_000_000))
}

/// A row whose key comes again in its own export.
fn contradiction(
    table: &Table,
    batch: &RecordBatch,
    row: usize,
    message: String,
) -> Result<Reject> {
    let text = |name: &str| Ok(array_value_to_string(column(batch, name)?, row)?);
    let values: Vec<String> =
        table.columns.iter().map(|column| text(column.name)).collect::<Result<_>>()?;
    Ok(Reject {
        row: u64::try_from(numbers(batch)?[row]).unwrap_or(0),
        column: table.key.join(", "),
        reason: "repeated_key".to_owned(),
        message,
        value: key_text(table, batch, row)?,
        raw: serde_json::to_string(&values)?,
        money: money(table, batch, row),
        by_rule: false,
    })
}
