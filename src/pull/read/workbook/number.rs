//! Numbers of a workbook → decimal text.
//!
//! Keeps true: 15 significant digits, as many as Excel keeps and shows; no exponent where the
//! whole part fits in them, and Excel's exponent where it does not, so that no id and no amount
//! is silently another. This is the one place where a number passes through floating point:
//! a workbook holds its numbers as doubles, and 1234.5600000000002 is its way to say 1234.56.

use std::io::Write;

use super::format::Format;

/// Significant digits that a double keeps.
const DIGITS: usize = 15;

/// Adds the number that `raw` writes as XML does.
pub(super) fn push_raw(raw: &str, decimal: char, text: &mut String) {
    let raw = raw.trim();
    match (plain(raw), raw.parse::<f64>()) {
        (Some((negative, whole, fraction)), _) => {
            let fraction = fraction.trim_end_matches('0');
            if negative && !(whole == "0" && fraction.is_empty()) {
                text.push('-');
            }
            text.push_str(whole);
            push_fraction(fraction, decimal, text);
        }
        (None, Ok(value)) => push_double(value, decimal, text),
        (None, Err(_)) => text.push_str(raw),
    }
}

/// Sign, whole part and fraction of a number that needs no rounding.
fn plain(raw: &str) -> Option<(bool, &str, &str)> {
    let body = raw.strip_prefix('-');
    let (whole, fraction) =
        body.unwrap_or(raw).split_once('.').unwrap_or((body.unwrap_or(raw), ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let short = !whole.is_empty() && whole.len() + fraction.len() <= DIGITS;
    let no_zeros = whole == "0" || !whole.starts_with('0');
    (short && no_zeros && digits(whole) && digits(fraction)).then_some((
        body.is_some(),
        whole,
        fraction,
    ))
}

fn push_fraction(digits: &str, decimal: char, text: &mut String) {
    if !digits.is_empty() {
        text.push(decimal);
        text.push_str(digits);
    }
}

/// Adds the nearest decimal of 15 significant digits.
pub(super) fn push_double(value: f64, decimal: char, text: &mut String) {
    if !value.is_finite() {
        text.push_str("#NUM!");
        return;
    }
    // "1.23456000000000e3": 15 digits, and where the point stands.
    let mut buffer = [0_u8; 32];
    let mut rest = &mut buffer[..];
    let written = write!(rest, "{:.14e}", value.abs()).map(|()| 32 - rest.len()).unwrap_or(0);
    let scientific = std::str::from_utf8(&buffer[..written]).unwrap_or_default();
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or(("0", "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (first, others) = mantissa.split_at(1);
    let others = others.trim_start_matches('.').trim_end_matches('0');
    if first == "0" {
        text.push('0');
        return;
    }
    if value < 0.0 {
        text.push('-');
    }
    let beyond = exponent > 15 || (exponent == 15 && !(first == "1" && others.is_empty()));
    if beyond {
        text.push_str(first);
        push_fraction(others, decimal, text);
        text.push_str("E+");
        text.push_str(&exponent.to_string());
    } else if let Ok(after) = usize::try_from(exponent) {
        text.push_str(first);
        text.push_str(&others[..after.min(others.len())]);
        text.extend(std::iter::repeat_n('0', after.saturating_sub(others.len())));
        push_fraction(&others[after.min(others.len())..], decimal, text);
    } else {
        text.push('0');
        text.push(decimal);
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        text.extend(std::iter::repeat_n('0', zeros));
        text.push_str(first);
        text.push_str(others);
    }
}

/// Adds the number as a format that carries identity shows it, where it is a whole one.
pub(super) fn push_identity(raw: &str, format: &Format, decimal: char, text: &mut String) {
    let start = text.len();
    push_raw(raw, decimal, text);
    show_identity(start, format, text);
}

/// Makes of the number that begins at `start` what a format that carries identity shows.
pub(super) fn show_identity(start: usize, format: &Format, text: &mut String) {
    let Format::Identity(places) = format else { return };
    let digits = text[start..].to_owned();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return;
    }
    text.truncate(start);
    let zeros = places.iter().filter(|place| place.is_none()).count();
    let padding = zeros.saturating_sub(digits.len());
    // The first place takes the digits for which there is no place of their own.
    let mut take = 1 + digits.len().saturating_sub(zeros);
    let mut digits = std::iter::repeat_n('0', padding).chain(digits.chars());
    for place in places {
        match place {
            Some(literal) => text.push(*literal),
            None => text.extend(digits.by_ref().take(std::mem::replace(&mut take, 1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{push_double, push_identity, push_raw};
    use crate::pull::read::workbook::format::Format;

    #[test]
    fn numbers_have_at_most_15_digits_and_no_exponent() {
        for (raw, expected) in [
            ("1234.5600000000002", "1234.56"),
            ("0.30000000000000004", "0.3"),
            ("1234.50", "1234.5"),
            ("-1234", "-1234"),
            ("-0.0", "0"),
            ("0", "0"),
            ("1E3", "1000"),
            ("1.5E-7", "0.00000015"),
            ("-2581913780.19", "-2581913780.19"),
            ("999999999999999", "999999999999999"),
            ("1000000000000000", "1000000000000000"),
            ("1E+15", "1000000000000000"),
            ("770123456789", "770123456789"),
            ("40702810900000012345", "4.07028109E+19"),
            ("12345678901234567", "1.23456789012346E+16"),
            ("NaN", "#NUM!"),
            ("inf", "#NUM!"),
            ("без НДС", "без НДС"),
        ] {
            let mut text = String::new();
            push_raw(raw, '.', &mut text);
            assert_eq!(text, expected, "{raw}");
        }
    }

    #[test]
    fn a_sum_of_doubles_is_its_decimal() {
        let mut text = String::new();
        push_double(0.1 + 0.2, ',', &mut text);
        assert_eq!(text, "0,3");
    }

    #[test]
    fn pitfall_2_a_format_of_zeros_and_literals_keeps_identity() {
        for (code, raw, expected) in [
            ("00", "1", "01"),
            ("0\".Н\"", "94", "94.Н"),
            ("000000", "42", "000042"),
            ("0", "60", "60"),
            ("00", "123", "123"),
            ("000\\-000", "12345", "012-345"),
            ("000\\-000", "12345678", "12345-678"),
            ("00", "1.5", "1.5"),
            ("00", "-1", "-1"),
            ("#,##0.00", "1", "1"),
            ("0.00", "1", "1"),
            ("0%", "1", "1"),
        ] {
            let mut text = String::new();
            push_identity(raw, &Format::of(code), '.', &mut text);
            assert_eq!(text, expected, "{code} {raw}");
        }
    }
}
