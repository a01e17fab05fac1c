//! Bytes → UTF-8 text, chunk by chunk, in a declared or detected charset.

use std::io::Read;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use super::BadBytes;
use super::detect::Detected;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 1 << 18;

/// What a charset was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    /// Its name.
    pub name: &'static str,
    /// Whether all letters are valid in it, and hardly ever would be if it were another.
    pub sure: bool,
}

/// A stream of text.
pub struct TextReader<R> {
    bytes: R,
    encoding: &'static Encoding,
    /// What its encoding was taken for, where nothing said it.
    guess: Option<Guess>,
    decoder: Decoder,
    buffer: Vec<u8>,
    pending: std::ops::Range<usize>,
    text: String,
    ascii: bool,
    offset: u64,
    ended: bool,
    done: bool,
    /// What went wrong behind the bytes that are still to be decoded.
    failed: Option<BadBytes>,
}

/// The next piece of text.
#[derive(Debug)]
pub enum Decoded<'a> {
    /// Valid UTF-8.
    Text(&'a str),
    /// Nothing is left.
    End,
}

impl<R: Read> TextReader<R> {
    /// Opens `bytes`, which are in `encoding` unless a byte order mark says otherwise.
    pub fn new(bytes: R, encoding: &'static Encoding) -> Self {
        Self::by_chunks(bytes, encoding, CHUNK_BYTES)
    }

    /// The same of bytes whose encoding was detected.
    pub fn detected(bytes: R, charset: Detected) -> Self {
        let name = charset.encoding().name();
        let guess = match charset {
            // A mark says it, and what is ASCII is the same in all of them.
            Detected::Marked(_) | Detected::Ascii => None,
            Detected::Utf8 => Some(Guess { name, sure: true }),
            Detected::Likely(..) => Some(Guess { name, sure: false }),
        };
        Self { guess, ..Self::new(bytes, charset.encoding()) }
    }

    /// The same as [`TextReader::new`], reading `chunk` bytes at a time.
    pub(super) fn by_chunks(bytes: R, encoding: &'static Encoding, chunk: usize) -> Self {
        let mut reader = Self {
            bytes,
            encoding,
            guess: None,
            decoder: UTF_8.new_decoder_with_bom_removal(),
            buffer: vec![0; chunk],
            pending: 0..0,
            text: "\0".repeat(chunk * 3 + 16),
            ascii: true,
            offset: 0,
            ended: false,
            done: false,
            failed: None,
        };
        reader.fill();
        let sample = &reader.buffer[reader.pending.clone()];
        reader.encoding = Encoding::for_bom(sample).map_or(encoding, |(marked, _)| marked);
        reader.decoder = reader.encoding.new_decoder_with_bom_removal();
        reader
    }

    /// The charset that is used.
    #[must_use]
    pub fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    /// Whether all that was read is ASCII.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// What its charset was taken for, where nothing said it.
    #[must_use]
    pub fn guess(&self) -> Option<Guess> {
        self.guess
    }

    /// Gives back the bytes' reader.
    pub fn into_inner(self) -> R {
        self.bytes
    }

    /// The next piece of text; `row` is the row that is being read, for messages.
    ///
    /// # Errors
    /// When bytes cannot be read, unpacked or decoded.
    pub fn next(&mut self, row: u64) -> Result<Decoded<'_>, BadBytes> {
        if self.done {
            return Ok(Decoded::End);
        }
        if self.pending.is_empty() && !self.ended {
            self.fill();
        }
        if self.pending.is_empty()
            && let Some(error) = self.failed.take()
        {
            self.done = true;
            return Err(BadBytes { row: Some(row), ..error });
        }
        let (result, read, written) = self.decoder.decode_to_str_without_replacement(
            &self.buffer[self.pending.clone()],
            &mut self.text,
            self.ended,
        );
        self.pending.start += read;
        self.offset += read as u64;
        match result {
            DecoderResult::InputEmpty => self.done = self.ended && self.pending.is_empty(),
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(length, extra) => {
                let at = self.offset - u64::from(length) - u64::from(extra);
                return Err(BadBytes {
                    row: Some(row),
                    message: format!(
                        "byte {at} is not {}: the file is in another charset",
                        self.encoding.name()
                    ),
                    hint: if self.guess.is_some() {
                        "declare its charset, as encoding: windows-1251; or ask for it in UTF-8"
                    } else {
                        "correct \"encoding\", as windows-1251, or write encoding: detect"
                    }
                    .to_owned(),
                });
            }
        }
        let text = self.text.get(..written).unwrap_or_default();
        self.ascii &= text.is_ascii();
        Ok(Decoded::Text(text))
    }

    /// Reads until the buffer is full or the bytes end.
    fn fill(&mut self) {
        if self.failed.is_some() {
            return;
        }
        let mut filled = 0;
        while filled < self.buffer.len() {
            match self.bytes.read(&mut self.buffer[filled..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(unreadable(&error));
                    break;
                }
            }
        }
        self.pending = 0..filled;
    }
}

/// Says that bytes cannot be read or unpacked.
pub(super) fn unreadable(error: &std::io::Error) -> BadBytes {
    let cut = error.kind() == std::io::ErrorKind::UnexpectedEof;
    let what = if cut { "the packed file is cut off" } else { "reading failed" };
    BadBytes {
        row: None,
        message: format!("{what}: {error}"),
        hint: "ask for the file again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::detect::charset_of;
    use super::{Decoded, TextReader};

    fn read(bytes: &[u8], label: Option<&str>) -> Result<(String, &'static str), String> {
        let mut reader = match label {
            Some(label) => {
                let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
                TextReader::new(bytes, encoding)
            }
            None => TextReader::detected(bytes, charset_of(bytes).unwrap()),
        };
        let mut text = String::new();
        while let Decoded::Text(piece) = reader.next(1).map_err(|error| error.message)? {
            text.push_str(piece);
        }
        Ok((text, reader.encoding.name()))
    }

    #[test]
    fn a_byte_order_mark_wins_and_is_taken_off() {
        let (text, encoding) = read("\u{feff}Дата".as_bytes(), Some("windows-1251")).unwrap();
        assert_eq!((text.as_str(), encoding), ("Дата", "UTF-8"));
    }

    #[test]
    fn the_charset_is_detected() {
        let (bytes, ..) = encoding_rs::WINDOWS_1251.encode("Номер;Дата;Контрагент;Сумма\n");
        let (text, encoding) = read(&bytes, None).unwrap();
        assert_eq!((text.as_str(), encoding), ("Номер;Дата;Контрагент;Сумма\n", "windows-1251"));
    }

    #[test]
    fn bytes_of_another_charset_are_named_with_their_place() {
        let (bytes, ..) = encoding_rs::WINDOWS_1251.encode("ab;Дата");
        let error = read(&bytes, Some("utf-8")).unwrap_err();
        assert!(error.starts_with("byte 3 is not UTF-8"), "{error}");
    }
}
