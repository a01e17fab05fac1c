//! A chunk of raw rows: all text in one buffer, fields as offsets into it.

/// Where a row stands in the hierarchy of its sheet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// Its outline level: 0 outside of all groups.
    pub level: u8,
    /// The indent of its first cell that is not empty.
    pub indent: u8,
    /// Whether that cell is italic.
    pub italic: bool,
}

/// Rows of text fields.
#[derive(Debug, Default)]
pub struct Rows {
    pub(in crate::pull) text: String,
    /// The end of each field in `text`.
    pub(in crate::pull) ends: Vec<usize>,
    /// For each row its number and its first field.
    pub(in crate::pull) starts: Vec<(u64, usize)>,
    /// Whether each row is finished but the last, which may still grow.
    pub(in crate::pull) complete: usize,
    /// The shape of each row, where the format has shapes.
    pub(in crate::pull) shapes: Vec<Shape>,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Its number in the file, from 1.
    pub number: u64,
    rows: &'a Rows,
    index: usize,
    first: usize,
    end: usize,
}

impl Rows {
    /// The complete rows, in order.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Row<'_>> {
        (0..self.complete).map(|index| self.row(index))
    }

    /// The row at `index`, one of the complete ones.
    pub(in crate::pull) fn row(&self, index: usize) -> Row<'_> {
        let (number, first) = self.starts[index];
        let end = self.starts.get(index + 1).map_or(self.ends.len(), |(_, next)| *next);
        Row { number, rows: self, index, first, end }
    }

    /// Adds a complete row, numbered `row`, of fields that `write` appends one by one.
    pub(in crate::pull) fn add<E>(
        &mut self,
        row: u64,
        fields: usize,
        mut write: impl FnMut(usize, &mut String) -> Result<(), E>,
    ) -> Result<(), E> {
        self.starts.push((row, self.ends.len()));
        for field in 0..fields {
            write(field, &mut self.text)?;
            self.ends.push(self.text.len());
        }
        self.complete = self.starts.len();
        Ok(())
    }

    /// Rows from fields that are there already, as rejects keep them.
    #[must_use]
    pub fn of<'a>(rows: impl IntoIterator<Item = (u64, &'a [String])>) -> Self {
        let mut all = Self::default();
        for (number, fields) in rows {
            let Ok(()) = all.add(number, fields.len(), |field, text| {
                text.push_str(&fields[field]);
                Ok::<(), std::convert::Infallible>(())
            });
        }
        all
    }

    /// Puts the complete ones of `others` in the place of these.
    pub(in crate::pull) fn copy(&mut self, others: &Self) {
        let (fields, bytes) = others.of_complete();
        self.clear();
        self.text.push_str(others.text.get(..bytes).unwrap_or_default());
        self.ends.extend_from_slice(&others.ends[..fields]);
        self.starts.extend_from_slice(&others.starts[..others.complete]);
        self.shapes.extend_from_slice(&others.shapes);
        self.complete = others.complete;
    }

    /// The fields and bytes of the complete rows.
    fn of_complete(&self) -> (usize, usize) {
        let fields = self.starts.get(self.complete).map_or(self.ends.len(), |(_, first)| *first);
        (fields, fields.checked_sub(1).map_or(0, |last| self.ends[last]))
    }

    /// The bytes of the last row with its separators, where it is unfinished.
    pub(in crate::pull) fn unfinished_bytes(&self) -> usize {
        let (fields, bytes) = self.of_complete();
        self.text.len() - bytes + self.ends.len() - fields
    }

    /// Forgets all rows, all of them complete.
    pub(in crate::pull) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.starts.clear();
        self.shapes.clear();
        self.complete = 0;
    }

    /// Forgets the complete rows; an unfinished last one stays.
    pub(in crate::pull) fn forget_complete(&mut self) {
        if self.complete == 0 {
            return;
        }
        let (fields, bytes) = self.of_complete();
        self.text.drain(..bytes);
        self.ends.drain(..fields);
        self.ends.iter_mut().for_each(|end| *end -= bytes);
        self.starts.drain(..self.complete);
        self.starts.iter_mut().for_each(|(_, first)| *first -= fields);
        self.complete = 0;
    }
}

impl<'a> Row<'a> {
    /// The number of its fields.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.end - self.first
    }

    /// Whether it has no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.end == self.first
    }

    /// The text of a field, trimmed; empty where the row has no such field.
    #[inline]
    #[must_use]
    pub fn field(&self, index: usize) -> &'a str {
        let field = self.raw_field(index);
        match field.as_bytes() {
            // No need to look for the spaces of Unicode.
            [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => field,
            _ => field.trim(),
        }
    }

    /// The text of a field with the spaces around it.
    #[inline]
    pub(in crate::pull) fn raw_field(&self, index: usize) -> &'a str {
        let field = self.first + index;
        if field >= self.end {
            return "";
        }
        let start = field.checked_sub(1).map_or(0, |before| self.rows.ends[before]);
        self.rows.text.get(start..self.rows.ends[field]).unwrap_or_default()
    }

    /// Where it stands in the hierarchy of its sheet.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.rows.shapes.get(self.index).copied().unwrap_or_default()
    }

    /// Whether all its fields are empty.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        (0..self.len()).all(|index| self.field(index).is_empty())
    }

    /// The row as a JSON array of its fields, for the record of rejects.
    #[must_use]
    pub fn raw(&self) -> String {
        let fields: Vec<&str> = (0..self.len()).map(|index| self.field(index)).collect();
        serde_json::to_string(&fields).unwrap_or_default()
    }
}
