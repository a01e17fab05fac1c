//! XLS workbooks in, rows out.

use std::fs::File;
use std::io::{Read, Write as _};

use base64::Engine;
use proptest::prelude::*;

use super::fixture::{Book, CODE, CODE_LETTER, DAY, ITALIC};
use super::tests::{read, read_with};
use super::xls_fixture::{chars, compound, record, shared, stream, text, xls};
use super::{Merge, Reader, Workbook, WorkbookOptions};
use crate::pull::damage::{cases, damage};
use crate::pull::read::BadBytes;
use crate::pull::value::Shape;

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// A workbook of these records, among the globals and of the sheet.
fn book(globals: &[u8], sheet: &[u8]) -> File {
    file_of(&compound("Workbook", &stream(globals, sheet)))
}

fn cell(kind: u16, row: u16, column: u16, value: &[u8]) -> Vec<u8> {
    let (row, column) = (row.to_le_bytes(), column.to_le_bytes());
    record(kind, &[&row[..], &column, &[0, 0], value].concat())
}

fn refused(file: File) -> BadBytes {
    match Workbook::open(file, &WorkbookOptions::default()) {
        Err(error) => error,
        Ok(mut workbook) => loop {
            if let Err(error) = workbook.next_rows().map(|rows| assert!(rows.is_some())) {
                break error;
            }
        },
    }
}

fn shapes(file: File) -> Vec<Shape> {
    let mut workbook = Workbook::open(file, &WorkbookOptions::default()).unwrap();
    let mut shapes = Vec::new();
    while workbook.next_rows().unwrap().is_some() {
        shapes.extend_from_slice(&workbook.grid.rows.shapes);
    }
    shapes
}

#[test]
fn an_xls_is_read_as_the_same_xlsx() {
    let rows: Vec<(usize, Vec<String>)> = [
        (0, vec!["ООО «Ромашка» & К", "", "Sales"]),
        (0, vec![]),
        (0, vec![&*format!("Итого@{ITALIC}"), "", "1234.56"]),
        (1, vec![&*format!("45839@{DAY}"), "770123456789", "-0.5"]),
        (7, vec!["Клиент@5", &*format!("1@{CODE}"), &*format!("94@{CODE_LETTER}"), "-7"]),
        (2, vec!["", "Клиент@7", "0.1", "1e300", "60.123456789"]),
    ]
    .into_iter()
    .map(|(level, cells)| (level, cells.into_iter().map(str::to_owned).collect()))
    .collect();
    for below in [false, true] {
        let mut book = if below { Book::default().summary_below() } else { Book::default() };
        for (level, cells) in &rows {
            book = book.row(*level, &cells.iter().map(String::as_str).collect::<Vec<_>>());
        }
        let book = book.merge("A1:B1").merge("B3:C4");
        let bytes = xls(&rows, &["A1:B1", "B3:C4"], below);
        let options = WorkbookOptions::default();
        let (expected, as_xlsx) = read_with(book.file(), &options).unwrap();
        let (table, workbook) = read_with(file_of(&bytes), &options).unwrap();
        assert_eq!(table, expected);
        assert!(table.contains("5: Клиент|01|94.Н|-7\n"), "{table}");
        assert_eq!(workbook.sheet(), "TDSheet");
        assert_eq!(workbook.merges(), as_xlsx.merges());
        assert_eq!(workbook.notes(), as_xlsx.notes());
        assert_eq!(workbook.summary_below(), below);
        assert_eq!(shapes(file_of(&bytes)), shapes(book.file()));
    }
}

#[test]
fn every_kind_of_cell_is_read_whatever_the_order() {
    let result = |result: [u8; 8], flags: u8| [result.as_slice(), &[flags, 0, 0, 0, 0, 0]].concat();
    let sheet = [
        cell(0x0203, 1, 1, &0.3_f64.to_le_bytes()),
        record(0x00bd, &[0, 0, 1, 0, 0, 0, 10, 0, 0, 0, 0, 0, 39, 0, 0, 0, 2, 0]),
        record(0x00bd, &[9, 0, 1, 0, 2, 0]),
        cell(0x0204, 0, 0, &text("Ёлка")),
        cell(0x00d6, 1, 0, &[text("Rich"), vec![1, 0, 0, 0, 0, 0]].concat()),
        [record(0x0809, &[0; 16]), cell(0x0203, 0, 0, &[0; 8]), record(0x000a, &[])].concat(),
        cell(0x0205, 1, 2, &[1, 0]),
        cell(0x0205, 1, 3, &[0x17, 1]),
        cell(0x0006, 2, 0, &result(1234.56_f64.to_le_bytes(), 0)),
        cell(0x0006, 2, 1, &result([0, 0, 0, 0, 0, 0, 255, 255], 3)),
        record(0x04bc, &[0; 12]),
        record(0x0207, &text("текст")),
        cell(0x0006, 2, 2, &result([1, 0, 0, 0, 0, 0, 255, 255], 0)),
        cell(0x0006, 2, 3, &result([2, 0, 0x2a, 0, 0, 0, 255, 255], 0)),
        cell(0x0006, 2, 4, &result([3, 0, 0, 0, 0, 0, 255, 255], 0)),
        cell(0x0006, 2, 5, &result([0; 8], 3)),
        cell(0x0203, 1, 1, &0.25_f64.to_le_bytes()),
    ];
    let table = read(book(&[], &sheet.concat())).unwrap();
    let expected = "1: Ёлка|2|0.09\n2: Rich|0.25|true|#REF!\n3: 1234.56|текст|false|#N/A||0\n";
    assert_eq!(table, expected);
}

#[test]
fn a_formula_never_calculated_refuses_the_workbook() {
    // To be calculated on opening, and with a text that is not there.
    for result in [[0, 0, 0, 0, 0, 0, 0, 0, 2, 0], [0, 0, 0, 0, 0, 0, 255, 255, 0, 0]] {
        for column in [1, u16::MAX] {
            let told = refused(book(&[], &cell(0x0006, 4, column, &result)));
            let column = usize::from(column) + 1;
            let expected = format!("column {column}: its formula was never calculated");
            assert_eq!((told.row, told.message), (Some(5), expected));
        }
    }
}

#[test]
fn shared_strings_go_on_behind_the_border_of_their_record() {
    // One text in three records, its characters of one byte, two bytes, one byte again; with
    // formatting that a border divides, and phonetic parts.
    let globals = [
        record(
            0x00fc,
            &[&[9, 0, 0, 0, 9, 0, 0, 0, 6, 0, 12, 1, 0, 5, 0, 0, 0], &b"ab"[..]].concat(),
        ),
        record(0x003c, &[&[1][..], &[0x16, 0x04, 0x17, 0x04]].concat()),
        record(0x003c, &[&[0][..], b"cd", &[9, 9]].concat()),
        record(0x003c, &[&[9, 9, 8, 8, 8, 8, 8][..], &text("й")].concat()),
        record(0x003c, &text("third")),
    ];
    let cells: Vec<u8> =
        (0..3_u8).flat_map(|index| cell(0x00fd, 0, u16::from(index), &[index, 0, 0, 0])).collect();
    assert_eq!(read(book(&globals.concat(), &cells)).unwrap(), "1: abЖЗcd|й|third\n");
    let told = refused(book(&globals.concat(), &cell(0x00fd, 6, 0, &[3, 0, 0, 0])));
    let message = "string 3 is not among the shared strings";
    assert_eq!((told.row, &*told.message), (Some(7), message));
    let told = refused(book(&globals[..2].concat(), &cells));
    assert!(told.message.starts_with("record 0x00fc at byte "), "{told:?}");
    assert!(told.message.ends_with(" of the XLS is cut off"), "{told:?}");
}

#[test]
fn many_shared_strings_are_all_found() {
    let rows: Vec<(usize, Vec<String>)> =
        (0..3000).map(|row| (0, vec![format!("Клиент {row}"), format!("client {row}")])).collect();
    let table = read(file_of(&xls(&rows, &[], true))).unwrap();
    assert_eq!(table.lines().count(), 3000);
    assert!(table.ends_with("3000: Клиент 2999|client 2999\n"));
}

#[test]
fn days_count_from_1904_where_the_book_says_so() {
    let day = |column: u8, value: f64| {
        let place = [0, 0, column, 0, 1, 0];
        record(0x0203, &[&place[..], &value.to_le_bytes()].concat())
    };
    let days = [day(0, 44_377.0), day(1, 1.0)].concat();
    let table = read(book(&record(0x0022, &[1, 0]), &days)).unwrap();
    assert_eq!(table, "1: 2025-07-01|1904-01-02\n");
    let days = [day(0, 45_839.0), day(1, 59.0), day(2, 61.0)].concat();
    let table = read(book(&record(0x0022, &[0, 0]), &days)).unwrap();
    assert_eq!(table, "1: 2025-07-01|1900-02-28|1900-03-01\n");
}

#[test]
fn an_xls_of_excel_95_is_in_its_code_page() {
    let name = [&[6][..], &encoding_rs::WINDOWS_1251.encode("Лист_1").0].concat();
    let globals = |page: &[u8]| {
        let begin = record(0x0809, &[0, 5, 5, 0, 0, 0, 0, 0]);
        let globals = [
            begin,
            if page.is_empty() { Vec::new() } else { record(0x0042, page) },
            record(0x041e, &[&[0, 0, 8][..], b"Standard"].concat()),
            record(0x041e, &[&[164, 0, 2][..], b"00"].concat()),
            record(0x00e0, &[0; 16]),
            record(0x00e0, &[0, 0, 164, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ];
        globals.concat()
    };
    let workbook = |page: &[u8]| {
        let globals = globals(page);
        let at = globals.len() + 4 + 6 + name.len() + 4;
        let at = u32::try_from(at).unwrap().to_le_bytes();
        let stream = [
            globals,
            record(0x0085, &[&at[..], &[0, 0], &name].concat()),
            record(0x000a, &[]),
            record(0x0809, &[0, 5, 0x10, 0, 0, 0, 0, 0]),
            cell(0x0204, 0, 0, b"\x06\x00\xca\xeb\xe8\xe5\xed\xf2"),
            record(0x027e, &[0, 0, 1, 0, 1, 0, 30, 0, 0, 0]),
            record(0x000a, &[]),
        ];
        file_of(&compound("Book", &stream.concat()))
    };
    let told = read(workbook(&[])).unwrap_err();
    assert!(told.ends_with("not ASCII, and the workbook does not say its code page"), "{told}");
    let encoding = Some("windows-1251".to_owned());
    let options = WorkbookOptions { encoding, ..WorkbookOptions::default() };
    assert_eq!(read_with(workbook(&[]), &options).unwrap().0, "1: Клиент|07\n");
    let (table, book) = read_with(workbook(&[0xe3, 4]), &WorkbookOptions::default()).unwrap();
    assert_eq!((&*table, book.sheet()), ("1: Клиент|07\n", "Лист_1"));
    assert_eq!(
        read(workbook(&[1, 0])).unwrap_err(),
        "the XLS is in code page 1, which is not known"
    );
}

#[test]
fn a_sheet_of_an_xls_is_chosen_by_a_pattern() {
    let with = |pattern: &str| {
        let options =
            WorkbookOptions { sheet: Some(pattern.to_owned()), ..WorkbookOptions::default() };
        let sheet = cell(0x0203, 0, 0, &1.0_f64.to_le_bytes());
        read_with(book(&[], &sheet), &options).map(|(table, _)| table)
    };
    assert_eq!(with("Скрытый").unwrap(), "1: 7\n");
    assert_eq!(with("TD*").unwrap(), "1: 1\n");
    assert!(with("Пустой").unwrap_err().starts_with("has no cells"));
    let expected = "sheet \"График\" not found; the book has \"Скрытый\", \"Пустой\", \"TDSheet\"";
    assert_eq!(with("График").unwrap_err(), expected);
}

#[test]
fn what_is_no_xls_or_is_sealed_is_told() {
    let told = |file: File| refused(file).message;
    let sealed = "the workbook is protected by a password";
    assert_eq!(told(book(&record(0x002f, &[1, 0]), &[])), sealed);
    assert_eq!(told(file_of(&compound("EncryptedPackage", &[0; 9]))), sealed);
    let expected = "is a compound file of \"WordDocument\", no workbook";
    assert_eq!(told(file_of(&compound("WordDocument", &[0; 5000]))), expected);
    let old = record(0x0809, &[0, 4, 5, 0]);
    let expected = "is an XLS of version 0x0400, expected that of Excel 5 to 2003";
    assert_eq!(told(file_of(&compound("Workbook", &old))), expected);
    let begins = told(file_of(&record(0x0409, &[0, 4, 16, 0])));
    assert!(begins.starts_with("is an XLS of Excel 4 or older"), "{begins}");
    assert!(told(file_of(b"\xd0\xcf\x11\xe0")).starts_with("is no XLS that can be read: it has 4"));
    let cut = stream(&[], &cell(0x0203, 0, 0, &[0; 8]));
    let told = told(file_of(&compound("Workbook", &cut[..cut.len() - 4])));
    assert_eq!(told, format!("the XLS is cut off at byte {} of its stream", cut.len() - 4));
}

#[test]
fn a_stream_is_found_however_large() {
    // Small enough for sectors of 64 bytes, large enough for a table of tables.
    for padding in [0, 8 << 20] {
        let mut bytes = stream(&[], &cell(0x0203, 0, 0, &1.0_f64.to_le_bytes()));
        assert!(bytes.len() < 4096);
        bytes.resize(bytes.len() + padding, 0);
        let at = bytes.len();
        bytes.extend(record(0x0809, &[0; 16]));
        bytes.extend([cell(0x0203, 0, 0, &2.0_f64.to_le_bytes()), record(0x000a, &[])].concat());
        // The sheet that is asked for begins behind the padding.
        let name = chars("TDSheet");
        let listed = memchr::memmem::find(&bytes, &name).unwrap() - 7;
        bytes[listed..listed + 4].copy_from_slice(&u32::try_from(at).unwrap().to_le_bytes());
        assert_eq!(read(file_of(&compound("Workbook", &bytes))).unwrap(), "1: 2\n");
    }
}

#[test]
fn chains_that_loop_end() {
    let sound = compound("Workbook", &stream(&[], &[0; 8000]));
    let links = sound.len() - 512;
    for sector in 0..20 {
        for next in 0..20_u32 {
            let mut bytes = sound.clone();
            let at = links + sector * 4;
            bytes[at..at + 4].copy_from_slice(&next.to_le_bytes());
            let _ = read(file_of(&bytes));
        }
    }
}

#[test]
fn what_an_xls_holds_counts_against_the_limit() {
    let options = WorkbookOptions { max_unpacked_bytes: 1 << 20, ..WorkbookOptions::default() };
    let cells: Vec<u8> =
        (0..40_000).flat_map(|row| cell(0x0203, row, 0, &1.0_f64.to_le_bytes())).collect();
    let error = Workbook::open(book(&[], &cells), &options).err().unwrap();
    assert_eq!(error.message, "the XLS holds more than 1 MiB");
    assert!(error.hint.contains("limits: unpacked_mb in pipelines/project.yaml"));
    assert!(read(book(&[], &cells)).is_ok());
}

/// 5 KB of an XLS with a hidden, an empty and a filled sheet, deflated; another program wrote it.
const XLS: &str = "eNrtWE1IVUEU/ubeufc9xZ+nPSUNzISsTMSwRUX6/CsXoWgF/RCU5oPC0Hi4qDZZ9hYtgqBV0UYwoo3Vph/6oXYtBKUWQRF\
    o0apVUNBCvZ1z7n2pLw0fqPDifpc5M/fMOTNnZs6ZmXvHx/Imhh4WTyIJdTAx42TAnsNTlDISLyFQveNwMZEHKTk+0goZQV\
    pI28Kz7NEAryGv9yQMPNCviQKfKR3DWbT19UZLVxGNYkOnYhtqlU2+Z5BH3iaagyKxLF/oSaFrhN4X6edC64VzTWgtyU6oo\
    xiLtFXs8Dz5sFEmdTlEFR6LzgfhbEMB3rAnX7yuXFkLDbHTnWfSrKJEZ2EYtKgt0d5ojN9zcQeZQHNzVWtr1RHCBMK04MP4\
    6ZQCPxKR/arU568uX4H4v+bzA4vwg7SIyfwbhgYG4JxQ7MxxFKJDsycE1Aa9S9frfbqR0k4dJ/27loS5Wq+bdAPx64Sfi4+\
    y0wdwsPnAqWi0f4rigNqQRH51TkOFdTXJV2sL1GyT3k2PvKyVVmooZfIBIRtKaN6Gki1BlkW0m3ricp6EWohGM3Xv+9vWrv\
    bIceEMyCHiHjUbeVRwcIk1SDnnT41LK0Rjq9DL0uo6KRcLDVMcUF7eXuAV9g6KzBWpLad+agTvIpvmlDdTOf6t40lJ/EtkC\
    5VHWiYvhEfeR4ZQRkdfN+nzM4hKValu3WQ8jSRy5W1Jn4QW/bU9BY2QZ7vjnae5mOaAJOS5h66Rj0csStvXLJZvVrHorM4i\
    3WZV5gwrN2cLe6KSWOFaM009kUdgJnmikvngGvfN8GaH5c0k+RfUhwnuqW6U5cyrAZJlSZ0kaRlB4rktmzR3Wtrd7o2TNew\
    FbLFFg3t9SaO3PVu+il023AvB4mvvw4cPHz58+PgH+LA35Ph17/qWd1EKeP91pinN+L9J/lvsRx89/fRBuQe9lMdwPiX/KY\
    SlEm2pJeok/hcyDlHvMfSgS+zoSdl/6aKr5o5nyYqh5QuhVPufScXOFe7/N1jTLqI=";

fn another_programs() -> Vec<u8> {
    let packed = base64::engine::general_purpose::STANDARD.decode(XLS).unwrap();
    let mut bytes = Vec::new();
    flate2::read::ZlibDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn an_xls_is_read_by_its_bytes() {
    let file = file_of(&another_programs());
    let (table, workbook) = read_with(file, &WorkbookOptions::default()).unwrap();
    assert_eq!(table, "2: |Дата|Сумма\n4: |2025-07-01|1234.56\n5: |true|0.3\n7: |Итого\n");
    assert_eq!(workbook.sheet(), "TDSheet");
    let merge = Merge { first_row: 7, last_row: 7, first_column: 1, last_column: 2 };
    assert_eq!(workbook.merges(), [merge]);
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn any_bytes_in_an_xls_are_rows_or_an_error(
        damage in damage(),
    ) {
        let rows = [(0, vec!["a".to_owned(), "1".to_owned()]), (1, vec!["б".to_owned(), "2".to_owned()])];
        for bytes in [another_programs(), xls(&rows, &["A1:B1"], false)] {
            let _ = read(file_of(&damage.of(&bytes)));
        }
        let strings = shared(&["a".repeat(40), "б".repeat(40)]);
        let cells = [cell(0x00fd, 0, 0, &[0; 4]), cell(0x0204, 1, 0, &text("ж")), cell(0x0203, 2, 0, &[9; 8])];
        let records = damage.of(&stream(&strings, &cells.concat()));
        let _ = read(file_of(&compound("Workbook", &records)));
    }

    #[test]
    fn any_bytes_of_records_are_rows_or_an_error(
        records in proptest::collection::vec(
            (
                proptest::sample::select(vec![
                    0x0006_u16, 0x003c, 0x0042, 0x0081, 0x00bd, 0x00d6, 0x00e5, 0x00fc, 0x00fd, 0x0203,
                    0x0204, 0x0205, 0x0207, 0x0208, 0x027e, 0x041e, 0x0809, 0x000a, 0x0031, 0x00e0,
                ]),
                proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(255), any::<u8>()], 0..40),
            ),
            0..12,
        ),
    ) {
        let records: Vec<u8> =
            records.iter().flat_map(|(kind, data)| record(*kind, data)).collect();
        let _ = read(book(&records, &[]));
        let _ = read(book(&[], &records));
    }
}
