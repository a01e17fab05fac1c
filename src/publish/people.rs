//! What people open: the rows of a table in the order in which they are worked through, with headings
//! and coded values in the language of the project.
//!
//! Keeps true: each row of the table once; equal tables give equal rows in equal order.
//! Does not know: what file they become.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{
    SortColumn, SortOptions, concat_batches, lexsort_to_indices, take_record_batch,
};
use arrow::datatypes::{DataType, Date32Type, SchemaRef};
use arrow::util::display::array_value_to_string;
use chrono::NaiveDate;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::config::contract::{Contract, Sheet};
use crate::config::pipeline::{Format, Publish};
use crate::domain::calendar::to_date;
use crate::error::{Error, Kind, Result, in_file};
use crate::language::Language;

/// Rows at a time.
const BATCH: usize = 8_192;

/// How a table is published.
#[derive(Debug, Clone, Default)]
pub struct Presentation {
    /// The formats.
    pub formats: Vec<Format>,
    /// The column by whose values the workbook is split.
    pub(super) split: Option<String>,
    pub(super) language: Language,
    pub(super) sheet: Sheet,
    pub(super) coded: BTreeSet<String>,
}

impl Presentation {
    /// How `entry` publishes the table of `contract` in a project that speaks `language`.
    #[must_use]
    pub fn new(contract: &Contract, entry: &Publish, language: Language) -> Self {
        let coded = contract.columns.iter().filter(|column| column.coded);
        Self {
            formats: entry.formats.clone(),
            split: entry.split.clone(),
            language,
            sheet: contract.sheet.clone(),
            coded: coded.map(|column| column.name.clone()).collect(),
        }
    }

    /// The columns of `schema`, those that are seen first before the others; and how many these are.
    pub(super) fn columns(&self, schema: &SchemaRef) -> (Vec<usize>, usize) {
        let seen = self.sheet.columns.iter().filter_map(|name| schema.index_of(name).ok());
        let mut columns: Vec<usize> = seen.collect();
        let seen = if columns.is_empty() { schema.fields().len() } else { columns.len() };
        let others = (0..schema.fields().len()).filter(|column| !columns.contains(column));
        let others: Vec<usize> = others.collect();
        columns.extend(others);
        (columns, seen)
    }

    /// What people are told of row `row` of `column`, which is called `name`.
    pub(super) fn cell(&self, name: &str, column: &ArrayRef, row: usize) -> Result<Cell> {
        if column.is_null(row) {
            return Ok(Cell::Empty);
        }
        Ok(match column.data_type() {
            DataType::Date32 => Cell::Day(to_date(column.as_primitive::<Date32Type>().value(row))),
            DataType::Boolean => {
                let code = if column.as_boolean().value(row) { "true" } else { "false" };
                Cell::Text(self.language.value(code).to_owned())
            }
            kind if kind.is_numeric() => Cell::Number(array_value_to_string(column, row)?),
            _ => {
                let text = array_value_to_string(column, row)?;
                Cell::Text(if self.coded.contains(name) { self.told(&text) } else { text })
            }
        })
    }

    /// What the codes of `text` mean, one or several with commas between them.
    fn told(&self, text: &str) -> String {
        let told: Vec<&str> = text.split(", ").map(|code| self.language.value(code)).collect();
        told.join(", ")
    }
}

/// What people are told in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing.
    Empty,
    /// A plain decimal, as `1234.50`.
    Number(String),
    /// A calendar day.
    Day(NaiveDate),
    /// A text.
    Text(String),
}

/// The rows of a table for people.
pub(super) struct Rows {
    pub(super) schema: SchemaRef,
    count: usize,
    rows: Source,
}

/// Where rows are.
enum Source {
    /// In a Parquet file, in the order that they have there.
    File(PathBuf),
    /// In memory, in an order of their own.
    Memory(Vec<RecordBatch>),
}

fn reader(parquet: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let file = File::open(parquet).map_err(in_file(parquet))?;
    Ok(ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(BATCH))
}

impl Rows {
    /// The rows of the Parquet file at `parquet` in the order of the sheet, where it has one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn read(parquet: &Path, presentation: &Presentation) -> Result<Self> {
        let builder = reader(parquet)?;
        let schema = Arc::clone(builder.schema());
        let count = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        if presentation.sheet.order.is_empty() && presentation.split.is_none() {
            return Ok(Self { schema, count, rows: Source::File(parquet.to_owned()) });
        }
        let rows = builder.build()?.collect::<std::result::Result<Vec<_>, _>>()?;
        let rows = Source::Memory(ordered(&schema, rows, &presentation.sheet)?);
        Ok(Self { schema, count, rows })
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn batches(&self) -> Result<Box<dyn Iterator<Item = Result<RecordBatch>> + '_>> {
        Ok(match &self.rows {
            Source::Memory(rows) => Box::new(rows.iter().cloned().map(Ok)),
            Source::File(parquet) => Box::new(reader(parquet)?.build()?.map(|batch| Ok(batch?))),
        })
    }

    /// The same rows by the values of the column `name`, which are sorted as texts; those without one
    /// come first.
    ///
    /// # Errors
    /// With more values than `most`, or without the column.
    pub(super) fn split(&self, name: &str, most: usize) -> Result<Vec<(Option<String>, Self)>> {
        let position = self.schema.index_of(name)?;
        let mut parts: BTreeMap<Option<String>, Vec<RecordBatch>> = BTreeMap::new();
        for batch in self.batches()? {
            let batch = batch?;
            let column = batch.column(position);
            let mut places: BTreeMap<Option<String>, Vec<u32>> = BTreeMap::new();
            for row in 0..u32::try_from(batch.num_rows()).unwrap_or(0) {
                let place = row as usize;
                let valid = column.is_valid(place);
                let value = valid.then(|| array_value_to_string(column, place)).transpose()?;
                places.entry(value).or_default().push(row);
            }
            for (value, places) in places {
                let rows = take_record_batch(&batch, &UInt32Array::from(places))?;
                parts.entry(value).or_default().push(rows);
            }
            if parts.len() > most {
                let message = format!("column \"{name}\" has more than {most} values to split by");
                return Err(Error::new(Kind::Declaration, message)
                    .hint("split by a column with few values, as caller or manager"));
            }
        }
        let parts = parts.into_iter().map(|(value, rows)| {
            let count = rows.iter().map(RecordBatch::num_rows).sum();
            let schema = Arc::clone(&self.schema);
            (value, Self { schema, count, rows: Source::Memory(rows) })
        });
        Ok(parts.collect())
    }
}

/// `rows` in the order of `sheet`; equal ones stay as they are.
fn ordered(schema: &SchemaRef, rows: Vec<RecordBatch>, sheet: &Sheet) -> Result<Vec<RecordBatch>> {
    if sheet.order.is_empty() {
        return Ok(rows);
    }
    let rows = concat_batches(schema, &rows)?;
    let count = u32::try_from(rows.num_rows())
        .map_err(|_| Error::new(Kind::Declaration, "too many rows to be sorted for people"))?;
    let mut by = Vec::with_capacity(sheet.order.len() + 1);
    for (name, descending) in &sheet.order {
        let values = Arc::clone(rows.column(schema.index_of(name)?));
        let options = SortOptions { descending: *descending, nulls_first: false };
        by.push(SortColumn { values, options: Some(options) });
    }
    let places: ArrayRef = Arc::new(UInt32Array::from_iter_values(0..count));
    by.push(SortColumn { values: places, options: None });
    let places = lexsort_to_indices(&by, None)?;
    let slices = (0..rows.num_rows()).step_by(BATCH).map(|from| {
        let places = places.slice(from, BATCH.min(rows.num_rows() - from));
        Ok(take_record_batch(&rows, &places)?)
    });
    slices.collect()
}
