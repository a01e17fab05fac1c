//! What frames the records of a table: totals, subtotals, and what stands below the last record.
//!
//! Keeps true: a word alone makes no total, for clients are called so too; a sum does. A row with a
//! date of its own is no subtotal. What stands below a footer is looked at, and a record there is
//! told.

use std::collections::VecDeque;

use super::header::Header;

use crate::config::pipeline::{Into, Locale, Mapping, Origin, Source};
use crate::names::like_any_case;
use crate::pull::value::{Row, parse_number};

/// Rows behind which what a subtotal closes may begin.
const MAX_STARTS: usize = 1 << 12;
/// Subtotals that are told by name.
const TOLD: usize = 3;
/// Places behind the point that sums keep.
const SCALE: u32 = 8;
/// Half a cent, in units of `10^-SCALE`.
const TOLERANCE: u128 = 500_000;

/// What the rows of a table state of their sum, in units of 10⁻⁸.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Control {
    /// The row of the last control total that the rows above make up.
    pub proven: Option<u64>,
    /// The last row that is called a control total and is none.
    pub unproven: Option<Unproven>,
    /// Rows behind the last total that was proven.
    pub open: u64,
    /// Rows whose column holds no number.
    pub unread: u64,
    /// A footer, and a record below it.
    pub below: Option<(u64, u64)>,
    /// Rows that their sums prove to be subtotals, and the first of them by name.
    pub subtotals: (u64, Vec<String>),
    /// The sum of the records' numbers without their signs.
    pub sum: i128,
    /// The same of the rows that were rejected by fault, once they are all known.
    pub rejected: i128,
}

/// A total that the rows above do not make up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unproven {
    /// Its row.
    pub row: u64,
    /// What it states; `None` where that is no number.
    pub stated: Option<i128>,
    /// The sum of the rows above.
    pub sum: i128,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Among the records, whatever is wrong with it.
    Record,
    /// Blank, a total or a footer.
    Frame,
    /// Below the footer.
    Below,
}

/// Tells the records of a table from what frames them.
pub(super) struct Frame<'s> {
    totals: &'s [String],
    subtotals: &'s [String],
    footer: &'s [String],
    /// The column whose sums prove totals.
    field: Option<usize>,
    /// The columns of the dates of records.
    dates: Vec<usize>,
    /// The row from which on nothing is read.
    ended: Option<u64>,
    rows: u64,
    sum: i128,
    /// Rows and sum where what a total closes may begin.
    starts: VecDeque<(u64, i128)>,
    /// What was found so far.
    pub(super) control: Control,
}

impl<'s> Frame<'s> {
    /// That of `source`, whose columns stand where `at` says.
    pub(super) fn new(source: &'s Source, at: impl Fn(&str) -> Option<usize>) -> Self {
        let total = source.control_total.as_ref();
        let header = total.map(|total| total.header.as_str()).or_else(|| amount(source));
        let dates = source.into.iter().filter_map(|into| mapping(into, into.table.date?));
        let frame = source.read.frame();
        Self {
            totals: total.map_or(&[], |total| &total.rows),
            subtotals: frame.map_or(&[], |frame| &frame.subtotals),
            footer: frame.map_or(&[], |frame| &frame.footer),
            field: header.and_then(&at),
            dates: dates.flat_map(Mapping::headers).filter_map(at).collect(),
            ended: None,
            rows: 0,
            sum: 0,
            starts: VecDeque::from([(0, 0)]),
            control: Control::default(),
        }
    }

    /// Where `row` stands; sums it up where it is a record.
    pub(super) fn place(&mut self, row: &Row<'_>, locale: &Locale) -> Place {
        let Some(text) = first_text(row) else { return Place::Frame };
        if self.ended.is_some() {
            return Place::Below;
        }
        let is = |patterns: &[String]| patterns.iter().any(|one| like_any_case(one, text));
        let (total, footer) = (is(self.totals), is(self.footer));
        let amount = self.field.filter(|_| !self.totals.is_empty() || !self.subtotals.is_empty());
        let amount = amount.map(|field| {
            let number = parse_number(row.field(field), locale).ok();
            number.and_then(|number| number.at_scale(SCALE))
        });
        if footer {
            self.ended = Some(row.number);
        }
        let named = total || (is(self.subtotals) && !self.is_dated(row, text));
        let proven = named && amount.flatten().is_some_and(|amount| self.proves(amount));
        if proven {
            self.starts.push_back((self.rows, self.sum));
            if self.starts.len() > MAX_STARTS {
                self.starts.remove(1);
            }
            if total {
                self.control.proven = Some(row.number);
            } else {
                let (count, named) = &mut self.control.subtotals;
                *count += 1;
                if named.len() < TOLD {
                    named.push(format!("row {} \"{text}\"", row.number));
                }
            }
            return Place::Frame;
        }
        if total {
            let stated = amount.flatten();
            self.control.unproven = Some(Unproven { row: row.number, stated, sum: self.sum });
        }
        if footer {
            return Place::Frame;
        }
        match amount {
            Some(Some(amount)) => {
                self.sum = self.sum.saturating_add(amount);
                self.control.sum = self.control.sum.saturating_add(amount.saturating_abs());
            }
            Some(None) => self.control.unread += 1,
            None => {}
        }
        self.rows += 1;
        Place::Record
    }

    /// The money of `row` without its sign, in units of 10⁻⁸; 0 where it has none.
    pub(super) fn money(&self, row: &Row<'_>, locale: &Locale) -> i128 {
        let field = self.field.map(|field| row.field(field));
        field.and_then(|text| money(text, locale)).unwrap_or(0)
    }

    /// Whether `row` has a date, other than the `name` it goes by.
    fn is_dated(&self, row: &Row<'_>, name: &str) -> bool {
        let mut dates = self.dates.iter().map(|field| row.field(*field));
        dates.any(|date| !date.is_empty() && date != name)
    }

    /// Whether `amount` is the sum of rows up to here, one or more unless it is of all.
    fn proves(&self, amount: i128) -> bool {
        let near = |start: i128| amount.abs_diff(self.sum - start) <= TOLERANCE;
        self.starts
            .iter()
            .rev()
            .any(|(rows, sum)| (self.rows > *rows || self.rows == 0) && near(*sum))
    }

    /// Notes that the row numbered `row`, below the footer, is a record.
    pub(super) fn found_below(&mut self, row: u64) {
        self.control.below = self.control.below.or(self.ended.map(|footer| (footer, row)));
    }

    /// What was found, at the end.
    pub(super) fn close(&self) -> Control {
        let behind = self.starts.back().map_or(0, |(rows, _)| *rows);
        Control { open: self.rows - behind, ..self.control.clone() }
    }
}

/// The number that `text` is, without its sign, in units of 10⁻⁸.
fn money(text: &str, locale: &Locale) -> Option<i128> {
    Some(parse_number(text, locale).ok()?.at_scale(SCALE)?.saturating_abs())
}

/// The money of a rejected row, given as a JSON array of its fields under `header`, as `source`
/// reads them, without its sign, in units of 10⁻⁸.
#[must_use]
pub fn rejected_money(source: &Source, header: &[String], raw: &str) -> Option<i128> {
    let header = Header::named(header.iter().map(String::as_str)).renamed(source);
    let field = Frame::new(source, |name| header.position(name)).field?;
    let fields: Vec<String> = serde_json::from_str(raw).ok()?;
    money(fields.get(field)?, source.read.locale())
}

impl Control {
    /// What of a total that was proven is rejected, where that is more than `percent` of it.
    #[must_use]
    pub fn rejected_beyond(&self, percent: u32) -> Option<String> {
        let allowed = i128::from(percent) * self.sum;
        (self.proven.is_some() && self.rejected.saturating_mul(100) > allowed)
            .then(|| self.rejected_part())
    }

    /// Whether money was rejected.
    #[must_use]
    pub fn has_rejected_money(&self) -> bool {
        self.rejected != 0
    }

    fn rejected_part(&self) -> String {
        let (rejected, sum) = (written(self.rejected), written(self.sum));
        format!("{rejected} of {sum} of the control total among them")
    }

    /// What to tell.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.proven.is_some() && self.rejected != 0 {
            notes.push(format!("rows were rejected, {}", self.rejected_part()));
        }
        let (count, named) = &self.subtotals;
        if *count == 0 {
            return notes;
        }
        let more = if *count > named.len() as u64 { ", …" } else { "" };
        let named = named.join(", ");
        notes.push(format!("{count} rows taken for subtotals, as their sums prove: {named}{more}"));
        notes
    }
}

/// A sum in units of 10⁻⁸, with two places behind the point or as many as it has.
#[must_use]
pub fn written(sum: i128) -> String {
    let sign = if sum < 0 { "-" } else { "" };
    let digits = format!("{:09}", sum.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - 8);
    format!("{sign}{whole}.{:0<2}", fraction.trim_end_matches('0'))
}

/// The header of the amounts of documents.
fn amount(source: &Source) -> Option<&str> {
    let documents = source.into.iter().find(|into| into.table.name == "documents")?;
    match &mapping(documents, "amount")?.from {
        Origin::Header(header) => Some(header),
        _ => None,
    }
}

/// What `column` is taken from.
fn mapping<'s>(into: &'s Into, column: &str) -> Option<&'s Mapping> {
    let (index, _) = into.table.column(column)?;
    into.columns[index].as_ref()
}

fn first_text<'r>(row: &Row<'r>) -> Option<&'r str> {
    (0..row.len()).map(|index| row.field(index)).find(|text| !text.is_empty())
}
