//! What an export is: format, charset, separator, header, what its columns mean; and a source that
//! reads it.
//!
//! Keeps true: a guess is said to be one; what is proposed is YAML that is checked and loads.

mod block;
mod format;
mod kinds;
mod locale;
mod meaning;
mod notes;
mod rows;
mod table;
mod text;
mod void;

use std::io::Read;
use std::path::Path;

pub use block::{Proposal, lacks, proposals};
pub use format::Kind;
pub use meaning::Meaning;

use encoding_rs::{Encoding, UTF_8};

use super::fetch::ExportBytes;
use crate::config::presets::{self, Form};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::pull::layout::are_months;
use rows::Columns;
use table::Table;

/// Bytes by which a format is known.
const SAMPLE_BYTES: usize = 1 << 18;

/// Rows among which months may stand across.
const MAX_TITLE_ROWS: usize = 30;

/// What is found out about an export before its rows are counted.
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
    /// The preset that has its columns, or its format.
    pub preset: Option<&'static str>,
    /// Its columns and rows, where it is a table of columns that it names itself.
    pub table: Option<Table>,
    /// Whether its rows stand in a hierarchy and were read as a report.
    pub report: bool,
    /// Why its rows, which stand in levels or have months across, are no report.
    pub no_report: Option<String>,
    /// Things to tell.
    pub notes: Vec<String>,
}

impl Found {
    /// The row of its header.
    #[must_use]
    pub fn header_row(&self) -> Option<u64> {
        self.table.as_ref().and_then(|table| table.header_row).or(self.kind.header_row())
    }

    /// How its days are written, as people say it.
    #[must_use]
    pub fn dates(&self) -> Option<String> {
        let days = self.table.as_ref().and_then(|table| table.days.as_ref());
        self.kind.dates().map(str::to_owned).or(days.map(|days| days.order.clone()))
    }
}

/// Finds out what the export at `path` is.
///
/// # Errors
/// When it cannot be opened, or is of no format that is read.
pub fn inspect(path: &Path, most_unpacked_bytes: u64) -> Result<Found> {
    let mut sample = Vec::new();
    let bytes = || ExportBytes::open(path, most_unpacked_bytes);
    bytes()?.take(SAMPLE_BYTES as u64).read_to_end(&mut sample).map_err(|error| {
        Error::new(ErrorKind::Supplier, format!("it cannot be unpacked: {error}"))
            .hint("ask for it again")
    })?;
    let kind = format::kind(path, &sample)?;
    let found = Found {
        kind,
        charset: text::charset(&sample, kind),
        encoding: None,
        separator: kind.separator(),
        preset: None,
        table: None,
        report: false,
        no_report: None,
        notes: Vec::new(),
    };
    let of_columns = |(columns, rows): Columns| {
        let table = Some(Table::named(columns, rows));
        Found { table, ..found.clone() }
    };
    match kind {
        Kind::Csv => csv(path, most_unpacked_bytes, &sample, &found),
        Kind::Workbook(_) => workbook(path, most_unpacked_bytes, found),
        Kind::Named(_, preset) => Ok(Found { preset: Some(preset), ..found }),
        Kind::Dbf => Ok(of_columns(rows::dbf(bytes()?)?)),
        Kind::Ndjson => Ok(of_columns(rows::ndjson(bytes()?)?)),
        Kind::Parquet => Ok(of_columns(rows::parquet(path)?)),
    }
}

fn csv(path: &Path, most_unpacked_bytes: u64, sample: &[u8], found: &Found) -> Result<Found> {
    let bytes = || ExportBytes::open(path, most_unpacked_bytes);
    let read = |encoding: &'static Encoding| -> Result<_> {
        let separator = text::separator(&encoding.decode(sample).0);
        let mut csv = rows::csv(bytes()?, encoding, separator);
        let (_, rows) = rows::all(&mut csv)?;
        Ok((rows, separator, csv.text().is_ascii()))
    };
    // A text that is UTF-8 to its end is known by having been read.
    let whole = text::as_utf8(sample).then(|| read(UTF_8)).and_then(Result::ok);
    let (encoding, charset, (rows, separator, _)) = if let Some(read) = whole {
        (UTF_8, text::utf8(sample, read.2), read)
    } else {
        let (encoding, charset) = text::of_whole(bytes()?, sample)?;
        (encoding, charset, read(encoding)?)
    };
    let across = rows.iter().take(MAX_TITLE_ROWS).any(|(_, row)| are_months(row));
    let table = Table::of(rows, separator);
    let (name, kept) = (Some(encoding.name()), Some(separator));
    let found = Found { charset, encoding: name, separator: kept, ..found.clone() };
    if across {
        let numbers = table.as_ref().and_then(|table| table.numbers.clone());
        match rows::text_report(&mut rows::csv(bytes()?, encoding, separator), numbers)? {
            Ok(columns) => return Ok(of_report(columns, table, found)),
            Err(why) => return Ok(of_no_report(why, table, Form::Text, found)),
        }
    }
    let preset = table.as_ref().and_then(|table| preset(table, Form::Text));
    Ok(Found { preset, table, ..found })
}

fn workbook(path: &Path, most_unpacked_bytes: u64, found: Found) -> Result<Found> {
    let taken = rows::sheet(path, most_unpacked_bytes)?;
    let notes = Vec::from_iter(notes::other_sheets(&taken.name, &taken.others, found.kind));
    let found = Found { notes, ..found };
    let across = taken.rows.iter().take(MAX_TITLE_ROWS).any(|(_, row)| are_months(row));
    let table = Table::of(taken.rows, ';');
    if taken.grouped || taken.spaced || across {
        match rows::report(path, most_unpacked_bytes)? {
            Ok(columns) => return Ok(of_report(columns, table, found)),
            Err(why) => return Ok(of_no_report(why, table, Form::Sheet, found)),
        }
    }
    let preset = table.as_ref().and_then(|table| preset(table, Form::Sheet));
    Ok(Found { preset, table, ..found })
}

/// What is found of a report with these leaves, whose sheet is `plain` otherwise.
fn of_report(leaves: Columns, plain: Option<Table>, found: Found) -> Found {
    let header_row = plain.and_then(|table| table.header_row);
    let (columns, rows) = leaves;
    let table = Table { header_row, ..Table::named(columns, rows) };
    let preset = preset(&table, Form::Report);
    Found { preset, table: Some(table), report: true, ..found }
}

/// What is found of rows that look like a report and are none, for what `why` says: a plain table of
/// documents, or nothing.
fn of_no_report(why: String, plain: Option<Table>, form: Form, mut found: Found) -> Found {
    let whole = |table: &Table| block::has_documents(table);
    let Some(table) = plain.filter(whole) else {
        return Found { no_report: Some(why), ..found };
    };
    found.notes.push(format!("read as a plain table, for it is no report: {why}"));
    let preset = preset(&table, form);
    Found { preset, table: Some(table), ..found }
}

/// The preset whose columns those of `table` are.
fn preset(table: &Table, form: Form) -> Option<&'static str> {
    let columns: Vec<&str> = table.columns.iter().map(String::as_str).collect();
    presets::of_columns(&columns, form)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Found, inspect, proposals};

    fn found(bytes: &[u8]) -> crate::error::Result<Found> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        std::fs::write(&path, bytes).unwrap();
        inspect(&path, 1 << 20)
    }

    #[test]
    fn the_end_of_the_sample_may_cut_a_letter() {
        let text = "Номер;Дата;Клиент;Сумма\n".to_owned() + &"1;31.03.2026;Ж;1,00\n".repeat(20_000);
        for shift in ["", "x"] {
            let found = found(format!("{shift}{text}").as_bytes()).unwrap();
            assert_eq!(found.charset, "utf-8, sure: all letters are valid");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_bytes_are_looked_into(
            begin in prop::sample::select(vec![
                "", "\u{feff}", "PK\u{3}\u{4}", "PAR1", "<", "<AuditFile", "{\"a\":", "\"EXTF\";",
                "1CClientBankExchange\n", "#FLAGGA 0\n#SIETYP 4\n", "Number;Date;Client;Amount\n",
                "\u{3}\u{1}\u{1}\u{1}", "Total;\n", "Номер,Дата,Сумма\n\"",
            ]),
            rest in prop::collection::vec(
                prop_oneof![any::<u8>(), prop::sample::select(b";,\t\n\"0123456789.Total".to_vec())],
                0..600,
            ),
        ) {
            let bytes = [begin.as_bytes(), &rest].concat();
            if let Ok(found) = found(&bytes) {
                let _ = proposals(&found, "export", "{}", "EUR");
            }
        }
    }
}
