//! Dates as a declared format writes them → day numbers.

use chrono::format::{Item, Parsed, StrftimeItems, parse};

use crate::domain::{Day, calendar::to_day};

/// The day that programs with no empty date write for one, as 1C: 1 January of the year 1.
const NO_DAY: chrono::NaiveDate = chrono::NaiveDate::from_ymd_opt(1, 1, 1).unwrap();

/// The first day that any books may be of.
const FIRST_DAY: chrono::NaiveDate = chrono::NaiveDate::from_ymd_opt(1000, 1, 1).unwrap();

/// A compiled format, in strftime's letters; a time in it is read and dropped.
#[derive(Debug, Clone)]
pub(in crate::pull) struct DateFormat {
    items: Vec<Item<'static>>,
    written: String,
    /// `%d.%m.%Y`, `%d/%m/%Y`, `%Y-%m-%d`: fixed places, read without the general machinery.
    fixed: Option<Fixed>,
}

#[derive(Debug, Clone, Copy)]
struct Fixed {
    separator: u8,
    year_first: bool,
}

impl DateFormat {
    /// Compiles a format that the declaration's check has accepted.
    pub(in crate::pull) fn new(format: &str) -> Self {
        let fixed = match format {
            "%d.%m.%Y" => Some(Fixed { separator: b'.', year_first: false }),
            "%d/%m/%Y" => Some(Fixed { separator: b'/', year_first: false }),
            "%Y-%m-%d" | "%F" => Some(Fixed { separator: b'-', year_first: true }),
            _ => None,
        };
        let items = StrftimeItems::new(format).parse_to_owned().unwrap_or_default();
        Self { items, written: format.to_owned(), fixed }
    }

    /// Whether `text` is the date that stands for none: `0001-01-01T00:00:00`, `01.01.0001`.
    pub(in crate::pull) fn is_none(&self, text: &str) -> bool {
        text.contains("0001") && self.any_day(text) == Ok(to_day(NO_DAY))
    }

    /// The day that `text` names; a year of two digits is none, where four are declared.
    pub(in crate::pull) fn day(&self, text: &str) -> Result<Day, String> {
        let day = self.any_day(text)?;
        if day < to_day(FIRST_DAY) {
            return Err(format!("is not a day written {}", self.written));
        }
        Ok(day)
    }

    fn any_day(&self, text: &str) -> Result<Day, String> {
        if let Some(day) = self.fixed.and_then(|fixed| fixed.day(text.as_bytes())) {
            return Ok(day);
        }
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, self.items.iter())
            .and_then(|()| parsed.to_naive_date())
            .map(to_day)
            .map_err(|_| format!("is not a day written {}", self.written))
    }
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
        ] {
            let day = DateFormat::new(format).day(text);
            assert_eq!(day.map(|day| to_date(day).to_string()), Ok(expected.to_owned()), "{text}");
        }
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
            assert_eq!(DateFormat::new(format).is_none(text), expected, "{text}");
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
            let error = DateFormat::new(format).day(text).unwrap_err();
            assert_eq!(error, format!("is not a day written {format}"), "{text}");
        }
    }
}
