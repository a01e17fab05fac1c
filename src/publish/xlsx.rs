//! Workbooks for people, by `rust_xlsxwriter`.
//!
//! Keeps true: amounts and days are cells of that kind, texts are never formulas, phones stay as they are
//! written; equal tables of one day give equal bytes. Rows are written as they come: memory holds the
//! table, never its cells.

use std::io::Write;
use std::path::Path;

use arrow::datatypes::DataType;
use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, IgnoreError, Workbook, Worksheet,
    XlsxError,
};

use super::people::{Cell, Presentation, Rows};
use crate::columnar::{HashedFile, Written};
use crate::error::{Error, Kind, Result};

/// Rows of a sheet, without its header.
const MAX_ROWS: usize = 1_048_575;

/// The longest text of a cell.
const MAX_TEXT: usize = 32_767;

/// The narrowest and the widest column, in characters.
const WIDTHS: (usize, usize) = (6, 60);

/// The longest name of a sheet.
const MAX_SHEET_NAME: usize = 31;

/// Writes `rows` of the table `name` as of `as_of`.
///
/// # Errors
/// With more rows than a sheet holds, or when the file cannot be written.
pub(super) fn write(
    name: &str,
    rows: &Rows,
    presentation: &Presentation,
    as_of: NaiveDate,
    to: &Path,
) -> Result<Written> {
    if rows.count() > MAX_ROWS {
        let message =
            format!("table \"{name}\" has {} rows, a sheet holds {MAX_ROWS}", rows.count());
        return Err(Error::new(Kind::Declaration, message)
            .hint("publish it as csv or parquet, or split it by a column"));
    }
    let mut book = Workbook::new();
    if let Some(folder) = to.parent() {
        book.set_tempdir(folder).map_err(failed)?;
    }
    let created = midnight(as_of).map_err(failed)?;
    let title = presentation.language.heading(name);
    book.set_properties(&DocProperties::new().set_title(title).set_creation_datetime(&created));
    let sheet = book.add_worksheet_with_constant_memory().map_err(failed)?;
    fill(sheet, title, rows, presentation).map_err(|error| match error {
        Fault::Sheet(error) => failed(error),
        Fault::Row(error) => error,
    })?;
    // An archive is written with seeks, so only its bytes as a whole have a digest.
    let bytes = book.save_to_buffer().map_err(failed)?;
    let mut file = HashedFile::create(to)?;
    file.write_all(&bytes)?;
    file.finish(rows.count() as u64)
}

/// What stopped a sheet.
enum Fault {
    Sheet(XlsxError),
    Row(Error),
}

impl From<XlsxError> for Fault {
    fn from(error: XlsxError) -> Self {
        Self::Sheet(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Row(error)
    }
}

fn failed(error: XlsxError) -> Error {
    Error::new(Kind::Defect, "a workbook could not be written").because(error)
}

fn midnight(day: NaiveDate) -> std::result::Result<ExcelDateTime, XlsxError> {
    let part = |number: u32| u8::try_from(number).unwrap_or(1);
    let year = u16::try_from(day.year()).unwrap_or(u16::MAX);
    ExcelDateTime::from_ymd(year, part(day.month()), part(day.day()))
}

fn fill(
    sheet: &mut Worksheet,
    title: &str,
    rows: &Rows,
    presentation: &Presentation,
) -> std::result::Result<(), Fault> {
    let language = presentation.language;
    let (columns, seen) = presentation.columns(&rows.schema);
    let fields: Vec<_> = columns.iter().map(|column| rows.schema.field(*column)).collect();
    let allowed = |char: &char| !"[]:*?/\\'".contains(*char);
    sheet.set_name(title.chars().filter(allowed).take(MAX_SHEET_NAME).collect::<String>())?;
    let head = Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Top)
        .set_background_color(Color::RGB(0x00E8_EDF2));
    let text = Format::new().set_num_format("@");
    let day = Format::new().set_num_format(language.day_format());
    let formats: Vec<Format> = fields
        .iter()
        .map(|field| match field.data_type() {
            DataType::Date32 => day.clone(),
            DataType::Decimal128(_, 0) => Format::new().set_num_format("#,##0"),
            DataType::Decimal128(..) => Format::new().set_num_format("#,##0.00"),
            kind if kind.is_integer() => Format::new().set_num_format("0"),
            kind if kind.is_numeric() => Format::new(),
            _ => text.clone(),
        })
        .collect();
    let mut widths: Vec<usize> = Vec::with_capacity(fields.len());
    for (place, field) in (0..).zip(&fields) {
        let heading = language.heading(field.name());
        sheet.write_string_with_format(0, place, heading, &head)?;
        // A heading may wrap at its words.
        widths.push(heading.split(' ').map(|word| word.chars().count()).max().unwrap_or(0) + 2);
    }
    let mut line = 0;
    for batch in rows.batches()? {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            line += 1;
            for (place, (column, field)) in (0_u16..).zip(columns.iter().zip(&fields)) {
                let format = &formats[usize::from(place)];
                let cell = presentation.cell(field.name(), batch.column(*column), row)?;
                let width = match &cell {
                    Cell::Empty => 0,
                    Cell::Number(plain) => plain.len() + plain.len() / 3,
                    Cell::Day(_) => 10,
                    Cell::Text(text) => text.chars().count(),
                };
                let widest = &mut widths[usize::from(place)];
                *widest = (*widest).max(width + 1);
                match cell {
                    Cell::Empty => continue,
                    Cell::Number(plain) => match plain.parse::<f64>() {
                        Ok(number) if number.is_finite() => {
                            sheet.write_number_with_format(line, place, number, format)?
                        }
                        _ => sheet.write_string_with_format(line, place, plain, &text)?,
                    },
                    Cell::Day(day) => match midnight(day) {
                        Ok(at) => sheet.write_datetime_with_format(line, place, &at, format)?,
                        // Before 1900 a sheet knows no days.
                        Err(_) => {
                            sheet.write_string_with_format(line, place, day.to_string(), &text)?
                        }
                    },
                    Cell::Text(told) => {
                        let told = match told.char_indices().nth(MAX_TEXT) {
                            Some((end, _)) => told[..end].to_owned(),
                            None => told,
                        };
                        sheet.write_string_with_format(line, place, told, format)?
                    }
                };
            }
        }
    }
    for (place, width) in (0_u16..).zip(&widths) {
        let width = (*width).clamp(WIDTHS.0, WIDTHS.1);
        sheet.set_column_width(place, width as f64)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let last = u16::try_from(fields.len().saturating_sub(1)).unwrap_or(u16::MAX);
    sheet.autofilter(0, 0, line, last)?;
    // Phones and tax ids are texts on purpose.
    sheet.ignore_error_range(0, 0, line, last, IgnoreError::NumberStoredAsText)?;
    if let Some(first) = u16::try_from(seen).ok().filter(|first| *first <= last) {
        sheet.group_columns_collapsed(first, last)?;
    }
    sheet.set_repeat_rows(0, 0)?;
    sheet.set_landscape();
    Ok(())
}
