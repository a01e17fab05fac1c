//! The rows that stay and the rows that come → one new file for a (table, source, period).
//!
//! Keeps true: rows are sorted by key, one row per key. The later export wins; rows of one export
//! that contradict each other are all rejected.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{DataType, Int32Type, Int64Type, Schema};
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::catalog::TableProvider;
use futures::TryStreamExt;

use super::arriving::{Arrived, ORDER};
use super::moved::{Fate, Fates, Moved, place_sql};
use super::tables::{EXPORT, stored_schema};
use crate::columnar::{Engine, ParquetFile, ScratchRows, Written};
use crate::config::canonical::Table;
use crate::error::{Error, Kind, Result};
use crate::pull::map::Reject;

/// The order of stored rows. Of two exports that bring a key the one of the greater order wins.
pub(super) const STORED: i32 = -1;

/// The order of the first export whose rows come late.
const LATE: i32 = i32::MIN;

/// Whether incoming rows are newer than what is stored, and win over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// They win.
    Newer,
    /// They come late: what is stored wins.
    Older,
}

impl Age {
    /// The order of the intake at `position`.
    pub(super) fn order(self, position: usize) -> i32 {
        let position = i32::try_from(position).unwrap_or(i32::MAX);
        match self {
            Self::Newer => position,
            Self::Older => LATE.saturating_add(position).min(STORED - 1),
        }
    }

    /// The position of an intake by its order; `None` for stored rows.
    fn position(order: i32) -> Option<usize> {
        match order {
            STORED => None,
            order => usize::try_from(if order < 0 { order - LATE } else { order }).ok(),
        }
    }
}

/// What a merge is made of.
pub(super) struct Merge {
    pub(super) table: &'static Table,
    /// Stored rows that stay unless their key comes again.
    pub(super) staying: Option<Arc<dyn TableProvider>>,
    /// Incoming rows, where there are any.
    pub(super) coming: Option<Arrived>,
    /// The short name of each export, by its position.
    pub(super) shorts: Arc<[String]>,
    pub(super) moved: Arc<Moved>,
    /// Whether a key that is there already is an error.
    pub(super) append: bool,
    pub(super) path: PathBuf,
}

/// What came of it.
pub(super) struct Merged {
    pub(super) written: Written,
    pub(super) path: PathBuf,
    /// For each export, by position, its rows whose key came again.
    pub(super) repeated: BTreeMap<usize, u64>,
    /// Rows that contradict another of their export with the same key, by its position.
    pub(super) contradicting: Vec<(usize, Reject)>,
    /// Rows that stand elsewhere now, or whose whole came again without them.
    pub(super) moved: u64,
    /// A key that was there already, where rows are only added.
    pub(super) clash: Option<String>,
}

/// Merges.
pub(super) async fn merge(engine: Engine, job: Merge) -> Result<Merged> {
    let session = engine.session(1);
    let schema = stored_schema(job.table);
    let names: Vec<String> = schema
        .fields()
        .iter()
        .filter(|field| field.name() != EXPORT)
        .map(|field| format!("\"{}\"", field.name()))
        .collect();
    let names = names.join(", ");
    let mut parts = Vec::new();
    let place = match job.table.date {
        Some(_) => place_sql(job.table),
        None => "cast(0 as bigint)".to_owned(),
    };
    if let Some(staying) = &job.staying {
        session.register_table("staying", Arc::clone(staying))?;
        parts.push(format!(
            "select {names}, {EXPORT}, cast({STORED} as int) as {ORDER}, cast(0 as bigint) as _row, \
             {place} as _place from staying"
        ));
    }
    if let Some(first) = job.coming.as_ref().and_then(|coming| coming.rows.first()) {
        let rows = job.coming.as_ref().map_or(&[][..], |coming| &coming.rows);
        session.register_table("coming", ScratchRows::table(first.schema(), rows))?;
        parts.push(format!(
            "select {names}, cast(null as varchar) as {EXPORT}, {ORDER}, _row, {place} as _place \
             from coming"
        ));
    }
    let mut key: Vec<String> = job.table.key.iter().map(|name| format!("\"{name}\"")).collect();
    key.extend([format!("{ORDER} desc"), "_row".to_owned()]);
    let sql = format!(
        "select * from ({}) as rows order by {}",
        parts.join(" union all "),
        key.join(", ")
    );
    let mut stream = session.sql(&sql).await?.execute_stream().await?;
    let mut file = ParquetFile::create(&job.path, &schema)?;
    let keys = Keys::new(job.table, &schema)?;
    let fates = Fates::new(job.table, &job.moved, &job.shorts)?;
    let mut carried: Option<RecordBatch> = None;
    let (mut repeated, mut contradicting, mut moved) = (BTreeMap::new(), Vec::new(), 0);
    let width = schema.fields().len();
    let mut clash = None;
    // Of the key at hand: whether a newer row stays, and a row of the same export that differs.
    let (mut won, mut differs) = (false, None);
    let mut take = |batch: &RecordBatch, last: bool| -> Result<Option<RecordBatch>> {
        let rows = keys.rows(batch)?;
        let fates = fates.of(batch)?;
        let order = column(batch, ORDER)?.as_primitive::<Int32Type>();
        let number = column(batch, "_row")?.as_primitive::<Int64Type>();
        let count = batch.num_rows();
        let mut keep = vec![false; count];
        for row in 0..if last { count } else { count.saturating_sub(1) } {
            let again = row + 1 < count && rows.row(row) == rows.row(row + 1);
            let same_export = again && order.value(row) == order.value(row + 1);
            let export = Age::position(order.value(row));
            let mut contradicts = None;
            if same_export && job.table.date.is_some() && !equal(batch, row, row + 1, width - 1) {
                contradicts = Some(number.value(row + 1));
                differs = Some(number.value(row));
            } else if !same_export {
                contradicts = differs.take();
            }
            let fate = fates.as_ref().map_or(Fate::Stays, |fates| fates[row]);
            if let Some(other) = contradicts {
                let message = format!(
                    "row {other} has the same key with other values; lines of documents need group_by"
                );
                if let Some(export) = export {
                    contradicting.push((export, contradiction(job.table, batch, row, message)?));
                }
            } else if fate == Fate::Clashes && !same_export {
                let message = "the same key stands in another month of this export".to_owned();
                if let Some(export) = export {
                    contradicting.push((export, contradiction(job.table, batch, row, message)?));
                }
            } else if same_export || won || fate != Fate::Stays {
                moved += u64::from(!same_export && !won && fate == Fate::Lost);
                if let Some(export) = export {
                    *repeated.entry(export).or_default() += 1;
                }
            } else {
                (keep[row], won) = (true, true);
            }
            if !again {
                won = false;
            } else if job.append && !same_export && clash.is_none() {
                clash = Some(key_text(job.table, batch, row)?);
            }
        }
        let kept = filter_record_batch(batch, &BooleanArray::from(keep))?;
        file.write(&named(&kept, width, &job.shorts)?)?;
        Ok((!last && count > 0).then(|| batch.slice(count - 1, 1)))
    };
    while let Some(batch) = stream.try_next().await? {
        let batch = match carried.take() {
            Some(carried) => concat_batches(&batch.schema(), [&carried, &batch])?,
            None => batch,
        };
        carried = take(&batch, false)?;
    }
    if let Some(batch) = carried.take() {
        take(&batch, true)?;
    }
    Ok(Merged { written: file.finish()?, path: job.path, repeated, contradicting, moved, clash })
}

/// The first `width` columns of `rows`, the last of which names the export of each.
fn named(rows: &RecordBatch, width: usize, shorts: &[String]) -> Result<RecordBatch> {
    let exports = exports_of(rows, shorts)?;
    let mut columns = rows.columns()[..width - 1].to_vec();
    columns.push(Arc::new(exports));
    let fields = rows.schema().fields()[..width].to_vec();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// The short name of each row's export: of stored ones as it is stored.
pub(super) fn exports_of(rows: &RecordBatch, shorts: &[String]) -> Result<StringArray> {
    let stored = arrow::compute::cast(column(rows, EXPORT)?, &DataType::Utf8)?;
    let (stored, orders) = (stored.as_string::<i32>(), column(rows, ORDER)?);
    let orders = orders.as_primitive::<Int32Type>();
    let names = (0..rows.num_rows()).map(|row| match Age::position(orders.value(row)) {
        None => stored.is_valid(row).then(|| stored.value(row)),
        Some(position) => shorts.get(position).map(String::as_str),
    });
    Ok(names.collect())
}

/// Compares rows by key.
struct Keys {
    converter: RowConverter,
    positions: Vec<usize>,
}

impl Keys {
    fn new(table: &Table, schema: &arrow::datatypes::Schema) -> Result<Self> {
        let positions: Vec<usize> =
            table.key.iter().filter_map(|name| schema.index_of(name).ok()).collect();
        let fields = positions
            .iter()
            .map(|position| SortField::new(schema.field(*position).data_type().clone()))
            .collect();
        Ok(Self { converter: RowConverter::new(fields)?, positions })
    }

    fn rows(&self, batch: &RecordBatch) -> Result<Rows> {
        let columns: Vec<ArrayRef> =
            self.positions.iter().map(|position| Arc::clone(batch.column(*position))).collect();
        Ok(self.converter.convert_columns(&columns)?)
    }
}

pub(super) fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch
        .column_by_name(name)
        .ok_or_else(|| Error::new(Kind::Defect, format!("a merge has no column \"{name}\"")))
}

/// Whether two rows are equal in the first `width` columns.
fn equal(batch: &RecordBatch, left: usize, right: usize, width: usize) -> bool {
    batch.columns()[..width]
        .iter()
        .all(|column| column.slice(left, 1).to_data() == column.slice(right, 1).to_data())
}

/// The key of a row, for messages.
fn key_text(table: &Table, batch: &RecordBatch, row: usize) -> Result<String> {
    let text = |name: &&str| -> Result<String> {
        Ok(arrow::util::display::array_value_to_string(column(batch, name)?, row)?)
    };
    Ok(table.key.iter().map(text).collect::<Result<Vec<_>>>()?.join(", "))
}

/// A row whose key comes again in its own export.
fn contradiction(
    table: &Table,
    batch: &RecordBatch,
    row: usize,
    message: String,
) -> Result<Reject> {
    let text = |name: &str, row: usize| -> Result<String> {
        Ok(arrow::util::display::array_value_to_string(column(batch, name)?, row)?)
    };
    let values: Vec<String> =
        table.columns.iter().map(|column| text(column.name, row)).collect::<Result<_>>()?;
    Ok(Reject {
        row: text("_row", row)?.parse().unwrap_or(0),
        column: table.key.join(", "),
        reason: "repeated_key".to_owned(),
        message,
        value: key_text(table, batch, row)?,
        raw: serde_json::to_string(&values)?,
        by_rule: false,
    })
}
