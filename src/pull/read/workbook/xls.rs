//! An XLS workbook, as calamine reads it.
//!
//! Keeps true: calamine holds all cells of all sheets, each sheet as a grid from its first cell to
//! its last, so the file's size is limited before and the grid after; a panic of calamine's on a
//! damaged file is an error here.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, Range, Reader, SheetType, SheetVisible, Xls as Book, XlsError};

use super::grid::{Grid, Merge};
use super::values::Values;
use super::{WorkbookOptions, bad, choose, no_cells};
use crate::pull::read::BadBytes;

/// `EncryptedPackage` as a directory of OLE writes it: the content of a protected XLSX.
const ENCRYPTED: &[u8] = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";

/// An open XLS.
pub(super) struct Xls {
    name: String,
    range: Range<Data>,
    merges: Vec<Merge>,
    values: Values,
    /// The rows of the range that were given.
    given: usize,
}

/// Says that a workbook is protected by a password.
pub(super) fn protected() -> BadBytes {
    BadBytes {
        row: None,
        message: "the workbook is protected by a password".to_owned(),
        hint: "save it without a password".to_owned(),
    }
}

impl Xls {
    /// Opens the workbook in `file` and its sheet.
    pub(super) fn open(
        file: File,
        options: &WorkbookOptions,
        mut values: Values,
    ) -> Result<Self, BadBytes> {
        let mut bytes = Vec::new();
        let limit = options.max_unpacked_bytes;
        let read = BufReader::new(file).take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| bad(None, format!("reading failed: {error}")))?;
        if bytes.len() as u64 > limit {
            return Err(BadBytes {
                row: None,
                message: format!("the XLS is larger than {} MiB", limit >> 20),
                hint: "raise limits: unpacked_mb in pipelines/project.yaml, or save it as XLSX"
                    .to_owned(),
            });
        }
        if memchr::memmem::find(&bytes, ENCRYPTED).is_some() {
            return Err(protected());
        }
        // calamine slices records by the lengths that they state: a damaged file makes it panic.
        let opened = catch_unwind(AssertUnwindSafe(|| pick(bytes, options)));
        let (name, range, merges, from_1904) =
            opened.unwrap_or_else(|_| Err(bad(None, "the workbook is damaged")))?;
        let cells = range.width().saturating_mul(range.height()) as u64;
        if cells > options.max_cells {
            let message = format!("sheet \"{name}\" spans {cells} cells");
            return Err(bad(None, format!("{message}, more than {}", options.max_cells)));
        }
        values.from_1904 = from_1904;
        Ok(Self { name, range, merges, values, given: 0 })
    }

    pub(super) fn sheet(&self) -> &str {
        &self.name
    }

    pub(super) fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// Writes rows until `grid` is full or the sheet ends.
    pub(super) fn fill(&mut self, grid: &mut Grid) -> Result<(), BadBytes> {
        let (first_row, first_column) = self.range.start().unwrap_or((0, 0));
        let width = self.range.width().max(1);
        for cells in self.range.rows().skip(self.given) {
            if grid.is_full() {
                break;
            }
            let row = u64::from(first_row) + self.given as u64 + 1;
            self.given += 1;
            grid.begin(row, 0)?;
            for (column, value) in cells.iter().enumerate().take(width) {
                let column = first_column as usize + column;
                grid.cell(column, 0, false, |text| push(&self.values, value, text))?;
            }
            grid.end();
        }
        Ok(())
    }
}

fn push(values: &Values, value: &Data, text: &mut String) {
    match value {
        Data::Empty => {}
        Data::String(value) | Data::DurationIso(value) => text.push_str(value),
        Data::Int(value) => text.push_str(&value.to_string()),
        Data::Float(value) => values.push_double(*value, text),
        Data::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Data::DateTime(moment) => {
            let time = moment.is_duration();
            values.push_moment(moment.as_f64(), time, text);
        }
        Data::DateTimeIso(moment) => values.push_iso(moment, text),
        Data::Error(error) => text.push_str(&error.to_string()),
    }
}

type Picked = (String, Range<Data>, Vec<Merge>, bool);

fn pick(bytes: Vec<u8>, options: &WorkbookOptions) -> Result<Picked, BadBytes> {
    let mut book = Book::new(Cursor::new(bytes)).map_err(|error| match error {
        XlsError::Password => protected(),
        error => bad(None, format!("is no XLS that can be read: {error}")),
    })?;
    let sheets: Vec<(String, bool)> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible))
        .collect();
    let wanted: Vec<&str> = match &options.sheet {
        Some(choice) => vec![sheets[choose(&sheets, choice)?].0.as_str()],
        None => {
            sheets.iter().filter(|(_, hidden)| !hidden).map(|(name, _)| name.as_str()).collect()
        }
    };
    for name in wanted {
        let range = book.worksheet_range(name);
        let range = range.map_err(|error| bad(None, format!("sheet \"{name}\": {error}")))?;
        if range.used_cells().next().is_some() {
            let merges = book.merge_cells_by_sheet_name(name).unwrap_or_default();
            let merges = merges.iter().map(|merge| Merge {
                first_row: u64::from(merge.start.0) + 1,
                last_row: u64::from(merge.end.0) + 1,
                first_column: merge.start.1 as usize,
                last_column: merge.end.1 as usize,
            });
            let merges = merges.collect();
            return Ok((name.to_owned(), range, merges, book.has_1904_epoch()));
        }
    }
    Err(no_cells())
}
