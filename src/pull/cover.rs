//! Which months an export says it covers, by its name or a title above its header.

use chrono::NaiveDate;

use super::fetch::{Export, supplier};
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

/// The longest text that is matched.
const MAX_TEXT_BYTES: usize = 1024;

/// Matches `text` with a pattern of literals, `*`, `%Y`, `%m` and `{part}`; `None` too where it
/// matches in two ways that say different things.
fn match_cover(pattern: &str, text: &str) -> Option<Cover> {
    let mut covers = Vec::new();
    if text.len() <= MAX_TEXT_BYTES {
        fit(pattern, text, Said::default(), &mut covers);
    }
    covers.pop().filter(|_| covers.is_empty())
}

/// What a text says of its month so far.
#[derive(Debug, Clone, Copy, Default)]
struct Said<'t> {
    year: Option<i32>,
    month: Option<u32>,
    part: &'t str,
}

/// The first `count` digits of `text`, and the rest.
fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(count)?;
    let all = digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((digits.parse().ok().filter(|_| all)?, rest))
}

/// Adds to `covers` each that `text` may say by `pattern`, once; two are enough.
fn fit<'t>(pattern: &str, text: &'t str, said: Said<'t>, covers: &mut Vec<Cover>) {
    if covers.len() > 1 {
        return;
    }
    if let Some(tail) = pattern.strip_prefix("%Y") {
        if let Some((year, rest)) = digits(text, 4) {
            fit(tail, rest, Said { year: i32::try_from(year).ok(), ..said }, covers);
        }
    } else if let Some(tail) = pattern.strip_prefix("%m") {
        if let Some((month, rest)) = digits(text, 2) {
            fit(tail, rest, Said { month: Some(month), ..said }, covers);
        }
    } else if let Some(tail) = pattern.strip_prefix("{part}") {
        let end = tail.chars().next().map_or(Some(text.len()), |next| text.find(next));
        if let Some(end) = end {
            fit(tail, &text[end..], Said { part: &text[..end], ..said }, covers);
        }
    } else if let Some(tail) = pattern.strip_prefix('*') {
        if tail.is_empty() {
            return fit(tail, "", said, covers);
        }
        let places = text.char_indices().map(|(place, _)| place).chain([text.len()]);
        for place in places {
            fit(tail, &text[place..], said, covers);
        }
    } else if let Some(char) = pattern.chars().next() {
        let same = |other: &char| char == *other || char.to_lowercase().eq(other.to_lowercase());
        if let Some(other) = text.chars().next().filter(same) {
            fit(&pattern[char.len_utf8()..], &text[other.len_utf8()..], said, covers);
        }
    } else if let (true, Some(year), Some(month)) = (text.is_empty(), said.year, said.month)
        && let Some(first) = NaiveDate::from_ymd_opt(year, month, 1)
    {
        let first = to_day(first);
        let last = add_months(first, 1) - 1;
        let cover = Cover { first, last, part: said.part.to_owned() };
        if !covers.contains(&cover) {
            covers.push(cover);
        }
    }
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
        assert_eq!(covered("*%Y-%m", "old_sales_2026-06"), month(""));
        assert_eq!(covered("*%m.%Y*", "Продажи (вып. 01) за 06.2026 г."), month(""));
        assert_eq!(covered("*%Y-%m*", "2026-06 und 2026-07"), None);
        assert_eq!(covered("*sales_%Y-%m", "old_sales_2026-06"), month(""));
        assert_eq!(covered("Продажи за %m.%Y*", "Продажи за 06.2026 г."), month(""));
        assert_eq!(covered("sales_%Y-%m", "sales_2026-13"), None);
        assert_eq!(covered("sales_%Y-%m", "sales_june"), None);
    }
}
