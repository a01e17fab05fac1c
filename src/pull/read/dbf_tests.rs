//! Tests of DBF tables: made of bytes, with the defects of real ones, and samples.

use super::super::charset::Charset;
use super::super::record::tests::{all, sample, told};
use super::Dbf;

/// A table of fields (name, kind, width) and records, each with its flag.
pub(in crate::pull::read) fn table(
    language: u8,
    fields: &[(&[u8], u8, u8)],
    records: &[&[u8]],
) -> Vec<u8> {
    let width = 1 + fields.iter().map(|(.., width)| u16::from(*width)).sum::<u16>();
    let length = u16::try_from(32 * (fields.len() + 1) + 1).unwrap();
    let mut bytes = vec![0; 32];
    bytes[0] = 0x03;
    bytes[4..8].copy_from_slice(&u32::try_from(records.len()).unwrap().to_le_bytes());
    bytes[8..10].copy_from_slice(&length.to_le_bytes());
    bytes[10..12].copy_from_slice(&width.to_le_bytes());
    bytes[29] = language;
    for (name, kind, width) in fields {
        let mut field = [0; 32];
        field[..name.len()].copy_from_slice(name);
        (field[11], field[16]) = (*kind, *width);
        bytes.extend(field);
    }
    bytes.push(0x0d);
    bytes.extend(records.concat());
    bytes.push(0x1a);
    bytes
}

fn cp866(text: &str) -> Vec<u8> {
    oem_cp::encode_string_lossy(text, oem_cp::code_table::ENCODING_TABLE_CP_MAP[&866])
}

fn lines(bytes: &[u8], columns: &str) -> Vec<String> {
    let (table, _) = all(Dbf::new(bytes, None)).unwrap();
    table.iter().map(|row| told(row, columns)).collect()
}

/// One field of six letters and one record.
fn word(language: u8, text: &[u8]) -> Vec<u8> {
    let record = [b" ", text].concat();
    table(language, &[(b"W", b'C', u8::try_from(text.len()).unwrap())], &[&record])
}

#[test]
fn values_keep_their_digits() {
    let fields: &[(&[u8], u8, u8)] = &[
        (b"INN", b'C', 4),
        (b"SUM", b'N', 6),
        (b"DAY", b'D', 8),
        (b"OK", b'L', 1),
        (b"NOTE", b'M', 2),
        (b"INT", b'I', 4),
        (b"CUR", b'Y', 8),
    ];
    let money = |amount: i64| amount.to_le_bytes();
    let record = |text: &[u8], amount: i64| [text, &[0xff; 4], &money(amount)].concat();
    let records = [
        record(b" 0077  1.5020240229T10", -12_345),
        record(b"*0078  9.0020240229F10", 0),
        record(b" \0\0\0\0\0\0\0\0\0\0        ?  ", 10_000),
        record(b" a   ******20240230N  ", 5),
        record(b"x    12.300000000000  ", 5),
    ];
    let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    let bytes = table(0x65, fields, &records);
    let expected = [
        "1|0077|1.50|2024-02-29|true||-1|-1.2345|",
        "3||||||-1|1.0000|",
        "4|a||2024-02-30|false||-1|0.0005|SUM was too long for its field: it holds asterisks",
        "5||12.300||0||-1|0.0005|its deletion flag is 0x78: expected a space or *",
    ];
    assert_eq!(lines(&bytes, "line INN SUM DAY OK NOTE INT CUR fault"), expected);
    let (_, notes) = all(Dbf::new(&bytes[..], None)).unwrap();
    assert_eq!(
        notes,
        [
            "read as IBM866, as its language byte 0x65 says",
            "left empty, being neither text, number, date nor flag: NOTE",
            "1 of 5 records are deleted: left out",
        ]
    );
}

#[test]
fn the_charset_is_declared_or_named_or_read_off_the_texts() {
    let russian = cp866("Ромашка");
    let (windows, ..) = encoding_rs::WINDOWS_1251.encode("Ромашка");
    let dos = Some(Charset::CP866);
    for (language, bytes, declared, expected, note) in [
        (0x65, &russian[..], None, "Ромашка", "as its language byte 0x65 says"),
        (0xc9, &windows, None, "Ромашка", "as its language byte 0xc9 says"),
        (0x03, &russian, dos, "Ромашка", "as declared"),
        (0x00, &russian, None, "Ромашка", "as its texts suggest"),
        (0x00, &windows, None, "Ромашка", "as its texts suggest"),
        (0x01, b"f\x94r", None, "för", "as its language byte 0x01 says"),
        (0x02, b"\x9d", None, "Ø", "as its language byte 0x02 says"),
        (0x00, b"abc", None, "abc", "its texts are ASCII"),
    ] {
        let (table, notes) = all(Dbf::new(&word(language, bytes)[..], declared)).unwrap();
        assert_eq!(table[0]["W"], expected);
        assert!(notes[0].contains(note), "{notes:?}");
        assert_eq!(notes.len(), 1);
    }
    let (_, notes) = all(Dbf::new(&word(0x03, &russian)[..], None)).unwrap();
    let lies = "its texts read like Russian in IBM866: declare \"encoding\": IBM866";
    assert_eq!(notes[1], lies);
    let error = all(Dbf::new(&word(0x00, b"f\x94r")[..], None)).unwrap_err();
    assert_eq!(error, "its language byte 0x00 names no charset, and its texts suggest none");
    let utf_8 = Some(Charset::UTF_8);
    let (table, _) = all(Dbf::new(&word(0x00, b"f\x94r")[..], utf_8)).unwrap();
    assert_eq!(table[0]["fault"], "W is not UTF-8");
}

#[test]
fn the_length_of_the_file_decides_how_many_records_it_has() {
    let counted = |count: u8, end: &[u8]| {
        let mut bytes = table(0x65, &[(b"A", b'C', 2)], &[b" ab", b"*cd", b" ef"]);
        bytes[4] = count;
        bytes.pop();
        bytes.extend(end);
        all(Dbf::new(&bytes[..], None)).map(|(table, notes)| {
            let words: Vec<String> = table.iter().map(|row| told(row, "line A")).collect();
            (words.join(" "), notes[1..].join("; "))
        })
    };
    let deleted = "1 of 3 records are deleted: left out";
    for end in [&b""[..], b"\x1a", b"\x1arubbish", b"\0\0\0\0", b"  \x1a"] {
        for (count, note) in [
            (3, String::new()),
            (1, "its header says 1 records, it has 3: all are read; ".to_owned()),
            (0, "its header says 0 records, it has 3: all are read; ".to_owned()),
        ] {
            let expected = ("1|ab 3|ef".to_owned(), format!("{note}{deleted}"));
            assert_eq!(counted(count, end), Ok(expected), "{count} {end:?}");
        }
    }
    let error = counted(3, b"rubbish").unwrap_err();
    assert_eq!(error, "its header says 3 records, and behind them is more, no record");
}

#[test]
fn a_table_that_is_no_table_or_cut_off_is_an_error() {
    let whole = table(0x65, &[(b"A", b'C', 2)], &[b" ab", b" cd"]);
    let error = |bytes: &[u8]| all(Dbf::new(bytes, None)).unwrap_err();
    let cut = "is cut off: its header says 2 records, it has 1";
    assert_eq!(error(&whole[..whole.len() - 2]), cut);
    assert_eq!(error(&whole[..whole.len() - 4]), cut);
    assert_eq!(error(&whole[..40]), "is cut off in its header");
    assert_eq!(error(b"PK\x03\x04"), "begins with 0x50: expected a dBase or FoxPro table");
    let mut flagless = whole.clone();
    flagless[10] = 2;
    assert_eq!(lines(&flagless, "A"), ["ab", "cd"]);
    let mut narrow = whole.clone();
    narrow[10] = 9;
    assert_eq!(error(&narrow), "its fields make 3 bytes a record, its header says 9");
}

#[test]
fn a_text_may_be_wider_than_a_byte_says() {
    let mut bytes = table(0x65, &[(b"A", b'C', 2)], &[]);
    bytes[4] = 1;
    bytes[10..12].copy_from_slice(&259_u16.to_le_bytes());
    bytes[32 + 17] = 1;
    bytes.pop();
    bytes.extend([&b" "[..], &[b'x'; 258]].concat());
    assert_eq!(lines(&bytes, "A"), ["x".repeat(258)]);
}

#[test]
fn tables_of_other_projects_are_read() {
    let Some(bytes) = sample("dbf/dbase-rs_stations_with_deleted.dbf") else { return };
    let (table, notes) = all(Dbf::new(&bytes[..], None)).unwrap();
    eprintln!("{} records: {notes:?}", table.len());
    assert_eq!(told(&table[0], "name marker-col"), "Franconia-Springfield|#0000ff");
    assert_eq!(notes[1], format!("{} of 6 records are deleted: left out", 6 - table.len()));
    let Some(bytes) = sample("dbf/dbase-rs_cp850.dbf") else { return };
    let declared = Charset::for_label("cp850");
    let (table, notes) = all(Dbf::new(&bytes[..], declared)).unwrap();
    eprintln!("{} records: {notes:?}", table.len());
    assert_eq!(table[0]["TEXT"], "Äöü!§$%&/");
}
