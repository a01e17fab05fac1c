//! Bytes → raw rows of text fields, chunk by chunk: the same shape whatever the format.

mod csv;
mod ndjson;
mod parquet;
mod report;
mod rows;
mod text;
mod workbook;

pub use csv::{MAX_FIELD_BYTES, Splitter};
pub use ndjson::Ndjson;
pub use parquet::Parquet;
pub use report::{GridRows, Report, ReportOptions, TextGrid};
pub use rows::{Row, Rows};
pub use text::{Decoded, TextReader};
pub use workbook::{Merge, Shape, SheetChoice, Workbook, WorkbookOptions};

/// Why bytes could not become rows, with the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadBytes {
    /// The row, from 1, where it is known.
    pub row: Option<u64>,
    /// What was expected and found.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// Raw rows of a format that names its columns itself, before the first row.
pub trait RawTable {
    /// The columns, the same in every row.
    fn columns(&self) -> &[String];

    /// The next rows, each with a field for every column; `None` at the end.
    ///
    /// # Errors
    /// When the file as a whole cannot be used. A record that cannot be used is a row of its own
    /// whose column [`FAULT`] says why.
    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes>;

    /// Things to tell once all rows were read: the charset, totals that were compared.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The column that says what is wrong with a record; empty where nothing is.
pub const FAULT: &str = "fault";
