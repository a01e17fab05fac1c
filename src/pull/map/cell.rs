//! One value of a canonical row, before it goes into its column.

use std::borrow::Cow;

use crate::config::canonical::Type;
use crate::config::pipeline::Locale;
use crate::domain::{Day, currency};
use crate::pull::value::{DateFormat, Decimal, is_shortened, parse_number};

/// A typed value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Cell<'a> {
    Null,
    Text(Cow<'a, str>),
    /// In units of the column's scale.
    Decimal(i128),
    Date(Day),
    Flag(bool),
    Integer(i64),
}

/// Why a text is not a value: a word for the kind of fault, and what was expected.
pub(super) struct BadValue {
    pub(super) reason: &'static str,
    pub(super) message: String,
}

fn bad(reason: &'static str, message: impl Into<String>) -> BadValue {
    BadValue { reason, message: message.into() }
}

/// What reading the values of a row did beside them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Aside {
    /// What rounding changed, in units of 10⁻⁸.
    pub(super) rounded: i128,
    /// Texts that stand for no value, with the columns that they were in.
    pub(super) emptied: Vec<(&'static str, String)>,
    /// Whether it is a line without an amount.
    pub(super) without_amount: bool,
}

/// How texts of one export become values.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) locale: Locale,
    pub(super) date: DateFormat,
}

impl Reading {
    /// Reads `text`, which is not empty, as `kind`; gives it back where it is none.
    pub(super) fn cell<'a>(
        &self,
        text: Cow<'a, str>,
        kind: Type,
        aside: &mut Aside,
    ) -> Result<Cell<'a>, (BadValue, String)> {
        match self.value(&text, kind, aside) {
            Ok(Some(cell)) => Ok(cell),
            Ok(None) => Ok(Cell::Text(text)),
            Err(error) => Err((error, text.into_owned())),
        }
    }

    /// The value that `text` says; `None` where it is the text itself.
    fn value(
        &self,
        text: &str,
        kind: Type,
        aside: &mut Aside,
    ) -> Result<Option<Cell<'static>>, BadValue> {
        let cell = match kind {
            Type::Id if is_shortened(text) => {
                return Err(bad(
                    "shortened",
                    "is a number whose last digits a spreadsheet cut off",
                ));
            }
            Type::Id if matches!(text, "true" | "false") => {
                return Err(bad("not_an_id", "is a flag, and no id"));
            }
            Type::Text | Type::Id | Type::TaxId => return Ok(None),
            Type::Currency => match currency::code(text) {
                Some(code) => Cell::Text(Cow::Borrowed(code)),
                None => {
                    return Err(bad(
                        "unknown_currency",
                        "is no currency: expected a code of ISO 4217, as EUR",
                    ));
                }
            },
            Type::Word(known) => {
                let Some(word) = known.iter().find(|word| **word == text) else {
                    let known = known.join(", ");
                    return Err(bad("unknown_word", format!("is not one of: {known}")));
                };
                Cell::Text(Cow::Borrowed(word))
            }
            Type::Money | Type::Quantity | Type::Rate => {
                let number = parse_number(text, &self.locale)
                    .map_err(|message| bad("not_a_number", message))?;
                decimal(number, kind, &mut aside.rounded)?
            }
            Type::Date => {
                let day = self.date.day(text).map_err(|message| bad("not_a_date", message))?;
                Cell::Date(day)
            }
            Type::Flag => match flag(text).or_else(|| flag(&text.to_lowercase())) {
                Some(flag) => Cell::Flag(flag),
                None => return Err(bad("not_a_flag", "is neither true nor false")),
            },
            Type::Score => match text.parse() {
                Ok(score @ 0..=10) => Cell::Integer(score),
                _ => return Err(bad("not_a_score", "is not a whole number from 0 to 10")),
            },
            Type::Integer => match text.parse() {
                Ok(number) => Cell::Integer(number),
                Err(_) => return Err(bad("not_a_number", "is not a whole number")),
            },
        };
        Ok(Some(cell))
    }

    /// The product of `texts` as `kind`, less `percent` of it where that is not empty.
    pub(super) fn product(
        &self,
        texts: &[&str],
        percent: &str,
        kind: Type,
        aside: &mut Aside,
    ) -> Result<Cell<'static>, BadValue> {
        let mut product = Decimal { mantissa: 1, scale: 0 };
        for text in texts {
            let factor = parse_number(text, &self.locale)
                .map_err(|message| bad("not_a_number", format!("\"{text}\" {message}")))?;
            product = product.times(factor).ok_or_else(|| bad("too_large", "is too large"))?;
        }
        if !percent.is_empty() {
            let left = self.left(percent).map_err(|message| bad("not_a_percentage", message))?;
            product = product.times(left).ok_or_else(|| bad("too_large", "is too large"))?;
        }
        decimal(product, kind, &mut aside.rounded)
    }

    /// The share that is left where `percent` is taken off.
    fn left(&self, percent: &str) -> Result<Decimal, String> {
        let number = percent.strip_suffix('%').map_or(percent, str::trim_end);
        let off = parse_number(number, &self.locale);
        let off = off.map_err(|message| format!("discount \"{percent}\" {message}"))?;
        let whole = 10_i128.checked_pow(off.scale + 2);
        let left =
            whole.map(|whole| Decimal { mantissa: whole - off.mantissa, scale: off.scale + 2 });
        let fits = left.filter(|left| off.mantissa >= 0 && left.mantissa >= 0);
        fits.ok_or_else(|| format!("discount \"{percent}\" is not from 0 to 100"))
    }
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "yes" | "1" | "да" | "истина" => Some(true),
        "false" | "no" | "0" | "нет" | "ложь" => Some(false),
        _ => None,
    }
}

fn decimal(number: Decimal, kind: Type, rounded: &mut i128) -> Result<Cell<'static>, BadValue> {
    let places = kind
        .places()
        .ok_or_else(|| bad("not_a_number", "is a number, and the column holds none"))?;
    let value = number
        .at_scale(places)
        .filter(|value| value.unsigned_abs() < 10_u128.pow(18))
        .ok_or_else(|| bad("too_large", "has more than 18 digits"))?;
    if number.scale <= places {
        return Ok(Cell::Decimal(value));
    }
    let exact = Decimal { mantissa: value, scale: places };
    if let (Some(kept), Some(written)) = (exact.at_scale(8), number.at_scale(8)) {
        *rounded += kept - written;
    }
    Ok(Cell::Decimal(value))
}
