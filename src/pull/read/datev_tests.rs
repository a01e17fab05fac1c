//! Tests of DATEV files: postings of our own with the format's pitfalls, and samples.

use super::super::record::tests::{all, sample, told};
use super::Datev;
use crate::config::pipeline::Chart;
use encoding_rs::WINDOWS_1252;
use proptest::prelude::*;

const NAMES: &str = "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Konto;\
    Gegenkonto (ohne BU-Schlüssel);BU-Schlüssel;Belegdatum;Belegfeld 1;Buchungstext;Generalumkehr";

/// A file of a category with 4-digit accounts for a period.
fn file(category: &str, from: &str, to: &str, names: &str, rows: &[&str]) -> Vec<u8> {
    let header = format!(
        "\"EXTF\";700;{category};\"\";9;2024;;\"XY\";\"\";\"\";1001;456;20230701;4;{from};{to};\
         \"\";\"\";1;;0;\"EUR\";\"\";\"\";\"\";\"\";\"\";;;\"\";\"\""
    );
    let text = [&[header.as_str(), names], rows].concat().join("\r\n");
    WINDOWS_1252.encode(&text).0.into_owned()
}

fn lines(bytes: &[u8], columns: &str) -> Vec<String> {
    let (table, _) = all(Datev::new(bytes, None)).unwrap();
    table.iter().map(|row| told(row, columns)).collect()
}

fn postings(rows: &[&str]) -> Vec<u8> {
    file("21", "20231215", "20240229", NAMES, rows)
}

#[test]
fn a_day_gets_the_year_of_the_period() {
    let days = ["102", "0102", "2912", "2902", "3112", "1412", "0103", "3002", "12", "1.2.", ""];
    let rows = days.map(|day| format!("1,00;S;;10000;8400;;{day};R1;;"));
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let outside = |day| {
        format!(
            "{day}|Belegdatum is \"{day}\": expected a day from 2023-12-15 to \
                                 2024-02-29"
        )
    };
    let wrong = |day| format!("{day}|Belegdatum is \"{day}\": expected DDMM");
    let expected = [
        "2024-02-01|".to_owned(),
        "2024-02-01|".to_owned(),
        "2023-12-29|".to_owned(),
        "2024-02-29|".to_owned(),
        "2023-12-31|".to_owned(),
        outside("1412"),
        outside("0103"),
        outside("3002"),
        wrong("12"),
        wrong("1.2."),
        wrong(""),
    ];
    assert_eq!(lines(&postings(&rows), "date fault"), expected);
}

#[test]
fn without_a_period_the_fiscal_year_counts() {
    let bytes =
        file("21", "", "", NAMES, &["1,00;S;;10000;8400;;3006;;;", "1;S;;10000;8400;;107;;;"]);
    assert_eq!(lines(&bytes, "date fault"), ["2024-06-30|", "2023-07-01|"]);
    let long = file("21", "20220101", "20241231", NAMES, &["1;S;;10000;8400;;107;;;"]);
    let fault = "Belegdatum is \"107\", in more than one year from 2022-01-01 to 2024-12-31";
    assert_eq!(lines(&long, "fault"), [fault]);
}

#[test]
fn the_sign_is_the_debtors() {
    let bytes = postings(&[
        "5950,00;\"S\";\"\";10000;8400;\"\";0102;\"RE-1\";\"Seminar; groß\";",
        "5950,00;H;USD;10000;1200;;0102;RE-1;Zahlung;",
        "100,5;S;;1200;10000;;0102;RE-1;Zahlung;",
        "100,5;H;;8400;10000;;0102;RE-2;Rechnung;",
        "7,00;S;;10000;8400;20;0102;RE-1;Storno;",
        "7,00;H;;10000;8400;;0102;RE-1;Storno;1",
        "1,00;S;;0102;70001;;0102;;Kreditor;",
        "1,00;S;;10000;10001;;0102;;Umbuchung;",
        "1,00;X;;10000;8400;;0102;;;",
        "-1,00;S;;10000;8400;;0102;;;",
    ]);
    let columns =
        "debtor movement signed_amount document_amount amount side reversal currency fault";
    let expected = [
        "10000|sale|5950.00|5950.00|5950.00|S|false|EUR|",
        "10000|payment|-5950.00|5950.00|5950.00|H|false|USD|",
        "10000|payment|-100.5|100.5|100.5|S|false|EUR|",
        "10000|sale|100.5|100.5|100.5|H|false|EUR|",
        "10000|sale|-7.00|-7.00|7.00|S|true|EUR|",
        "10000|sale|7.00|7.00|7.00|H|true|EUR|",
        "||||1.00|S|false|EUR|",
        "||||1.00|S|false|EUR|",
        "10000|sale|-1.00|-1.00|1.00|X|false|EUR|Soll/Haben-Kennzeichen is \"X\": expected S or H",
        "10000|sale|-1.00|-1.00|-1.00|S|false|EUR|Umsatz is \"-1,00\": expected no sign",
    ];
    assert_eq!(lines(&bytes, columns), expected);
    let first = &lines(&bytes, "line record document_id text")[0];
    assert_eq!(first, "3|posting|10000/2024-02-01/RE-1|Seminar; groß");
    let (table, notes) = all(Datev::new(&bytes[..], None)).unwrap();
    assert_eq!(table[6]["account"], "0102");
    let between = "1 of 10 postings are between two debtors: of no one";
    let chart = "chart of accounts: SKR03, as 6 postings suggest, 0 do not";
    assert_eq!(notes, ["read as windows-1252", chart, between]);
}

/// A debtor's postings of 1.00, each to a contra account.
fn to(accounts: &[&str]) -> Vec<u8> {
    let rows = accounts.iter().map(|account| format!("1,00;S;;10000;{account};;0102;R;;"));
    let rows: Vec<String> = rows.collect();
    postings(&rows.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn taxes_down_payments_and_discounts_posted_apart_are_no_sales() {
    let of = |accounts: &[&str]| {
        let (table, notes) = all(Datev::new(&to(accounts)[..], None)).unwrap();
        let moved: Vec<_> = table.iter().map(|row| row["movement"].clone()).collect();
        (moved.join(" "), notes[1..].join("; "))
    };
    let (moved, notes) = of(&["8400", "1718", "1776", "8736", "1200", "9000"]);
    assert_eq!(moved, "sale down_payment tax discount payment other");
    assert_eq!(
        notes,
        "chart of accounts: SKR03, as 2 postings suggest, 0 do not; postings of debtors that are \
         neither sales nor payments, of no document: 1 discount, 1 down_payment, 1 other, 1 tax"
    );
    let (moved, _) = of(&["4400", "3272", "3806", "4736", "1800", "9000"]);
    assert_eq!(moved, "sale down_payment tax discount payment other");
}

#[test]
fn a_chart_that_nothing_tells_is_declared_and_never_guessed() {
    let bytes = to(&["1776", "9000"]);
    let (table, notes) = all(Datev::new(&bytes[..], None)).unwrap();
    assert_eq!(
        table[0]["fault"],
        "account 1776 is of a tax in SKR03, of a payment in SKR04, and nothing tells which of them \
         it is: declare it, as read: { datev: { chart: skr03 } }"
    );
    assert_eq!(told(&table[1], "movement fault"), "other|");
    assert!(notes[1].starts_with("neither the header nor the postings tell the chart"));
    for (chart, movement) in [(Chart::Skr03, "tax"), (Chart::Skr04, "payment")] {
        let (table, notes) = all(Datev::new(&bytes[..], Some(chart))).unwrap();
        assert_eq!(told(&table[0], "movement fault"), format!("{movement}|"));
        assert_eq!(notes[1], format!("chart of accounts: {}, as declared", chart.name()));
    }
}

#[test]
fn a_header_names_the_chart_and_accounts_may_be_longer() {
    let rows = ["1,00;S;;100000;44000;;0102;R;;", "1,00;S;;100000;4000;;0102;R;;"];
    let bytes = postings(&rows);
    let (text, ..) = WINDOWS_1252.decode(&bytes);
    let named = |chart: &str| {
        let text = text.replacen(";4;2023", ";5;2023", 1);
        let text = text.replacen("\"\";;;\"\"", &format!("\"{chart}\";;;\"\""), 1);
        all(Datev::new(format!("\u{feff}{text}").as_bytes(), None))
    };
    let (table, notes) = named("04").unwrap();
    assert_eq!(notes[1..2], ["chart of accounts: SKR04, as its header says"]);
    assert_eq!(told(&table[0], "movement contra_account"), "sale|44000");
    assert_eq!(told(&table[1], "movement contra_account"), "other|4000");
    let error = named("49").unwrap_err();
    assert_eq!(error, "the chart of accounts is \"49\": expected 03 or 04");
}

#[test]
fn accounts_and_labels_are_records_of_their_own() {
    let names = "Konto;Name (Adressatentyp Unternehmen);Name (Adressatentyp natürl. Person);\
                 Vorname (Adressatentyp natürl. Person);EU-Land;EU-USt-IdNr.;Land";
    let rows = ["10000;;Müller;Eva;;;DE", "10001;\"A \"\"B\"\" AG\";;;DE;123;AT", "70000;C;;;;;"];
    let columns = "record account debtor client_id client_name vat_id country";
    let expected = [
        "account|10000|10000|10000|Eva Müller||DE",
        "account|10001|10001|10001|A \"B\" AG|DE123|AT",
        "account|70000||70000|C||",
    ];
    assert_eq!(lines(&file("16", "", "", names, &rows), columns), expected);
    let labels = file("20", "", "", "Konto;Kontenbeschriftung;Sprach-ID", &["0400;Büro;de-DE"]);
    assert_eq!(lines(&labels, "record account text"), ["label|0400|Büro"]);
}

#[test]
fn a_byte_order_mark_makes_it_utf_8() {
    let bytes = postings(&["1,0;S;;10000;8400;;0102;;Größe;"]);
    let (text, ..) = WINDOWS_1252.decode(&bytes);
    let bytes = format!("\u{feff}{text}");
    assert_eq!(lines(bytes.as_bytes(), "text amount"), ["Größe|1.0"]);
}

#[test]
fn another_file_is_an_error_that_says_what_was_found() {
    let error = |bytes: &[u8]| all(Datev::new(bytes, None)).unwrap_err();
    assert_eq!(error(b"Konto;Betrag\r\n"), "the first field is \"Konto\": expected EXTF or DTVF");
    let other = file("46", "", "", NAMES, &[]);
    assert_eq!(error(&other), "the category is \"46\" (): expected 21, 16 or 20");
    let unnamed = file("21", "", "", "Umsatz;Konto", &[]);
    assert_eq!(error(&unnamed), "no column is called \"Soll/Haben\" or \"Soll-/Haben\"");
    assert!(error(b"EXTF;700;21;;;;;;;;;;;4").starts_with("the file ends before its second row"));
}

#[test]
fn files_of_a_vendor_are_read() {
    let read = |name: &str| {
        let bytes = sample(&format!("datev/ledermann_EXTF_{name}.csv"))?;
        let (table, notes) = all(Datev::new(&bytes[..], None)).unwrap();
        eprintln!("{name}: {} rows, {notes:?}", table.len());
        assert!(table.iter().all(|row| !row.contains_key("fault")));
        Some(table)
    };
    let Some(postings) = read("Buchungsstapel") else { return };
    let told_postings: Vec<String> = postings
        .iter()
        .map(|row| told(row, "date debtor movement signed_amount amount text currency"))
        .collect();
    let expected = [
        "2018-02-21||||24.95|Fachbuch: Controlling für Dummies|EUR",
        "2018-02-22|10000|sale|5950.00|5950.00|Honorar FiBu-Seminar|EUR",
    ];
    assert_eq!(told_postings, expected);
    let accounts = read("Stammdaten").unwrap();
    assert_eq!(accounts.len(), 4);
    assert_eq!(
        told(&accounts[0], "debtor client_name street postcode city country phone mail"),
        "10000|Sabine Mustermann|Am Haagelspfädchen 14|50999|Köln|DE|0221/1234567|\
         sabine@mustermann.de"
    );
    assert_eq!(read("Kontenbeschriftungen").unwrap().len(), 3);
}

proptest! {
    #[test]
    fn any_bytes_are_rows_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = all(Datev::new(&[&postings(&[""])[..], &bytes].concat()[..], None));
    }
}
