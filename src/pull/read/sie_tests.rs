//! Tests of SIE files: the quirks of real ones in a file of our own, and samples.

use super::super::record::tests::{all, sample, told};
use super::super::record::{hundredths, money};
use super::Sie;
use oem_cp::{code_table::ENCODING_TABLE_CP_MAP, encode_string_lossy};
use proptest::prelude::*;

const FILE: &str = "#FLAGGA 0\r\n\
    #FORMAT \"PC8\"\r\n\
    #SIETYP 4\n\
    #FNAMN \"Övningsbolaget \\\"Å\\\" AB\"\n\
    #RAR 0 20240101 20241231\n\
    #KONTO\t1510\tKundfordringar\n\
    #KONTO 3051 \"Försäljning\"\n\
    #VER B 7 20240304 \"Fakturajournal nr 1\"\n\
    {\n\
    \t#TRANS 1510 {} 1250.00 \"\" \"Faktnr: 0891, Namn: Karl, Åke & Co\"\n\
    \t#TRANS\t1510 {1 \"Nord\" 6 \"P}1\"} 50 20240304\n\
    #RTRANS 3051 {} -1300.00\n\
    #BTRANS 3051 {} -1.00\n\
    #TRANS 3051 {} -1300.0 \"\" \"\"\n\
    }\n\
    #VER B 8 20240305 \"\"\n\
    {\n\
    #TRANS 1510 {} 10.00\n\
    #TRANS 3051 {} -9.99\n\
    }\n\
    #VER \"\" \"\" 0405 \"utan år\"\n{\n#TRANS 1510 {} x\n}\n\
    #VER A 1 20250101 \"efter\"\n{\n#TRANS 1510 {} 0\n";

fn pc8(text: &str) -> Vec<u8> {
    encode_string_lossy(text, ENCODING_TABLE_CP_MAP[&437])
}

fn lines(bytes: &[u8], columns: &str) -> Vec<String> {
    let (table, _) = all(Sie::new(bytes, None)).unwrap();
    table.iter().map(|row| told(row, columns)).collect()
}

#[test]
fn a_transaction_has_its_voucher_account_and_texts() {
    let columns = "line series voucher date account account_name objects amount invoice client";
    let expected = [
        "10|B|7|2024-03-04|1510|Kundfordringar||1250.00|0891|Karl, Åke & Co",
        "11|B|7|2024-03-04|1510|Kundfordringar|1 Nord 6 P}1|50||",
        "14|B|7|2024-03-04|3051|Försäljning||-1300.0||",
        "18|B|8|2024-03-05|1510|Kundfordringar||10.00||",
        "19|B|8|2024-03-05|3051|Försäljning||-9.99||",
        "23|||0405|1510|Kundfordringar||x||",
        "27|A|1|2025-01-01|1510|Kundfordringar||0||",
    ];
    assert_eq!(lines(&pc8(FILE), columns), expected);
    let first = &lines(&pc8(FILE), "company movement voucher_text text")[0];
    assert_eq!(
        first,
        "Övningsbolaget \"Å\" AB|sale|Fakturajournal nr 1|Faktnr: 0891, Namn: Karl, Åke & Co"
    );
}

/// What a voucher of `transactions`, each an account and an amount, moves, and the documents of its
/// receivables.
fn moved(transactions: &[(&str, &str)]) -> Vec<String> {
    let transactions = transactions.iter().map(|(account, amount)| {
        format!("#TRANS {account} {{}} {amount} \"\" \"Faktnr: 891, Namn: Karl\"\n")
    });
    let transactions: String = transactions.collect();
    let text = format!("#FLAGGA 0\n#VER A 5 20240304 \"\"\n{{\n{transactions}}}\n");
    let (table, _) = all(Sie::new(text.as_bytes(), None)).unwrap();
    let rows = table.iter().filter(|row| row["account"].starts_with("15"));
    rows.map(|row| told(row, "movement document_id document_amount related fault")).collect()
}

#[test]
fn only_income_from_sales_makes_sales_and_money_makes_payments() {
    let sale = [("1510", "125"), ("2611", "-25"), ("3051", "-100")];
    assert_eq!(moved(&sale), ["sale|891|125||"]);
    let credit = [("1510", "-125"), ("2611", "25"), ("3051", "100")];
    assert_eq!(moved(&credit), ["sale|891|-125||"]);
    let rounded = [("1930", "125"), ("1510", "-124.60"), ("3740", "-0.40")];
    assert_eq!(moved(&rounded), ["payment|A 5/891|124.60|891|"]);
    let gain = [("1510", "-100.00"), ("1940", "103.00"), ("3960", "-3.00")];
    assert_eq!(moved(&gain), ["payment|A 5/891|100.00|891|"]);
    let refund = [("1510", "10"), ("1920", "-10")];
    assert_eq!(moved(&refund), ["payment|A 5/891|-10|891|"]);
    let written_off = [("1510", "-1"), ("3740", "1")];
    assert_eq!(moved(&written_off), ["other||||"]);
}

#[test]
fn a_voucher_of_sale_and_money_is_told_by_its_sides() {
    let reminded = [("1930", "1060"), ("1510", "-1000"), ("3590", "-60")];
    assert_eq!(moved(&reminded), ["payment|A 5/891|1000|891|"]);
    let paid_in_part = [("1930", "300"), ("1510", "700"), ("3051", "-1000")];
    assert_eq!(moved(&paid_in_part), ["sale|891|700||"]);
    let both = [("1510", "1000"), ("3051", "-1000"), ("1510", "-400"), ("1930", "400")];
    assert_eq!(moved(&both), ["mixed|891|1000||", "mixed|891|-400||"]);
}

#[test]
fn what_is_wrong_with_a_voucher_stays_with_it() {
    let expected = [
        "",
        "",
        "",
        "the voucher sums to 0.01: expected 0.00",
        "the voucher sums to 0.01: expected 0.00",
        "its date is \"0405\": expected YYYYMMDD",
        "the voucher has no }: the file ends",
    ];
    assert_eq!(lines(&pc8(FILE), "fault"), expected);
    let stray = "#FLAGGA 0\n#TRANS 1510 {} 1\n#VER A 1 2024\n#VER A 2 20240101\n{\n\
                 #TRANS 1510 {} 1,0\n}\n";
    let expected = [
        "2|the transaction is in no voucher",
        "3|its date is \"2024\": expected YYYYMMDD",
        "6|line 6 has the amount \"1,0\": expected 0.00",
    ];
    assert_eq!(lines(stray.as_bytes(), "line fault"), expected);
}

#[test]
fn letters_are_those_of_their_charset_line_by_line() {
    let expected = lines(&pc8(FILE), "company account_name client");
    assert_eq!(lines(FILE.as_bytes(), "company account_name client"), expected);
    let mut mixed = pc8(FILE);
    let at = mixed.iter().position(|byte| *byte == 0x94).unwrap();
    mixed[at] = 0xf6;
    let (table, notes) = all(Sie::new(&mixed[..], None)).unwrap();
    assert_eq!(table[2]["account_name"], "Försäljning");
    assert_eq!(
        notes,
        [
            "read as cp437: the format's PC8",
            "1 letters of ISO-8859-1 among cp437",
            "2 #RTRANS and #BTRANS left out: #TRANS already holds them",
            "1 vouchers dated outside the years of #RAR",
            "1 postings to receivables whose texts name no invoice, as \"Fakturajournal nr 1\": of no \
             document; a pattern to match their text may say how they do, as read: { sie: { texts: \
             '(?<invoice>\\d+), (?<client>.+)' } }",
        ]
    );
}

#[test]
fn balances_alone_are_no_rows_and_a_note() {
    let (table, notes) =
        all(Sie::new(&b"\n#FLAGGA 0\n#SIETYP 1\n#IB 0 1510 5\n"[..], None)).unwrap();
    assert!(table.is_empty());
    assert_eq!(notes[1], "SIE type 1 has balances and no vouchers: ask for type 4");
}

#[test]
fn another_format_is_an_error_that_says_what_was_found() {
    let error = |bytes: &[u8]| all(Sie::new(bytes, None)).unwrap_err();
    assert_eq!(error(b"Konto;Belopp\n"), "begins with \"Konto;Belopp\": expected #FLAGGA");
    assert_eq!(error(b"\n"), "the file has no line: expected #FLAGGA");
}

#[test]
fn an_invoice_journal_of_a_vendor_is_read() {
    let Some(bytes) = sample("sie/FAKT.SI") else { return };
    let (table, notes) = all(Sie::new(&bytes[..], None)).unwrap();
    eprintln!("{} transactions: {notes:?}", table.len());
    assert_eq!(table.len(), 3);
    assert_eq!(
        told(&table[0], "date account amount invoice client company movement fault"),
        "2011-03-04|1510|8000.00|891|Karl Svensson|Övningsbolaget AB|sale|"
    );
}

#[test]
fn the_vouchers_of_a_year_sum_to_nought() {
    let Some(bytes) = sample("sie/SIE_exempelfil.se") else { return };
    let (table, notes) = all(Sie::new(&bytes[..], None)).unwrap();
    let faults = table.iter().filter(|row| row.contains_key("fault")).count();
    let sum = table.iter().map(|row| hundredths(&row["amount"]).unwrap()).sum::<i128>();
    let debit = table.iter().filter(|row| row["account"].starts_with("15"));
    let debit = debit.map(|row| hundredths(&row["amount"]).unwrap()).filter(|sum| *sum > 0);
    eprintln!("{} transactions: {notes:?}", table.len());
    assert_eq!(
        (table.len(), faults, sum, money(debit.sum())),
        (148, 0, 0, "1360739.20".to_owned())
    );
}

proptest! {
    #[test]
    fn any_bytes_are_rows_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let begun = [&b"#FLAGGA 0\n#VER A 1 20240101\n{\n"[..], &bytes].concat();
        let _ = all(Sie::new(&begun[..], None));
    }
}
