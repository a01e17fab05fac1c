//! What became of the rows of one export, and what to tell of it.

use std::collections::BTreeMap;

use super::cell::Aside;
use super::frame::Control;

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

impl Tally {
    /// Takes in what reading a row's values did beside them.
    pub(super) fn add(&mut self, aside: Aside) {
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
