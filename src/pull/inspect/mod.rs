//! What an export is: format, charset, separator, header, what its columns mean; and a source that
//! reads it.
//!
//! Keeps true: a guess is said to be one; what is proposed is YAML that is checked and loads.

mod block;
mod format;
mod locale;
mod meaning;
mod table;
mod text;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use block::block;
pub use format::Kind;
pub use meaning::Meaning;

use super::fetch::ExportBytes;
use super::read::{BadBytes, Decoded, Splitter, TextReader, Workbook, WorkbookOptions};
use crate::error::{Error, Kind as ErrorKind, Result};
use table::Table;

/// Bytes by which a format is known.
const SAMPLE_BYTES: usize = 1 << 18;

/// Rows by which a table is understood.
const SAMPLE_ROWS: usize = 5_000;

/// What is found out about an export before its rows are read.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its format.
    pub kind: Kind,
    /// Its charset, and how it is known; empty where the format has none.
    pub charset: String,
    /// The encoding to declare.
    pub encoding: Option<&'static str>,
    /// The separator of its fields.
    pub separator: Option<char>,
    /// The preset that reads it.
    pub preset: Option<String>,
    /// Its columns and rows, where they are a table whose header must be found.
    pub table: Option<Table>,
}

impl Found {
    /// The row of its header.
    #[must_use]
    pub fn header_row(&self) -> Option<u64> {
        self.table.as_ref().map(|table| table.header_row).or(self.kind.header_row())
    }

    /// How its days are written, as people say it.
    #[must_use]
    pub fn dates(&self) -> Option<String> {
        let days = self.table.as_ref().and_then(|table| table.days.as_ref());
        days.map(|days| days.order.clone()).or(self.kind.dates().map(str::to_owned))
    }
}

/// Finds out what the export at `path` is.
///
/// # Errors
/// When it cannot be opened, or is of no format that is read.
pub fn inspect(path: &Path, most_unpacked_bytes: u64) -> Result<Found> {
    let mut sample = Vec::new();
    ExportBytes::open(path, most_unpacked_bytes)?
        .take(SAMPLE_BYTES as u64)
        .read_to_end(&mut sample)
        .map_err(|error| {
            Error::new(ErrorKind::Supplier, format!("it cannot be unpacked: {error}"))
        })?;
    let kind = format::kind(path, &sample)?;
    let named = |charset: String, preset: &str| Found {
        kind,
        charset,
        encoding: None,
        separator: kind.separator(),
        preset: Some(preset.to_owned()),
        table: None,
    };
    match kind {
        Kind::Csv => csv(path, &sample, most_unpacked_bytes),
        Kind::Workbook => workbook(path, most_unpacked_bytes),
        Kind::Named(_, preset) => Ok(named(text::charset(&sample, kind), preset)),
        Kind::Dbf | Kind::Ndjson | Kind::Parquet => {
            Ok(Found { preset: None, ..named(text::charset(&sample, kind), "") })
        }
    }
}

fn csv(path: &Path, sample: &[u8], most_unpacked_bytes: u64) -> Result<Found> {
    let (encoding, charset) = text::detected(sample);
    let decoded = encoding.decode(sample).0;
    let separator = text::separator(&decoded);
    let mut rows = Vec::new();
    let bytes = ExportBytes::open(path, most_unpacked_bytes)?;
    let mut reader = TextReader::new(bytes, Some(encoding));
    let mut splitter = Splitter::new(u8::try_from(separator).unwrap_or(b','));
    let bad = |error: BadBytes| Error::new(ErrorKind::Supplier, error.message).hint(error.hint);
    while rows.len() < SAMPLE_ROWS {
        let Decoded::Text(text) = reader.next(splitter.row()).map_err(bad)? else {
            take(&mut rows, splitter.finish().map_err(bad)?);
            break;
        };
        take(&mut rows, splitter.push(text).map_err(bad)?);
    }
    let table = Table::of(&rows, separator);
    let preset = table.as_ref().and_then(Table::preset);
    let encoding = Some(encoding.name());
    let separator = Some(separator);
    Ok(Found { kind: Kind::Csv, charset, encoding, separator, preset, table })
}

fn workbook(path: &Path, most_unpacked_bytes: u64) -> Result<Found> {
    let bad = |error: BadBytes| Error::new(ErrorKind::Supplier, error.message).hint(error.hint);
    let options = WorkbookOptions { max_unpacked_bytes: most_unpacked_bytes, ..Default::default() };
    let mut workbook = Workbook::open(File::open(path)?, &options).map_err(bad)?;
    let mut rows = Vec::new();
    let mut grouped = false;
    while rows.len() < SAMPLE_ROWS {
        if workbook.next_rows().map_err(bad)?.is_none() {
            break;
        }
        let (more, shapes) = workbook.shaped();
        grouped |= shapes.iter().any(|shape| shape.level > 0 || shape.indent > 0);
        take(&mut rows, more);
    }
    let mut table = Table::of(&rows, ';');
    if let Some(table) = &mut table {
        table.grouped = grouped;
    }
    let preset = table.as_ref().and_then(Table::preset);
    let charset = String::new();
    Ok(Found { kind: Kind::Workbook, charset, encoding: None, separator: None, preset, table })
}

fn take(rows: &mut Vec<(u64, Vec<String>)>, more: &super::read::Rows) {
    for row in more.iter() {
        let fields = (0..row.len()).map(|field| row.field(field).to_owned());
        rows.push((row.number, fields.collect()));
    }
}
