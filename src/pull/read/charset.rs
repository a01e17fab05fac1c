//! Charsets of old accounting files: those of the web, and the OEM pages of DOS beside them.
//!
//! Keeps true: what is decoded is decoded without loss, or not at all.

use std::borrow::Cow;

use encoding_rs::{Encoding, IBM866, UTF_8, WINDOWS_1251};
use oem_cp::code_table::DECODING_TABLE_CP_MAP;

/// A charset in which whole fields or lines are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// One that browsers know.
    Encoding(&'static Encoding),
    /// An OEM page by its number, as 437.
    Oem(u16),
}

impl Charset {
    /// UTF-8.
    pub(super) const UTF_8: Self = Self::Encoding(UTF_8);
    /// Cyrillic Windows.
    pub(super) const WINDOWS_1251: Self = Self::Encoding(WINDOWS_1251);
    /// Cyrillic DOS.
    pub(super) const CP866: Self = Self::Encoding(IBM866);

    /// The charset called `label`: `cp437`, `cp850` or any label of the web, as `windows-1251`.
    #[must_use]
    pub(super) fn for_label(label: &str) -> Option<Self> {
        let label = label.trim();
        Encoding::for_label(label.as_bytes()).map(Self::Encoding).or_else(|| {
            let number = label.to_ascii_lowercase();
            let number = number.strip_prefix("cp").or_else(|| number.strip_prefix("ibm"))?;
            let page = number.parse().ok()?;
            DECODING_TABLE_CP_MAP.get(&page).map(|_| Self::Oem(page))
        })
    }

    /// Its name, as it may be declared.
    #[must_use]
    pub(super) fn name(self) -> Cow<'static, str> {
        match self {
            Self::Encoding(encoding) => Cow::Borrowed(encoding.name()),
            Self::Oem(page) => Cow::Owned(format!("cp{page}")),
        }
    }

    /// The text; `None` where `bytes` are not of this charset.
    #[must_use]
    pub(super) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            _ if bytes.is_ascii() => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Self::Encoding(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes)
            }
            Self::Oem(page) => {
                DECODING_TABLE_CP_MAP.get(&page)?.decode_string_checked(bytes).map(Cow::Owned)
            }
        }
    }

    /// The one of UTF-8, windows-1251 and cp866 in which `bytes` read like Russian; `None` where
    /// none does.
    #[must_use]
    pub(super) fn of_russian(bytes: &[u8]) -> Option<Self> {
        if bytes.is_ascii() {
            return None;
        }
        let score = |charset: Self| charset.decode(bytes).map_or(i64::MIN, |text| russian(&text));
        let best = [Self::UTF_8, Self::WINDOWS_1251, Self::CP866].into_iter();
        let best = best.map(|charset| (score(charset), charset)).max_by_key(|(score, _)| *score)?;
        (best.0 > 0).then_some(best.1)
    }
}

/// How much `text` reads like Russian: its letters stand together, the commonest most often, and
/// no capital follows a small one.
fn russian(text: &str) -> i64 {
    let is_letter = |char: char| matches!(char, 'А'..='я' | 'Ё' | 'ё');
    let mut score = 0;
    let mut last = ' ';
    for char in text.chars() {
        score += match char {
            _ if char.is_ascii() || matches!(char, '№' | '«' | '»' | '–' | '—' | '\u{a0}') => {
                0
            }
            _ if !is_letter(char) => -2,
            _ if !is_letter(last) => 0,
            'А'..='Я' if last.is_lowercase() => -2,
            _ if "оеаинтсрвлОЕАИНТСРВЛ".contains(char) => 2,
            _ => 1,
        };
        last = char;
    }
    score
}

#[cfg(test)]
mod tests {
    use super::Charset;
    use proptest::prelude::*;

    #[test]
    fn labels_name_pages_that_browsers_do_not_know() {
        for (label, name) in [
            ("cp437", "cp437"),
            ("CP850", "cp850"),
            ("ibm852", "cp852"),
            ("cp866", "IBM866"),
            ("windows-1251", "windows-1251"),
            ("latin1", "windows-1252"),
        ] {
            assert_eq!(Charset::for_label(label).unwrap().name(), name, "{label}");
        }
        assert_eq!(Charset::for_label("cp1"), None);
        assert_eq!(Charset::for_label("ebcdic"), None);
    }

    #[test]
    fn bytes_of_another_charset_are_not_decoded() {
        assert_eq!(Charset::Oem(437).decode(b"f\x94r").unwrap(), "för");
        assert_eq!(Charset::Oem(850).decode(b"\x9d").unwrap(), "Ø");
        assert_eq!(Charset::UTF_8.decode(b"f\x94r"), None);
    }

    #[test]
    fn russian_is_told_from_other_languages() {
        for text in ["Контрагент", "ОПЛАТА ПО СЧЕТУ №5", "Услуги «Ёлка»", "щи"]
        {
            let (windows, ..) = encoding_rs::WINDOWS_1251.encode(text);
            let dos: Vec<u8> =
                oem_cp::encode_string_lossy(text, oem_cp::code_table::ENCODING_TABLE_CP_MAP[&866]);
            assert_eq!(Charset::of_russian(&windows), Some(Charset::WINDOWS_1251), "{text}");
            assert_eq!(Charset::of_russian(&dos), Some(Charset::CP866), "{text}");
            assert_eq!(Charset::of_russian(text.as_bytes()), Some(Charset::UTF_8), "{text}");
        }
        for text in ["Größe für Straße", "Café", "abc"] {
            let (western, ..) = encoding_rs::WINDOWS_1252.encode(text);
            assert_eq!(Charset::of_russian(&western), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_do_not(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            for label in ["cp437", "cp850", "cp857", "cp866", "utf-8", "utf-16le", "cp1252"] {
                let charset = Charset::for_label(label).unwrap();
                let _ = charset.decode(&bytes);
            }
            let _ = Charset::of_russian(&bytes);
        }
    }
}
