//! Which months an export says it covers, by its name or a title above its header.

use chrono::NaiveDate;

use super::export::supplier;
use super::fetch::Export;
use crate::config::pipeline::{Covers, Load, Source};
use crate::domain::Day;
use crate::domain::calendar::{add_months, to_day};
use crate::error::Result;

/// The month that an export covers, and its part where its name has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
    /// The part; empty without one.
    pub part: String,
}

/// The month that `name` says it covers, where the declaration has names say so.
#[must_use]
pub fn named_cover(source: &Source, name: &str) -> Option<Cover> {
    let Load::ReplacePeriod { covers: Some(Covers::Name(pattern)), .. } = &source.load else {
        return None;
    };
    let name = name.rsplit('/').next().unwrap_or(name);
    match_cover(pattern, name.split('.').next().unwrap_or(name))
}

/// The month that the export's name or title says it covers.
pub(super) fn cover(source: &Source, export: &Export, titles: &[String]) -> Result<Option<Cover>> {
    let Load::ReplacePeriod { covers: Some(covers), .. } = &source.load else {
        return Ok(None);
    };
    let found = match covers {
        Covers::Name(_) => named_cover(source, &export.name),
        Covers::Title(pattern) => titles.iter().find_map(|title| match_cover(pattern, title)),
    };
    match (found, covers) {
        (Some(cover), _) => Ok(Some(cover)),
        (None, Covers::Name(pattern)) => Err(supplier(
            export,
            format!("its name does not say which month it covers, expected \"{pattern}\""),
            "rename the file, or correct load: replace_period: covers",
        )),
        (None, Covers::Title(pattern)) => Err(supplier(
            export,
            format!("no row above the header says which month it covers, expected \"{pattern}\""),
            "correct load: replace_period: covers, or ask for the file again",
        )),
    }
}

/// Matches `text` with a pattern of literals, `*`, `%Y`, `%m` and `{part}`.
fn match_cover(pattern: &str, text: &str) -> Option<Cover> {
    let (mut year, mut month, mut part) = (None, None, String::new());
    let mut rest = text;
    let mut pattern = pattern;
    while !pattern.is_empty() {
        if let Some(tail) = pattern.strip_prefix("%Y") {
            year = Some(rest.get(..4)?.parse::<i32>().ok()?);
            (rest, pattern) = (&rest[4..], tail);
        } else if let Some(tail) = pattern.strip_prefix("%m") {
            month = Some(rest.get(..2)?.parse::<u32>().ok()?);
            (rest, pattern) = (&rest[2..], tail);
        } else if let Some(tail) = pattern.strip_prefix("{part}") {
            let length = match tail.chars().next() {
                Some(next) => rest.find(next)?,
                None => rest.len(),
            };
            rest[..length].clone_into(&mut part);
            (rest, pattern) = (&rest[length..], tail);
        } else if let Some(tail) = pattern.strip_prefix('*') {
            let literal: String = tail.chars().take_while(|char| !"%{*".contains(*char)).collect();
            let length = if tail.is_empty() { rest.len() } else { rest.find(&literal)? };
            (rest, pattern) = (&rest[length..], tail);
        } else {
            let char = pattern.chars().next()?;
            rest = rest.strip_prefix(char)?;
            pattern = &pattern[char.len_utf8()..];
        }
    }
    let first = to_day(NaiveDate::from_ymd_opt(year?, month?, 1)?);
    rest.is_empty().then(|| Cover { first, last: add_months(first, 1) - 1, part })
}

#[cfg(test)]
mod tests {
    use super::match_cover;
    use crate::domain::calendar::to_date;

    fn covered(pattern: &str, text: &str) -> Option<(String, String)> {
        match_cover(pattern, text).map(|cover| (to_date(cover.first).to_string(), cover.part))
    }

    #[test]
    fn a_name_says_its_month_and_part() {
        let month = |part: &str| Some(("2026-06-01".to_owned(), part.to_owned()));
        assert_eq!(covered("sales_%Y-%m", "sales_2026-06"), month(""));
        assert_eq!(covered("sales_%Y-%m_{part}", "sales_2026-06_north"), month("north"));
        assert_eq!(covered("*%Y-%m", "old_sales_2026-06"), None);
        assert_eq!(covered("*sales_%Y-%m", "old_sales_2026-06"), month(""));
        assert_eq!(covered("Продажи за %m.%Y*", "Продажи за 06.2026 г."), month(""));
        assert_eq!(covered("sales_%Y-%m", "sales_2026-13"), None);
        assert_eq!(covered("sales_%Y-%m", "sales_june"), None);
    }
}
