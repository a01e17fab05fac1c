//! Workbooks in, rows out.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;

use proptest::prelude::*;

use super::fixture::{Book, CODE, CODE_LETTER, DAY, ITALIC, ods, package, zipped};
use super::{Merge, Reader, Workbook, WorkbookOptions};
use crate::pull::damage::cases;
use crate::pull::value::Shape;

pub(super) fn read_with(
    file: File,
    options: &WorkbookOptions,
) -> Result<(String, Workbook), String> {
    let mut workbook = Workbook::open(file, options).map_err(|error| error.message)?;
    let mut table = String::new();
    loop {
        match workbook.next_rows().map_err(|error| error.message)? {
            None => return Ok((table, workbook)),
            Some(rows) => {
                for row in rows.iter() {
                    let fields: Vec<&str> = (0..row.len()).map(|index| row.field(index)).collect();
                    writeln!(table, "{}: {}", row.number, fields.join("|")).unwrap();
                }
            }
        }
    }
}

pub(super) fn read(file: File) -> Result<String, String> {
    read_with(file, &WorkbookOptions::default()).map(|(table, _)| table)
}

fn sheet(data: &str) -> Result<String, String> {
    read(package(&format!("<sheetData>{data}</sheetData>"), "", ""))
}

#[test]
fn pitfall_11_a_workbook_of_1c_is_read_as_it_is() {
    let day = format!("45839@{DAY}");
    let book = Book::default()
        .row(0, &["ООО «Ромашка» & К", "", "", ""])
        .row(0, &[])
        .row(1, &["", &day, "1234.5600000000002", "", ""])
        .row(2, &["770123456789", "", "-0.5"]);
    let (table, workbook) = read_with(book.file(), &WorkbookOptions::default()).unwrap();
    let expected = "1: ООО «Ромашка» & К\n3: |2025-07-01|1234.56\n4: 770123456789||-0.5\n";
    assert_eq!(table, expected);
    assert_eq!(workbook.sheet(), "TDSheet");
    assert_eq!(workbook.notes(), ["sheet taken: \"TDSheet\""]);
    assert!(!workbook.summary_below());
}

#[test]
fn pitfall_2_codes_keep_their_zeros_and_letters() {
    let codes = [format!("1@{CODE}"), format!("94@{CODE_LETTER}"), "60".to_owned()];
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let book = Book::default().row(0, &codes).row(0, &["11.04 счёт", "007@0"]);
    assert_eq!(read(book.file()).unwrap(), "1: 01|94.Н|60\n2: 11.04 счёт|7\n");
}

#[test]
fn days_numbers_and_flags_are_written_as_asked() {
    let options =
        WorkbookOptions { date: "%d.%m.%Y".to_owned(), decimal: ',', ..WorkbookOptions::default() };
    let data = "<sheetData><row><c s=\"1\"><v>44377.5</v></c><c><v>1.5</v></c>\
        <c t=\"b\"><v>1</v></c><c t=\"e\"><v>#REF!</v></c>\
        <c t=\"inlineStr\"><is><r><t>бо</t></r><r><t xml:space=\"preserve\">льше </t></r>\
        <rPh><t>нет</t></rPh></is></c><c t=\"str\"><f>A1&amp;\"\"</f><v>a_x000D_&lt;b</v></c>\
        <c t=\"d\"><v>2025-07-01T10:00:00</v></c></row></sheetData>";
    let file = package(data, "", "<workbookPr date1904=\"1\"/>");
    let (table, _) = read_with(file, &options).unwrap();
    assert_eq!(table, "1: 01.07.2025|1,5|true|#REF!|больше|a\r<b|01.07.2025\n");
}

#[test]
fn levels_indents_and_italics_come_with_the_rows() {
    let book = Book::default()
        .summary_below()
        .row(0, &["Итого"])
        .row(2, &["", &format!("Москва@{ITALIC}")])
        .row(0, &[])
        .row(1, &["Клиент@5", "1"])
        .merge("A1:C2");
    let (mut workbook, mut shapes) =
        (Workbook::open(book.file(), &WorkbookOptions::default()).unwrap(), Vec::new());
    while workbook.next_rows().unwrap().is_some() {
        shapes.extend_from_slice(&workbook.grid.rows.shapes);
    }
    let shape = |level, indent, italic| Shape { level, indent, italic };
    assert_eq!(shapes, [shape(0, 0, false), shape(2, 0, true), shape(1, 2, false)]);
    let merge = Merge { first_row: 1, last_row: 2, first_column: 0, last_column: 2 };
    assert_eq!(workbook.merges(), [merge]);
    assert!(workbook.summary_below());
}

#[test]
fn a_sheet_is_chosen_by_a_pattern() {
    let with = |pattern: &str| {
        let options =
            WorkbookOptions { sheet: Some(pattern.to_owned()), ..WorkbookOptions::default() };
        read_with(Book::default().row(0, &["1"]).file(), &options).map(|(table, _)| table)
    };
    assert_eq!(with("Скрытый").unwrap(), "1: 7\n");
    assert_eq!(with("TD*").unwrap(), "1: 1\n");
    let error = with("Лист_1").unwrap_err();
    let expected = "sheet \"Лист_1\" not found; the book has \"Скрытый\", \"Пустой\", \"TDSheet\"";
    assert_eq!(error, expected);
}

#[test]
fn a_cell_far_off_allocates_nothing_before_it() {
    let row = "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>";
    let table = sheet(row).unwrap();
    assert!(table.starts_with("1048576: |||"));
    assert_eq!(table.matches('|').count(), 16_383);
    let error = sheet("<row r=\"1\"><c r=\"XFE1\"><v>1</v></c></row>").unwrap_err();
    assert_eq!(error, "a sheet has no column beyond 16384");
    let error = sheet("<row r=\"1048577\"><c><v>1</v></c></row>").unwrap_err();
    assert_eq!(error, "a sheet has no row beyond 1048576");
    let many: String = (1..2000)
        .map(|row| format!("<row r=\"{row}\"><c r=\"XFD{row}\"><v>1</v></c></row>"))
        .collect();
    let error = sheet(&many).unwrap_err();
    assert_eq!(error, "the sheet spans more than 20000000 empty cells");
}

#[test]
fn rows_and_cells_out_of_order_are_named() {
    let error = sheet("<row r=\"2\"><c><v>1</v></c></row><row r=\"1\"/>").unwrap_err();
    assert_eq!(error, "row 1 stands behind row 2");
    let row = "<row r=\"1\"><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>1</v></c></row>";
    assert_eq!(sheet(row).unwrap_err(), "column 1 stands behind column 2");
    let error = sheet("<row><c t=\"s\"><v>5</v></c></row>").unwrap_err();
    assert_eq!(error, "string 5 is not among the shared strings");
}

#[test]
fn a_formula_that_was_never_calculated_refuses_the_workbook() {
    let error = sheet("<row r=\"2\"><c r=\"C2\"><f>SUM(A1:A9)</f></c></row>").unwrap_err();
    assert_eq!(error, "column 3: its formula was never calculated");
    let text = "<row><c t=\"str\"><f>A1</f><v></v></c><c><f>1+1</f><v>2</v></c></row>";
    assert_eq!(sheet(text).unwrap(), "1: |2\n");
    let table = |cell: &str| {
        let row = format!("<table:table-row>{cell}</table:table-row>");
        read(ods("", &format!("<table:table table:name=\"a\">{row}</table:table>")))
    };
    let error = table("<table:table-cell table:formula=\"of:=1+1\"/>").unwrap_err();
    assert_eq!(error, "column 1: its formula was never calculated");
    let calculated = "<table:table-cell table:formula=\"of:=1+1\" office:value-type=\"float\" \
        office:value=\"2\"><text:p>2</text:p></table:table-cell>";
    assert_eq!(table(calculated).unwrap(), "1: 2\n");
}

#[test]
fn a_bomb_is_refused_by_what_it_unpacks_to() {
    let blank = format!("<row>{}</row>", " ".repeat(24 << 20));
    let file = package(&format!("<sheetData>{blank}</sheetData>"), "", "");
    let error = Workbook::open(file, &WorkbookOptions::default()).err().unwrap();
    let passed = "unpacks to more than 200 times its size, as a bomb does";
    assert!(error.message.ends_with(passed), "{}", error.message);
    assert!(error.hint.contains("limits: unpacked_mb in pipelines/project.yaml"));
    let options = WorkbookOptions { max_unpacked_bytes: 1 << 20, ..WorkbookOptions::default() };
    let row = format!("<sheetData><row>{}</row></sheetData>", "<c/>".repeat(1 << 19));
    let error = read_with(package(&row, "", ""), &options).err().unwrap();
    assert_eq!(error, "part \"xl/worksheets/sheet1.xml\" unpacks to more than 1 MiB");
}

#[test]
fn what_is_no_workbook_is_told() {
    let file = |bytes: &[u8]| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        read(file).unwrap_err()
    };
    let told = file("\u{feff}<html><table>".as_bytes());
    assert!(told.starts_with("is a web page (HTML): expected XLSX"), "{told}");
    let told = file(b"\xff\xfeN\0o\0");
    assert!(told.starts_with("is text in utf-16le under the name of a workbook"), "{told}");
    assert!(file(b"MOXCEL\0").starts_with("is a tabular document of 1C (MXL)"));
    assert!(file(b"").starts_with("is empty"));
    assert!(file(b"a;b\n").starts_with("begins with \"a;b\\n\""));
    let told = read(zipped(&[("sales.xlsx", "")])).unwrap_err();
    assert_eq!(told, "is a zip archive of \"sales.xlsx\", no workbook");
    let told = read(zipped(&[("xl/workbook.bin", "")])).unwrap_err();
    assert!(told.starts_with("is a binary workbook (XLSB)"));
    assert!(sheet("").unwrap_err().starts_with("has no cells"));
}

const ODS_STYLES: &str = "<number:number-style style:name=\"N1\">\
    <number:number number:min-integer-digits=\"2\"/><number:text>.Н</number:text>\
    </number:number-style>\
    <style:style style:name=\"c1\" style:family=\"table-cell\" style:data-style-name=\"N1\">\
    <style:text-properties fo:font-style=\"italic\"/>\
    <style:paragraph-properties fo:margin-left=\"0.35cm\"/></style:style>\
    <style:style style:name=\"t1\" style:family=\"table\">\
    <style:table-properties table:display=\"false\"/></style:style>";

#[test]
fn an_ods_is_read_with_its_repeats_levels_and_codes() {
    let cell = |kind: &str, value: &str, text: &str| {
        format!(
            "<table:table-cell office:value-type=\"{kind}\" {value}><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let rows = [
        format!("<table:table-row>{}</table:table-row>", cell("string", "", "Продажи<text:s text:c=\"2\"/>за год")),
        "<table:table-row table:number-rows-repeated=\"3\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>".to_owned(),
        format!(
            "<table:table-row-group><table:table-row table:number-rows-repeated=\"2\">{}<table:table-cell table:number-columns-repeated=\"2\"/>{}{}{}<table:table-cell table:number-columns-repeated=\"9999\"/></table:table-row></table:table-row-group>",
            cell("float", "table:style-name=\"c1\" office:value=\"7\"", "07.Н"),
            cell("float", "office:value=\"1234.5600000000002\"", "1 234,56"),
            cell("date", "office:date-value=\"2025-07-01\"", "июль"),
            cell("boolean", "office:boolean-value=\"true\"", "ИСТИНА"),
        ),
    ];
    let tables = format!(
        "<table:table table:name=\"Старый\" table:style-name=\"t1\"><table:table-row>{}</table:table-row></table:table>\
         <table:table table:name=\"Пустой\"/><table:table table:name=\"Лист1\">{}</table:table>",
        cell("string", "", "x"),
        rows.concat()
    );
    let file = ods(ODS_STYLES, &tables);
    let (table, workbook) = read_with(file, &WorkbookOptions::default()).unwrap();
    let row = "07.Н|||1234.56|2025-07-01|true";
    assert_eq!(table, format!("1: Продажи  за год\n5: {row}\n6: {row}\n"));
    assert_eq!(workbook.sheet(), "Лист1");
    let shapes = Workbook::open(ods(ODS_STYLES, &tables), &WorkbookOptions::default()).unwrap();
    assert_eq!(shapes.grid.rows.shapes[1], Shape { level: 1, indent: 1, italic: true });
}

#[test]
fn other_sheets_are_those_with_cells_that_are_not_hidden() {
    let filled = "<table:table-row><table:table-cell office:value-type=\"float\" \
        office:value=\"1\"/></table:table-row>";
    let table = |name: &str, style: &str, rows: &str| {
        format!(
            "<table:table table:name=\"{name}\" table:style-name=\"{style}\">{rows}</table:table>"
        )
    };
    let tables = [
        table("a", "", filled),
        table("hidden", "t1", filled),
        table("b", "", &filled.repeat(3_000)),
        table("empty", "", ""),
        table("c", "", filled),
    ];
    let (_, mut workbook) =
        read_with(ods(ODS_STYLES, &tables.concat()), &WorkbookOptions::default()).unwrap();
    assert_eq!(workbook.others(), ["b", "c"]);
}

#[test]
fn a_cell_of_an_ods_without_a_style_has_that_of_its_row_or_column() {
    let styles = "<office:document-styles><office:styles>\
        <number:number-style style:name=\"n6\"><number:number number:min-integer-digits=\"6\"/>\
        </number:number-style><style:style style:name=\"Code\" style:family=\"table-cell\" \
        style:data-style-name=\"n6\"><style:text-properties fo:font-style=\"italic\"/></style:style>\
        </office:styles></office:document-styles>";
    let own = "<style:style style:name=\"c1\" style:family=\"table-cell\" \
        style:parent-style-name=\"Code\"><style:text-properties fo:font-style=\"normal\"/>\
        </style:style>";
    let cell = |style: &str| {
        format!("<table:table-cell {style} office:value-type=\"float\" office:value=\"42\"/>")
    };
    let (plain, default) = (cell(""), cell("table:style-name=\"Default\""));
    let content = format!(
        "<office:document-content><office:automatic-styles>{own}</office:automatic-styles>\
         <office:body><office:spreadsheet><table:table table:name=\"a\">\
         <table:table-column/><table:table-column table:number-columns-repeated=\"2\" \
         table:default-cell-style-name=\"Code\"/><table:table-column/>\
         <table:table-row>{plain}{plain}{default}{plain}</table:table-row>\
         <table:table-row table:default-cell-style-name=\"c1\">{plain}</table:table-row>\
         </table:table></office:spreadsheet></office:body></office:document-content>"
    );
    let parts = [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("styles.xml", styles),
        ("content.xml", content.as_str()),
    ];
    let (table, _) = read_with(zipped(&parts), &WorkbookOptions::default()).unwrap();
    assert_eq!(table, "1: 42|000042|42|42\n2: 000042\n");
}

#[test]
fn an_ods_that_repeats_without_end_is_refused() {
    let bomb = "<table:table-row table:number-rows-repeated=\"1048576\">\
        <table:table-cell office:value-type=\"float\" office:value=\"1\" \
        table:number-columns-repeated=\"16384\"/></table:table-row>";
    let tables = format!("<table:table table:name=\"a\">{bomb}</table:table>");
    let error = read(ods("", &tables)).unwrap_err();
    assert_eq!(error, "the row is repeated 1048575 times more");
    let error = read(ods("", "<table:table table:name=\"a\"><table:table-row>")).unwrap_err();
    assert!(error.contains("cannot be read") || error.contains("cut off"), "{error}");
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn any_bytes_of_a_sheet_are_rows_or_an_error(
        data in "(<row r=\"[0-9]{1,7}\">|</row>|<c r=\"[A-Z]{1,3}[0-9]\" t=\"[a-z]\">|</c>|<v>|</v>|[0-9.eE-]{1,5}|<is><t>|&[a-z#]{1,3};){0,30}",
    ) {
        let _ = sheet(&data);
    }
}
