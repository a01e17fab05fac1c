//! XLSX, ODS and XLS workbooks → rows of text fields, titles and header among them.
//!
//! What a file is, its bytes say, not its name. The readers are our own rather than calamine's:
//! those size a grid by what cells declare, reserve what a count declares, lack outline levels, and
//! hold a number as a double even where its text is exact.
//!
//! Keeps true: blank rows count in row numbers but make no rows; no cell's position allocates
//! what lies before it; what unpacks beyond the limits is refused, by what it unpacks to.

mod biff;
mod compound;
#[cfg(test)]
pub(in crate::pull) mod fixture;
mod format;
mod grid;
mod number;
mod ods;
mod ods_styles;
mod package;
mod sheet;
mod styles;
#[cfg(test)]
mod tests;
mod values;
mod xls;
#[cfg(test)]
pub(in crate::pull) mod xls_fixture;
mod xls_sheet;
#[cfg(test)]
mod xls_tests;
mod xlsx;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

pub use grid::Merge;

use self::grid::Grid;
use self::package::Package;
use self::values::Values;
use crate::names::like;
use crate::pull::read::foreign::{foreign, marked_text};
use crate::pull::read::{BadBytes, Reader};
use crate::pull::value::Rows;

/// Columns that a sheet may have, as in Excel.
const MAX_COLUMNS: usize = 16_384;
/// Rows that a sheet may have, as in Excel.
const MAX_ROWS: u64 = 1 << 20;

/// How a workbook is read.
#[derive(Debug, Clone)]
pub struct WorkbookOptions {
    /// A pattern in which `*` stands for anything: the first sheet with such a name, hidden or not;
    /// without it, the first that is not hidden and has cells.
    pub sheet: Option<String>,
    /// How days are written, in strftime's letters; a time only where it asks for one.
    pub date: String,
    /// The decimal separator that numbers are written with.
    pub decimal: char,
    /// The charset of texts of an XLS of Excel 5 that does not say it.
    pub encoding: Option<String>,
    /// Bytes that the parts of the workbook may unpack to, and that an XLS may hold in all.
    pub max_unpacked_bytes: u64,
    /// Empty cells that may have to be written before others, and cells of an ODS sheet.
    pub max_cells: u64,
}

impl Default for WorkbookOptions {
    fn default() -> Self {
        Self {
            sheet: None,
            date: "%Y-%m-%d".to_owned(),
            decimal: '.',
            encoding: None,
            max_unpacked_bytes: 1 << 30,
            max_cells: 20_000_000,
        }
    }
}

/// Reads the rows of one sheet.
pub struct Workbook {
    book: Book,
    grid: Grid,
    /// Whether the grid holds rows that were not given yet.
    ahead: bool,
    chosen: bool,
}

enum Book {
    Xlsx(xlsx::Xlsx),
    Ods(ods::Ods),
    Xls(xls::Xls),
}

fn bad(row: Option<u64>, message: impl Into<String>) -> BadBytes {
    let hint = "ask for the workbook again, or save it anew as XLSX".to_owned();
    BadBytes { row, message: message.into(), hint }
}

impl Workbook {
    /// Opens the workbook in `file`.
    ///
    /// # Errors
    /// When it is none, is protected by a password, damaged, beyond a limit, or lacks the sheet.
    pub fn open(mut file: File, options: &WorkbookOptions) -> Result<Self, BadBytes> {
        let unreadable = |error: std::io::Error| bad(None, format!("reading failed: {error}"));
        let mut start = Vec::new();
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        file.by_ref().take(4096).read_to_end(&mut start).map_err(unreadable)?;
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let values = Values::new(options);
        let book = match start.as_slice() {
            [b'P', b'K', 3, 4, ..] => {
                let package = Package::open(file, options.max_unpacked_bytes)?;
                match Kind::of(&package)? {
                    Kind::Xlsx => Book::Xlsx(xlsx::Xlsx::open(package, options, values)?),
                    Kind::Ods => Book::Ods(ods::Ods::open(&package, options, values)?),
                }
            }
            [0xd0, 0xcf, 0x11, 0xe0, ..] => Book::Xls(xls::Xls::open(file, options, values)?),
            other => return Err(no_workbook(other)),
        };
        let chosen = options.sheet.is_some();
        let grid = Grid::new(options.max_cells);
        let mut workbook = Self { book, grid, ahead: false, chosen };
        workbook.fill()?;
        workbook.ahead = true;
        Ok(workbook)
    }

    /// The sheet that is read.
    #[must_use]
    pub fn sheet(&self) -> &str {
        match &self.book {
            Book::Xlsx(book) => book.sheet(),
            Book::Ods(book) => book.sheet(),
            Book::Xls(book) => book.sheet(),
        }
    }

    /// The sheets after the one that is read that are not hidden and have cells, up to one that
    /// is damaged. No more rows are to be read then.
    pub fn others(&mut self) -> Vec<String> {
        let mut others = Vec::new();
        while self.next_sheet().unwrap_or(false) {
            others.push(self.sheet().to_owned());
        }
        others
    }

    /// Goes on to the next sheet that is not hidden and has cells.
    fn next_sheet(&mut self) -> Result<bool, BadBytes> {
        let found = match &mut self.book {
            Book::Xlsx(book) => book.next_sheet()?,
            Book::Ods(book) => book.next_sheet()?,
            Book::Xls(book) => book.next_sheet()?,
        };
        self.grid.clear();
        if found {
            self.fill()?;
        }
        Ok(found)
    }

    fn fill(&mut self) -> Result<(), BadBytes> {
        match &mut self.book {
            Book::Xlsx(book) => book.fill(&mut self.grid),
            Book::Ods(book) => book.fill(&mut self.grid),
            Book::Xls(book) => book.fill(&mut self.grid),
        }
    }
}

impl Reader for Workbook {
    fn columns(&self) -> Option<&[String]> {
        None
    }

    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        if !std::mem::take(&mut self.ahead) {
            self.grid.clear();
            self.fill()?;
        }
        Ok((!self.grid.is_empty()).then_some(&self.grid.rows))
    }

    fn merges(&self) -> &[Merge] {
        match &self.book {
            Book::Xlsx(book) => book.merges(),
            Book::Ods(book) => book.merges(),
            Book::Xls(book) => book.merges(),
        }
    }

    fn summary_below(&self) -> bool {
        match &self.book {
            Book::Xlsx(book) => book.summary_below(),
            Book::Xls(book) => book.summary_below(),
            Book::Ods(_) => true,
        }
    }

    /// The sheet that was taken, and rows that are hidden.
    fn notes(&self) -> Vec<String> {
        let taken = (!self.chosen).then(|| format!("sheet taken: \"{}\"", self.sheet()));
        let hidden = match &self.book {
            Book::Xlsx(book) => book.hidden(),
            Book::Ods(_) | Book::Xls(_) => 0,
        };
        let hidden = (hidden > 0).then(|| format!("{hidden} rows are hidden, and are read"));
        taken.into_iter().chain(hidden).collect()
    }
}

enum Kind {
    Xlsx,
    Ods,
}

impl Kind {
    fn of(package: &Package) -> Result<Self, BadBytes> {
        if package.has("content.xml") {
            return Ok(Self::Ods);
        }
        if package.names().any(|name| name.ends_with("workbook.bin")) {
            return Err(bad(None, "is a binary workbook (XLSB), expected XLSX, XLS or ODS"));
        }
        if package.has("[Content_Types].xml") {
            return Ok(Self::Xlsx);
        }
        let names: Vec<&str> = package.names().take(3).collect();
        Err(BadBytes {
            row: None,
            message: format!("is a zip archive of \"{}\", no workbook", names.join("\", \"")),
            hint: "unpack it and give each file in it by itself".to_owned(),
        })
    }
}

/// Says what begins with `start`, which no workbook does.
fn no_workbook(start: &[u8]) -> BadBytes {
    let text = String::from_utf8_lossy(start);
    let begin: String = text.trim_start_matches('\u{feff}').chars().take(20).collect();
    let hint = "save it as XLSX, or declare the format that it has".to_owned();
    let (what, hint) = if start.is_empty() {
        ("is empty".to_owned(), "ask for it again".to_owned())
    } else if let Some(foreign) = foreign(start) {
        (format!("is {}", foreign.name), foreign.hint.to_owned())
    } else if matches!(start, [9, 0 | 2 | 4 | 8, _, 0, ..]) {
        ("is an XLS of Excel 4 or older, or of a script".to_owned(), hint)
    } else if let Some(charset) = marked_text(start).filter(|name| name.starts_with("UTF-16")) {
        let charset = charset.to_lowercase();
        let hint = format!("declare it as text: read: {{ csv: {{ encoding: {charset}, … }} }}");
        (format!("is text in {charset} under the name of a workbook"), hint)
    } else if begin.trim_start().starts_with('<') {
        (format!("is text that begins with \"{begin}\" under the name of a workbook"), hint)
    } else {
        (format!("begins with \"{}\", as no workbook does", begin.escape_debug()), hint)
    };
    BadBytes { row: None, message: format!("{what}: expected XLSX, XLS or ODS"), hint }
}

/// Picks the first sheet that matches `pattern` among `names` with whether each is hidden.
fn choose(names: &[(String, bool)], pattern: &str) -> Result<usize, BadBytes> {
    names.iter().position(|(name, _)| like(pattern, name)).ok_or_else(|| {
        let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        let found = names.join("\", \"");
        BadBytes {
            row: None,
            message: format!("sheet \"{pattern}\" not found; the book has \"{found}\""),
            hint: "correct \"sheet\", or ask for the workbook again".to_owned(),
        }
    })
}

/// Says that a formula has no value.
fn not_calculated(row: u64, column: usize) -> BadBytes {
    BadBytes {
        row: Some(row),
        message: format!("column {}: its formula was never calculated", column + 1),
        hint: "open the workbook in Excel or LibreOffice, save it as XLSX, and give that"
            .to_owned(),
    }
}

/// Says that no sheet has cells.
fn no_cells() -> BadBytes {
    BadBytes {
        row: None,
        message: "has no cells in the sheet, or in any that is not hidden".to_owned(),
        hint: "name another sheet, or ask for the workbook again".to_owned(),
    }
}
