//! Small workbooks for tests, written by hand with the quirks of 1C.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};

use zip::write::SimpleFileOptions;

/// A zip archive of `parts` in a file of its own.
pub(in crate::pull) fn zipped(parts: &[(&str, &str)]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    let mut archive = zip::ZipWriter::new(&mut file);
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, text) in parts {
        archive.start_file(*name, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    file
}

/// All bytes of a file.
pub(in crate::pull) fn bytes_of(mut file: File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// The style of a cell: a day, `00`, `0".Н"`, indents of 1 and 2, italic, indented and italic.
pub(in crate::pull) const DAY: usize = 1;
pub(in crate::pull) const CODE: usize = 2;
pub(in crate::pull) const CODE_LETTER: usize = 3;
pub(in crate::pull) const ITALIC: usize = 6;

const STYLES: &str = "\u{feff}<?xml version=\"1.0\"?><styleSheet>\
    <numFmts><numFmt numFmtId=\"164\" formatCode=\"00\"/>\
    <numFmt numFmtId=\"165\" formatCode=\"0&quot;.Н&quot;\"/></numFmts>\
    <fonts><font/><font><i/></font></fonts>\
    <cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>\
    <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/>\
    <xf fontId=\"0\"><alignment indent=\"1\"/></xf><xf><alignment indent=\"2\"/></xf>\
    <xf fontId=\"1\"/><xf fontId=\"1\"><alignment indent=\"1\"/></xf></cellXfs></styleSheet>";

/// A sheet that grows row by row.
#[derive(Default)]
pub(in crate::pull) struct Book {
    rows: String,
    strings: Vec<String>,
    merges: Vec<String>,
    row: usize,
    summary_below: bool,
}

impl Book {
    /// Adds a row at outline `level` of texts and numbers; a cell as `text@style` has a style.
    pub(in crate::pull) fn row(mut self, level: usize, cells: &[&str]) -> Self {
        self.row += 1;
        let row = self.row;
        write!(self.rows, "<row r=\"{row}\" outlineLevel=\"{level}\">").unwrap();
        for (column, cell) in cells.iter().enumerate() {
            let (value, style) = cell.rsplit_once('@').unwrap_or((cell, "0"));
            let place = format!("{}{row}", column_name(column));
            if value.is_empty() {
                write!(self.rows, "<c r=\"{place}\" s=\"{style}\" t=\"e\"/>").unwrap();
            } else if value.parse::<f64>().is_ok() {
                write!(self.rows, "<c r=\"{place}\" s=\"{style}\"><v>{value}</v></c>").unwrap();
            } else {
                let index = self.strings.len();
                self.strings.push(quick_xml::escape::escape(value).into_owned());
                write!(self.rows, "<c r=\"{place}\" s=\"{style}\" t=\"s\"><v>{index}</v></c>")
                    .unwrap();
            }
        }
        self.rows.push_str("</row>");
        self
    }

    /// Merges a range, as `A1:B1`.
    pub(in crate::pull) fn merge(mut self, range: &str) -> Self {
        self.merges.push(format!("<mergeCell ref=\"{range}\"/>"));
        self
    }

    /// Says that sums stand below what they sum.
    pub(in crate::pull) fn summary_below(mut self) -> Self {
        self.summary_below = true;
        self
    }

    /// The workbook as 1C writes it: the strings under another name, marks of byte order, a
    /// dimension that lies.
    pub(in crate::pull) fn file(&self) -> File {
        let below = if self.summary_below { "" } else { "<outlinePr summaryBelow=\"0\"/>" };
        let sheet = format!(
            "<sheetPr>{below}</sheetPr><dimension ref=\"AA82\"/><sheetData>{}</sheetData>\
             <mergeCells>{}</mergeCells>",
            self.rows,
            self.merges.concat()
        );
        let strings: String =
            self.strings.iter().map(|text| format!("<si><t>{text}</t></si>")).collect();
        package(&sheet, &strings, "")
    }
}

fn column_name(column: usize) -> String {
    let letter = |index: usize| char::from(b'A' + u8::try_from(index % 26).unwrap());
    match column {
        0..26 => letter(column).to_string(),
        _ => format!("{}{}", letter(column / 26 - 1), letter(column)),
    }
}

/// A workbook of one sheet with these elements and shared strings; `properties` are the book's.
pub(in crate::pull) fn package(sheet: &str, strings: &str, properties: &str) -> File {
    let relation = |id: usize, kind: &str, target: &str| {
        format!(
            "<Relationship Id=\"r{id}\" Type=\"http://s/relationships/{kind}\" Target=\"{target}\"/>"
        )
    };
    zipped(&[
        ("[Content_Types].xml", "<Types/>"),
        (
            "_rels/.rels",
            &format!(
                "<Relationships>{}</Relationships>",
                relation(1, "officeDocument", "xl/workbook.xml")
            ),
        ),
        (
            "xl/workbook.xml",
            &format!(
                "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?><workbook>{properties}<sheets>\
                 <sheet name=\"График\" r:id=\"r4\"/>\
                 <sheet name=\"Скрытый\" state=\"hidden\" r:id=\"r5\"/>\
                 <sheet name=\"Пустой\" r:id=\"r6\"/>\
                 <sheet name=\"TDSheet\" r:id=\"r1\"/></sheets><calcPr refMode=\"R1C1\"/></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            &format!(
                "<Relationships>{}{}{}{}{}{}</Relationships>",
                relation(1, "worksheet", "worksheets/sheet1.xml"),
                relation(2, "sharedStrings", "sharedStrings.xml"),
                relation(3, "styles", "/xl/styles.xml"),
                relation(4, "chartsheet", "chartsheets/sheet1.xml"),
                relation(5, "worksheet", "worksheets/hidden.xml"),
                relation(6, "worksheet", "worksheets/empty.xml"),
            ),
        ),
        ("xl/worksheets/sheet1.xml", &format!("\u{feff}<worksheet>{sheet}</worksheet>")),
        (
            "xl/worksheets/hidden.xml",
            "<worksheet><sheetData><row><c><v>7</v></c></row></sheetData></worksheet>",
        ),
        ("xl/worksheets/empty.xml", "<worksheet><sheetData/></worksheet>"),
        (
            "xl/SharedStrings.xml",
            &format!("\u{feff}<sst uniqueCount=\"99999999999\">{strings}</sst>"),
        ),
        ("xl/styles.xml", STYLES),
    ])
}

/// An ODS whose spreadsheet has these elements, and these styles.
pub(in crate::pull) fn ods(styles: &str, tables: &str) -> File {
    zipped(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        (
            "content.xml",
            &format!(
                "<office:document-content><office:automatic-styles>{styles}</office:automatic-styles>\
                 <office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>\
                 </office:document-content>"
            ),
        ),
    ])
}
