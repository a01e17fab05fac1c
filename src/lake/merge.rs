//! The rows that stay and the rows that come → one new file for a (table, source, period).
//!
//! Keeps true: rows are sorted by key, one row per key; the later export and the later row win.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{Int32Type, Int64Type};
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};
use datafusion::catalog::TableProvider;
use futures::TryStreamExt;

use super::moved::{Moved, key_sql, place_sql};
use super::tables::{EXPORT, stored_schema};
use crate::columnar::{Engine, ParquetFile, ScratchRows, Written};
use crate::config::canonical::Table;
use crate::error::{Error, Kind, Result};
use crate::pull::map::Reject;

/// Whether incoming rows are newer than what is stored, and win over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// They win.
    Newer,
    /// They come late: what is stored wins.
    Older,
}

impl Age {
    /// The order of the intake at `position`: stored rows have -1, and the last in order wins.
    fn order(self, position: usize) -> i64 {
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        match self {
            Self::Newer => position,
            Self::Older => -2 - position,
        }
    }

    /// The position of an intake by its order; `None` for stored rows.
    fn position(order: i32) -> Option<usize> {
        match order {
            -1 => None,
            order => usize::try_from(if order < 0 { -2 - order } else { order }).ok(),
        }
    }
}

/// What a merge is made of.
pub(super) struct Merge {
    pub(super) table: &'static Table,
    /// Stored rows that stay unless their key comes again.
    pub(super) staying: Option<Arc<dyn TableProvider>>,
    /// Incoming rows: the export's position among the run's, its short name, its rows.
    pub(super) coming: Vec<(usize, String, ScratchRows)>,
    pub(super) age: Age,
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
    /// Rows that contradict a later one with the same key, by the export's position.
    pub(super) contradicting: Vec<(usize, Reject)>,
    /// Rows that a moved key took away.
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
    let place = |incoming: bool| match job.table.date {
        Some(_) => place_sql(job.table, incoming),
        None => "cast(0 as bigint)".to_owned(),
    };
    if let Some(staying) = &job.staying {
        session.register_table("staying", Arc::clone(staying))?;
        parts.push(format!(
            "select {names}, {EXPORT}, cast(-1 as int) as _order, cast(0 as bigint) as _row, \
             {} as _place from staying",
            place(false)
        ));
    }
    for (order, export, file) in &job.coming {
        let name = format!("coming_{order}");
        let order = job.age.order(*order);
        let rows = ScratchRows::table(file.schema(), std::slice::from_ref(file));
        session.register_table(&name, rows)?;
        parts.push(format!(
            "select {names}, '{export}' as {EXPORT}, cast({order} as int) as _order, _row, \
             {} as _place from {name}",
            place(true)
        ));
    }
    let mut key: Vec<String> = job.table.key.iter().map(|name| format!("\"{name}\"")).collect();
    key.extend(["_order".to_owned(), "_row".to_owned()]);
    let sql = format!(
        "select * from ({}) as rows order by {}",
        parts.join(" union all "),
        key.join(", ")
    );
    let mut stream = session.sql(&sql).await?.execute_stream().await?;
    let mut file = ParquetFile::create(&job.path, &schema)?;
    let mut keys = Keys::new(job.table, &schema, &job.moved, &engine)?;
    let mut carried: Option<RecordBatch> = None;
    let (mut repeated, mut contradicting, mut moved) = (BTreeMap::new(), Vec::new(), 0);
    let width = schema.fields().len();
    let mut clash = None;
    let mut take = |batch: &RecordBatch, last: bool| -> Result<Option<RecordBatch>> {
        let rows = keys.rows(batch)?;
        let order = column(batch, "_order")?.as_primitive::<Int32Type>().clone();
        let count = batch.num_rows();
        let mut keep = Vec::with_capacity(count);
        for row in 0..count {
            let again = row + 1 < count && rows.row(row) == rows.row(row + 1);
            let waits = row + 1 == count && !last;
            let lost = !again && !waits && keys.is_lost(batch, row)?;
            moved += u64::from(lost);
            keep.push(!again && !waits && !lost);
            if !(again || lost) {
                continue;
            }
            if job.append && again && clash.is_none() && order.value(row) != order.value(row + 1) {
                clash = Some(key_text(job.table, batch, row)?);
            }
            let Some(export) = Age::position(order.value(row)) else {
                continue;
            };
            let same_export = again && order.value(row) == order.value(row + 1);
            if same_export && job.table.date.is_some() && !equal(batch, row, row + 1, width - 1) {
                contradicting.push((export, contradiction(job.table, batch, row)?));
            } else {
                *repeated.entry(export).or_default() += 1;
            }
        }
        let kept = filter_record_batch(batch, &BooleanArray::from(keep))?;
        file.write(&kept.project(&(0..width).collect::<Vec<_>>())?)?;
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

/// Compares rows by key, and knows where moved keys win.
struct Keys {
    converter: RowConverter,
    positions: Vec<usize>,
    winners: Option<(
        RowConverter,
        HashMap<OwnedRow, i64>,
        Vec<datafusion::physical_expr::PhysicalExprRef>,
    )>,
}

impl Keys {
    fn new(
        table: &Table,
        schema: &arrow::datatypes::Schema,
        moved: &Moved,
        engine: &Engine,
    ) -> Result<Self> {
        let positions: Vec<usize> =
            table.key.iter().filter_map(|name| schema.index_of(name).ok()).collect();
        let fields = positions
            .iter()
            .map(|position| SortField::new(schema.field(*position).data_type().clone()))
            .collect();
        let converter = RowConverter::new(fields)?;
        let Some(first) = moved.keys.first() else {
            return Ok(Self { converter, positions, winners: None });
        };
        let width = first.num_columns() - 2;
        let fields = first.schema().fields()[..width]
            .iter()
            .map(|field| SortField::new(field.data_type().clone()))
            .collect();
        let winner_keys = RowConverter::new(fields)?;
        let mut winners = HashMap::new();
        for batch in &moved.keys {
            let rows = winner_keys.convert_columns(&batch.columns()[..width])?;
            let places = column(batch, "_place")?.as_primitive::<Int64Type>().clone();
            winners.extend(
                (0..batch.num_rows()).map(|row| (rows.row(row).owned(), places.value(row))),
            );
        }
        let session = engine.session(1);
        let schema = datafusion::common::DFSchema::try_from(schema.clone())?;
        let expressions = key_sql(table)
            .iter()
            .map(|sql| {
                let sql = sql.split(" as _year").next().unwrap_or(sql);
                let expression = session.parse_sql_expr(sql, &schema)?;
                Ok(session.create_physical_expr(expression, &schema)?)
            })
            .collect::<Result<_>>()?;
        Ok(Self { converter, positions, winners: Some((winner_keys, winners, expressions)) })
    }

    fn rows(&self, batch: &RecordBatch) -> Result<Rows> {
        let columns: Vec<ArrayRef> =
            self.positions.iter().map(|position| Arc::clone(batch.column(*position))).collect();
        Ok(self.converter.convert_columns(&columns)?)
    }

    /// Whether the key of `row` stands in another place that wins.
    fn is_lost(&mut self, batch: &RecordBatch, row: usize) -> Result<bool> {
        let Some((converter, winners, expressions)) = &self.winners else {
            return Ok(false);
        };
        let one = batch.slice(row, 1);
        let columns = expressions
            .iter()
            .map(|expression| expression.evaluate(&one).and_then(|value| value.into_array(1)));
        let columns: Vec<ArrayRef> = columns.collect::<std::result::Result<_, _>>()?;
        let rows = converter.convert_columns(&columns)?;
        let place = column(&one, "_place")?.as_primitive::<Int64Type>().value(0);
        Ok(winners.get(&rows.row(0).owned()).is_some_and(|winner| *winner != place))
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
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

/// A row whose key comes again with other values.
fn contradiction(table: &Table, batch: &RecordBatch, row: usize) -> Result<Reject> {
    let text = |name: &str, row: usize| -> Result<String> {
        Ok(arrow::util::display::array_value_to_string(column(batch, name)?, row)?)
    };
    let values: Vec<String> =
        table.columns.iter().map(|column| text(column.name, row)).collect::<Result<_>>()?;
    Ok(Reject {
        row: text("_row", row)?.parse().unwrap_or(0),
        column: table.key.join(", "),
        reason: "repeated_key".to_owned(),
        message: format!(
            "row {} has the same key with other values; lines of documents need group_by",
            text("_row", row + 1)?
        ),
        value: key_text(table, batch, row)?,
        raw: serde_json::to_string(&values)?,
        by_rule: false,
    })
}
