//! The first row of a DATEV file: what it holds, whose accounts are debtors, which days it covers.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::BadBytes;
use super::record::shown;
use crate::config::pipeline::Chart;
use crate::pull::value::Row;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    /// 21, Buchungsstapel.
    Postings,
    /// 16, Debitoren/Kreditoren.
    Accounts,
    /// 20, Kontenbeschriftungen.
    Labels,
}

/// The header.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) category: Category,
    /// The digits of a general account; those of a debtor are one more.
    digits: usize,
    /// The first and last day; the fiscal year where it names none.
    pub(super) period: Option<(NaiveDate, NaiveDate)>,
    pub(super) currency: String,
    /// The number of its chart of accounts, as `03`; often empty.
    chart: String,
}

impl Header {
    /// Reads the first row.
    pub(super) fn new(row: &Row<'_>) -> Result<Self, BadBytes> {
        let bad = |message: String| BadBytes {
            row: Some(row.number),
            message,
            hint: "ask for an export in DATEV format (EXTF), or correct \"read\"".to_owned(),
        };
        if !["EXTF", "DTVF"].contains(&row.field(0)) {
            let found = shown(row.field(0).as_bytes());
            return Err(bad(format!("the first field is {found}: expected EXTF or DTVF")));
        }
        let category = match row.field(2) {
            "21" => Category::Postings,
            "16" => Category::Accounts,
            "20" => Category::Labels,
            other => {
                return Err(bad(format!(
                    "the category is \"{other}\" ({}): expected 21, 16 or 20",
                    row.field(3)
                )));
            }
        };
        let digits = row.field(13);
        let Ok(digits @ 4..=8) = digits.parse() else {
            return Err(bad(format!("the length of accounts is \"{digits}\": expected 4 to 8")));
        };
        let stated = day(row.field(14)).zip(day(row.field(15)));
        let year = || {
            let first = day(row.field(12))?;
            let next = first.checked_add_months(Months::new(12))?;
            Some((first, next.checked_sub_days(Days::new(1))?))
        };
        Ok(Self {
            category,
            digits,
            period: stated.or_else(year),
            currency: row.field(21).to_owned(),
            chart: row.field(26).to_owned(),
        })
    }

    /// The chart of accounts that it names, where it names one.
    pub(super) fn chart(&self) -> Result<Option<Chart>, BadBytes> {
        match self.chart.trim_start_matches('0') {
            _ if self.category != Category::Postings => Ok(None),
            "" => Ok(None),
            "3" => Ok(Some(Chart::Skr03)),
            "4" => Ok(Some(Chart::Skr04)),
            _ => Err(BadBytes {
                row: Some(1),
                message: format!("the chart of accounts is \"{}\": expected 03 or 04", self.chart),
                hint: "declare the one whose accounts for income and money it has, as read: { \
                       datev: { chart: skr03 } }"
                    .to_owned(),
            }),
        }
    }

    /// The first four digits of a general account, whose zeros in front may be missing.
    pub(super) fn first_digits(&self, account: &str) -> Option<u64> {
        let number = account.parse::<u64>().ok()?;
        Some(number / 10_u64.pow(u32::try_from(self.digits.saturating_sub(4)).ok()?))
    }

    /// Whether `account` is a debtor's: one digit longer than others, beginning with 1 to 6.
    pub(super) fn is_debtor(&self, account: &str) -> bool {
        account.len() == self.digits + 1
            && account.starts_with(['1', '2', '3', '4', '5', '6'])
            && account.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// The day `DDMM`, whose zero in front may be missing, in the year that puts it into the
    /// period; else what is wrong with it.
    pub(super) fn date(&self, text: &str) -> Result<String, String> {
        let number: Option<u32> = match text.len() {
            3 | 4 if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            _ => None,
        };
        let number = number.ok_or_else(|| format!("Belegdatum is \"{text}\": expected DDMM"))?;
        let (first, last) =
            self.period.ok_or("the header names no period, so that a day has no year")?;
        let years = first.year()..=last.year().min(first.year() + 100);
        let mut days = years
            .filter_map(|year| NaiveDate::from_ymd_opt(year, number % 100, number / 100))
            .filter(|day| (first..=last).contains(day));
        match (days.next(), days.next()) {
            (Some(day), None) => Ok(day.to_string()),
            (None, _) => {
                Err(format!("Belegdatum is \"{text}\": expected a day from {first} to {last}"))
            }
            (Some(_), Some(_)) => Err(format!(
                "Belegdatum is \"{text}\", in more than one year from {first} to {last}"
            )),
        }
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    let whole = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    whole.then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok())?
}
