//! Where the rows of a report come from: a sheet, or text.

use std::io::Read;

use crate::pull::read::{BadBytes, Decoded, Merge, Shape, Splitter, TextReader, Workbook};
use crate::pull::value::Rows;

/// Rows with the shape of each.
pub trait GridRows {
    /// The next rows, and the shape of each; `None` at the end.
    ///
    /// # Errors
    /// When the file as a whole cannot be used.
    fn next_shaped(&mut self) -> Result<Option<(&Rows, &[Shape])>, BadBytes>;

    /// The merged cells, all of them known once the rows were read.
    fn merges(&self) -> &[Merge] {
        &[]
    }

    /// Whether a row that sums others up may stand below them.
    fn summary_below(&self) -> bool {
        false
    }

    /// Things to tell.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

impl<G: GridRows> GridRows for &mut G {
    fn next_shaped(&mut self) -> Result<Option<(&Rows, &[Shape])>, BadBytes> {
        G::next_shaped(self)
    }

    fn merges(&self) -> &[Merge] {
        G::merges(self)
    }

    fn summary_below(&self) -> bool {
        G::summary_below(self)
    }

    fn notes(&self) -> Vec<String> {
        G::notes(self)
    }
}

impl GridRows for Workbook {
    fn next_shaped(&mut self) -> Result<Option<(&Rows, &[Shape])>, BadBytes> {
        let any = self.next_rows()?.is_some();
        Ok(any.then(|| self.shaped()))
    }

    fn merges(&self) -> &[Merge] {
        Workbook::merges(self)
    }

    fn summary_below(&self) -> bool {
        Workbook::summary_below(self)
    }

    fn notes(&self) -> Vec<String> {
        Workbook::notes(self)
    }
}

/// A report as CSV or TXT: sums stand above what they sum, as 1C writes them.
pub struct TextGrid<R> {
    text: TextReader<R>,
    splitter: Splitter,
    shapes: Vec<Shape>,
    ended: bool,
}

impl<R: Read> TextGrid<R> {
    /// The rows of `text`, their fields separated by `delimiter`.
    #[must_use]
    pub fn new(text: TextReader<R>, delimiter: u8) -> Self {
        Self { text, splitter: Splitter::new(delimiter), shapes: Vec::new(), ended: false }
    }

    /// Gives back the bytes' reader.
    pub fn into_inner(self) -> R {
        self.text.into_inner()
    }
}

impl<R: Read> GridRows for TextGrid<R> {
    fn next_shaped(&mut self) -> Result<Option<(&Rows, &[Shape])>, BadBytes> {
        if self.ended {
            return Ok(None);
        }
        let rows = match self.text.next(self.splitter.row())? {
            Decoded::Text(chunk) => self.splitter.push(chunk)?,
            Decoded::End => {
                self.ended = true;
                self.splitter.finish()?
            }
        };
        self.shapes.clear();
        self.shapes.resize(rows.iter().count(), Shape::default());
        Ok(Some((rows, &self.shapes)))
    }

    fn notes(&self) -> Vec<String> {
        self.text.notes()
    }
}
