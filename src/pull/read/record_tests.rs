//! What the tests of readers share, and the tests of sums.

use super::{hundredths, money};
use crate::pull::read::{BadBytes, Reader};
use std::collections::BTreeMap;

/// Rows as maps of their fields that are not empty; `line` is the row's number.
pub(in crate::pull::read) type Table = Vec<BTreeMap<String, String>>;

/// All rows and notes of a reader; each row must have every column.
pub(in crate::pull::read) fn all(
    reader: Result<impl Reader, BadBytes>,
) -> Result<(Table, Vec<String>), String> {
    let mut reader = reader.map_err(|bad| bad.message)?;
    let columns = reader.columns().unwrap().to_vec();
    let mut table = Table::new();
    while let Some(rows) = reader.next_rows().map_err(|bad| bad.message)? {
        for row in rows.iter() {
            assert_eq!(row.len(), columns.len());
            let fields = columns.iter().enumerate();
            let fields = fields.map(|(at, name)| (name.clone(), row.field(at).to_owned()));
            let number = std::iter::once(("line".to_owned(), row.number.to_string()));
            table.push(number.chain(fields).filter(|(_, text)| !text.is_empty()).collect());
        }
    }
    Ok((table, reader.notes()))
}

/// One row as `column=text` of the columns asked for, with empty texts.
pub(in crate::pull::read) fn told(row: &BTreeMap<String, String>, columns: &str) -> String {
    let told = columns.split(' ').map(|name| row.get(name).map_or("", String::as_str));
    told.collect::<Vec<_>>().join("|")
}

/// The bytes of a sample, where samples are there.
pub(in crate::pull::read) fn sample(name: &str) -> Option<Vec<u8>> {
    let path = format!("{}/../shared/samples/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("not run: {path} is not there");
    }
    bytes
}

#[test]
fn sums_are_exact() {
    for (text, sum) in [
        ("14000", Some(1_400_000)),
        ("-0.5", Some(-50)),
        ("1.230", Some(123)),
        ("1.234", None),
        ("", None),
        ("-", None),
        ("1,5", None),
        ("1e3", None),
    ] {
        assert_eq!(hundredths(text), sum, "{text}");
    }
    assert_eq!(money(-5), "-0.05");
    assert_eq!(money(1_400_000), "14000.00");
}
