//! One export's rows → canonical rows, rejects and counts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::{Aside, BadValue, Cell, Reading};

use super::document::normalise;
use super::frame::{Control, Frame, Place};
use super::header::Header;
use super::plan::{ColumnPlan, From, TablePlan, applies, places, plan};
use super::reject::Reject;
use crate::config::canonical::{Column, Type};
use crate::config::pipeline::{Origin, Read, Rule, Source};
use crate::domain::Day;
use crate::error::Result;
use crate::names::like;
use crate::pull::read::{FAULT, WITHIN};
use crate::pull::value::{DateFormat, Row, Rows, clean, is_nothing, is_shortened};

/// Distinct rows remembered for leaving out repetitions; beyond it some are stored twice and
/// recognised later.
const MAX_REMEMBERED: usize = 1 << 20;

/// Where mapped rows and rejects go.
pub trait Sink {
    /// Takes rows of the source's table number `table`.
    ///
    /// # Errors
    /// When they cannot be kept.
    fn rows(&mut self, table: usize, batch: RecordBatch) -> Result<()>;

    /// Takes a reject.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn reject(&mut self, reject: Reject) -> Result<()>;
}

/// What became of an export's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows below the header.
    pub read: u64,
    /// Rows that every table took.
    pub loaded: u64,
    /// Rows rejected by fault.
    pub rejected: u64,
    /// Rows rejected by a declared rule.
    pub rejected_by_rule: u64,
    /// Rows left out by a declared rule.
    pub skipped: u64,
    /// Totals, blank rows and repeated keys.
    pub recognised: u64,
    /// Rows that gave way to those of another export, or of another month.
    pub replaced: u64,
    /// What rounding amounts changed in sum, in units of 10⁻⁸.
    pub rounded: i128,
    /// Texts that stand for no value, as `#N/A`, by column of the canonical table: how many.
    pub emptied: BTreeMap<(&'static str, String), u64>,
    /// Lines of documents that have no amount.
    pub without_amount: u64,
    /// What the rows state of their sum.
    pub control: Control,
}

/// Maps the rows of one export.
pub struct Mapper<'s> {
    source: &'s Source,
    reading: Reading,
    width: usize,
    /// Whether cells stand in columns, so that a row may end before the last or go beyond it.
    ragged: bool,
    /// The texts of the header, and its row.
    header: (Vec<String>, u64),
    skip: Vec<(&'s Rule, Vec<usize>)>,
    reject: Vec<(&'s Rule, &'s str, Vec<usize>)>,
    frame: Frame<'s>,
    /// Where a reader says what is wrong with a record.
    fault: Option<usize>,
    /// Where a reader says which row a row is part of, and the last such row that was rejected,
    /// with whether that was by rule.
    within: Option<usize>,
    rejected: Option<(u64, bool)>,
    tables: Vec<TablePlan<'s>>,
    cover: Option<(Day, Day)>,
    hasher: foldhash::fast::FixedState,
    /// What happened so far.
    pub tally: Tally,
}

/// A row that cannot be mapped: the column's name, the kind of fault, message and value.
struct BadRow {
    column: String,
    reason: String,
    message: String,
    value: String,
}

impl<'s> Mapper<'s> {
    /// A mapper for rows under `header`, which has every column that `source` names. Rows dated
    /// outside `cover` are rejected.
    #[must_use]
    pub fn new(source: &'s Source, header: &Header, cover: Option<(Day, Day)>) -> Self {
        let skip = source.skip.iter().map(|rule| (rule, places(rule, header))).collect();
        let reject = source.reject.iter();
        let reject =
            reject.map(|(rule, reason)| (rule, reason.as_str(), places(rule, header))).collect();
        let tables = source.into.iter().map(|into| plan(source, into, header)).collect();
        let reading = Reading {
            locale: source.read.locale().clone(),
            date: DateFormat::new(&source.read.locale().date, source.read.locale().zone),
        };
        let hasher = foldhash::fast::FixedState::default();
        Self {
            source,
            reading,
            width: header.width(),
            ragged: matches!(source.read, Read::Workbook(_)),
            header: (header.names(), header.row()),
            skip,
            reject,
            frame: Frame::new(source, |name| header.position(name)),
            fault: header.position(FAULT),
            within: header.position(WITHIN).filter(|_| matches!(source.read, Read::Named(..))),
            rejected: None,
            tables,
            cover,
            hasher,
            tally: Tally::default(),
        }
    }

    /// The schema of the batches of table number `table`.
    #[must_use]
    pub fn schema(&self, table: usize) -> SchemaRef {
        self.tables[table].builder.schema()
    }

    /// Maps rows below the header.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn map(&mut self, rows: &Rows, after: u64, sink: &mut dyn Sink) -> Result<()> {
        let mut cells = Vec::new();
        for row in rows.iter().filter(|row| row.number > after) {
            self.row(&row, &mut cells, sink)?;
        }
        Ok(())
    }

    /// Gives the last batches.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn finish(&mut self, sink: &mut dyn Sink) -> Result<()> {
        for (index, plan) in self.tables.iter_mut().enumerate() {
            if !plan.builder.is_empty() {
                sink.rows(index, plan.builder.finish()?)?;
            }
        }
        self.tally.control = self.frame.close();
        Ok(())
    }

    fn row<'r>(
        &mut self,
        row: &Row<'r>,
        cells: &mut Vec<Cell<'r>>,
        sink: &mut dyn Sink,
    ) -> Result<()>
    where
        's: 'r,
    {
        self.tally.read += 1;
        match self.frame.place(row, &self.reading.locale) {
            Place::Record => {}
            Place::Frame => {
                self.tally.recognised += 1;
                return Ok(());
            }
            Place::Below => {
                self.tally.recognised += 1;
                if self.frame.control.below.is_none() && self.is_record(row, cells) {
                    self.frame.found_below(row.number);
                }
                return Ok(());
            }
        }
        let fault = self.fault.map(|field| row.field(field)).filter(|text| !text.is_empty());
        if let Some(fault) = fault {
            self.tally.rejected += 1;
            let (column, reason) = (FAULT.to_owned(), "malformed".to_owned());
            let bad = BadRow { column, reason, message: fault.to_owned(), value: String::new() };
            return self.reject(row, bad, false, cells, sink);
        }
        let by_rule = self.skip.iter().any(|(rule, fields)| applies(rule, fields, row));
        if by_rule || !self.tables.iter().any(|plan| plan.takes(row)) {
            self.tally.skipped += 1;
            return Ok(());
        }
        if self.is_title(row) {
            self.tally.recognised += 1;
            return Ok(());
        }
        let rule = self.reject.iter().find(|(rule, _, fields)| applies(rule, fields, row));
        if let Some((rule, reason, fields)) = rule {
            self.tally.rejected_by_rule += 1;
            let column = rule.header.clone();
            let message = format!("rejected by rule \"{reason}\"");
            let value = fields.first().map_or("", |field| row.field(*field)).to_owned();
            let bad = BadRow { column, reason: (*reason).to_owned(), message, value };
            return self.reject(row, bad, true, cells, sink);
        }
        if let Some((whole, by_rule)) = self.rejected.filter(|(whole, _)| self.is_part(row, *whole))
        {
            let count =
                if by_rule { &mut self.tally.rejected_by_rule } else { &mut self.tally.rejected };
            *count += 1;
            let (column, reason) = (WITHIN.to_owned(), "part_of_rejected".to_owned());
            let message = format!("is part of row {whole}, which was rejected");
            let bad = BadRow { column, reason, message, value: whole.to_string() };
            return self.reject(row, bad, by_rule, cells, sink);
        }
        cells.clear();
        let mut aside = Aside::default();
        match self.cells(row, cells, &mut aside) {
            Ok(()) => {
                self.tally.add(aside);
                self.tally.loaded += 1;
                self.give(row, cells, sink)
            }
            Err(_) if self.is_header(row) => {
                self.tally.recognised += 1;
                Ok(())
            }
            Err(bad) => {
                self.tally.rejected += 1;
                self.reject(row, *bad, false, cells, sink)
            }
        }
    }

    /// Whether the row is part of row number `whole`.
    fn is_part(&self, row: &Row<'_>, whole: u64) -> bool {
        self.within.is_some_and(|field| row.field(field).parse() == Ok(whole))
    }

    /// Whether the row would be mapped.
    fn is_record<'r>(&self, row: &Row<'r>, cells: &mut Vec<Cell<'r>>) -> bool
    where
        's: 'r,
    {
        cells.clear();
        self.tables.iter().any(|plan| plan.takes(row))
            && !self.skip.iter().any(|(rule, fields)| applies(rule, fields, row))
            && self.cells(row, cells, &mut Aside::default()).is_ok()
    }

    /// Fills `cells` with the values of all tables that take the row, one after the other.
    fn cells<'r>(
        &self,
        row: &Row<'r>,
        cells: &mut Vec<Cell<'r>>,
        aside: &mut Aside,
    ) -> Result<(), Box<BadRow>>
    where
        's: 'r,
    {
        let width = self.width;
        // In text a field too many moves all others; what stands beside a sheet's table is not of it.
        let extra = (width..row.len()).any(|index| !row.field(index).is_empty());
        if (row.len() < width || extra) && !self.ragged {
            return Err(Box::new(BadRow {
                column: String::new(),
                reason: "fields".to_owned(),
                message: format!("has {} fields, the header has {width}", row.len()),
                value: String::new(),
            }));
        }
        for plan in self.tables.iter().filter(|plan| plan.takes(row)) {
            let start = cells.len();
            for column in &plan.columns {
                cells.push(self.cell(column, row, plan.lines, aside)?);
            }
            let cells = &mut cells[start..];
            if let (Some(position), Some((first, last))) = (plan.covered, self.cover)
                && let Cell::Date(day) = cells[position]
                && !(first..=last).contains(&day)
            {
                let date = |day| crate::domain::calendar::to_date(day).to_string();
                return Err(Box::new(BadRow {
                    column: plan.columns[position].column.name.to_owned(),
                    reason: "outside_period".to_owned(),
                    message: format!(
                        "{} lies outside {} to {}, which the export covers",
                        date(day),
                        date(first),
                        date(last)
                    ),
                    value: date(day),
                }));
            }
            if let Some((kind, amount)) = plan.document {
                normalise_cells(cells, kind, amount)?;
            }
        }
        Ok(())
    }

    /// The value of a column; `line` tells whether the row is one line of a document.
    fn cell<'r>(
        &self,
        plan: &ColumnPlan<'s>,
        row: &Row<'r>,
        line: bool,
        aside: &mut Aside,
    ) -> Result<Cell<'r>, Box<BadRow>>
    where
        's: 'r,
    {
        let Some((mapping, from)) = &plan.mapping else {
            return Ok(Cell::Null);
        };
        let (mut mapping, mut from) = (*mapping, from);
        while let From::First(several) = from
            && let Some((one, given)) = several.iter().find(|(_, from)| from.is_given(row))
        {
            (mapping, from) = (one, given);
        }
        let bad = |error: BadValue, value: String| {
            let column = named(&mapping.from, plan.column.name);
            let BadValue { reason, message } = error;
            Box::new(BadRow { column, reason: reason.to_owned(), message, value })
        };
        if let From::Product { factors, less_percent } = from {
            let texts: Vec<&str> = factors.iter().map(|field| row.field(*field)).collect();
            let less = less_percent.map_or("", |field| row.field(field));
            return self
                .reading
                .product(&texts, less, plan.column.kind, aside)
                .map_err(|error| bad(error, texts.join(" × ")));
        }
        if let From::Join(fields) = from {
            let texts: Vec<&str> = fields.iter().map(|field| row.field(*field)).collect();
            let text = cleaned(Cow::Owned(texts.join("/")), plan.column)
                .map_err(|(error, text)| bad(error, text))?;
            return self
                .reading
                .cell(text, plan.column.kind, aside)
                .map_err(|(error, text)| bad(error, text));
        }
        let read = |text: &'r str| {
            cleaned(Cow::Borrowed(text), plan.column).map_err(|(error, text)| bad(error, text))
        };
        let text: Cow<'r, str> = match from {
            From::Field(field) => read(row.field(*field))?,
            From::Constant(constant) => Cow::Borrowed(constant),
            From::Split { field, by, part } => {
                read(row.field(*field).split(by).nth(part - 1).unwrap_or("").trim())?
            }
            From::Match(field, pattern) => {
                let text = read(row.field(*field))?;
                match pattern.captures(&text).and_then(|found| found.get(1)) {
                    Some(found) => Cow::Owned(found.as_str().trim().to_owned()),
                    None if text.is_empty() => text,
                    None => {
                        let message = format!("does not match {:?}", pattern.as_str());
                        let text = text.into_owned();
                        return Err(bad(BadValue { reason: "no_match", message }, text));
                    }
                }
            }
            From::Join(_) | From::Product { .. } | From::First(_) => Cow::Borrowed(""),
        };
        let (kind, name) = (plan.column.kind, plan.column.name);
        let (text, void) = if mapping.map.is_empty() {
            let void = kind.is_text() && is_nothing(&text)
                || kind == Type::TaxId && is_shortened(&text)
                || kind == Type::Id && plan.column.nullable && is_shortened(&text);
            (text, void)
        } else if let Some((_, value)) =
            mapping.map.iter().find(|(pattern, _)| like(pattern, &text))
        {
            (Cow::Borrowed(value.as_str()), false)
        } else {
            let message = "matches no pattern of \"map\"".to_owned();
            return Err(bad(BadValue { reason: "no_match", message }, text.into_owned()));
        };
        let empty =
            text.is_empty() || void || kind == Type::Date && self.reading.date.is_none(&text);
        let text = match &mapping.default {
            Some(default) if empty => Cow::Borrowed(default.as_str()),
            _ if empty && (plan.column.nullable || kind == Type::Flag) => {
                if void {
                    aside.emptied.push((name, text.into_owned()));
                }
                return Ok(Cell::Null);
            }
            // What a document's other lines say counts.
            _ if empty && line && kind == Type::Money => {
                aside.without_amount = true;
                return Ok(Cell::Null);
            }
            _ if void => {
                let message = format!("stands for no value, and \"{name}\" must have one");
                return Err(bad(BadValue { reason: "missing", message }, text.into_owned()));
            }
            _ if empty => {
                let message = format!("is empty, and \"{name}\" must have a value");
                return Err(bad(BadValue { reason: "missing", message }, String::new()));
            }
            _ => text,
        };
        self.reading.cell(text, kind, aside).map_err(|(error, text)| bad(error, text))
    }

    /// Whether the row is a part of the header: what stands right below it without a digit, or the
    /// same texts again.
    fn is_header(&self, row: &Row<'_>) -> bool {
        let (names, number) = &self.header;
        let mut fields = (0..row.len()).map(|index| row.field(index));
        if *number > 0 && row.number == number + 1 {
            return fields.all(|text| !text.bytes().any(|byte| byte.is_ascii_digit()));
        }
        names.len() > 1 && fields.eq(names.iter().map(String::as_str))
    }

    /// Whether the row has none of the values that make a row of its tables: a title.
    fn is_title(&self, row: &Row<'_>) -> bool {
        let given = |plan: &TablePlan<'_>, column: &usize| {
            plan.columns[*column].mapping.as_ref().is_some_and(|(_, from)| from.is_given(row))
        };
        let plans = self.tables.iter().filter(|plan| plan.takes(row));
        let told = |plan: &TablePlan<'_>| plan.tells.iter().any(|column| given(plan, column));
        !plans.clone().any(|plan| plan.tells.is_empty() || told(plan))
    }

    fn give(&mut self, row: &Row<'_>, cells: &[Cell<'_>], sink: &mut dyn Sink) -> Result<()> {
        let mut start = 0;
        for (index, plan) in self.tables.iter_mut().enumerate() {
            if !plan.takes(row) {
                continue;
            }
            let end = start + plan.columns.len();
            let own = &cells[start..end];
            start = end;
            if let Some(seen) = &mut plan.seen {
                let hash = self.hasher.hash_one(own);
                if seen.contains(&hash) {
                    continue;
                }
                if seen.len() < MAX_REMEMBERED {
                    seen.insert(hash);
                }
            }
            plan.builder.push(own.iter(), row.number);
            if plan.lines {
                plan.builder.push_line(&row.raw(), false);
            }
            if plan.builder.is_full() {
                sink.rows(index, plan.builder.finish()?)?;
            }
        }
        Ok(())
    }

    /// Records a reject, and in tables of lines a bad line that rejects its document.
    fn reject<'r>(
        &mut self,
        row: &Row<'r>,
        bad: BadRow,
        by_rule: bool,
        cells: &mut Vec<Cell<'r>>,
        sink: &mut dyn Sink,
    ) -> Result<()>
    where
        's: 'r,
    {
        if self.within.is_some_and(|field| row.field(field).is_empty()) {
            self.rejected = Some((row.number, by_rule));
        }
        for index in 0..self.tables.len() {
            if !self.tables[index].lines || !self.tables[index].takes(row) {
                continue;
            }
            cells.clear();
            let group = &self.source.into[index].group_by;
            for (position, plan) in self.tables[index].columns.iter().enumerate() {
                let known = group.contains(&position);
                let aside = &mut Aside::default();
                let cell = if known { self.cell(plan, row, true, aside).ok() } else { None };
                cells.push(cell.unwrap_or(Cell::Null));
            }
            let plan = &mut self.tables[index];
            plan.builder.push(cells.iter(), row.number);
            plan.builder.push_line("", true);
            if plan.builder.is_full() {
                sink.rows(index, plan.builder.finish()?)?;
            }
        }
        let money = self.frame.money(row, &self.reading.locale);
        let BadRow { column, reason, message, value } = bad;
        sink.reject(Reject {
            row: row.number,
            column,
            reason,
            message,
            value,
            raw: row.raw(),
            money,
            by_rule,
        })
    }
}

impl Tally {
    /// Takes in what reading a row's values did beside them.
    fn add(&mut self, aside: Aside) {
        self.rounded += aside.rounded;
        self.without_amount += u64::from(aside.without_amount);
        for emptied in aside.emptied {
            *self.emptied.entry(emptied).or_default() += 1;
        }
    }

    /// What to tell of values that were not taken as they stand.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.control.notes();
        notes.extend(self.emptied.iter().map(|((column, text), count)| {
            format!("\"{text}\" stands for no value: \"{column}\" is empty in {count} rows")
        }));
        if self.without_amount > 0 {
            let count = self.without_amount;
            notes.push(format!("{count} lines of documents have no amount"));
        }
        notes
    }
}

/// `text` as a column of texts holds it; other values are as they stand.
fn cleaned<'t>(
    text: Cow<'t, str>,
    column: &Column,
) -> std::result::Result<Cow<'t, str>, (BadValue, String)> {
    if !column.kind.is_text() {
        return Ok(text);
    }
    let fault = |message, text: &str| (BadValue { reason: "malformed", message }, text.to_owned());
    match text {
        Cow::Borrowed(text) => clean(text).map_err(|message| fault(message, text)),
        Cow::Owned(text) => match clean(&text) {
            Ok(clean) => Ok(Cow::Owned(clean.into_owned())),
            Err(message) => Err(fault(message, &text)),
        },
    }
}

/// The header that a value comes from, else its canonical column.
fn named(origin: &Origin, column: &str) -> String {
    match origin {
        Origin::Header(header) | Origin::Split { header, .. } | Origin::Match { header, .. } => {
            header.clone()
        }
        Origin::Product { factors, .. } => factors.join(" × "),
        Origin::Join(headers) => headers.join("/"),
        Origin::First(mappings) => {
            let names = mappings.iter().map(|mapping| named(&mapping.from, column));
            names.collect::<Vec<_>>().join(" or ")
        }
        Origin::Constant(_) => column.to_owned(),
    }
}

fn normalise_cells(cells: &mut [Cell<'_>], kind: usize, amount: usize) -> Result<(), Box<BadRow>> {
    let (Cell::Text(word), Cell::Decimal(value)) = (&cells[kind], &cells[amount]) else {
        return Ok(());
    };
    let value = *value;
    match normalise(word, value) {
        Some((new, positive)) => {
            if new != word.as_ref() {
                cells[kind] = Cell::Text(Cow::Borrowed("return"));
            }
            cells[amount] = Cell::Decimal(positive);
            Ok(())
        }
        None => Err(Box::new(BadRow {
            column: "amount".to_owned(),
            reason: "negative_amount".to_owned(),
            message: format!("a negative {word} has no meaning"),
            value: format!("{}.{:02}", value / 100, (value % 100).abs()),
        })),
    }
}

impl std::fmt::Debug for Mapper<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tables: Vec<&str> = self.tables.iter().map(|plan| plan.table.name).collect();
        write!(formatter, "Mapper({} into {tables:?})", self.source.name)
    }
}
