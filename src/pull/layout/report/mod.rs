//! Tabular reports, as 1C makes them, → rows of their leaves.
//!
//! A report repeats each amount on every level of its hierarchy and in its total. What is read is
//! its leaves, each once, with the levels above it in columns of their own.
//!
//! Keeps true: amounts and quantities of the leaves sum up to the total row, and to each subtotal, to
//! the cent, or the report is refused; a row is a leaf or is counted as recognised; no label is taken
//! apart.

mod header;
mod period;
mod sums;
#[cfg(test)]
mod tests;
mod tree;
mod unit;
mod walk;
mod words;

use chrono::NaiveDate;

use self::header::{Column, Header};
use self::tree::{Leaf, Tree};
use crate::config::pipeline::{Locale, Summary};
use crate::pull::read::{BadBytes, Guess, Reader};
use crate::pull::value::{Decimal, Row, Rows, parse_number};

/// Rows given at a time.
const BATCH_ROWS: usize = 1024;

/// How a report is read.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    /// The headers by which the header is known, those of the label column first; without them it
    /// is known by words as `Контрагент`, `Customer`, or by months. One for each level, they name
    /// the levels where the header does not.
    pub labels: Vec<String>,
    /// Headers that labels may have beside the words that are known, in one spelling.
    pub known: Vec<String>,
    /// Columns that have to sum up to the totals; of others it is told when they do not.
    pub summed: Vec<String>,
    /// Columns that no total sums up, as prices and shares; those with `%` never are.
    pub not_summed: Vec<String>,
    /// Where sums stand; without it as the file says, or as they hold.
    pub summary: Option<Summary>,
    /// The year of months across that name none.
    pub year: Option<i32>,
    /// How numbers and days are written.
    pub locale: Locale,
    /// Rows that a report may have.
    pub max_rows: usize,
}

impl ReportOptions {
    /// Reports known by their words, written as `locale` says.
    #[must_use]
    pub fn new(locale: Locale) -> Self {
        Self {
            labels: Vec::new(),
            known: Vec::new(),
            summed: Vec::new(),
            not_summed: Vec::new(),
            summary: None,
            year: None,
            locale,
            max_rows: 2_000_000,
        }
    }
}

/// A report, read and checked as a whole: gives its leaves.
#[derive(Debug)]
pub struct Report {
    table: Table,
    header: Header,
    tree: Tree,
    columns: Vec<String>,
    months: Vec<Option<NaiveDate>>,
    /// For each month the column of each measure, where it has one.
    cells: Vec<Vec<Option<usize>>>,
    period: [String; 2],
    rows: Rows,
    given: usize,
    recognised: u64,
    charset: Option<Guess>,
    notes: Vec<String>,
}

/// All rows of a report.
#[derive(Debug)]
struct Table {
    rows: Rows,
    locale: Locale,
    /// Whether the spaces before names are all that tells the levels.
    spaced: bool,
}

fn bad(row: Option<u64>, message: impl Into<String>) -> BadBytes {
    let hint = "ask for the report again, or correct report: labels, summary, not_summed";
    BadBytes { row, message: message.into(), hint: hint.to_owned() }
}

/// A day as the report's own days are written, so that one format reads them all.
fn written(day: NaiveDate, locale: &Locale) -> String {
    let format = if locale.date.is_empty() { "%Y-%m-%d" } else { &locale.date };
    day.and_time(chrono::NaiveTime::MIN).format(format).to_string()
}

impl Table {
    fn len(&self) -> usize {
        self.rows.starts.len()
    }

    fn row(&self, index: usize) -> Row<'_> {
        self.rows.row(index)
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter()
    }

    fn number(&self, text: &str) -> Option<Decimal> {
        parse_number(text, &self.locale).ok()
    }

    fn read(source: &mut dyn Reader, options: &ReportOptions) -> Result<Self, BadBytes> {
        let locale = options.locale.clone();
        let mut table = Self { rows: Rows::default(), locale, spaced: false };
        let mut spaces = Vec::new();
        while let Some(rows) = source.next_rows()? {
            if table.len() + rows.complete > options.max_rows {
                let message = format!("the report has more than {} rows", options.max_rows);
                return Err(bad(None, message));
            }
            for row in rows.iter() {
                table.rows.shapes.push(row.shape());
                spaces.push(spaces_before(&row));
                table.rows.add(row.number, row.len(), |field, text| {
                    text.push_str(row.field(field));
                    Ok::<(), BadBytes>(())
                })?;
            }
        }
        let shaped = table.rows.shapes.iter().any(|shape| shape.level > 0 || shape.indent > 0);
        if !shaped && spaces.iter().any(|spaces| *spaces > 0) {
            table.spaced = true;
            table.indent(&spaces);
        }
        Ok(table)
    }

    /// Takes the `spaces` before names for indents. A row without any, that has a text where rows
    /// with spaces have none, stands below all of them.
    fn indent(&mut self, spaces: &[u8]) {
        let deepest = spaces.iter().copied().max().unwrap_or(0);
        let text = |row: &Row<'_>, field: usize| {
            let text = row.field(field);
            !text.is_empty() && self.number(text).is_none()
        };
        let width = self.rows().map(|row| row.len()).max().unwrap_or(0);
        let of_spaced = |field: &usize| {
            let mut spaced = (0..self.len()).filter(|row| spaces[*row] > 0);
            spaced.any(|row| text(&self.row(row), *field))
        };
        let own: Vec<usize> = (1..width).filter(|field| !of_spaced(field)).collect();
        let indents: Vec<u8> = (0..self.len())
            .map(|row| match spaces[row] {
                0 if own.iter().any(|field| text(&self.row(row), *field)) => {
                    deepest.saturating_add(1)
                }
                spaces => spaces,
            })
            .collect();
        for (shape, indent) in self.rows.shapes.iter_mut().zip(indents) {
            shape.indent = indent;
        }
    }
}

/// The spaces before the first text of a row.
fn spaces_before(row: &Row<'_>) -> u8 {
    let first = (0..row.len()).find(|index| !row.field(*index).is_empty()).unwrap_or(0);
    let raw = row.raw_field(first);
    let spaces = raw.chars().count() - raw.trim_start().chars().count();
    u8::try_from(spaces).unwrap_or(u8::MAX)
}

/// Whether `texts`, those of a row, are the months of a report that has them across.
#[must_use]
pub fn are_months(texts: &[String]) -> bool {
    let named = |text: &&String| text.chars().any(char::is_alphabetic);
    let months = texts.iter().filter(named);
    let months = months.filter(|text| period::month(text, "").is_some()).count();
    let totals = texts.iter().filter(|text| words::is_total(text)).count();
    let filled = texts.iter().filter(|text| !text.is_empty()).count();
    months > 1 && months + totals + 1 >= filled
}

impl Report {
    /// Reads `source` to its end.
    ///
    /// # Errors
    /// When it has no header, a level no name, the leaves do not sum up to the totals, or it goes
    /// beyond a limit.
    pub fn new(source: &mut dyn Reader, options: &ReportOptions) -> Result<Self, BadBytes> {
        let table = Table::read(source, options)?;
        let header = header::find(&table, source.merges(), options)?;
        let (tree, told) = Tree::build(&table, &header, !source.summary_below(), options)?;
        let mut notes = source.notes();
        notes.extend(header.title.units.iter().cloned());
        notes.extend(told);
        notes.extend(
            header.dropped.iter().map(|name| format!("column \"{name}\" left out: it sums months")),
        );
        let mut report = Self {
            columns: Vec::new(),
            months: Vec::new(),
            cells: Vec::new(),
            period: header.title.period.map_or_else(Default::default, |(first, last)| {
                [written(first, &options.locale), written(last, &options.locale)]
            }),
            rows: Rows::default(),
            given: 0,
            recognised: 0,
            charset: source.charset(),
            notes,
            table,
            header,
            tree,
        };
        report.arrange();
        let leaves = &report.tree.leaves;
        let given = leaves
            .iter()
            .filter(|leaf| (0..report.months.len()).any(|month| report.gives(leaf, month)));
        let read = report.table.rows().last().map_or(0, |row| row.number);
        let below = report.table.rows().nth(report.header.below).map_or(read + 1, |row| row.number);
        report.recognised = (read + 1 - below).saturating_sub(given.count() as u64);
        Ok(report)
    }

    /// Names the columns: levels, measure, month, amounts, and what the title says.
    fn arrange(&mut self) {
        let mut months: Vec<Option<NaiveDate>> = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for Column { name, month, .. } in &self.header.columns {
            if month.is_some() && !months.contains(month) {
                months.push(*month);
            }
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        if months.is_empty() {
            months.push(None);
        }
        let find = |name: &str, month: Option<NaiveDate>| {
            let mut columns = self.header.columns.iter();
            let found =
                columns.find(|it| it.name == name && (it.month == month || it.month.is_none()));
            found.map(|column| column.index)
        };
        self.cells = months
            .iter()
            .map(|month| names.iter().map(|name| find(name, *month)).collect())
            .collect();
        let mut columns: Vec<String> = self.tree.levels.clone();
        columns.push("measure".to_owned());
        if months[0].is_some() {
            columns.push("month".to_owned());
        }
        columns.extend(names.iter().map(|name| (*name).to_owned()));
        columns.extend(["period_first", "period_last", "title", "selection"].map(str::to_owned));
        self.columns = columns;
        self.months = months;
    }

    /// Whether the leaf gives a row for the month at `month`; without months every leaf does.
    fn gives(&self, leaf: &Leaf, month: usize) -> bool {
        let row = self.table.row(leaf.row);
        let own = |column: &&Option<usize>| {
            let index = column.unwrap_or(usize::MAX);
            self.header.columns.iter().any(|it| it.index == index && it.month == self.months[month])
        };
        self.months[month].is_none()
            || self.cells[month]
                .iter()
                .filter(own)
                .flatten()
                .any(|index| !row.field(*index).is_empty())
    }
}

impl Reader for Report {
    fn columns(&self) -> Option<&[String]> {
        Some(&self.columns)
    }

    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        let mut rows = std::mem::take(&mut self.rows);
        rows.clear();
        while rows.starts.len() < BATCH_ROWS {
            let Some(leaf) = self.tree.leaves.get(self.given) else { break };
            self.given += 1;
            let row = self.table.row(leaf.row);
            let names = &self.tree.names[leaf.names.clone()];
            for month in (0..self.months.len()).filter(|month| self.gives(leaf, *month)) {
                let date = self.months[month].map(|month| written(month, &self.table.locale));
                let label = |index: usize| names.get(index).map_or("", |row| self.label(*row));
                // Parents from the left, the leaf in the last column.
                let levels = (0..self.tree.levels.len()).map(|index| {
                    if index + 1 == self.tree.levels.len() {
                        label(names.len().saturating_sub(1))
                    } else if index + 1 < names.len() {
                        label(index)
                    } else {
                        ""
                    }
                });
                let amounts = self.cells[month]
                    .iter()
                    .map(|index| index.map_or("", |index| row.field(index)));
                let fields: Vec<&str> = levels
                    .chain([leaf.measure.map_or("", |row| self.measure(row))])
                    .chain(date.as_deref())
                    .chain(amounts)
                    .chain(self.period.iter().map(String::as_str))
                    .chain([self.header.title.name.as_str(), self.header.title.selection.as_str()])
                    .collect();
                rows.add(row.number, fields.len(), |field, text| {
                    text.push_str(fields[field]);
                    Ok::<(), BadBytes>(())
                })?;
            }
        }
        self.rows = rows;
        Ok((!self.rows.starts.is_empty()).then_some(&self.rows))
    }

    /// Rows of parents, totals and footer, blank ones among them: all below the header that gave no
    /// row of the table.
    fn recognised(&self) -> u64 {
        self.recognised
    }

    fn charset(&self) -> Option<Guess> {
        self.charset
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

impl Report {
    fn label(&self, row: usize) -> &str {
        words::label(&self.table, &self.header, row)
    }

    fn measure(&self, row: usize) -> &str {
        words::measure(&self.table, &self.header, row).unwrap_or_default()
    }
}
