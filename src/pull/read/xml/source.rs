//! The bytes of an XML file as UTF-8, by the charset that its mark or its declaration names.
//!
//! Keeps true: the charset is known before the first character is decoded, however short the
//! declaration; what is read between two marks of progress has a limit.

use std::io::{self, BufRead, Chain, Cursor, Read};

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::{memchr_iter, memmem};

use super::super::{BadBytes, Decoded, TextReader};

/// Bytes in which the declaration is looked for.
const HEAD_BYTES: usize = 1024;

/// The longest tag, text, comment or CDATA section.
const MAX_PIECE_BYTES: usize = 8 << 20;

/// A reader of UTF-8 that counts lines.
pub(super) struct Source<R> {
    text: TextReader<Chain<Cursor<Vec<u8>>, R>>,
    chunk: String,
    at: usize,
    taken: usize,
    line: u64,
    failed: Option<BadBytes>,
}

impl<R: Read> Source<R> {
    pub(super) fn new(mut bytes: R) -> Result<Self, BadBytes> {
        let mut head = Vec::with_capacity(HEAD_BYTES);
        let read = bytes.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head);
        read.map_err(|error| {
            let cut = error.kind() == io::ErrorKind::UnexpectedEof;
            let what = if cut { "the packed file is cut off" } else { "reading failed" };
            let hint = "ask for the file again".to_owned();
            BadBytes { row: None, message: format!("{what}: {error}"), hint }
        })?;
        let encoding = charset(&head)?;
        let text = TextReader::new(Cursor::new(head).chain(bytes), encoding);
        Ok(Self { text, chunk: String::new(), at: 0, taken: 0, line: 1, failed: None })
    }

    /// The name of the charset.
    pub(super) fn charset(&self) -> &'static str {
        self.text.encoding().name()
    }

    /// The line that is being read, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Marks progress: the piece read until here was made use of.
    pub(super) fn progress(&mut self) {
        self.taken = 0;
    }

    /// Why reading failed, where it did.
    pub(super) fn failed(&mut self) -> Option<BadBytes> {
        self.failed.take()
    }

    fn fail(&mut self, bad: BadBytes) -> io::Error {
        self.failed = Some(bad);
        io::Error::other("the text ends here")
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > MAX_PIECE_BYTES {
            let message = format!(
                "line {}: a tag, a text or a comment is longer than {} MiB",
                self.line,
                MAX_PIECE_BYTES >> 20
            );
            let hint = "ask for the file without what is attached to it".to_owned();
            return Err(self.fail(BadBytes { row: None, message, hint }));
        }
        while self.at >= self.chunk.len() {
            self.chunk.clear();
            self.at = 0;
            match self.text.next(1) {
                Ok(Decoded::Text(text)) => self.chunk.push_str(text),
                Ok(Decoded::End) => break,
                Err(bad) => {
                    let undecodable = bad.hint.contains("encoding");
                    let hint = if undecodable {
                        format!(
                            "ask for the file in the charset that its first line names, {}",
                            self.charset()
                        )
                    } else {
                        bad.hint
                    };
                    return Err(self.fail(BadBytes { row: None, message: bad.message, hint }));
                }
            }
        }
        Ok(&self.chunk.as_bytes()[self.at..])
    }

    fn consume(&mut self, count: usize) {
        let end = (self.at + count).min(self.chunk.len());
        self.line += memchr_iter(b'\n', &self.chunk.as_bytes()[self.at..end]).count() as u64;
        self.taken += end - self.at;
        self.at = end;
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

/// The charset of a file that begins with `head`; a mark at its begin wins over all.
fn charset(head: &[u8]) -> Result<&'static Encoding, BadBytes> {
    if let Some((marked, _)) = Encoding::for_bom(head) {
        return Ok(marked);
    }
    match head {
        [b'<', 0, ..] => return Ok(UTF_16LE),
        [0, b'<', ..] => return Ok(UTF_16BE),
        _ => {}
    }
    let head = head.trim_ascii_start();
    let end = memmem::find(head, b"?>").unwrap_or(0);
    let Some(declaration) = head[..end].strip_prefix(b"<?xml") else { return Ok(UTF_8) };
    let declaration = String::from_utf8_lossy(declaration);
    let Some((_, value)) = declaration.split_once("encoding") else { return Ok(UTF_8) };
    let value = value.trim_start().trim_start_matches('=').trim_start();
    let label = value.split(['"', '\'']).nth(1).unwrap_or_default();
    match Encoding::for_label(label.as_bytes()) {
        // Whoever writes so wrote the declaration itself in bytes.
        Some(wide) if wide == UTF_16LE || wide == UTF_16BE => Ok(UTF_8),
        Some(known) => Ok(known),
        None => Err(BadBytes {
            row: None,
            message: format!("the first line names the charset {label:?}, which is unknown"),
            hint: "ask for the file in UTF-8".to_owned(),
        }),
    }
}
