//! Sums of a report's amount columns, held against what its rows state.
//!
//! Keeps true: sums are exact decimals; what a row states holds when it lies within half a cent of
//! the sum, for a workbook's thirds have no end.

use super::header::Header;
use super::words::label;
use super::{ReportOptions, Table, bad};
use crate::pull::read::BadBytes;

/// Places behind the point that sums keep; a workbook's double has 15 digits in all.
const SCALE: u32 = 15;
/// Half a cent, in units of `10^-SCALE`.
const TOLERANCE: u128 = 5 * 10_u128.pow(SCALE - 3);

/// A sum for each column.
pub(super) type Sums = Vec<i128>;

/// The amount columns of a table.
pub(super) struct Amounts<'a> {
    table: &'a Table,
    header: &'a Header,
    /// Whether each column must sum up.
    required: Vec<bool>,
    /// Whether each column is looked at: prices and shares that are known as such are not.
    held: Vec<bool>,
}

/// How the columns of one reading of a report sum up.
pub(super) struct Ledger {
    /// The first row that holds no number, by column.
    unread: Vec<Option<usize>>,
    /// Whether what a row states held, by column.
    holds: Vec<bool>,
    /// The first fault, by column.
    faults: Vec<Option<BadBytes>>,
}

impl<'a> Amounts<'a> {
    pub(super) fn new(table: &'a Table, header: &'a Header, options: &ReportOptions) -> Self {
        let names = || header.columns.iter().map(|column| &column.name);
        let held = names().map(|name| !name.contains('%') && !options.not_summed.contains(name));
        let held: Vec<bool> = held.collect();
        let required =
            names().zip(&held).map(|(name, held)| *held && options.summed.contains(name));
        Self { table, header, required: required.collect(), held }
    }

    pub(super) fn zero(&self) -> Sums {
        vec![0; self.header.columns.len()]
    }

    pub(super) fn ledger(&self) -> Ledger {
        let width = self.header.columns.len();
        Ledger {
            unread: vec![None; width],
            holds: vec![false; width],
            faults: (0..width).map(|_| None).collect(),
        }
    }

    fn stated(&self, row: usize, column: usize) -> Option<i128> {
        let text = self.table.row(row).field(self.header.columns[column].index);
        self.table.number(text).and_then(|number| number.at_scale(SCALE))
    }

    /// Whether the row states any amount.
    pub(super) fn any(&self, row: usize) -> bool {
        (0..self.held.len()).any(|column| self.stated(row, column).is_some())
    }

    /// Adds the row's amounts to `sums`.
    pub(super) fn add(&self, row: usize, sums: &mut Sums) -> Result<(), BadBytes> {
        for (column, sum) in sums.iter_mut().enumerate() {
            let Some(number) = self.stated(row, column) else { continue };
            *sum = sum.checked_add(number).ok_or_else(|| {
                let name = &self.header.columns[column].name;
                let message = format!("column \"{name}\": the sum is too large");
                bad(Some(self.table.row(row).number), message)
            })?;
        }
        Ok(())
    }

    /// Marks columns in which the row holds something that is no number.
    pub(super) fn look(&self, row: usize, ledger: &mut Ledger) {
        for (column, unread) in ledger.unread.iter_mut().enumerate() {
            let text = self.table.row(row).field(self.header.columns[column].index);
            if unread.is_none() && !text.is_empty() && self.stated(row, column).is_none() {
                *unread = Some(row);
            }
        }
    }

    /// What the row states, by the columns that prove a subtotal.
    pub(super) fn claim(&self, row: usize) -> Vec<(usize, i128)> {
        let judged = if self.required.contains(&true) { &self.required } else { &self.held };
        let columns = (0..judged.len()).filter(|column| judged[*column]);
        columns.filter_map(|column| Some((column, self.stated(row, column)?))).collect()
    }

    /// Holds the amounts of a row against the sums of what it sums up.
    pub(super) fn hold(
        &self,
        row: usize,
        of: &str,
        sums: &Sums,
        ledger: &mut Ledger,
    ) -> Result<(), BadBytes> {
        for column in (0..sums.len()).filter(|column| self.held[*column]) {
            let Some(stated) = self.stated(row, column) else { continue };
            let Some(fault) = self.fault(row, of, column, stated, sums[column], ledger) else {
                ledger.holds[column] = true;
                continue;
            };
            if self.required[column] {
                return Err(fault);
            }
            ledger.faults[column].get_or_insert(fault);
        }
        Ok(())
    }

    fn fault(
        &self,
        row: usize,
        of: &str,
        column: usize,
        stated: i128,
        sum: i128,
        ledger: &Ledger,
    ) -> Option<BadBytes> {
        let name = &self.header.columns[column].name;
        if let Some(unread) = ledger.unread[column] {
            let fields = self.table.row(unread);
            let text = fields.field(self.header.columns[column].index);
            let message = format!("column \"{name}\" holds \"{text}\", no number");
            return Some(bad(Some(fields.number), message));
        }
        (!near(stated, sum)).then(|| {
            let label = label(self.table, self.header, row);
            let (stated, sum) = (written(stated), written(sum));
            let message =
                format!("column \"{name}\": \"{label}\" says {stated}, the {of} sum up to {sum}");
            bad(Some(self.table.row(row).number), message)
        })
    }
}

impl Ledger {
    /// What to tell of columns that do not sum up.
    ///
    /// # Errors
    /// When none does, though rows state sums.
    pub(super) fn close(self) -> Result<Vec<String>, BadBytes> {
        let columns = self.holds.iter().zip(&self.faults);
        let any = columns.into_iter().any(|(holds, fault)| *holds && fault.is_none());
        let mut faults = self.faults.into_iter().flatten().peekable();
        if let Some(fault) = faults.next_if(|_| !any) {
            return Err(fault);
        }
        let told = faults.map(|fault| {
            let row = fault.row.unwrap_or_default();
            format!("not held, for it is no sum: row {row}: {}", fault.message)
        });
        Ok(told.collect())
    }
}

/// Whether all amounts that a row claims are those from `start` to `end`.
pub(super) fn proves(claim: &[(usize, i128)], start: &Sums, end: &Sums) -> bool {
    claim.iter().all(|(column, stated)| near(*stated, end[*column] - start[*column]))
}

fn near(stated: i128, sum: i128) -> bool {
    stated.abs_diff(sum) <= TOLERANCE
}

fn written(number: i128) -> String {
    let digits = format!("{:0>16}", number.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - SCALE as usize);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}
