//! Lines of documents, sorted by document → one row per document.
//!
//! Keeps true: amounts are summed, but those that lines repeat; these and everything else must be
//! equal on all lines; a rejected line rejects its document, and so does a contradiction between
//! lines. A line without an amount is one, a document without any is rejected.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::{concat_batches, take};
use arrow::datatypes::{Decimal128Type, Int64Type, SchemaRef};
use arrow::row::{RowConverter, SortField};

use super::builder::{BAD, RAW, ROW};
use super::document::normalise;
use super::reject::Reject;
use crate::config::canonical::{Table, Type};
use crate::error::{Error, Kind, Result};

/// What lines became.
#[derive(Debug, Default)]
pub struct Folded {
    /// The documents, one batch per call; columns as the lines', without the raw text.
    pub documents: Option<RecordBatch>,
    /// Lines of rejected documents.
    pub rejects: Vec<Reject>,
    /// Lines that belong to the documents given.
    pub loaded_lines: u64,
}

/// Folds lines that come sorted by document and row.
pub struct Fold {
    table: &'static Table,
    group: Vec<usize>,
    once: Vec<usize>,
    carried: Option<RecordBatch>,
}

impl Fold {
    /// A fold of `table` by its columns `group`, whose amounts in `once` each line repeats
    /// (positions among the canonical columns).
    #[must_use]
    pub fn new(table: &'static Table, group: &[usize], once: Vec<usize>) -> Self {
        Self { table, group: group.to_vec(), once, carried: None }
    }

    /// Takes the next lines; the last document is held back until it is known to be complete.
    ///
    /// # Errors
    /// When the lines are not those of this table.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<Folded> {
        let lines = match self.carried.take() {
            Some(carried) => concat_batches(&batch.schema(), [&carried, batch])?,
            None => batch.clone(),
        };
        let bounds = self.bounds(&lines)?;
        let Some(&last) = bounds.iter().rev().nth(1) else {
            return Ok(Folded::default());
        };
        self.carried = Some(lines.slice(last, lines.num_rows() - last));
        self.fold(&lines, &bounds[..bounds.len() - 1])
    }

    /// Ends the lines.
    ///
    /// # Errors
    /// As [`Fold::push`].
    pub fn finish(&mut self) -> Result<Folded> {
        let Some(lines) = self.carried.take() else {
            return Ok(Folded::default());
        };
        let bounds = self.bounds(&lines)?;
        self.fold(&lines, &bounds)
    }

    /// Where documents begin, and the end.
    fn bounds(&self, lines: &RecordBatch) -> Result<Vec<usize>> {
        let columns: Vec<ArrayRef> =
            self.group.iter().map(|index| lines.column(index + 1).clone()).collect();
        let rows = rows(&columns)?;
        let mut bounds = vec![0];
        bounds.extend((1..lines.num_rows()).filter(|row| rows.row(*row) != rows.row(*row - 1)));
        bounds.push(lines.num_rows());
        bounds.dedup();
        Ok(bounds)
    }

    fn fold(&self, lines: &RecordBatch, bounds: &[usize]) -> Result<Folded> {
        let parts = Parts::of(lines)?;
        let width = self.table.columns.len();
        let money: Vec<bool> =
            self.table.columns.iter().map(|column| column.kind == Type::Money).collect();
        let summed: Vec<bool> =
            (0..width).map(|index| money[index] && !self.once.contains(&index)).collect();
        let same: Vec<ArrayRef> = (0..width)
            .filter(|index| !summed[*index])
            .map(|index| lines.column(index + 1).clone())
            .collect();
        let same = rows(&same)?;
        let mut folded = Folded::default();
        let mut kept: Vec<u32> = Vec::new();
        let mut kinds: Vec<Option<&str>> = Vec::new();
        let mut sums: Vec<Vec<Option<i128>>> = vec![Vec::new(); width];
        let position = |name: &str| self.table.column(name).map_or(0, |(index, _)| index);
        let (kind, amount) = (position("kind"), position("amount"));
        for pair in bounds.windows(2) {
            let range = pair[0]..pair[1];
            let differing = (pair[0] + 1..pair[1]).find(|row| same.row(*row) != same.row(pair[0]));
            let mut fault = None;
            if range.clone().any(|row| parts.bad.value(row)) {
                fault =
                    Some(("line_rejected", "another line of its document was rejected".to_owned()));
            } else if let Some(row) = differing {
                let column = self.differing_column(lines, &summed, pair[0], row);
                let message = format!("\"{column}\" is not the same on all lines of the document");
                fault = Some(("lines_differ", message));
            }
            let total = |index: usize| -> Option<i128> {
                let values = lines.column(index + 1).as_primitive::<Decimal128Type>();
                let last = if summed[index] { range.end } else { range.start + 1 };
                let mut some = (range.start..last).filter(|row| values.is_valid(*row)).peekable();
                some.peek()?;
                Some(some.map(|row| values.value(row)).sum())
            };
            let mut normal = None;
            if fault.is_none() {
                let word = text(lines, kind + 1)?.value(pair[0]);
                match total(amount) {
                    Some(sum) => {
                        normal = normalise(word, sum);
                        let message = || format!("a negative {word} has no meaning");
                        fault = normal.is_none().then(|| ("negative_amount", message()));
                    }
                    None => {
                        fault =
                            Some(("missing", "no line of the document has an amount".to_owned()));
                    }
                }
            }
            if let Some((reason, message)) = fault {
                for row in range.filter(|row| !parts.bad.value(*row)) {
                    folded.rejects.push(Reject {
                        row: u64::try_from(parts.row.value(row)).unwrap_or(0),
                        column: String::new(),
                        reason: reason.to_owned(),
                        message: message.clone(),
                        value: String::new(),
                        raw: parts.raw.value(row).to_owned(),
                        money: 0,
                        by_rule: false,
                    });
                }
                continue;
            }
            folded.loaded_lines += range.len() as u64;
            kept.push(u32::try_from(pair[0]).unwrap_or(u32::MAX));
            let (word, sum) = normal.unwrap_or(("", 0));
            kinds.push(Some(word));
            for index in (0..width).filter(|index| money[*index]) {
                sums[index].push(if index == amount { Some(sum) } else { total(index) });
            }
        }
        if kept.is_empty() {
            return Ok(folded);
        }
        let kept = arrow::array::UInt32Array::from(kept);
        let mut columns: Vec<ArrayRef> = vec![take(lines.column(0), &kept, None)?];
        for index in 0..width {
            let column = lines.column(index + 1);
            columns.push(if index == kind {
                std::sync::Arc::new(StringArray::from(std::mem::take(&mut kinds)))
            } else if money[index] {
                let sums = Decimal128Array::from(std::mem::take(&mut sums[index]));
                std::sync::Arc::new(sums.with_data_type(column.data_type().clone()))
            } else {
                take(column, &kept, None)?
            });
        }
        columns.push(take(lines.column(width + 1), &kept, None)?);
        let schema = without_lines(&lines.schema());
        folded.documents = Some(RecordBatch::try_new(schema, columns)?);
        Ok(folded)
    }

    fn differing_column(
        &self,
        lines: &RecordBatch,
        summed: &[bool],
        first: usize,
        other: usize,
    ) -> &'static str {
        let differs = |index: usize| {
            let column = [lines.column(index + 1).clone()];
            rows(&column).is_ok_and(|rows| rows.row(first) != rows.row(other))
        };
        let found = (0..summed.len()).find(|index| !summed[*index] && differs(*index));
        found.map_or("?", |index| self.table.columns[index].name)
    }
}

/// The schema of documents made of lines with `schema`.
fn without_lines(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter();
    let kept: Vec<_> =
        fields.filter(|field| field.name() != RAW && field.name() != BAD).cloned().collect();
    std::sync::Arc::new(arrow::datatypes::Schema::new(kept))
}

fn rows(columns: &[ArrayRef]) -> Result<arrow::row::Rows> {
    let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
    Ok(RowConverter::new(fields)?.convert_columns(columns)?)
}

struct Parts<'a> {
    row: &'a Int64Array,
    raw: &'a StringArray,
    bad: &'a BooleanArray,
}

impl<'a> Parts<'a> {
    fn of(lines: &'a RecordBatch) -> Result<Self> {
        let column = |name: &str| {
            lines
                .column_by_name(name)
                .ok_or_else(|| Error::new(Kind::Defect, format!("lines have no column \"{name}\"")))
        };
        Ok(Self {
            row: column(ROW)?.as_primitive::<Int64Type>(),
            raw: column(RAW)?.as_string::<i32>(),
            bad: column(BAD)?.as_boolean(),
        })
    }
}

fn text(lines: &RecordBatch, index: usize) -> Result<&StringArray> {
    lines
        .column(index)
        .as_string_opt::<i32>()
        .ok_or_else(|| Error::new(Kind::Defect, "a column of lines is not text".to_owned()))
}
