//! An ODS workbook, row by row (OASIS `OpenDocument` 1.3, part 3).
//!
//! Keeps true: numbers and days are read as they are written, not as doubles; rows and cells that
//! are repeated count against the limits; the outline level is the depth of row groups.

use quick_xml::events::{BytesStart, Event};

use super::format::Format;
use super::grid::{Grid, Merge};
use super::ods_styles::Styles;
use super::package::{Package, XmlPart, attribute, number_attribute, push_text};
use super::styles::Style;
use super::values::Values;
use super::{MAX_COLUMNS, WorkbookOptions, bad, choose, no_cells, not_calculated};
use crate::pull::read::BadBytes;

/// An open ODS.
pub(super) struct Ods {
    xml: XmlPart,
    styles: Styles,
    values: Values,
    choice: Option<String>,
    /// The tables met so far, and whether each is hidden.
    tables: Vec<(String, bool)>,
    in_table: bool,
    done: bool,
    any: bool,
    row: u64,
    level: u8,
    cell: Cell,
    merges: Vec<Merge>,
}

/// A cell, its buffers used again for the next one.
#[derive(Debug, Default)]
struct Cell {
    kind: String,
    value: String,
    style: String,
    text: String,
    repeated: usize,
    spans: (u64, usize),
    /// Whether it has a formula and no type of value: what no program has calculated.
    uncalculated: bool,
}

impl Ods {
    /// Opens the workbook in `package`.
    pub(super) fn open(
        package: &Package,
        options: &WorkbookOptions,
        values: Values,
    ) -> Result<Self, BadBytes> {
        if let Some(mut manifest) = package.xml("META-INF/manifest.xml")? {
            loop {
                match manifest.next()? {
                    Event::Start(element) if element.local_name().as_ref() == "encryption-data" => {
                        return Err(super::xls::protected());
                    }
                    Event::Eof => break,
                    _ => {}
                }
            }
        }
        // Before the content is open: parts share one place in the file.
        let styles = package.xml("styles.xml")?.map(Styles::common).transpose()?;
        let xml = package.xml("content.xml")?.ok_or_else(|| bad(None, "has no content.xml"))?;
        Ok(Self {
            xml,
            styles: styles.unwrap_or_default(),
            values,
            choice: options.sheet.clone(),
            tables: Vec::new(),
            in_table: false,
            done: false,
            any: false,
            row: 0,
            level: 0,
            cell: Cell::default(),
            merges: Vec::new(),
        })
    }

    pub(super) fn sheet(&self) -> &str {
        self.tables.last().map_or("", |(name, _)| name)
    }

    pub(super) fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// Reads rows until `grid` is full or the sheet ends; an empty sheet gives way to the next.
    pub(super) fn fill(&mut self, grid: &mut Grid) -> Result<(), BadBytes> {
        while !self.done {
            match self.xml.next()? {
                Event::Start(element) => match (self.in_table, element.name().as_ref()) {
                    (false, "table:table") => {
                        let get = |name| attribute(&element, name).unwrap_or_default();
                        let hidden = self.styles.hidden.iter().any(|it| **it == *get("style-name"));
                        self.tables.push((get("table:name").into_owned(), hidden));
                        (self.row, self.level) = (0, 0);
                        self.styles.table();
                        self.in_table = match &self.choice {
                            Some(choice) => choose(&self.tables, choice)
                                .is_ok_and(|index| index + 1 == self.tables.len()),
                            None => !hidden,
                        };
                    }
                    (false, _) => self.styles.start(&element),
                    (true, "table:table-row-group") => self.level = self.level.saturating_add(1),
                    (true, "table:table-column") => self.styles.columns(&element),
                    (true, "table:table-row") => {
                        let style = attribute(&element, "default-cell-style-name");
                        let style = style.unwrap_or_default().into_owned();
                        let repeated = number_attribute(&element, "number-rows-repeated");
                        let repeated: u64 = repeated.unwrap_or(1).max(1);
                        self.read_row(grid, repeated, &style)?;
                        self.row = self.row.saturating_add(repeated);
                        if grid.is_full() {
                            self.any = true;
                            return Ok(());
                        }
                    }
                    _ => {}
                },
                Event::End(element) => match (self.in_table, element.name().as_ref()) {
                    (true, "table:table-row-group") => self.level = self.level.saturating_sub(1),
                    (true, "table:table") => {
                        self.in_table = false;
                        self.any |= !grid.is_empty();
                        self.done = self.any || self.choice.is_some();
                    }
                    (false, "office:spreadsheet") => self.done = true,
                    (false, name) => self.styles.end(name),
                    _ => {}
                },
                Event::Eof => return Err(self.xml.cut_off("office:spreadsheet")),
                event if !self.in_table => self.styles.text(&event),
                _ => {}
            }
        }
        match &self.choice {
            _ if self.any => Ok(()),
            Some(choice) => choose(&self.tables, choice).and(Err(no_cells())),
            None => Err(no_cells()),
        }
    }

    /// Goes on to the next sheet, whether it has cells or not.
    pub(super) fn next_sheet(&mut self) -> Result<bool, BadBytes> {
        while self.in_table {
            match self.xml.next()? {
                Event::End(element) => self.in_table = element.name().as_ref() != "table:table",
                Event::Eof => return Ok(false),
                _ => {}
            }
        }
        (self.done, self.any) = (false, false);
        Ok(true)
    }

    /// Reads the cells of a row up to its end.
    fn read_row(&mut self, grid: &mut Grid, repeated: u64, style: &str) -> Result<(), BadBytes> {
        let row = self.row + 1;
        let mut begun = false;
        let mut column = 0_usize;
        loop {
            match self.xml.next()? {
                Event::Start(element) => match element.name().as_ref() {
                    "table:table-cell" | "table:covered-table-cell" => {
                        self.cell.begin(&element);
                        let end = element.name().as_ref().to_owned();
                        self.cell.read(&mut self.xml, &end)?;
                        let cell = &self.cell;
                        if cell.uncalculated && cell.is_blank() {
                            return Err(not_calculated(row, column));
                        }
                        if !cell.is_blank() {
                            if !begun {
                                grid.begin(row, self.level)?;
                                begun = true;
                            }
                            let copies = cell.repeated.min(MAX_COLUMNS + 1);
                            grid.spend(copies)?;
                            for copy in 0..copies {
                                let column = column + copy;
                                let style = self.styles.of(&cell.style, style, column);
                                cell.write(grid, column, style, &self.values)?;
                            }
                        }
                        if cell.spans != (1, 1) && self.merges.len() < 1 << 18 {
                            self.merges.push(Merge {
                                first_row: row,
                                last_row: row.saturating_add(cell.spans.0 - 1),
                                first_column: column,
                                last_column: column.saturating_add(cell.spans.1 - 1),
                            });
                        }
                        column = column.saturating_add(cell.repeated);
                    }
                    _ => {}
                },
                Event::End(element) if element.name().as_ref() == "table:table-row" => break,
                Event::Eof => return Err(self.xml.cut_off("table:table-row")),
                _ => {}
            }
        }
        if begun {
            grid.end();
            grid.repeat(repeated - 1)?;
        }
        Ok(())
    }
}

impl Cell {
    fn begin(&mut self, element: &BytesStart<'_>) {
        for text in [&mut self.kind, &mut self.value, &mut self.style, &mut self.text] {
            text.clear();
        }
        let get = |name| attribute(element, name).unwrap_or_default();
        self.kind.push_str(&get("office:value-type"));
        let value = match self.kind.as_str() {
            "date" => "office:date-value",
            "time" => "office:time-value",
            "boolean" => "office:boolean-value",
            "string" => "office:string-value",
            _ => "office:value",
        };
        self.value.push_str(&get(value));
        self.style.push_str(&get("style-name"));
        let count = |name| number_attribute(element, name).unwrap_or(1).max(1);
        self.repeated = count("number-columns-repeated");
        self.uncalculated = self.kind.is_empty() && !get("table:formula").is_empty();
        self.spans = (count("number-rows-spanned") as u64, count("number-columns-spanned"));
    }

    /// Reads the text of the cell up to its `end`; notes and shapes are none of it.
    fn read(&mut self, xml: &mut XmlPart, end: &str) -> Result<(), BadBytes> {
        let (mut paragraph, mut aside) = (0_usize, 0_usize);
        loop {
            match xml.next()? {
                Event::Start(element) => match element.name().as_ref() {
                    "office:annotation" | "table:shapes" | "draw:frame" | "text:ruby-text" => {
                        aside += 1;
                    }
                    _ if aside > 0 => {}
                    "text:p" | "text:h" => {
                        if !self.text.is_empty() {
                            self.text.push('\n');
                        }
                        paragraph += 1;
                    }
                    "text:s" => {
                        let spaces: usize = number_attribute(&element, "c").unwrap_or(1);
                        self.text.extend(std::iter::repeat_n(' ', spaces.min(1 << 10)));
                    }
                    "text:tab" => self.text.push('\t'),
                    "text:line-break" => self.text.push('\n'),
                    _ => {}
                },
                Event::End(element) => match element.name().as_ref() {
                    "office:annotation" | "table:shapes" | "draw:frame" | "text:ruby-text" => {
                        aside = aside.saturating_sub(1);
                    }
                    "text:p" | "text:h" if aside == 0 => paragraph = paragraph.saturating_sub(1),
                    name if name == end => return Ok(()),
                    _ => {}
                },
                Event::Eof => return Err(xml.cut_off(end)),
                event if paragraph > 0 && aside == 0 => push_text(&event, &mut self.text),
                _ => {}
            }
        }
    }

    fn is_blank(&self) -> bool {
        self.value.is_empty() && self.text.is_empty()
    }

    fn write(
        &self,
        grid: &mut Grid,
        column: usize,
        style: &Style,
        values: &Values,
    ) -> Result<(), BadBytes> {
        grid.cell(column, style.indent, style.italic, |text| match self.kind.as_str() {
            "float" | "currency" | "percentage" => {
                let format = match &style.format {
                    Format::Identity(_) => &style.format,
                    _ => &Format::Plain,
                };
                values.push_number(&self.value, format, text);
            }
            "date" => values.push_iso(&self.value, text),
            "boolean" => text.push_str(&self.value),
            // What it shows says more than an ISO length of time, PT12H30M00S.
            _ if self.text.is_empty() => text.push_str(&self.value),
            _ => text.push_str(&self.text),
        })
    }
}
