//! Dates as a declared format writes them → day numbers.
//!
//! Keeps true: an instant, one that says how far its clock is from UTC, is the day that it is in the
//! project's time zone; any other time is read and dropped.

use std::borrow::Cow;

use chrono::format::{self, Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, FixedOffset, NaiveDate};
use chrono_tz::Tz;

use crate::domain::{Day, calendar::to_day};

/// The day that programs with no empty date write for one, as 1C: 1 January of the year 1.
const NO_DAY: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).unwrap();

/// The first day that any books may be of.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1000, 1, 1).unwrap();

/// Beginnings of the names of months, in English and in Russian.
const MONTHS: [(&str, [&str; 3]); 12] = [
    ("Jan", ["jan", "янв", ""]),
    ("Feb", ["feb", "фев", ""]),
    ("Mar", ["mar", "мар", ""]),
    ("Apr", ["apr", "апр", ""]),
    ("May", ["may", "май", "мая"]),
    ("Jun", ["jun", "июн", ""]),
    ("Jul", ["jul", "июл", ""]),
    ("Aug", ["aug", "авг", ""]),
    ("Sep", ["sep", "сен", ""]),
    ("Oct", ["oct", "окт", ""]),
    ("Nov", ["nov", "ноя", ""]),
    ("Dec", ["dec", "дек", ""]),
];

/// A compiled format, in strftime's letters.
#[derive(Debug, Clone)]
pub(in crate::pull) struct DateFormat {
    items: Vec<Item<'static>>,
    written: String,
    /// `%d.%m.%Y`, `%d/%m/%Y`, `%Y-%m-%d`: fixed places, read without the general machinery.
    fixed: Option<Fixed>,
    /// Whether months have names.
    named: bool,
    /// How it says the distance from UTC.
    offset: Offset,
    zone: Tz,
}

#[derive(Debug, Clone, Copy)]
struct Fixed {
    separator: u8,
    year_first: bool,
}

/// How a format says how far a clock is from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offset {
    /// Not at all.
    None,
    /// By digits, as `+03:00`.
    Written,
    /// By a literal Z, or as seconds since 1970: it is UTC.
    Utc,
}

impl Offset {
    fn of(items: &[Item<'_>]) -> Self {
        let written = items.iter().any(|item| match item {
            // RFC 3339 and 2822 have one; so does what is internal to chrono, as "%#z".
            Item::Fixed(fixed) => !matches!(
                fixed,
                format::Fixed::ShortMonthName
                    | format::Fixed::LongMonthName
                    | format::Fixed::ShortWeekdayName
                    | format::Fixed::LongWeekdayName
                    | format::Fixed::LowerAmPm
                    | format::Fixed::UpperAmPm
                    | format::Fixed::Nanosecond
                    | format::Fixed::Nanosecond3
                    | format::Fixed::Nanosecond6
                    | format::Fixed::Nanosecond9
            ),
            _ => false,
        });
        let seconds =
            |item: &Item<'_>| matches!(item, Item::Numeric(format::Numeric::Timestamp, _));
        let literal = |item: &Item<'_>| match item {
            Item::Literal(text) => text.starts_with('Z'),
            Item::OwnedLiteral(text) => text.starts_with('Z'),
            _ => false,
        };
        match written {
            true => Self::Written,
            false if items.iter().any(|item| literal(item) || seconds(item)) => Self::Utc,
            false => Self::None,
        }
    }
}

impl DateFormat {
    /// Compiles a format that the declaration's check has accepted; instants become days in `zone`.
    pub(in crate::pull) fn new(format: &str, zone: Tz) -> Self {
        let fixed = match format {
            "%d.%m.%Y" => Some(Fixed { separator: b'.', year_first: false }),
            "%d/%m/%Y" => Some(Fixed { separator: b'/', year_first: false }),
            "%Y-%m-%d" | "%F" => Some(Fixed { separator: b'-', year_first: true }),
            _ => None,
        };
        let items = StrftimeItems::new(format).parse_to_owned().unwrap_or_default();
        let name = |item: &Item<'_>| {
            use format::Fixed::{LongMonthName, ShortMonthName};
            matches!(item, Item::Fixed(ShortMonthName | LongMonthName))
        };
        let (named, offset) = (items.iter().any(name), Offset::of(&items));
        Self { items, written: format.to_owned(), fixed, named, offset, zone }
    }

    /// Whether `text` is the date that stands for none: `0001-01-01T00:00:00`, `01.01.0001`.
    pub(in crate::pull) fn is_none(&self, text: &str) -> bool {
        text.contains("0001") && self.parsed(text).is_some_and(|(day, _)| day == NO_DAY)
    }

    /// The day that `text` names; a year of two digits is none, where four are declared.
    pub(in crate::pull) fn day(&self, text: &str) -> Result<Day, String> {
        if let Some(day) = self.fixed.and_then(|fixed| fixed.day(text.as_bytes()))
            && day >= to_day(FIRST_DAY)
        {
            return Ok(day);
        }
        let day = self.parsed(text).filter(|(day, _)| *day >= FIRST_DAY);
        let day = day.map(|(day, instant)| {
            instant.map_or(day, |instant| instant.with_timezone(&self.zone).date_naive())
        });
        day.map(to_day).ok_or_else(|| format!("is not a day written {}", self.written))
    }

    /// The day as it is written, and the instant where it is one.
    fn parsed(&self, text: &str) -> Option<(NaiveDate, Option<DateTime<FixedOffset>>)> {
        let text = if self.named { with_short_month(text) } else { Cow::Borrowed(text) };
        let mut parsed = Parsed::new();
        parse(&mut parsed, &text, self.items.iter()).ok()?;
        if self.offset == Offset::Utc {
            parsed.set_offset(0).ok()?;
        }
        let instant = match self.offset {
            Offset::None => None,
            Offset::Written | Offset::Utc => parsed.to_datetime().ok(),
        };
        let day = parsed.to_naive_date().ok().or(instant.map(|instant| instant.date_naive()))?;
        Some((day, instant))
    }
}

/// `text` with the name of its month as the three letters of English, a full stop behind it gone:
/// `3 сент. 2026` → `3 Sep 2026`.
fn with_short_month(text: &str) -> Cow<'_, str> {
    let mut rest = text;
    while let Some(begin) = rest.find(char::is_alphabetic) {
        let word = &rest[begin..];
        let word = &word[..word.find(|char: char| !char.is_alphabetic()).unwrap_or(word.len())];
        let lower = word.to_lowercase();
        let is = |names: &[&str; 3]| {
            names.iter().any(|name| !name.is_empty() && lower.starts_with(name))
        };
        let (before, behind) = (text.len() - rest.len() + begin, &rest[begin + word.len()..]);
        if let Some((short, _)) = MONTHS.iter().find(|(_, names)| is(names)) {
            let behind = behind.strip_prefix('.').filter(|_| word != *short).unwrap_or(behind);
            return Cow::Owned(format!("{}{short}{behind}", &text[..before]));
        }
        rest = behind;
    }
    Cow::Borrowed(text)
}

impl Fixed {
    fn day(self, text: &[u8]) -> Option<Day> {
        if text.len() != 10 {
            return None;
        }
        let number = |range: std::ops::Range<usize>| {
            text[range].iter().try_fold(0_u32, |number, byte| {
                byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
            })
        };
        let (year, month, day, first, second) = if self.year_first {
            (number(0..4)?, number(5..7)?, number(8..10)?, text[4], text[7])
        } else {
            (number(6..10)?, number(3..5)?, number(0..2)?, text[2], text[5])
        };
        if first != self.separator || second != self.separator {
            return None;
        }
        chrono::NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day).map(to_day)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::DateFormat;
    use crate::domain::calendar::to_date;

    #[test]
    fn dates_are_read_by_the_declared_format() {
        for (text, format, expected) in [
            ("29.02.2024", "%d.%m.%Y", "2024-02-29"),
            ("1.2.2024", "%d.%m.%Y", "2024-02-01"),
            ("2026-09-30", "%Y-%m-%d", "2026-09-30"),
            ("09/12/2011 12:50", "%d/%m/%Y %H:%M", "2011-12-09"),
            ("31.12.26", "%d.%m.%y", "2026-12-31"),
            ("3 Mar 2026", "%d %b %Y", "2026-03-03"),
            ("September 30, 2026", "%B %d, %Y", "2026-09-30"),
            ("Thu, 03 Sept. 2026", "%a, %d %b %Y", "2026-09-03"),
            ("3 сент. 2026", "%d %b %Y", "2026-09-03"),
            ("3 мая 2026 г.", "%d %B %Y г.", "2026-05-03"),
        ] {
            let day = DateFormat::new(format, Tz::Europe__Moscow).day(text);
            assert_eq!(day.map(|day| to_date(day).to_string()), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn an_instant_is_the_day_that_it_is_in_the_project_s_zone() {
        for (text, format, expected) in [
            ("2026-06-30 22:30:00 +0000", "%Y-%m-%d %H:%M:%S %z", "2026-07-01"),
            ("2026-07-01 00:10:00 +0300", "%Y-%m-%d %H:%M:%S %z", "2026-07-01"),
            ("2026-07-01T00:10:00+05:00", "%Y-%m-%dT%H:%M:%S%:z", "2026-06-30"),
            ("2026-06-30T22:30:00Z", "%Y-%m-%dT%H:%M:%SZ", "2026-07-01"),
            ("2026-06-30T22:30:00.125Z", "%Y-%m-%dT%H:%M:%S%.fZ", "2026-07-01"),
            ("2026-06-30T22:30:00Z", "%+", "2026-07-01"),
            ("1782858600", "%s", "2026-07-01"),
            // A time without a zone is that of the books.
            ("2026-06-30 22:30:00", "%Y-%m-%d %H:%M:%S", "2026-06-30"),
            ("2026-06-30Z", "%Y-%m-%dZ", "2026-06-30"),
        ] {
            let day = DateFormat::new(format, Tz::Europe__Moscow).day(text);
            assert_eq!(day.map(|day| to_date(day).to_string()), Ok(expected.to_owned()), "{text}");
        }
        let west = DateFormat::new("%Y-%m-%dT%H:%M:%SZ", Tz::America__New_York);
        assert!(west.is_none("0001-01-01T00:00:00Z"));
    }

    #[test]
    fn the_first_day_of_all_stands_for_none() {
        for (text, format, expected) in [
            ("0001-01-01T00:00:00", "%Y-%m-%dT%H:%M:%S", true),
            ("01.01.0001", "%d.%m.%Y", true),
            ("01.01.0001 0:00:00", "%d.%m.%Y %H:%M:%S", true),
            ("02.01.0001", "%d.%m.%Y", false),
            ("0001-01-01", "%d.%m.%Y", false),
            ("01.01.2001", "%d.%m.%Y", false),
        ] {
            assert_eq!(
                DateFormat::new(format, Tz::Europe__Moscow).is_none(text),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_day_that_does_not_exist_is_refused() {
        for (text, format) in [
            ("31.02.2026", "%d.%m.%Y"),
            ("2026-13-01", "%Y-%m-%d"),
            ("01/02/2026", "%d.%m.%Y"),
            ("01.02.2026 10:00", "%d.%m.%Y"),
            ("01.02.26", "%d.%m.%Y"),
            ("01/02/26", "%m/%d/%Y"),
            ("", "%d.%m.%Y"),
        ] {
            let error = DateFormat::new(format, Tz::Europe__Moscow).day(text).unwrap_err();
            assert_eq!(error, format!("is not a day written {format}"), "{text}");
        }
    }
}
