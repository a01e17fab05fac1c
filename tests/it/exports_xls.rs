//! XLS, as 1C mostly saves its reports: the same rows as of the same XLSX.

use serde_json::json;

use crate::exports::{documents, source, table};
use crate::exports_reports::{DOCUMENTS, by_document, by_month};
use crate::exports_workbook::{Book, CODE, INDENT, ITALIC};
use crate::inspect::taken;

/// A report whose levels only indents tell.
fn by_indent() -> Book {
    let document = |number: usize, day: &str| {
        format!(
            "Реализация (акт, накладная, УПД) 00БП-00000{number} от {day}.2026 12:00:00@{INDENT}"
        )
    };
    let contract = format!("Основной договор@{ITALIC}");
    Book::default()
        .row(0, &["Продажи по клиентам и документам"])
        .row(0, &["Период: Март 2026 г."])
        .row(0, &["Контрагент", "Сумма"])
        .row(0, &["Документ", ""])
        .row(0, &["Альфа", "1230.75"])
        .row(0, &[&document(1, "05.03"), "1000.25"])
        .row(0, &[&document(2, "06.03"), "230.50"])
        .row(0, &[&contract, "1230.75"])
        .row(0, &["Бета", "30"])
        .row(0, &[&document(3, "07.03"), "30"])
        .row(0, &["Итого", "1260.75"])
}

#[test]
fn a_report_of_1c_by_outline_level_gives_each_document_once() {
    let project =
        source("preset: 1c_sales_report").file("exports/продажи.xls", by_document().xls());
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("17 rows read, 4 loaded, 0 rejected, 4 skipped"), "{}", ran.stdout);
    assert_eq!(documents(&project), DOCUMENTS);
}

#[test]
fn a_report_of_1c_by_indent_gives_each_document_once() {
    for (name, bytes) in [("продажи.xlsx", by_indent().bytes()), ("продажи.xls", by_indent().xls())]
    {
        let project = source("preset: 1c_sales_report").file(&format!("exports/{name}"), bytes);
        project.run(&["run"]).ends_with(0);
        assert_eq!(
            documents(&project),
            [
                "00БП-000001|shipment|2026-03-05|Альфа|1000.25",
                "00БП-000002|shipment|2026-03-06|Альфа|230.50",
                "00БП-000003|shipment|2026-03-07|Бета|30.00",
            ],
            "{name}"
        );
    }
}

#[test]
fn months_across_are_days_in_an_xls_too() {
    let project = |name: &str, bytes: Vec<u8>| {
        let project = source("preset: 1c_sales_by_month").file(&format!("exports/{name}"), bytes);
        project.run(&["run"]).ends_with(0);
        documents(&project)
    };
    let expected = project("sales.xlsx", by_month().bytes());
    assert_eq!(expected.len(), 3);
    assert_eq!(project("sales.xls", by_month().xls()), expected);
}

#[test]
fn a_code_of_an_xls_keeps_the_zeros_that_its_format_shows() {
    let keys = "read: { xls: { sheet: \"TD*\", header_row: 2, date: \"%d.%m.%Y\" } }
into: { clients: { columns: { client_id: Код, name: Наименование } } }
load: upsert";
    let rows = Book::default()
        .row(0, &["Контрагенты"])
        .row(0, &["Код", "Наименование"])
        .row(0, &[&format!("7@{CODE}"), "Альфа"])
        .row(0, &["770123456789", "Бета"]);
    let project = source(keys).file("exports/clients.xls", rows.xls());
    project.run(&["run"]).ends_with(0);
    let clients = table(&project, "clients", &["client_id", "name"]);
    assert_eq!(clients, ["07|Альфа", "770123456789|Бета"]);
}

#[test]
fn inspect_sees_an_xls_as_it_sees_an_xlsx() {
    let (_, as_xlsx) = taken("продажи.xlsx", by_document().bytes());
    let (project, told) = taken("продажи.xls", by_document().xls());
    assert_eq!((&told["format"], &told["preset"]), (&json!("XLS"), &json!("1c_sales_report")));
    assert_eq!(told["tables"], as_xlsx["tables"]);
    assert_eq!(documents(&project), DOCUMENTS);
}
