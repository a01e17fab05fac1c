//! Reports of 1C, as workbooks and as text: each leaf once, held against the totals.

use crate::exports::{cp1251, documents, source, table};
use crate::exports_workbook::{Book, DAY, ITALIC};

const FIRST: &str = "Реализация (акт, накладная, УПД) 00БП-000001 от 05.03.2026 12:00:00";
const SECOND: &str = "Реализация (акт, накладная, УПД) 00БП-000002 от 07.04.2026 9:30:00";
const RETURN: &str = "Возврат товаров от покупателя 00БП-000003 от 08.04.2026 0:00:00";
const THIRD: &str = "Реализация (акт, накладная, УПД) 00БП-000004 от 09.04.2026 23:59:59";

pub(crate) const DOCUMENTS: [&str; 4] = [
    "00БП-000001|shipment|2026-03-05|ООО \"Альфа\"|1234567.89",
    "00БП-000002|shipment|2026-04-07|ООО \"Альфа\"|70.00",
    "00БП-000003|return|2026-04-08|ООО \"Альфа\"|20.00",
    "00БП-000004|shipment|2026-04-09|Бета|30.00",
];

/// Sales by client and document, two rows for each, a subtotal in italics that repeats amounts.
pub(crate) fn by_document() -> Book {
    let alpha = "ООО \"Альфа\"";
    let contract = format!("Основной договор@{ITALIC}");
    Book::default()
        .row(0, &["ООО «Ромашка»"])
        .row(0, &["Продажи по клиентам и документам"])
        .row(0, &["Период: Март 2026 г. - Апрель 2026 г."])
        .row(0, &["Отбор:", "", "Склад Равно \"Основной\""])
        .row(0, &[])
        .row(0, &["Контрагент", "", "Показатели", "Сумма", "Цена"])
        .row(0, &["Документ", "", "", "", ""])
        .merge("A6:B6")
        .merge("A7:B7")
        .row(0, &[alpha, "", "БУ", "1234617.89", ""])
        .row(0, &["", "", "Кол.", "4", ""])
        .row(1, &[FIRST, "", "БУ", "1234567.89", "617283.945"])
        .row(1, &["", "", "Кол.", "2", ""])
        .row(1, &[SECOND, "", "БУ", "70", "70"])
        .row(1, &["", "", "Кол.", "1", ""])
        .row(1, &[RETURN, "", "БУ", "-20", "20"])
        .row(1, &["", "", "Кол.", "1", ""])
        .row(1, &[&contract, "", "БУ", "1234617.89", ""])
        .row(0, &["Бета", "", "БУ", "30", ""])
        .row(0, &["", "", "Кол.", "1", ""])
        .row(1, &[THIRD, "", "БУ", "30", "30"])
        .row(1, &["", "", "Кол.", "1", ""])
        .row(0, &["Итого", "", "БУ", "1234647.89", ""])
        .row(0, &["", "", "Кол.", "5", ""])
        .row(0, &[])
        .row(0, &["Генеральный директор", "", "", "(подпись)", ""])
}

#[test]
fn a_report_of_1c_gives_each_document_once() {
    let project =
        source("preset: 1c_sales_report").file("exports/продажи.xlsx", by_document().bytes());
    let ran = project.run(&["run"]).ends_with(0);
    // 24 rows: 4 documents, 4 quantities, and what repeats, names or signs them.
    assert!(ran.stdout.contains("17 rows read, 4 loaded, 0 rejected, 4 skipped"), "{}", ran.stdout);
    assert_eq!(documents(&project), DOCUMENTS);
    assert_eq!(table(&project, "clients", &["client_id"]), ["Бета", "ООО \"Альфа\""]);
}

/// The same report as text, its levels told by spaces.
fn by_document_as_text() -> String {
    format!(
        "ООО «Ромашка»\nПродажи по клиентам и документам\nПериод: Март 2026 г. - Апрель 2026 г.\n\n\
         Контрагент;Показатели;Сумма;Цена\nДокумент;;;\n\
         \"ООО \"\"Альфа\"\"\";БУ;1\u{a0}234\u{a0}617,89;\n;Кол.;4;\n\
         \u{20}\u{20}{FIRST};БУ;1\u{a0}234\u{a0}567,89;617\u{a0}283,945\n;Кол.;2;\n\
         \u{20}\u{20}{SECOND};БУ;70,00;70\n;Кол.;1;\n\
         \u{20}\u{20}{RETURN};БУ;-20,00;20\n;Кол.;1;\n\
         Бета;БУ;30,00;\n;Кол.;1;\n\
         \u{20}\u{20}{THIRD};БУ;30,00;30\n;Кол.;1;\n\
         Итого;БУ;1\u{a0}234\u{a0}647,89;\n;Кол.;5;\n\nГенеральный директор;;(подпись);\n"
    )
}

/// Days, numbers and the report are those of the preset, whatever the container.
const AS_TEXT: &str =
    "preset: 1c_sales_report\nread: { csv: { encoding: detect, delimiter: \";\" } }";

#[test]
fn the_same_report_as_text_gives_the_same_documents() {
    let text = by_document_as_text();
    for bytes in [cp1251(&text), format!("\u{feff}{text}").into_bytes()] {
        let project = source(AS_TEXT).file("exports/продажи.csv", bytes);
        project.run(&["run"]).ends_with(0);
        assert_eq!(documents(&project), DOCUMENTS);
    }
}

#[test]
fn a_report_sent_again_changes_only_what_differs() {
    let project = source(AS_TEXT).file("exports/продажи.csv", cp1251(&by_document_as_text()));
    project.run(&["run"]).ends_with(0);
    let changed = by_document_as_text()
        .replace(";БУ;30,00", ";БУ;35,00")
        .replace("1\u{a0}234\u{a0}647,89", "1\u{a0}234\u{a0}652,89");
    project.write("exports/продажи.csv", cp1251(&changed));
    project.run(&["run"]).ends_with(0);
    let mut expected = DOCUMENTS;
    expected[3] = "00БП-000004|shipment|2026-04-09|Бета|35.00";
    assert_eq!(documents(&project), expected);
}

/// Sales by client with months across, blank above every second column.
pub(crate) fn by_month() -> Book {
    let (march, april) = (format!("46082@{DAY}"), format!("46113@{DAY}"));
    let header =
        ["Контрагент", "Количество", "Сумма", "Количество", "Сумма", "Количество", "Сумма"];
    Book::default()
        .row(0, &["Продажи по клиентам"])
        .row(0, &["", &march, "", &april, "", "Итого", ""])
        .row(0, &header)
        .row(0, &["Чай, кофе, ООО", "2", "20.5", "", "", "2", "20.5"])
        .row(0, &["Бета", "1", "5", "-1", "-7.25", "0", "-2.25"])
        .row(0, &["Итого", "3", "25.5", "-1", "-7.25", "2", "18.25"])
}

#[test]
fn months_across_are_a_shipment_or_a_return_each() {
    let project =
        source("preset: 1c_sales_by_month").file("exports/sales.xlsx", by_month().bytes());
    project.run(&["run"]).ends_with(0);
    assert_eq!(
        documents(&project),
        [
            "01.03.2026/Бета|shipment|2026-03-01|Бета|5.00",
            "01.03.2026/Чай, кофе, ООО|shipment|2026-03-01|Чай, кофе, ООО|20.50",
            "01.04.2026/Бета|return|2026-04-01|Бета|7.25",
        ]
    );
}

#[test]
fn goods_below_a_client_are_one_document_of_his_month() {
    let book = Book::default()
        .row(0, &["Контрагент", "Март 2026", "Апрель 2026"])
        .row(0, &["Номенклатура", "", ""])
        .row(0, &["Альфа", "10.5", "-3"])
        .row(1, &["Чай", "10", "1"])
        .row(1, &["Кофе", "0.5", "-4"])
        .row(0, &["Total Oil", "2", ""])
        .row(1, &["Чай", "2", ""])
        .row(0, &["Итого", "12.5", "-3"]);
    let project = source("preset: 1c_sales_by_month").file("exports/sales.xlsx", book.bytes());
    project.run(&["run"]).ends_with(0);
    assert_eq!(
        documents(&project),
        [
            "01.03.2026/Total Oil|shipment|2026-03-01|Total Oil|2.00",
            "01.03.2026/Альфа|shipment|2026-03-01|Альфа|10.50",
            "01.04.2026/Альфа|return|2026-04-01|Альфа|3.00",
        ]
    );
}

#[test]
fn goods_below_a_document_are_summed_up() {
    let book = Book::default()
        .row(0, &["Контрагент", "Сумма"])
        .row(0, &["Документ", ""])
        .row(0, &["Номенклатура", ""])
        .row(0, &["Альфа", "30"])
        .row(1, &[FIRST, "30"])
        .row(2, &["Чай", "10"])
        .row(2, &["Кофе", "20"]);
    let project = source("preset: 1c_sales_report").file("exports/sales.xlsx", book.bytes());
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project), ["00БП-000001|shipment|2026-03-05|Альфа|30.00"]);
}

#[test]
fn a_document_of_a_kind_that_is_not_known_is_rejected() {
    let book = Book::default()
        .row(0, &["Контрагент", "Сумма"])
        .row(0, &["Альфа", "30"])
        .row(1, &[FIRST, "10"])
        .row(1, &["Списание с расчетного счета 7 от 05.03.2026 12:00:00", "20"]);
    let keys = "preset: 1c_sales_report\nrejects: { max_percent: 50 }";
    let project = source(keys).file("exports/sales.xlsx", book.bytes());
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("1 loaded, 1 rejected"), "{}", ran.stdout);
    assert_eq!(documents(&project), ["00БП-000001|shipment|2026-03-05|Альфа|10.00"]);
}

#[test]
fn goods_below_a_client_are_no_clients() {
    let book = Book::default()
        .row(0, &["Контрагент", "Март 2026", "Апрель 2026"])
        .row(0, &["Альфа", "10", "1"])
        .row(1, &["Чай", "10", "1"]);
    let project = source("preset: 1c_sales_by_month").file("exports/sales.xlsx", book.bytes());
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("its rows stand on 2 levels, and its header names \"Контрагент\"")
        .says("report: { labels: [\"Контрагент\", \"level 2\"] }");
    let keys = "preset: 1c_sales_by_month\n\
                read: { xlsx: { report: { labels: [Контрагент, Номенклатура] } } }";
    let project = source(keys).file("exports/sales.xlsx", book.bytes());
    project.run(&["run"]).ends_with(0);
    assert_eq!(table(&project, "clients", &["client_id"]), ["Альфа"]);
}

#[test]
fn pitfall_14_a_name_with_commas_stays_whole() {
    let project =
        source("preset: 1c_sales_by_month").file("exports/sales.xlsx", by_month().bytes());
    project.run(&["run"]).ends_with(0);
    assert_eq!(table(&project, "clients", &["client_id"]), ["Бета", "Чай, кофе, ООО"]);
}

/// A statement of debts; `total` is what it says was shipped.
fn statement(total: &str) -> Vec<u8> {
    Book::default()
        .row(0, &["ООО «Ромашка»"])
        .row(0, &["Ведомость по взаиморасчётам с контрагентами"])
        .row(0, &["Период: 1 квартал 2026 г."])
        .row(0, &["Контрагент", "Нач. остаток", "Приход", "Расход", "Кон. остаток"])
        .row(0, &["Документ", "", "", "", ""])
        .row(0, &["Альфа", "10", "100.10", "60", "50.10"])
        .row(1, &["Реализация 1 от 05.03.2026 12:00:00", "10", "100.10", "", "110.10"])
        .row(1, &["Поступление на расчетный счет 9 от 06.03.2026 0:00:00", "", "", "60", "-60"])
        .row(0, &["Бета", "", "5", "", "5"])
        .row(1, &["Реализация 2 от 07.03.2026 12:00:00", "", "5", "", "5"])
        .row(0, &["Итого", "10", total, "60", "55.10"])
        .row(0, &["Главный бухгалтер", "", "(подпись)", "", ""])
        .bytes()
}

const STATEMENT: &str = "
read: { xlsx: { date: \"%d.%m.%Y\", report: {} } }
into:
  documents:
    where: [{ column: COLUMN, not: \"\" }]
    columns:
      document_id: { from: Документ, match: '(\\S+) от \\d\\d\\.\\d\\d\\.\\d{4}' }
      kind: { value: KIND }
      date: { from: Документ, match: 'от (\\d\\d\\.\\d\\d\\.\\d{4})' }
      client_id: Контрагент
      amount: COLUMN
      currency: { value: RUB }
load: upsert";

fn statements() -> crate::project::Project {
    let keys = |column: &str, kind: &str| STATEMENT.replace("COLUMN", column).replace("KIND", kind);
    crate::exports::sources(&[
        ("shipped", "*.xlsx", &keys("Приход", "shipment")),
        ("paid", "*.xlsx", &keys("Расход", "payment")),
    ])
}

#[test]
fn a_statement_of_debts_gives_what_was_shipped_and_what_was_paid() {
    let project = statements().file("exports/ведомость.xlsx", statement("105.10"));
    project.run(&["run"]).ends_with(0);
    assert_eq!(
        documents(&project),
        [
            "1|shipment|2026-03-05|Альфа|100.10",
            "2|shipment|2026-03-07|Бета|5.00",
            "9|payment|2026-03-06|Альфа|60.00",
        ]
    );
}

#[test]
fn a_statement_whose_total_differs_is_refused_with_both_numbers() {
    let project = statements().file("exports/ведомость.xlsx", statement("105.11"));
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("export \"ведомость.xlsx\": row 11: column \"Приход\"")
        .says("\"Итого\" says 105.11, the leaves sum up to 105.1");
}

#[test]
fn rows_in_levels_that_are_no_report_are_refused_and_the_hint_holds() {
    let book = Book::default()
        .row(0, &["Контрагент", "Сумма"])
        .row(0, &["Альфа", "3"])
        .row(1, &["Чай", "1"])
        .row(1, &["Кофе", "2"]);
    let project = crate::project::Project::new().file("sales.xlsx", book.bytes());
    let ran = project.run(&["inspect", project.path("sales.xlsx").to_str().unwrap()]).ends_with(3);
    let ran = ran.says(
        "its rows stand in levels or under months, and it is no report: its rows stand on 2 levels",
    );
    let labels = ran.stderr.split("report: { labels: ").nth(1).unwrap();
    let labels = labels.split(" }").next().unwrap();
    assert_eq!(labels, "[\"Контрагент\", \"level 2\"]");
}
