//! Rows that stay and rows that come, as one query.
//!
//! Keeps true: every row carries its export's order, so that any number of exports is one table.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Date32Type, Field, Int32Type, Int64Type, Schema};
use chrono::Datelike;
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::prelude::{DataFrame, Expr, SessionContext, ident, lit};

use super::tables::EXPORT;
use crate::columnar::ScratchRows;
use crate::config::canonical::Table;
use crate::domain::calendar::{add_months, month_start, to_date};
use crate::error::{Error, Kind, Result};

/// The column that says which export a row comes with.
const ORDER: &str = "_order";

/// The column of a row's number in its export.
const ROW: &str = "_row";

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
    pub(super) fn position(order: i32) -> Option<usize> {
        match order {
            STORED => None,
            order => usize::try_from(if order < 0 { order - LATE } else { order }).ok(),
        }
    }
}

/// `batch` with the order of its export.
pub(super) fn with_order(batch: &RecordBatch, order: i32) -> Result<RecordBatch> {
    let mut fields = batch.schema().fields().to_vec();
    fields.push(Arc::new(Field::new(ORDER, DataType::Int32, false)));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(Int32Array::from_value(order, batch.num_rows())));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// Stored rows.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    /// Files of the lake.
    pub(super) rows: Arc<dyn TableProvider>,
    /// The exports whose rows count; all without.
    pub(super) only: Option<BTreeSet<String>>,
}

/// `stored` rows and `coming` ones with the columns `names`, their export, order and number.
///
/// # Errors
/// When there are neither.
pub(super) fn union<'a>(
    session: &SessionContext,
    names: &(impl Iterator<Item = &'a str> + Clone),
    stored: &[Stored],
    coming: &[ScratchRows],
) -> Result<DataFrame> {
    let columns = |export: Expr, order: Expr, row: Expr| -> Vec<Expr> {
        let own = [export.alias(EXPORT), order.alias(ORDER), row.alias(ROW)];
        names.clone().map(ident).chain(own).collect()
    };
    let mut parts = Vec::new();
    for Stored { rows, only } in stored {
        let mut rows = session.read_table(Arc::clone(rows))?;
        if let Some(exports) = only {
            rows = rows.filter(ident(EXPORT).in_list(exports.iter().map(lit).collect(), false))?;
        }
        parts.push(rows.select(columns(ident(EXPORT), lit(STORED), lit(0_i64)))?);
    }
    if let Some(first) = coming.first() {
        let rows = session.read_table(ScratchRows::table(first.schema(), coming))?;
        let nobody = lit(ScalarValue::Utf8(None));
        parts.push(rows.select(columns(nobody, ident(ORDER), ident(ROW)))?);
    }
    let mut parts = parts.into_iter();
    let first = parts.next().ok_or_else(|| Error::new(Kind::Defect, "no rows stay or come"))?;
    parts.try_fold(first, |all, part| Ok(all.union(part)?))
}

/// How rows of `table` lie in a file: by key, then from the newest export to what is stored, each
/// export's in their order.
pub(super) fn sorted(rows: DataFrame, table: &Table) -> Result<DataFrame> {
    let mut by: Vec<_> = table.key.iter().map(|name| ident(*name).sort(true, false)).collect();
    by.extend([ident(ORDER).sort(false, true), ident(ROW).sort(true, false)]);
    Ok(rows.sort(by)?)
}

/// The column `name` of `batch`.
pub(super) fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch
        .column_by_name(name)
        .ok_or_else(|| Error::new(Kind::Defect, format!("rows have no column \"{name}\"")))
}

/// The order of each row's export.
pub(super) fn orders(batch: &RecordBatch) -> Result<&[i32]> {
    Ok(column(batch, ORDER)?.as_primitive::<Int32Type>().values())
}

/// Each row's number in its export.
pub(super) fn numbers(batch: &RecordBatch) -> Result<&[i64]> {
    Ok(column(batch, ROW)?.as_primitive::<Int64Type>().values())
}

/// The short name of each row's export: of stored ones as it is stored.
pub(super) fn exports(batch: &RecordBatch, shorts: &[String]) -> Result<StringArray> {
    let stored = arrow::compute::cast(column(batch, EXPORT)?, &DataType::Utf8)?;
    let stored = stored.as_string::<i32>();
    let names = orders(batch)?.iter().enumerate().map(|(row, order)| match Age::position(*order) {
        None => stored.is_valid(row).then(|| stored.value(row)),
        Some(position) => shorts.get(position).map(String::as_str),
    });
    Ok(names.collect())
}

/// The month of each row of `table` as one number, later is larger; 0 in tables without dates.
pub(super) fn months(batch: &RecordBatch, table: &Table) -> Result<Vec<i64>> {
    let Some(date) = table.date else { return Ok(vec![0; batch.num_rows()]) };
    let days = column(batch, date)?.as_primitive::<Date32Type>().values();
    let (mut first, mut following, mut month) = (0, 0, 0);
    let months = days.iter().map(|day| {
        if !(first..following).contains(day) {
            first = month_start(*day);
            following = add_months(first, 1);
            let date = to_date(first);
            month = i64::from(date.year()) * 12 + i64::from(date.month0());
        }
        month
    });
    Ok(months.collect())
}
