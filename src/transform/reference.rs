//! Small tables under version control: `sql/reference/*.csv`, every column text, with `line_no`.
//! One that bears the name of a canonical table adds its rows to that table: what a person decided
//! stands next to what the books say, and in place of it where the key is the same.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::catalog::TableProvider;
use datafusion::datasource::{MemTable, ViewTable, provider_as_source};
use datafusion::logical_expr::{JoinType, LogicalPlanBuilder};

use crate::config::canonical::{Table, Type};
use crate::error::{Error, Kind, Result};

/// What separates the fields of `text`: a comma, or the semicolon that spreadsheets write where
/// decimals have a comma.
#[must_use]
pub fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    if header.contains(';') && !header.contains(',') { b';' } else { b',' }
}

/// Comma-separated text with a header → header and rows.
///
/// # Errors
/// Without a header, with rows of another length, or with quotes left open.
pub fn parse_csv(text: &str) -> Result<(Vec<String>, Vec<Vec<String>>), String> {
    // Spreadsheets write a byte order mark before UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).trim(csv::Trim::All).delimiter(delimiter(text));
    let mut table: Vec<Vec<String>> = Vec::new();
    for record in reader.from_reader(text.as_bytes()).records() {
        let record = record.map_err(|error| error.to_string())?;
        if record.iter().any(|field| !field.is_empty()) {
            table.push(record.iter().map(str::to_owned).collect());
        }
    }
    // The last field then holds the rest of the file.
    let open = text.matches('"').count() % 2 == 1;
    if open && table.last().and_then(|row| row.last()).is_some_and(|field| field.contains('\n')) {
        return Err(format!("row {}: a quote is left open", table.len()));
    }
    if table.is_empty() {
        return Err("has no header".to_owned());
    }
    let header = table.remove(0);
    if let Some(row) = table.iter().position(|row| row.len() != header.len()) {
        return Err(format!(
            "row {} has {} fields, the header has {}",
            row + 2,
            table[row].len(),
            header.len()
        ));
    }
    Ok((header, table))
}

fn broken(path: &Path, message: impl std::fmt::Display, hint: impl Into<String>) -> Error {
    let message = format!("reference \"{}\": {message}", path.display());
    Error::new(Kind::Declaration, message).hint(hint)
}

/// The header and rows of the file at `path`.
fn read(path: &Path) -> Result<(Vec<String>, Vec<Vec<String>>)> {
    let hint = "write comma-separated UTF-8 with a header";
    let text =
        std::fs::read_to_string(path).map_err(|error| broken(path, error.to_string(), hint))?;
    parse_csv(&text).map_err(|message| broken(path, message, hint))
}

/// The rows of the file at `path`.
pub(super) fn rows(path: &Path) -> Result<RecordBatch> {
    let (header, rows) = read(path)?;
    let mut columns: Vec<(String, ArrayRef, bool)> = header
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let values =
                rows.iter().map(|row| Some(row[index].as_str()).filter(|text| !text.is_empty()));
            (name.clone(), Arc::new(values.collect::<StringArray>()) as ArrayRef, true)
        })
        .collect();
    let lines = Int64Array::from_iter_values((1..).take(rows.len()));
    columns.push(("line_no".to_owned(), Arc::new(lines), true));
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}

/// `lake`, the rows of canonical `table`, with those of the file at `path` in place of what has the
/// same key. A file of nothing adds nothing.
pub(super) fn with_rows(
    table: &Table,
    lake: Arc<dyn TableProvider>,
    path: &Path,
) -> Result<Arc<dyn TableProvider>> {
    if std::fs::metadata(path).is_ok_and(|file| file.len() == 0) {
        return Ok(lake);
    }
    let (header, rows) = read(path)?;
    hold(table, path, &header, &rows)?;
    if rows.is_empty() {
        return Ok(lake);
    }
    let schema = lake.schema();
    let columns = schema.fields().iter().map(|field| {
        let position = header.iter().position(|name| name == field.name());
        let texts = rows.iter().map(|row| {
            position.map(|position| row[position].trim()).filter(|text| !text.is_empty())
        });
        let texts: ArrayRef = Arc::new(texts.collect::<StringArray>());
        let options = arrow::compute::CastOptions { safe: false, ..Default::default() };
        arrow::compute::cast_with_options(&texts, field.data_type(), &options)
            .map_err(|error| broken(path, error, "write numbers and days as 1.50 and 2026-09-30"))
    });
    let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    let file: Arc<dyn TableProvider> = Arc::new(MemTable::try_new(schema, vec![vec![batch]])?);
    let scan =
        |name: String, provider| LogicalPlanBuilder::scan(name, provider_as_source(provider), None);
    let added = scan(format!("reference.{}", table.name), file)?.build()?;
    let keys: Vec<&str> = std::iter::once("source").chain(table.key.iter().copied()).collect();
    let plan = scan(table.name.to_owned(), lake)?
        .join(added.clone(), JoinType::LeftAnti, (keys.clone(), keys), None)?
        .union(added)?
        .build()?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}

/// Holds the rows of a file against `table`: its columns, what must be there, its words, its key.
fn hold(table: &Table, path: &Path, header: &[String], rows: &[Vec<String>]) -> Result<()> {
    let names = || std::iter::once("source").chain(table.columns.iter().map(|column| column.name));
    if let Some(name) = header.iter().find(|name| names().all(|known| known != **name)) {
        let message = format!("table \"{}\" has no column \"{name}\"", table.name);
        return Err(broken(path, message, crate::names::suggest(name, names())));
    }
    let position = |name: &str| header.iter().position(|known| known == name);
    let mut keys = BTreeSet::new();
    for (number, row) in (2..).zip(rows) {
        let cell = |name: &str| position(name).map_or("", |position| row[position].trim());
        let needed = table.columns.iter().filter(|column| !column.nullable);
        let mut needed = std::iter::once("source").chain(needed.map(|column| column.name));
        if let Some(name) = needed.find(|name| cell(name).is_empty()) {
            let message = format!("row {number} has no {name}");
            return Err(broken(path, message, "fill it in, or remove the row"));
        }
        for column in table.columns {
            let Type::Word(words) = column.kind else { continue };
            let (word, name) = (cell(column.name), column.name);
            if !word.is_empty() && !words.contains(&word) {
                let message = format!("row {number} has {name} \"{word}\"");
                return Err(broken(path, message, format!("write one of: {}", words.join(", "))));
            }
        }
        let key: Vec<&str> =
            std::iter::once("source").chain(table.key.iter().copied()).map(cell).collect();
        let told = key.join(", ");
        if !table.key.is_empty() && !keys.insert(key) {
            return Err(broken(path, format!("row {number} gives {told} again"), "keep one row"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{delimiter, parse_csv};

    #[test]
    fn a_file_that_a_spreadsheet_saved_is_read_as_it_was_before() {
        let header = vec!["source".to_owned(), "note".to_owned()];
        let rows = vec![vec!["a".to_owned(), "x; y".to_owned()]];
        for text in [
            "source,note\na,x; y\n",
            "\u{feff}source,note\r\na,x; y\r\n\r\n",
            "source;note\r\na;\"x; y\"\r\n;\r\n",
        ] {
            assert_eq!(parse_csv(text), Ok((header.clone(), rows.clone())), "{text}");
        }
        assert_eq!((delimiter("a;b\n1,2"), delimiter("a,b;c"), delimiter("a")), (b';', b',', b','));
        assert_eq!(parse_csv("a,b\n1\n"), Err("row 2 has 1 fields, the header has 2".to_owned()));
        let open = parse_csv("a,b\n1,\"2\n3,4\n5,6\n");
        assert_eq!(open, Err("row 2: a quote is left open".to_owned()));
        assert_eq!(parse_csv(""), Err("has no header".to_owned()));
    }
}
