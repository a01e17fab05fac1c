//! The styles of an ODS: of each cell style its number format, indent and slant.
//!
//! Keeps true: a cell without a style of its own has that of its row, else that of its column.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};

use super::MAX_COLUMNS;
use super::format::Format;
use super::package::{XmlPart, attribute, number_attribute, push_text};
use super::styles::{PLAIN, Style};
use crate::pull::read::BadBytes;

/// The styles of a workbook, by name.
#[derive(Debug, Default)]
pub(super) struct Styles {
    cells: BTreeMap<String, Style>,
    numbers: BTreeMap<String, Format>,
    pub(super) hidden: Vec<String>,
    /// The columns of the table: behind the last one of a run, and the style of its cells.
    columns: Vec<(usize, String)>,
    /// The style that is being read: its name and its number format's.
    current: String,
    number: (String, Vec<Option<char>>, bool),
    literal: bool,
}

impl Styles {
    /// Reads the styles that the whole workbook has in common from their part.
    pub(super) fn common(mut xml: XmlPart) -> Result<Self, BadBytes> {
        let mut styles = Self::default();
        loop {
            match xml.next()? {
                Event::Start(element) => styles.start(&element),
                Event::End(element) if element.name().as_ref() == "office:styles" => break,
                Event::End(element) => styles.end(element.name().as_ref()),
                Event::Eof => break,
                event => styles.text(&event),
            }
        }
        Ok(styles)
    }

    /// Begins a table: its columns come next.
    pub(super) fn table(&mut self) {
        self.columns.clear();
    }

    /// Adds columns to the right of those of the table.
    pub(super) fn columns(&mut self, element: &BytesStart<'_>) {
        let style = attribute(element, "default-cell-style-name").unwrap_or_default();
        let repeated: usize = number_attribute(element, "number-columns-repeated").unwrap_or(1);
        let first = self.columns.last().map_or(0, |(behind, _)| *behind);
        if first <= MAX_COLUMNS {
            self.columns.push((first.saturating_add(repeated.max(1)), style.into_owned()));
        }
    }

    /// The style of a cell: its own, else that of its row, else that of its column.
    pub(super) fn of(&self, own: &str, row: &str, column: usize) -> &Style {
        let at = self.columns.partition_point(|(behind, _)| *behind <= column);
        let column = self.columns.get(at).map_or("", |(_, style)| style);
        let name = [own, row, column].into_iter().find(|name| !name.is_empty());
        name.and_then(|name| self.cells.get(name)).unwrap_or(&PLAIN)
    }

    pub(super) fn start(&mut self, element: &BytesStart<'_>) {
        let get = |name| attribute(element, name).unwrap_or_default();
        match element.name().as_ref() {
            "style:style" => {
                self.current = get("style:name").into_owned();
                if get("style:family") == "table-cell" {
                    let parent = self.cells.get(&*get("parent-style-name")).cloned();
                    let mut style = parent.unwrap_or(PLAIN);
                    if let Some(format) = self.numbers.get(&*get("data-style-name")) {
                        style.format = format.clone();
                    }
                    self.cells.insert(self.current.clone(), style);
                }
            }
            "style:table-properties" if get("table:display") == "false" => {
                self.hidden.push(self.current.clone());
            }
            "style:text-properties" if !get("fo:font-style").is_empty() => {
                if let Some(style) = self.cells.get_mut(&self.current) {
                    style.italic = get("fo:font-style") == "italic";
                }
            }
            "style:paragraph-properties" if !get("fo:margin-left").is_empty() => {
                if let Some(style) = self.cells.get_mut(&self.current) {
                    style.indent = indent(&get("fo:margin-left"));
                }
            }
            "number:number-style" => {
                self.number = (get("style:name").into_owned(), Vec::new(), true);
            }
            "number:number" => {
                let digits: usize = number_attribute(element, "min-integer-digits").unwrap_or(0);
                let plain = number_attribute(element, "decimal-places").unwrap_or(0) == 0
                    && get("number:grouping") != "true";
                self.number.1.extend(std::iter::repeat_n(None, digits.min(32)));
                self.number.2 &= plain && digits > 0;
            }
            "number:text" => self.literal = true,
            _ => {}
        }
    }

    pub(super) fn text(&mut self, event: &Event<'_>) {
        if self.literal {
            let mut text = String::new();
            push_text(event, &mut text);
            self.number.1.extend(text.chars().map(Some));
        }
    }

    pub(super) fn end(&mut self, name: &str) {
        match name {
            "number:text" => self.literal = false,
            "number:number-style" => {
                let (name, places, plain) = std::mem::take(&mut self.number);
                if plain {
                    self.numbers.insert(name, Format::of_places(places));
                } else {
                    self.numbers.remove(&name);
                }
            }
            _ => {}
        }
    }
}

/// A margin as `0.35cm` or `10pt` in tenths of an inch about: what counts is which is deeper.
fn indent(margin: &str) -> u8 {
    let digits = margin.find(|char: char| !char.is_ascii_digit() && char != '.');
    let (number, unit) = margin.split_at(digits.unwrap_or(margin.len()));
    let number: f32 = number.parse().unwrap_or(0.0);
    let tenths = match unit {
        "cm" => number / 0.254,
        "mm" => number / 2.54,
        "pt" => number / 7.2,
        _ => number * 10.0,
    };
    // A cast from float saturates.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let tenths = tenths.round() as u8;
    tenths
}
