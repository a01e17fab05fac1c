//! CSV twice: `.csv` for machines, `.excel.csv` for people.
//!
//! Machines get UTF-8 without BOM, RFC 4180, ISO dates, `.` decimals. People get a BOM, the separator and
//! the decimal sign that a spreadsheet of their language expects, its headings, and texts that a
//! spreadsheet would take for a formula, a number or a day as `="…"`, which every one shows as they are.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::csv::WriterBuilder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::people::{Cell, Presentation, Rows};
use crate::columnar::{HashedFile, Written};
use crate::error::{Result, in_file};

/// The longest text that a spreadsheet takes within a formula.
const MAX_FORMULA_TEXT: usize = 255;

/// Rows as CSV text, with a header where `header` says so.
fn text(batch: &RecordBatch, header: bool) -> Result<Vec<u8>> {
    let mut writer = WriterBuilder::new()
        .with_header(header)
        .with_date_format("%Y-%m-%d".to_owned())
        .build(Vec::new());
    writer.write(batch)?;
    Ok(writer.into_inner())
}

/// Writes the rows of the Parquet file at `parquet` for machines.
pub(super) fn for_machines(parquet: &Path, to: &Path) -> Result<Written> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(File::open(parquet).map_err(in_file(parquet))?)?;
    let mut file = HashedFile::create(to)?;
    file.write_all(&text(&RecordBatch::new_empty(Arc::clone(builder.schema())), true)?)?;
    let mut rows = 0;
    for batch in builder.with_batch_size(8192).build()? {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        file.write_all(&text(&batch, false)?)?;
    }
    file.finish(rows)
}

/// Writes `rows` for people.
pub(super) fn for_people(rows: &Rows, presentation: &Presentation, to: &Path) -> Result<Written> {
    let mut file = HashedFile::create(to)?;
    file.write_all("\u{feff}".as_bytes())?;
    let (separator, decimal) = presentation.language.csv_signs();
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(file);
    let (columns, _) = presentation.columns(&rows.schema);
    let names: Vec<&str> =
        columns.iter().map(|column| rows.schema.field(*column).name().as_str()).collect();
    writer
        .write_record(names.iter().map(|name| presentation.language.heading(name)))
        .map_err(io)?;
    for batch in rows.batches()? {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            for (name, column) in names.iter().zip(&columns) {
                let told = match presentation.cell(name, batch.column(*column), row)? {
                    Cell::Empty => String::new(),
                    Cell::Number(plain) if decimal == '.' => plain,
                    Cell::Number(plain) => plain.replace('.', &decimal.to_string()),
                    Cell::Day(day) => day.to_string(),
                    Cell::Text(text) => guarded(text),
                };
                writer.write_field(told).map_err(io)?;
            }
            writer.write_record(None::<&[u8]>).map_err(io)?;
        }
    }
    let file = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    file.finish(rows.count() as u64)
}

fn io(error: csv::Error) -> std::io::Error {
    error.into()
}

/// A text that a spreadsheet would take for something else, as a formula that gives it; where it is
/// too long for that, behind a `'`.
fn guarded(text: String) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let number = |char: char| char.is_ascii_digit() || " \u{a0}.,:/-+()eE%".contains(char);
    let altered = digits && text.chars().all(number);
    if !formula && !altered {
        return text;
    }
    if text.chars().count() > MAX_FORMULA_TEXT || text.contains(['\n', '\r']) {
        return format!("'{text}");
    }
    format!("=\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Date32Array, Decimal128Array, RecordBatch, StringArray};

    use super::super::people::{Presentation, Rows};
    use super::{for_machines, for_people};
    use crate::columnar::ParquetFile;
    use crate::language::Language;

    #[test]
    fn machines_get_plain_text_and_people_what_their_spreadsheet_shows_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let money = Decimal128Array::from(vec![Some(-150), None]);
        let texts = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as _;
        let batch = RecordBatch::try_from_iter([
            ("client_key", texts(["=1+\"1\"", "a \"b\"; c"])),
            ("phone", texts(["+74951234567", "8 (495) 123-45-67"])),
            ("amount", Arc::new(money.with_precision_and_scale(18, 2).unwrap()) as _),
            ("date", Arc::new(Date32Array::from(vec![20_000, 20_001])) as _),
        ])
        .unwrap();
        let parquet = path("t.parquet");
        let mut file = ParquetFile::create(&parquet, &batch.schema()).unwrap();
        file.write(&batch).unwrap();
        file.finish().unwrap();
        for_machines(&parquet, &path("t.csv")).unwrap();
        let plain = std::fs::read_to_string(path("t.csv")).unwrap();
        assert_eq!(
            plain,
            "client_key,phone,amount,date\n\"=1+\"\"1\"\"\",+74951234567,-1.50,2024-10-04\n\
             \"a \"\"b\"\"; c\",8 (495) 123-45-67,,2024-10-05\n"
        );
        let told = |language| {
            let presentation = Presentation { language, ..Presentation::default() };
            let rows = Rows::read(&parquet, &presentation).unwrap();
            for_people(&rows, &presentation, &path("t.excel.csv")).unwrap();
            std::fs::read_to_string(path("t.excel.csv")).unwrap()
        };
        assert_eq!(
            told(Language::Ru),
            "\u{feff}Клиент;Телефон;Сумма;Дата\n\
             \"=\"\"=1+\"\"\"\"1\"\"\"\"\"\"\";\"=\"\"+74951234567\"\"\";-1,50;2024-10-04\n\
             \"a \"\"b\"\"; c\";\"=\"\"8 (495) 123-45-67\"\"\";;2024-10-05\n"
        );
        assert_eq!(
            told(Language::En),
            "\u{feff}Client,Phone,Amount,Date\n\
             \"=\"\"=1+\"\"\"\"1\"\"\"\"\"\"\",\"=\"\"+74951234567\"\"\",-1.50,2024-10-04\n\
             \"a \"\"b\"\"; c\",\"=\"\"8 (495) 123-45-67\"\"\",,2024-10-05\n"
        );
    }
}
