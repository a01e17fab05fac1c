//! The first row of a DATEV file: what it holds, whose accounts are debtors, which days it covers.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::BadBytes;
use super::record::shown;
use super::rows::Row;

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
        })
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
