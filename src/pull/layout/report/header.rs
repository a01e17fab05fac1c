//! Title and header of a report: what each column is called, what the report says it covers.
//!
//! Keeps true: a composite label stays whole; no two columns have one name.

use super::period::{Month, Period, month, period};
use super::unit::unit;
use super::words::is_total;
use super::{ReportOptions, Table, bad};
use crate::names::spelling;
use crate::pull::read::{BadBytes, Merge};
use crate::pull::value::Row;
use chrono::NaiveDate;

/// Rows among which the header is looked for.
const MAX_TITLE_ROWS: u64 = 30;
/// Rows that a header may have.
const MAX_HEADER_ROWS: usize = 3;

/// How the label or another column of a header begins, in lower case.
const KEYWORDS: [&str; 24] = [
    "контрагент",
    "партнер",
    "грузополучатель",
    "номенклатура",
    "покупатель",
    "клиент",
    "поставщик",
    "заказчик",
    "товар",
    "счет",
    "счёт",
    "документ",
    "договор",
    "субконто",
    "менеджер",
    "организация",
    "подразделение",
    "customer",
    "client",
    "account",
    "item",
    "product",
    "name",
    "vendor",
];

/// Words that begin a line of settings in a title.
const SELECTIONS: [&str; 6] =
    ["отбор", "параметры", "выводимые данные", "детализация", "filter", "basis"];

/// A column below the label.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) index: usize,
    pub(super) name: String,
    /// The month it stands under, where months run across.
    pub(super) month: Option<NaiveDate>,
}

/// What stands above the rows.
#[derive(Debug, Clone)]
pub(super) struct Header {
    /// The index of the first row below it.
    pub(super) below: usize,
    /// Columns from the left that hold nothing but the label.
    pub(super) label_columns: usize,
    /// The names of the levels that the label column states.
    pub(super) levels: Vec<String>,
    /// The column with the kind of amount of a row, as БУ, Кол.
    pub(super) indicator: Option<usize>,
    pub(super) columns: Vec<Column>,
    /// Columns that sum months up: left out.
    pub(super) dropped: Vec<String>,
    pub(super) title: Title,
}

/// What stands above a header.
#[derive(Debug, Clone, Default)]
pub(super) struct Title {
    pub(super) name: String,
    pub(super) selection: String,
    pub(super) period: Option<Period>,
    /// What to tell of the currencies it names.
    pub(super) units: Vec<String>,
}

pub(super) fn find(
    table: &Table,
    merges: &[Merge],
    options: &ReportOptions,
) -> Result<Header, BadBytes> {
    let declared =
        |text: &str| options.labels.iter().any(|label| spelling(label) == spelling(text));
    // Labels that no row has still name the levels, from the top.
    let found = table.rows().take_while(|row| row.number <= MAX_TITLE_ROWS);
    let found = found.into_iter().any(|row| fields(&row).any(declared) && filled(&row) > 1);
    let is_label = |text: &str| {
        if found {
            declared(text)
        } else {
            is_keyword(text) || options.known.contains(&spelling(text))
        }
    };
    let above = || table.rows().take_while(|row| row.number <= MAX_TITLE_ROWS);
    let labelled = |row: &Row<'_>| fields(row).any(is_label) && filled(row) > 1;
    let is_header = |at: usize| {
        let row = table.row(at);
        // What ends in a colon is a line of the title, whatever it names.
        if fields(&row).any(|text| text.ends_with(':')) {
            return false;
        }
        let months = fields(&row).filter(|text| month(text, &options.locale.date).is_some());
        let months = months.count();
        let totals = fields(&row).filter(|text| is_total(text)).count();
        let label = usize::from(!row.field(0).is_empty());
        let across = months > 0 && months + totals + label >= filled(&row);
        labelled(&row)
            || across && at + 1 < table.len() && labelled(&table.row(at + 1))
            || across && months > 1
    };
    let Some(first) = (0..above().count()).find(|at| is_header(*at)) else {
        let expected = match options.labels.as_slice() {
            [] => "a row with a column as \"Контрагент\" or \"Customer\"".to_owned(),
            labels => format!("a row with column \"{}\"", labels.join("\" or \"")),
        };
        return Err(BadBytes {
            row: None,
            message: format!(
                "no header among the first {MAX_TITLE_ROWS} rows, expected {expected}"
            ),
            hint: "declare the header of the label column as the report writes it".to_owned(),
        });
    };
    let anchor = anchor(&fields(&table.row(first)).collect::<Vec<_>>(), &is_label);
    let mut below = first + 1;
    while below < first + MAX_HEADER_ROWS && below < table.len() {
        let row = table.row(below);
        let label = (0..=anchor).map(|index| row.field(index)).find(|text| !text.is_empty());
        let label = label.unwrap_or_default();
        let stacked = filled(&row) == 1 && !label.is_empty() && is_label(label);
        let words = |index: usize| {
            let text = row.field(index);
            text.is_empty() || table.number(text).is_none()
        };
        let texts =
            (1..row.len()).all(words) && (1..row.len()).any(|index| !row.field(index).is_empty());
        let label = row.field(0);
        if !(stacked || texts && (label.is_empty() || is_label(label))) {
            break;
        }
        below += 1;
    }
    let texts = fill(table, first, below, merges);
    let title = Title::read(table, first, options)?;
    let months = months(&texts[0], table.row(first).number, title.period, options)?;
    let header = name_columns(&texts, below, anchor, &is_label, (title, months));
    if header.columns.is_empty() {
        return Err(bad(Some(table.row(first).number), "the header has no column but its label"));
    }
    Ok(header)
}

fn fields<'a>(row: &Row<'a>) -> impl Iterator<Item = &'a str> {
    let row = *row;
    (0..row.len()).map(move |index| row.field(index))
}

fn filled(row: &Row<'_>) -> usize {
    fields(row).filter(|text| !text.is_empty()).count()
}

/// The column of the label: the first, or the first with a label's header behind blank ones.
fn anchor(header: &[&str], is_label: &dyn Fn(&str) -> bool) -> usize {
    let first = header.iter().position(|text| !text.is_empty()).unwrap_or(0);
    if header.get(first).is_some_and(|text| is_label(text)) { first } else { 0 }
}

fn is_keyword(text: &str) -> bool {
    let text = spelling(text);
    !text.contains(':') && KEYWORDS.iter().any(|word| text.starts_with(&spelling(word)))
}

/// The texts of the header's rows, those of merged cells in each of their columns.
fn fill(table: &Table, first: usize, below: usize, merges: &[Merge]) -> Vec<Vec<String>> {
    let width = (first..below).map(|index| table.row(index).len()).max().unwrap_or(0);
    let numbers: Vec<u64> = (first..below).map(|index| table.row(index).number).collect();
    let spans: Vec<&Merge> = merges
        .iter()
        .filter(|merge| {
            numbers.contains(&merge.first_row) && merge.last_column > merge.first_column
        })
        .collect();
    let mut texts: Vec<Vec<String>> = (first..below)
        .map(|index| (0..width).map(|column| table.row(index).field(column).to_owned()).collect())
        .collect();
    for line in 0..texts.len() {
        for column in 1..width {
            if !texts[line][column].is_empty() {
                continue;
            }
            // Without merged cells a text reaches as far as there are texts below it.
            let reaches = match spans.as_slice() {
                [] => {
                    texts[line + 1..].iter().any(|lower| !lower[column].is_empty())
                        && !texts[line][1..column].iter().all(String::is_empty)
                }
                spans => spans.iter().any(|merge| {
                    merge.first_row == numbers[line]
                        && (merge.first_column + 1..=merge.last_column).contains(&column)
                }),
            };
            if reaches {
                let text = texts[line][column - 1].clone();
                texts[line][column] = text;
            }
        }
    }
    texts
}

/// The months that run across, by their first days.
fn months(
    texts: &[String],
    row: u64,
    period: Option<Period>,
    options: &ReportOptions,
) -> Result<Vec<Option<NaiveDate>>, BadBytes> {
    let place = |text: &String| {
        let Some(month) = month(text, &options.locale.date) else { return Ok(None) };
        month.first(period, options.year).map(Some).ok_or_else(|| {
            let message = match (month, period) {
                (Month::Bare(_), None) => {
                    format!("month \"{text}\" has no year, and no row above names a period")
                }
                (_, period) => {
                    let (first, last) = period.unwrap_or_default();
                    format!("month \"{text}\" is not one of the period {first} to {last} above it")
                }
            };
            BadBytes {
                row: Some(row),
                message,
                hint: "declare it: report: { year: 2025 }; or ask for the report with its period \
                       above the header, or with years in it"
                    .to_owned(),
            }
        })
    };
    texts.iter().map(place).collect()
}

fn name_columns(
    texts: &[Vec<String>],
    below: usize,
    anchor: usize,
    is_label: &dyn Fn(&str) -> bool,
    (title, months): (Title, Vec<Option<NaiveDate>>),
) -> Header {
    let width = texts.first().map_or(0, Vec::len);
    let mut levels: Vec<String> = Vec::new();
    for line in texts {
        if !line[anchor].is_empty() && levels.last() != Some(&line[anchor]) {
            levels.push(line[anchor].clone());
        }
    }
    // The label may reach over several columns, blank or repeating it.
    let of_label = |column: usize| {
        texts.iter().all(|line| line[column].is_empty() || line[column] == line[anchor])
    };
    let label_columns = (anchor + 1..width).find(|column| !of_label(*column)).unwrap_or(width);
    if levels.is_empty()
        && let Some(label) = texts.iter().flatten().find(|text| is_label(text))
    {
        levels.push(label.clone());
    }
    let across = months.iter().flatten().count() > 0;
    let mut running = None;
    let mut header = Header {
        below,
        label_columns,
        levels,
        indicator: None,
        columns: Vec::new(),
        dropped: Vec::new(),
        title,
    };
    for column in label_columns..width {
        let top = &texts[0][column];
        if across && (months[column].is_some() || !top.is_empty()) {
            running = months[column];
        }
        let lines = if across && running.is_some() { &texts[1..] } else { texts };
        let mut parts: Vec<&str> = Vec::new();
        for line in lines {
            let text = line[column].as_str();
            if !text.is_empty() && parts.last() != Some(&text) {
                parts.push(text);
            }
        }
        let mut name = parts.join(" / ");
        if name.is_empty() && across && running.is_some() && months[column].is_some() {
            "amount".clone_into(&mut name);
        }
        match spelling(&name).as_str() {
            "" => {}
            "показатели" | "показатель" => header.indicator = Some(column),
            _ if across && running.is_none() && is_total(top) => {
                header.dropped.push(name);
            }
            _ => {
                header.columns.push(Column { index: column, name, month: running });
            }
        }
    }
    number(&mut header.columns);
    header
}

/// Numbers the columns of one name and month: `Amount (1)`, `Amount (2)`.
fn number(columns: &mut [Column]) {
    let key = |column: &Column| (column.name.clone(), column.month);
    let keys: Vec<_> = columns.iter().map(key).collect();
    for (place, column) in columns.iter_mut().enumerate() {
        let same = |other: &&(String, Option<NaiveDate>)| **other == keys[place];
        if keys.iter().filter(same).count() > 1 {
            let copy = keys[..=place].iter().filter(same).count();
            column.name = format!("{} ({copy})", column.name);
        }
    }
}

impl Title {
    /// Reads the rows of `table` above the one at `first`.
    ///
    /// # Errors
    /// When they say that amounts are in thousands or more.
    fn read(table: &Table, first: usize, options: &ReportOptions) -> Result<Self, BadBytes> {
        let mut title = Self::default();
        let date = &options.locale.date;
        let month_first = match (date.find("%m"), date.find("%d")) {
            (Some(month), Some(day)) => month < day,
            _ => false,
        };
        let mut selection: Vec<String> = Vec::new();
        let mut titles: Vec<String> = Vec::new();
        for row in table.rows().take(first) {
            let texts: Vec<&str> = (0..row.len())
                .map(|index| row.field(index))
                .filter(|text| !text.is_empty())
                .collect();
            let line = texts.join(" ");
            let lower = line.to_lowercase();
            if line.is_empty() {
                continue;
            }
            title.units.extend(unit(&line, row.number)?);
            let stated = lower.strip_prefix("период").or_else(|| lower.strip_prefix("period"));
            let whole = stated.unwrap_or(&lower).trim_start_matches([':', ' ']);
            let span = period(whole, month_first);
            let within = || lower.rsplit_once(" за ").or_else(|| lower.rsplit_once(" for "));
            if SELECTIONS.iter().any(|word| lower.starts_with(word)) {
                selection.push(line);
            } else if span.is_some() {
                title.period = title.period.or(span);
            } else if stated.is_none() {
                let span = within().and_then(|(_, span)| period(span, month_first));
                title.period = title.period.or(span);
                titles.push(line);
            }
        }
        // The organisation stands above the name of the report.
        title.name = titles.get(1).or(titles.first()).cloned().unwrap_or_default();
        title.selection = selection.join("; ");
        Ok(title)
    }
}
