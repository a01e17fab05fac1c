//! Charset and separator of text, by its beginning.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

use super::Kind;
use super::rows::bad;
use crate::error::Result;
use crate::pull::fetch::ExportBytes;
use crate::pull::read::{Detected, charset_of};

/// Separators that are tried, the likeliest first where they do as well.
const SEPARATORS: [char; 4] = [';', '\t', ',', '|'];

/// Lines by which the separator is chosen.
const LINES: usize = 200;

/// The charset of `sample`, and how it is known.
pub(super) fn detected(sample: &[u8]) -> (&'static Encoding, String) {
    if as_utf8(sample) {
        return (UTF_8, utf8(sample, sample.is_ascii()));
    }
    if let Some((encoding, _)) = Encoding::for_bom(sample) {
        return (encoding, format!("{}, sure: by its byte order mark", name(encoding)));
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let encoding = detector.guess(None, Utf8Detection::Deny);
    let others = sample.iter().filter(|byte| !byte.is_ascii()).count();
    let how = if others >= 100 { "likely" } else { "a guess" };
    (encoding, format!("{}, {how}: by {others} letters beyond ASCII", name(encoding)))
}

/// Whether a text that begins with `sample` may be UTF-8.
pub(super) fn as_utf8(sample: &[u8]) -> bool {
    // The sample may end in the middle of a letter.
    let valid = |error: std::str::Utf8Error| error.error_len().is_none();
    let marked = Encoding::for_bom(sample);
    marked.is_none_or(|(encoding, _)| encoding == UTF_8)
        && std::str::from_utf8(sample).map_or_else(valid, |_| true)
}

/// How a text that begins with `sample` is known to be UTF-8, once it was read to its end.
pub(super) fn utf8(sample: &[u8], ascii: bool) -> String {
    let why = match (Encoding::for_bom(sample), ascii) {
        (Some(_), _) => "by its byte order mark",
        (None, true) => "all letters are ASCII",
        (None, false) => "all letters are valid",
    };
    format!("utf-8, sure: {why}")
}

/// The charset of all `bytes`, which begin with `sample`, and how it is known.
pub(super) fn of_whole(bytes: ExportBytes, sample: &[u8]) -> Result<(&'static Encoding, String)> {
    let (encoding, others) = match charset_of(bytes).map_err(bad)? {
        Detected::Marked(_) => return Ok(detected(sample)),
        Detected::Ascii => return Ok((UTF_8, utf8(sample, true))),
        Detected::Utf8 => return Ok((UTF_8, utf8(sample, false))),
        Detected::Likely(encoding, others) => (encoding, others),
    };
    let how = if others >= 100 { "likely" } else { "a guess" };
    Ok((encoding, format!("{}, {how}: by {others} letters beyond ASCII", name(encoding))))
}

/// The label to declare.
pub(super) fn name(encoding: &'static Encoding) -> String {
    encoding.name().to_lowercase()
}

/// The charset of a format that says it itself, and how it is known.
pub(super) fn charset(sample: &[u8], kind: Kind) -> String {
    let text = beginning(sample);
    let declared = |before: &str, after: char| {
        let rest = text.get(..2_000.min(text.len())).unwrap_or(&text).split_once(before)?.1;
        let rest = rest.trim_start_matches(['"', '\'']);
        Some(rest.split([after, '"', '\'', '\r', '\n']).next().unwrap_or_default().to_lowercase())
    };
    match kind {
        Kind::Named(_, "client_bank_exchange") => match declared("Кодировка=", '\n').as_deref()
        {
            Some("dos") => "cp866, sure: the file says so".to_owned(),
            Some("windows") => "windows-1251, sure: the file says so".to_owned(),
            _ => detected(sample).1,
        },
        Kind::Named(_, "sie") if std::str::from_utf8(sample).is_err() => {
            "cp437, sure: #FORMAT PC8".to_owned()
        }
        Kind::Named(_, "datev") if !sample.is_ascii() && Encoding::for_bom(sample).is_none() => {
            "windows-1252, sure: the format's own".to_owned()
        }
        Kind::Named(_, "datev" | "sie") => detected(sample).1,
        Kind::Named(..) => match declared("encoding=", '?') {
            Some(name) => format!("{name}, sure: the file says so"),
            None => detected(sample).1,
        },
        Kind::Ndjson => "utf-8, sure: JSON has no other".to_owned(),
        Kind::Dbf => match sample.get(29) {
            Some(byte @ 1..) => format!("language byte 0x{byte:02x}"),
            _ => "not said by the file".to_owned(),
        },
        Kind::Csv | Kind::Workbook(_) | Kind::Parquet => String::new(),
    }
}

/// The beginning of `sample` as text, for words that tell a format.
pub(super) fn beginning(sample: &[u8]) -> String {
    let part = sample.get(..1 << 14).unwrap_or(sample);
    let marked = Encoding::for_bom(part).map(|(encoding, _)| encoding);
    let encoding = marked.unwrap_or(if as_utf8(part) { UTF_8 } else { encoding_rs::WINDOWS_1251 });
    encoding.decode(part).0.into_owned()
}

/// The separator that cuts most lines into the same number of fields.
pub(super) fn separator(text: &str) -> char {
    let lines: Vec<&str> =
        text.lines().filter(|line| !line.trim().is_empty()).take(LINES).collect();
    let score = |separator: char| {
        let mut counts = std::collections::BTreeMap::new();
        for line in &lines {
            *counts.entry(outside_quotes(line, separator)).or_insert(0_usize) += 1;
        }
        counts
            .iter()
            .filter(|(fields, _)| **fields > 0)
            .map(|(fields, lines)| (*lines, *fields))
            .max()
    };
    let mut best = (',', (0, 0));
    for separator in SEPARATORS {
        if let Some(found) = score(separator)
            && found > best.1
        {
            best = (separator, found);
        }
    }
    best.0
}

/// How often `separator` stands outside quotes.
fn outside_quotes(line: &str, separator: char) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for char in line.chars() {
        match char {
            '"' => quoted = !quoted,
            char if char == separator && !quoted => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::{detected, separator};

    #[test]
    fn a_separator_is_what_cuts_lines_alike() {
        for (text, expected) in [
            ("Номер;Дата;Сумма\n1;01.02.2026;1 234,50\n2;02.02.2026;7,10\n", ';'),
            ("a,b\n\"x;y;z\",2\n\"p;q;r\",3\n", ','),
            ("Title\n\na\tb\tc\n1\t2,5\t3\n", '\t'),
            ("one\ntwo\n", ','),
        ] {
            assert_eq!(separator(text), expected, "{text}");
        }
    }

    #[test]
    fn how_sure_a_charset_is_is_said() {
        let cyrillic = "Номер;Контрагент;Сумма документа".repeat(10);
        let (bytes, ..) = encoding_rs::WINDOWS_1251.encode(&cyrillic);
        for (bytes, expected) in [
            (b"a;b".as_slice(), "utf-8, sure: all letters are ASCII"),
            ("\u{feff}a".as_bytes(), "utf-8, sure: by its byte order mark"),
            ("я".as_bytes(), "utf-8, sure: all letters are valid"),
            (&bytes, "windows-1251, likely: by 290 letters beyond ASCII"),
        ] {
            assert_eq!(detected(bytes).1, expected);
        }
    }
}
