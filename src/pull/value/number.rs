//! Numbers as people write them → exact decimals.
//!
//! Keeps true: a number is read only by the declared separators; groups of thousands have three
//! digits; nothing passes through floating point.

use crate::config::pipeline::Locale;

/// A decimal: `mantissa × 10^-scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pull) struct Decimal {
    pub(in crate::pull) mantissa: i128,
    pub(in crate::pull) scale: u32,
}

/// Digits that an accounting number may have: 10^28 leaves room for products.
const MAX_DIGITS: u32 = 28;

/// The powers of ten that an `i128` holds.
const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut power = 1;
    while power < powers.len() {
        powers[power] = powers[power - 1] * 10;
        power += 1;
    }
    powers
};

impl Decimal {
    /// The product; `None` where it has too many digits.
    pub(in crate::pull) fn times(self, other: Self) -> Option<Self> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        Some(Self { mantissa, scale: self.scale + other.scale })
    }

    /// The number in units of `10^-scale`, rounded half away from zero; `None` where too large.
    pub(in crate::pull) fn at_scale(self, scale: u32) -> Option<i128> {
        if scale == self.scale {
            return Some(self.mantissa);
        }
        if scale >= self.scale {
            return self.mantissa.checked_mul(*POWERS.get((scale - self.scale) as usize)?);
        }
        let unit = *POWERS.get((self.scale - scale) as usize)?;
        let half = unit / 2 * self.mantissa.signum();
        Some(self.mantissa.checked_add(half)? / unit)
    }
}

/// Reads `text` by the separators of `locale`.
///
/// Signs: a leading or trailing `-` or `−`, a leading `+`, or brackets around the whole; the
/// declared currency sign stands before or behind the digits, or before the minus.
pub(in crate::pull) fn parse(text: &str, locale: &Locale) -> Result<Decimal, String> {
    let currency = locale.sign.as_deref();
    let (negative, body) = sign(without(text, currency));
    let body = without(body, currency);
    let mut number = Decimal { mantissa: 0, scale: 0 };
    let mut digits = 0_u32;
    let mut group: Option<u32> = None;
    let mut fraction = false;
    let mut seen = false;
    for char in body.chars() {
        if let Some(digit) = char.to_digit(10).filter(|_| char.is_ascii_digit()) {
            seen = true;
            digits += u32::from(digits > 0 || digit > 0);
            if digits > MAX_DIGITS {
                return Err(format!("has more than {MAX_DIGITS} digits"));
            }
            number.mantissa = number.mantissa * 10 + i128::from(digit);
            number.scale += u32::from(fraction);
            if !fraction {
                group = group.map(|digits| digits + 1);
            }
        } else if char == locale.decimal && !fraction {
            if group.is_some_and(|digits| digits != 3) {
                return Err("has a group of thousands that is not three digits".to_owned());
            }
            fraction = true;
        } else if is_thousands(char, locale) && !fraction && seen {
            let so_far = group.is_none_or(|digits| digits == 3);
            let first_long = group.is_none() && number.mantissa > 999;
            if !so_far || first_long {
                return Err("has a group of thousands that is not three digits".to_owned());
            }
            group = Some(0);
        } else {
            return Err(unexpected(char, locale));
        }
    }
    if !seen {
        return Err("has no digits".to_owned());
    }
    if !fraction && group.is_some_and(|digits| digits != 3) {
        return Err("has a group of thousands that is not three digits".to_owned());
    }
    number.mantissa = if negative { -number.mantissa } else { number.mantissa };
    Ok(number)
}

/// `text` without the currency sign at one of its ends.
fn without<'t>(text: &'t str, currency: Option<&str>) -> &'t str {
    let Some(currency) = currency else { return text };
    text.strip_prefix(currency).or_else(|| text.strip_suffix(currency)).map_or(text, str::trim)
}

fn sign(text: &str) -> (bool, &str) {
    if let [first, .., last] = text.as_bytes()
        && first.is_ascii_digit()
        && last.is_ascii_digit()
    {
        return (false, text);
    }
    if let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        return (true, inner.trim());
    }
    for minus in ['-', '\u{2212}'] {
        if let Some(rest) = text.strip_prefix(minus).or_else(|| text.strip_suffix(minus)) {
            return (true, rest.trim());
        }
    }
    (false, text.strip_prefix('+').unwrap_or(text))
}

/// Whether `char` separates thousands: a declared space stands for every kind of space, a
/// declared apostrophe for both kinds.
fn is_thousands(char: char, locale: &Locale) -> bool {
    match locale.thousands {
        Some(' ') => matches!(char, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'),
        Some('\'') => matches!(char, '\'' | '\u{2019}'),
        Some(separator) => char == separator,
        None => false,
    }
}

fn unexpected(char: char, locale: &Locale) -> String {
    let thousands = match locale.thousands {
        Some(separator) => format!("\"{separator}\""),
        None => "none".to_owned(),
    };
    format!("holds \"{char}\": expected decimal \"{}\" and thousands {thousands}", locale.decimal)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::{Decimal, parse};
    use crate::config::pipeline::Locale;

    fn hundredths(text: &str, decimal: char, thousands: Option<char>) -> Result<i128, String> {
        let locale = Locale {
            decimal,
            thousands,
            sign: Some("$".to_owned()),
            date: String::new(),
            zone: Tz::UTC,
        };
        parse(text, &locale).map(|number| number.at_scale(2).unwrap())
    }

    #[test]
    fn numbers_are_read_by_the_declared_separators() {
        for (text, decimal, thousands, expected) in [
            ("1234.5", '.', None, 123_450),
            ("1.234,56", ',', Some('.'), 123_456),
            ("1 234 567,8", ',', Some(' '), 123_456_780),
            ("1\u{a0}234,56", ',', Some(' '), 123_456),
            ("1\u{202f}234,56", ',', Some(' '), 123_456),
            ("1'234.56", '.', Some('\''), 123_456),
            ("1’234.56", '.', Some('\''), 123_456),
            ("-0,015", ',', None, -2),
            ("0,015", ',', None, 2),
            ("(12.00)", '.', None, -1_200),
            ("12.00-", '.', None, -1_200),
            ("−12", '.', None, -1_200),
            ("+7", '.', None, 700),
            ("007", '.', None, 700),
            (".5", '.', None, 50),
            ("-,5", ',', Some('.'), -50),
            ("$2,400.00", '.', Some(','), 240_000),
            ("-$12.50", '.', None, -1_250),
            ("$-12.50", '.', None, -1_250),
            ("($12.50)", '.', None, -1_250),
            ("12.50 $", '.', None, 1_250),
        ] {
            assert_eq!(hundredths(text, decimal, thousands), Ok(expected), "{text}");
        }
    }

    #[test]
    fn other_separators_are_refused() {
        for (text, decimal, thousands) in [
            ("1.234,56", '.', None),
            ("1.234,56", ',', None),
            ("1,234.56", ',', Some('.')),
            ("12 34,5", ',', Some(' ')),
            ("1234 567", ',', Some(' ')),
            ("1 23", ',', Some(' ')),
            ("", '.', None),
            ("-", '.', None),
            ("1e5", '.', None),
            ("12 руб.", ',', Some(' ')),
            ("99999999999999999999999999999", '.', None),
        ] {
            assert!(hundredths(text, decimal, thousands).is_err(), "{text}");
        }
    }

    #[test]
    fn a_comma_under_the_wrong_setting_is_named() {
        let error = hundredths("1.234,56", '.', None).unwrap_err();
        assert_eq!(error, "holds \",\": expected decimal \".\" and thousands none");
    }

    #[test]
    fn products_are_exact() {
        let price = Decimal { mantissa: 295, scale: 2 };
        let quantity = Decimal { mantissa: 3, scale: 0 };
        assert_eq!(price.times(quantity).unwrap().at_scale(2), Some(885));
        let tiny = Decimal { mantissa: -5, scale: 3 };
        assert_eq!(tiny.at_scale(2), Some(-1));
    }
}
