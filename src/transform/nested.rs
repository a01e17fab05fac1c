//! Lists of structs, row by row: what functions over a client's nested rows read and write.
//!
//! Keeps true: a list that is NULL is empty; columns of other types are errors, not panics.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, ListArray, PrimitiveArray, StringArray,
    StructArray,
};
use arrow::datatypes::{DataType, Fields};
use datafusion::error::{DataFusionError, Result};

/// Cycles: decimal(18, 4).
pub(super) const CYCLE: DataType = DataType::Decimal128(18, 4);
/// Money: decimal(18, 2).
pub(super) const MONEY: DataType = DataType::Decimal128(18, 2);

/// A column of lists of structs.
pub(super) struct Lists<'a> {
    lists: &'a ListArray,
    entries: &'a StructArray,
}

impl<'a> Lists<'a> {
    pub(super) fn new(column: &'a ArrayRef) -> Result<Self> {
        let lists = column.as_list_opt::<i32>();
        let entries = lists.and_then(|lists| Some((lists, lists.values().as_struct_opt()?)));
        let (lists, entries) = entries.ok_or_else(|| wrong("lists of structs", column))?;
        Ok(Self { lists, entries })
    }

    /// Where the entries of a row are in the columns.
    pub(super) fn row(&self, row: usize) -> Range<usize> {
        if self.lists.is_null(row) {
            return 0..0;
        }
        let offsets = self.lists.value_offsets();
        let place = |offset: i32| usize::try_from(offset).unwrap_or(0);
        place(offsets[row])..place(offsets[row + 1])
    }

    /// The entries' column `name`.
    pub(super) fn column(&self, name: &str) -> Result<&'a ArrayRef> {
        named(self.entries, name)
    }

    /// The numbers of the entries' column `name`.
    pub(super) fn primitive<T: ArrowPrimitiveType>(
        &self,
        name: &str,
    ) -> Result<&'a PrimitiveArray<T>> {
        primitive(self.column(name)?)
    }

    /// The texts of the entries' column `name`.
    pub(super) fn text(&self, name: &str) -> Result<StringArray> {
        text(self.column(name)?)
    }
}

/// The column `name` of `entries`.
pub(super) fn named<'a>(entries: &'a StructArray, name: &str) -> Result<&'a ArrayRef> {
    entries
        .column_by_name(name)
        .ok_or_else(|| DataFusionError::Execution(format!("an entry has no \"{name}\"")))
}

/// A column of numbers or days.
pub(super) fn primitive<T: ArrowPrimitiveType>(column: &ArrayRef) -> Result<&PrimitiveArray<T>> {
    column.as_primitive_opt::<T>().ok_or_else(|| wrong(&T::DATA_TYPE.to_string(), column))
}

/// A column of texts.
pub(super) fn text(column: &ArrayRef) -> Result<StringArray> {
    Ok(arrow::compute::cast(column, &DataType::Utf8)?.as_string().clone())
}

/// What row `row` of `column` holds.
pub(super) fn at<T: ArrowPrimitiveType>(
    column: &PrimitiveArray<T>,
    row: usize,
) -> Option<T::Native> {
    column.is_valid(row).then(|| column.value(row))
}

fn wrong(expected: &str, found: &ArrayRef) -> DataFusionError {
    let found = found.data_type();
    DataFusionError::Execution(format!("expected {expected}, found {found}"))
}

/// One struct a row.
pub(super) fn structs(fields: Fields, columns: Vec<ArrayRef>) -> Result<ArrayRef> {
    Ok(Arc::new(StructArray::try_new(fields, columns, None)?))
}
