//! Sales as `QuickBooks`, Xero and 1C export them, by their presets.

use crate::exports::{cp1251, documents, source, table};
use crate::project::Project;

const QUICKBOOKS: &str = "\
Craig's Design\n\
Sales by Customer Detail\n\
\"January - March, 2026\"\n\
\n\
,Date,Transaction Type,Num,Product/Service,Memo/Description,Qty,Sales Price,Amount,Balance\n\
Amy's Bird Sanctuary,,,,,,,,,\n\
,01/15/2026,Invoice,1001,Design,Custom \"\"\"Design\"\"\",2.00,\"1,200.00\",\"$2,400.00\",\"2,400.00\"\n\
,01/15/2026,Invoice,1001,Pump,,1.00,15.50,15.50,\"2,415.50\"\n\
,02/13/2026,Credit Memo,CM-7,Design,Not as agreed,-1.00,\"1,200.00\",\"-$1,200.00\",\"1,215.50\"\n\
Total for Amy's Bird Sanctuary,,,,,,2.00,,\"$1,215.50\",\n\
\"Bill, \"\"Windsurf\"\" Shop\",,,,,,,,,\n\
,03/31/2026,Sales Receipt,1002,Hours,,4.00,75.00,300.00,300.00\n\
\"Total for Bill, \"\"Windsurf\"\" Shop\",,,,,,4.00,,$300.00,\n\
TOTAL,,,,,,6.00,,\"$1,515.50\",\n\
,,,,,,,,,\n\
\"Accrual basis Thursday, April 2, 2026 10:05 AM GMT-07:00\",,,,,,,,,\n";

#[test]
fn a_report_of_quickbooks_is_its_rows_and_their_clients() {
    let project = source("preset: quickbooks_sales_by_customer").file("exports/q1.csv", QUICKBOOKS);
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("11 rows read, 4 loaded, 0 rejected"), "{}", ran.stdout);
    assert_eq!(
        documents(&project),
        [
            "1001|invoice|2026-01-15|Amy's Bird Sanctuary|2415.50",
            "1002|shipment|2026-03-31|Bill, \"Windsurf\" Shop|300.00",
            "CM-7|return|2026-02-13|Amy's Bird Sanctuary|1200.00",
        ]
    );
}

#[test]
fn a_total_of_quickbooks_that_its_rows_do_not_make_up_is_refused() {
    let short =
        QUICKBOOKS.replace(",01/15/2026,Invoice,1001,Pump,,1.00,15.50,15.50,\"2,415.50\"\n", "");
    let project = source("preset: quickbooks_sales_by_customer").file("exports/q1.csv", short);
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("control total of \"Amount\" is 1515.50, the rows above sum to 1500.00");
}

#[test]
fn the_newer_report_of_quickbooks_has_other_headers_and_a_client_on_each_row() {
    let text = "\
Sales by Customer Detail,,,,,,,,\n\
Craig's Design,,,,,,,,\n\
Customer full name,Transaction date,Transaction type,No.,Product/Service full name,Quantity,Sales price,Amount,Balance\n\
Amy's Bird Sanctuary,01/15/2026,Invoice,1001,Design,2,\"1,200.00\",\"2,400.00\",\"2,400.00\"\n\
Bill's Windsurf Shop,02/13/2026,Credit memo,7,,,,-10.00,\"2,390.00\"\n\
TOTAL,,,,,,,\"2,390.00\",\n\
\"Accrual Basis Thursday, April 2, 2026\",,,,,,,,\n";
    let project = source("preset: quickbooks_sales_by_customer").file("exports/q1.csv", text);
    project.run(&["run"]).ends_with(0);
    assert_eq!(
        documents(&project),
        [
            "1001|invoice|2026-01-15|Amy's Bird Sanctuary|2400.00",
            "7|return|2026-02-13|Bill's Windsurf Shop|10.00",
        ]
    );
}

/// The template of Xero.
const XERO_TEMPLATE: &str = "*ContactName,EmailAddress,POAddressLine1,POAddressLine2,POAddressLine3,\
POAddressLine4,POCity,PORegion,POPostalCode,POCountry,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,\
Total,InventoryItemCode,*Description,*Quantity,*UnitAmount,Discount,*AccountCode,*TaxType,TaxAmount,\
TrackingName1,TrackingOption1,TrackingName2,TrackingOption2,Currency,BrandingTheme";

/// A line of an invoice under that header.
fn xero_line(client: &str, number: &str, date: &str, line: &str, currency: &str) -> String {
    format!(
        "{client},bills@example.org,1 Quay St,,,,Wellington,,6011,NZ,{number},PO 5,{date},30/04/2026,\
         ,,{line},,200,15% GST on Income,,,,,,{currency},"
    )
}

/// The export: the template with what became of an invoice.
fn xero_export(lines: &[(String, &str, &str)]) -> String {
    let mut text = format!("{},Type,Status\r\n", XERO_TEMPLATE.replace('*', ""));
    for (line, kind, status) in lines {
        text += &[line, ",", kind, ",", status, "\r\n"].concat();
    }
    text
}

#[test]
fn the_template_of_xero_has_29_columns_and_the_currency_of_each_invoice() {
    let rows = [
        xero_line("Ridgeway Bank", "INV-1", "05/03/2026", "Golf balls,\"1,000\",1.25", "NZD"),
        xero_line("Ridgeway Bank", "INV-1", "05/03/2026", "\"Bags, white\",2,10.005", "NZD"),
        xero_line("Ridgeway Bank", "INV-2", "13/03/2026", "Tees,1,7", ""),
    ];
    assert_eq!(XERO_TEMPLATE.split(',').count(), 29);
    let text = format!("{XERO_TEMPLATE}\r\n{}\r\n", rows.join("\r\n"));
    let project = source("preset: xero_invoices").file("exports/sales.csv", text);
    project.run(&["run"]).ends_with(0);
    let columns = ["document_id", "date", "due_date", "amount", "currency", "cancelled"];
    assert_eq!(
        table(&project, "documents", &columns),
        [
            "INV-1|2026-03-05|2026-04-30|1270.01|NZD|false",
            "INV-2|2026-03-13|2026-04-30|7.00|RUB|false",
        ]
    );
    let clients = table(&project, "clients", &["client_id", "email"]);
    assert_eq!(clients, ["Ridgeway Bank|bills@example.org"]);
}

#[test]
fn lines_of_xero_become_invoices_and_drafts_stay_out() {
    let line =
        |number: &str, line: &str| xero_line("Ridgeway Bank", number, "05/03/2026", line, "NZD");
    let (invoice, credit) = ("Sales invoice", "Sales credit note");
    let text = xero_export(&[
        (line("INV-1", "Golf balls,2,10.00"), invoice, "Paid"),
        (line("INV-1", "Bags,1,5.50"), invoice, "Paid"),
        (line("INV-2", "Golf balls,9,10.00"), invoice, "Voided"),
        (line("INV-3", "Golf balls,9,10.00"), invoice, "Draft"),
        (line("INV-4", "Golf balls,9,10.00"), invoice, "Awaiting Approval"),
        (line("INV-5", "Golf balls,1,10.00"), invoice, "Awaiting Payment"),
        (line("CN-1", "Golf balls,-1,10.00"), credit, "Paid"),
    ]);
    let project = source("preset: xero_invoices").file("exports/sales.csv", text);
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("5 loaded, 0 rejected, 2 skipped"), "{}", ran.stdout);
    assert_eq!(
        table(&project, "documents", &["document_id", "kind", "amount", "cancelled"]),
        [
            "CN-1|return|10.00|false",
            "INV-1|invoice|25.50|false",
            "INV-2|invoice|90.00|true",
            "INV-5|invoice|10.00|false",
        ]
    );
}

/// An export of Xero that repeats what the invoice is on each line.
const XERO_TOTALS: &str = "\
ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,Description,Quantity,UnitAmount,Discount,LineAmount,Currency\n\
Ridgeway Bank,INV-1,05/03/2026,30/04/2026,110.40,Golf balls,2,30.00,10,54.00,NZD\n\
Ridgeway Bank,INV-1,05/03/2026,30/04/2026,110.40,Bags,4,10.50,,,NZD\n\
Ridgeway Bank,INV-2,06/03/2026,30/04/2026,9.00,Tees,1,10.00,10%,,NZD\n";

#[test]
fn a_line_of_xero_is_its_amount_else_its_price_less_the_discount() {
    let project = source("preset: xero_invoices").file("exports/sales.csv", XERO_TOTALS);
    project.run(&["run"]).ends_with(0);
    assert_eq!(
        documents(&project),
        [
            "INV-1|invoice|2026-03-05|Ridgeway Bank|96.00",
            "INV-2|invoice|2026-03-06|Ridgeway Bank|9.00",
        ]
    );
}

#[test]
fn a_total_that_lines_repeat_is_taken_once_and_must_be_the_same() {
    let keys = "preset: xero_invoices\n\
                into: { documents: { columns: { amount: { from: Total, once: true } } } }";
    let project = source(keys).file("exports/sales.csv", XERO_TOTALS);
    project.run(&["run"]).ends_with(0);
    let amounts = table(&project, "documents", &["document_id", "amount"]);
    assert_eq!(amounts, ["INV-1|110.40", "INV-2|9.00"]);
    let differs = XERO_TOTALS.replacen("110.40,Bags", "110.50,Bags", 1);
    let project = source(&format!("{keys}\nrejects: {{ max_percent: 90 }}"))
        .file("exports/sales.csv", differs);
    project.run(&["run"]).ends_with(0);
    assert_eq!(table(&project, "documents", &["document_id"]), ["INV-2"]);
    let message = "\"amount\" is not the same on all lines of the document";
    assert_eq!(table(&project, "rejects", &["message"]), [message; 2]);
}

#[test]
fn a_discount_that_is_none_is_rejected_with_its_row() {
    let text = XERO_TOTALS.replacen(",10%,", ",110,", 1);
    let project = source("preset: xero_invoices\nrejects: { max_percent: 50 }")
        .file("exports/sales.csv", text);
    project.run(&["run"]).ends_with(0);
    let rejects = table(&project, "rejects", &["row", "reason", "message"]);
    assert_eq!(rejects, ["4|not_a_percentage|discount \"110\" is not from 0 to 100"]);
}

const REGISTER: &str = "\
ООО «Ромашка»;;;;;;\n\
Реализация (акты, накладные, УПД);;;;;;\n\
Период: Март 2026 г.;;;;;;\n\
\n\
Дата;Номер;Вид документа;Контрагент;ИНН контрагента;Сумма документа;Ответственный\n\
05.03.2026 12:00:00;00БП-000001;Реализация (акт, накладная, УПД);\"ООО \"\"Альфа\"\"\";0278000005;1\u{a0}234\u{a0}567,89;Иванов И. И.\n\
06.03.2026 0:00:00;00БП-000002;Реализация (акт, накладная, УПД);Бета;781012345678;150,00;Петров П. П.\n\
07.03.2026 9:30:01;00БП-000001;Возврат товаров от покупателя;Бета;781012345678;50,00;\n\
Итого;;;;;1\u{a0}234\u{a0}767,89;\n\
\n\
Руководитель;;;(подпись);;;\n";

/// The register as `bytes`.
#[track_caller]
fn register(bytes: impl AsRef<[u8]>) -> Project {
    let project = source("preset: 1c_sales_register").file("exports/март.csv", bytes);
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("3 loaded, 0 rejected, 0 skipped"), "{}", ran.stdout);
    project
}

#[test]
fn a_register_of_1c_is_its_documents_in_whatever_charset() {
    for bytes in [cp1251(REGISTER), format!("\u{feff}{REGISTER}").into_bytes()] {
        let project = register(bytes);
        assert_eq!(
            documents(&project),
            [
                "00БП-000001|return|2026-03-07|Бета|50.00",
                "00БП-000001|shipment|2026-03-05|ООО \"Альфа\"|1234567.89",
                "00БП-000002|shipment|2026-03-06|Бета|150.00",
            ]
        );
        let clients = table(&project, "clients", &["client_id", "tax_id"]);
        assert_eq!(clients, ["Бета|781012345678", "ООО \"Альфа\"|0278000005"]);
    }
}

#[test]
fn a_register_knows_codes_currencies_and_what_does_not_count() {
    let text = "\
Номер;Дата;Код контрагента;Контрагент;Сумма;Валюта;Проведен;Пометка удаления;Статус\n\
1;05.03.2026;001;Ромашка;100;руб.;Да;Нет;Проведен\n\
2;05.03.2026;002;Ромашка;200;USD;Да;Нет;\n\
3;05.03.2026;001;Ромашка;300;;Нет;Нет;\n\
4;05.03.2026;001;Ромашка;400;;Да;Да;\n\
5;05.03.2026;001;Ромашка;500;;Да;Нет;Отменен\n";
    let project = source("preset: 1c_sales_register").file("exports/march.csv", cp1251(text));
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("2 loaded, 0 rejected, 3 skipped"), "{}", ran.stdout);
    assert_eq!(
        table(&project, "documents", &["document_id", "client_id", "amount", "currency"]),
        ["1|001|100.00|RUB", "2|002|200.00|USD"]
    );
}

#[test]
fn a_type_that_is_no_known_sale_is_never_taken_for_one() {
    let quickbooks = QUICKBOOKS.replace(",Invoice,", ",Payment,");
    let project = source("preset: quickbooks_sales_by_customer").file("exports/q1.csv", quickbooks);
    project.run(&["run"]).ends_with(1).says("column \"Transaction Type\": \"Payment\"");
    let line = |number| xero_line("Bank", number, "05/03/2026", "Tees,1,7", "NZD");
    let xero = xero_export(&[
        (line("INV-1"), "Sales invoice", ""),
        (line("CN-1"), "Sales credit note", ""),
        (line("B-1"), "Bill", ""),
    ]);
    let project = source("preset: xero_invoices").file("exports/sales.csv", xero);
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("2 loaded, 0 rejected, 1 skipped"), "{}", ran.stdout);
    assert_eq!(
        table(&project, "documents", &["document_id", "kind"]),
        ["CN-1|return", "INV-1|invoice"]
    );
    let xero = xero_export(&[(line("OP-1"), "Sales overpayment", "")]);
    let project = source("preset: xero_invoices").file("exports/sales.csv", xero);
    project.run(&["run"]).ends_with(1).says("column \"Type\": \"Sales overpayment\"");
}

#[test]
fn a_register_without_optional_columns_is_read_by_its_other_names() {
    let text = "№;Дата;Покупатель;Сумма\n17;05.03.2026;Альфа;1,5\n";
    let project = source("preset: 1c_sales_register").file("exports/march.csv", cp1251(text));
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project), ["17|shipment|2026-03-05|Альфа|1.50"]);
}

#[test]
fn a_missing_column_is_said_with_what_renamed_can_do() {
    for (client, hint) in [
        ("Заказчик", "write renamed: { \"Контрагент\": [\"<its header>\"] }"),
        (
            "Контрагенты",
            "\"Контрагенты\" is near: write renamed: { \"Контрагент\": [\"Контрагенты\"] }",
        ),
    ] {
        let text = format!("Номер;Дата;{client};Сумма\n17;05.03.2026;Альфа;1,5\n");
        let project = source("preset: 1c_sales_register").file("exports/march.csv", text);
        project.run(&["run"]).ends_with(1).says(hint);
    }
}
