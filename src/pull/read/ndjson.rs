//! Newline-delimited JSON → rows: one object a line, a field for each column asked for.
//!
//! Keeps true: numbers keep the digits they are written with, and an exponent is written out; a line
//! that is no object is named with its row, and a value that is no plain one rejects its row; a key
//! that no line has is a missing column.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{BadBytes, FAULT, MAX_FIELD_BYTES, Reader};
use crate::pull::value::Rows;

/// Rows given at a time.
const BATCH_ROWS: usize = 1024;

/// The longest line.
const MAX_LINE_BYTES: usize = 8 * MAX_FIELD_BYTES;

/// Digits that a number with an exponent may have once it is written out.
const MAX_DIGITS: usize = 60;

/// Reads lines of objects.
pub struct Ndjson<R> {
    bytes: BufReader<R>,
    /// The columns that are read, and [`FAULT`].
    columns: Vec<String>,
    /// Whether a line has the column, for each that is read.
    seen: Vec<bool>,
    row: u64,
    rows: Rows,
    line: Vec<u8>,
    /// Where the value of each column stands in the line.
    values: Vec<Option<Range<usize>>>,
}

fn bad(row: u64, message: impl Into<String>) -> BadBytes {
    BadBytes {
        row: Some(row),
        message: message.into(),
        hint: "each line must be one JSON object of plain values, in UTF-8: ask for the file again"
            .to_owned(),
    }
}

impl<R: Read> Ndjson<R> {
    /// Reads `columns` from `bytes`; each row has a field for each of them, and one that says what is
    /// wrong with it.
    #[must_use]
    pub fn new(bytes: R, columns: &[&str]) -> Self {
        Self {
            bytes: BufReader::with_capacity(1 << 17, bytes),
            columns: columns.iter().chain(&[FAULT]).map(|name| (*name).to_owned()).collect(),
            seen: vec![false; columns.len()],
            row: 0,
            rows: Rows::default(),
            line: Vec::new(),
            values: vec![None; columns.len()],
        }
    }
}

impl<R: Read + Send> Reader for Ndjson<R> {
    fn columns(&self) -> Option<&[String]> {
        Some(&self.columns)
    }

    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        self.rows.clear();
        while self.rows.complete < BATCH_ROWS {
            self.line.clear();
            let limit = MAX_LINE_BYTES as u64 + 1;
            let read = self.bytes.by_ref().take(limit).read_until(b'\n', &mut self.line);
            let read = read.map_err(|error| bad(self.row + 1, error.to_string()))?;
            if read == 0 {
                break;
            }
            self.row += 1;
            if read > MAX_LINE_BYTES {
                return Err(bad(self.row, format!("is longer than {MAX_LINE_BYTES} bytes")));
            }
            let line =
                std::str::from_utf8(&self.line).map_err(|_| bad(self.row, "is not UTF-8"))?;
            let line = line.strip_prefix('\u{feff}').unwrap_or(line);
            match line.trim_start().chars().next() {
                None => continue,
                Some('{') => {}
                Some(_) => return Err(bad(self.row, "is no JSON object")),
            }
            self.values.fill(None);
            let columns = &self.columns[..self.seen.len()];
            let object = Object { columns, line, values: &mut self.values };
            let mut json = serde_json::Deserializer::from_str(line);
            let whole = object.deserialize(&mut json).and_then(|fault| json.end().map(|()| fault));
            let mut fault = whole
                .map_err(|error| bad(self.row, format!("is not one whole JSON object: {error}")))?;
            let Ok(()) = self.rows.add(self.row, self.columns.len(), |field, text| {
                let Some(column) = columns.get(field) else {
                    text.push_str(fault.as_deref().unwrap_or_default());
                    return Ok::<(), std::convert::Infallible>(());
                };
                let Some(value) = self.values[field].clone() else { return Ok(()) };
                self.seen[field] = true;
                match plain(&line[value]) {
                    Ok(value) => text.push_str(&value),
                    Err(what) => {
                        fault.get_or_insert_with(|| format!("\"{column}\" {what}"));
                    }
                }
                Ok(())
            });
        }
        Ok(self.rows.iter().next().is_some().then_some(&self.rows))
    }

    fn unseen(&self) -> Vec<&str> {
        let columns = self.columns.iter().zip(&self.seen);
        columns.filter(|(_, seen)| !**seen).map(|(name, _)| name.as_str()).collect()
    }
}

/// The text of a plain value as JSON writes it, or what is wrong with it.
fn plain(raw: &str) -> Result<Cow<'_, str>, String> {
    match raw.as_bytes().first() {
        Some(b'"') => match raw.get(1..raw.len() - 1).filter(|inner| !inner.contains('\\')) {
            Some(inner) => Ok(Cow::Borrowed(inner)),
            None => serde_json::from_str(raw).map(Cow::Owned).map_err(|error| error.to_string()),
        },
        Some(b'n') => Ok(Cow::Borrowed("")),
        Some(b'{') => Err("holds an object, expected a plain value".to_owned()),
        Some(b'[') => Err("holds a list, expected a plain value".to_owned()),
        Some(b'0'..=b'9' | b'-') if raw.contains(['e', 'E']) => written_out(raw)
            .map(Cow::Owned)
            .ok_or_else(|| format!("holds {raw}, a number of more than {MAX_DIGITS} digits")),
        _ => Ok(Cow::Borrowed(raw)),
    }
}

/// A number with an exponent without it: `1.5E3` → `1500`.
fn written_out(raw: &str) -> Option<String> {
    let (mantissa, exponent) = raw.split_once(['e', 'E'])?;
    let exponent: i64 = exponent.parse().ok()?;
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = format!("{whole}{fraction}");
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let length = digits.len();
    let text = match usize::try_from(point) {
        Ok(point) if point >= length && point <= MAX_DIGITS => {
            format!("{digits}{}", "0".repeat(point - length))
        }
        Ok(point) if point > 0 && point < length => {
            format!("{}.{}", &digits[..point], &digits[point..])
        }
        _ => {
            let zeros = usize::try_from(point.checked_neg()?).ok()?;
            (zeros + length <= MAX_DIGITS).then(|| format!("0.{}{digits}", "0".repeat(zeros)))?
        }
    };
    let kept = text.trim_start_matches('0');
    let zero = if kept.is_empty() || kept.starts_with('.') { "0" } else { "" };
    Some(format!("{sign}{zero}{kept}"))
}

/// Looks through one object for the values of columns; gives what is wrong with it.
struct Object<'a> {
    columns: &'a [String],
    line: &'a str,
    values: &'a mut [Option<Range<usize>>],
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fault = None;
        while let Some(position) = map.next_key_seed(Key(self.columns))? {
            let Some(position) = position else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value: &RawValue = map.next_value()?;
            let start = value.get().as_ptr().addr() - self.line.as_ptr().addr();
            let again = self.values[position].replace(start..start + value.get().len());
            if again.is_some() {
                let key = &self.columns[position];
                fault.get_or_insert_with(|| format!("key \"{key}\" is given twice"));
            }
        }
        Ok(fault)
    }
}

/// The position of a key among the columns.
struct Key<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|column| column == key))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Ndjson, Reader};
    use crate::pull::damage::damage;

    fn read(text: &str) -> Result<Vec<Vec<String>>, String> {
        read_bytes(text.as_bytes())
    }

    fn read_bytes(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
        let mut reader = Ndjson::new(bytes, &["id", "amount"]);
        let mut table = Vec::new();
        let told = |bad: super::BadBytes| format!("row {}: {}", bad.row.unwrap(), bad.message);
        while let Some(rows) = reader.next_rows().map_err(told)? {
            for row in rows.iter() {
                let mut fields = vec![row.number.to_string()];
                fields.extend((0..row.len()).map(|field| row.field(field).to_owned()));
                table.push(fields);
            }
        }
        Ok(table)
    }

    #[test]
    fn numbers_keep_their_digits_and_absent_keys_are_empty() {
        let text = "\u{feff}{\"id\": \"a\", \"amount\": 1200.50, \"more\": [1, {}]}\n\n\
                    {\"amount\": 12345678901234567.89, \"id\": 7}\n{\"id\": null}";
        let expected =
            [["1", "a", "1200.50", ""], ["3", "7", "12345678901234567.89", ""], ["4", "", "", ""]];
        assert_eq!(read(text).unwrap(), expected);
    }

    #[test]
    fn a_column_is_there_by_its_key_alone() {
        let text = "{\"\\u0069d\": 1, \"amount_net\": \"amount\"}\n";
        let mut reader = Ndjson::new(text.as_bytes(), &["id", "amount"]);
        assert!(reader.next_rows().unwrap().is_some());
        assert_eq!(reader.unseen(), ["amount"]);
    }

    #[test]
    fn a_line_that_is_no_object_is_named() {
        let object = "{\"id\": 1, \"amount\": 2}\n";
        for (text, expected) in [
            ("[1]\n", "row 2: is no JSON object"),
            ("{\"id\": 1\n", "row 2: is not one whole JSON object"),
            ("{\"id\" 1}\n", "row 2: "),
            ("{\"id\": 2}{\"id\": 3}\n", "row 2: is not one whole JSON object"),
        ] {
            let error = read(&format!("{object}{text}")).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn a_value_that_is_no_plain_one_is_named_in_its_row() {
        let rows = read(
            "{\"id\": {\"nested\": 1}, \"amount\": 1}\n{\"id\": [1]}\n\
             {\"id\": \"a\\nb\", \"amount\": 1, \"amount\": 2}\n{\"id\": 3E+1, \"amount\": -1.5e-2}\n\
             {\"id\": 1e999}\n{\"id\": true, \"amount\": 120.5E1}\n",
        );
        let expected = [
            ["1", "", "1", "\"id\" holds an object, expected a plain value"],
            ["2", "", "", "\"id\" holds a list, expected a plain value"],
            ["3", "a\nb", "2", "key \"amount\" is given twice"],
            ["4", "30", "-0.015", ""],
            ["5", "", "", "\"id\" holds 1e999, a number of more than 60 digits"],
            ["6", "true", "1205", ""],
        ];
        assert_eq!(rows.unwrap(), expected);
    }

    proptest! {
        #[test]
        fn any_bytes_are_no_more_rows_than_lines(
            lines in "((\\{|\\}|\"id\"|\"amount\"|:|,|1|-1e9|null|true|\\[|\\]|\"[a\\\\u0]{0,4}\"){0,8}\n|\\{\"id\": [0-9.eE]{1,5}\\}\n){0,6}",
            damage in damage(),
        ) {
            let bytes = damage.of(format!("{lines}{{\"id\": \"a\", \"amount\": 1}}\n").as_bytes());
            let most = memchr::memchr_iter(b'\n', &bytes).count() + 1;
            prop_assert!(read_bytes(&bytes).unwrap_or_default().len() <= most);
        }
    }
}
