//! The charset of a text that says none, by all of its bytes.
//!
//! Keeps true: what is UTF-8 but for a few bytes is UTF-8 and damaged, never another charset.

use std::io::Read;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

use super::BadBytes;
use super::text::unreadable;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 1 << 18;

/// Bytes that a guess is made by, from the first that are not ASCII on.
const GUESSED_BY: usize = 1 << 22;

/// How a charset is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detected {
    /// By its byte order mark.
    Marked(&'static Encoding),
    /// All letters are ASCII.
    Ascii,
    /// All letters are valid, or nearly all: then it is damaged.
    Utf8,
    /// By so many bytes beyond ASCII.
    Likely(&'static Encoding, u64),
}

impl Detected {
    /// The encoding.
    #[must_use]
    pub fn encoding(self) -> &'static Encoding {
        match self {
            Self::Marked(encoding) | Self::Likely(encoding, _) => encoding,
            Self::Ascii | Self::Utf8 => UTF_8,
        }
    }
}

/// The charset of `bytes`, all of which are read.
///
/// # Errors
/// When they cannot be read or unpacked.
pub fn charset_of(mut bytes: impl Read) -> Result<Detected, BadBytes> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut buffer = vec![0; CHUNK_BYTES];
    // Bytes of a letter that the end of a chunk cuts.
    let mut begun = 0;
    let (mut first, mut valid, mut invalid, mut fed) = (true, 0_u64, 0_u64, 0_usize);
    loop {
        let read = bytes.read(&mut buffer[begun..]).map_err(|error| unreadable(&error))?;
        let chunk = &buffer[..begun + read];
        if first && let Some((marked, _)) = Encoding::for_bom(chunk) {
            return Ok(Detected::Marked(marked));
        }
        first = false;
        let mut cut = 0;
        for part in chunk.utf8_chunks() {
            let beyond = part.valid().bytes().filter(|byte| !byte.is_ascii()).count();
            valid += beyond as u64;
            let wrong = part.invalid();
            let ends = wrong.as_ptr_range().end == chunk.as_ptr_range().end;
            let unfinished = std::str::from_utf8(wrong).is_err_and(|it| it.error_len().is_none());
            if ends && unfinished && read > 0 {
                cut = wrong.len();
            } else {
                invalid += wrong.len() as u64;
            }
        }
        let whole = chunk.len() - cut;
        if fed < GUESSED_BY && (fed > 0 || !chunk.is_ascii()) {
            detector.feed(&chunk[..whole], false);
            fed += whole;
        }
        if read == 0 {
            break;
        }
        buffer.copy_within(whole..whole + cut, 0);
        begun = cut;
    }
    Ok(match (valid, invalid) {
        (0, 0) => Detected::Ascii,
        (valid, invalid) if valid > invalid.saturating_mul(10) => Detected::Utf8,
        (valid, invalid) => {
            detector.feed(&[], true);
            Detected::Likely(detector.guess(None, Utf8Detection::Deny), valid + invalid)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{Detected, charset_of};

    /// Gives a few bytes at a time.
    struct Slow<'a>(&'a [u8]);

    impl std::io::Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = buffer.len().min(self.0.len()).min(3);
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    #[test]
    fn a_charset_is_known_by_all_bytes_wherever_the_letters_stand() {
        let ascii = "Number;Date;Client;Amount\n".repeat(20_000);
        let russian = "ООО Ромашка;1,00\n".repeat(20);
        let german = "Müller Söhne;1,00\n".repeat(20);
        let with = |tail: &[u8]| [ascii.as_bytes(), tail].concat();
        let windows = |encoding: &'static encoding_rs::Encoding, text: &str| {
            encoding.encode(text).0.into_owned()
        };
        let cyrillic = windows(encoding_rs::WINDOWS_1251, &russian);
        let western = windows(encoding_rs::WINDOWS_1252, &german);
        for (bytes, expected) in [
            (ascii.clone().into_bytes(), "UTF-8"),
            (with(russian.as_bytes()), "UTF-8"),
            (with(&cyrillic), "windows-1251"),
            (with(&western), "windows-1252"),
            // One byte is wrong among many that are right.
            (with(&[russian.as_bytes(), b"\xff"].concat()), "UTF-8"),
        ] {
            let found = charset_of(bytes.as_slice()).unwrap();
            assert_eq!(found.encoding().name(), expected);
        }
        assert_eq!(charset_of(Slow("Дата".as_bytes())).unwrap(), Detected::Utf8);
        assert_eq!(charset_of(Slow(b"")).unwrap(), Detected::Ascii);
        assert_eq!(charset_of(Slow(b"\xd0")).unwrap().encoding().name(), "windows-1252");
    }
}
