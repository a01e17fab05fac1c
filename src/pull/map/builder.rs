//! Cells → Arrow columns.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, BooleanBuilder, Date32Builder, Decimal128Builder, Int32Builder,
    Int64Builder, RecordBatch, StringBuilder, new_null_array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::cell::Cell;
use crate::config::canonical::{Table, Type};
use crate::error::Result;

/// Rows of one batch.
pub const BATCH_ROWS: usize = 8192;

/// Columns behind the canonical ones: the row's number and its raw text.
pub(super) const ROW: &str = "_row";
pub(super) const RAW: &str = "_raw";
/// Whether the line was rejected: it stands only to reject its document.
pub(super) const BAD: &str = "_bad";

enum Column {
    Text(StringBuilder),
    Decimal(Decimal128Builder),
    Date(Date32Builder),
    Flag(BooleanBuilder),
    Score(Int32Builder),
    Integer(Int64Builder),
}

impl Column {
    fn new(kind: Type) -> Self {
        match kind {
            Type::Text | Type::Id | Type::TaxId | Type::Currency | Type::Word(_) => {
                Self::Text(StringBuilder::new())
            }
            Type::Money | Type::Quantity | Type::Rate => {
                Self::Decimal(Decimal128Builder::new().with_data_type(kind.data_type()))
            }
            Type::Date => Self::Date(Date32Builder::new()),
            Type::Flag => Self::Flag(BooleanBuilder::new()),
            Type::Score => Self::Score(Int32Builder::new()),
            Type::Integer => Self::Integer(Int64Builder::new()),
        }
    }

    fn push(&mut self, cell: &Cell<'_>) {
        match (self, cell) {
            (Self::Text(builder), Cell::Text(text)) => builder.append_value(text),
            (Self::Decimal(builder), Cell::Decimal(value)) => builder.append_value(*value),
            (Self::Date(builder), Cell::Date(day)) => builder.append_value(*day),
            (Self::Flag(builder), Cell::Flag(flag)) => builder.append_value(*flag),
            (Self::Score(builder), Cell::Integer(value)) => {
                builder.append_option(i32::try_from(*value).ok());
            }
            (Self::Integer(builder), Cell::Integer(value)) => builder.append_value(*value),
            (Self::Flag(builder), _) => builder.append_value(false),
            (Self::Text(builder), _) => builder.append_null(),
            (Self::Decimal(builder), _) => builder.append_null(),
            (Self::Date(builder), _) => builder.append_null(),
            (Self::Score(builder), _) => builder.append_null(),
            (Self::Integer(builder), _) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Flag(builder) => Arc::new(builder.finish()),
            Self::Score(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
        }
    }
}

/// Collects the rows of one canonical table into batches.
pub(super) struct TableBuilder {
    schema: SchemaRef,
    source: String,
    /// The columns that get values, by their places in the table.
    columns: BTreeMap<usize, Column>,
    row: Int64Builder,
    /// Raw text and badness, where the rows are lines of documents.
    line: Option<(StringBuilder, BooleanBuilder)>,
    rows: usize,
}

impl TableBuilder {
    /// A builder of rows with values in the columns at `places`; the others are empty.
    pub(super) fn new(
        table: &Table,
        places: impl Iterator<Item = usize>,
        source: &str,
        lines: bool,
    ) -> Self {
        let mut fields: Vec<Field> =
            table.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
        fields.push(Field::new(ROW, DataType::Int64, false));
        if lines {
            fields.push(Field::new(RAW, DataType::Utf8, false));
            fields.push(Field::new(BAD, DataType::Boolean, false));
        }
        Self {
            schema: Arc::new(Schema::new(fields)),
            source: source.to_owned(),
            columns: places.map(|at| (at, Column::new(table.columns[at].kind))).collect(),
            row: Int64Builder::new(),
            line: lines.then(|| (StringBuilder::new(), BooleanBuilder::new())),
            rows: 0,
        }
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Adds a row with a cell for each column that gets values, in the order of their places.
    pub(super) fn push(&mut self, cells: &[Cell<'_>], row: u64) {
        for (column, cell) in self.columns.values_mut().zip(cells) {
            column.push(cell);
        }
        self.row.append_value(i64::try_from(row).unwrap_or(i64::MAX));
        self.rows += 1;
    }

    pub(super) fn push_line(&mut self, raw: &str, bad: bool) {
        if let Some((raws, bads)) = &mut self.line {
            raws.append_value(raw);
            bads.append_value(bad);
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    pub(super) fn finish(&mut self) -> Result<RecordBatch> {
        let source = arrow::array::StringArray::from_iter_values(std::iter::repeat_n(
            &self.source,
            self.rows,
        ));
        let rows = self.rows;
        let of_table = self.schema.fields().iter().skip(1).enumerate();
        let of_table = of_table.take_while(|(_, field)| field.name() != ROW);
        let of_table = of_table.map(|(place, field)| match self.columns.get_mut(&place) {
            Some(column) => column.finish(),
            None if field.data_type() == &DataType::Boolean => {
                Arc::new(BooleanArray::from(vec![false; rows]))
            }
            None => new_null_array(field.data_type(), rows),
        });
        let mut columns: Vec<ArrayRef> = vec![Arc::new(source)];
        columns.extend(of_table);
        columns.push(Arc::new(self.row.finish()));
        if let Some((raws, bads)) = &mut self.line {
            columns.push(Arc::new(raws.finish()));
            columns.push(Arc::new(bads.finish()));
        }
        self.rows = 0;
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}
