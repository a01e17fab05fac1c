//! Tests of bank statements: defects of real banks in a statement of our own, and samples.

use super::super::record::tests::{all, sample, told};
use super::super::record::{hundredths, money};
use super::ClientBankExchange;
use encoding_rs::WINDOWS_1251;
use oem_cp::{code_table::ENCODING_TABLE_CP_MAP, encode_string_lossy};
use proptest::prelude::*;

/// A statement with the quirks of several banks; the company owns account 40702…01 and …02.
const STATEMENT: &str = "1CClientBankExchange \r\n\
    ВерсияФормата=1.03\n\
    Кодировка=Windows\r\n\
    ДатаКонца=23.08.201819202122\n\
    РасчСчет=40702810000000000001\n\
    РасчСчет=40702810000000000002\n\
    СекцияРасчСчет\n\
    РасчСчет=40702810000000000001\n\
    ВсегоПоступило=14100.50\n\
    ВсегоСписано=300\n\
    КонецРасчСчет\n\
    СекцияДокумент=Платежное поручение\n\
    Номер=17\nДата=10.01.2024\nСумма=14000\n\
    ПлательщикСчет=40702810000000000077\n\
    Плательщик=ИНН 0123456789 ООО \"Ёлка = сосна; и К\"   \n\
    ПлательщикИНН=0123456789\nПлательщикКПП=012345678\n\
    ПолучательСчет=40702810000000000001\nПолучатель1=Мы\n\
    ДатаПоступило=11.01.2024\nДатаСписано=\n\
    НазначениеПлатежа=Счет №5\nот 9 января\n\n\
    КонецДокумента\n\
    СекцияДокумент\n\
    Номер=18\nДата=12.01.2024\nСумма=300.00\n\
    ПлательщикРасчСчет=40702810000000000001\nДатаСписано=12.01.2024\n\
    Получатель=7777777777, Банк\nПолучательИНН=0\nПолучательСчет=47422\n\
    НазначениеПлатежа1=Плата\nНазначениеПлатежа2=за ведение\n\
    КонецДокумента\n\
    СекцияДокумент=Мемориальный ордер\n\
    Номер=19\nДата=13.01.2024\nСумма=100.50\n\
    ПлательщикСчет=40702810000000000002\nПолучательСчет=40702810000000000001\n\
    КонецДокумента\n\
    СекцияДокумент=Платежное поручение\n\
    Номер=20\nДата=33.01.2024\nСумма=1\nСумма=2\nПлательщикСчет=5\nПолучательСчет=6\n\
    СекцияДокумент=Платежное поручение\n\
    Номер=21\nДатаПоступило=14.01.2024\nСумма=5\nПлательщик1=7 Дней\nПлательщикСчет=7\n";

fn windows(text: &str) -> Vec<u8> {
    WINDOWS_1251.encode(text).0.into_owned()
}

fn dos(text: &str) -> Vec<u8> {
    encode_string_lossy(text, ENCODING_TABLE_CP_MAP[&866])
}

fn lines(bytes: &[u8], columns: &str) -> Vec<String> {
    let (table, _) = all(ClientBankExchange::new(bytes)).unwrap();
    table.iter().map(|row| told(row, columns)).collect()
}

#[test]
fn a_document_gets_its_direction_from_accounts_then_dates() {
    let expected = [
        "12|in|17|11.01.2024|14000|40702810000000000001",
        "28|out|18|12.01.2024|300.00|40702810000000000001",
        "40|own|19|13.01.2024|100.50|40702810000000000002",
        "47|unknown|20|33.01.2024|2|5",
        "54|in|21|14.01.2024|5|",
    ];
    let columns = "line direction number date amount own_account";
    assert_eq!(lines(&windows(STATEMENT), columns), expected);
}

#[test]
fn names_lose_their_tax_ids_and_tax_ids_keep_their_zeros() {
    let columns = "partner_key partner_name partner_inn partner_kpp partner_account";
    let expected = [
        "0123456789|ООО \"Ёлка = сосна; и К\"|0123456789|012345678|40702810000000000077",
        "Банк|Банк|||47422",
        "40702810000000000001||||40702810000000000001",
        "6||||6",
        "7 Дней|7 Дней|||7",
    ];
    assert_eq!(lines(&windows(STATEMENT), columns), expected);
}

#[test]
fn a_purpose_may_be_broken_into_lines_or_keys() {
    let purposes = lines(&windows(STATEMENT), "kind purpose");
    assert_eq!(purposes[0], "Платежное поручение|Счет №5 от 9 января");
    assert_eq!(purposes[1], "|Плата за ведение");
}

#[test]
fn what_is_wrong_with_a_document_stays_with_it() {
    let faults =
        ["", "", "", "line 51 gives a second Сумма", "has no КонецДокумента: the file ends"];
    assert_eq!(lines(&windows(STATEMENT), "fault"), faults);
    let stray = "1CClientBankExchange\nРасчСчет=1\nСекцияДокумент=x\nНомер=1\nмусор\n\
                 КонецДокумента\nСекцияДокумент\nНомер=2\nСекцияДокумент\nНомер=3\nКонецДокумента\n";
    let faults = lines(&dos(stray), "fault");
    assert_eq!(
        faults[..2],
        [
            "line 5 is no key=value: \"мусор\"",
            "has no КонецДокумента: line 9 begins another document"
        ]
    );
    assert!(faults[2].starts_with("direction unknown"));
}

/// A statement of one account with a document from `payer` to `receiver`; `keys` are its others.
fn paid(payer: &str, receiver: &str, keys: &str) -> String {
    format!(
        "1CClientBankExchange\nРасчСчет=40702840000000000001\nСекцияДокумент=Платежное поручение\n\
         Номер=1\nДата=01.02.2024\nПлательщикСчет={payer}\nПолучательСчет={receiver}\n{keys}\n\
         КонецДокумента\nКонецФайла\n"
    )
}

#[test]
fn a_direction_that_nothing_tells_is_said_with_both_accounts() {
    let expected = "unknown|direction unknown: neither payer's account \"5\" nor receiver's \"6\" is \
                    one of the company's own (РасчСчет), as 40702840000000000001, and ДатаСписано \
                    \"\", ДатаПоступило \"\" do not tell";
    assert_eq!(lines(paid("5", "6", "Сумма=1").as_bytes(), "direction fault"), [expected]);
    let none = paid("5", "6", "Сумма=1").replace("\nРасчСчет=40702840000000000001", "");
    let told = &lines(none.as_bytes(), "fault")[0];
    assert!(told.contains("(РасчСчет), which the file does not name, and"), "{told}");
}

#[test]
fn the_own_account_tells_the_currency_and_a_comma_is_a_point() {
    let own = "40702840000000000001";
    let columns = "direction currency amount fault";
    let dollars = paid("40702810000000000077", own, "Сумма=1250,5");
    assert_eq!(lines(dollars.as_bytes(), columns), ["in|USD|1250.5|"]);
    let euros = dollars.replace(own, "40702978000000000001");
    assert_eq!(lines(euros.as_bytes(), columns), ["in|EUR|1250.5|"]);
    let unknown = dollars.replace(own, "40702999000000000001");
    assert_eq!(
        lines(unknown.as_bytes(), columns),
        ["in||1250.5|own account 40702999000000000001: 999 is no currency that is known"]
    );
    let short = dollars.replace(own, "KZ7");
    let (table, notes) = all(ClientBankExchange::new(short.as_bytes())).unwrap();
    assert_eq!(told(&table[0], columns), "in||1250.5|");
    assert_eq!(notes[1], "1 documents: the own account has no 20 digits that tell its currency");
}

#[test]
fn the_charset_is_the_one_in_which_the_words_are_legible() {
    let expected = lines(&windows(STATEMENT), "partner_name purpose");
    let marked = format!("\u{feff}{STATEMENT}");
    for (bytes, name, notes) in [
        (windows(STATEMENT), "windows-1251", 0),
        (dos(STATEMENT), "IBM866", 1),
        (marked.into_bytes(), "UTF-8", 0),
    ] {
        let (table, told_notes) = all(ClientBankExchange::new(&bytes[..])).unwrap();
        assert_eq!(told_notes[0], format!("read as {name}"));
        let contradicted = told_notes.iter().filter(|note| note.contains("Кодировка=Windows"));
        assert_eq!(contradicted.count(), notes, "{name}");
        let found: Vec<String> =
            table.iter().map(|row| told(row, "partner_name purpose")).collect();
        let signs = |lines: &[String]| lines.join(" ").replace('№', "?");
        assert_eq!(signs(&found).replace('?', ""), signs(&expected).replace('?', ""));
    }
}

#[test]
fn another_format_or_charset_is_an_error_that_says_what_was_found() {
    let error = |bytes: &[u8]| all(ClientBankExchange::new(bytes)).unwrap_err();
    assert_eq!(
        error(b"Date;Sum\n"),
        "the first line is \"Date;Sum\": expected 1CClientBankExchange"
    );
    assert_eq!(error(b""), "the first line is \"\": expected 1CClientBankExchange");
    let (koi8, ..) = encoding_rs::KOI8_R.encode("1CClientBankExchange\nКодировка=Windows\n");
    assert_eq!(
        error(&koi8),
        "no word of the format can be read in UTF-8, windows-1251 or cp866: found \
         \"\\xeb\\xcf\\xc4\\xc9\\xd2\\xcf\\xd7\\xcb\\xc1=Windows\""
    );
}

#[test]
fn totals_that_differ_are_notes_with_both_numbers() {
    let (_, notes) = all(ClientBankExchange::new(&windows(STATEMENT)[..])).unwrap();
    assert_eq!(notes, ["read as windows-1251", "there is no КонецФайла: the file may be cut off"]);
    let other = STATEMENT.replace("14100.50", "14200.5");
    let (_, notes) = all(ClientBankExchange::new(&windows(&other)[..])).unwrap();
    assert_eq!(
        notes[2],
        "account 40702810000000000001: received 14100.50 by its documents, 14200.50 by its section"
    );
}

#[test]
fn a_document_told_twice_has_one_id() {
    let document = "СекцияДокумент=Выписка\nНомер=1\nДата=01.02.2024\nСумма=5\n\
                    ПлательщикСчет=7\nПолучательСчет=1\nКонецДокумента\n";
    let repeated = document.replace("=5", "=5.00").replace("Выписка", "Платежное поручение");
    let text = format!("1CClientBankExchange\nРасчСчет=1\n{document}{repeated}");
    assert_eq!(lines(text.as_bytes(), "id"), ["1/7/01.02.2024/1/5.00"; 2]);
}

#[test]
fn a_statement_of_a_bank_is_read() {
    let Some(bytes) = sample("1c_client_bank_exchange/dronm_clbnk_kl_to_1c.txt") else { return };
    let (table, notes) = all(ClientBankExchange::new(&bytes[..])).unwrap();
    let sum = |direction: &str| {
        let rows = table.iter().filter(|row| row["direction"] == direction);
        money(rows.map(|row| hundredths(&row["amount"]).unwrap()).sum())
    };
    eprintln!("{} documents, {} in, {} out: {notes:?}", table.len(), sum("in"), sum("out"));
    assert!(table.iter().all(|row| !row.contains_key("fault")));
    assert_eq!(notes.len(), 3);
    assert_eq!(
        (table.len(), sum("in"), sum("out")),
        (3, "0.00".to_owned(), "169992.00".to_owned())
    );
}

proptest! {
    #[test]
    fn any_bytes_are_rows_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let headed = [b"1CClientBankExchange\n", &windows("РасчСчет=1\n")[..], &bytes].concat();
        let _ = all(ClientBankExchange::new(&headed[..]));
    }
}
