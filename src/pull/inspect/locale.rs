//! How the numbers and days of a column are written, by trying what is usual.

use chrono_tz::Tz;

use crate::config::pipeline::Locale;
use crate::domain::Day;
use crate::pull::value::{DateFormat, parse_number};

/// Decimal separators with separators of thousands, the plainest first.
const NUMBERS: [(char, Option<char>); 7] = [
    ('.', None),
    (',', None),
    ('.', Some(',')),
    (',', Some(' ')),
    (',', Some('.')),
    ('.', Some(' ')),
    ('.', Some('\'')),
];

/// Currency signs that stand beside amounts.
const SIGNS: [&str; 5] = ["$", "€", "£", "₽", "руб."];

/// Formats of days, and what people call their order. Day first comes before month first: where
/// no day is above 12, both fit.
const DATES: [(&str, &str); 20] = [
    ("%Y-%m-%d", "year first: 2025-12-31"),
    ("%d.%m.%Y", "day first: 31.12.2025"),
    ("%d/%m/%Y", "day first: 31/12/2025"),
    ("%m/%d/%Y", "month first: 12/31/2025"),
    ("%d-%m-%Y", "day first: 31-12-2025"),
    ("%m-%d-%Y", "month first: 12-31-2025"),
    ("%Y/%m/%d", "year first: 2025/12/31"),
    ("%Y.%m.%d", "year first: 2025.12.31"),
    ("%d.%m.%y", "day first: 31.12.25"),
    ("%d/%m/%y", "day first: 31/12/25"),
    ("%m/%d/%y", "month first: 12/31/25"),
    ("%Y%m%d", "year first: 20251231"),
    ("%y/%m/%d", "year first: 25/12/31"),
    ("%y-%m-%d", "year first: 25-12-31"),
    ("%y.%m.%d", "year first: 25.12.31"),
    ("%d %b %Y", "day first: 31 Dec 2025"),
    ("%d-%b-%Y", "day first: 31-Dec-2025"),
    ("%d-%b-%y", "day first: 31-Dec-25"),
    ("%b %d, %Y", "month first: Dec 31, 2025"),
    ("%d %b %Y г.", "day first: 31 декабря 2025 г."),
];

/// Times behind a day.
const TIMES: [&str; 10] = [
    "",
    " %H:%M",
    " %H:%M:%S",
    "T%H:%M:%S",
    " %k:%M",
    "T%H:%M:%SZ",
    "T%H:%M:%S%.fZ",
    "T%H:%M:%S%:z",
    " %H:%M:%S %z",
    "T%H:%M:%S%z",
];

/// The first of January 1900: the day before which a year was written with two digits.
const EARLIEST: Day = -25_567;

/// How days are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// The format, in strftime's letters.
    pub format: String,
    /// What people call it; says where the order of day and month is a guess.
    pub order: String,
    /// Whether that order is a guess.
    pub guessed: bool,
}

/// How numbers are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// The decimal separator.
    pub decimal: char,
    /// The separator of thousands.
    pub thousands: Option<char>,
    /// The currency sign beside amounts.
    pub sign: Option<String>,
    /// Whether thousands are a guess: all numbers have three digits behind a sign.
    pub guessed: bool,
}

impl Numbers {
    /// As a locale whose days do not matter.
    #[must_use]
    pub fn locale(&self) -> Locale {
        let Self { decimal, thousands, sign, .. } = self.clone();
        Locale { decimal, thousands, sign, date: String::new(), zone: Tz::UTC }
    }
}

/// How the numbers among `values` are written; where two ways read as many, a file separated by
/// commas has none in its numbers.
pub(super) fn numbers(values: &[&str], separator: char) -> Option<(Numbers, usize)> {
    let sign = SIGNS.iter().find(|sign| values.iter().any(|value| value.contains(**sign)));
    let sign = sign.map(|sign| (*sign).to_owned());
    let mut best: Option<(Numbers, usize)> = None;
    for (decimal, thousands) in NUMBERS {
        let tried = Numbers { decimal, thousands, sign: sign.clone(), guessed: false };
        let locale = tried.locale();
        let read = values.iter().filter(|value| parse_number(value, &locale).is_ok()).count();
        let better = best.as_ref().is_none_or(|(_, most)| read > *most);
        // "1,234" is a thousand where commas separate fields, else one and a bit.
        let fits = best.as_ref().is_some_and(|(other, most)| {
            read == *most && separator == ',' && other.decimal == ',' && decimal == '.'
        });
        if read > 0 && (better || fits) {
            best = Some((tried, read));
        }
    }
    if let Some((found, _)) = &mut best
        && found.thousands.is_none()
        && separator != found.decimal
        && are_thousands(values, found.decimal)
    {
        let other = if found.decimal == '.' { ',' } else { '.' };
        let (decimal, thousands) = (other, Some(found.decimal));
        *found = Numbers { decimal, thousands, sign: found.sign.clone(), guessed: true };
    }
    best
}

/// Whether `sign` separates thousands: nobody writes money with three decimals.
fn are_thousands(values: &[&str], sign: char) -> bool {
    let signed = || values.iter().filter(|value| value.contains(sign));
    let three = |value: &&&str| {
        let behind = value.rsplit_once(sign).map_or("", |(_, behind)| behind);
        let behind = behind.trim_matches(|char: char| !char.is_ascii_digit());
        behind.len() == 3 && !value.trim_start_matches('-').starts_with('0')
    };
    signed().next().is_some() && signed().all(|value| three(&value))
}

/// How the days among `values` are written, and how many are. Where day and month may change places,
/// the order that lets them lie closer together is guessed: an export is of a month or a few.
pub(super) fn days(values: &[&str]) -> Option<(Days, usize)> {
    let mut best: Option<(Days, usize, Day)> = None;
    for (day, order) in DATES {
        for time in TIMES {
            let written = format!("{day}{time}");
            let format = DateFormat::new(&written, Tz::UTC);
            let days = values.iter().filter_map(|value| format.day(value).ok());
            let (mut read, mut first, mut last) = (0, Day::MAX, Day::MIN);
            for day in days.filter(|day| *day >= EARLIEST) {
                (read, first, last) = (read + 1, first.min(day), last.max(day));
            }
            let span = last.saturating_sub(first);
            let found = |guessed| {
                let mut order = order.to_owned();
                if guessed {
                    order += ", a guess: no day is above 12";
                }
                (Days { format: written.clone(), order, guessed }, read, span)
            };
            match &mut best {
                None if read > 0 => best = Some(found(false)),
                Some((_, most, _)) if read > *most => best = Some(found(false)),
                Some((other, most, least)) if read > 0 && read == *most => {
                    let turned = other.order.starts_with("day") && order.starts_with("month");
                    // A day and a short year change places too: the days of an export lie close together.
                    let years = order.starts_with("year") && span < *least / 4;
                    if years {
                        best = Some(found(false));
                    } else if turned && span < *least {
                        best = Some(found(true));
                    } else if turned && !other.guessed {
                        other.guessed = true;
                        other.order += ", a guess: no day is above 12";
                    }
                }
                _ => {}
            }
        }
    }
    best.map(|(days, read, _)| (days, read))
}

#[cfg(test)]
mod tests {
    use super::{days, numbers};

    #[test]
    fn numbers_are_known_by_what_reads_most() {
        for (values, separator, decimal, thousands) in [
            (["1 234,50", "7,1", "-3"], ';', ',', Some(' ')),
            (["1,234.50", "7.10", "3"], ',', '.', Some(',')),
            (["1.234,50", "7,10", "3"], ';', ',', Some('.')),
            (["1,234", "2,000", "3"], ',', '.', Some(',')),
            (["1,5", "2,25", "3"], ';', ',', None),
            (["12", "15", "3"], ';', '.', None),
        ] {
            let (found, read) = numbers(&values, separator).unwrap();
            assert_eq!(
                (found.decimal, found.thousands, read),
                (decimal, thousands, 3),
                "{values:?}"
            );
        }
        assert_eq!(numbers(&["$2,400.00"], ',').unwrap().0.sign.as_deref(), Some("$"));
        assert_eq!(numbers(&["Acme", ""], ','), None);
    }

    #[test]
    fn the_order_of_day_and_month_is_told_or_said_to_be_a_guess() {
        for (values, format, order) in [
            (["31.12.2025", "01.02.2026"], "%d.%m.%Y", "day first: 31.12.2025"),
            (["31.12.25", "01.02.26"], "%d.%m.%y", "day first: 31.12.25"),
            (["12/31/2025", "01/02/2026"], "%m/%d/%Y", "month first: 12/31/2025"),
            (["31/12/2025", "01/02/2026"], "%d/%m/%Y", "day first: 31/12/2025"),
            (
                ["03/04/2026", "01/02/2026"],
                "%d/%m/%Y",
                "day first: 31/12/2025, a guess: no day is above 12",
            ),
            (["2026-03-04 10:15", "2026-01-02 00:00"], "%Y-%m-%d %H:%M", "year first: 2025-12-31"),
        ] {
            let (found, read) = days(&values).unwrap();
            assert_eq!((found.format.as_str(), found.order.as_str(), read), (format, order, 2));
        }
        assert_eq!(days(&["1 234,50"]), None);
    }
}
