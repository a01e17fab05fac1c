//! Rows of a table with titles above, totals below and a header somewhere → what its columns are.

use std::collections::HashSet;

use super::locale::{self, Days, Numbers};
use super::meaning::{self, Meaning};
use crate::config::presets;
use crate::pull::map::parse_number;

/// Rows above a header.
const MAX_TITLE_ROWS: usize = 30;

/// What the row of a total begins with, in lower case.
const TOTALS: [&str; 6] = ["итого", "всего", "total", "grand total", "summe", "gesamt"];

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// The row of its header, from 1.
    pub header_row: u64,
    /// Its headers.
    pub columns: Vec<String>,
    /// What each column means, where that is known.
    pub meanings: Vec<Option<Meaning>>,
    /// How its numbers are written.
    pub numbers: Option<Numbers>,
    /// How its days are written.
    pub days: Option<Days>,
    /// The row of the total and its first text.
    pub total: Option<(u64, String)>,
    /// Whether the same document number stands on several rows.
    pub lines: bool,
    /// Values that the kind of document takes.
    pub kinds: Vec<String>,
    /// Whether its rows stand in a hierarchy, as the sheet says.
    pub grouped: bool,
    /// Columns without an empty value.
    pub full: Vec<bool>,
}

impl Table {
    /// The table in `rows`, each with its number; `None` where no row looks like a header.
    pub(super) fn of(rows: &[(u64, Vec<String>)], separator: char) -> Option<Self> {
        let place = header(rows)?;
        let (header_row, columns) = rows[place].clone();
        let meanings = meaning::meanings(&columns);
        let below = rows.get(place + 1..).unwrap_or_default();
        let first = |row: &[String]| row.iter().find(|text| !text.is_empty()).cloned();
        let is_total = |row: &[String]| {
            first(row).is_some_and(|text| {
                let text = text.to_lowercase();
                TOTALS.iter().any(|word| text.starts_with(word))
            })
        };
        let total = below.iter().rev().find(|(_, row)| is_total(row));
        let total = total.and_then(|(number, row)| Some((*number, first(row)?)));
        let body: Vec<&Vec<String>> = below
            .iter()
            .map(|(_, row)| row)
            .filter(|row| row.iter().filter(|text| !text.is_empty()).count() > 1 && !is_total(row))
            .collect();
        let values = |column: usize| {
            let all = body.iter().filter_map(move |row| row.get(column));
            all.map(String::as_str).filter(|text| !text.is_empty()).collect::<Vec<_>>()
        };
        let of = |wanted: &[Meaning]| {
            let is = |place: &usize| meanings[*place].is_some_and(|found| wanted.contains(&found));
            (0..columns.len()).filter(is).flat_map(values).collect::<Vec<&str>>()
        };
        let mut amounts = of(&[Meaning::Amount, Meaning::Price, Meaning::Quantity]);
        if amounts.is_empty() {
            amounts = (0..columns.len()).flat_map(values).filter(|text| is_number(text)).collect();
        }
        let mut dated = of(&[Meaning::Date]);
        if dated.is_empty() {
            dated = (0..columns.len()).flat_map(values).collect();
        }
        let mut seen = HashSet::new();
        let lines = !of(&[Meaning::DocumentId]).into_iter().all(|number| seen.insert(number));
        let mut kinds: Vec<String> = of(&[Meaning::Kind]).into_iter().map(str::to_owned).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let full = (0..columns.len()).map(|column| values(column).len() == body.len()).collect();
        Some(Self {
            header_row,
            numbers: locale::numbers(&amounts, separator).map(|(found, _)| found),
            days: locale::days(&dated).map(|(found, _)| found),
            meanings,
            total,
            lines,
            kinds,
            grouped: false,
            full,
            columns,
        })
    }

    /// The header of the column that means `wanted`.
    #[must_use]
    pub fn header(&self, wanted: Meaning) -> Option<&str> {
        let place = self.meanings.iter().position(|found| *found == Some(wanted))?;
        Some(&self.columns[place])
    }

    /// Whether the column that means `wanted` is there and never empty.
    #[must_use]
    pub fn is_full(&self, wanted: Meaning) -> bool {
        let place = self.meanings.iter().position(|found| *found == Some(wanted));
        place.is_some_and(|place| self.full[place])
    }

    /// The preset whose columns these are.
    #[must_use]
    pub fn preset(&self) -> Option<String> {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        presets::of_columns(&columns).map(str::to_owned)
    }
}

fn is_number(text: &str) -> bool {
    locale::numbers(&[text], ';')
        .is_some_and(|(found, _)| parse_number(text, &found.locale()).is_ok())
}

/// The row that looks most like a header: known words first, then most texts that are no values,
/// among rows as wide as what follows.
fn header(rows: &[(u64, Vec<String>)]) -> Option<usize> {
    let filled = |row: &[String]| row.iter().filter(|text| !text.is_empty()).count();
    let mut best: Option<(usize, (usize, usize))> = None;
    for (place, (_, row)) in rows.iter().enumerate().take(MAX_TITLE_ROWS) {
        let texts: Vec<&String> = row.iter().filter(|text| !text.is_empty()).collect();
        let values = texts.iter().filter(|text| is_number(text) || locale::days(&[text]).is_some());
        let distinct = texts.iter().collect::<HashSet<_>>().len() == texts.len();
        if texts.len() < 2 || values.count() * 2 > texts.len() || !distinct {
            continue;
        }
        let next = rows.iter().skip(place + 1).find(|(_, row)| filled(row) > 1);
        let wide = next.is_none_or(|(_, next)| next.len() <= row.len() + 1);
        let score = (meaning::known(row), texts.len() * usize::from(wide));
        if best.is_none_or(|(_, most)| score > most) {
            best = Some((place, score));
        }
    }
    best.map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::{Meaning, Table};

    fn table(text: &str) -> Table {
        let rows = text.lines().map(|line| line.split(';').map(str::to_owned).collect());
        Table::of(&(1..).zip(rows).collect::<Vec<_>>(), ';').unwrap()
    }

    #[test]
    fn a_header_is_found_between_titles_and_rows() {
        let found = table(
            "Реестр документов;;;\nПериод: март 2026;;;\n;;;\nНомер;Дата;Контрагент;Сумма\n\
             1;05.03.2026;ООО Ромашка;1 200,50\n2;25.03.2026;ИП Иванов;7,00\n\
             Итого;;;1 207,50",
        );
        assert_eq!(found.header_row, 4);
        assert_eq!(found.header(Meaning::Amount), Some("Сумма"));
        assert_eq!(found.total, Some((7, "Итого".to_owned())));
        assert_eq!(found.numbers.unwrap().thousands, Some(' '));
        assert_eq!(found.days.unwrap().format, "%d.%m.%Y");
        assert!(!found.lines);
    }

    #[test]
    fn a_header_of_unknown_words_is_the_row_of_words_above_values() {
        let found = table("x;y\nalpha;beta;gamma\n1;2;3\n4;5;6\n");
        assert_eq!(found.header_row, 2);
        assert_eq!(found.columns, ["alpha", "beta", "gamma"]);
    }
}
