//! Tables of dBase and `FoxPro` (`.dbf`) → rows of their own columns.
//!
//! Keeps true: numbers keep the digits they are written with; deleted records are left out and
//! counted; a charset that the file does not name is declared or read off its texts, never assumed;
//! the file's length decides how many records it has: fewer than its header says are an error, more
//! are read and told.

use std::borrow::Cow;
use std::io::{BufReader, Chain, Cursor, Read};

use super::charset::Charset;
use super::dbf_header::{Field, Header, bad, fill};
use super::{BadBytes, Reader};
use crate::pull::value::Rows;

/// The bytes of records from whose texts a charset is read off.
const SAMPLE_BYTES: usize = 1 << 22;

/// Ends the records.
const END: u8 = 0x1a;

/// Kinds of fields that become text: texts, numbers, dates, flags, and `FoxPro`'s whole numbers and
/// currency.
const READ: &[u8] = b"CNFDLIY";

/// Reads records.
pub(super) struct Dbf<R> {
    bytes: Chain<Cursor<Vec<u8>>, BufReader<R>>,
    header: Header,
    charset: Charset,
    columns: Vec<String>,
    rows: Rows,
    record: Vec<u8>,
    read: u64,
    ended: bool,
    deleted: u64,
    notes: Vec<String>,
}

impl<R: Read> Dbf<R> {
    /// Reads the table `bytes` in `encoding`, else in the charset that it names, else in the one
    /// that its texts suggest; dates are ISO, decimals have a point.
    ///
    /// # Errors
    /// When it is no such table, or nothing tells its charset.
    pub(super) fn new(bytes: R, encoding: Option<Charset>) -> Result<Self, BadBytes> {
        let mut bytes = BufReader::with_capacity(1 << 17, bytes);
        let header = Header::new(&mut bytes)?;
        let mut sample = Vec::new();
        fill(&mut bytes, &mut sample, SAMPLE_BYTES)?;
        let texts = texts(&header, &sample);
        let suggested = Charset::of_russian(&texts);
        let named = header.charset();
        let language = format!("its language byte {:#04x}", header.language);
        let (charset, why) = match (encoding, named, suggested) {
            (Some(declared), ..) => (declared, "as declared".to_owned()),
            (None, Some(named), _) => (named, format!("as {language} says")),
            (None, None, Some(suggested)) => {
                (suggested, format!("as its texts suggest: {language} names no charset"))
            }
            (None, None, None) if texts.is_ascii() => {
                (Charset::UTF_8, format!("its texts are ASCII: {language} names no charset"))
            }
            (None, None, None) => {
                return Err(BadBytes {
                    row: None,
                    message: format!("{language} names no charset, and its texts suggest none"),
                    hint: "declare \"encoding\", as cp866, cp850 or windows-1252".to_owned(),
                });
            }
        };
        let mut notes = vec![format!("read as {}, {why}", charset.name())];
        if let Some(other) = suggested.filter(|other| encoding.is_none() && *other != charset) {
            notes.push(format!(
                "its texts read like Russian in {0}: declare \"encoding\": {0}",
                other.name()
            ));
        }
        let name = |field: &Field| decode(charset, &field.name).0.into_owned();
        let unread = header.fields.iter().filter(|field| !READ.contains(&field.kind));
        let unread: Vec<String> = unread.map(name).collect();
        if !unread.is_empty() {
            notes.push(format!(
                "left empty, being neither text, number, date nor flag: {}",
                unread.join(", ")
            ));
        }
        let columns = header.fields.iter().map(name);
        let columns = columns.chain([super::FAULT.to_owned()]).collect();
        Ok(Self {
            bytes: Cursor::new(sample).chain(bytes),
            header,
            charset,
            columns,
            rows: Rows::default(),
            record: Vec::new(),
            read: 0,
            ended: false,
            deleted: 0,
            notes,
        })
    }

    /// Takes the next record, or ends.
    fn step(&mut self) -> Result<(), BadBytes> {
        fill(&mut self.bytes, &mut self.record, self.header.width)?;
        let (read, records) = (self.read, u64::from(self.header.records));
        let whole = self.record.len() == self.header.width;
        let ends = self.record.is_empty() || self.record.starts_with(&[END]);
        if read < records && (!whole || ends) {
            return Err(bad(
                Some(read + 1),
                format!("is cut off: its header says {records} records, it has {read}"),
            ));
        }
        let padding = |byte: &u8| matches!(*byte, 0 | END) || byte.is_ascii_whitespace();
        if read >= records && (ends || self.record.iter().all(padding)) {
            self.ended = true;
            return Ok(());
        }
        if read >= records && !(whole && matches!(self.record[0], b' ' | b'*')) {
            return Err(bad(
                Some(read + 1),
                format!("its header says {records} records, and behind them is more, no record"),
            ));
        }
        self.read += 1;
        let mut fault = String::new();
        match self.record[0] {
            b' ' => {}
            b'*' => {
                self.deleted += 1;
                return Ok(());
            }
            other => fault = format!("its deletion flag is {other:#04x}: expected a space or *"),
        }
        let columns = self.columns.iter().zip(&self.header.fields);
        let mut fields: Vec<Cow<'_, str>> = Vec::with_capacity(self.columns.len());
        for (name, field) in columns {
            let (text, wrong) = value(self.charset, field.kind, &self.record[field.place.clone()]);
            if let Some(wrong) = wrong.filter(|_| fault.is_empty()) {
                fault = format!("{name} {wrong}");
            }
            fields.push(text);
        }
        fields.push(Cow::Borrowed(&fault));
        let fields: Vec<&str> = fields.iter().map(AsRef::as_ref).collect();
        self.rows.add_record(self.read, &fields);
        Ok(())
    }
}

impl<R: Read + Send> Reader for Dbf<R> {
    fn columns(&self) -> Option<&[String]> {
        Some(&self.columns)
    }

    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        self.rows.clear();
        while !self.ended && !self.rows.is_full() {
            self.step()?;
        }
        Ok((self.rows.complete > 0).then_some(&self.rows))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        let (read, records) = (self.read, self.header.records);
        if read > u64::from(records) {
            notes.push(format!("its header says {records} records, it has {read}: all are read"));
        }
        if self.deleted > 0 {
            notes.push(format!("{} of {} records are deleted: left out", self.deleted, self.read));
        }
        notes
    }
}

/// The names and texts of a table, for the guess at its charset.
fn texts(header: &Header, records: &[u8]) -> Vec<u8> {
    let mut texts = Vec::new();
    let mut add = |text: &[u8]| {
        texts.extend_from_slice(text.trim_ascii_end());
        texts.push(b' ');
    };
    header.fields.iter().for_each(|field| add(&field.name));
    for record in records.chunks_exact(header.width).take_while(|record| record[0] != END) {
        for field in header.fields.iter().filter(|field| field.kind == b'C') {
            add(&record[field.place.clone()]);
        }
    }
    texts
}

/// The text of `bytes`, and what is wrong where some of it is lost.
fn decode(charset: Charset, bytes: &[u8]) -> (Cow<'_, str>, Option<String>) {
    match charset.decode(bytes) {
        Some(text) => (text, None),
        None => (String::from_utf8_lossy(bytes), Some(format!("is not {}", charset.name()))),
    }
}

/// The text of a field, and what is wrong with it.
fn value(charset: Charset, kind: u8, bytes: &[u8]) -> (Cow<'_, str>, Option<String>) {
    let padded = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let start = bytes.iter().position(|byte| !padded(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !padded(byte)).map_or(start, |end| end + 1);
    let text = &bytes[start..end];
    match (kind, bytes.len()) {
        (b'I', 4) => {
            let number = bytes.try_into().map_or(0, i32::from_le_bytes);
            (Cow::Owned(number.to_string()), None)
        }
        (b'Y', 8) => {
            let number = bytes.try_into().map_or(0, i64::from_le_bytes);
            let sign = if number < 0 { "-" } else { "" };
            let (whole, rest) = (number.unsigned_abs() / 10_000, number.unsigned_abs() % 10_000);
            (Cow::Owned(format!("{sign}{whole}.{rest:04}")), None)
        }
        (b'N' | b'F', _) if text.contains(&b'*') => {
            (Cow::Borrowed(""), Some("was too long for its field: it holds asterisks".to_owned()))
        }
        (b'D', _) => match std::str::from_utf8(text) {
            Ok("00000000") => (Cow::Borrowed(""), None),
            Ok(day) if day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()) => {
                (Cow::Owned([&day[..4], &day[4..6], &day[6..]].join("-")), None)
            }
            _ => decode(charset, text),
        },
        (b'L', _) => match text {
            b"T" | b"t" | b"Y" | b"y" => (Cow::Borrowed("true"), None),
            b"F" | b"f" | b"N" | b"n" => (Cow::Borrowed("false"), None),
            b"?" | b"" => (Cow::Borrowed(""), None),
            _ => decode(charset, text),
        },
        (b'C' | b'N' | b'F', _) => decode(charset, text),
        _ => (Cow::Borrowed(""), None),
    }
}

#[cfg(test)]
#[path = "dbf_tests.rs"]
pub(super) mod tests;
