//! A small workbook, written by hand.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

/// A sheet that grows row by row.
#[derive(Default)]
pub(crate) struct Sheet {
    rows: String,
    merges: String,
    row: usize,
}

impl Sheet {
    /// Adds a row at an outline level, of numbers where they are written as such, and texts.
    pub(crate) fn row(mut self, level: usize, cells: &[&str]) -> Self {
        self.row += 1;
        let row = self.row;
        write!(self.rows, "<row r=\"{row}\" outlineLevel=\"{level}\">").unwrap();
        for (column, cell) in (b'A'..).zip(cells) {
            let place = format!("{}{row}", char::from(column));
            if cell.is_empty() {
                write!(self.rows, "<c r=\"{place}\" t=\"e\"/>").unwrap();
            } else if cell.parse::<f64>().is_ok() {
                write!(self.rows, "<c r=\"{place}\"><v>{cell}</v></c>").unwrap();
            } else {
                let text = format!("<is><t>{cell}</t></is>");
                write!(self.rows, "<c r=\"{place}\" t=\"inlineStr\">{text}</c>").unwrap();
            }
        }
        self.rows += "</row>";
        self
    }

    /// Merges a range, as `A1:B1`.
    pub(crate) fn merge(mut self, range: &str) -> Self {
        write!(self.merges, "<mergeCells><mergeCell ref=\"{range}\"/></mergeCells>").unwrap();
        self
    }

    /// The workbook; sums stand above what they sum.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        let parts = [
            ("[Content_Types].xml", "<Types/>".to_owned()),
            (
                "_rels/.rels",
                format!(
                    "<Relationships xmlns=\"{package}\"><Relationship Id=\"r\" \
                     Type=\"{relation}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
                ),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                format!(
                    "<Relationships xmlns=\"{package}\"><Relationship Id=\"s\" \
                     Type=\"{relation}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
                ),
            ),
            (
                "xl/workbook.xml",
                format!(
                    "<workbook xmlns:r=\"{relation}\"><sheets><sheet name=\"TDSheet\" sheetId=\"1\" \
                     r:id=\"s\"/></sheets></workbook>"
                ),
            ),
            (
                "xl/worksheets/sheet1.xml",
                format!(
                    "<worksheet><sheetPr><outlinePr summaryBelow=\"0\"/></sheetPr><sheetData>{}\
                     </sheetData>{}</worksheet>",
                    self.rows, self.merges
                ),
            ),
        ];
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }
}
