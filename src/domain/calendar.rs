//! Months and quarters on day numbers.
//!
//! Keeps true: a day that a target month lacks is that month's last day; a quarter is named after
//! the year in which its fiscal year starts.

use chrono::{Datelike, Months, NaiveDate};

use super::Day;

/// `NaiveDate` of 1970-01-01.
const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();

/// The day number of `date`.
#[must_use]
pub fn to_day(date: NaiveDate) -> Day {
    i32::try_from((date - EPOCH).num_days()).unwrap_or(Day::MAX)
}

/// The date of a day number; days beyond the calendar become its ends.
#[must_use]
pub fn to_date(day: Day) -> NaiveDate {
    EPOCH.checked_add_signed(chrono::TimeDelta::days(i64::from(day))).unwrap_or(if day < 0 {
        NaiveDate::MIN
    } else {
        NaiveDate::MAX
    })
}

/// `day` moved by `months`; a day that the target month lacks is its last day.
#[must_use]
pub fn add_months(day: Day, months: i32) -> Day {
    let date = to_date(day);
    let step = Months::new(months.unsigned_abs());
    let moved =
        if months < 0 { date.checked_sub_months(step) } else { date.checked_add_months(step) };
    moved.map_or(if months < 0 { Day::MIN } else { Day::MAX }, to_day)
}

/// The fiscal calendar: which month a fiscal year starts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fiscal {
    start_month: u32,
}

impl Fiscal {
    /// A calendar whose years start in `start_month` (1 to 12); `None` for other numbers.
    #[must_use]
    pub fn new(start_month: u32) -> Option<Self> {
        (1..=12).contains(&start_month).then_some(Self { start_month })
    }

    /// The calendar year.
    #[must_use]
    pub const fn calendar_year() -> Self {
        Self { start_month: 1 }
    }

    /// The first day of the quarter of `day`.
    #[must_use]
    pub fn quarter_start(self, day: Day) -> Day {
        let date = to_date(day);
        let into_quarter = (date.month0() + 12 - (self.start_month - 1)) % 3;
        let first = date.with_day(1).unwrap_or(date);
        add_months(to_day(first), -i32::try_from(into_quarter).unwrap_or(0))
    }

    /// The last day of the quarter of `day`.
    #[must_use]
    pub fn quarter_end(self, day: Day) -> Day {
        add_months(self.quarter_start(day), 3) - 1
    }

    /// The fiscal year and the quarter's number in it, 1 to 4.
    #[must_use]
    pub fn year_and_quarter(self, day: Day) -> (i32, u32) {
        let start = to_date(self.quarter_start(day));
        let months_in = (start.month0() + 12 - (self.start_month - 1)) % 12;
        let year_start = add_months(to_day(start), -i32::try_from(months_in).unwrap_or(0));
        (to_date(year_start).year(), months_in / 3 + 1)
    }

    /// The quarter's name, as `2026Q3`.
    #[must_use]
    pub fn quarter(self, day: Day) -> String {
        let (year, quarter) = self.year_and_quarter(day);
        format!("{year}Q{quarter}")
    }

    /// First and last day of a quarter written `2026Q3`; `None` where it is not so written.
    #[must_use]
    pub fn parse_quarter(self, name: &str) -> Option<(Day, Day)> {
        let (year, quarter) = name.split_once('Q')?;
        let (year, quarter): (i32, i32) = (year.parse().ok()?, quarter.parse().ok()?);
        if !(1..=4).contains(&quarter) {
            return None;
        }
        let year_start = to_day(NaiveDate::from_ymd_opt(year, self.start_month, 1)?);
        let start = add_months(year_start, 3 * (quarter - 1));
        Some((start, self.quarter_end(start)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Fiscal, add_months, to_date, to_day};
    use chrono::NaiveDate;

    fn day(text: &str) -> i32 {
        to_day(text.parse::<NaiveDate>().unwrap())
    }

    #[test]
    fn a_day_that_the_month_lacks_is_its_last() {
        for (from, months, to) in [
            ("2024-08-31", -6, "2024-02-29"),
            ("2026-08-31", -6, "2026-02-28"),
            ("2024-02-29", 12, "2025-02-28"),
            ("2026-01-31", 1, "2026-02-28"),
            ("2026-03-15", -12, "2025-03-15"),
        ] {
            assert_eq!(to_date(add_months(day(from), months)).to_string(), to, "{from} {months}");
        }
    }

    #[test]
    fn a_fiscal_quarter_is_named_after_the_year_it_starts_in() {
        let april = Fiscal::new(4).unwrap();
        assert_eq!(april.quarter(day("2027-03-31")), "2026Q4");
        assert_eq!(april.quarter(day("2026-04-01")), "2026Q1");
        assert_eq!(april.parse_quarter("2026Q4"), Some((day("2027-01-01"), day("2027-03-31"))));
        let calendar = Fiscal::new(1).unwrap();
        assert_eq!(calendar.quarter(day("2026-09-30")), "2026Q3");
        assert_eq!(calendar.quarter_end(day("2024-02-29")), day("2024-03-31"));
        let february = Fiscal::new(2).unwrap();
        assert_eq!(february.quarter(day("2026-01-31")), "2025Q4");
        assert_eq!(february.quarter_start(day("2026-01-31")), day("2025-11-01"));
    }

    #[test]
    fn other_text_is_no_quarter() {
        let calendar = Fiscal::new(1).unwrap();
        for wrong in ["2026Q5", "2026", "Q3", "2026-Q3", ""] {
            assert_eq!(calendar.parse_quarter(wrong), None, "{wrong}");
        }
        assert!(Fiscal::new(0).is_none() && Fiscal::new(13).is_none());
    }
}
