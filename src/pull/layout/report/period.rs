//! Periods as reports write them → their first and last day.
//!
//! Keeps true: day and month are told apart by the declared date format, never guessed; a text
//! that names no year names no period.

use chrono::{Datelike, Months, NaiveDate};

/// The first and the last day.
pub(super) type Period = (NaiveDate, NaiveDate);

/// The months' names in Russian, as such and of a day, and in English.
const MONTHS: [[&str; 3]; 12] = [
    ["январь", "января", "january"],
    ["февраль", "февраля", "february"],
    ["март", "марта", "march"],
    ["апрель", "апреля", "april"],
    ["май", "мая", "may"],
    ["июнь", "июня", "june"],
    ["июль", "июля", "july"],
    ["август", "августа", "august"],
    ["сентябрь", "сентября", "september"],
    ["октябрь", "октября", "october"],
    ["ноябрь", "ноября", "november"],
    ["декабрь", "декабря", "december"],
];

/// A month that a header names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Month {
    /// By its first day.
    Full(NaiveDate),
    /// With two digits of its year, by its first day in this century.
    Short(NaiveDate),
    /// Without a year.
    Bare(u32),
}

/// A piece of a period: how many months from which one, or a day.
#[derive(Debug, Clone, Copy)]
enum Piece {
    Day(NaiveDate),
    Months { year: Option<i32>, first: u32, months: u32 },
}

/// The period that `text` names; `month_first` tells how `01/02/2025` is meant.
pub(super) fn period(text: &str, month_first: bool) -> Option<Period> {
    let text = text.to_lowercase().replace(['–', '—', '\u{a0}'], "-").replace(" по ", " - ");
    let text = text.replace(" to ", " - ");
    let (first, last) =
        text.split_once(" - ").or_else(|| text.split_once("--")).unwrap_or((&text, ""));
    let first = piece(first, month_first)?;
    let last = if last.is_empty() { first } else { piece(last, month_first)? };
    let year = |piece| match piece {
        Piece::Day(day) => Some(day.year()),
        Piece::Months { year, .. } => year,
    };
    let (start, _) = days(first, year(last))?;
    let (_, end) = days(last, year(first))?;
    (start <= end).then_some((start, end))
}

/// The number of the month called `word`, or whose name begins with it and three letters or more.
fn named(word: &str) -> Option<u32> {
    let long = word.chars().count() >= 3;
    let is = |names: &[&str; 3]| long && names.iter().any(|name| name.starts_with(word));
    MONTHS.iter().zip(1..).find(|(names, _)| is(names)).map(|(_, number)| number)
}

/// The month that `text` names: a period of one month, its first day as the declared `date` writes
/// it, or its name with a short year or none.
pub(super) fn month(text: &str, date: &str) -> Option<Month> {
    let written = NaiveDate::parse_from_str(text, date).ok();
    let iso = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    if let Some(day) = written.or_else(iso) {
        return (day.day() == 1).then_some(Month::Full(day));
    }
    if let Some((first, last)) = period(text, false) {
        let whole = last.succ_opt()? == first.checked_add_months(Months::new(1))?;
        return (first.day() == 1 && whole).then_some(Month::Full(first));
    }
    let text = text.to_lowercase();
    let letters = text.find(|char: char| !char.is_alphabetic()).unwrap_or(text.len());
    let (word, year) = text.split_at(letters);
    let number = named(word)?;
    let year = year.trim_end_matches(['г', '.', ' ']);
    let year = year.trim_start_matches(['.', ' ', '\u{a0}', '-', '/', '\'', '’']);
    match year.parse::<i32>() {
        _ if year.is_empty() => Some(Month::Bare(number)),
        Ok(short) if year.len() == 2 => {
            NaiveDate::from_ymd_opt(2000 + short, number, 1).map(Month::Short)
        }
        Ok(long) if year.len() == 4 => NaiveDate::from_ymd_opt(long, number, 1).map(Month::Full),
        _ => None,
    }
}

impl Month {
    /// Its first day; a year that it does not name is that of `period`, or the declared `year`.
    /// `None` where the year is not known, or not the one of the period.
    pub(super) fn first(self, period: Option<Period>, year: Option<i32>) -> Option<NaiveDate> {
        let within = |first: &NaiveDate| {
            period.is_none_or(|(start, end)| {
                (start.year(), start.month()) <= (first.year(), first.month()) && *first <= end
            })
        };
        match (self, period) {
            (Self::Full(first), _) => Some(first),
            (Self::Short(first), _) => Some(first).filter(within),
            (Self::Bare(month), Some((start, end))) if year.is_none() => {
                let years = start.year()..=end.year().min(start.year() + 2);
                let firsts = years.filter_map(|year| NaiveDate::from_ymd_opt(year, month, 1));
                let mut firsts = firsts.filter(within);
                firsts.next().filter(|_| firsts.next().is_none())
            }
            (Self::Bare(month), _) => NaiveDate::from_ymd_opt(year?, month, 1),
        }
    }
}

fn days(piece: Piece, other_year: Option<i32>) -> Option<Period> {
    match piece {
        Piece::Day(day) => Some((day, day)),
        Piece::Months { year, first, months } => {
            let first = NaiveDate::from_ymd_opt(year.or(other_year)?, first, 1)?;
            Some((first, first.checked_add_months(Months::new(months))?.pred_opt()?))
        }
    }
}

fn piece(text: &str, month_first: bool) -> Option<Piece> {
    let words =
        text.split(|char: char| char.is_whitespace() || matches!(char, ',' | ':' | '(' | ')'));
    let (mut year, mut count, mut span) = (None, None, None);
    for word in words.map(|word| word.trim_matches('.')).filter(|word| !word.is_empty()) {
        if let Some(piece) = day_or_month(word, month_first) {
            return Some(piece);
        }
        let digits = word.bytes().all(|byte| byte.is_ascii_digit());
        let prefixed = |letter| word.strip_prefix(letter).and_then(|number| number.parse().ok());
        match (word, named(word)) {
            ("за" | "с" | "г" | "год" | "года" | "for" | "from" | "year", _) => {}
            _ if digits && word.len() == 4 => year = word.parse().ok(),
            _ if digits && word.len() <= 2 => count = word.parse::<u32>().ok(),
            (_, Some(month)) => span = Some((month, 1)),
            _ if word.starts_with("квартал") || word == "quarter" => {
                span = Some((count?.checked_sub(1)? * 3 + 1, 3));
            }
            _ if word.starts_with("полугоди") => {
                span = Some((count?.checked_sub(1)? * 6 + 1, 6));
            }
            _ if word.starts_with("месяц") => span = Some((1, count.filter(|it| *it <= 12)?)),
            _ => {
                let quarter = prefixed('q').map(|number: u32| (number, 3));
                let half = prefixed('h').map(|number: u32| (number, 6));
                let (number, months) = quarter.or(half)?;
                span = Some((number.checked_sub(1)?.checked_mul(months)? + 1, months));
            }
        }
    }
    match (span, year) {
        (Some((first, months)), year) => Some(Piece::Months { year, first, months }),
        (None, Some(year)) => Some(Piece::Months { year: Some(year), first: 1, months: 12 }),
        (None, None) => None,
    }
}

/// A day as `31.03.2025`, `2025-03-31`, or a month as `03.2025`.
fn day_or_month(word: &str, month_first: bool) -> Option<Piece> {
    let parts: Option<Vec<u32>> =
        word.split(['.', '/', '-']).map(|part| part.parse().ok()).collect();
    let year = |year: u32| i32::try_from(year).ok().filter(|year| *year >= 1000);
    match *parts?.as_slice() {
        [month, y] => Some(Piece::Months { year: Some(year(y)?), first: month, months: 1 }),
        [a, month, day] if a > 31 => NaiveDate::from_ymd_opt(year(a)?, month, day).map(Piece::Day),
        [a, b, y] => {
            let (day, month) = if month_first && word.contains('/') { (b, a) } else { (a, b) };
            NaiveDate::from_ymd_opt(year(y)?, month, day).map(Piece::Day)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Month, NaiveDate, month, period};

    #[test]
    fn pitfall_12_periods_are_read_as_reports_write_them() {
        for (text, expected) in [
            ("1 полугодие 2025 г.", "2025-01-01 2025-06-30"),
            ("Июль 2024 г. - Июль 2025 г.", "2024-07-01 2025-07-31"),
            ("Июль - Август 2025 г.", "2025-07-01 2025-08-31"),
            ("за 4 квартал 2024 г.", "2024-10-01 2024-12-31"),
            ("Январь 2025 г.", "2025-01-01 2025-01-31"),
            ("Май 2025 г.", "2025-05-01 2025-05-31"),
            ("за 9 месяцев 2024 г.", "2024-01-01 2024-09-30"),
            ("2025 г.", "2025-01-01 2025-12-31"),
            ("01.01.2025 - 31.03.2025", "2025-01-01 2025-03-31"),
            ("с 01.01.2025 по 31.03.2025", "2025-01-01 2025-03-31"),
            ("January 2025", "2025-01-01 2025-01-31"),
            ("January - March 2025", "2025-01-01 2025-03-31"),
            ("Q1 2025", "2025-01-01 2025-03-31"),
            ("01/01/2025 - 31/03/2025", "2025-01-01 2025-03-31"),
        ] {
            let found = period(text, false).map(|(first, last)| format!("{first} {last}"));
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
        let (first, last) = period("01/02/2025 - 03/04/2025", true).unwrap();
        assert_eq!(format!("{first} {last}"), "2025-01-02 2025-03-04");
        for text in
            ["", "за год", "Контрагент", "5 квартал 2025 г.", "32.01.2025", "Q9999999999 2025"]
        {
            assert_eq!(period(text, false), None, "{text}");
        }
    }

    #[test]
    fn months_are_read_from_days_and_words() {
        let july = |year| NaiveDate::from_ymd_opt(year, 7, 1).unwrap();
        for text in ["2024-07-01", "01.07.2024", "Июль 2024 г.", "07.2024", "Jul 2024", "Jul-2024"]
        {
            assert_eq!(month(text, "%d.%m.%Y"), Some(Month::Full(july(2024))), "{text}");
        }
        for text in ["июл 24", "Июль 24 г.", "Jul-24", "июл.24", "Jul '24", "июль/24"]
        {
            assert_eq!(month(text, "%d.%m.%Y"), Some(Month::Short(july(2024))), "{text}");
        }
        for text in ["Июль", "июл.", "July"] {
            assert_eq!(month(text, "%d.%m.%Y"), Some(Month::Bare(7)), "{text}");
        }
        for text in [
            "Сумма",
            "3 квартал 2024 г.",
            "2024-07-02",
            "15.07.2024",
            "2024",
            "Маргарита",
            "Decor",
            "ма",
            "июль 123",
        ] {
            assert_eq!(month(text, "%d.%m.%Y"), None, "{text}");
        }
    }

    #[test]
    fn a_year_that_a_month_does_not_name_is_that_of_the_period() {
        let first = |text: &str, title: &str, year| {
            let month = month(text, "%d.%m.%Y").unwrap();
            month.first(period(title, false), year).map(|day| day.to_string())
        };
        let over = "Июль 2024 г. - Июнь 2025 г.";
        assert_eq!(first("Июль", over, None).as_deref(), Some("2024-07-01"));
        assert_eq!(first("Июнь", over, None).as_deref(), Some("2025-06-01"));
        assert_eq!(first("Июль", "", Some(2023)).as_deref(), Some("2023-07-01"));
        assert_eq!(first("янв 25", over, None).as_deref(), Some("2025-01-01"));
        assert_eq!(first("янв 25", "", None).as_deref(), Some("2025-01-01"));
        for (text, title) in [
            ("Июль", ""),
            ("Июль", "Июль 2024 г. - Июль 2025 г."),
            ("Май", "Июнь 2025 г."),
            ("янв 26", over),
        ] {
            assert_eq!(first(text, title, None), None, "{text} in {title}");
        }
    }
}
