//! A sheet of an XLSX, row by row.
//!
//! Keeps true: the declared dimension is not looked at; a cell without a value is empty whatever
//! its type — 1C writes blanks as `<c t="e"/>`.

use std::sync::Arc;

use quick_xml::events::{BytesStart, Event};

use super::grid::{Grid, Merge};
use super::package::{XmlPart, attribute, flag, number_attribute, push_text};
use super::styles::PLAIN;
use super::values::push_unescaped;
use super::xlsx::Context;
use super::{bad, not_calculated};
use crate::pull::read::BadBytes;

/// Merged cells that a sheet may have.
pub(super) const MAX_MERGES: usize = 1 << 18;

/// Reads one sheet.
pub(super) struct Sheet {
    xml: XmlPart,
    context: Arc<Context>,
    place: Place,
    /// The number of the row that was begun last.
    row: u64,
    value: String,
    merges: Vec<Merge>,
    summary_below: bool,
    any: bool,
    hidden: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Between,
    /// In a row, before the cell in this column.
    Row(usize),
    After,
    End,
}

/// What a cell says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Shared,
    Boolean,
    Inline,
    Iso,
    Text,
}

impl Sheet {
    pub(super) fn new(xml: XmlPart, context: Arc<Context>) -> Self {
        Self {
            xml,
            context,
            place: Place::Before,
            row: 0,
            value: String::new(),
            merges: Vec::new(),
            summary_below: true,
            any: false,
            hidden: 0,
        }
    }

    /// Whether any row was read.
    pub(super) fn has_rows(&self) -> bool {
        self.any
    }

    pub(super) fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// Rows that are hidden, as by a filter.
    pub(super) fn hidden(&self) -> u64 {
        self.hidden
    }

    pub(super) fn summary_below(&self) -> bool {
        self.summary_below
    }

    /// Reads rows until `grid` is full or the sheet ends.
    pub(super) fn fill(&mut self, grid: &mut Grid) -> Result<(), BadBytes> {
        while self.place != Place::End {
            match self.xml.next()? {
                Event::Start(element) => match (self.place, element.local_name().as_ref()) {
                    (Place::Before, "outlinePr") => {
                        self.summary_below = flag(&element, "summaryBelow").unwrap_or(true);
                    }
                    (Place::Before, "sheetData") => self.place = Place::Between,
                    (Place::Between, "row") => {
                        let number = number_attribute(&element, "r").unwrap_or(self.row + 1);
                        if number <= self.row {
                            let row = self.row;
                            let message = format!("row {number} stands behind row {row}");
                            return Err(bad(Some(number), message));
                        }
                        self.row = number;
                        let level = number_attribute(&element, "outlineLevel").unwrap_or(0);
                        grid.begin(number, level)?;
                        // Rows of an outline are hidden where it is folded up.
                        let hidden = level == 0 && flag(&element, "hidden") == Some(true);
                        self.hidden += u64::from(hidden);
                        self.place = Place::Row(0);
                    }
                    (Place::Row(next), "c") => {
                        let (column, kind, style) = cell(&element, next);
                        self.place = Place::Row(column + 1);
                        self.cell(grid, column, kind, style)?;
                    }
                    (Place::After, "mergeCell") => {
                        let merge = attribute(&element, "ref").and_then(|range| span(&range));
                        self.merges.extend(merge.filter(|_| self.merges.len() < MAX_MERGES));
                    }
                    _ => {}
                },
                Event::End(element) => match (self.place, element.local_name().as_ref()) {
                    (Place::Row(..), "row") => {
                        grid.end();
                        self.place = Place::Between;
                        if grid.is_full() {
                            self.any = true;
                            return Ok(());
                        }
                    }
                    (Place::Between, "sheetData") => self.place = Place::After,
                    _ => {}
                },
                Event::Eof if self.place == Place::After => self.place = Place::End,
                Event::Eof => return Err(self.xml.cut_off("sheetData")),
                _ => {}
            }
        }
        self.any |= !grid.is_empty();
        Ok(())
    }

    fn cell(
        &mut self,
        grid: &mut Grid,
        column: usize,
        kind: Kind,
        style: usize,
    ) -> Result<(), BadBytes> {
        self.value.clear();
        let holder = if kind == Kind::Inline { "t" } else { "v" };
        let (mut inside, mut phonetic) = (false, false);
        let (mut formula, mut valued) = (false, false);
        loop {
            match self.xml.next()? {
                Event::Start(element) => match element.local_name().as_ref() {
                    "rPh" => phonetic = true,
                    name => {
                        inside = name == holder && !phonetic;
                        formula |= name == "f";
                        valued |= name == "v";
                    }
                },
                Event::End(element) => match element.local_name().as_ref() {
                    "c" => break,
                    "rPh" => phonetic = false,
                    _ => inside = false,
                },
                Event::Eof => return Err(self.xml.cut_off("c")),
                event if inside => push_text(&event, &mut self.value),
                _ => {}
            }
        }
        if formula && !valued {
            return Err(not_calculated(self.row, column));
        }
        if self.value.is_empty() {
            return Ok(());
        }
        let (value, context) = (self.value.as_str(), &*self.context);
        let style = context.styles.get(style).unwrap_or(&PLAIN);
        let shared = match kind {
            Kind::Shared => {
                let index = value.trim().parse().ok();
                Some(index.and_then(|index| context.strings.get(index)).ok_or_else(|| {
                    bad(Some(self.row), format!("string {value} is not among the shared strings"))
                })?)
            }
            _ => None,
        };
        grid.cell(column, style.indent, style.italic, |text| match kind {
            Kind::Shared => text.push_str(shared.unwrap_or_default()),
            Kind::Number => context.values.push_number(value, &style.format, text),
            Kind::Boolean => text.push_str(match value.trim() {
                "0" | "false" => "false",
                "1" | "true" => "true",
                other => other,
            }),
            Kind::Iso => context.values.push_iso(value, text),
            Kind::Inline | Kind::Text => push_unescaped(value, text),
        })
    }
}

/// The column of a cell, from 0, what its value is, and its style.
fn cell(element: &BytesStart<'_>, next: usize) -> (usize, Kind, usize) {
    let (mut column, mut kind, mut style) = (next, Kind::Number, 0);
    let mut attributes = element.attributes();
    for attribute in attributes.with_checks(false).flatten() {
        match attribute.key.as_ref() {
            "r" => column = place(&attribute.value).map_or(next, |(_, column)| column),
            "s" => style = attribute.value.parse().unwrap_or(0),
            "t" => {
                kind = match &*attribute.value {
                    "s" => Kind::Shared,
                    "b" => Kind::Boolean,
                    "inlineStr" | "is" => Kind::Inline,
                    "d" => Kind::Iso,
                    "e" | "str" => Kind::Text,
                    _ => Kind::Number,
                }
            }
            _ => {}
        }
    }
    (column, kind, style)
}

/// The row, from 1, and the column, from 0, of a place as `AB12`.
fn place(name: &str) -> Option<(u64, usize)> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, digits) = name.split_at(letters);
    let column = letters.bytes().try_fold(0_usize, |column, letter| {
        let column = column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        (column <= 1 << 20).then_some(column)
    })?;
    Some((digits.parse().ok()?, column.checked_sub(1)?))
}

fn span(range: &str) -> Option<Merge> {
    let (first, last) = range.split_once(':').unwrap_or((range, range));
    let (first_row, first_column) = place(first)?;
    let (last_row, last_column) = place(last)?;
    Some(Merge { first_row, last_row, first_column, last_column })
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn places_are_read() {
        assert_eq!(place("A1"), Some((1, 0)));
        assert_eq!(place("AB12"), Some((12, 27)));
        assert_eq!(place("XFD1048576"), Some((1_048_576, 16_383)));
        assert_eq!(place("1"), None);
        assert_eq!(place("A"), None);
        assert_eq!(place("AAAAAAAAAAAAAAAAAAAAA1"), None);
    }
}
