//! What readers of fixed formats share: rows of named fields, and exact sums of their amounts.

use std::convert::Infallible;

use super::rows::Rows;

/// Rows given at a time.
const BATCH_ROWS: usize = 1024;

/// Their text, beyond which no row is added.
const BATCH_BYTES: usize = 1 << 22;

/// Texts that stand at the beginning of a file, cut for a message.
const SHOWN_BYTES: usize = 40;

impl Rows {
    /// Whether they are enough to be given.
    pub(super) fn is_full(&self) -> bool {
        self.complete >= BATCH_ROWS || self.text.len() >= BATCH_BYTES
    }

    /// Adds a complete row of `fields`, numbered `row`.
    pub(super) fn add_record(&mut self, row: u64, fields: &[&str]) {
        let Ok(()) = self.add(row, fields.len(), |field, text| {
            text.push_str(fields[field]);
            Ok::<(), Infallible>(())
        });
    }
}

/// The names as a reader gives its columns.
pub(super) fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The beginning of `bytes` for a message.
pub(super) fn shown(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes[..bytes.len().min(SHOWN_BYTES)].escape_ascii())
}

/// An amount with up to two decimals, in hundredths; `None` where it is none.
pub(super) fn hundredths(text: &str) -> Option<i128> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 28 || fraction.len() > 2 {
        return None;
    }
    if !plain(whole) || !plain(fraction) {
        return None;
    }
    let sum = format!("{whole}{fraction:0<2}").parse::<i128>().ok()?;
    Some(if negative { -sum } else { sum })
}

/// An amount in hundredths as text with two decimals.
pub(super) fn money(sum: i128) -> String {
    let sign = if sum < 0 { "-" } else { "" };
    let sum = sum.unsigned_abs();
    format!("{sign}{}.{:02}", sum / 100, sum % 100)
}

#[cfg(test)]
pub(super) mod tests {
    use super::{hundredths, money};
    use crate::pull::read::{BadBytes, RawTable};
    use std::collections::BTreeMap;

    /// Rows as maps of their fields that are not empty; `line` is the row's number.
    pub(in crate::pull::read) type Table = Vec<BTreeMap<String, String>>;

    /// All rows and notes of a reader; each row must have every column.
    pub(in crate::pull::read) fn all(
        reader: Result<impl RawTable, BadBytes>,
    ) -> Result<(Table, Vec<String>), String> {
        let mut reader = reader.map_err(|bad| bad.message)?;
        let columns = reader.columns().to_vec();
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
}
