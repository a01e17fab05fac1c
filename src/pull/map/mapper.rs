//! One export's rows → canonical rows, rejects and counts.

use std::borrow::Cow;
use std::hash::BuildHasher;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::{Aside, Cell, Reading};
use super::column::BadRow;
use super::document::normalise;
use super::frame::{Frame, Place};
use super::header::Header;
use super::plan::{TablePlan, applies, places, plan};
use super::reject::Reject;
use super::tally::Tally;
use crate::config::canonical::Type;
use crate::config::pipeline::{Read, Rule, Source};
use crate::domain::Day;
use crate::error::Result;
use crate::pull::read::{FAULT, WITHIN};
use crate::pull::value::{DateFormat, Row, Rows};

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

impl<'s> Mapper<'s> {
    /// A mapper for rows under `header`, which has every column that `source` names. Rows dated
    /// outside `cover` are rejected.
    #[must_use]
    pub fn new(source: &'s Source, header: &Header, cover: Option<(Day, Day)>) -> Self {
        let skip = source.skip.iter().map(|rule| (rule, places(rule, header))).collect();
        let reject = source.reject.iter();
        let reject =
            reject.map(|(rule, reason)| (rule, reason.as_str(), places(rule, header))).collect();
        let mut tables: Vec<TablePlan<'s>> =
            source.into.iter().map(|into| plan(source, into, header)).collect();
        let reading = Reading {
            locale: source.read.locale().clone(),
            date: DateFormat::new(&source.read.locale().date, source.read.locale().zone),
        };
        tables.iter_mut().for_each(|plan| reading.find_constants(plan));
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
                cells.push(self.reading.column(column, row, plan.lines, aside)?);
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

    /// Whether the row is a part of the header: what stands right below it without a digit, or the
    /// same texts again.
    fn is_header(&self, row: &Row<'_>) -> bool {
        let (names, number) = &self.header;
        let mut fields = (0..row.len()).map(|index| row.field(index));
        if *number > 0 && row.number == number + 1 {
            // A record has no words where its money and its day stand.
            let words = |plan: &TablePlan<'_>| {
                plan.columns.iter().any(|column| {
                    let typed = matches!(column.column.kind, Type::Money | Type::Date);
                    typed && column.from.is_given(row)
                })
            };
            let digits = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
            return self.tables.iter().any(words) && !fields.any(digits);
        }
        names.len() > 1 && fields.eq(names.iter().map(String::as_str))
    }

    /// Whether the row has none of the values that make a row of its tables: a title.
    fn is_title(&self, row: &Row<'_>) -> bool {
        let plans = self.tables.iter().filter(|plan| plan.takes(row));
        let told = |plan: &TablePlan<'_>| {
            plan.tells.iter().any(|column| plan.columns[*column].from.is_given(row))
        };
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
            plan.builder.push(own, row.number);
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
            for plan in &self.tables[index].columns {
                let known = group.contains(&plan.place);
                let aside = &mut Aside::default();
                let cell =
                    if known { self.reading.column(plan, row, true, aside).ok() } else { None };
                cells.push(cell.unwrap_or(Cell::Null));
            }
            let plan = &mut self.tables[index];
            plan.builder.push(cells, row.number);
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
