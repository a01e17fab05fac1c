//! An XLS workbook, from Excel 5 to 2003: its sheets, shared strings and styles ([MS-XLS] 2.1.7.20).
//!
//! Keeps true: a sheet is read when it is asked for, from where the book says it begins.

use std::collections::BTreeMap;
use std::fs::File;

use super::biff::{Records, record};
use super::compound::Compound;
use super::format::Format;
use super::grid::{Grid, Merge};
use super::styles::{PLAIN, Style};
use super::values::Values;
use super::xls_sheet::{Sheet, Value};
use super::xlsx::Strings;
use super::{WorkbookOptions, bad, choose, no_cells};
use crate::pull::read::BadBytes;
use crate::pull::read::charset::Charset;

/// The versions in BOF: Excel 97 to 2003, Excel 5 and 95.
const BIFF8: u16 = 0x0600;
const BIFF5: u16 = 0x0500;

/// An open XLS.
pub(super) struct Xls {
    records: Records,
    globals: Globals,
    values: Values,
    /// The sheets that may be read yet, the next one last: name, and where it begins.
    sheets: Vec<(String, u64)>,
    name: String,
    sheet: Sheet,
    /// The cells of the sheet that were given.
    given: usize,
    any: bool,
}

/// What stands before the sheets.
#[derive(Default)]
struct Globals {
    strings: Strings,
    styles: Vec<Style>,
    from_1904: bool,
    /// The worksheets: name, whether it is hidden, and where it begins.
    names: Vec<(String, bool)>,
    places: Vec<u64>,
}

/// Says that a workbook is protected by a password.
pub(super) fn protected() -> BadBytes {
    BadBytes {
        row: None,
        message: "the workbook is protected by a password".to_owned(),
        hint: "save it without a password".to_owned(),
    }
}

impl Xls {
    /// Opens the workbook in `file`.
    pub(super) fn open(
        file: File,
        options: &WorkbookOptions,
        mut values: Values,
    ) -> Result<Self, BadBytes> {
        let compound = Compound::open(file)?;
        if compound.names().any(|name| name == "EncryptedPackage") {
            return Err(protected());
        }
        // A file for Excel 95 and 97 both has a stream for each.
        let stream = match compound.stream("Workbook")? {
            None => compound.stream("Book")?,
            found => found,
        };
        let stream = stream.ok_or_else(|| {
            let names: Vec<&str> = compound.names().take(3).collect();
            let names = names.join("\", \"");
            bad(None, format!("is a compound file of \"{names}\", no workbook"))
        })?;
        let mut records = Records::new(stream, options.max_unpacked_bytes);
        let declared = options.encoding.as_deref().map(|label| {
            Charset::for_label(label).ok_or_else(|| {
                bad(None, format!("cannot be read in encoding \"{label}\", which is not known"))
            })
        });
        let globals = Globals::read(&mut records, declared.transpose()?)?;
        values.from_1904 = globals.from_1904;
        let all = globals.names.iter().zip(&globals.places);
        let sheets = match &options.sheet {
            Some(choice) => {
                let chosen = choose(&globals.names, choice)?;
                vec![(globals.names[chosen].0.clone(), globals.places[chosen])]
            }
            None => all
                .filter(|((_, hidden), _)| !hidden)
                .map(|((name, _), at)| (name.clone(), *at))
                .rev()
                .collect(),
        };
        let (name, sheet) = (String::new(), Sheet::default());
        Ok(Self { records, globals, values, sheets, name, sheet, given: 0, any: false })
    }

    pub(super) fn sheet(&self) -> &str {
        &self.name
    }

    pub(super) fn merges(&self) -> &[Merge] {
        &self.sheet.merges
    }

    pub(super) fn summary_below(&self) -> bool {
        self.sheet.summary_below
    }

    /// Writes rows until `grid` is full or the sheet ends; an empty sheet gives way to the next.
    pub(super) fn fill(&mut self, grid: &mut Grid) -> Result<(), BadBytes> {
        loop {
            self.write(grid)?;
            self.any |= !grid.is_empty();
            if self.any {
                return Ok(());
            }
            if !self.next_sheet()? {
                return Err(no_cells());
            }
        }
    }

    /// Goes on to the next sheet, whether it has cells or not.
    pub(super) fn next_sheet(&mut self) -> Result<bool, BadBytes> {
        let Some((name, at)) = self.sheets.pop() else { return Ok(false) };
        self.sheet = Sheet::read(&mut self.records, &name, at)?;
        (self.given, self.any) = (0, false);
        self.name = name;
        Ok(true)
    }

    fn write(&mut self, grid: &mut Grid) -> Result<(), BadBytes> {
        let cells = &self.sheet.cells;
        while let Some(first) = cells.get(self.given).filter(|_| !grid.is_full()) {
            let row = u64::from(first.row) + 1;
            grid.begin(row, self.sheet.level(first.row))?;
            while let Some(cell) = cells.get(self.given).filter(|cell| cell.row == first.row) {
                self.given += 1;
                // Of cells in the same place the last one counts.
                let next = cells.get(self.given);
                if next.is_some_and(|next| (next.row, next.column) == (cell.row, cell.column)) {
                    continue;
                }
                let style = self.globals.styles.get(usize::from(cell.style)).unwrap_or(&PLAIN);
                let (strings, index) = match cell.value {
                    Value::Shared(index) => (&self.globals.strings, index),
                    Value::Text(index) => (&self.sheet.texts, index),
                    _ => (&self.sheet.texts, 0),
                };
                let string = strings.get(index as usize);
                if let (Value::Shared(_), None) = (cell.value, string) {
                    let message = format!("string {index} is not among the shared strings");
                    return Err(bad(Some(row), message));
                }
                let column = usize::from(cell.column);
                grid.cell(column, style.indent, style.italic, |text| match cell.value {
                    Value::Number(value) => self.values.push_double(value, &style.format, text),
                    Value::Shared(_) | Value::Text(_) => text.push_str(string.unwrap_or_default()),
                    Value::Flag(flag) => text.push_str(if flag { "true" } else { "false" }),
                    Value::Error(error) => text.push_str(error_name(error)),
                })?;
            }
            grid.end();
        }
        Ok(())
    }
}

/// What an error value shows ([MS-XLS] 2.5.10 `BErr`).
fn error_name(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0f => "#VALUE!",
        0x17 => "#REF!",
        0x1d => "#NAME?",
        0x24 => "#NUM!",
        _ => "#N/A",
    }
}

impl Globals {
    fn read(records: &mut Records, declared: Option<Charset>) -> Result<Self, BadBytes> {
        let mut globals = Self::default();
        let mut formats: BTreeMap<u16, Format> = BTreeMap::new();
        let mut italics: Vec<bool> = Vec::new();
        let mut cells: Vec<(u16, u16, u8)> = Vec::new();
        let mut text = String::new();
        if records.next()? != record::BOF {
            return Err(bad(None, "is no XLS that can be read: it begins with no record BOF"));
        }
        let version = records.short()?;
        match version {
            BIFF8 => {}
            // Until CODEPAGE says which; where none is declared, no text but ASCII passes.
            BIFF5 => {
                records.charset = Some(declared.unwrap_or(Charset::UTF_8));
                records.unsaid = declared.is_none();
            }
            _ => {
                let message = format!("is an XLS of version 0x{version:04x}");
                return Err(bad(None, format!("{message}, expected that of Excel 5 to 2003")));
            }
        }
        loop {
            match records.next()? {
                record::EOF => break,
                record::FILEPASS => return Err(protected()),
                record::CODEPAGE if version == BIFF5 => {
                    let page = records.short()?;
                    records.charset = Some(charset(page)?);
                    records.unsaid = false;
                }
                record::DATEMODE => globals.from_1904 = records.short()? == 1,
                record::BOUNDSHEET => {
                    let at = u64::from(records.long()?);
                    let [state, kind, chars] = records.field()?;
                    text.clear();
                    records.text(usize::from(chars), &mut text)?;
                    // Others are sheets of macros, charts and modules.
                    if kind == 0 {
                        globals.names.push((text.clone(), state & 3 != 0));
                        globals.places.push(at);
                    }
                }
                record::FONT => {
                    records.skip(2)?;
                    italics.push(records.short()? & 2 != 0);
                }
                record::FORMAT => {
                    let id = records.short()?;
                    let chars = match version {
                        BIFF8 => records.short()?,
                        _ => u16::from(records.byte()?),
                    };
                    text.clear();
                    records.text(usize::from(chars), &mut text)?;
                    formats.insert(id, Format::of(&text));
                }
                record::XF => {
                    let (font, format) = (records.short()?, records.short()?);
                    let mut indent = 0;
                    if version == BIFF8 {
                        records.skip(4)?;
                        indent = records.byte()? & 0xf;
                    }
                    cells.push((font, format, indent));
                }
                record::SST => {
                    records.skip(4)?;
                    let claimed = records.long()?;
                    let strings = &mut globals.strings;
                    for _ in 0..claimed {
                        if !records.has_more()? {
                            break;
                        }
                        let chars = records.short()?;
                        records.text(usize::from(chars), &mut strings.text)?;
                        records.spend(size_of::<usize>())?;
                        strings.ends.push(strings.text.len());
                    }
                }
                _ => {}
            }
        }
        // The general format may have a name of a language's own, with letters as those of days.
        formats.remove(&0);
        let styles = cells.into_iter().map(|(font, format, indent)| Style {
            format: formats
                .get(&format)
                .cloned()
                .unwrap_or_else(|| Format::builtin(u32::from(format))),
            indent,
            // No font has the number 4.
            italic: italics
                .get(usize::from(font) - usize::from(font > 4))
                .copied()
                .unwrap_or_default(),
        });
        globals.styles = styles.collect();
        Ok(globals)
    }
}

/// The charset of the code page `page` ([MS-XLS] 2.4.52).
fn charset(page: u16) -> Result<Charset, BadBytes> {
    let label = match page {
        367 => "us-ascii".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        10_000 | 0x8000 => "macintosh".to_owned(),
        10_007 => "x-mac-cyrillic".to_owned(),
        0x8001 => "windows-1252".to_owned(),
        page => format!("cp{page}"),
    };
    Charset::for_label(&label)
        .ok_or_else(|| bad(None, format!("the XLS is in code page {page}, which is not known")))
}
