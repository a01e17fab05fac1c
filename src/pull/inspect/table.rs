//! Rows of a table with titles above, totals below and a header somewhere → what its columns are.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::kinds::Kinds;
use super::locale::{self, Days, Numbers};
use super::meaning::{self, Meaning, Values};
use super::rows::Numbered;
use super::void::{self, Void};
use crate::config::presets;
use crate::domain::currency;
use crate::names::numbered;
use crate::pull::read::FAULT;
use crate::pull::value::parse_number;

/// Rows above a header.
const MAX_TITLE_ROWS: usize = 30;

/// What the row of a total begins with, in lower case.
const TOTALS: [&str; 6] = ["итого", "всего", "grand total", "total", "summe", "gesamt"];

/// Values that a column of kinds or currencies has at most.
const MAX_KINDS: usize = 12;

/// Characters of a value of the kind of document.
const MAX_KIND_CHARS: usize = 100;

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// The row of its header, from 1, where it has one.
    pub header_row: Option<u64>,
    /// Its headers.
    pub columns: Vec<String>,
    /// What each column means, where that is known.
    pub meanings: Vec<Option<Meaning>>,
    /// How its numbers are written.
    pub numbers: Option<Numbers>,
    /// How its days are written.
    pub days: Option<Days>,
    /// The row of the total.
    pub total: Option<Total>,
    /// Whether the same document stands on several rows.
    pub lines: bool,
    /// Whether all rows of a document have the same amount, the document's own.
    pub once: bool,
    /// Headers that several columns have.
    pub doubled: Vec<String>,
    /// Whether rows without a client have amounts.
    pub nobodys_money: bool,
    /// Values that the kind of document takes.
    pub kinds: Vec<String>,
    /// Columns that may say which documents do not count.
    pub voids: Vec<Void>,
    /// Columns without an empty value.
    pub full: Vec<bool>,
}

/// The row of a total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Its number.
    pub row: u64,
    /// The word that it begins with.
    pub word: String,
    /// Whether it states a number under the amount.
    pub stated: bool,
    /// The first text below it.
    pub below: Option<String>,
}

impl Table {
    /// The table in `rows`, each with its number; `None` where no row looks like a header.
    pub(super) fn of(mut rows: Numbered, separator: char) -> Option<Self> {
        let place = header(&rows)?;
        let below = rows.split_off(place + 1);
        let (header_row, columns) = rows.pop()?;
        Some(Self { header_row: Some(header_row), ..Self::under(columns, &below, separator) })
    }

    /// The table of `rows` under columns that the format names.
    pub(super) fn named(columns: Vec<String>, mut rows: Numbered) -> Self {
        let kept = columns.iter().position(|column| column == FAULT).unwrap_or(columns.len());
        rows.iter_mut().for_each(|(_, row)| row.truncate(kept));
        Self::under(columns.into_iter().take(kept).collect(), &rows, ';')
    }

    fn under(columns: Vec<String>, below: &[(u64, Vec<String>)], separator: char) -> Self {
        let headers = columns;
        let columns = numbered(&headers);
        let mut doubled = headers.clone();
        doubled.retain(|header| !header.is_empty() && !columns.contains(header));
        doubled.sort_unstable();
        doubled.dedup();
        let all: Vec<&Vec<String>> = below.iter().map(|(_, row)| row).collect();
        let mut meanings = meaning::meanings(&columns, &Seen(&all));
        let place_of = |meanings: &[Option<Meaning>], wanted: Meaning| {
            meanings.iter().position(|found| *found == Some(wanted))
        };
        let date = place_of(&meanings, Meaning::Date);
        let is_total = |row: &[String]| total_word(row, date).is_some();
        let body: Vec<&Vec<String>> = below
            .iter()
            .map(|(_, row)| row)
            .filter(|row| {
                let filled = row.iter().filter(|text| !text.is_empty()).count();
                filled > usize::from(columns.len() > 1) && !is_total(row)
            })
            .collect();
        let values = |column: usize| {
            let all = body.iter().filter_map(move |row| row.get(column));
            all.map(String::as_str).filter(|text| !text.is_empty()).collect::<Vec<_>>()
        };
        let of = |meanings: &[Option<Meaning>], wanted: &[Meaning]| {
            let is = |place: &usize| meanings[*place].is_some_and(|found| wanted.contains(&found));
            (0..columns.len()).filter(is).flat_map(values).collect::<Vec<&str>>()
        };
        give_by_values(&mut meanings, &columns, &values);
        let number = place_of(&meanings, Meaning::DocumentId);
        let kind = place_of(&meanings, Meaning::Kind);
        let client = [Meaning::ClientId, Meaning::ClientName, Meaning::TaxId];
        let client = client.into_iter().find_map(|one| place_of(&meanings, one));
        let documents = Documents::of(&body, number, [kind, date, client]);
        let once = documents.lines && documents.correct_amount(&body, &columns, &mut meanings);
        let mut amounts = of(&meanings, &[Meaning::Amount, Meaning::Price, Meaning::Quantity]);
        // A total may have separators that the rows are too small for.
        let amount = place_of(&meanings, Meaning::Amount);
        let totals = below.iter().map(|(_, row)| row).filter(|row| is_total(row));
        let stated = totals.filter_map(|row| row.get(amount?).map(String::as_str));
        amounts.extend(stated.filter(|text| !text.is_empty()));
        if amounts.is_empty() {
            amounts = (0..columns.len()).flat_map(values).filter(|text| is_number(text)).collect();
        }
        let mut dated = of(&meanings, &[Meaning::Date]);
        if dated.is_empty() {
            dated = (0..columns.len()).flat_map(values).collect();
        }
        let mut kinds = of(&meanings, &[Meaning::Kind]);
        kinds.sort_unstable();
        kinds.dedup();
        let kinds = kinds.into_iter().filter(|kind| kind.len() <= MAX_KIND_CHARS);
        let free = |place: &usize| meanings[*place].is_none();
        let voids = (0..columns.len()).filter(free).filter_map(|place| {
            let values = values(place);
            void::of(&columns[place], &values, values.len() < body.len())
        });
        let voids = voids.collect();
        let clients = [Meaning::ClientId, Meaning::TaxId, Meaning::ClientName];
        let clients: Vec<usize> =
            clients.into_iter().filter_map(|one| place_of(&meanings, one)).collect();
        let empty = |row: &[String], place: usize| row.get(place).is_none_or(String::is_empty);
        let nobodys_money = body.iter().any(|row| {
            clients.iter().all(|place| empty(row, *place))
                && amount.is_some_and(|amount| !empty(row, amount) && is_number(&row[amount]))
        });
        let full = (0..columns.len()).map(|column| values(column).len() == body.len()).collect();
        let numbers = locale::numbers(&amounts, separator).map(|(found, _)| found);
        let stated = |row: &[String]| {
            let text = row.get(amount?)?;
            parse_number(text, &numbers.as_ref()?.locale()).ok()
        };
        let total = below.iter().rposition(|(_, row)| is_total(row)).and_then(|place| {
            let (row, fields) = &below[place];
            let after = below[place + 1..].iter().find_map(|(_, row)| first(row));
            Some(Total {
                row: *row,
                word: total_word(fields, date)?,
                stated: stated(fields).is_some(),
                below: after.cloned(),
            })
        });
        Self {
            header_row: None,
            days: locale::days(&dated).map(|(found, _)| found),
            kinds: kinds.map(str::to_owned).collect(),
            lines: documents.lines,
            once,
            doubled,
            nobodys_money,
            numbers,
            meanings,
            total,
            voids,
            full,
            columns,
        }
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
}

/// Which rows are of one document.
struct Documents<'r> {
    rows: HashMap<[&'r str; 4], Vec<usize>>,
    lines: bool,
}

impl<'r> Documents<'r> {
    /// Documents have one number; of one kind, day and client there is one with it.
    fn of(body: &[&'r Vec<String>], number: Option<usize>, others: [Option<usize>; 3]) -> Self {
        let mut rows: HashMap<_, Vec<usize>> = HashMap::new();
        let field = |row: &'r Vec<String>, place: Option<usize>| {
            place.and_then(|place| row.get(place)).map_or("", String::as_str)
        };
        for (place, row) in body.iter().copied().enumerate() {
            let number = field(row, number);
            if !number.is_empty() {
                let [kind, date, client] = others.map(|one| field(row, one));
                rows.entry([number, kind, date, client]).or_default().push(place);
            }
        }
        let lines = rows.values().any(|places| places.len() > 1);
        Self { rows, lines }
    }

    /// Takes the amount from a column of totals that each line of a document repeats, and which
    /// must not be summed: to one whose lines differ. Gives true where there is none, and lines repeat
    /// the total: it is to be taken once.
    fn correct_amount(
        &self,
        body: &[&'r Vec<String>],
        columns: &[String],
        meanings: &mut [Option<Meaning>],
    ) -> bool {
        let place_of = |wanted| meanings.iter().position(|found| *found == Some(wanted));
        let Some(total) = place_of(Meaning::Amount) else { return false };
        let priced = place_of(Meaning::Quantity).zip(place_of(Meaning::Price));
        // What is a quantity times a price is the line's own.
        if priced.is_some_and(|(quantity, price)| is_product(body, quantity, price, total)) {
            return false;
        }
        let mut amounts = meaning::places(columns, Meaning::Amount).into_iter();
        let free = |place: usize| place == total || meanings[place].is_none();
        match amounts.find(|place| free(*place) && self.differ(body, *place)) {
            Some(own) => {
                meanings[total] = None;
                meanings[own] = Some(Meaning::Amount);
                false
            }
            None => self.repeat(body, total),
        }
    }

    /// Whether lines of one document that are not the same row have the same number in `column`.
    fn repeat(&self, body: &[&'r Vec<String>], column: usize) -> bool {
        self.rows.values().any(|places| {
            let filled =
                |place: &&usize| body[**place].get(column).is_some_and(|it| !it.is_empty());
            let mut rows = places.iter().filter(filled).map(|place| body[*place]);
            let one = rows.next();
            rows.any(|row| Some(row) != one)
        })
    }

    /// Whether the numbers of one document differ in `column`.
    fn differ(&self, body: &[&'r Vec<String>], column: usize) -> bool {
        self.rows.values().any(|places| {
            let texts = places.iter().filter_map(|place| body[*place].get(column));
            let mut texts = texts.filter(|text| !text.is_empty());
            let one = texts.next();
            texts.any(|text| Some(plain(text)) != one.map(|one| plain(one)))
        })
    }
}

/// A number without the zeros that say nothing, however it is written.
fn plain(text: &str) -> String {
    let digits: String = text.chars().filter(|char| !char.is_whitespace()).collect();
    match digits.rsplit_once(['.', ',']) {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole.to_owned(),
        Some((whole, fraction)) => format!("{whole}.{}", fraction.trim_end_matches('0')),
        None => digits,
    }
}

/// Whether `amount` is `quantity` times `price` on all rows that have the three.
fn is_product(body: &[&Vec<String>], quantity: usize, price: usize, amount: usize) -> bool {
    let number =
        |text: &str| text.replace([' ', '\u{a0}'], "").replace(',', ".").parse::<f64>().ok();
    let mut rows = body.iter().filter_map(|row| {
        let [quantity, price, amount] =
            [quantity, price, amount].map(|place| row.get(place).and_then(|text| number(text)));
        Some((quantity?, price?, amount?))
    });
    let mut any = false;
    let all = rows.all(|(quantity, price, amount)| {
        any = true;
        (quantity * price - amount).abs() < 0.011
    });
    any && all
}

/// The values of columns, as rows have them.
struct Seen<'r>(&'r [&'r Vec<String>]);

impl Seen<'_> {
    fn of(&self, place: usize) -> impl Iterator<Item = &str> {
        let fields = self.0.iter().filter_map(move |row| row.get(place));
        fields.map(String::as_str).filter(|text| !text.is_empty())
    }
}

impl Values for Seen<'_> {
    fn may_be(&self, place: usize, meaning: Meaning) -> bool {
        let share = |is: &dyn Fn(&str) -> bool| {
            let (all, fit) = self
                .of(place)
                .fold((0, 0), |(all, fit), text| (all + 1, fit + usize::from(is(text))));
            all == 0 || fit * 5 >= all * 4
        };
        match meaning {
            // A tax has no eight digits, and its rate a sign.
            Meaning::TaxId => share(&|text| {
                let signs = text.chars().filter(|char| char.is_alphanumeric()).count();
                signs >= 8 && !text.contains(['.', ',', '%'])
            }),
            Meaning::Region => !share(&|text| void::is_word(text)),
            _ => true,
        }
    }

    fn are_codes(&self, place: usize) -> bool {
        let mut seen = HashSet::new();
        let once = self.of(place).all(|text| seen.insert(text));
        let counted = (1_usize..).zip(self.of(place));
        let counts = counted.into_iter().all(|(number, text)| text == number.to_string());
        once && !(counts && seen.len() > 1)
    }
}

/// Gives columns without a meaning the one that their values tell: kinds of documents, currencies. Takes
/// it from codes that several names share.
fn give_by_values<'r>(
    meanings: &mut [Option<Meaning>],
    columns: &[String],
    values: &dyn Fn(usize) -> Vec<&'r str>,
) {
    let place_of = |meanings: &[Option<Meaning>], wanted: Meaning| {
        meanings.iter().position(|found| *found == Some(wanted))
    };
    let distinct = |place: usize| {
        let values: BTreeSet<&str> = values(place).into_iter().collect();
        values.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    if let (Some(code), Some(name)) =
        (place_of(meanings, Meaning::ClientId), place_of(meanings, Meaning::ClientName))
        && distinct(code).len() < distinct(name).len()
    {
        meanings[code] = None;
    }
    if place_of(meanings, Meaning::Date).is_none() {
        return;
    }
    let free = |meanings: &[Option<Meaning>], is: &dyn Fn(&[String]) -> bool| {
        let open = |place: &usize| meanings[*place].is_none() && !void::is_status(&columns[*place]);
        (0..columns.len()).filter(open).find(|place| {
            let values = distinct(*place);
            !values.is_empty() && values.len() <= MAX_KINDS && is(&values)
        })
    };
    if place_of(meanings, Meaning::Kind).is_none()
        && let Some(kind) = free(meanings, &|values| Kinds::of(values).are_mostly_known())
    {
        meanings[kind] = Some(Meaning::Kind);
    }
    let is_currency =
        |text: &String| text.chars().any(char::is_alphabetic) && currency::code(text).is_some();
    if place_of(meanings, Meaning::Currency).is_none()
        && let Some(place) = free(meanings, &|values| values.iter().all(is_currency))
    {
        meanings[place] = Some(Meaning::Currency);
    }
}

fn first(row: &[String]) -> Option<&String> {
    row.iter().find(|text| !text.is_empty())
}

/// The word of a total as the row writes it, where the row begins with one and has no day.
fn total_word(row: &[String], date: Option<usize>) -> Option<String> {
    let begin = first(row)?;
    let day = date.and_then(|place| row.get(place));
    if day.is_some_and(|day| !day.is_empty() && day != begin) {
        return None;
    }
    let lower = begin.to_lowercase();
    let word = TOTALS.iter().find(|word| lower.starts_with(**word))?;
    Some(begin.chars().take(word.chars().count()).collect())
}

fn is_number(text: &str) -> bool {
    locale::numbers(&[text], ';')
        .is_some_and(|(found, _)| parse_number(text, &found.locale()).is_ok())
}

/// The row that looks most like a header: known words first, then most texts that are no values,
/// among rows as wide as what follows.
fn header(rows: &Numbered) -> Option<usize> {
    let filled = |row: &[String]| row.iter().filter(|text| !text.is_empty()).count();
    let words = presets::headers();
    let mut best: Option<(usize, (usize, usize))> = None;
    for (place, (_, row)) in rows.iter().enumerate().take(MAX_TITLE_ROWS) {
        let texts: Vec<&String> = row.iter().filter(|text| !text.is_empty()).collect();
        let values = texts.iter().filter(|text| is_number(text) || locale::days(&[text]).is_some());
        let distinct = texts.iter().collect::<HashSet<_>>().len();
        let values = values.count();
        if texts.len() < 2 || values * 2 > texts.len() || distinct * 2 <= texts.len() {
            continue;
        }
        let next = rows.iter().skip(place + 1).find(|(_, row)| filled(row) > 1);
        let wide = next.is_none_or(|(_, next)| next.len() <= row.len() + 1);
        let known = meaning::known(row, &words).saturating_sub(values);
        let score = (known, texts.len() * usize::from(wide));
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
        Table::of((1..).zip(rows).collect(), ';').unwrap()
    }

    #[test]
    fn a_header_is_found_between_titles_and_rows() {
        let found = table(
            "Реестр документов;;;\nПериод: март 2026;;;\n;;;\nНомер;Дата;Контрагент;Сумма\n\
             1;05.03.2026;ООО Ромашка;1 200,50\n2;25.03.2026;ИП Иванов;7,00\n\
             Итого;;;1 207,50",
        );
        assert_eq!(found.header_row, Some(4));
        assert_eq!(found.header(Meaning::Amount), Some("Сумма"));
        let total = found.total.clone().unwrap();
        assert_eq!((total.row, total.word.as_str(), total.stated), (7, "Итого", true));
        assert_eq!(total.below, None);
        assert_eq!(found.numbers.unwrap().thousands, Some(' '));
        assert_eq!(found.days.unwrap().format, "%d.%m.%Y");
        assert!(!found.lines);
    }

    #[test]
    fn a_header_of_unknown_words_is_the_row_of_words_above_values() {
        let found = table("x;y\nalpha;beta;gamma\n1;2;3\n4;5;6\n");
        assert_eq!(found.header_row, Some(2));
        assert_eq!(found.columns, ["alpha", "beta", "gamma"]);
    }

    #[test]
    fn a_client_called_total_is_no_total() {
        let found =
            table("Client;Number;Date;Amount\nTotal AG;1;2026-03-01;5\nSumme AG;2;2026-03-02;7");
        assert_eq!(found.total, None);
    }

    #[test]
    fn the_total_that_lines_repeat_is_not_their_amount() {
        let rows = "1;2026-03-01;A;30;10\n1;2026-03-01;A;30;20\n2;2026-03-01;A;5;5";
        let found = table(&format!("Number;Date;Client;Total;Amount\n{rows}"));
        assert!(found.lines);
        assert_eq!(found.header(Meaning::Amount), Some("Amount"));
        let found = table(&format!("Number;Date;Client;Amount;Total\n{rows}"));
        assert_eq!(found.header(Meaning::Amount), Some("Total"));
    }

    #[test]
    fn a_number_of_two_kinds_is_two_documents() {
        let found = table(
            "Номер;Дата;Вид документа;Контрагент;Сумма\n1;01.03.2026;Реализация;А;5\n\
             1;02.03.2026;Возврат;А;5",
        );
        assert!(!found.lines);
        assert_eq!(found.kinds, ["Возврат", "Реализация"]);
    }
}
