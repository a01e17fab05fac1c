//! A sheet of an XLS ([MS-XLS] 2.1.7.20.5), held as its cells.
//!
//! Keeps true: the declared dimensions are not looked at; cells come sorted by row and column,
//! whatever their order in the file, as Excel takes them too.

use super::biff::{Records, record};
use super::grid::Merge;
use super::sheet::MAX_MERGES;
use super::xlsx::Strings;
use super::{bad, not_calculated};
use crate::pull::read::BadBytes;

/// The sheet, whole.
pub(super) struct Sheet {
    pub(super) cells: Vec<Cell>,
    /// The texts of cells that are not shared.
    pub(super) texts: Strings,
    pub(super) merges: Vec<Merge>,
    pub(super) summary_below: bool,
    levels: Vec<u8>,
}

/// A cell with a value; rows and columns count from 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) row: u16,
    pub(super) column: u16,
    pub(super) style: u16,
    pub(super) value: Value,
}

/// The value of a cell.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    Number(f64),
    /// An index among the shared strings.
    Shared(u32),
    /// An index among the sheet's own texts.
    Text(u32),
    Flag(bool),
    Error(u8),
}

impl Default for Sheet {
    fn default() -> Self {
        Self {
            cells: Vec::new(),
            texts: Strings::default(),
            merges: Vec::new(),
            summary_below: true,
            levels: Vec::new(),
        }
    }
}

impl Sheet {
    /// Reads the sheet `name` that begins at `at`.
    pub(super) fn read(records: &mut Records, name: &str, at: u64) -> Result<Self, BadBytes> {
        records.go_to(at);
        if records.next()? != record::BOF {
            return Err(bad(None, format!("sheet \"{name}\" is not where the workbook says")));
        }
        let mut sheet = Self::default();
        // What is within is a chart of the sheet's.
        let mut depth = 1;
        // A formula whose text is yet to come.
        let mut open: Option<Cell> = None;
        while depth > 0 {
            match records.next()? {
                record::BOF => depth += 1,
                record::EOF => depth -= 1,
                _ if depth > 1 => {}
                record::STRING => {
                    if let Some(cell) = open.take() {
                        let value = sheet.text(records)?;
                        sheet.push(records, Cell { value, ..cell })?;
                    }
                }
                kind => sheet.take(kind, records, &mut open)?,
            }
        }
        if let Some(cell) = open {
            return Err(never_calculated(&cell));
        }
        sheet.cells.sort_by_key(|cell| (cell.row, cell.column));
        Ok(sheet)
    }

    /// The outline level of `row`.
    pub(super) fn level(&self, row: u16) -> u8 {
        self.levels.get(usize::from(row)).copied().unwrap_or(0)
    }

    fn take(
        &mut self,
        kind: u16,
        records: &mut Records,
        open: &mut Option<Cell>,
    ) -> Result<(), BadBytes> {
        match kind {
            record::WSBOOL => self.summary_below = records.short()? & 0x40 != 0,
            record::ROW => {
                let row = usize::from(records.short()?);
                records.skip(10)?;
                let level = records.byte()? & 7;
                if level > 0 {
                    self.levels.resize(self.levels.len().max(row + 1), 0);
                    self.levels[row] = level;
                }
            }
            record::MERGEDCELLS => {
                records.skip(2)?;
                while records.left() >= 8 && self.merges.len() < MAX_MERGES {
                    let (first_row, last_row) = (records.short()?, records.short()?);
                    let (first_column, last_column) = (records.short()?, records.short()?);
                    self.merges.push(Merge {
                        first_row: u64::from(first_row) + 1,
                        last_row: u64::from(last_row) + 1,
                        first_column: usize::from(first_column),
                        last_column: usize::from(last_column),
                    });
                }
            }
            record::MULRK => {
                let (row, first) = (records.short()?, records.short()?);
                // Behind the numbers stands the last column, which they tell themselves.
                for column in first..=u16::MAX {
                    if records.left() < 6 {
                        break;
                    }
                    let style = records.short()?;
                    let value = Value::Number(rk(records.long()?));
                    self.push(records, Cell { row, column, style, value })?;
                }
            }
            record::NUMBER
            | record::RK
            | record::LABELSST
            | record::LABEL
            | record::RSTRING
            | record::BOOLERR
            | record::FORMULA => {
                if let Some(cell) = open.take() {
                    return Err(never_calculated(&cell));
                }
                let (row, column, style) = (records.short()?, records.short()?, records.short()?);
                let mut cell = Cell { row, column, style, value: Value::Text(u32::MAX) };
                cell.value = match kind {
                    record::NUMBER => Value::Number(records.field().map(f64::from_le_bytes)?),
                    record::RK => Value::Number(rk(records.long()?)),
                    record::LABELSST => Value::Shared(records.long()?),
                    record::BOOLERR => match records.field()? {
                        [flag, 0] => Value::Flag(flag != 0),
                        [error, _] => Value::Error(error),
                    },
                    record::FORMULA => match (records.field()?, records.short()? & 3) {
                        ([0, _, _, _, _, _, 0xff, 0xff], _) => {
                            *open = Some(cell);
                            return Ok(());
                        }
                        ([1, _, flag, _, _, _, 0xff, 0xff], _) => Value::Flag(flag != 0),
                        ([2, _, error, _, _, _, 0xff, 0xff], _) => Value::Error(error),
                        ([3, _, _, _, _, _, 0xff, 0xff], _) => return Ok(()),
                        // To be calculated on opening, as libraries leave what they cannot.
                        ([0, 0, 0, 0, 0, 0, 0, 0], 2) => return Err(never_calculated(&cell)),
                        (value, _) => Value::Number(f64::from_le_bytes(value)),
                    },
                    _ => self.text(records)?,
                };
                self.push(records, cell)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads a text with its length before it.
    fn text(&mut self, records: &mut Records) -> Result<Value, BadBytes> {
        let chars = records.short()?;
        records.text(usize::from(chars), &mut self.texts.text)?;
        records.spend(size_of::<usize>())?;
        self.texts.ends.push(self.texts.text.len());
        Ok(Value::Text(u32::try_from(self.texts.ends.len() - 1).unwrap_or(u32::MAX)))
    }

    fn push(&mut self, records: &mut Records, cell: Cell) -> Result<(), BadBytes> {
        records.spend(size_of::<Cell>())?;
        self.cells.push(cell);
        Ok(())
    }
}

fn never_calculated(cell: &Cell) -> BadBytes {
    not_calculated(u64::from(cell.row) + 1, usize::from(cell.column))
}

/// A number in 4 bytes ([MS-XLS] 2.5.217 `RkNumber`): a whole one or the first half of a double,
/// perhaps in hundredths.
fn rk(raw: u32) -> f64 {
    let value = match raw & 2 {
        0 => f64::from_bits(u64::from(raw & !3) << 32),
        _ => f64::from(raw.cast_signed() >> 2),
    };
    if raw & 1 == 0 { value } else { value / 100.0 }
}

#[cfg(test)]
mod tests {
    use super::rk;
    use crate::pull::read::workbook::number::push_double;

    #[test]
    fn numbers_in_four_bytes_are_exact_decimals() {
        for (raw, expected) in [
            (0x3ff0_0000, "1"),
            (0x3ff0_0001, "0.01"),
            (5 << 2 | 2, "5"),
            (123_456 << 2 | 3, "1234.56"),
            (29 << 2 | 3, "0.29"),
            (536_870_911 << 2 | 3, "5368709.11"),
            ((-1_i32 << 2).cast_unsigned() | 3, "-0.01"),
        ] {
            let mut text = String::new();
            push_double(rk(raw), '.', &mut text);
            assert_eq!(text, expected, "{raw:08x}");
        }
    }
}
