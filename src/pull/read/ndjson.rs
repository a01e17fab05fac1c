//! Newline-delimited JSON → rows: one object a line, a field for each column asked for.
//!
//! Keeps true: numbers keep the digits they are written with; a line that is no object of plain
//! values is named with its row; a key that no line has is a missing column.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::json::ReaderBuilder;
use arrow::json::reader::Decoder;
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};

use super::rows::Rows;
use super::{BadBytes, MAX_FIELD_BYTES};

/// Rows given at a time.
const BATCH_ROWS: usize = 1024;

/// The longest line.
const MAX_LINE_BYTES: usize = 8 * MAX_FIELD_BYTES;

/// Reads lines of objects.
pub struct Ndjson<R> {
    bytes: BufReader<R>,
    columns: Vec<String>,
    seen: Vec<bool>,
    decoder: Decoder,
    row: u64,
    rows: Rows,
    line: Vec<u8>,
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
    /// Reads `columns` from `bytes`.
    ///
    /// # Errors
    /// When no reader can be made of them.
    pub fn new(bytes: R, columns: &[&str]) -> Result<Self, BadBytes> {
        let fields = columns.iter().map(|name| Field::new(*name, DataType::Utf8, true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let builder = ReaderBuilder::new(schema).with_coerce_primitive(true);
        let decoder = builder.with_batch_size(BATCH_ROWS).build_decoder();
        Ok(Self {
            bytes: BufReader::with_capacity(1 << 17, bytes),
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            seen: vec![false; columns.len()],
            decoder: decoder.map_err(|error| bad(0, error.to_string()))?,
            row: 0,
            rows: Rows::default(),
            line: Vec::new(),
        })
    }

    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// When a line is no object, or a value no plain one.
    pub fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        self.rows.clear();
        let first = self.row + 1;
        let mut numbers = Vec::with_capacity(BATCH_ROWS);
        while numbers.len() < BATCH_ROWS {
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
            let line = self.line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.line);
            let start = line.iter().position(|byte| !byte.is_ascii_whitespace());
            let Some(start) = start else { continue };
            if line[start] != b'{' {
                return Err(bad(self.row, "is no JSON object"));
            }
            let keys = Keys { columns: &self.columns, seen: &mut self.seen };
            let mut json = serde_json::Deserializer::from_slice(line);
            let whole = keys.deserialize(&mut json).and_then(|()| json.end());
            whole
                .map_err(|error| bad(self.row, format!("is not one whole JSON object: {error}")))?;
            let decoded =
                self.decoder.decode(line).map_err(|error| bad(self.row, error.to_string()))?;
            if decoded < line.len() || self.decoder.has_partial_record() {
                return Err(bad(self.row, "is not one whole JSON object"));
            }
            numbers.push(self.row);
        }
        let batch = self.decoder.flush().map_err(|error| {
            bad(
                first,
                format!("or one of the {} after it: {error}", numbers.len().saturating_sub(1)),
            )
        })?;
        let Some(batch) = batch else { return Ok(None) };
        if batch.num_rows() != numbers.len() {
            return Err(bad(first, "or one after it does not hold exactly one object"));
        }
        add(&mut self.rows, &batch, &numbers);
        Ok(Some(&self.rows))
    }

    /// Columns that no line has.
    pub fn unseen(&self) -> impl Iterator<Item = &str> {
        let columns = self.columns.iter().zip(&self.seen);
        columns.filter(|(_, seen)| !**seen).map(|(name, _)| name.as_str())
    }

    /// Gives back the bytes' reader.
    pub fn into_inner(self) -> R {
        self.bytes.into_inner()
    }
}

/// Looks through one object and marks the columns that it has, whatever their values.
struct Keys<'a> {
    columns: &'a [String],
    seen: &'a mut [bool],
}

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(position) = map.next_key_seed(Key(self.columns))? {
            if let Some(position) = position {
                self.seen[position] = true;
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
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

fn add(rows: &mut Rows, batch: &RecordBatch, numbers: &[u64]) {
    let columns: Vec<_> = batch.columns().iter().map(AsArray::as_string::<i32>).collect();
    for (row, number) in numbers.iter().enumerate() {
        let Ok(()) = rows.add(*number, columns.len(), |field, text| {
            let column = columns[field];
            if column.is_valid(row) {
                text.push_str(column.value(row));
            }
            Ok::<(), std::convert::Infallible>(())
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Ndjson;
    use crate::pull::damage::damage;

    fn read(text: &str) -> Result<Vec<Vec<String>>, String> {
        read_bytes(text.as_bytes())
    }

    fn read_bytes(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
        let mut reader = Ndjson::new(bytes, &["id", "amount"]).unwrap();
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
        let expected = [["1", "a", "1200.50"], ["3", "7", "12345678901234567.89"], ["4", "", ""]];
        assert_eq!(read(text).unwrap(), expected);
    }

    #[test]
    fn a_column_is_there_by_its_key_alone() {
        let text = "{\"\\u0069d\": 1, \"amount_net\": \"amount\"}\n";
        let mut reader = Ndjson::new(text.as_bytes(), &["id", "amount"]).unwrap();
        assert!(reader.next_rows().unwrap().is_some());
        assert_eq!(reader.unseen().collect::<Vec<_>>(), ["amount"]);
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
        assert!(read("{\"id\": {\"nested\": 1}}\n").is_err());
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
