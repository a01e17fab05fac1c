//! CSV text → rows, chunk by chunk (RFC 4180, any separator, any line end).
//!
//! Keeps true: a quote that is never closed is an error, not one long field, and so is text behind a
//! closing one; a field has a limit; a chunk may end anywhere.

use std::io::Read;

use super::{BadBytes, Decoded, Guess, Reader, TextReader};
use crate::pull::value::Rows;

/// The longest field.
pub const MAX_FIELD_BYTES: usize = 1 << 20;

/// The longest row.
const MAX_ROW_BYTES: usize = 16 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the beginning of a row; the flag says that a `\r` has just ended one.
    RowStart { after_cr: bool },
    /// At the beginning of a field.
    FieldStart,
    /// Inside a field without quotes.
    Plain,
    /// Inside quotes.
    Quoted,
    /// After a quote inside quotes: its end, or half of a doubled one.
    QuoteInQuoted,
    /// After blanks behind the end of a quoted field.
    Closed,
}

/// Cuts text into rows.
#[derive(Debug)]
pub struct Splitter {
    delimiter: u8,
    state: State,
    next_row: u64,
    quote_opened_in: u64,
    /// Whether the chunk holds a NUL, looked for once rather than in each field.
    nul: bool,
    rows: Rows,
}

impl Splitter {
    /// A splitter for fields separated by an ASCII `delimiter`.
    #[must_use]
    pub fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            state: State::RowStart { after_cr: false },
            next_row: 1,
            quote_opened_in: 0,
            nul: false,
            rows: Rows::default(),
        }
    }

    /// The number of the row that is being read.
    #[must_use]
    pub fn row(&self) -> u64 {
        self.next_row
    }

    /// Takes the next chunk and gives the rows that are complete now.
    ///
    /// # Errors
    /// When a field is too long or holds a NUL.
    pub fn push(&mut self, chunk: &str) -> Result<&Rows, BadBytes> {
        self.rows.forget_complete();
        self.nul = memchr::memchr(0, chunk.as_bytes()).is_some();
        let mut at = 0;
        while at < chunk.len() {
            at = self.step(chunk, at)?;
        }
        if self.rows.unfinished_bytes() > MAX_ROW_BYTES {
            return Err(BadBytes {
                row: Some(self.next_row),
                message: format!(
                    "is longer than {} MiB, the limit for one row",
                    MAX_ROW_BYTES >> 20
                ),
                hint: "the file has no line ends, or no rows: ask for it again".to_owned(),
            });
        }
        Ok(&self.rows)
    }

    /// Ends the text and gives the last row, where it had no line end.
    ///
    /// # Errors
    /// When a quote was never closed.
    pub fn finish(&mut self) -> Result<&Rows, BadBytes> {
        self.rows.forget_complete();
        match self.state {
            State::Quoted => {
                let row = self.quote_opened_in;
                return Err(BadBytes {
                    row: Some(row),
                    message: format!("a quote opened in row {row} is never closed"),
                    hint: "the file is cut off or a field holds a single quote: ask for it again"
                        .to_owned(),
                });
            }
            State::RowStart { .. } => {}
            State::FieldStart | State::Plain | State::QuoteInQuoted | State::Closed => {
                self.end_row();
            }
        }
        self.state = State::RowStart { after_cr: false };
        Ok(&self.rows)
    }

    fn step(&mut self, chunk: &str, at: usize) -> Result<usize, BadBytes> {
        let bytes = chunk.as_bytes();
        let byte = bytes[at];
        match self.state {
            State::RowStart { after_cr: true } if byte == b'\n' => {
                self.state = State::RowStart { after_cr: false };
                Ok(at + 1)
            }
            State::RowStart { .. } => {
                self.rows.starts.push((self.next_row, self.rows.ends.len()));
                self.state = State::FieldStart;
                Ok(at)
            }
            State::FieldStart if byte == b'"' => {
                self.state = State::Quoted;
                self.quote_opened_in = self.next_row;
                Ok(at + 1)
            }
            State::FieldStart | State::Plain => {
                self.state = State::Plain;
                let length = memchr::memchr3(self.delimiter, b'\n', b'\r', &bytes[at..]);
                let end = length.map_or(chunk.len(), |length| at + length);
                self.take(chunk.get(at..end).unwrap_or_default())?;
                let Some(length) = length else { return Ok(chunk.len()) };
                self.end_by(bytes[end]);
                Ok(at + length + 1)
            }
            State::Quoted => {
                let length = memchr::memchr(b'"', &bytes[at..]);
                let end = length.map_or(chunk.len(), |length| at + length);
                self.take(chunk.get(at..end).unwrap_or_default())?;
                let Some(length) = length else {
                    return Ok(chunk.len());
                };
                self.state = State::QuoteInQuoted;
                Ok(at + length + 1)
            }
            State::QuoteInQuoted if byte == b'"' => {
                self.take("\"")?;
                self.state = State::Quoted;
                Ok(at + 1)
            }
            State::QuoteInQuoted | State::Closed => {
                if byte == self.delimiter || byte == b'\n' || byte == b'\r' {
                    self.end_by(byte);
                } else if byte == b' ' || byte == b'\t' {
                    self.state = State::Closed;
                } else {
                    return Err(self.text_behind_quote());
                }
                Ok(at + 1)
            }
        }
    }

    /// What is said of text between a closing quote and the next separator.
    fn text_behind_quote(&self) -> BadBytes {
        BadBytes {
            row: Some(self.next_row),
            message: format!(
                "field {}: text follows a closing quote; a separator or line end is expected there",
                self.column()
            ),
            hint:
                "a field that begins with a quote ends at the next single one, and quotes inside \
                   are written twice: ask for the export with them doubled, or without quoting"
                    .to_owned(),
        }
    }

    /// The number of the field that is being read.
    fn column(&self) -> usize {
        let first = self.rows.starts.last().map_or(0, |(_, first)| *first);
        self.rows.ends.len() - first + 1
    }

    fn end_by(&mut self, byte: u8) {
        if byte == self.delimiter {
            self.rows.ends.push(self.rows.text.len());
            self.state = State::FieldStart;
        } else {
            self.end_row();
            self.state = State::RowStart { after_cr: byte == b'\r' };
        }
    }

    fn end_row(&mut self) {
        self.rows.ends.push(self.rows.text.len());
        self.rows.complete = self.rows.starts.len();
        self.next_row += 1;
    }

    fn take(&mut self, text: &str) -> Result<(), BadBytes> {
        let row = Some(self.next_row);
        if self.nul && memchr::memchr(0, text.as_bytes()).is_some() {
            return Err(BadBytes {
                row,
                message: format!("field {} holds a NUL byte", self.column()),
                hint:
                    "the file is damaged, or is UTF-16: correct \"encoding\", or ask for it again"
                        .to_owned(),
            });
        }
        let start = self.rows.ends.last().copied().unwrap_or(0);
        if self.rows.text.len() - start + text.len() > MAX_FIELD_BYTES {
            return Err(BadBytes {
                row,
                message: format!(
                    "field {} is longer than {MAX_FIELD_BYTES} bytes, the limit for one field",
                    self.column()
                ),
                hint: "the separator or a quote is wrong: correct \"delimiter\", or ask for the \
                       file again"
                    .to_owned(),
            });
        }
        self.rows.text.push_str(text);
        Ok(())
    }
}

/// Reads text with separators.
pub struct Csv<R> {
    text: TextReader<R>,
    splitter: Splitter,
    ended: bool,
}

impl<R: Read> Csv<R> {
    /// The rows of `text`, their fields separated by `delimiter`.
    #[must_use]
    pub fn new(text: TextReader<R>, delimiter: u8) -> Self {
        Self { text, splitter: Splitter::new(delimiter), ended: false }
    }

    /// The text that is read.
    #[must_use]
    pub fn text(&self) -> &TextReader<R> {
        &self.text
    }
}

impl<R: Read + Send> Reader for Csv<R> {
    fn columns(&self) -> Option<&[String]> {
        None
    }

    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        if self.ended {
            return Ok(None);
        }
        if let Decoded::Text(text) = self.text.next(self.splitter.row())? {
            return self.splitter.push(text).map(Some);
        }
        self.ended = true;
        self.splitter.finish().map(Some)
    }

    fn charset(&self) -> Option<Guess> {
        self.text.guess()
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_FIELD_BYTES, Splitter};
    use proptest::prelude::*;

    use crate::pull::read::{Decoded, TextReader};

    fn split(text: &str, cuts: &[usize]) -> Result<Vec<Vec<String>>, String> {
        let mut splitter = Splitter::new(b';');
        let mut table = Vec::new();
        let mut from = 0;
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(text.len());
        let mut collect = |rows: &super::Rows| {
            for row in rows.iter() {
                table.push((0..row.len()).map(|field| row.field(field).to_owned()).collect());
            }
        };
        for cut in cuts {
            let chunk = &text[from..cut];
            collect(splitter.push(chunk).map_err(|error| error.message)?);
            from = cut;
        }
        collect(splitter.finish().map_err(|error| error.message)?);
        Ok(table)
    }

    /// Rows of bytes that are decoded `chunk` bytes at a time.
    fn decoded(bytes: &[u8], label: Option<&str>, chunk: usize) -> Result<Vec<String>, String> {
        let encoding = label.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
        let encoding = encoding.unwrap_or(encoding_rs::UTF_16LE);
        let mut reader = TextReader::by_chunks(bytes, encoding, chunk);
        let mut splitter = Splitter::new(b';');
        let mut table = Vec::new();
        let mut collect = |rows: &super::Rows| table.extend(rows.iter().map(|row| row.raw()));
        let message = |error: super::BadBytes| error.message;
        while let Decoded::Text(text) = reader.next(splitter.row()).map_err(message)? {
            collect(splitter.push(text).map_err(message)?);
        }
        collect(splitter.finish().map_err(message)?);
        Ok(table)
    }

    /// What a file is made of: marks, letters of one to four bytes, and bytes that are no letters.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let marks =
            proptest::sample::select(vec![";", "\"", "\n", "\r", "\r\n", "a", "я", "€", "😀"]);
        prop_oneof![
            40 => marks.prop_map(|text| text.as_bytes().to_vec()),
            1 => any::<u8>().prop_map(|byte| vec![byte]),
        ]
    }

    #[test]
    fn quotes_keep_separators_line_ends_and_doubled_quotes() {
        let table = split("a;\"b;\r\n\"\"c\"\"\"\r\n1;2\n\n3", &[]).unwrap();
        let expected = [vec!["a", "b;\r\n\"c\""], vec!["1", "2"], vec![""], vec!["3"]];
        assert_eq!(table, expected);
    }

    #[test]
    fn a_bare_carriage_return_ends_a_row() {
        assert_eq!(split("a;b\rc;d\r", &[]).unwrap(), [["a", "b"], ["c", "d"]]);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_named_with_its_row() {
        let error = split("a\nb;\"c\nd\n", &[]).unwrap_err();
        assert_eq!(error, "a quote opened in row 2 is never closed");
    }

    #[test]
    fn text_behind_a_closing_quote_is_refused() {
        let error = split("1;\"Ромашка;100\n2;Бета;200\n4;\"Дельта;400\n", &[]).unwrap_err();
        let expected =
            "field 2: text follows a closing quote; a separator or line end is expected there";
        assert_eq!(error, expected);
        assert_eq!(split("a;\"ООО \"Ромашка\"\";1\n", &[]).unwrap_err(), expected);
        assert_eq!(split("\"a\" ;\"b\"\t\n\"c\" ", &[]).unwrap(), [vec!["a", "b"], vec!["c"]]);
    }

    #[test]
    fn a_field_has_a_limit() {
        let error = split(&format!("a;{}", "x".repeat(MAX_FIELD_BYTES + 1)), &[]).unwrap_err();
        assert!(error.starts_with("field 2 is longer than 1048576 bytes"), "{error}");
        assert!(split("a\0b", &[]).unwrap_err().contains("NUL"));
    }

    #[test]
    fn a_row_has_a_limit() {
        let mut splitter = Splitter::new(b';');
        let chunk = "a;".repeat(1 << 18);
        let error = (0..40).find_map(|_| splitter.push(&chunk).err()).unwrap();
        assert_eq!(error.message, "is longer than 16 MiB, the limit for one row");
    }

    proptest! {
        #[test]
        fn rows_do_not_depend_on_where_chunks_end(
            text in "[a;\"\n\r]{0,60}",
            cuts in proptest::collection::vec(0_usize..60, 0..6),
        ) {
            prop_assert_eq!(split(&text, &cuts), split(&text, &[]));
        }

        #[test]
        fn any_bytes_are_the_same_rows_however_they_are_read(
            pieces in proptest::collection::vec(piece(), 0..40),
            chunk in 4_usize..40,
            label in proptest::option::of(proptest::sample::select(&["utf-8", "windows-1251"])),
        ) {
            let bytes = pieces.concat();
            // Of two faults, the one that is met first is told.
            let whole = decoded(&bytes, label, bytes.len().max(4)).ok();
            prop_assert_eq!(decoded(&bytes, label, chunk).ok(), whole.clone());
            let ends = bytes.iter().filter(|byte| b"\n\r".contains(byte)).count();
            prop_assert!(whole.unwrap_or_default().len() <= ends + 1);
        }
    }
}
