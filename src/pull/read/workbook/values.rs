//! Values of cells → text, as the declaration has numbers and days written.

use std::fmt::Write;

use chrono::format::{Item, StrftimeItems};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::WorkbookOptions;
use super::format::Format;
use super::number::{push_double, push_identity, push_raw, show_identity};

/// The day before the first of each of Excel's calendars, and the last day of both.
const EPOCH_1900: NaiveDate = NaiveDate::from_ymd_opt(1899, 12, 30).unwrap();
const EPOCH_1904: NaiveDate = NaiveDate::from_ymd_opt(1904, 1, 1).unwrap();
const MAX_DAY: f64 = 2_958_466.0;

/// Writes values.
#[derive(Debug, Clone)]
pub(super) struct Values {
    date: Vec<Item<'static>>,
    decimal: char,
    /// Whether days count from 1904.
    pub(super) from_1904: bool,
}

impl Values {
    pub(super) fn new(options: &WorkbookOptions) -> Self {
        let date = StrftimeItems::new(&options.date).parse_to_owned().unwrap_or_default();
        Self { date, decimal: options.decimal, from_1904: false }
    }

    /// Adds the number that `raw` writes, as its format wants it.
    pub(super) fn push_number(&self, raw: &str, format: &Format, text: &mut String) {
        match format {
            Format::Plain => push_raw(raw, self.decimal, text),
            Format::Identity(_) => push_identity(raw, format, self.decimal, text),
            Format::Day | Format::Time => match raw.trim().parse::<f64>() {
                Ok(value) => self.push_moment(value, *format == Format::Time, text),
                Err(_) => text.push_str(raw),
            },
        }
    }

    /// Adds a number of an XLS, as its format wants it.
    pub(super) fn push_double(&self, value: f64, format: &Format, text: &mut String) {
        match format {
            Format::Plain | Format::Identity(_) => {
                let start = text.len();
                push_double(value, self.decimal, text);
                show_identity(start, format, text);
            }
            Format::Day | Format::Time => self.push_moment(value, *format == Format::Time, text),
        }
    }

    /// Adds the day, or the time, that `value` counts; the plain number where it counts none.
    pub(super) fn push_moment(&self, value: f64, time: bool, text: &mut String) {
        if !(0.0..MAX_DAY).contains(&value) {
            return push_double(value, self.decimal, text);
        }
        // Whole seconds: within the range above they are exact in a double.
        #[allow(clippy::cast_possible_truncation)]
        let seconds = (value * 86_400.0).round() as i64;
        if time {
            let (minutes, second) = (seconds / 60, seconds % 60);
            let _ = write!(text, "{:02}:{:02}:{second:02}", minutes / 60, minutes % 60);
            return;
        }
        let (epoch, bug) = if self.from_1904 { (EPOCH_1904, 0) } else { (EPOCH_1900, 60) };
        // Excel's 1900 has a 29 February; days before it stand one later here.
        let lag = i64::from(seconds / 86_400 < bug);
        let span = TimeDelta::seconds(seconds + lag * 86_400);
        match epoch.and_time(NaiveTime::MIN).checked_add_signed(span) {
            Some(moment) => self.push_datetime(moment, text),
            None => push_double(value, self.decimal, text),
        }
    }

    /// Adds a day written as ISO 8601 does, as `2025-07-01` or `2025-07-01T12:00:00`.
    pub(super) fn push_iso(&self, iso: &str, text: &mut String) {
        let iso = iso.trim().trim_end_matches('Z');
        let moment = iso
            .parse::<NaiveDateTime>()
            .ok()
            .or_else(|| iso.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN)));
        match moment {
            Some(moment) => self.push_datetime(moment, text),
            None => text.push_str(iso),
        }
    }

    fn push_datetime(&self, moment: NaiveDateTime, text: &mut String) {
        let before = text.len();
        if write!(text, "{}", moment.format_with_items(self.date.iter())).is_err() {
            text.truncate(before);
        }
    }
}

/// Adds `text` with `_x000D_` and its like as the characters that they stand for (ECMA-376 part 1,
/// 22.9.2.19).
pub(super) fn push_unescaped(raw: &str, text: &mut String) {
    let mut rest = raw;
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let code = code.and_then(|code| u32::from_str_radix(code, 16).ok());
        if let Some(char) = code.and_then(char::from_u32) {
            text.push_str(&rest[..at]);
            text.push(char);
            rest = &rest[at + 7..];
        } else {
            text.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
        }
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::{Values, push_unescaped};
    use crate::pull::read::workbook::WorkbookOptions;

    #[test]
    fn days_count_from_1900_or_1904_and_drop_the_time() {
        let mut values = Values::new(&WorkbookOptions::default());
        for (value, from_1904, expected) in [
            (45_839.0, false, "2025-07-01"),
            (45_838.999_999_999, false, "2025-07-01"),
            (45_839.75, false, "2025-07-01"),
            (44_377.0, true, "2025-07-01"),
            (1.0, false, "1900-01-01"),
            (61.0, false, "1900-03-01"),
            (-1.0, false, "-1"),
            (1e7, false, "10000000"),
        ] {
            values.from_1904 = from_1904;
            let mut text = String::new();
            values.push_moment(value, false, &mut text);
            assert_eq!(text, expected, "{value}");
        }
    }

    #[test]
    fn a_time_is_kept_where_the_format_asks_for_it() {
        let date = "%d.%m.%Y %H:%M".to_owned();
        let values = Values::new(&WorkbookOptions { date, ..WorkbookOptions::default() });
        let mut text = String::new();
        values.push_moment(45_839.75, false, &mut text);
        assert_eq!(text, "01.07.2025 18:00");
        text.clear();
        values.push_moment(1.5, true, &mut text);
        assert_eq!(text, "36:00:00");
        text.clear();
        values.push_iso("2025-07-01", &mut text);
        assert_eq!(text, "01.07.2025 00:00");
    }

    #[test]
    fn escapes_of_control_characters_are_undone() {
        let mut text = String::new();
        push_unescaped("a_x000D_b_xyz_x00", &mut text);
        assert_eq!(text, "a\rb_xyz_x00");
    }
}
