//! Small workbooks as 1C writes them, made by hand.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;

use crate::xls_fixture::xls;

/// A zip archive of files.
pub(crate) fn zipped<N: ToString, B: AsRef<[u8]>>(files: &[(N, B)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in files {
        archive.start_file(name.to_string(), options).unwrap();
        archive.write_all(bytes.as_ref()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The style of a day, of `00`, of an indent by one, and of italics.
pub(crate) const DAY: usize = 1;
pub(crate) const CODE: usize = 2;
pub(crate) const INDENT: usize = 4;
pub(crate) const ITALIC: usize = 6;

/// The same styles as XLS has here.
const STYLES: &str = "\u{feff}<?xml version=\"1.0\"?><styleSheet>\
    <numFmts><numFmt numFmtId=\"164\" formatCode=\"00\"/></numFmts>\
    <fonts><font/><font><i/></font></fonts>\
    <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf/>\
    <xf><alignment indent=\"1\"/></xf><xf/><xf fontId=\"1\"/></cellXfs></styleSheet>";

/// A sheet that grows row by row.
#[derive(Default)]
pub(crate) struct Book {
    rows: String,
    strings: String,
    texts: usize,
    merges: String,
    row: usize,
    kept: Vec<(usize, Vec<String>)>,
    merged: Vec<String>,
}

impl Book {
    /// Adds a row at outline `level`; a cell as `text@style` has a style, an empty one is an error
    /// without a value, and what is a number is one.
    pub(crate) fn row(mut self, level: usize, cells: &[&str]) -> Self {
        self.row += 1;
        let row = self.row;
        write!(self.rows, "<row r=\"{row}\" outlineLevel=\"{level}\">").unwrap();
        for (cell, column) in cells.iter().zip('A'..='Z') {
            let (value, style) = cell.rsplit_once('@').unwrap_or((cell, "0"));
            write!(self.rows, "<c r=\"{column}{row}\" s=\"{style}\"").unwrap();
            if value.is_empty() {
                self.rows += " t=\"e\"/>";
            } else if value.parse::<f64>().is_ok() {
                write!(self.rows, "><v>{value}</v></c>").unwrap();
            } else {
                let text = value.replace('&', "&amp;").replace('<', "&lt;");
                write!(self.strings, "<si><t>{text}</t></si>").unwrap();
                write!(self.rows, " t=\"s\"><v>{}</v></c>", self.texts).unwrap();
                self.texts += 1;
            }
        }
        self.rows += "</row>";
        self.kept.push((level, cells.iter().copied().map(str::to_owned).collect()));
        self
    }

    /// Merges a range, as `A1:B1`.
    pub(crate) fn merge(mut self, range: &str) -> Self {
        write!(self.merges, "<mergeCell ref=\"{range}\"/>").unwrap();
        self.merged.push(range.to_owned());
        self
    }

    /// The same workbook as XLS.
    pub(crate) fn xls(&self) -> Vec<u8> {
        let merged: Vec<&str> = self.merged.iter().map(String::as_str).collect();
        xls(&self.kept, &merged, false)
    }

    /// The workbook: the strings under another name, marks of byte order, a dimension that lies.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let relations = |parts: &[(usize, &str, &str)]| {
            let parts = parts.iter().map(|(id, kind, target)| {
                format!(
                    "<Relationship Id=\"r{id}\" Type=\"http://s/relationships/{kind}\" \
                     Target=\"{target}\"/>"
                )
            });
            format!("<Relationships>{}</Relationships>", parts.collect::<String>())
        };
        let sheet = format!(
            "\u{feff}<worksheet><sheetPr><outlinePr summaryBelow=\"0\"/></sheetPr>\
             <dimension ref=\"AA82\"/><sheetData>{}</sheetData><mergeCells>{}</mergeCells></worksheet>",
            self.rows, self.merges
        );
        zipped(&[
            ("[Content_Types].xml", "<Types/>"),
            ("_rels/.rels", &relations(&[(1, "officeDocument", "xl/workbook.xml")])),
            (
                "xl/workbook.xml",
                "\u{feff}<workbook><sheets><sheet name=\"TDSheet\" r:id=\"r1\"/></sheets>\
                 <calcPr refMode=\"R1C1\"/></workbook>",
            ),
            (
                "xl/_rels/workbook.xml.rels",
                &relations(&[
                    (1, "worksheet", "worksheets/sheet1.xml"),
                    (2, "sharedStrings", "sharedStrings.xml"),
                    (3, "styles", "styles.xml"),
                ]),
            ),
            ("xl/worksheets/sheet1.xml", &sheet),
            ("xl/SharedStrings.xml", &format!("\u{feff}<sst>{}</sst>", self.strings)),
            ("xl/styles.xml", STYLES),
        ])
    }
}
