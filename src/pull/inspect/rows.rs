//! The rows of an export by which its columns are understood: the first, and the last.
//!
//! Keeps true: no more rows are held than that, however many there are.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use encoding_rs::Encoding;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::locale::Numbers;
use crate::config::pipeline::{Locale, Named};
use crate::error::{Error, Kind as ErrorKind, Result, in_file};
use crate::pull::fetch::ExportBytes;
use crate::pull::layout::{Report, ReportOptions};
use crate::pull::read::{
    BadBytes, Csv, Parquet, Reader, TextReader, Workbook, WorkbookOptions, named,
};
use crate::pull::value::Rows;

/// Rows by which a table is understood.
const FIRST_ROWS: usize = 5_000;

/// Rows at the end, where totals stand.
const LAST_ROWS: usize = 50;

/// The longest line of JSON that is looked into.
const MAX_LINE_BYTES: u64 = 1 << 24;

/// Rows of texts, each with its number.
pub(super) type Numbered = Vec<(u64, Vec<String>)>;

/// Columns that are named, and rows under them.
pub(super) type Columns = (Vec<String>, Numbered);

pub(super) fn bad(error: BadBytes) -> Error {
    let row = error.row.map(|row| format!("row {row}: ")).unwrap_or_default();
    Error::new(ErrorKind::Supplier, format!("{row}{}", error.message)).hint(error.hint)
}

/// Keeps the first and the last rows that pass.
#[derive(Default)]
struct Kept {
    first: Numbered,
    last: VecDeque<(u64, Vec<String>)>,
}

impl Kept {
    fn take(&mut self, rows: &Rows) {
        let room = FIRST_ROWS - self.first.len();
        let is_kept = |at: &usize| *at < room || at + LAST_ROWS >= rows.complete;
        for (_, row) in rows.iter().enumerate().filter(|(at, _)| is_kept(at)) {
            let fields = (0..row.len()).map(|field| row.field(field).to_owned());
            self.add(row.number, fields.collect());
        }
    }

    fn add(&mut self, number: u64, fields: Vec<String>) {
        if self.first.len() < FIRST_ROWS {
            self.first.push((number, fields));
            return;
        }
        if self.last.len() == LAST_ROWS {
            self.last.pop_front();
        }
        self.last.push_back((number, fields));
    }

    fn rows(mut self) -> Numbered {
        self.first.extend(self.last);
        self.first
    }
}

/// The text in `encoding` whose fields `separator` separates.
pub(super) fn csv(
    bytes: ExportBytes,
    encoding: &'static Encoding,
    separator: char,
) -> Csv<ExportBytes> {
    Csv::new(TextReader::new(bytes, encoding), u8::try_from(separator).unwrap_or(b','))
}

/// The rows of `reader`, and its columns where it names them.
pub(super) fn all(reader: &mut dyn Reader) -> Result<Columns> {
    let mut kept = Kept::default();
    while let Some(rows) = reader.next_rows().map_err(bad)? {
        kept.take(rows);
    }
    Ok((reader.columns().unwrap_or_default().to_vec(), kept.rows()))
}

/// The sheet of a workbook that is taken without a word of which.
pub(super) struct Taken {
    /// Its rows.
    pub(super) rows: Numbered,
    /// Whether they stand in a hierarchy, by outline levels or indents.
    pub(super) grouped: bool,
    /// Whether spaces before names tell one, as nothing else does.
    pub(super) spaced: bool,
    /// Its name.
    pub(super) name: String,
    /// Other sheets that could be read.
    pub(super) others: Vec<String>,
}

/// The rows of the workbook at `path`.
pub(super) fn sheet(path: &Path, most_unpacked_bytes: u64) -> Result<Taken> {
    let mut workbook = open(path, most_unpacked_bytes)?;
    let mut kept = Kept::default();
    let (mut grouped, mut spaced) = (false, false);
    while let Some(rows) = workbook.next_rows().map_err(bad)? {
        for row in rows.iter() {
            grouped |= row.shape().level > 0 || row.shape().indent > 0;
            spaced |= row.raw_field(0).starts_with("  ") && !row.field(0).is_empty();
        }
        kept.take(rows);
    }
    let name = workbook.sheet().to_owned();
    let spaced = spaced && !grouped;
    Ok(Taken { rows: kept.rows(), grouped, spaced, name, others: workbook.others() })
}

/// The leaves of the report in the workbook at `path`, or what it lacks to be one.
pub(super) fn report(
    path: &Path,
    most_unpacked_bytes: u64,
) -> Result<std::result::Result<Columns, String>> {
    leaves(&mut open(path, most_unpacked_bytes)?, '.', Some(' '))
}

/// The same of a text whose numbers are written as `numbers` says.
pub(super) fn text_report(
    csv: &mut dyn Reader,
    numbers: Option<Numbers>,
) -> Result<std::result::Result<Columns, String>> {
    let (decimal, thousands) =
        numbers.map_or((',', Some(' ')), |numbers| (numbers.decimal, numbers.thousands));
    leaves(csv, decimal, thousands)
}

fn leaves(
    reader: &mut dyn Reader,
    decimal: char,
    thousands: Option<char>,
) -> Result<std::result::Result<Columns, String>> {
    let (date, zone) = ("%Y-%m-%d".to_owned(), chrono_tz::Tz::UTC);
    let locale = Locale { decimal, thousands, sign: None, date, zone };
    match Report::new(reader, &ReportOptions::new(locale)) {
        Ok(mut report) => all(&mut report).map(Ok),
        Err(error) => {
            let row = error.row.map(|row| format!("row {row}: ")).unwrap_or_default();
            Ok(Err(format!("{row}{} ({})", error.message, error.hint)))
        }
    }
}

fn open(path: &Path, max_unpacked_bytes: u64) -> Result<Workbook> {
    let options = WorkbookOptions { max_unpacked_bytes, ..WorkbookOptions::default() };
    Workbook::open(File::open(path).map_err(in_file(path))?, &options).map_err(bad)
}

/// The fields and records of a dBase table.
pub(super) fn dbf(bytes: ExportBytes) -> Result<Columns> {
    all(named(&Named::Dbf(None), bytes).map_err(bad)?.as_mut())
}

/// The keys of the first objects of JSON lines, and their plain values.
pub(super) fn ndjson(bytes: ExportBytes) -> Result<Columns> {
    let mut columns: Vec<String> = Vec::new();
    let mut kept = Kept::default();
    let mut bytes = BufReader::new(bytes);
    let mut number = 0;
    while kept.first.len() < FIRST_ROWS {
        let mut line = Vec::new();
        let mut limited = std::io::Read::take(&mut bytes, MAX_LINE_BYTES);
        let read = limited.read_until(b'\n', &mut line).map_err(|error| unpacked(&error))?;
        if read == 0 {
            break;
        }
        number += 1;
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line);
        if line.trim_ascii().is_empty() {
            continue;
        }
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(line)
            .map_err(|error| {
                let message = format!("row {number}: is not one whole JSON object: {error}");
                Error::new(ErrorKind::Supplier, message).hint("ask for JSON lines, CSV or XLSX")
            })?;
        let mut fields = vec![String::new(); columns.len()];
        for (key, value) in object {
            let place = columns.iter().position(|column| *column == key).unwrap_or_else(|| {
                columns.push(key);
                fields.push(String::new());
                columns.len() - 1
            });
            fields[place] = match value {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
        }
        kept.add(number, fields);
    }
    Ok((columns, kept.rows()))
}

fn unpacked(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Supplier, format!("it cannot be unpacked: {error}"))
}

/// The columns of the Parquet file at `path`, and its first rows where they are plain values.
pub(super) fn parquet(path: &Path) -> Result<Columns> {
    let file = File::open(path).map_err(in_file(path))?;
    // What the library would panic on is refused here.
    Parquet::new(file.try_clone()?, &[], chrono_tz::UTC).map_err(bad)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file.try_clone()?).map_err(|error| {
        Error::new(ErrorKind::Supplier, format!("is no Parquet file that can be read: {error}"))
            .hint("ask for it again")
    })?;
    let fields = builder.schema().fields().iter();
    let plain = fields.filter(|field| !field.data_type().is_nested());
    let columns: Vec<String> = plain.map(|field| field.name().clone()).collect();
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut reader = Parquet::new(file, &names, chrono_tz::UTC).map_err(bad)?;
    let mut kept = Kept::default();
    while kept.first.len() < FIRST_ROWS {
        match reader.next_rows() {
            Ok(Some(rows)) => kept.take(rows),
            Ok(None) | Err(_) => break,
        }
    }
    Ok((columns, kept.rows()))
}
