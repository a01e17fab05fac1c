//! Values as settings write them: whole numbers, decimals, words, days, times; what is wrong goes to
//! the checker's faults.

use super::settings::Value;
use super::text::Checker;
use super::yaml::{Spanned, at};
use crate::language::Language;
use crate::names;

/// `text` as a whole number of 10^-`places`; `None` where it is no plain decimal of that scale.
pub(super) fn parse_decimal(text: &str, places: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > places {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

/// The largest number of days, purchases or clients that a setting may name.
const MAX_INTEGER: u32 = 100_000;

pub(super) fn integer(
    check: &mut Checker<'_>,
    value: Option<&Spanned<u32>>,
    default: i64,
) -> Value {
    if let Some(written) = value.filter(|written| written.value > MAX_INTEGER) {
        check.fault_hint(
            at(written),
            format!("{} is out of bounds", written.value),
            format!("write a whole number up to {MAX_INTEGER}"),
        );
    }
    Value::Integer(value.map_or(default, |value| i64::from(value.value)))
}

/// Reports `upper` where it is below `lower`.
pub(super) fn ordered<T>(
    check: &mut Checker<'_>,
    names: (&str, &str),
    (lower, upper): (&Value, &Value),
    places: [Option<&Spanned<T>>; 2],
) {
    let number = |value: &Value| match value {
        Value::Integer(number) => number.checked_mul(10_000),
        Value::Decimal(text) => parse_decimal(text, 4),
        _ => None,
    };
    if let (Some(low), Some(high)) = (number(lower), number(upper))
        && low > high
        && let Some(place) = places.into_iter().flatten().next()
    {
        check.fault_hint(
            at(place),
            format!("{} lies above {}", names.0, names.1),
            match names.1.parse::<u32>() {
                Ok(most) => format!("write at most {most}"),
                Err(_) => format!("let {} be at least {}", names.1, names.0),
            },
        );
    }
}

pub(super) fn decimal(
    check: &mut Checker<'_>,
    value: Option<&Spanned<String>>,
    default: &str,
    places: usize,
) -> Value {
    let Some(written) = value else {
        return Value::Decimal(default.to_owned());
    };
    if parse_decimal(&written.value, places).is_none() {
        check.fault_hint(
            at(written),
            format!("\"{}\" is not a decimal with at most {places} places", written.value),
            format!("write as {default}"),
        );
    }
    Value::Decimal(written.value.clone())
}

pub(super) fn word(
    check: &mut Checker<'_>,
    value: Option<&Spanned<String>>,
    default: &str,
    known: &[&str],
) -> String {
    let Some(written) = value else {
        return default.to_owned();
    };
    if !known.contains(&written.value.as_str()) {
        check.fault_hint(
            at(written),
            format!("\"{}\" is not one of the choices", written.value),
            names::suggest(&written.value, known.iter().copied()),
        );
    }
    written.value.clone()
}

/// The code of a currency; anything else is a fault.
pub(super) fn currency(check: &mut Checker<'_>, written: &Spanned<String>) -> String {
    let currency = check.string(written);
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        check.fault_hint(
            at(written),
            format!("currency \"{currency}\" is not a code"),
            "use the three capital letters of ISO 4217, as RUB",
        );
    }
    currency
}

/// A language by its code; `default` where nothing is written.
pub(super) fn language(
    check: &mut Checker<'_>,
    written: Option<&Spanned<String>>,
    default: Language,
) -> Language {
    let codes = Language::ALL.map(Language::code);
    let code = word(check, written, default.code(), &codes);
    Language::named(&code).unwrap_or_default()
}

/// A day written `YYYY-MM-DD`; anything else is a fault.
pub(super) fn date(
    check: &mut Checker<'_>,
    written: &Spanned<String>,
) -> Option<chrono::NaiveDate> {
    let parsed = written.value.parse().ok();
    if parsed.is_none() {
        check.fault_hint(
            at(written),
            format!("\"{}\" is not a day", written.value),
            "write YYYY-MM-DD, as 2026-09-30",
        );
    }
    parsed
}

/// A time as `500ms`, `60s`, `15m` or `2h`; anything else is a fault.
pub(super) fn duration(
    check: &mut Checker<'_>,
    written: &Spanned<String>,
) -> Option<chrono::TimeDelta> {
    let text = written.value.as_str();
    let split = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let milliseconds = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let number: Option<i64> = number.parse().ok().filter(|number| (1..=100_000).contains(number));
    let duration = number.zip(milliseconds);
    if duration.is_none() {
        check.fault_hint(
            at(written),
            format!("\"{text}\" is not a time"),
            "write a number with its unit, as 500ms, 60s, 15m or 2h",
        );
    }
    duration.map(|(number, unit)| chrono::TimeDelta::milliseconds(number * unit))
}

pub(super) fn months(
    check: &mut Checker<'_>,
    value: Option<&Spanned<String>>,
    default: u32,
) -> u32 {
    let Some(written) = value else { return default };
    let number =
        written.value.strip_suffix("months").map(str::trim).and_then(|text| text.parse().ok());
    if let Some(number) = number.filter(|number| (1..=1200).contains(number)) {
        number
    } else {
        check.fault_hint(
            at(written),
            format!("\"{}\" is not a number of months", written.value),
            format!("write as \"{default} months\""),
        );
        default
    }
}

/// A whole number of `what`; `None` where it says `never`.
pub(super) fn whole(check: &mut Checker<'_>, written: &Spanned<String>, what: &str) -> Option<i64> {
    if written.value == "never" {
        return None;
    }
    let number = written.value.parse().ok().filter(|number| (1..=100_000).contains(number));
    if number.is_none() {
        check.fault_hint(
            at(written),
            format!("\"{}\" is not a number of {what}", written.value),
            format!("write a whole number of {what}, or never"),
        );
    }
    number
}
