//! How the numbers and days of a column are written, by trying what is usual.

use crate::config::pipeline::Locale;
use crate::domain::Day;
use crate::pull::map::{DateFormat, parse_number};

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
const DATES: [(&str, &str); 12] = [
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
];

/// Times behind a day.
const TIMES: [&str; 5] = ["", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %k:%M"];

/// The first of January 1900: the day before which a year was written with two digits.
const EARLIEST: Day = -25_567;

/// How days are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// The format, in strftime's letters.
    pub format: String,
    /// What people call it; says where the order of day and month is a guess.
    pub order: String,
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
}

impl Numbers {
    /// As a locale whose days do not matter.
    #[must_use]
    pub fn locale(&self) -> Locale {
        let Self { decimal, thousands, sign } = self.clone();
        Locale { decimal, thousands, sign, date: String::new() }
    }
}

/// How the numbers among `values` are written; where two ways read as many, a file separated by
/// commas has none in its numbers.
pub(super) fn numbers(values: &[&str], separator: char) -> Option<(Numbers, usize)> {
    let sign = SIGNS.iter().find(|sign| values.iter().any(|value| value.contains(**sign)));
    let sign = sign.map(|sign| (*sign).to_owned());
    let mut best: Option<(Numbers, usize)> = None;
    for (decimal, thousands) in NUMBERS {
        let tried = Numbers { decimal, thousands, sign: sign.clone() };
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
    best
}

/// How the days among `values` are written, and how many are.
pub(super) fn days(values: &[&str]) -> Option<(Days, usize)> {
    let mut best: Option<(Days, usize)> = None;
    let mut also = false;
    for (day, order) in DATES {
        for time in TIMES {
            let written = format!("{day}{time}");
            let format = DateFormat::new(&written);
            let read = values
                .iter()
                .filter(|value| format.day(value).is_ok_and(|day| day >= EARLIEST))
                .count();
            let most = best.as_ref().map_or(0, |(_, most)| *most);
            if read > most {
                best = Some((Days { format: written, order: order.to_owned() }, read));
                also = false;
            } else if read > 0
                && read == most
                && let Some((found, _)) = &best
            {
                also |= found.order.starts_with("day") && order.starts_with("month");
            }
        }
    }
    if let Some((found, _)) = best.as_mut().filter(|_| also) {
        found.order += ", a guess: no day is above 12";
    }
    best
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
