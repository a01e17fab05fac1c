//! Small tables under version control: `sql/reference/*.csv`, every column text, with `line_no`.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;

use crate::error::{Error, Kind, Result};
use crate::pull::read::Splitter;

/// Comma-separated text with a header → header and rows.
pub(super) fn parse_csv(text: &str) -> Result<(Vec<String>, Vec<Vec<String>>), String> {
    let mut splitter = Splitter::new(b',');
    let mut table: Vec<Vec<String>> = Vec::new();
    let mut collect = |rows: &crate::pull::read::Rows| {
        table.extend(
            rows.iter()
                .filter(|row| !row.is_blank())
                .map(|row| (0..row.len()).map(|field| row.field(field).to_owned()).collect()),
        );
    };
    collect(splitter.push(text).map_err(|error| error.message)?);
    collect(splitter.finish().map_err(|error| error.message)?);
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

/// The table in the file at `path`.
pub(super) fn table(path: &Path) -> Result<Arc<dyn TableProvider>> {
    let broken = |message: String| {
        Error::new(Kind::Declaration, format!("reference \"{}\": {message}", path.display()))
            .hint("write comma-separated UTF-8 with a header")
    };
    let text = std::fs::read_to_string(path).map_err(|error| broken(error.to_string()))?;
    let (header, rows) = parse_csv(&text).map_err(broken)?;
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
    let batch = RecordBatch::try_from_iter_with_nullable(columns)?;
    Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
}
