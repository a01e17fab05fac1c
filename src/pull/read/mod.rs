//! Bytes → raw rows of text fields, chunk by chunk: the same shape whatever the format.

mod csv;
mod ndjson;
mod parquet;
mod rows;
mod text;

pub use csv::{MAX_FIELD_BYTES, Splitter};
pub use ndjson::Ndjson;
pub use parquet::Parquet;
pub use rows::{Row, Rows};
pub use text::{Decoded, TextReader};

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
