//! Months and quarters on day numbers.
//!
//! Keeps true: a day that a target month lacks is that month's last day; a quarter is named after
//! the year in which its fiscal year starts.

use chrono::NaiveDate;

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

/// A month as a number: 12 × year + month, the month from 0.
type Month = i64;

/// The month of `day`, and the day's number in it from 1.
///
/// The civil calendar of the proleptic Gregorian era in integers, eras of 400 years that begin on
/// 1 March (H. Hinnant, *chrono-Compatible Low-Level Date Algorithms*, `civil_from_days`).
fn month_of(day: Day) -> (Month, i64) {
    let days = i64::from(day) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = 12 * (era * 400 + year_of_era) + from_march + 2;
    (month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

/// The number of the first day of `month`; days beyond an [`i32`] become its ends.
///
/// `days_from_civil` of the same source.
fn first_of(month: Month) -> i64 {
    let (year, from_march) = ((month - 2).div_euclid(12), (month - 2).rem_euclid(12));
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * from_march + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn clamped(day: i64) -> Day {
    Day::try_from(day).unwrap_or(if day < 0 { Day::MIN } else { Day::MAX })
}

/// `day` moved by `months`; a day that the target month lacks is its last day.
#[must_use]
pub fn add_months(day: Day, months: i32) -> Day {
    let (month, number) = month_of(day);
    let month = month + i64::from(months);
    clamped((first_of(month) + number - 1).min(first_of(month + 1) - 1))
}

/// The first day of the month of `day`.
#[must_use]
pub fn month_start(day: Day) -> Day {
    clamped(first_of(month_of(day).0))
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

    /// The first month of the quarter of `day`.
    fn quarter_month(self, day: Day) -> Month {
        let (month, _) = month_of(day);
        month - (month + 1 - i64::from(self.start_month)).rem_euclid(3)
    }

    /// The first day of the quarter of `day`.
    #[must_use]
    pub fn quarter_start(self, day: Day) -> Day {
        clamped(first_of(self.quarter_month(day)))
    }

    /// The last day of the quarter of `day`.
    #[must_use]
    pub fn quarter_end(self, day: Day) -> Day {
        clamped(first_of(self.quarter_month(day) + 3) - 1)
    }

    /// The months in which quarters begin, as a cron line lists them.
    #[must_use]
    pub fn quarter_months(self) -> String {
        let first = (self.start_month - 1) % 3 + 1;
        [0, 3, 6, 9].map(|months| (first + months).to_string()).join(",")
    }

    /// The fiscal year and the quarter's number in it, 1 to 4.
    #[must_use]
    pub fn year_and_quarter(self, day: Day) -> (i64, i64) {
        let month = self.quarter_month(day) + 1 - i64::from(self.start_month);
        (month.div_euclid(12), month.rem_euclid(12) / 3 + 1)
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
    use super::{Fiscal, add_months, month_start, to_date, to_day};
    use chrono::{Datelike, Months, NaiveDate};

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
    fn months_are_those_of_the_calendar() {
        let (first, last) = (day("1899-12-01"), day("2101-02-01"));
        for number in first..last {
            let date = to_date(number);
            assert_eq!(to_date(month_start(number)), date.with_day(1).unwrap(), "{date}");
            let month = Months::new(number.unsigned_abs() % 50);
            let moved = i32::try_from(number.unsigned_abs() % 50).unwrap();
            assert_eq!(to_date(add_months(number, moved)), date + month, "{date} + {moved}");
            assert_eq!(to_date(add_months(number, -moved)), date - month, "{date} - {moved}");
        }
        assert_eq!(add_months(i32::MAX, 1), i32::MAX);
        assert_eq!(add_months(i32::MIN, -1), i32::MIN);
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
