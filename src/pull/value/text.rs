//! Texts of exports as the canonical tables hold them: equal for the eye, equal for the machine.
//!
//! Keeps true: what was cleaned stays as it is when it is cleaned again; what no eye sees makes no
//! difference between two ids.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// What spreadsheets show where a formula failed, in the languages that their users have.
const FAILED: [&str; 30] = [
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#SPILL!",
    "#CALC!",
    "#GETTING_DATA",
    "#FIELD!",
    "#BLOCKED!",
    "#UNKNOWN!",
    "#Н/Д",
    "#ССЫЛКА!",
    "#ЗНАЧ!",
    "#ДЕЛ/0!",
    "#ИМЯ?",
    "#ЧИСЛО!",
    "#ПУСТО!",
    "#NV",
    "#BEZUG!",
    "#WERT!",
    "#ZAHL!",
    "#S/O",
    "#VALOR!",
    "#VALEUR!",
    "#NOM?",
    "#NOMBRE?",
    "#ARG!",
];

/// What programs write for no value, in lower case.
const NOTHING: [&str; 8] = ["null", "(null)", "<null>", "\\n", "nan", "n/a", "none", "undefined"];

/// `text` in Unicode's composed form (NFC), every run of spaces as one space and none around it,
/// without the signs that nobody sees, and without what guards it from a spreadsheet: `="00123"`,
/// `'00123`.
///
/// # Errors
/// Where it holds a control character.
pub(in crate::pull) fn clean(text: &str) -> Result<Cow<'_, str>, String> {
    if is_clean(text) {
        return Ok(Cow::Borrowed(text));
    }
    let guarded = unguarded(text);
    let mut seen = String::with_capacity(guarded.len());
    for char in guarded.chars() {
        if char.is_whitespace() {
            if !seen.is_empty() && !seen.ends_with(' ') {
                seen.push(' ');
            }
        } else if char.is_control() {
            return Err(format!("holds the control character U+{:04X}", u32::from(char)));
        } else if !is_unseen(char) {
            seen.push(char);
        }
    }
    // What nobody saw may have stood within a guard.
    let inner = unguarded(&seen);
    Ok(Cow::Owned(ComposingNormalizerBorrowed::new_nfc().normalize(inner).into_owned()))
}

/// Whether `text` is nothing but signs that need no look, single spaces between them: letters and
/// signs of ASCII, Latin and Cyrillic that are composed, dashes, quotes, №.
fn is_clean(text: &str) -> bool {
    let bytes = text.as_bytes();
    if matches!(bytes, [b'=' | b'\'' | b' ', ..] | [.., b' ']) {
        return false;
    }
    let (mut at, mut spaced) = (0, false);
    while let Some(byte) = bytes.get(at) {
        let width = match (byte, bytes.get(at + 1)) {
            (b' ', _) if !spaced => 1,
            (0x21..=0x7e, _) => 1,
            // U+00A1 to U+017F but for the soft hyphen, U+0400 to U+047F.
            (0xc2, Some(0xa1..=0xac | 0xae..=0xbf)) | (0xc3..=0xc5 | 0xd0 | 0xd1, Some(_)) => 2,
            // U+2010 to U+2027, and №.
            (0xe2, Some(0x80 | 0x84)) => match &bytes[at..] {
                [_, 0x80, 0x90..=0xa7, ..] | [_, 0x84, 0x96, ..] => 3,
                _ => return false,
            },
            _ => return false,
        };
        spaced = *byte == b' ';
        at += width;
    }
    true
}

/// `text` without what keeps a spreadsheet from taking it for a number or a formula.
fn unguarded(text: &str) -> &str {
    let trimmed = text.trim();
    if let Some(inner) = trimmed.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        return unguarded(inner);
    }
    match trimmed.strip_prefix('\'') {
        Some(rest)
            if rest.starts_with(|char: char| char.is_ascii_digit() || "=+-@".contains(char)) =>
        {
            unguarded(rest)
        }
        _ => trimmed,
    }
}

/// Whether nobody sees `char`: marks of direction, joiners, hyphens that show at the end of a line.
fn is_unseen(char: char) -> bool {
    matches!(
        char,
        '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

/// Whether `text` says that there is no value: what a spreadsheet shows where a formula failed, or
/// what a program writes for nothing.
pub(in crate::pull) fn is_nothing(text: &str) -> bool {
    let begins =
        matches!(text.as_bytes(), [b'#' | b'(' | b'<' | b'\\' | b'N' | b'n' | b'U' | b'u', ..]);
    begins
        && text.len() <= 16
        && (text.starts_with('#') && FAILED.contains(&text.to_uppercase().as_str())
            || NOTHING.iter().any(|nothing| nothing.eq_ignore_ascii_case(text)))
}

/// Whether `text` is a number whose digits a spreadsheet cut off: `7,70123E+11`.
pub(in crate::pull) fn is_shortened(text: &str) -> bool {
    if !text.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let Some(at) = text.bytes().position(|byte| matches!(byte, b'E' | b'e')) else { return false };
    let (mantissa, exponent) = (&text[..at], &text[at + 1..]);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once([',', '.']).unwrap_or((mantissa, "0"));
    exponent.strip_prefix(['+', '-']).is_some_and(digits) && digits(whole) && digits(fraction)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{clean, is_nothing, is_shortened};

    #[test]
    fn what_no_eye_tells_apart_is_one_text() {
        for (text, expected) in [
            ("ООО Ромашка", "ООО Ромашка"),
            ("ООО\u{a0}Ромашка", "ООО Ромашка"),
            ("ООО  \t Ромашка ", "ООО Ромашка"),
            ("ООО\r\nРомашка", "ООО Ромашка"),
            ("Ромаш\u{ad}ка\u{200b}", "Ромашка"),
            ("Caf\u{65}\u{301}", "Caf\u{e9}"),
            ("И\u{306}од", "Йод"),
            ("=\"00123\"", "00123"),
            (" '00456", "00456"),
            ("'t Hoekje", "'t Hoekje"),
            ("=\"\"", ""),
            ("\u{feff}\u{a0}", ""),
        ] {
            assert_eq!(clean(text).as_deref(), Ok(expected), "{text:?}");
        }
        assert_eq!(clean("a\0b"), Err("holds the control character U+0000".to_owned()));
    }

    #[test]
    fn texts_that_stand_for_nothing_are_known() {
        for text in ["#N/A", "#н/д", "#ДЕЛ/0!", "NULL", "nan", "None", "\\N"] {
            assert!(is_nothing(text), "{text}");
        }
        for text in ["#1001", "Nandos", "Null & Co", "N", "-"] {
            assert!(!is_nothing(text), "{text}");
        }
        for (text, expected) in [
            ("7,70123E+11", true),
            ("3E+1", true),
            ("1.5e-05", true),
            ("12E4", false),
            ("E+1", false),
            ("1,E+1", false),
            ("770123E", false),
        ] {
            assert_eq!(is_shortened(text), expected, "{text}");
        }
    }

    #[test]
    fn a_sign_that_needs_no_look_is_composed_and_seen() {
        for char in (0..0x3000).filter_map(char::from_u32) {
            let text = format!("a{char}b");
            if super::is_clean(&text) {
                let seen = !char.is_control() && !super::is_unseen(char);
                let space = char == ' ' || !char.is_whitespace();
                let normal = icu_normalizer::ComposingNormalizerBorrowed::new_nfc();
                assert!(seen && space && normal.is_normalized(&text), "{char:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_clean_stays_as_it_is(
            text in prop::collection::vec(
                prop_oneof![
                    any::<char>(),
                    prop::sample::select(vec![' ', '\u{a0}', '=', '"', '\'', '0', 'е', '\u{306}', '\u{200b}']),
                ],
                0..12,
            )
        ) {
            let text: String = text.into_iter().collect();
            if let Ok(once) = clean(&text) {
                let twice = clean(&once);
                prop_assert_eq!(twice.as_deref(), Ok(once.as_ref()));
            }
        }
    }
}
