//! The rows of a sheet as they are read, with what the sheet says of each row's place.

use super::{MAX_COLUMNS, MAX_ROWS, bad};
use crate::pull::read::BadBytes;
use crate::pull::value::{Rows, Shape};

/// Rows, fields and bytes after which a chunk is given.
const CHUNK_ROWS: usize = 1024;
const CHUNK_FIELDS: usize = 1 << 16;
const CHUNK_BYTES: usize = 1 << 20;

/// The longest row.
const MAX_ROW_BYTES: usize = 16 << 20;
/// Fields that the copies of one repeated row may have.
const MAX_REPEATED_FIELDS: usize = 4 << 20;

/// Cells that are one: rows from 1 as in [`crate::pull::read::Row::number`], columns from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// The first row.
    pub first_row: u64,
    /// The last row.
    pub last_row: u64,
    /// The first column.
    pub first_column: usize,
    /// The last column.
    pub last_column: usize,
}

/// A chunk of rows that grows cell by cell.
pub(super) struct Grid {
    pub(super) rows: Rows,
    shape: Shape,
    row: u64,
    first_field: usize,
    first_byte: usize,
    max_cells: u64,
    left_cells: u64,
}

impl Grid {
    /// A grid in which `max_cells` empty cells may stand before others.
    pub(super) fn new(max_cells: u64) -> Self {
        Self {
            rows: Rows::default(),
            shape: Shape::default(),
            row: 0,
            first_field: 0,
            first_byte: 0,
            max_cells,
            left_cells: max_cells,
        }
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.shapes.is_empty()
    }

    /// Whether the chunk is to be given.
    pub(super) fn is_full(&self) -> bool {
        self.rows.shapes.len() >= CHUNK_ROWS
            || self.rows.ends.len() >= CHUNK_FIELDS
            || self.rows.text.len() >= CHUNK_BYTES
    }

    /// Begins row `row`, from 1.
    pub(super) fn begin(&mut self, row: u64, level: u8) -> Result<(), BadBytes> {
        if row > MAX_ROWS {
            return Err(bad(Some(row), format!("a sheet has no row beyond {MAX_ROWS}")));
        }
        self.row = row;
        self.shape = Shape { level, ..Shape::default() };
        self.first_field = self.rows.ends.len();
        self.first_byte = self.rows.text.len();
        self.rows.starts.push((row, self.first_field));
        Ok(())
    }

    /// Adds the cell at `column`, from 0, with what `write` appends; blank cells leave no field.
    pub(super) fn cell(
        &mut self,
        column: usize,
        indent: u8,
        italic: bool,
        write: impl FnOnce(&mut String),
    ) -> Result<(), BadBytes> {
        let before = self.rows.text.len();
        write(&mut self.rows.text);
        if self.rows.text[before..].trim_ascii().is_empty() {
            self.rows.text.truncate(before);
            return Ok(());
        }
        let at = self.rows.ends.len() - self.first_field;
        if column >= MAX_COLUMNS {
            let message = format!("a sheet has no column beyond {MAX_COLUMNS}");
            return Err(bad(Some(self.row), message));
        }
        let Some(gap) = column.checked_sub(at) else {
            let message = format!("column {} stands behind column {at}", column + 1);
            return Err(bad(Some(self.row), message));
        };
        self.spend(gap)?;
        if self.rows.text.len() - self.first_byte > MAX_ROW_BYTES {
            let message = format!("a row is longer than {} MiB", MAX_ROW_BYTES >> 20);
            return Err(bad(Some(self.row), message));
        }
        if self.first_byte == before {
            self.shape = Shape { indent, italic, ..self.shape };
        }
        self.rows.ends.extend(std::iter::repeat_n(before, gap));
        self.rows.ends.push(self.rows.text.len());
        Ok(())
    }

    /// Counts cells against the limit.
    pub(super) fn spend(&mut self, cells: usize) -> Result<(), BadBytes> {
        self.left_cells = self.left_cells.checked_sub(cells as u64).ok_or_else(|| BadBytes {
            row: Some(self.row),
            message: format!("the sheet spans more than {} empty cells", self.max_cells),
            hint: "delete the cells that stand far off the table, and save it anew".to_owned(),
        })?;
        Ok(())
    }

    /// Ends the row, which leaves none where it had no cells.
    pub(super) fn end(&mut self) {
        if self.rows.ends.len() == self.first_field {
            self.rows.starts.pop();
        } else {
            self.rows.shapes.push(self.shape);
        }
        self.rows.complete = self.rows.starts.len();
    }

    /// Repeats the row that was just ended in the rows behind it, `times` more.
    pub(super) fn repeat(&mut self, times: u64) -> Result<(), BadBytes> {
        let fields = self.rows.ends.len() - self.first_field;
        let copies = usize::try_from(times).unwrap_or(usize::MAX);
        let bytes = self.rows.text.len() - self.first_byte;
        let most = copies.saturating_mul(fields.max(bytes / 16));
        if fields == 0 || times == 0 {
            return Ok(());
        }
        if most > MAX_REPEATED_FIELDS || self.row + times > MAX_ROWS {
            let message = format!("the row is repeated {times} times more");
            return Err(bad(Some(self.row), message));
        }
        let text = self.rows.text[self.first_byte..].to_owned();
        let ends = self.rows.ends[self.first_field..].to_owned();
        for copy in 1..=times {
            let shift = self.rows.text.len() - self.first_byte;
            self.rows.starts.push((self.row + copy, self.rows.ends.len()));
            self.rows.text.push_str(&text);
            self.rows.ends.extend(ends.iter().map(|end| end + shift));
            self.rows.shapes.push(self.shape);
        }
        self.rows.complete = self.rows.starts.len();
        Ok(())
    }
}
